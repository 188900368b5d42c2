"""Conditions on an authority's list of cases: a shareable GET form.

A condition that cannot be read is left out and said so; it never fails, and it never
shows more than the region of the reader.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Officer, Region
from authorities.periods import in_our_years
from complaints.forms.fields import Choices, words_of
from complaints.handling.steps.platform import CONDITIONS
from complaints.procedure.categories import OBJECT_CATEGORIES, PROBLEM_CATEGORIES
from complaints.procedure.workflow import Status
from web.languages import named

OPEN, ANY = "open", "any"
STATUSES = tuple(s for s in Status if s not in (Status.DRAFT, Status.FILED, Status.CLOSED))
WAITING = ("return", "extension", "objection", "recusal", "office_question", "proposal", "power")
#: An authority has the case; it lies with a party or a laboratory; it came back from an enterprise that did not settle
#: it; its officer is away; an enterprise has it.
HERE, OTHERS, BACK, LEFT, AT_A_FIRM = "here", "others", "back", "left", "firm"
#: Ways by which a complaint comes.
CAME_BY = ("web", "station", "phone", "counter", "post", "hotline", "platform", "import", "api")
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
#: How, or when, an enterprise's time with a case ended.
OF_A_STAGE = ("result", "ended_from", "ended_to")
#: With one of these a list is about a period, so closed cases belong to it.
OF_A_PERIOD = ("received_from", "received_to", *OF_A_STAGE)
#: Before the id of an authority: what lies there and was given to nobody; all that it holds, whoever has it there.
NONE_AT, ALL_AT = "none-", "all-"
#: Shown when "more conditions" is folded.
FIRST = ("q", "status", "overdue", "enterprise", "officer")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


class Day(forms.DateField):
    """A local day of our years."""

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d", "%Y/%m/%d"],
            validators=[in_our_years],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": _("日期请写成 2026-12-02 这样。")},
        )


class Code(forms.CharField):
    """One of a list, or a code that only other sources use."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, max_length=60, widget=forms.Select)
        self.error_messages["invalid"] = _("请从列出的选项中选一项。")

    def clean(self, value: Any) -> str:
        code = str(super().clean(value))
        if code and not _CODE.fullmatch(code):
            raise forms.ValidationError(self.error_messages["invalid"])
        return code


@dataclass(frozen=True, slots=True)
class ActiveCondition:
    """A condition in force: its name, its words."""

    name: str
    words: str


