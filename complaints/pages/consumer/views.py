"""The consumer's pages: my cases, the case, and each step on an address of its own.

The one rule: a page offers only what may be done now; what is sent all the same is judged by
``take`` and refused with the reason, and nothing typed is lost.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.sign_in.changing import refuse_while_new
from complaints import wording as labels
from complaints.acceptance.ways_left import ways_left
from complaints.forms.file_forms import upload_address
from complaints.handling import Move
from complaints.links.opening import open_until
from complaints.models import Complaint, HandlingStep
from complaints.pages.consumer.calls import calls_of, more_of
from complaints.pages.consumer.cases import begun_by, my_cases
from complaints.pages.consumer.forms import StepForm
from complaints.pages.consumer.pages import FORMS
from complaints.pages.consumer.people import people_of, siblings_of
from complaints.pages.consumer.readback import read_back
from complaints.pages.consumer.settlement_forms import OfferForm
from complaints.pages.shared.case_shared import to_own_page
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import Audience, Outcome, Status
from complaints.reading import case_rows, documents_told
from complaints.reading.case import CONSUMER, TRACKING, CasePage, Found, case_url, find_case, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_record import body_words
from complaints.reading.notices_told import of_case

#: What cannot be had back easily: not for a day after phone or mailbox were changed.
DECIDING = frozenset({"offer", "performed", "suggestion", "withdraw", "stop", "settled-elsewhere"})


@never_cache
@login_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """轮到您 first, then open by deadline, then closed."""
    user = cast(User, request.user)
    return render(
        request,
        "consumer/cases.html",
        {"groups": my_cases(user, now=timezone.now()), "drafts": begun_by(user, now=timezone.now())},
    )


@never_cache
@login_required
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Know, answer, prove; staff who come by the address of a notice are sent to their page."""
    now = timezone.now()
    try:
        found = find_case(request.user, number, side=CONSUMER, now=now)
    except Http404:
        return to_own_page(request, number)
    rows = case_rows.of_page[CONSUMER](found.complaint.pk)
    page = page_of(replace(found, rows=rows), now=now)
    calls = calls_of(page)
    undo = page.matters.get("undo") if page.may("undo") else None
    return render(
        request,
        "consumer/case.html",
        {
            "page": page,
            "calls": calls,
            "more": more_of(page),
            "can_add": page.may("add_statement"),
            "undo_until": undo.until_at if undo else None,
            "undo_what": labels.label(undo.subject, kind="step") if undo else "",
            "other_clocks": [c for c in page.clocks if c.row != page.duty.deadline],
            "may_break": page.may("report_breach"),
            "told": of_case(page.complaint, CONSUMER, rows),
            "documents": (documents := documents_told.of_case(page.complaint, CONSUMER, page.viewer, rows.documents)),
            "court": documents_told.court_of(documents, page.complaint.number),
            "siblings": siblings_of(page.complaint, cast(User, request.user)),
            "people": people_of(found, now=now),
            "outcome": _outcome(page.complaint),
            "ways": ways_left(
                page.complaint,
                today=page.today,
                calendar=page.calendar,
                may=frozenset(page.steps),
                is_broken=any(p.state_code == "broken" for p in page.promises),
            ),
        },
    )


def _outcome(complaint: Complaint) -> dict[str, str] | None:
    if complaint.closed_at is None:
        return None
    return {
        "label": labels.label(complaint.outcome, kind="outcome"),
        "tone": labels.tone(complaint.status, complaint.outcome),
        "icon": labels.icon(complaint.status, complaint.outcome),
        "reason": labels.reason(complaint.reason, complaint.outcome),
        "body": _body(complaint),
    }


def _body(complaint: Complaint) -> str:
    """Who has the duty, where the authority had not (art. 16, item 1; arts 34, 44)."""
    if complaint.outcome not in (Outcome.REFUSED, Outcome.REDIRECTED):
        return ""
    step = (
        HandlingStep.objects.filter(complaint=complaint, audience=Audience.PARTIES, to_status=Status.CLOSED)
        .order_by("sequence")
        .last()
    )
    return "".join(body_words(step)) if step is not None else ""


