"""The enterprise's steps: a page of its own for each, with its form and what it does.

The one rule: a form sent twice takes effect once, and a refused step comes back with the reason
and with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import handling
from complaints import wording as labels
from complaints.desks.enterprise_desk import Desk, case_url, desk_page, held
from complaints.forms.contact_access_form import LookForm
from complaints.forms.fields import StepForm
from complaints.forms.file_forms import upload_address
from complaints.forms.suggestion_form import SuggestionForm
from complaints.forms.supervision_forms import AnswerForm
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise, proposals, suggesting, supervision
from complaints.handling.transition import looking, two_persons
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
    TextForm,
)
from complaints.pages.enterprise.workspace_forms import CauseForm, ConcernForm, ExtensionForm
from complaints.procedure.refusals import not_now, not_yours
from complaints.procedure.workflow import ENTERPRISE_ROLES
from complaints.reading import moved_on
from complaints.reading.case import CasePage, Found
from complaints.reading.case_form import take_step
from complaints.reading.case_people import by_name
from complaints.reading.case_settlement import proposed_days
from complaints.reading.mediation_facts import promise_lines
from enterprises.models import Staff
from enterprises.team.approving import setting_for
from enterprises.team.staffing import at_work, branches_above

Data = QueryDict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage:
    """One address below a case. ``steps``: what it may take; the first that stands open is meant."""

    slug: str
    steps: tuple[str, ...]
    effect: Any
    form: Callable[[CasePage, Data], StepForm]
    move: Callable[[StepForm], Move]
    is_danger: bool = False

    def step(self, case: CasePage) -> str:
        """The one of its steps that stands open now; empty when none does."""
        return next((step for step in self.steps if stands_open(case, step)), "")


def stands_open(case: CasePage, step: str) -> bool:
    """Offered by the table, and there is something to act on."""
    if not case.may(step):
        return False
    if step == "answer_instruction":
        urge = case.matters.get("urge")
        return urge is not None and urge.to_authority_id is None
    if step == "request_extension":
        return not work.extension_note(case)
    if step == "reply_publicly":
        # Without the consumer's consent nothing is published that a reply could stand beside.
        return case.complaint.publication_consent
    if step == "tag_cause":
        return case.engagement is not None and case.engagement.until_at is not None
    return True


def text_page(slug: str, step: str, verb: Callable[..., Move], label: Any, effect: Any, **more: Any) -> StepPage:
    """A step that is one text."""
    return StepPage(
        slug=slug,
        steps=(step,),
        effect=effect,
        form=lambda case, data: TextForm(data, label=label, **more),
        move=lambda form: verb(text=form.cleaned_data["text"]),
    )


def _people(page: CasePage) -> list[Staff]:
    """Handlers of the branch that has the case, of those above it, and of headquarters."""
    case = page.complaint
    people = (
        at_work(page.today)
        .select_related("user", "branch", "enterprise")
        .filter(
            enterprise_id=case.enterprise_id or 0,
            user__is_active=True,
            role__in=[Staff.Role.HANDLER, Staff.Role.MANAGER],
        )
        .order_by("pk")
    )
    around = {case.branch_id, *(branches_above(case.branch) if case.branch else [])}
    return by_name(person for person in people if person.branch_id is None or person.branch_id in around)


def _handler_form(case: CasePage, data: Data) -> StepForm:
    return HandlerForm(data, people=_people(case), chosen=case.complaint.handler_id or case.viewer.staff_id)


def _contact(form: StepForm) -> Move:
    said = form.cleaned_data
    return enterprise.log_contact(
        channel=said["channel"], reached=said["reached"] == "yes", note=said["note"], at=said["at"]
    )


def _owed(case: CasePage, by: str, *states: str, is_disputed: bool = False) -> list[Obligation]:
    rows = [promise.row for promise in case.obligations]
    return [o for o in rows if o.owed_by == by and o.state in states and (o.disputed_at is not None or not is_disputed)]


def _answered(form: StepForm) -> Move:
    files = form.digests if isinstance(form, AnswerForm) else ()
    return supervision.answer_instruction(text=form.cleaned_data["text"], files=files)


def _ordinals(form: StepForm) -> list[int]:
    return [int(value) for value in form.cleaned_data["obligations"]]


def _performed(form: StepForm) -> Move:
    files = form.digests if isinstance(form, PerformedForm) else ()
    return enterprise.report_performed(
        obligations=_ordinals(form), proof=form.cleaned_data["proof"], channel=form.cleaned_data["channel"], files=files
    )


def _payment(form: StepForm) -> Move:
    said = form.cleaned_data
    return enterprise.show_payment(
        obligation=int(said["obligation"]), channel=said["channel"], last4=said["last4"], paid_on=said["paid_on"]
    )


def _concern(form: StepForm) -> Move:
    files = form.digests if isinstance(form, ConcernForm) else ()
    return enterprise.flag_concern(text=form.cleaned_data["text"], files=files)


def _new_dates(form: StepForm) -> Move:
    return consumer.resume_performance(dates=form.dates if isinstance(form, RedateForm) else {})


def _confirmed(form: StepForm) -> Move:
    return consumer.confirm_performed(obligations=_ordinals(form))


def _is_claimed(case: CasePage) -> bool:
    claim = case.matters.get("settled_elsewhere")
    return claim is not None and claim.opened_by == "consumer"


def _elsewhere_form(case: CasePage, data: Data) -> StepForm:
    if _is_claimed(case):
        return ClaimAnswerForm(data)
    return TextForm(data, label=gettext_lazy("怎么解决的"), hint=gettext_lazy("写明在哪里、怎样解决的；消费者看得到。"))


def _elsewhere(form: StepForm) -> Move:
    said = form.cleaned_data
    if "answer" not in said:
        return both.claim_settled_elsewhere(text=said["text"])
    if said["answer"] == "confirm":
        return both.confirm_settled_elsewhere()
    return both.deny_settled_elsewhere(text=said["text"])


def _mediation(form: StepForm) -> Move:
    agrees = form.cleaned_data["answer"] == "agree"
    return both.agree_to_mediation() if agrees else both.decline_mediation()


def _suggestion_form(case: CasePage, data: Data) -> StepForm:
    matter = case.matters.get("suggestion")
    said = [matter.data.get("text", ""), *promise_lines(matter)] if matter is not None else []
    return SuggestionForm(data, matter=matter, lines=said)


PAGES: dict[str, StepPage] = {
    page.slug: page
    for page in (
        StepPage(
            slug="accept",
            steps=("accept_case",),
            form=_handler_form,
            effect=gettext_lazy("消费者会看到由谁处理。协商期限不停。"),
            move=lambda form: enterprise.accept_case(handler_id=int(form.cleaned_data["handler"])),
        ),
        StepPage(
            slug="assign",
            steps=("assign",),
            form=_handler_form,
            effect=gettext_lazy("案件交给新的处理人，期限不停。"),
            move=lambda form: enterprise.assign(handler_id=int(form.cleaned_data["handler"])),
        ),
        StepPage(
            slug="contact",
            steps=("log_contact",),
            move=_contact,
            effect=gettext_lazy("每联系一次记一次，没有接通的也要记。"),
            form=lambda case, data: ContactForm(data, now=case.now),
        ),
        text_page(
            "ask",
            "ask_consumer",
            enterprise.ask_consumer,
            gettext_lazy("想问什么"),
            gettext_lazy("消费者会收到通知。期限不停。"),
            hint=gettext_lazy("一次问清楚；不要问已经写过的事。"),
        ),
        text_page(
            "message", "send_message", enterprise.send_message, gettext_lazy("消息"), gettext_lazy("消费者会收到通知。")
        ),
        text_page(
            "note",
            "add_internal_note",
            enterprise.add_internal_note,
            gettext_lazy("内部备注"),
            gettext_lazy("只有本企业看得到。"),
        ),
        text_page(
            "answer",
            "answer_question",
            enterprise.answer_question,
            gettext_lazy("回答"),
            gettext_lazy("方案重新交给消费者确认。"),
        ),
        StepPage(
            slug="failure",
            steps=("report_failure",),
            is_danger=True,
            effect=gettext_lazy(
                "案件转给监管部门；消费者不同意转交的，就此办结。联系不上消费者时，先通知他，等2个工作日。"
            ),
            form=lambda case, data: FailureForm(data),
            move=lambda form: enterprise.report_failure(
                reason=form.cleaned_data["reason"], text=form.cleaned_data["text"]
            ),
        ),
        StepPage(
            slug="performed",
            steps=("report_performed",),
            move=_performed,
            effect=gettext_lazy("消费者有5个工作日确认。没有答复的，记为未获确认。"),
            form=lambda case, data: PerformedForm(data, promises=_owed(case, "enterprise", "due")),
        ),
        StepPage(
            slug="payment",
            steps=("show_payment",),
            move=_payment,
            effect=gettext_lazy("只能出示一次，请核对后再发送。"),
            form=lambda case, data: PaymentForm(
                data, today=case.today, promises=_owed(case, "enterprise", "due", is_disputed=True)
            ),
        ),
        StepPage(
            slug="confirm",
            steps=("confirm_performed",),
            move=_confirmed,
            effect=gettext_lazy("确认后，排在后面的约定开始计时。"),
            form=lambda case, data: ConfirmForm(data, promises=_owed(case, "consumer", "due", "reported", "silent")),
        ),
        StepPage(
            slug="reveal",
            steps=("reveal_contact",),
            form=lambda case, data: LookForm(data),
            effect=gettext_lazy(
                "完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"
            ),
            move=lambda form: looking.reveal_contact(
                reason=form.cleaned_data["reason"], text=form.cleaned_data["text"]
            ),
        ),
        StepPage(
            slug="concern",
            steps=("flag_concern",),
            form=lambda case, data: ConcernForm(data),
            move=_concern,
            effect=gettext_lazy("由监管部门判断，不影响办理。消费者看不到这里写的和附上的。"),
        ),
        StepPage(
            slug="extension",
            steps=("request_extension",),
            effect=gettext_lazy("先由消费者同意，再由监管部门决定；在那之前协商期限照走。只能申请一次。"),
            form=lambda case, data: ExtensionForm(data, most=work.most_days(case)),
            move=lambda form: enterprise.request_extension(
                days=int(form.cleaned_data["days"]), text=form.cleaned_data["text"]
            ),
        ),
        text_page(
            "reply",
            "reply_publicly",
            enterprise.reply_publicly,
            gettext_lazy("公开回应"),
            gettext_lazy("与公示的投诉放在一起，任何人都看得到。不要写消费者的姓名、电话或者其他能认出他的内容。"),
            longest=1000,
        ),
        StepPage(
            slug="cause",
            steps=("tag_cause",),
            effect=gettext_lazy("只有本企业看得到，用来找出投诉从哪里来；可以再改。"),
            form=lambda case, data: CauseForm(
                data, groups=work.cause_groups(case.complaint.problem_category), chosen=work.cause_of(case)
            ),
            move=lambda form: enterprise.tag_cause(cause=form.cleaned_data["cause"]),
        ),
        StepPage(
            slug="settled-elsewhere",
            steps=("confirm_settled_elsewhere", "claim_settled_elsewhere"),
            effect=gettext_lazy("一方提出，另一方确认后才办结。消费者5个工作日不答复，这次提出就失效。"),
            form=_elsewhere_form,
            move=_elsewhere,
        ),
        StepPage(
            slug="instruction",
            steps=("answer_instruction",),
            effect=gettext_lazy("监管部门会收到。"),
            move=_answered,
            form=lambda case, data: AnswerForm(data),
        ),
        StepPage(
            slug="mediation",
            steps=("agree_to_mediation", "decline_mediation"),
            effect=gettext_lazy("调解须双方同意。同意后还可以改变主意。"),
            form=lambda case, data: MediationForm(data),
            move=_mediation,
        ),
        StepPage(
            slug="suggestion",
            steps=("answer_suggestion",),
            effect=gettext_lazy("双方都同意，监管部门写成协议，双方签字才算数。"),
            form=_suggestion_form,
            move=lambda form: suggesting.answer_suggestion(
                agrees=form.cleaned_data["answer"] == "yes",
                text=form.cleaned_data["text"],
                matter_id=form.cleaned_data["matter_id"],
            ),
        ),
        StepPage(
            slug="new-dates",
            steps=("resume_performance",),
            effect=gettext_lazy("消费者写下同样的日期后，约定恢复履行；不一样的，监管部门照常审查。"),
            form=lambda case, data: RedateForm(
                data,
                today=case.today,
                promises=[p.row for p in case.obligations if p.state_code == "broken"],
                proposed=proposed_days(case.matters),
            ),
            move=_new_dates,
        ),
        text_page(
            "ask-authority",
            "ask_authority",
            enterprise.ask_authority,
            gettext_lazy("想问监管部门什么"),
            gettext_lazy("监管部门在2个工作日内答复。期限不停。"),
        ),
    )
}

#: The order of the buttons, the first that stands open is the main one; address → its steps.
BUTTONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("accept", ("accept_case",)),
    ("answer", ("answer_question",)),
    ("offer", ("make_offer",)),
    ("payment", ("show_payment",)),
    ("performed", ("report_performed",)),
    ("instruction", ("answer_instruction",)),
    ("confirm", ("confirm_performed",)),
    ("new-dates", ("resume_performance",)),
    ("suggestion", ("answer_suggestion",)),
    ("mediation", ("agree_to_mediation", "decline_mediation")),
    ("replace", ("replace_offer",)),
    ("contact", ("log_contact",)),
    ("ask", ("ask_consumer",)),
    ("message", ("send_message",)),
    ("note", ("add_internal_note",)),
    ("assign", ("assign",)),
    ("settled-elsewhere", ("confirm_settled_elsewhere", "claim_settled_elsewhere")),
    ("failure", ("report_failure",)),
    ("return", ("return_case",)),
    ("request-return", ("request_return",)),
    ("extension", ("request_extension",)),
    ("reply", ("reply_publicly",)),
    ("cause", ("tag_cause",)),
    ("concern", ("flag_concern",)),
    ("ask-authority", ("ask_authority",)),
)


@desk_page("GET", "POST")
def step(request: HttpRequest, desk: Desk, number: str, slug: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/<slug>/ for every step that is one plain form."""
    page, case = PAGES[slug], held(desk, number)
    if request.method != "POST":
        if not page.step(case) or work.waits_for_approval(case, page.steps):
            return not_open(request, case, page.steps)
        return show(request, page, case, page.form(case, None))
    form = page.form(case, request.POST)
    form.files = request.FILES
    back = reverse("complaints:enterprise-causes") if request.POST.get("back") == "causes" else ""
    done = carry_out(request, case, page.steps, form, page.move, to=back)
    return done or show(request, page, case, form, status=moved_on.status_of(form))


