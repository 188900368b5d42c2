"""The enterprise's step pages, and the order of their buttons on the case."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from complaints.forms.contact_access_form import ContactAccessForm
from complaints.forms.fields import TextForm
from complaints.forms.suggestion_form import SuggestionForm
from complaints.forms.supervision_forms import AnswerForm
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise, mediation, supervision
from complaints.models import Obligation
from complaints.pages.enterprise import work
from complaints.pages.enterprise.forms import (
    ClaimAnswerForm,
    ConfirmForm,
    ContactForm,
    FailureForm,
    HandlerForm,
    MediationForm,
    PaymentForm,
    PerformedForm,
    RedateForm,
)
from complaints.pages.enterprise.workspace_forms import CauseForm, ConcernForm, ExtensionForm
from complaints.pages.shared.step_pages import Data, StepPage, plain, table, text_page, verb
from complaints.reading.case import CasePage
from complaints.reading.case_people import by_name
from complaints.reading.case_settlement import proposed_days
from complaints.reading.mediation_facts import promise_lines
from enterprises.models import Staff
from enterprises.team.staffing import at_work, branches_above

Asked = StepPage[CasePage]


def _people(page: CasePage) -> list[Staff]:
    """Handlers of the branch that has the case, of those above it, and of headquarters."""
    case = page.complaint
    people = (
        at_work(page.today)
        .select_related("user", "branch", "enterprise")
        .filter(enterprise_id=case.enterprise_id or 0, user__is_active=True, role__in=Right.ANSWER_CASE.posts)
        .order_by("pk")
    )
    around = {case.branch_id, *(branches_above(case.branch) if case.branch else [])}
    return by_name(person for person in people if person.branch_id is None or person.branch_id in around)


def _handler_form(case: CasePage, data: Data) -> Form:
    return HandlerForm(data, people=_people(case), chosen=case.complaint.handler_id or case.viewer.staff_id)


def _owed(case: CasePage, by: str, *states: str, is_disputed: bool = False) -> list[Obligation]:
    rows = [promise.row for promise in case.obligations]
    return [o for o in rows if o.owed_by == by and o.state in states and (o.disputed_at is not None or not is_disputed)]


def _ordinals(form: Form) -> list[int]:
    return [int(value) for value in form.cleaned_data["obligations"]]


def _is_claimed(case: CasePage) -> bool:
    claim = case.matters.get("settled_elsewhere")
    return claim is not None and claim.opened_by == "consumer"


def _elsewhere_form(case: CasePage, data: Data) -> Form:
    if _is_claimed(case):
        return ClaimAnswerForm(data)
    return TextForm(data, label=gettext_lazy("怎么解决的"), hint=gettext_lazy("写明在哪里、怎样解决的；消费者看得到。"))


def claim_move(form: Form) -> Move:
    """What the respondent says to a settlement elsewhere: that there was one, or yes or no to the consumer's word."""
    text = form.cleaned_data["text"]
    if "answer" not in form.cleaned_data:
        return both.claim_settled_elsewhere(text=text)
    if form.cleaned_data["answer"] == "confirm":
        return both.confirm_settled_elsewhere()
    return both.deny_settled_elsewhere(text=text)


def mediation_move(form: Form) -> Move:
    agrees = form.cleaned_data["answer"] == "agree"
    return both.agree_to_mediation() if agrees else both.decline_mediation()


def suggestion_move(form: Form) -> Move:
    return mediation.answer_suggestion(
        agrees=form.cleaned_data["answer"] == "yes",
        text=form.cleaned_data["text"],
        matter_id=form.cleaned_data["matter_id"],
    )


def performed_move(form: Any) -> Move:
    return enterprise.report_performed(
        obligations=_ordinals(form),
        proof=form.cleaned_data["proof"],
        channel=form.cleaned_data["channel"],
        files=form.digests,
    )


def confirm_move(form: Form) -> Move:
    return consumer.confirm_performed(obligations=_ordinals(form))


