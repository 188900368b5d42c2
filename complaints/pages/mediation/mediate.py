"""/mediate/: the body to which a mediation was handed (art. 19) sees the case and mediates it, by a link of its own.

It reads what both parties read, with every number and address masked, for as long as the case is handed
to it; all that it does asks for a code to the phone of the link, and stands in the record in its name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.masking import masked_address, masked_phone
from complaints import wording
from complaints.desks.authority_lists import respondent_of
from complaints.links import answer_links
from complaints.models import AnswerLink, Matter
from complaints.pages.links.link_access import LINK, LinkAccess, masked, over, proven
from complaints.pages.links.track import unlisted
from complaints.pages.mediation.mediate_pages import PAGES
from complaints.pages.shared.step_pages import StepContext
from complaints.parties import actors
from complaints.procedure.workflow import LOOK
from complaints.reading.case import BODY, CaseAccess, CasePage, clock_name, page_of
from complaints.reading.case_people import MASKED
from complaints.reading.mediation_facts import facts_for, mediation_clock, sixty_days
from web.languages import named


def _found(link: AnswerLink) -> CaseAccess:
    """The case of a live link, and the body as who acts on it."""
    case = answer_links.case_of(link)
    with answer_links.reading(link):
        delegation = Matter.objects.get(pk=link.delegation_id or 0)
        delegation.complaint = case
        actor = actors.mediation_body(
            case,
            organisation=delegation.data.get("body", ""),
            person_key=link.person_key,
            delegation=delegation.pk,
            channel=LINK,
        )
    return CaseAccess(complaint=case, side=BODY, viewer=actor, actor=actor)


def _page(found: CaseAccess, now: datetime) -> CasePage:
    page = page_of(found, now=now, visibility=MASKED, files_at="complaints:mediate-file{}")
    if page.duty.clock is not None and page.duty.deadline is not None:
        page.duty.clock["url"] = ACCESS.url(found.complaint.number, "why", clock_name(page.duty.deadline))
    return page


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, what both sides said, what was done so far, the days that are left and what may be done."""
    now = timezone.now()
    link = proven(request, number, ACCESS, now=now)
    if link is None:
        return over(request)
    found = _found(link)
    with answer_links.reading(link):
        page = _page(found, now)
        complaint, clock = found.complaint, mediation_clock(found.complaint)
        given = complaint.respondent_details or {}
        facts: dict[str, Any] = facts_for(page, page.matters, now) | {
            "sixty": sixty_days(
                clock, page.today, url=ACCESS.url(number, "why", clock_name(clock)) if clock is not None else ""
            )
        }
        delegated = facts["delegated"] or {}
        return render(
            request,
            "mediate/case.html",
            {
                "page": page,
                "body": found.viewer.organisation,
                "respondent": respondent_of(complaint),
                "phone": masked(link),
                "authority": named(complaint.handling_authority),
                "respondent_phone": masked_phone(str(given.get("phone", ""))),
                "respondent_address": masked_address(str(given.get("address", ""))),
                "steps": [
                    (one, ACCESS.step_url(number, one.name)) for one in PAGES.values() if one.is_open(_open(page))
                ],
                "events": [event for event in page.timeline if event.step != LOOK],
                "result": (
                    wording.label(delegated.get("result", ""), kind="delegated_result")
                    if delegated.get("result")
                    else ""
                ),
                **facts,
            },
        )


def _open(page: CasePage) -> set[str]:
    """Less what a recusal that was asked for stops (art. 21)."""
    stopped = {"schedule_session", "suggest_settlement"} if "recusal" in page.matters else set()
    return set(page.steps) - stopped


def step_context(request: HttpRequest, link: AnswerLink, now: datetime) -> StepContext[CasePage]:
    """The case as the body sees it, that acts by the link."""
    found = _found(link)
    with answer_links.reading(link):
        page = _page(found, now)
    return StepContext(
        request=request,
        found=found,
        case=page,
        steps=_open(page),
        status=page.duty.status,
        now=now,
        home=ACCESS.url(found.complaint.number),
        template="mediate/step.html",
        shown=lambda asked, form: {"page": page},
        told=lambda asked, form, moves: _("已记录，监管部门会看到。"),
    )


ACCESS = LinkAccess(name=answer_links.BODY, side=BODY, kept="mediating", pages=PAGES, step_context=step_context)