def not_open(request: HttpRequest, case: CasePage, steps: tuple[str, ...]) -> HttpResponseBase:
    """A page that has nothing to do now leads back to the case, and says so."""
    messages.warning(request, work.why_not_open(case, steps), extra_tags="warn")
    return redirect(case_url(case.complaint))


def carry_out(
    request: HttpRequest,
    case: CasePage,
    steps: tuple[str, ...],
    form: StepForm,
    move: Callable[[Any], Move],
    to: str = "",
) -> HttpResponseBase | None:
    """Take the step once. None: something was typed wrong and stands at its field. ``to``: another page than the case.

    Raises the refusal of a step that the case does not allow (any more).
    """
    taken_step: list[str] = []
    proposed: list[str] = []
    version = request.POST.get("version", "")

    def moves() -> list[Move] | None:
        judged(case, steps)
        is_right = form.is_valid()
        if moved_on.is_behind(case, version, steps[0], form) or not is_right:
            return None
        chosen = move(form)
        taken_step.append(chosen.step)
        if needs_another(case, chosen):
            chosen = proposals.propose(move=chosen)
            proposed.append(chosen.step)
        return [chosen]

    # Who just returned the case has no step left, yet the same form again shows its result.
    found = Found(complaint=case.complaint, side=case.side, viewer=case.viewer, actor=case.actor or case.viewer)
    try:
        taken = take_step(request, found, moves, form=form, to=to or case_url(case.complaint), now=case.now)
    except handling.StepNotAllowed as refusal:
        raise moved_on.told(refusal, case, version) from None
    if not taken.address:
        return None
    if taken.is_new:
        words = _("已提请批准，批准后才办理；期限不停：%(step)s") if proposed else _("已办：%(step)s")
        messages.success(request, words % {"step": labels.label(taken_step[0], kind="step")}, extra_tags="ok")
    return redirect(taken.address)