@never_cache
@login_required
@require_safe
def done(request: HttpRequest, number: str) -> HttpResponse:
    """What was just decided, read back, with the way to take it back."""
    now = timezone.now()
    page = page_of(find_case(request.user, number, side=CONSUMER, now=now), now=now)
    words = read_back(page)
    if words is None:
        return redirect(case_url(page.complaint))
    return render(request, "consumer/done.html", {"page": page, "words": words})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str, offer: int | None = None) -> HttpResponse:
    """One step: the question, what follows from it, one button."""
    now = timezone.now()
    found = find_case(request.user, number, side=CONSUMER, now=now)
    return show_or_take(request, found, name, offer, now=now)


def show_or_take(request: HttpRequest, found: Found, name: str, offer: int | None, *, now: datetime) -> HttpResponse:
    """The step's page, or what was sent there; for whoever holds the case, by account or by token."""
    if name not in FORMS or (name == OfferForm.name) != (offer is not None):
        raise Http404
    page = page_of(found, now=now)
    view = page.offer(offer) if offer is not None else None
    if offer is not None and view is None:
        raise Http404
    more: dict[str, Any] = {"offer": view} if view is not None else {}
    kind = FORMS[name]
    if name in DECIDING and isinstance(request.user, User) and found.viewer.channel != TRACKING:
        refuse_while_new(request.user, now=now)
    may = any(page.may(s) for s in kind.steps) and (view is None or view.is_open)
    if request.method == "POST":
        return _take(request, found, page, kind, more, may=may, now=now)
    if not may:
        if view is not None:
            return render(request, "consumer/offer_past.html", {"page": page, "offer": view})
        messages.warning(
            request, _("这一步现在不能办。案件现在是：%(status)s。") % {"status": page.duty.status}, extra_tags="warn"
        )
        return redirect(page.home)
    meant = {"obligation": request.GET["obligation"]} if "obligation" in request.GET else {}
    return _show(request, page, kind(page=page, initial=meant, **more), view=view)


def _take(
    request: HttpRequest,
    found: Found,
    page: CasePage,
    kind: type[StepForm],
    more: dict[str, Any],
    *,
    may: bool,
    now: datetime,
) -> HttpResponse:
    form = kind(request.POST, request.FILES, page=page, **more)

    def moves() -> list[Move] | None:
        if not may:
            raise not_now(page.duty.status)
        if not form.is_valid():
            return None
        return form.moves()

    address = page.home
    if kind.may_be_undone and found.viewer.channel != TRACKING:
        address = reverse("complaints:case-done", args=[found.complaint.number])
    taken = take_step(request, found, moves, form=form, to=address, now=now)
    if taken.address:
        if taken.is_new and not (
            kind.may_be_undone and found.viewer.channel != TRACKING and getattr(form, "ends_undoable", True)
        ):
            messages.success(request, str(kind.thanks), extra_tags="ok")
        return redirect(taken.address)
    return _show(request, page, form, view=more.get("offer"), status=422)


def _show(request: HttpRequest, page: CasePage, form: StepForm, *, view: Any = None, status: int = 200) -> HttpResponse:
    template = "consumer/offer.html" if isinstance(form, OfferForm) else "consumer/step.html"
    return render(
        request,
        template,
        {
            "page": page,
            "form": form,
            "offer": view,
            "asked": _asked(page, form),
            "open_until": open_until(request) if page.actor is not None and page.actor.channel == TRACKING else None,
            "upload_address": upload_address(page.complaint) if request.user.is_authenticated else "",
        },
        status=status,
    )


def _asked(page: CasePage, form: StepForm) -> list[Any]:
    """The authority's last words to which this page answers."""
    wanted = {
        "material": ("request_material",),
        "consent": ("ask_consent",),
        "suggestion": ("suggest_settlement",),
        "settled-elsewhere": ("claim_settled_elsewhere",),
        "extension": ("request_extension",),
    }.get(form.name, ())
    said = [m for m in page.thread if m.step in wanted and not m.is_mine]
    return said[-1:]
