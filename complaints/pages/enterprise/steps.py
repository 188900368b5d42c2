"""How somebody who works for an enterprise takes a step: at an address of its own, once, and refused with the reason.

What the enterprise's own setting wants a second person for is proposed instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import handling, wording
from complaints.desks.enterprise_workspace import Workspace, case_url, held, workspace_page
from complaints.handling import Move
from complaints.handling.steps import proposals
from complaints.handling.transition import two_persons
from complaints.pages.enterprise import work
from complaints.pages.enterprise.pages import PAGES
from complaints.pages.shared.step_pages import StepContext, StepPage, Text, show_or_take, take
from complaints.procedure.refusals import StepNotAllowed, not_now, not_yours
from complaints.reading import case_form
from complaints.reading.case import CaseAccess, CasePage
from enterprises.team.staffing import setting_for


@workspace_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, slug: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/<slug>/ for every step that is one form."""
    return answer(step_context(request, held(workspace, number)), PAGES[slug])


def answer(at: StepContext[CasePage], page: StepPage[CasePage], form: Form | None = None) -> HttpResponseBase:
    """The page, or what was sent there (``form``, where it was looked at before); a refusal tells who was first."""
    try:
        return show_or_take(at, page) if form is None else take(at, page, form)
    except StepNotAllowed as refusal:
        raise case_form.with_news(refusal, at.case, at.request.POST.get("version", "")) from None


def step_context(request: HttpRequest, case: CasePage) -> StepContext[CasePage]:
    """The case as this desk sees and takes its steps."""
    here, chosen = case_url(case.complaint), list[Move]()

    def moves(at: StepContext[CasePage], page: StepPage[CasePage], form: Form) -> Sequence[Move] | None:
        _refuse(case, page.steps)
        is_right = form.is_valid()
        if case_form.is_behind(case, request.POST.get("version", ""), page.steps[0], form) or not is_right:
            return None
        chosen.extend(page.moves(form))
        return [proposals.propose(move=move) if _needs_another(case, move) else move for move in chosen]

    def told(page: StepPage[CasePage], form: Form, taken: Sequence[Move]) -> Text:
        is_proposed = any(move.step == "propose" for move in taken)
        words = _("已提请批准，批准后才办理；期限不停：%(step)s") if is_proposed else _("已办：%(step)s")
        return words % {"step": wording.label(chosen[0].step, kind="step")}

    def shown(page: StepPage[CasePage], form: Form) -> dict[str, Any]:
        return {"page": case, "complaint": case.complaint, "version": case_form.version_of(request, case, form)}

    return StepContext(
        request=request,
        # Who just returned the case has no step left, yet the same form again shows its result.
        found=CaseAccess(complaint=case.complaint, side=case.side, viewer=case.viewer, actor=case.actor or case.viewer),
        case=case,
        steps=open_steps(case),
        now=case.now,
        home=here,
        template="enterprise/step.html",
        shown=shown,
        moves=moves,
        closed=_led_back,
        to=lambda page: reverse("complaints:enterprise-causes") if request.POST.get("back") == "causes" else here,
        told=told,
    )


def _led_back(at: StepContext[CasePage], page: StepPage[CasePage]) -> HttpResponseBase:
    """A page that has nothing to do now leads back to the case, and says why."""
    messages.warning(at.request, work.why_not_open(at.case, page.steps), extra_tags="warn")
    return redirect(at.home)


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
    """Whether the enterprise's own setting wants a second person for this move."""
    if move.step not in two_persons.ENTERPRISES:
        return False
    officer_case = setting_for(case.complaint.enterprise_id or 0, case.complaint.branch_id)
    return bool(two_persons.why(officer_case, move, case.demands))


def _refuse(case: CasePage, steps: tuple[str, ...]) -> None:
    """Refuse what the table does not offer at all, before a form is looked at."""
    if case.actor is None or not any(map(case.actor.may, steps)):
        raise not_yours()
    if not set(steps) & set(handling.allowed_steps(case.complaint, case.actor)):
        raise not_now(wording.label(case.complaint.status, kind="status"))
