"""A newly loaded calendar: provisional clocks are counted anew, and each is told.

The one rule (procedure, section 4): for consumer and enterprise a date may move later freely, earlier never below two
working days from the change; for an authority exactly. Both dates stand in the record. Known days move only by a decree
loaded as a version."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from authorities.policies import Policies
from complaints.casefile.case_file import CaseFile, is_internal
from complaints.handling.transition import clocks
from complaints.handling.transition.effect import Effect
from complaints.handling.transition.take import BATCH, apply_effect, lapse_overdue
from complaints.handling.transition.writing import open_files, write
from complaints.models import Deadline
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure import deadlines
from complaints.procedure.workflow import TABLE, Audience, Status


class RecountedBatch(NamedTuple):
    """A batch that was counted: the last case of it, how many cases it had, how many dates moved."""

    after: int
    cases: int
    moved: int


def recount_piece(
    after: int, *, now: datetime, years: frozenset[int] | None, conditions: Conditions | None = None
) -> RecountedBatch | None:
    """The next batch of cases behind ``after``, in one transaction; None when there is none left."""
    rows = open_clocks(years).filter(complaint_id__gt=after).order_by("complaint_id")
    ids = list(rows.values_list("complaint_id", flat=True).distinct()[:BATCH])
    if not ids:
        return None
    moved = 0
    with transaction.atomic():
        files = open_files(ids, now=now, conditions=conditions or Conditions.at(now))
        for file in files:
            lapse_overdue(file)
            moved += _recount(file, years)
        write(files)
    return RecountedBatch(ids[-1], len(ids), moved)


def open_clocks(years: frozenset[int] | None) -> QuerySet[Deadline]:
    """Clocks of open cases that ``years`` may move, and some that they do not: ``hangs_on`` looks closer."""
    rows = Deadline.objects.filter(state__in=["running", "paused"], ended_at=None, lapsed_at=None).exclude(
        complaint__status=Status.CLOSED
    )
    return rows.filter(is_provisional=True) if years is None else rows.filter(last_day__year__gte=min(years))


def hangs_on(row: Deadline, years: frozenset[int] | None) -> bool:
    """Whether a calendar of these years may move the date: it runs, and was counted through a day of theirs."""
    if row.ended_at is not None or row.lapsed_at is not None or not row.derivation:
        return False
    if years is None or row.is_provisional:
        return row.is_provisional
    start = row.derivation.get("start")
    first = date.fromisoformat(start).year if start else row.last_day.year
    return not years.isdisjoint(range(first, row.last_day.year + 1))


def floor_of(row: Deadline, policies: Policies, region_id: int | None) -> int | None:
    """How many working days a party keeps where a new calendar brings its date forward; None for an authority."""
    return None if row.owed_by == "authority" else policies.number("provisional_floor", region_id).number


def _recount(file: CaseFile, years: frozenset[int] | None) -> int:
    moved = 0
    for row in file.clocks:
        if not hangs_on(row, years):
            continue
        old = row.last_day
        due = deadlines.recompute(
            row.derivation,
            file.conditions.calendar,
            changed_on=file.today,
            floor=floor_of(row, file.conditions.policies, file.complaint.handling_region_id),
        )
        clocks.move(file, row, due, file.now)
        if due.last_day != old:
            moved += 1
            data = {"clock": row.clock, "before": old.isoformat(), "after": due.last_day.isoformat()}
            data["calendar"] = due.derivation["calendar"]
            effect = Effect(audience=Audience.AUTHORITY if is_internal(row) else None, data=data)
            apply_effect(TABLE["recompute_clock"], file, SYSTEM, effect)
    return moved
