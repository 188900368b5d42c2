"""How an officer takes a step: at an address of its own, judged by the table and by the verb.

What needs a second person is proposed here and never taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, needs_two, refusal_of, refuse_unless_open, setting_of
from complaints.handling import Move, WrongInput
from complaints.handling.steps import proposals
from complaints.law.numbers import CITED
from complaints.models import Complaint
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.review.review_case import letters_of
from complaints.pages.shared.step_pages import StepContext, StepPage, Text, draw, sent, show_or_take
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.mediation_facts import desk_url

#: Where the very words can be read before they are sent.
LOOKED_AT = frozenset({"refuse", "material", "redirect"})
#: The steps of a mediation.
AT_THE_DESK = frozenset(
    {
        "session",
        "session-record",
        "suggestion",
        "agreement",
        "appraisal",
        "appraisal-end",
        "delegate",
        "delegate-end",
        "terminate",
    }
)


@officer_page("GET", "POST")
def step(request: HttpRequest, workspace: Workspace, number: str, slug: str) -> HttpResponseBase:
    """/authority/cases/<ref>/<slug>/: every step that is one form."""
    page = PAGES.get(slug)
    if page is None:
        raise Http404
    at = step_context(request, setting_of(workspace, number, request.GET), page)
    is_looking = request.method == "POST" and "look" in request.POST
    if not is_looking and (request.method == "POST" or page.name != "accept"):
        return show_or_take(at, page)
    # 先看决定书: nothing is taken, what was typed stays.
    refuse_unless_open(page.steps, at.case)
    form = sent(at, page) if is_looking else page.form(at.case, None)
    if is_looking and not form.is_valid():
        return draw(at, page, form, status=422)
    try:
        return draw(at, page, form, **letters_of(at.case, page.moves(form)[0]))
    except WrongInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.reason)
        return draw(at, page, form, status=422)


def step_context(
    request: HttpRequest, officer_case: OfficerCase, page: StepPage[OfficerCase]
) -> StepContext[OfficerCase]:
    """The case as this officer sees and takes its steps; ``page`` is the one that was asked for."""
    case, is_proposed = (
        officer_case.found.complaint,
        needs_two(officer_case.found, page.steps[0], officer_case.workspace),
    )

    def moves(at: StepContext[OfficerCase], page: StepPage[OfficerCase], form: Form) -> Sequence[Move] | None:
        refuse_unless_open(page.steps, officer_case)
        if not form.is_valid():
            return None
        return [proposals.propose(move=move) if is_proposed else move for move in page.moves(form)]

    def closed(at: StepContext[OfficerCase], page: StepPage[OfficerCase]) -> HttpResponseBase:
        raise refusal_of(page.steps, officer_case)

    def told(page: StepPage[OfficerCase], form: Form, taken: Sequence[Move]) -> Text:
        words = {"number": case.number, "step": wording.label(taken[0].step, kind="step")}
        return page.thanked(officer_case) or (_("已提请批准。") if is_proposed else _("%(number)s：%(step)s") % words)

    def shown(page: StepPage[OfficerCase], form: Form) -> dict[str, Any]:
        return {
            "case": case,
            "page": page_of(officer_case.found, now=officer_case.workspace.now),
            "is_proposed": is_proposed,
            "cites": page.steps[0] if page.steps[0] in CITED else "",
            "may_look": page.name in LOOKED_AT,
            **({"button": wording.action("propose")} if is_proposed else {}),
        }

    home = desk_url(case) if page.name in AT_THE_DESK else case_url(case, AUTHORITY)
    return StepContext(
        request=request,
        found=officer_case.found,
        case=officer_case,
        steps=officer_case.may,
        now=officer_case.workspace.now,
        home=home,
        template="authority/step.html",
        shown=shown,
        moves=moves,
        closed=closed,
        to=lambda page: _on(request, case, page.name) or home,
        told=told,
    )


def _on(request: HttpRequest, case: Complaint, name: str) -> str:
    """Whoever distributes, or works through the review desk, goes on with the queue."""
    if case.status == Status.TRIAGE and name in ("authority", "forward", "redirect"):
        return reverse("complaints:authority-triage")
    return reverse("complaints:authority-review") if request.GET.get("from") == "review" else ""