def needs_another(case: CasePage, move: Move) -> bool:
    """Whether the enterprise's own setting wants a second person for this move."""
    if move.step not in two_persons.ENTERPRISES:
        return False
    setting = setting_for(case.complaint.enterprise_id or 0, case.complaint.branch_id)
    return bool(two_persons.why(setting, move, case.demands))


def judged(case: CasePage, steps: tuple[str, ...]) -> None:
    """Refuse what the table does not offer at all, before a form is looked at."""
    if case.actor is None or not case.actor.has(ENTERPRISE_ROLES):
        raise not_yours()
    if not set(steps) & set(handling.allowed_steps(case.complaint, case.actor)):
        raise not_now(labels.label(case.complaint.status, kind="status"))


def show(
    request: HttpRequest, page: StepPage, case: CasePage, form: StepForm, *, status: int = 200
) -> HttpResponseBase:
    meant = page.step(case) or page.steps[0]
    title = action = labels.action(meant)
    if page.slug == "mediation":
        title, action = _("是否同意调解"), _("提交")
    elif page.slug == "settled-elsewhere" and _is_claimed(case):
        title, action = _("消费者称已经另行和解"), _("提交")
    return render(
        request,
        "enterprise/step.html",
        {
            "step_page": page,
            "page": case,
            "complaint": case.complaint,
            "form": form,
            "title": title,
            "action": action,
            "upload_address": upload_address(case.complaint),
            "version": moved_on.version_of(request, case, form),
        },
        status=status,
    )
