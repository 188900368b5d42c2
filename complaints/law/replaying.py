"""One recorded clock under other numbers or another calendar: would it have been late?

Pure. What people would have done otherwise is not guessed; where a lapse itself ended the clock and the
longer period would not have lapsed by then, the answer is "unknown". The same rules give no difference, ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from authorities.policies import Policies, PolicyMissing
from complaints.law import resting
from complaints.law.resting import PAUSE_CAP, Rest
from complaints.procedure import deadlines
from complaints.procedure.deadlines import CALENDAR, Calendar, Due
from complaints.procedure.workflow import CLOCKS, Clock

#: Whether a last day on a weekend rolls on: the one number that is no length, and moves dates all the same.
WEEKEND_ROLL = "weekend_roll"


class Recorded(NamedTuple):
    """A clock as it is recorded, with where its case lies. The order is that of ``FIELDS``."""

    id: int
    complaint_id: int
    clock: str
    owed_by: str
    state: str
    length: int
    unit: str
    policy_version: str
    started_at: datetime
    due_at: datetime
    last_day: date
    lapsed_at: datetime | None
    lapse_written_at: datetime | None
    ended_at: datetime | None
    derivation: Mapping[str, Any]
    region_id: int
    enterprise_id: int | None
    authority_id: int | None


FIELDS = (
    *Recorded._fields[:15],
    "complaint__handling_region_id",
    "complaint__enterprise_id",
    "complaint__handling_authority_id",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a clock is counted by: as it is today, and as it would be.

    ``policies`` None: only the calendar is another. ``numbers``: what each recorded policy version said.
    ``caps_rests``: the
    number that is another is the cap of what a negotiation may rest.
    """

    today: Calendar
    calendar: Calendar
    policies: Policies | None
    numbers: Mapping[str, tuple[int, str]]
    caps_rests: bool = False

    @property
    def is_other_calendar(self) -> bool:
        return self.calendar is not self.today


class Outcome(NamedTuple):
    """``verdict``: late, in_time, unknown; moved (the date alone); same; set (somebody named the length or the day)."""

    verdict: str
    last_day: date


def outcome(row: Recorded, rules: Rules, *, now: datetime, rests: Sequence[Rest] = ()) -> Outcome:
    """What would have become of a recorded clock. ``rests``: those of its case, where the rules cap them otherwise."""
    told = row.derivation
    if not told or told.get("start") is None or told["unit"] == deadlines.FIXED or "extended_from" in told:
        return Outcome("set", row.last_day)
    length, unit, roll = told["length"], told["unit"], bool(told.get("weekend_roll"))
    new = (length, unit, roll)
    if rules.policies is not None:
        if rules.numbers.get(row.policy_version) != (length, unit):
            return Outcome("set", row.last_day)
        try:
            number = rules.policies.number(CLOCKS[Clock(row.clock)].policy, row.region_id)
            new = (number.number, number.unit, rules.policies.flag(WEEKEND_ROLL, row.region_id))
            if rules.caps_rests:
                cap = rules.policies.number(PAUSE_CAP, row.region_id).number
                return _under_another_cap(row, rules.calendar, rests, cap=cap, now=now)
        except PolicyMissing:
            return Outcome("set", row.last_day)
        if new[:2] == (length, unit) and (unit != CALENDAR or new[2] == roll) and not rules.is_other_calendar:
            return Outcome("same", row.last_day)
    due = _counted(row, rules.calendar, *new)
    as_today = _counted(row, rules.today, length, unit, roll) if rules.is_other_calendar else None
    if as_today is not None and as_today.due_at == due.due_at and new == (length, unit, roll):
        return Outcome("same", row.last_day)
    return Outcome(_verdict(row, due, now=now), due.last_day)


def _under_another_cap(row: Recorded, calendar: Calendar, rests: Sequence[Rest], *, cap: int, now: datetime) -> Outcome:
    own = [
        rest for rest in rests if row.started_at <= rest.begun and (row.ended_at is None or rest.begun < row.ended_at)
    ]
    due = resting.counted(row.derivation, calendar, own, cap=cap)
    return Outcome("same" if due.due_at == row.due_at else _verdict(row, due, now=now), due.last_day)


def _counted(row: Recorded, calendar: Calendar, length: int, unit: str, roll: bool) -> Due:
    return deadlines.replayed(row.derivation, calendar, length=length, unit=unit, weekend_roll=roll)


def _verdict(row: Recorded, due: Due, *, now: datetime) -> str:
    if row.state == "paused":
        # It rests still: its last day is not known under either rule.
        return "moved" if due.last_day != row.last_day else "same"
    ended = row.ended_at or now
    was_late = row.lapsed_at is not None or ended >= row.due_at
    is_late = ended >= due.due_at
    if is_late and not was_late:
        return "late"
    if was_late and not is_late:
        by_the_lapse = row.ended_at is not None and (
            row.ended_at <= row.due_at or (row.lapse_written_at is not None and row.ended_at <= row.lapse_written_at)
        )
        return "unknown" if by_the_lapse else "in_time"
    return "moved" if due.last_day != row.last_day else "same"
