"""Pages that all three sides have of a case: why a date is that day.

Who may not see the case gets the same 404 as for a case that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.sign_in.entering import is_here
from complaints import wording
from complaints.models import Complaint, Deadline
from complaints.parties.conditions import current_calendar
from complaints.procedure.derivation import day_by_day, explain
from complaints.procedure.workflow import CLOCKS, Clock
from complaints.procedure.working_calendar import Calendar
from complaints.reading.case import (
    AUTHORITY,
    CONSUMER,
    ENTERPRISE,
    CaseAccess,
    case_url,
    clock_name,
    find_case,
    visible_clocks,
)
from complaints.wording.clock import clock_facts
from complaints.wording.duty import what_if_missed
from web.dates import working_days

_WEEK = 7
#: A longer period is listed, not drawn.
_MOST_WEEKS = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the drawn calendar; ``kind`` is its CSS class."""

    day: date
    number: str
    kind: str
    note: str
    is_today: bool


def meet(request: HttpRequest, number: str) -> CaseAccess:
    """The case for whoever asks, the own case first; Http404 for a stranger."""
    now = timezone.now()
    for side in (CONSUMER, AUTHORITY, ENTERPRISE):
        try:
            return find_case(request.user, number, side=side, now=now)
        except Http404:
            continue
    raise Http404


def to_own_page(request: HttpRequest, number: str) -> HttpResponse:
    """/cases/<ref>/ is also what a notice to staff says: they are sent on to their page."""
    found = meet(request, number)
    address = case_url(found.complaint, found.side)
    if found.side == CONSUMER or not is_here(address):
        raise Http404
    return redirect(address)


@never_cache
@login_required
@require_safe
def why(request: HttpRequest, number: str, clock: str) -> HttpResponse:
    """Rule and version, the event day, every day counted or not, pauses, roll."""
    found = meet(request, number)
    if found.actor is None:
        raise Http404
    return derived(
        request,
        found.complaint,
        found.side,
        clock,
        back=case_url(found.complaint, found.side),
        is_staff=found.side != CONSUMER,
    )


def derived(
    request: HttpRequest, complaint: Complaint, side: str, clock: str, *, back: str, is_staff: bool
) -> HttpResponse:
    """The page of one date, for whoever was found to have the case on this side."""
    named = [c for c in visible_clocks(complaint, side) if clock_name(c) == clock]
    if not named:
        raise Http404
    row = next((c for c in reversed(named) if c.ended_at is None), named[-1])
    now = timezone.now()
    calendar = current_calendar()
    days = day_by_day(row.derivation)
    today = calendar.local_day(now)
    facts = clock_facts(deadline=row, now=now, calendar=calendar, status=complaint.status)
    return render(
        request,
        "consumer/why.html",
        {
            "cites": f"clock:{row.clock}",
            "case": complaint,
            "back": back,
            "side": side,
            "clock": row,
            "facts": facts,
            "name": wording.label(row.clock, kind="clock"),
            "is_named_day": row.derivation.get("start") is None,
            "lines": explain(row.derivation),
            "days": days,
            "today": today,
            "weeks": _weeks(row, days, calendar, today),
            "length": _length(row),
            "state": wording.label(row.state, kind="clock_state"),
            "if_missed": what_if_missed(complaint=complaint, deadline=row),
            "basis": CLOCKS[Clock(row.clock)].basis,
            "calendar_source": row.derivation.get("calendar_source", ""),
            "calendar_version": row.derivation.get("calendar", ""),
            "pauses": row.derivation.get("pauses", []),
            "body_class": "staff" if is_staff else "",
        },
    )


def _length(row: Deadline) -> str:
    if not row.length:
        return ""
    if row.unit == "WD":
        return working_days(row.length)
    return ngettext("%(n)s个自然日", "%(n)s个自然日", row.length) % {"n": row.length} if row.unit == "CD" else ""


def _weeks(row: Deadline, days: list[Any], calendar: Calendar, today: date) -> list[list[Cell]]:
    """Whole weeks from the start to the last day, Monday first."""
    if not days:
        return []
    told = {d.day: d for d in days}
    first, last = days[0].day, max(days[-1].day, row.last_day)
    day = first - timedelta(days=first.weekday())
    end = last + timedelta(days=6 - last.weekday())
    if (end - day).days >= _MOST_WEEKS * _WEEK:
        return []
    cells: list[Cell] = []
    shown_month = day.month
    while day <= end:
        number = f"{day.month}/{day.day}" if day.month != shown_month else str(day.day)
        shown_month = day.month
        cells.append(_cell(day, number, told.get(day), row, calendar, today, first))
        day += timedelta(days=1)
    return [cells[i : i + _WEEK] for i in range(0, len(cells), _WEEK)]


def _cell(day: date, number: str, told: Any, row: Deadline, calendar: Calendar, today: date, first: date) -> Cell:
    kind, note = "", ""
    if day == first:
        kind, note = "is-start", _("起点")
    elif day == row.last_day:
        kind = "is-last"
        note = _("第%(n)s天") % {"n": told.number} if told and told.number else _("最后")
    elif told and told.number:
        kind, note = "is-count", _("第%(n)s天") % {"n": told.number}
    elif not calendar.is_working(day):
        kind, note = "is-off", _("休")
    elif told:
        kind, note = "is-off", _("停")
    return Cell(day, number, kind, note, day == today)
