"""The enterprise's step pages and the order of their buttons; how a step is taken there, once, or refused.

What the words or the enterprise's own setting want a second person for is proposed instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right
from complaints import handling, wording
from complaints.desks.enterprise_workspace import Workspace, case_url, held, workspace_page
from complaints.forms.fields import TextForm
from complaints.forms.mediation_forms import SuggestionAnswerForm
from complaints.forms.staff_forms import AnswerForm, ContactAccessForm
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise, proposals
from complaints.handling.transition import two_persons
from complaints.pages.enterprise import forms, leading_on, work
from complaints.pages.shared.step_pages import (
    Data,
    StepContext,
    StepPage,
    Text,
    plain,
    show_or_take,
    table,
    take,
    text_page,
    verb,
)
from complaints.procedure.refusals import StepNotAllowed, not_now, not_yours
from complaints.reading import case_form
from complaints.reading.case import CaseAccess, CasePage
from complaints.reading.case_people import by_name, demand_text
from complaints.reading.case_settlement import ObligationView, proposed_days
from complaints.reading.mediation_facts import promise_lines
from enterprises.models import Staff
from enterprises.team.staffing import at_work, branches_above, setting_for
from web.listing import joined
from web.templatetags.portal import money


@workspace_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, slug: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/<slug>/ for every step that is one form."""
    case, page = held(workspace, number), PAGES[slug]
    at = step_context(request, case)
    return answer(replace(at, first=work.sent_back(case, page.steps)) if request.method == "GET" else at, page)


def answer(at: StepContext[CasePage], page: StepPage[CasePage], form: Form | None = None) -> HttpResponseBase:
    """The page, or what was sent there (``form``, where it was looked at before); a refusal tells who was first."""
    try:
        done = show_or_take(at, page) if form is None else take(at, page, form)
        then = leading_on.following(at.request, page.steps[0]) if done.status_code == 302 else ""
        return redirect(then) if then else done
    except StepNotAllowed as refusal:
        raise case_form.with_news(refusal, at.case, at.request.POST.get("version", "")) from None


def step_context(request: HttpRequest, case: CasePage) -> StepContext[CasePage]:
    """The case as this workspace sees and takes its steps."""
    here, chosen, beside = case_url(case.complaint), list[Move](), leading_on.of_request(request)

    def moves(at: StepContext[CasePage], page: StepPage[CasePage], form: Form) -> Sequence[Move] | None:
        _refuse(case, page.steps)
        is_right = form.is_valid()
        if case_form.is_behind(case, request.POST.get("version", ""), page.steps[0], form) or not is_right:
            return None
        chosen.extend(page.moves(form))
        return [proposals.propose(move=move) if _needs_another(case, move) else move for move in chosen]

    def message(page: StepPage[CasePage], form: Form, taken: Sequence[Move]) -> Text:
        is_proposed = any(move.step == "propose" for move in taken)
        text = _("已提请批准，批准后才办理；期限不停：%(step)s") if is_proposed else _("已办：%(step)s")
        done = text % {"step": wording.label(chosen[0].step, kind="step")}
        if not leading_on.leads_on(request, page.steps[0]):
            return done
        # It stands above the next case.
        return format_html('“{}”　{} <a href="{}">{}</a>', case.title, done, here, _("查看"))

    def shown(page: StepPage[CasePage], form: Form) -> dict[str, Any]:
        return {
            "page": case,
            "complaint": case.complaint,
            "version": case_form.version_of(request, case, form),
            "beside": beside.query if beside is not None else "",
        }

    def closed(at: StepContext[CasePage], page: StepPage[CasePage]) -> HttpResponseBase:
        messages.warning(request, work.why_not_open(case, page.steps), extra_tags="warn")
        return redirect(here)

    return StepContext(
        request=request,
        # Who just returned the case has no step left, yet the same form again shows its result.
        access=CaseAccess(
            complaint=case.complaint, side=case.side, viewer=case.viewer, actor=case.actor or case.viewer
        ),
        case=case,
        steps=open_steps(case),
        now=case.now,
        home=beside.here if beside is not None else here,
        template="enterprise/step.html",
        shown=shown,
        moves=moves,
        closed=closed,
        to=lambda page: leading_on.back(request, here),
        message=message,
    )


def open_steps(case: CasePage) -> list[str]:
    """Offered by the table, with something to act on, and not waiting for a second person."""
    return [step for step in case.steps if _has_matter(case, step) and not work.waits_for_approval(case, (step,))]


def _has_matter(case: CasePage, step: str) -> bool:
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


