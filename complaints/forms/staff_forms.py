"""What staff of enterprises and authorities type beside a case: instructions and answers, decisions, reasons.

A form reads and says what is missing, the verb judges.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Officer
from complaints import wording
from complaints.forms import fields
from complaints.handling.steps.casework import CALL_BACK_ANSWERS
from complaints.handling.transition.contact_access import WHY
from complaints.wording.reasons import OVERDUE_REASONS
from enterprises.models import Enterprise
from web.languages import named

#: So many cases at once.
MOST_AT_ONCE = 200


def enterprise_named(typed: str) -> Enterprise | None:
    """The enterprise of this whole name; None where nothing was typed."""
    enterprise = Enterprise.objects.filter(name=typed).first() if typed else None
    if typed and enterprise is None:
        raise forms.ValidationError(_("没有找到这家企业，请写全称"))
    return enterprise


class AnswerForm(fields.TakesFiles, fields.StepForm):
    text = fields.FreeText(label=_("答复"), help_text=_("写明做了什么、什么时候办完；发出督办的机关会收到。"))
    uploads = fields.FilesField(label=_("证明材料"))


class InstructionForm(fields.StepForm):
    """督办: what is expected until which day."""

    text = fields.FreeText(label=_("督办内容"), help_text=_("写明要做什么；对方须在期限内答复。"))
    last_day = fields.Day(label=_("最晚哪天答复"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_last_day(self) -> date:
        return fields.after_today(self.cleaned_data["last_day"], self.today)


class ManyCasesForm(fields.StepForm):
    """A step for ``numbers``, the cases that were ticked; one that is not there is told in the result, not here."""

    case = forms.MultipleChoiceField(label=_("案件"), required=False, widget=forms.CheckboxSelectMultiple)
    none_chosen: Any = ""
    too_many: Any = ""
    most = MOST_AT_ONCE

    def __init__(self, data: Any = None, *, numbers: Sequence[str] = (), **options: Any) -> None:
        super().__init__(data, **options)
        self.numbers = list(dict.fromkeys(data.getlist("case") if data else numbers))
        fields.set_choices(self, "case", [(number, number) for number in self.numbers])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.numbers:
            self.add_error("case", self.none_chosen)
        if len(self.numbers) > self.most:
            self.add_error("case", self.too_many)
        return cleaned


class ManyInstructionsForm(ManyCasesForm, InstructionForm):
    """``most``: how many at once, by policy."""

    none_chosen = _("请先选中要督办的案件。")

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.most, self.too_many = most, _("一次最多督办%(n)s件。") % {"n": most}


class TakeUpForm(fields.StepForm):
    """提级: kept here, or designated to an authority below."""

    authority = forms.ChoiceField(label=_("由谁办理"), required=False, widget=forms.Select(attrs={"class": "w-24"}))
    text = fields.FreeText(label=_("为什么提级办理"))

    def __init__(self, *args: Any, authorities: Sequence[Authority], may_keep: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = _("本机关办理") if may_keep else _("请选择")
        fields.set_choices(
            self,
            "authority",
            [
                ("", str(kept)),
                *((str(a.pk), str(_("指定%(authority)s办理") % {"authority": named(a)})) for a in authorities),
            ],
        )


class OverdueForm(fields.StepForm):
    reason = fields.Choice(label=_("为什么逾期"))
    text = fields.FreeText(
        label=_("说明"),
        required=False,
        rows=3,
        longest=500,
        help_text=_("选“其他”时必填。只有监管部门看得到，写了不能再改。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "reason", fields.lines_of(tuple(OVERDUE_REASONS), "overdue_reason"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("reason") == "other" and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", fields.FILL)
        return cleaned


class CallBackForm(fields.StepForm):
    """The script of a call-back: reached or not, and what the consumer says to each question."""

    reached = fields.Choice(
        label=_("打通了吗"), choices=[("yes", _("打通了，本人接听")), ("no", _("没有打通，下面不用填"))]
    )
    overall = fields.Choice(label=_("总的满意度，1最低，5最高"), choices=[(str(n), str(n)) for n in range(1, 6)])
    disagrees = forms.BooleanField(label=_("企业已办结，但消费者不认可"), required=False)
    text = fields.FreeText(label=_("消费者还说了什么"), required=False, rows=3, help_text=_("只有监管部门看得到。"))

    def __init__(self, data: Any = None, *, questions: Sequence[str]) -> None:
        super().__init__(data)
        self.questions = questions
        for name in questions:
            choices = fields.labels_of(CALL_BACK_ANSWERS[name], "call_back_answer")
            self.fields[name] = fields.Choice(label=wording.label(name, kind="call_back_question"), choices=choices)
        if data is not None and data.get("reached") == "no":
            for name in (*questions, "overall"):
                self.fields[name].required = False
        self.order_fields(["reached", *questions, "overall", "disagrees", "text"])

    @property
    def answers(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.questions if self.cleaned_data.get(name)}


class ManyAssignForm(ManyCasesForm):
    none_chosen, too_many = _("请先选中要改派的案件。"), _("一次最多改派200件。")
    to = fields.Dropdown(label=_("改由谁经办"))

    def __init__(self, data: Any = None, *, people: Sequence[Officer]) -> None:
        super().__init__(data)
        fields.set_choices(
            self,
            "to",
            [("", str(_("请选择"))), *((str(p.pk), f"{p.user.name} · {p.get_role_display()}") for p in people)],
        )


class ContactAccessForm(fields.StepForm):
    reason = fields.Choice(label=_("为什么查看"))
    text = fields.FreeText(
        label=_("具体说明"), required=False, rows=2, longest=200, help_text=_("选“其他”时必填。消费者看得到。")
    )

    def __init__(self, *args: Any, chosen: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.choices = fields.labels_of(WHY, "look_reason")  # type: ignore[attr-defined]
        field.initial = chosen if chosen in WHY else WHY[0]


class DecisionForm(fields.StepForm):
    decision = fields.Choice(label=_("怎么决定"))
    text = fields.FreeText(label=_("理由"), required=False, help_text=_("不同意的，须写明理由。"))

    def __init__(self, *args: Any, grant: Any, refuse: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "decision", [("grant", grant), ("refuse", refuse)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("请写明理由。"))
        return cleaned
