"""The consumer's pages: my cases, the case, and each step on an address of its own.

A case that waits for the consumer always stands first. A page offers only what may be done now; what is sent all the
same is judged by ``take`` and refused with the reason, and nothing typed is lost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast

from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sign_in.contacts import refuse_while_new
from complaints import wording
from complaints.filing import drafts, steps
from complaints.filing.held import address_of
from complaints.handling import Move
from complaints.links.proving import proved_in
from complaints.links.tracking import open_until
from complaints.models import Complaint, Deadline, Participant
from complaints.pages.consumer import ending
from complaints.pages.consumer.calls import calls_of, more_of
from complaints.pages.consumer.explaining import read_back
from complaints.pages.consumer.pages import OFFER, PAGES
from complaints.pages.consumer.people import people_of, siblings_of
from complaints.pages.shared.case_shared import signed_in_page, to_own_page
from complaints.pages.shared.step_pages import StepContext, StepPage, Text, led_back, show_or_take
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading import case_documents, case_rows
from complaints.reading.case import CONSUMER, TRACKING, CaseAccess, CasePage, case_url, find_case, page_of
from complaints.reading.case_people import respondent_of
from complaints.reading.sent_notices import of_case
from complaints.wording.next_action import next_action_of
from database.prepared import CombinedQuery, PreparedQuery


@signed_in_page("GET")
def cases(request: HttpRequest) -> HttpResponse:
    """轮到您 first, then open by deadline, then closed."""
    user = cast(User, request.user)
    now = timezone.now()
    proved = proved_in(request, now=now)
    context = {
        "groups": my_cases(user, now=now),
        "drafts": begun_by(user, now=now),
        "waiting": proved[1] if proved is not None else 0,
    }
    return render(request, "consumer/cases.html", context)


@signed_in_page("GET")
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Know, answer, prove; staff who come by the address of a notice are sent to their page."""
    now = timezone.now()
    try:
        result = find_case(request.user, number, side=CONSUMER, now=now)
    except Http404:
        return to_own_page(request, number)
    rows = case_rows.of_page[CONSUMER](result.complaint.pk)
    page = page_of(replace(result, rows=rows), now=now)
    undo = page.matters.get("undo") if page.may("undo") else None
    closed = ending.card_of(
        page,
        now=now,
        conditions=page.conditions,
        may=page.steps,
        undo=undo,
        at=lambda name: reverse("complaints:case-step", args=[page.complaint.number, name]),
        dossier=reverse("complaints:case-dossier", args=[page.complaint.number]),
    )
    doors = {door.url for door in closed.doors} if closed is not None else set()
    context = {
        "page": page,
        "calls": calls_of(page),
        "closed": closed,
        "more": [link for link in more_of(page) if link["url"] not in doors],
        "can_add": page.may("add_statement"),
        "undo_until": undo.until_at if undo else None,
        "undo_what": wording.label(undo.subject, kind="step") if undo else "",
        "other_clocks": [c for c in page.clocks if c.row != page.next_action.deadline],
        "may_break": page.may("report_breach"),
        "notices": of_case(page.complaint, CONSUMER, rows),
        "documents": (documents := case_documents.of_case(page.complaint, CONSUMER, page.viewer, rows.documents)),
        "court": case_documents.court_of(documents, page.complaint.number),
        "siblings": siblings_of(page.complaint, cast(User, request.user)),
        "people": people_of(result, now=now),
    }
    return render(request, "consumer/case.html", context)


@signed_in_page("GET")
def done(request: HttpRequest, number: str) -> HttpResponse:
    """What was just decided, read back, with the way to take it back."""
    now = timezone.now()
    page = page_of(find_case(request.user, number, side=CONSUMER, now=now), now=now)
    text = read_back(page)
    if text is None:
        return redirect(case_url(page.complaint))
    return render(request, "consumer/done.html", {"page": page, "read_back": text})


@signed_in_page("GET", "POST")
def step(request: HttpRequest, number: str, name: str, offer: int | None = None) -> HttpResponseBase:
    now = timezone.now()
    result = find_case(request.user, number, side=CONSUMER, now=now)
    return step_of(request, result, name, offer, now=now)