def _contact(form: Form) -> Move:
    said = form.cleaned_data
    return enterprise.log_contact(
        channel=said["channel"], reached=said["reached"] == "yes", note=said["note"], at=said["at"]
    )


def _payment(form: Form) -> Move:
    said = form.cleaned_data
    return enterprise.show_payment(
        obligation=int(said["obligation"]), channel=said["channel"], last4=said["last4"], paid_on=said["paid_on"]
    )


def _suggestion_form(case: CasePage, data: Data) -> Form:
    matter = case.matters.get("suggestion")
    lines = [matter.data.get("text", ""), *promise_lines(matter)] if matter is not None else []
    return SuggestionForm(data, matter=matter, lines=lines)


def _redate_form(case: CasePage, data: Data) -> Form:
    broken = [p.row for p in case.obligations if p.state_code == "broken"]
    return RedateForm(data, today=case.today, promises=broken, proposed=proposed_days(case.matters))


PAGES: dict[str, Asked] = table(
    Asked(
        name="accept",
        steps=("accept_case",),
        form=_handler_form,
        build=lambda form: enterprise.accept_case(handler_id=int(form.cleaned_data["handler"])),
        explain=gettext_lazy("消费者会看到由谁处理。协商期限不停。"),
    ),
    Asked(
        name="assign",
        steps=("assign",),
        form=_handler_form,
        build=lambda form: enterprise.assign(handler_id=int(form.cleaned_data["handler"])),
        explain=gettext_lazy("案件交给新的处理人，期限不停。"),
    ),
    Asked(
        name="contact",
        steps=("log_contact",),
        form=lambda case, data: ContactForm(data, now=case.now),
        build=_contact,
        explain=gettext_lazy("每联系一次记一次，没有接通的也要记。"),
    ),
    text_page(
        "ask",
        "ask_consumer",
        gettext_lazy("想问什么"),
        gettext_lazy("消费者会收到通知。期限不停。"),
        hint=gettext_lazy("一次问清楚；不要问已经写过的事。"),
    ),
    text_page("message", "send_message", gettext_lazy("消息"), gettext_lazy("消费者会收到通知。")),
    text_page("note", "add_internal_note", gettext_lazy("内部备注"), gettext_lazy("只有本企业看得到。")),
    text_page("answer", "answer_question", gettext_lazy("回答"), gettext_lazy("方案重新交给消费者确认。")),
    Asked(
        name="failure",
        steps=("report_failure",),
        form=plain(FailureForm),
        build=verb("report_failure", "reason", "text"),
        explain=gettext_lazy(
            "案件转给监管部门；消费者不同意转交的，就此办结。联系不上消费者时，先通知他，等%(failure_answer)s。"
        ),
        is_danger=True,
    ),
    Asked(
        name="performed",
        steps=("report_performed",),
        form=lambda case, data: PerformedForm(data, promises=_owed(case, "enterprise", "due")),
        build=performed_move,
        explain=gettext_lazy("消费者有%(confirmation)s确认。没有答复的，记为未获确认。"),
    ),
    Asked(
        name="payment",
        steps=("show_payment",),
        form=lambda case, data: PaymentForm(
            data, today=case.today, promises=_owed(case, "enterprise", "due", is_disputed=True)
        ),
        build=_payment,
        explain=gettext_lazy("只能出示一次，请核对后再发送。"),
    ),
    Asked(
        name="confirm",
        steps=("confirm_performed",),
        form=lambda case, data: ConfirmForm(data, promises=_owed(case, "consumer", "due", "reported", "silent")),
        build=confirm_move,
        explain=gettext_lazy("确认后，排在后面的约定开始计时。"),
    ),
    Asked(
        name="reveal",
        steps=("reveal_contact",),
        form=plain(ContactAccessForm),
        build=verb("reveal_contact", "reason", "text"),
        explain=gettext_lazy(
            "完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"
        ),
    ),
    Asked(
        name="concern",
        steps=("flag_concern",),
        form=plain(ConcernForm),
        build=lambda form: enterprise.flag_concern(text=form.cleaned_data["text"], files=form.digests),
        explain=gettext_lazy("由监管部门判断，不影响办理。消费者看不到这里写的和附上的。"),
    ),
    Asked(
        name="extension",
        steps=("request_extension",),
        form=lambda case, data: ExtensionForm(data, most=work.most_days(case)),
        build=lambda form: enterprise.request_extension(
            days=int(form.cleaned_data["days"]), text=form.cleaned_data["text"]
        ),
        explain=gettext_lazy("先由消费者同意，再由监管部门决定；在那之前协商期限照走。只能申请一次。"),
    ),
    text_page(
        "reply",
        "reply_publicly",
        gettext_lazy("公开回应"),
        gettext_lazy("与公示的投诉放在一起，任何人都看得到。不要写消费者的姓名、电话或者其他能认出他的内容。"),
        longest=1000,
    ),
    Asked(
        name="cause",
        steps=("tag_cause",),
        form=lambda case, data: CauseForm(
            data, groups=work.cause_groups(case.complaint.problem_category), chosen=work.cause_of(case)
        ),
        build=verb("tag_cause", "cause"),
        explain=gettext_lazy("只有本企业看得到，用来找出投诉从哪里来；可以再改。"),
    ),
    Asked(
        name="settled-elsewhere",
        steps=("confirm_settled_elsewhere", "claim_settled_elsewhere"),
        title=lambda case: _("消费者称已经另行和解") if _is_claimed(case) else "",
        button=lambda case: _("提交") if _is_claimed(case) else "",
        form=_elsewhere_form,
        build=claim_move,
        explain=gettext_lazy("一方提出，另一方确认后才办结。消费者%(settled_elsewhere)s不答复，这次提出就失效。"),
    ),
    Asked(
        name="instruction",
        steps=("answer_instruction",),
        form=plain(AnswerForm),
        build=lambda form: supervision.answer_instruction(text=form.cleaned_data["text"], files=form.digests),
        explain=gettext_lazy("监管部门会收到。"),
    ),
    Asked(
        name="mediation",
        steps=("agree_to_mediation", "decline_mediation"),
        title=gettext_lazy("是否同意调解"),
        button=gettext_lazy("提交"),
        form=plain(MediationForm),
        build=mediation_move,
        explain=gettext_lazy("调解须双方同意。同意后还可以改变主意。"),
    ),
    Asked(
        name="suggestion",
        steps=("answer_suggestion",),
        form=_suggestion_form,
        build=suggestion_move,
        explain=gettext_lazy("双方都同意，监管部门写成协议，双方签字才算数。"),
    ),
    Asked(
        name="new-dates",
        steps=("resume_performance",),
        form=_redate_form,
        build=lambda form: consumer.resume_performance(dates=form.dates),
        explain=gettext_lazy("消费者写下同样的日期后，约定恢复履行；不一样的，监管部门照常审查。"),
    ),
    text_page(
        "ask-authority",
        "ask_authority",
        gettext_lazy("想问监管部门什么"),
        gettext_lazy("监管部门在%(authority_question_answer)s内答复。期限不停。"),
    ),
)

#: Step → the address of its page, where that is not one of these: the offer editor, and a case that goes back.
ELSEWHERE = {
    "offer": "make_offer",
    "replace": "replace_offer",
    "return": "return_case",
    "request-return": "request_return",
}
#: The order of the buttons, the first that stands open is the main one.
BUTTONS = (
    "accept",
    "answer",
    "offer",
    "payment",
    "performed",
    "instruction",
    "confirm",
    "new-dates",
    "suggestion",
    "mediation",
    "replace",
    "contact",
    "ask",
    "message",
    "note",
    "assign",
    "settled-elsewhere",
    "failure",
    "return",
    "request-return",
    "extension",
    "reply",
    "cause",
    "concern",
    "ask-authority",
)


def steps_of(name: str) -> tuple[str, ...]:
    """What may be taken at this address below a case."""
    return (ELSEWHERE[name],) if name in ELSEWHERE else PAGES[name].steps