class CaseFilter(forms.Form):
    """``said`` holds what could be read; ``left_out`` says what could not."""

    q = forms.CharField(
        label=_("编号、商品、姓名、电话"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 14}),
    )
    status = forms.ChoiceField(label=_("状态"), required=False)
    overdue = forms.ChoiceField(
        label=_("期限"), required=False, choices=[("", _("全部")), ("1", _("已逾期")), ("soon", _("2个工作日内到期"))]
    )
    enterprise = forms.CharField(
        label=_("企业"), required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search", "size": 14})
    )
    officer = forms.ChoiceField(label=_("经办人"), required=False)
    region = forms.CharField(label=_("地区"), required=False, max_length=24, widget=forms.Select)
    category = Code(label=_("类别"))
    channel = forms.ChoiceField(
        label=_("渠道"), required=False, error_messages={"invalid_choice": _("请从列出的选项中选一项。")}
    )
    waiting = forms.ChoiceField(label=_("等待决定"), required=False)
    platform = forms.ChoiceField(label=_("全国平台"), required=False, choices=[("", _("不限")), *CONDITIONS.items()])
    received_from, received_to = Day(_("收到日期，自")), Day(_("收到日期，至"))
    result = forms.ChoiceField(label=_("企业阶段的结果"), required=False)
    ended_from, ended_to = Day(_("企业阶段结束，自")), Day(_("企业阶段结束，至"))

    def __init__(
        self,
        asked: Mapping[str, str],
        *,
        officers: Sequence[Officer],
        regions: Sequence[Region],
        office: Authority | None = None,
    ) -> None:
        """``office``: the one whose cases, or those of them that nobody has yet, may be asked for."""
        values = {name: asked.get(name, "") for name in self.base_fields}
        super().__init__(values, label_suffix="")
        self.regions = regions
        everything: Choices = [("", str(_("全部")))]
        _choose(
            self,
            "officer",
            [
                *everything,
                ("me", str(_("我经办的"))),
                ("none", str(_("未指派"))),
                *(
                    [
                        (NONE_AT + str(office.pk), gettext("未指派 · %(office)s") % {"office": named(office)}),
                        (ALL_AT + str(office.pk), named(office)),
                    ]
                    if office
                    else []
                ),
                *((str(o.pk), o.user.name) for o in officers),
            ],
        )
        _choose(
            self,
            "waiting",
            [
                ("", str(_("不限"))),
                *words_of(WAITING, "matter_kind"),
                (HERE, str(_("在监管部门手里"))),
                (OTHERS, str(_("等对方办理"))),
                (BACK, str(_("企业没有谈成、转回来的"))),
                (LEFT, str(_("经办人现在不在岗"))),
                (AT_A_FIRM, str(_("在企业手里"))),
            ],
        )
        _choose(self, "channel", [*everything, *words_of(CAME_BY, "channel")])
        _choose(self, "result", [*everything, *words_of(RESULTS, "odr_result")])
        _choose(
            self,
            "status",
            [
                (OPEN, str(_("未办结"))),
                *words_of(STATUSES, "status"),
                *words_of((Status.CLOSED,), "status"),
                (ANY, str(_("全部"))),
            ],
        )
        _widget(self, "region", [*everything, *((r.code, named(r)) for r in regions)], values["region"])
        _widget(self, "category", [*everything, *OBJECT_CATEGORIES, *PROBLEM_CATEGORIES], values["category"])
        self.is_valid()
        cleaned = self.cleaned_data
        for start, end in (("received_from", "received_to"), ("ended_from", "ended_to")):
            if cleaned.get(start) and cleaned.get(end) and cleaned[start] > cleaned[end]:
                self.add_error(end, _("结束日期早于开始日期。"))
                cleaned.pop(start)
        self.said: dict[str, Any] = {name: value for name, value in cleaned.items() if value}
        self.default = ANY if any(name in self.said for name in OF_A_PERIOD) else OPEN
        self.said.setdefault("status", self.default)
        values["status"] = self.said["status"]

    @property
    def left_out(self) -> list[str]:
        return [
            gettext("没有用“%(field)s”这个条件：%(why)s")
            % {"field": self.fields[name].label, "why": " ".join(str(error) for error in errors)}
            for name, errors in self.errors.items()
        ]

    @property
    def is_wide_open(self) -> bool:
        """A condition beyond the first few is in force, or was meant to be."""
        return any(name in self.said or name in self.errors for name in self.fields if name not in FIRST)

    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIRST]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in FIRST]

    def address(self) -> dict[str, str]:
        """The conditions as they stand in the address."""
        return {
            name: value.isoformat() if isinstance(value, date) else str(value)
            for name, value in self.said.items()
            if (name, value) != ("status", self.default)
        }

    def active(self, *, enterprise: str, region: str) -> list[ActiveCondition]:
        names = {"enterprise": enterprise, "region": region}
        results = []
        for name, value in self.address().items():
            field = self.fields[name]
            known: dict[Any, Any] = {}
            for code, text in getattr(field.widget, "choices", ()):
                known |= dict(text) if isinstance(text, (list, tuple)) else {code: text}
            text = names.get(name) or known.get(value, value)
            results.append(ActiveCondition(name, gettext("%(name)s：%(value)s") % {"name": field.label, "value": text}))
        return results


def _choose(form: forms.Form, name: str, choices: Choices) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]


def _widget(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]], text: str) -> None:
    """Choices of a field that takes others too; the one that was asked for stays chosen."""
    flat = {
        code
        for first, second in choices
        for code in ([c for c, _words in second] if isinstance(second, (list, tuple)) else [first])
    }
    extra = [(text, text)] if text and text not in flat and _CODE.fullmatch(text) else []
    form.fields[name].widget.choices = [*choices, *extra]
