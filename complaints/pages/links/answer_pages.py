"""What a respondent without account may say, by the link or through an officer: one page a step.

The same pages at both doors, so that what an officer writes down is what the respondent could have typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy

from complaints.forms.fields import StepForm, Words
from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.forms.suggestion_form import SuggestionForm
from complaints.handling.steps import consumer
from complaints.models import Matter, Obligation
from complaints.pages.enterprise.forms import ClaimAnswerForm, ConfirmForm, MediationForm, PerformedForm
from complaints.pages.enterprise.pages import claim_move, confirm_move, mediation_move, performed_move, suggestion_move
from complaints.pages.shared.step_pages import StepPage, plain, table, verb
from complaints.reading.mediation_facts import suggestion_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What lies on the table of the case for the respondent."""

    matters: Mapping[str, Matter]
    obligations: Sequence[Obligation]

    def owed(self, by: str, *states: str) -> list[Obligation]:
        return [row for row in self.obligations if row.owed_by == by and row.state in states]


class StatementForm(TakesFiles, StepForm):
    """What the respondent says to the complaint, with papers."""

    text = Words(
        label=gettext_lazy("您要说明的"), required=False, rows=6, help_text=gettext_lazy("消费者和监管部门都能看到。")
    )
    uploads = FilesField(label=gettext_lazy("材料"))


class RecusalForm(StepForm):
    """Who should not mediate, and why."""

    whom = forms.CharField(
        label=gettext_lazy("请谁回避"), max_length=120, error_messages={"required": gettext_lazy("请填写这一项。")}
    )
    text = Words(label=gettext_lazy("为什么"), rows=4)


PAGES: dict[str, StepPage[Table]] = table(
    StepPage(
        name="mediation",
        steps=("agree_to_mediation", "decline_mediation"),
        title=gettext_lazy("您同意由监管部门调解吗？"),
        button=gettext_lazy("提交"),
        form=plain(MediationForm),
        build=mediation_move,
        explain=(
            gettext_lazy("双方都同意，监管部门才组织调解；同意后还可以改变主意。"),
            gettext_lazy("不同意的，监管部门会终止调解；消费者可以起诉或者申请仲裁。"),
        ),
    ),
    StepPage(
        name="suggestion",
        steps=("answer_suggestion",),
        title=gettext_lazy("您同意这个调解方案吗？"),
        button=gettext_lazy("提交答复"),
        form=lambda table, data: SuggestionForm(data, matter=table.matters.get("suggestion")),
        build=suggestion_move,
        explain=gettext_lazy("双方都同意，监管部门写成协议，双方签字才算数。"),
        more=lambda table, form: {"suggestion": suggestion_of(table.matters)},
    ),
    StepPage(
        name="performed",
        steps=("report_performed",),
        title=gettext_lazy("协议上的事，您做到了哪些？"),
        button=gettext_lazy("报告已做到"),
        form=lambda table, data: PerformedForm(data, promises=table.owed("enterprise", "due")),
        build=performed_move,
        explain=gettext_lazy("消费者有%(confirmation)s确认收到没有。"),
    ),
    StepPage(
        name="confirm",
        steps=("confirm_performed",),
        title=gettext_lazy("消费者做到了吗？"),
        button=gettext_lazy("确认已做到"),
        form=lambda table, data: ConfirmForm(data, promises=table.owed("consumer", "due", "reported", "silent")),
        build=confirm_move,
        explain=gettext_lazy("确认后，排在后面的约定开始计时。"),
    ),
    StepPage(
        name="settled-elsewhere",
        steps=("confirm_settled_elsewhere", "deny_settled_elsewhere"),
        title=gettext_lazy("消费者称已经另行和解"),
        button=gettext_lazy("提交"),
        form=plain(ClaimAnswerForm),
        build=claim_move,
        explain=gettext_lazy("您不答复的，以消费者的说法为准，案件按“另行和解”办结。"),
    ),
    StepPage(
        name="recusal",
        steps=("request_recusal",),
        title=gettext_lazy("申请工作人员回避"),
        button=gettext_lazy("提交申请"),
        form=plain(RecusalForm),
        build=verb("request_recusal", "whom", "text"),
        explain=gettext_lazy("由另一名工作人员决定；决定之前暂停调解会，期限照常计算。"),
    ),
    StepPage(
        name="statement",
        steps=("add_statement",),
        title=gettext_lazy("说明情况，提交材料"),
        button=gettext_lazy("发送"),
        form=plain(StatementForm),
        build=lambda form: consumer.add_statement(text=form.cleaned_data["text"], files=form.digests),
        decides=False,
    ),
)
