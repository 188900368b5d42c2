"""Cases that nobody has: what is so for longer than a working day goes to somebody by rule (procedure, section 1).

What nobody can take stands in a list of its own, for the head of an enterprise and of an authority, and is an alarm of
the portal until somebody is there. A case whose holder is away and whom nobody stands in for is left to nobody at once,
as whoever is away has no open case.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from complaints.assignment.assigning import NOBODY, Workspaces, given_move, pages_of, take_moves
from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint, HandlingStep
from complaints.models.complaint import NO_HANDLER, NO_OFFICER, OPEN
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.parties.workforce import Workforce
from complaints.procedure.working_calendar import Calendar

#: The alarm waits so long for the sweep that gives these cases away when a day begins.
GRACE = timedelta(hours=1)


def _came_before(now: datetime, calendar: Calendar) -> datetime:
    """What came before this moment has been there for longer than a working day: the day on which it came is not
    counted, and the next working day is over."""
    return calendar.moment(calendar.before(calendar.local_day(now), 1))


def _left_to_nobody(step: str) -> Exists:
    return Exists(HandlingStep.objects.filter(complaint=OuterRef("pk"), step=step, reason=NOBODY))


def without_handler(now: datetime, calendar: Calendar) -> Q:
    """Cases on the enterprise's side that nobody there has handled for longer than a working day since they came."""
    waits = Q(delivered_at__lt=_came_before(now, calendar)) | Q(_left_to_nobody("assign"))
    return OPEN & NO_HANDLER & Q(enterprise__isnull=False) & waits


def without_officer(now: datetime, calendar: Calendar) -> Q:
    """Cases at an authority that no officer has had for longer than a working day since they stand where they stand."""
    waits = Q(status_since__lt=_came_before(now, calendar)) | Q(_left_to_nobody("assign_officer"))
    return OPEN & NO_OFFICER & waits


def sweep_owners(*, now: datetime) -> int:
    """Give these cases to somebody who is at work. Returns how many were given; the others are found again."""
    conditions, day, done = Conditions.at(now), timezone.localdate(now), 0
    why: dict[str, Any] = {"why": "unowned"}
    for rows in pages_of(Complaint.objects.filter(without_handler(now, conditions.calendar))):
        workforce, moves = Workforce.of((case.enterprise_id or 0 for case in rows), day), []
        for case in rows:
            if (given := workforce.somebody(case)) is not None:
                given = workforce.give(replace(given, because=why))
                move = enterprise.assign(handler_id=given.worker.staff.pk, because=why)
                moves.append((case.pk, given_move(move, "handler_id", None, tells="enterprise"), SYSTEM))
        done += take_moves(moves, now=now, conditions=conditions)
    for rows in pages_of(Complaint.objects.filter(without_officer(now, conditions.calendar)).select_related("officer")):
        workspaces, moves = Workspaces.of(rows, day), []
        for case in rows:
            if (chosen := workspaces.instead_of(case)) is not None:
                officer, because = chosen
                move = authority.assign_officer(officer_id=officer.pk)
                moves.append((case.pk, given_move(move, "officer_id", None, because=because), SYSTEM))
        done += take_moves(moves, now=now, conditions=conditions)
    return done


def unowned(*, now: datetime, calendar: Calendar) -> int:
    """How many cases nobody has, and nobody could be given, an hour after they should have been; for the alarm."""
    at = now - GRACE
    return Complaint.objects.filter(without_handler(at, calendar) | without_officer(at, calendar)).count()
