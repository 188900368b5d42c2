"""Each template parses, each component draws, dates and money read as people write them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django import forms
from django.template import Context, Engine, engines
from django.template.base import Lexer, TokenType
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from authorities.models import Region
from tests import ROOT, missing_in
from web.templatetags import portal

#: The file of each template by its name; the folders below templates/ are those of the packages.
FILES = {
    "/".join(path.relative_to(ROOT / "templates").parts[1:]): path for path in (ROOT / "templates").rglob("*.html")
}
#: Official papers are written in Chinese, whoever reads them.
IN_CHINESE = ("documents/", "components/paper.html", "enrol/_paper", "enrol/paper_")
# The first late instant of 2 December 2026 in Shanghai is 3 December 00:00.
DUE = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def draw(source: str, **context: Any) -> str:
    return engines["django"].from_string(source).render(context)


def test_each_template_parses_and_each_component_says_what_it_takes() -> None:
    assert len(FILES) > 100
    for name, file in FILES.items():
        assert get_template(name), name
        assert not name.startswith("components/") or file.read_text("utf-8").startswith("{% comment %}\n"), name


def test_no_chinese_word_or_mark_stands_outside_of_what_is_translated() -> None:
    result = []
    for name in (name for name in FILES if not name.startswith(IN_CHINESE)):
        translating = False
        for token in Lexer(FILES[name].read_text(encoding="utf-8")).tokenize():
            word = token.contents.split(maxsplit=1)[0] if token.token_type == TokenType.BLOCK else ""
            if word in {"blocktranslate", "endblocktranslate", "comment", "endcomment"}:
                translating = not word.startswith("end")
            elif token.token_type == TokenType.TEXT and not translating:
                # What says itself that it is Chinese may be.
                text = re.sub(r'lang="zh-Hans">[^<]*', "", token.contents)
                marks = re.findall(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+", text)
                result += [f"{name}, line {token.lineno}: {one}" for one in marks]
    assert not result, "\n".join(result)


HALF_PAST_TWO, LATE = datetime(2026, 12, 2, 6, 30, tzinfo=UTC), datetime(2027, 1, 4, 16, 0, tzinfo=UTC)
FIVE_PAST_FOUR = datetime(2026, 11, 25, 8, 5, tzinfo=UTC)
WRITTEN: list[tuple[str, str, Any, str]] = [
    ("zh-hans", "last_day", DUE, "12月2日（周三）24:00前"),
    ("en", "last_day", DUE, "by the end of Wed 2 Dec"),
    ("zh-hans", "last_day_short", DUE, "12月2日24:00前"),
    ("zh-hans", "last_day", HALF_PAST_TWO, "12月2日（周三）14:30前"),
    ("en", "last_day", HALF_PAST_TWO, "by 14:30 on Wed 2 Dec"),
    ("zh-hans", "last_day", LATE, "2027年1月4日（周一）24:00前"),
    ("zh-hans", "day", date(2026, 12, 2), "12月2日（周三）"),
    ("en", "day", date(2027, 1, 4), "Mon 4 Jan 2027"),
    ("zh-hans", "moment", FIVE_PAST_FOUR, "11月25日 16:05"),
    ("en", "moment", FIVE_PAST_FOUR, "25 Nov, 16:05"),
    ("zh-hans", "money", Decimal("1280.5"), "¥1,280.50"),
    ("zh-hans", "money", None, "–"),
    ("zh-hans", "last_day", None, ""),
]


@time_machine.travel(FRIDAY, tick=False)
def test_dates_and_money_in_words() -> None:
    for language, source, value, text in WRITTEN:
        with override(language):
            assert getattr(portal, source)(value) == text
            assert draw("{{ value|" + source + " }}", value=value) == text


IN_TIME, TODAY = {"due_at": DUE, "working_days_left": 3}, {"due_at": datetime(2026, 11, 27, 16, tzinfo=UTC)}
TOO_LATE, ONE_LEFT = {"due_at": datetime(2026, 11, 24, 16, tzinfo=UTC)}, {"due_at": DUE, "working_days_left": 1}
CHIPS: list[tuple[str, dict[str, Any], str, str]] = [
    ("zh-hans", IN_TIME, "neutral", "还剩3个工作日 · 12月2日"),
    ("en", IN_TIME, "neutral", "due in 3 working days, 2 Dec"),
    ("en", ONE_LEFT | {"fraction": 0.5}, "warn", "due in 1 working day, 2 Dec"),
    ("zh-hans", ONE_LEFT | {"fraction": 0.8}, "warn", "<b>‼ 还剩1个工作日 · 12月2日</b>"),
    ("zh-hans", TODAY, "warn", "<b>‼ 今天24:00前</b>"),
    ("en", TODAY, "warn", "due today, by midnight"),
    ("zh-hans", TOO_LATE | {"working_days_overdue": 3}, "bad", "已逾期3个工作日，应于11月24日完成"),
    ("en", TOO_LATE | {"state": "lapsed"}, "bad", "overdue, was due 24 Nov"),
    ("zh-hans", {"due_at": DUE, "paused_for": "您答复方案"}, "neutral", "计时暂停：等您答复方案"),
    ("en", {"due_at": DUE, "state": "paused", "remaining": 5}, "neutral", "clock paused, 5 working days left"),
    ("zh-hans", {"due_at": DUE, "state": "met"}, "ok", "已按期完成"),
    ("zh-hans", IN_TIME | {"is_provisional": True}, "neutral", "（暂定）"),
]


@time_machine.travel(FRIDAY, tick=False)
def test_a_chip_says_how_long() -> None:
    for language, clock, tone, text in CHIPS:
        with override(language):
            drawn = draw("{% chip clock '/why/' %}", clock=clock)
        assert missing_in(drawn, text, f'data-tone="{tone}"', 'href="/why/"', 'aria-hidden="true"') == []


class Everything(forms.Form):
    text = forms.CharField(label="经过", help_text="写清楚")
    note = forms.CharField(label="补充", required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(label="种类", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(label="要求", choices=[("a", "甲")], widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="属实")


def test_a_field_ties_label_hint_error_and_control_and_an_unbound_form_has_no_summary() -> None:
    with override("zh-hans"):
        drawn = draw("{% error_summary form %}{{ form }}", form=Everything({"note": "<b>留着</b>"}))
    tied = ('aria-describedby="id_text_helptext id_text_error"', 'id="id_text_helptext"', 'id="id_text_error"')
    assert missing_in(drawn, *tied, "&lt;b&gt;留着&lt;/b&gt;", "选填", "有4处需要修改") == []
    assert drawn.count('aria-invalid="true"') >= 4
    for target in ("id_text", "id_kind_0", "id_many_0", "id_agreed"):
        assert missing_in(drawn, f'href="#{target}"', f'id="{target}"') == []
    assert draw("{% error_summary form %}", form=Everything()).strip() == ""


def test_components_draw_what_they_are_given() -> None:
    with override("zh-hans"):
        duty = {"tone": "warn", "status": "协商中", "holder": "移动<福州>", "if_missed": "转监管"}
        duty |= {"since": date(2026, 11, 18), "due_at": DUE}
        drawn = draw('{% include "components/duty.html" with next_action=duty %}', duty=duty)
        assert missing_in(drawn, "移动&lt;福州&gt;", "12月2日（周三）24:00前") == []
        assert drawn.count("<dt>") == 4
        five = Decimal("5")
        answer = {"demand": "退费", "asked": five, "verdict": "同意", "tone": "ok", "text": "全退"}
        offer = {"title": "第1份方案", "at": FRIDAY, "by": "李敏", "total": five, "answers": [answer]}
        offer["obligations"] = [{"what": "退费", "amount": five, "due_at": DUE}]
        drawn = draw('{% include "components/offer_card.html" with offer=offer %}', offer=offer)
        assert drawn.count("¥5.00") == 3
        rows = [{"key": "姓名", "value": "陈", "change_url": "/x/"}]
        assert "修改" in draw('{% include "components/summary.html" with rows=rows %}', rows=rows)
        assert 'rel="next"' in draw('{% include "components/pagination.html" with next_url="?a=1" %}')
        drawn = draw(
            '{% include "components/demand_row.html" with name="demand" value="refund" label="退费" '
            'money_name="y" error="请填数字" %}'
        )
        assert missing_in(drawn, 'aria-describedby="demand-refund-error"', 'for="id_y"') == []


def test_a_part_that_is_kept_is_drawn_again_for_other_values_languages_and_texts(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "parts"}}
    drawn: list[Any] = []
    draws = portal.render_to_string

    def counted(name: str, given: dict[str, Any]) -> Any:
        drawn.append(given)
        return draws(name, given)

    monkeypatch.setattr(portal, "render_to_string", counted)
    part = '{% include_kept "components/summary.html" rows=rows %}'

    def shown(key: Any, value: Any = "陈") -> str:
        return draw(part, rows=[{"key": key, "value": value, "change_url": "/x/"}])

    with override("zh-hans"):
        first = shown("<b>")
        assert (shown("<b>"), len(drawn)) == (first, 1)
        assert "&lt;b&gt;" in first
        assert "修改" in first
        # The same letters, but not to be escaped.
        assert "<b>" in shown(mark_safe("<b>"))
        assert "刘" in shown("<b>", "刘")
        assert "陈" in shown(gettext_lazy("姓名"))
    with override("en"):
        assert "修改" not in shown("<b>")
        assert len(drawn) == 5
    with pytest.raises(TypeError, match="Region"):
        shown(Region(name="福州市"))


SOURCES = {
    "base.html": (
        '{% comment %}x{% endcomment %}{% load i18n static %}<h1>{% translate "我的投诉" %}</h1><link href="{% static'
        ' "css/base.css" %}">{% block a %}{% translate "首页" %}{% endblock %}{% block b %}-{% endblock %}'
    ),
    "page.html": (
        '{% extends "base.html" %}{% load i18n %}{% block b %}{% translate "查进度" %} {{ text }}{{ safe }}{{ number }}'
        '{% if text %}{% translate "登录" %}{% icon "phone" %}{% else %}{% tone_icon "warn" %}{% endif %}'
        '{% for one in list %}{% translate "撤销" %}{{ one }}{% empty %}{% translate "没有备注。" %}{% endfor %}'
        '{% include "part.html" with text=text only %}{{ block.super }}{% endblock %}'
    ),
    "part.html": (
        '{% load i18n %}{% translate "经过" context "statement" %}{% translate "材料" as word %}{{ word }}{{ text }}{%'
        ' autoescape off %}{{ text }}{% translate "方案" %}{% endautoescape %}{% language "en" %}{% translate "承诺"'
        " %}{% endlanguage %}{% blocktranslate with n=text %}第{{ n }}版{% endblocktranslate %}{% translate word %}{%"
        " tone_icon text %}{{ nothing }}{{ text|upper }}"
    ),
}
CONTEXTS: tuple[dict[str, Any], ...] = (
    {"text": "<b>&'\"", "safe": mark_safe("<i>"), "number": 1234.5, "list": ["<", 2, None]},
    {"text": "", "safe": "<i>", "number": None, "list": []},
)


def engine(loader: str, folder: Path) -> Engine:
    for name, source in SOURCES.items():
        (folder / name).write_text(source, encoding="utf-8")
    builtins = ["django.templatetags.i18n", "django.templatetags.static", "web.templatetags.portal"]
    libraries = {"i18n": builtins[0], "static": builtins[1]}
    loaders = [(loader, ["django.template.loaders.filesystem.Loader"])]
    return Engine(dirs=[str(folder)], builtins=builtins, libraries=libraries, loaders=loaders)


def test_a_folded_page_is_the_page(tmp_path: Path) -> None:
    folded = engine("web.folded_templates.Loader", tmp_path)
    plain = engine("django.template.loaders.cached.Loader", tmp_path)
    for context in CONTEXTS:
        drawn = set()
        for language in ("zh-hans", "en", "zh-hans", "en"):
            with override(language):
                page = folded.get_template("page.html").render(Context(context))
                assert page == plain.get_template("page.html").render(Context(context))
                drawn.add(page)
        assert len(drawn) == 2, "one for each language"


def test_what_never_changes_is_text_and_only_line_breaks_of_a_template_become_a_space(tmp_path: Path) -> None:
    folded = engine("web.folded_templates.Loader", tmp_path)
    with override("en"):
        nodes = folded.get_template("base.html").nodelist
    assert [type(node).__name__ for node in nodes] == ["TextNode", "BlockNode", "BlockNode"]
    assert nodes[0].render(Context()).startswith('<h1>My complaints</h1><link href="/static/css/base')
    sources = {
        "laid_out.html": '<p\n  class="a"\n  {% if text %}hidden{% endif %}\n>\n  {{ text }}  b　\n\n  c\n</p>\n',
        "as_written.html": "<pre>\n  a\n</pre>\n",
        "script.js": "// The rest of a line is a remark.\n  let a = 1;\n",
    }
    folded = engine("web.folded_templates.Loader", tmp_path)
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    drawn = folded.get_template("laid_out.html").render(Context({"text": "x\n  y"}))
    assert drawn == '<p class="a" hidden> x\n  y  b　 c </p> '
    for name in ("as_written.html", "script.js"):
        assert folded.get_template(name).render(Context()) == sources[name]


def test_a_text_area_holds_what_was_typed_and_no_space_more() -> None:
    for typed in ("", "经过", " 经过\n第二行"):
        drawn = forms.Textarea().render("text", typed)
        assert drawn.partition(">")[2].removeprefix("\n") == f"{typed}</textarea>"
