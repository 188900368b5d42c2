"""The consumer's pages of a mediation: whether to take part, what to say to a suggestion, who should not mediate.

The one rule: every one of them is a plain yes or no, or one text; nothing is chosen beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.forms.fields import Pick
from complaints.forms.suggestion_form import NamesSuggestion
from complaints.handling import Move
from complaints.handling.steps import both, suggesting
from complaints.pages.consumer.forms import Essay, StepForm, Words
from complaints.reading.mediation_facts import promise_lines


class MediationForm(StepForm):
    name, steps = "mediation", ("agree_to_mediation", "decline_mediation")
    title = gettext_lazy("您同意由监管部门调解吗？")
    button = gettext_lazy("提交")
    answer = Pick(
        label=gettext_lazy("您的答复"), choices=[("yes", gettext_lazy("同意调解")), ("no", gettext_lazy("不同意调解"))]
    )

    def effects(self) -> Sequence[Words]:
        return (
            _("调解要双方都同意，随时可以改变主意。"),
            _("不同意调解的，监管部门会终止调解；您仍可起诉或者申请仲裁。"),
        )

    def moves(self) -> list[Move]:
        return [both.agree_to_mediation() if self.cleaned_data["answer"] == "yes" else both.decline_mediation()]


class SuggestionForm(NamesSuggestion, StepForm):
    """The mediator's way to settle it: yes or no, each for itself."""

    name, steps = "suggestion", ("answer_suggestion",)
    title = gettext_lazy("您同意这个调解方案吗？")
    button = gettext_lazy("提交答复")
    thanks = gettext_lazy("已记下您的答复，工作人员会接着办。")
    answer = Pick(
        label=gettext_lazy("您的答复"),
        choices=[("yes", gettext_lazy("同意这个方案")), ("no", gettext_lazy("不同意这个方案"))],
    )
    text = Essay(label=gettext_lazy("想说明的"), required=False, rows=3)

    def prepare(self) -> None:
        matter = self.page.matters.get("suggestion")
        self.initial["matter_id"] = matter.pk if matter is not None else None

    def effects(self) -> Sequence[Words]:
        matter = self.page.matters.get("suggestion")
        lines = promise_lines(matter) if matter is not None else []
        return (
            *lines,
            _("双方都同意，工作人员写成协议，双方签字才算数。"),
            _("不同意没有不利：调解可以继续，您也可以起诉。"),
        )

    def moves(self) -> list[Move]:
        said = self.cleaned_data
        return [
            suggesting.answer_suggestion(agrees=said["answer"] == "yes", text=said["text"], matter_id=said["matter_id"])
        ]


class RecusalForm(StepForm):
    name, steps = "recusal", ("request_recusal",)
    title = gettext_lazy("申请工作人员回避")
    button = gettext_lazy("提交申请")
    whom = forms.CharField(
        label=gettext_lazy("请谁回避"), max_length=120, error_messages={"required": gettext_lazy("请填写这一项。")}
    )
    text = Essay(label=gettext_lazy("为什么"), rows=4)

    def effects(self) -> Sequence[Words]:
        return (_("由另一名工作人员决定；决定之前暂停调解会，期限照常计算。"),)

    def moves(self) -> list[Move]:
        return [both.request_recusal(whom=self.cleaned_data["whom"], text=self.cleaned_data["text"])]