def _needs_another(case: CasePage, move: Move) -> bool:
    """Whether the words of this move, or the enterprise's own setting, want a second person."""
    is_guarded = move.step in two_persons.ENTERPRISES
    setting = setting_for(case.complaint.enterprise_id or 0, case.complaint.branch_id) if is_guarded else None
    return bool(two_persons.why(setting, move, case.demands))


def _refuse(case: CasePage, steps: tuple[str, ...]) -> None:
    """Refuse what the table does not offer at all, before a form is looked at."""
    if case.actor is None or not any(map(case.actor.may, steps)):
        raise not_yours()
    if not set(steps) & set(handling.allowed_steps(case.complaint, case.actor)):
        raise not_now(wording.label(case.complaint.status, kind="status"))
    if not set(steps) & set(open_steps(case)):
        raise StepNotAllowed("nothing_open", work.why_not_open(case, steps))


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
    return forms.HandlerForm(data, people=_people(case), chosen=case.complaint.handler_id or case.viewer.staff_id)


def _owed(case: CasePage, by: str, *states: str, is_disputed: bool = False) -> list[ObligationView]:
    return [
        one
        for one in case.obligations
        if one.owed_by == by and one.state_code in states and (one.row.disputed_at is not None or not is_disputed)
    ]


def _is_claimed(case: CasePage) -> bool:
    claim = case.matters.get("settled_elsewhere")
    return claim is not None and claim.opened_by == "consumer"


def _elsewhere_form(case: CasePage, data: Data) -> Form:
    if _is_claimed(case):
        return forms.ClaimAnswerForm(data)
    return TextForm(data, label=_("怎么解决的"), hint=_("写明在哪里、怎样解决的；消费者看得到。"))


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


def _suggestion_form(case: CasePage, data: Data) -> Form:
    matter = case.matters.get("suggestion")
    lines = [matter.data.get("text", ""), *promise_lines(matter)] if matter is not None else []
    return SuggestionAnswerForm(data, matter=matter, lines=lines)


def _redate_form(case: CasePage, data: Data) -> Form:
    broken = [p for p in case.obligations if p.state_code == "broken"]
    return forms.RedateForm(data, today=case.today, promises=broken, proposed=proposed_days(case.matters))


def _missing_explained(case: CasePage) -> list[Text]:
    missing, texts = case.unpromised, list[Text]()
    if missing.amount is not None:
        text = _("方案里同意的，比约定要付的多%(missing)s。这一项约定就是这个金额。")
        texts.append(text % {"missing": money(missing.amount)})
    if missing.acts:
        acts = joined(map(demand_text, missing.acts))
        texts.append(_("同意了、但没有约定怎样做到的：%(acts)s。每次补一项。") % {"acts": acts})
    return [*texts, _("消费者会收到通知。已经办结的案件回到“和解待履行”，做到并由消费者确认后再办结。")]


