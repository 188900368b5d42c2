"""What a respondent without account may say, by the link or through an officer: one form a step.

The one rule: the same forms at both doors, so that what an officer writes down is what the respondent could have typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.forms.fields import StepForm, Words
from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.forms.suggestion_form import SuggestionForm
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise, suggesting
from complaints.models import Matter, Obligation
from complaints.pages.enterprise.forms import ClaimAnswerForm, ConfirmForm, MediationForm, PerformedForm
from complaints.reading.mediation_facts import Suggestion, suggestion_of
from web.listing import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What lies on the table of the case for the respondent."""

    matters: Mapping[str, Matter]
    obligations: Sequence[Obligation]

    def shown_with(self, page: Page) -> Suggestion | None:
        """What has to be read before this page can be answered."""
        return suggestion_of(self.matters) if page.name == "suggestion" else None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: what it asks, what follows, the form and the move. ``decides``: asks for a code, is read back."""

    name: str
    steps: tuple[str, ...]
    title: Any
    button: Any
    effects: tuple[Any, ...]
    form: Callable[[Table, Any, Any], StepForm]
    move: Callable[[Any], Move]
    decides: bool = True


def _files(form: StepForm) -> tuple[str, ...]:
    return form.digests if isinstance(form, TakesFiles) else ()


def _claim(form: Any) -> Move:
    said = form.cleaned_data
    return (
        both.confirm_settled_elsewhere()
        if said["answer"] == "confirm"
        else both.deny_settled_elsewhere(text=said["text"])
    )


PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        Page(
            name="mediation",
            steps=("agree_to_mediation", "decline_mediation"),
            title=gettext_lazy("您同意由监管部门调解吗？"),
            button=gettext_lazy("提交"),
            form=lambda table, data, files: MediationForm(data),
            effects=(
                gettext_lazy("双方都同意，监管部门才组织调解；同意后还可以改变主意。"),
                gettext_lazy("不同意的，监管部门会终止调解；消费者可以起诉或者申请仲裁。"),
            ),
            move=lambda form: (
                both.agree_to_mediation() if form.cleaned_data["answer"] == "agree" else both.decline_mediation()
            ),
        ),
        Page(
            name="suggestion",
            steps=("answer_suggestion",),
            title=gettext_lazy("您同意这个调解方案吗？"),
            button=gettext_lazy("提交答复"),
            form=lambda table, data, files: SuggestionForm(data, matter=table.matters.get("suggestion")),
            effects=(gettext_lazy("双方都同意，监管部门写成协议，双方签字才算数。"),),
            move=lambda form: suggesting.answer_suggestion(
                agrees=form.cleaned_data["answer"] == "yes",
                text=form.cleaned_data["text"],
                matter_id=form.cleaned_data["matter_id"],
            ),
        ),
        Page(
            name="performed",
            steps=("report_performed",),
            title=gettext_lazy("协议上的事，您做到了哪些？"),
            button=gettext_lazy("报告已做到"),
            form=lambda table, data, files: PerformedForm(data, files, promises=table.owed("enterprise", "due")),
            effects=(gettext_lazy("消费者有5个工作日确认收到没有。"),),
            move=lambda form: enterprise.report_performed(
                obligations=[int(n) for n in form.cleaned_data["obligations"]],
                proof=form.cleaned_data["proof"],
                channel=form.cleaned_data["channel"],
                files=_files(form),
            ),
        ),
        Page(
            name="confirm",
            steps=("confirm_performed",),
            title=gettext_lazy("消费者做到了吗？"),
            button=gettext_lazy("确认已做到"),
            form=lambda table, data, files: ConfirmForm(
                data, promises=table.owed("consumer", "due", "reported", "silent")
            ),
            effects=(gettext_lazy("确认后，排在后面的约定开始计时。"),),
            move=lambda form: consumer.confirm_performed(
                obligations=[int(n) for n in form.cleaned_data["obligations"]]
            ),
        ),
        Page(
            name="settled-elsewhere",
            steps=("confirm_settled_elsewhere", "deny_settled_elsewhere"),
            title=gettext_lazy("消费者称已经另行和解"),
            button=gettext_lazy("提交"),
            form=lambda table, data, files: ClaimAnswerForm(data),
            effects=(gettext_lazy("您不答复的，以消费者的说法为准，案件按“另行和解”办结。"),),
            move=_claim,
        ),
        Page(
            name="recusal",
            steps=("request_recusal",),
            title=gettext_lazy("申请工作人员回避"),
            button=gettext_lazy("提交申请"),
            form=lambda table, data, files: RecusalForm(data),
            effects=(gettext_lazy("由另一名工作人员决定；决定之前暂停调解会，期限照常计算。"),),
            move=lambda form: both.request_recusal(whom=form.cleaned_data["whom"], text=form.cleaned_data["text"]),
        ),
        Page(
            name="statement",
            steps=("add_statement",),
            title=gettext_lazy("说明情况，提交材料"),
            button=gettext_lazy("发送"),
            form=lambda table, data, files: StatementForm(data, files),
            effects=(),
            decides=False,
            move=lambda form: consumer.add_statement(text=form.cleaned_data["text"], files=_files(form)),
        ),
    )
}


def said_in(form: StepForm) -> list[tuple[str, str]]:
    """Each question that was answered, in the words of the answer: to be read back."""
    found = []
    for field in form:
        value = form.cleaned_data.get(field.name)
        if value in (None, "", [], False) or field.name == "uploads" or field.is_hidden:
            continue
        words = dict(getattr(field.field, "choices", ()))
        said = [str(words.get(one, one)) for one in (value if isinstance(value, list) else [value])]
        found.append((str(field.label), _("是") if value is True else told(said)))
    return found