def step_of(
    request: HttpRequest, result: CaseAccess, name: str, offer: int | None, *, now: datetime
) -> HttpResponseBase:
    """The step's page, or what was sent there; for whoever holds the case, by account or by token."""
    asked = PAGES.get(name)
    if asked is None or (name == OFFER) != (offer is not None):
        raise Http404
    page = page_of(result, now=now)
    view = page.offer(offer) if offer is not None else None
    if offer is not None and view is None:
        raise Http404
    is_tracked = result.viewer.channel == TRACKING
    if asked.is_guarded and not is_tracked and isinstance(request.user, User):
        refuse_while_new(request.user, now=now)

    def closed(at: StepContext[CasePage], asked: StepPage[CasePage]) -> HttpResponseBase:
        if view is not None:
            return render(request, "consumer/offer_past.html", {"page": page, "offer": view})
        return led_back(at, asked)

    def to(asked: StepPage[CasePage]) -> str:
        if asked.may_be_undone and not is_tracked:
            return reverse("complaints:case-done", args=[result.complaint.number])
        # Who leaves does not see the case any more.
        return reverse("complaints:cases") if asked.name == "leave" else page.home

    def message(asked: StepPage[CasePage], form: Any, moves: Sequence[Move]) -> Text:
        is_read_back = asked.may_be_undone and not is_tracked and getattr(form, "ends_undoable", True)
        return "" if is_read_back else asked.thanked(page) or _("已记录。")

    at = StepContext(
        request=request,
        access=result,
        case=page,
        steps=page.steps if view is None or view.is_open else (),
        status=page.next_action.status,
        now=now,
        home=page.home,
        template="consumer/offer.html" if name == OFFER else "consumer/step.html",
        shown=lambda asked, form: {
            "page": page,
            "open_until": open_until(request) if is_tracked else None,
            "folds_menu": True,
        },
        first={"obligation": request.GET["obligation"]} if "obligation" in request.GET else {},
        closed=closed,
        to=to,
        message=message,
    )
    return show_or_take(at, asked)


#: More than anybody has; the oldest closed ones fall off.
MOST = 200


# Filed and joined are looked up one beside the other: asked for "this or that", PostgreSQL reads the table from end to
# end.
joined_by = PreparedQuery(
    lambda person: Participant.objects.filter(person_id=person, state=Participant.JOINED).only("complaint_id"), int
)
filed_by = PreparedQuery(
    lambda person, day: Complaint.objects.filter(
        Q(represented_until__isnull=True) | Q(represented_until__gte=day), consumer_id=person
    ).only("pk"),
    int,
    date,
)
_whose = CombinedQuery(joined_by, filed_by)
cases_of = PreparedQuery(
    lambda cases: (
        Complaint.objects.filter(pk__any_of=cases)
        .exclude(status=Status.DRAFT)
        .select_related(
            "enterprise",
            "branch",
            "picked_enterprise",
            "picked_branch",
            "handling_authority",
            "handler__user",
            "officer__user",
        )
        .order_by(F("closed_at").desc(nulls_first=True), F("next_due_at").asc(nulls_last=True), "-pk")[:MOST]
    ),
    list,
)
_LIVE = CombinedQuery(
    PreparedQuery(
        lambda cases: Deadline.objects.filter(complaint_id__any_of=cases, ended_at__isnull=True).select_related(
            "obligation"
        ),
        list,
    ),
    case_rows.REFUSALS,
)


def my_cases(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """Groups with their title and their cards, none of them empty. Four queries."""
    joined, filed = _whose(user.pk, now.astimezone(SHANGHAI).date())
    whose = sorted({*(one.complaint_id for one in joined), *(case.pk for case in filed)})
    cases = cases_of(whose) if whose else []
    clocks: dict[int, list[Deadline]] = defaultdict(list)
    live, refusals = _LIVE([c.pk for c in cases])
    for clock in live:
        clocks[clock.complaint_id].append(clock)
    refused = {offer.complaint_id for offer in refusals}
    calendar = current_calendar()
    mine, open_ones, closed = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for case in cases:
        next_action = next_action_of(
            complaint=case,
            clocks=clocks[case.pk],
            viewer_side="consumer",
            now=now,
            calendar=calendar,
            is_refused=case.pk in refused,
        )
        group = mine if next_action.is_your_turn else open_ones if case.closed_at is None else closed
        group.append(
            {"complaint": case, "respondent": respondent_of(case), "next_action": next_action, "url": case_url(case)}
        )
    mine.sort(key=_by_deadline)
    open_ones.sort(key=_by_deadline)
    groups = ((_("轮到您了"), mine), (_("正在办理"), open_ones), (_("已办结"), closed))
    return [{"title": title, "cards": cards} for title, cards in groups if cards]


def begun_by(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """The open drafts that a proven phone owns: what each is about, how far it is, until when it is kept."""
    return [
        {
            "title": drafts.first(row, "story", "text").strip()[:40] or _("还没有写发生了什么"),
            "number": steps.number_of(row.step),
            "total": len(steps.SCREENS),
            "draft": row,
            "url": address_of(row, row.step),
        }
        for row in drafts.open_ones_of(user.pk, now=now)
    ]


def _by_deadline(card: dict[str, Any]) -> tuple[bool, float]:
    deadline = card["next_action"].deadline
    return deadline is None, deadline.due_at.timestamp() if deadline else 0.0
