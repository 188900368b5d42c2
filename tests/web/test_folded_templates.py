"""What is drawn beforehand is what would be drawn: in each language, with the same escapes, in each branch."""

from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.template import Context, Engine
from django.utils.safestring import mark_safe
from django.utils.translation import override

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
    return Engine(
        dirs=[str(folder)],
        builtins=builtins,
        libraries=libraries,
        loaders=[(loader, ["django.template.loaders.filesystem.Loader"])],
    )


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_folded_page_is_the_page(tmp_path: Path, context: dict[str, Any]) -> None:
    folded = engine("web.folded_templates.Loader", tmp_path)
    plain = engine("django.template.loaders.cached.Loader", tmp_path)
    drawn = set()
    for language in ("zh-hans", "en", "zh-hans", "en"):
        with override(language):
            page = folded.get_template("page.html").render(Context(context))
            assert page == plain.get_template("page.html").render(Context(context))
            drawn.add(page)
    assert len(drawn) == 2, "one for each language"


def test_what_never_changes_is_text(tmp_path: Path) -> None:
    folded = engine("web.folded_templates.Loader", tmp_path)
    with override("en"):
        nodes = folded.get_template("base.html").nodelist
    assert [type(node).__name__ for node in nodes] == ["TextNode", "BlockNode", "BlockNode"]
    assert nodes[0].render(Context()).startswith('<h1>My complaints</h1><link href="/static/css/base')


def test_only_line_breaks_of_a_template_become_a_space(tmp_path: Path) -> None:
    sources = {
        "laid_out.html": '<p\n  class="a"\n  {% if text %}hidden{% endif %}\n>\n  {{ text }}  b　\n\n  c\n</p>\n',
        "as_written.html": "<pre>\n  a\n</pre>\n",
    }
    folded = engine("web.folded_templates.Loader", tmp_path)
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    drawn = folded.get_template("laid_out.html").render(Context({"text": "x\n  y"}))
    assert drawn == '<p class="a" hidden> x\n  y  b　 c </p> '
    assert folded.get_template("as_written.html").render(Context()) == sources["as_written.html"]


def test_a_text_area_holds_what_was_typed_and_no_space_more() -> None:
    for typed in ("", "经过", " 经过\n第二行"):
        drawn = forms.Textarea().render("text", typed)
        assert drawn.partition(">")[2].removeprefix("\n") == f"{typed}</textarea>"