PAGES: dict[str, Asked] = table(
    Asked(
        name="accept",
        steps=("accept_case",),
        form=_handler_form,
        build=lambda form: enterprise.accept_case(handler_id=form.cleaned_data["handler"]),
        explain=_("消费者会看到由谁处理。协商期限不停。"),
    ),
    Asked(
        name="assign",
        steps=("assign",),
        form=_handler_form,
        build=lambda form: enterprise.assign(handler_id=form.cleaned_data["handler"]),
        explain=_("案件交给新的处理人，期限不停。"),
    ),
    Asked(
        name="contact",
        steps=("log_contact",),
        form=lambda case, data: forms.ContactForm(data, now=case.now),
        build=verb("log_contact", "channel", "reached", "note", "at"),
        explain=_("每联系一次记一次，没有接通的也要记。"),
    ),
    text_page(
        "ask",
        "ask_consumer",
        _("想问什么"),
        _("消费者会收到通知。期限不停。"),
        hint=_("一次问清楚；不要问已经写过的事。"),
    ),
    text_page("message", "send_message", _("消息"), _("消费者会收到通知。")),
    text_page("note", "add_internal_note", _("内部备注"), _("只有本企业看得到。")),
    text_page("answer", "answer_question", _("回答"), _("方案重新交给消费者确认。")),
    Asked(
        name="failure",
        steps=("report_failure",),
        form=plain(forms.FailureForm),
        explain=_("案件交市场监管局；消费者不同意转交的，就此办结。联系不上消费者时，先通知他，等%(failure_answer)s。"),
        is_danger=True,
    ),
    Asked(
        name="performed",
        steps=("report_performed",),
        form=lambda case, data: forms.PerformedForm(data, promises=_owed(case, "enterprise", "due")),
        explain=_("消费者有%(confirmation)s确认。没有答复的，记为未获确认。"),
    ),
    Asked(
        name="payment",
        steps=("show_payment",),
        form=lambda case, data: forms.PaymentForm(
            data, today=case.today, promises=_owed(case, "enterprise", "due", is_disputed=True)
        ),
        explain=_("只能出示一次，请核对后再发送。"),
    ),
    Asked(
        name="add-promise",
        steps=("add_promise",),
        form=lambda case, data: forms.MissingPromiseForm(data, today=case.today, missing=case.unpromised),
        explain=_missing_explained,
    ),
    Asked(
        name="confirm",
        steps=("confirm_performed",),
        form=lambda case, data: forms.ConfirmForm(data, promises=_owed(case, "consumer", "due", "reported", "silent")),
        explain=_("确认后，排在后面的约定开始计时。"),
    ),
    Asked(
        name="reveal",
        steps=("reveal_contact",),
        form=plain(ContactAccessForm),
        explain=_("完整的姓名、电话和地址只显示一段时间。谁、何时、为什么查看，都写进案件记录，消费者看得到。"),
    ),
    Asked(
        name="concern",
        steps=("flag_concern",),
        form=plain(forms.ConcernForm),
        explain=_("由监管部门判断，不影响办理。消费者看不到这里写的和附上的。"),
    ),
    Asked(
        name="extension",
        steps=("request_extension",),
        form=lambda case, data: forms.ExtensionForm(data, most=work.most_days(case)),
        explain=_("先由消费者同意，再由监管部门决定；在那之前协商期限照走。只能申请一次。"),
    ),
    text_page(
        "reply",
        "reply_publicly",
        _("公开回应"),
        _("与公示的投诉放在一起，任何人都看得到。不要写消费者的姓名、电话或者其他能认出他的内容。"),
        longest=1000,
    ),
    Asked(
        name="cause",
        steps=("tag_cause",),
        form=lambda case, data: forms.CauseForm(
            data, groups=work.cause_groups(case.complaint.problem_category), chosen=work.cause_of(case)
        ),
        explain=_("只有本企业看得到，用来找出投诉从哪里来；可以再改。"),
    ),
    Asked(
        name="settled-elsewhere",
        steps=("confirm_settled_elsewhere", "claim_settled_elsewhere"),
        title=lambda case: _("消费者称已经另行和解") if _is_claimed(case) else "",
        button=lambda case: _("提交") if _is_claimed(case) else "",
        form=_elsewhere_form,
        build=claim_move,
        explain=_("一方提出，另一方确认后才办结。消费者%(settled_elsewhere)s不答复，这次提出就失效。"),
    ),
    Asked(name="instruction", steps=("answer_instruction",), form=plain(AnswerForm), explain=_("监管部门会收到。")),
    Asked(
        name="mediation",
        steps=("agree_to_mediation", "decline_mediation"),
        title=_("是否同意调解"),
        button=_("提交"),
        form=plain(forms.MediationForm),
        build=mediation_move,
        explain=_("调解须双方同意。同意后还可以改变主意。"),
    ),
    Asked(
        name="suggestion",
        steps=("answer_suggestion",),
        form=_suggestion_form,
        build=SuggestionAnswerForm.move,
        explain=_("双方都同意，监管部门写成协议，双方签字才算数。"),
    ),
    Asked(
        name="new-dates",
        steps=("resume_performance",),
        form=_redate_form,
        build=lambda form: consumer.resume_performance(dates=form.dates),
        explain=_("消费者写下同样的日期后，约定恢复有效；不一样的，监管部门照常审查。"),
    ),
    text_page(
        "ask-authority",
        "ask_authority",
        _("想问监管部门什么"),
        _("监管部门在%(authority_question_answer)s内答复。期限不停。"),
    ),
)

#: Step → the address of its page, where that is not one of these: the offer editor, and a case that goes back.
ELSEWHERE = {"offer": "make_offer", "replace": "replace_offer"}
ELSEWHERE |= {"return": "return_case", "request-return": "request_return"}
#: The order of the buttons, the first that stands open is the main one.
BUTTONS = (
    *("accept", "answer", "offer", "payment", "add-promise", "performed", "instruction", "confirm", "new-dates"),
    *("suggestion", "mediation", "replace", "contact", "ask", "message", "note", "assign", "settled-elsewhere"),
    *("failure", "return", "request-return", "extension", "reply", "cause", "concern", "ask-authority"),
)


def steps_of(name: str) -> tuple[str, ...]:
    """What may be taken at this address below a case."""
    return (ELSEWHERE[name],) if name in ELSEWHERE else PAGES[name].steps
