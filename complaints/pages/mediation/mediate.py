"""/mediate/: the body to which a mediation was handed (art. 19) sees the case and mediates it, by a link of its own.

The one rule: it reads what both parties read, with every number and address masked, for as long as the case is handed
to it; all that it does asks for a code to the phone of the link, and stands in the record in its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.masking import masked_address, masked_phone
from authorities.models import named
from complaints import wording as labels
from complaints.desks.authority_lists import respondent_of
from complaints.forms.enterprise_offer_form import count_of
from complaints.forms.fields import StepForm
from complaints.forms.file_forms import TakesFiles
from complaints.handling import Move
from complaints.links import answer_links as answering
from complaints.models import AnswerLink, Matter
from complaints.pages.links.link_door import LINK, Door, has_phone, masked, over, proven
from complaints.pages.links.track import unlisted
from complaints.pages.links.track_steps import first_confirm
from complaints.pages.mediation.agreement import first_values, rearranged
from complaints.pages.mediation.agreement_form import SuggestionForm
from complaints.pages.mediation.mediate_pages import PAGES, Page
from complaints.parties import actors
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import LOOK
from complaints.reading.case import BODY, CasePage, Found, clock_name, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import MASKED
from complaints.reading.mediation_facts import facts_for, mediation_clock, sixty_days

DOOR = Door(name=answering.BODY, side=BODY, kept="mediating", pages=PAGES)


def _found(link: AnswerLink) -> Found:
    """The case of a live link, and the body as who acts on it."""
    case = answering.case_of(link)
    with answering.reading(link):
        delegation = Matter.objects.get(pk=link.delegation_id or 0)
        delegation.complaint = case
        actor = actors.mediation_body(
            case,
            organisation=delegation.data.get("body", ""),
            person_key=link.person_key,
            delegation=delegation.pk,
            channel=LINK,
        )
    return Found(complaint=case, side=BODY, viewer=actor, actor=actor)


def _page(found: Found, now: datetime) -> CasePage:
    page = page_of(found, now=now, sight=MASKED, files_at="complaints:mediate-file{}")
    if page.duty.clock is not None and page.duty.deadline is not None:
        page.duty.clock["url"] = DOOR.url(found.complaint.number, "why", clock_name(page.duty.deadline))
    return page


@unlisted
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """What it is about, what both sides said, what was done so far, the days that are left and what may be done."""
    now = timezone.now()
    link = proven(request, number, DOOR, now=now)
    if link is None:
        return over(request)
    found = _found(link)
    with answering.reading(link):
        page = _page(found, now)
        complaint, clock = found.complaint, mediation_clock(found.complaint)
        given = complaint.respondent_details or {}
        facts: dict[str, Any] = facts_for(page, page.matters, now) | {
            "sixty": sixty_days(
                clock, page.today, url=DOOR.url(number, "why", clock_name(clock)) if clock is not None else ""
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
                "steps": [(one, DOOR.step_url(number, one.name)) for one in PAGES.values() if one.step in _open(page)],
                "events": [event for event in page.timeline if event.step != LOOK],
                "result": (
                    labels.label(delegated.get("result", ""), kind="delegated_result")
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


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One question, what follows from it, one button."""
    now = timezone.now()
    link, asked = proven(request, number, DOOR, now=now), PAGES.get(name)
    if link is None:
        return over(request)
    if asked is None:
        raise Http404
    if not has_phone(request, number, DOOR, now=now):
        return first_confirm(request, f"{DOOR.url(number, 'code')}?for={name}")
    found = _found(link)
    with answering.reading(link):
        page = _page(found, now)
        if request.method != "POST":
            if asked.step not in _open(page):
                messages.warning(
                    request,
                    _("这一步现在不能办。案件现在是：%(status)s。") % {"status": page.duty.status},
                    extra_tags="warn",
                )
                return redirect(DOOR.url(number))
            return _show(request, page, asked, _first(page, asked, now))
        typed = request.POST.dict()
        if asked.has_rows and ("add" in typed or "remove" in typed):
            return _show(request, page, asked, _suggestion(page, rearranged(typed)))
        form = asked.form(page.matters, request.POST, request.FILES, now)

        def moves() -> Sequence[Move] | None:
            if asked.step not in _open(page):
                raise not_now(page.duty.status)
            return [asked.move(form)] if form.is_valid() else None

        taken = take_step(request, found, moves, form=form, to=DOOR.url(number), now=now)
        if not taken.address:
            return _show(request, page, asked, form, status=422)
        if taken.is_new:
            messages.success(request, _("已记录，监管部门会看到。"), extra_tags="ok")
        return redirect(taken.address)


def _first(page: CasePage, asked: Page, now: datetime) -> StepForm:
    if asked.has_rows:
        return _suggestion(page, first_values(page.matters.get("suggestion")))
    return asked.form(page.matters, None, None, now)


def _suggestion(page: CasePage, initial: dict[str, Any]) -> SuggestionForm:
    return SuggestionForm(count=count_of(initial), today=page.today, initial=initial)


def _show(request: HttpRequest, page: CasePage, asked: Page, form: StepForm, *, status: int = 200) -> HttpResponse:
    return render(
        request,
        "mediate/step.html",
        {
            "page": page,
            "asked": asked,
            "form": form,
            "takes_files": isinstance(form, TakesFiles),
            "home": DOOR.url(page.complaint.number),
        },
        status=status,
    )
