"""Reminders at 50, 80, 100 % and each overdue working day, each once.

Of several due at once only the latest is given; the unique index on
(deadline, mark) makes it single, whoever sweeps.
"""

from __future__ import annotations

from collections.abc import Sequence

from complaints.casefile.case_file import CaseFile, is_internal
from complaints.handling.transition import clocks
from complaints.models import Deadline, Reminder
from complaints.parties.actors import SYSTEM
from complaints.procedure import deadlines
from complaints.procedure.deadlines import Due
from complaints.procedure.workflow import CLOCKS, Audience, Clock
from complaints.record.record import Entry


def remind(files: Sequence[CaseFile]) -> None:
    """Give the newest reminder of each clock that is due for one, and look ahead."""
    given = _given(files)
    for file in files:
        _remind(file, given)


def _remind(file: CaseFile, given: set[tuple[int, str]]) -> None:
    for row in file.clocks:
        if row.ended_at is not None or row.state == "paused" or row.chase_at is None:
            continue
        if row.chase_at > file.now:
            continue
        due = Due(row.last_day, row.due_at, row.is_provisional, row.derivation)
        newest = deadlines.latest_milestone(file.now, row.started_at, due, file.conditions.calendar)
        if newest is not None and row.pk is not None:
            mark = str(newest[0])
            if (row.pk, mark) not in given:
                file.add(Reminder(deadline=row, mark=mark, at=file.now))
                _enter(file, row, newest[0])
        clocks.chase_again(file, row, file.now)


def _given(files: Sequence[CaseFile]) -> set[tuple[int, str]]:
    ids = [row.pk for file in files for row in file.clocks if row.pk is not None and row.ended_at is None]
    return set(Reminder.objects.filter(deadline_id__in=ids).values_list("deadline_id", "mark"))


def _enter(file: CaseFile, row: Deadline, mark: int) -> None:
    clock, owed_by, last_day = row.clock, row.owed_by, row.last_day.isoformat()
    audience = Audience.AUTHORITY if is_internal(row) else Audience.PARTIES
    file.entries.append(
        Entry(
            complaint=file.complaint,
            step="remind",
            actor=SYSTEM,
            happened_at=file.now,
            written_at=file.now,
            from_status=file.status,
            to_status=file.status,
            outcome=file.complaint.outcome,
            audience=audience,
            tells=owed_by if owed_by in ("consumer", "enterprise", "authority") else "both",
            data={"clock": clock, "mark": mark, "last_day": last_day, "basis": CLOCKS[Clock(clock)].basis},
        )
    )
