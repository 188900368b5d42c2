"""A newly loaded calendar: provisional clocks are counted anew, and each is told.

The one rule (procedure, section 4): for consumer and enterprise a date may move later
freely, earlier never below two working days from the change; for an authority exactly.
Both dates stand in the record. Known days move only by a decree loaded as a version.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints import deadlines
from complaints.actors import SYSTEM
from complaints.conditions import Conditions
from complaints.handling import clocks
from complaints.handling.casefile import CaseFile, open_files, write
from complaints.handling.effect import Effect
from complaints.handling.take import BATCH, carry_out, lapse_overdue
from complaints.models import Deadline
from complaints.workflow import HIDDEN_CLOCKS, TABLE, Audience, Status


def recount_clocks(*, now: datetime, years: frozenset[int] | None = None) -> int:
    """Count open clocks anew whose dates hang on ``years`` (None: all provisional ones).

    Returns how many dates moved. In batches; may be stopped and run again at any time,
    since a clock that was counted is no longer provisional or no longer moves.
    """
    conditions = Conditions.at(now)
    moved, after = 0, 0
    while True:
        ids = _cases(after, years)
        if not ids:
            return moved
        with transaction.atomic():
            files = open_files(ids, now=now, conditions=conditions)
            for file in files:
                lapse_overdue(file)
                moved += _recount(file, years)
            write(files)
        after = ids[-1]


def _cases(after: int, years: frozenset[int] | None) -> list[int]:
    rows = Deadline.objects.filter(state__in=["running", "paused"], ended_at=None,
                                   complaint_id__gt=after).exclude(complaint__status=Status.CLOSED)
    if years is None:
        rows = rows.filter(is_provisional=True)
    else:
        rows = rows.filter(last_day__year__gte=min(years))
    return list(rows.order_by("complaint_id").values_list("complaint_id", flat=True)
                .distinct()[:BATCH])


def _recount(file: CaseFile, years: frozenset[int] | None) -> int:
    moved = 0
    for row in file.clocks:
        if row.ended_at is not None or row.lapsed_at is not None or not row.derivation:
            continue
        if not row.is_provisional and (years is None or row.last_day.year not in years):
            continue
        old = row.last_day
        due = deadlines.recompute(row.derivation, file.conditions.calendar,
                                  changed_on=file.today, exactly=row.owed_by == "authority")
        file.change(row, due_at=due.due_at, last_day=due.last_day, derivation=due.derivation,
                    is_provisional=due.provisional)
        clocks.chase_again(file, row, file.now)
        if due.last_day != old:
            moved += 1
            carry_out(TABLE["recompute_clock"], file, SYSTEM, Effect(
                audience=Audience.AUTHORITY if row.clock in HIDDEN_CLOCKS else None,
                data={"clock": row.clock, "before": old.isoformat(),
                      "after": due.last_day.isoformat(),
                      "calendar": due.derivation["calendar"]}))
    return moved
