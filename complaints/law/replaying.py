"""One recorded clock under other numbers, another calendar or another cap of its rests: would it have been late? Pure.
What people would have done otherwise is not guessed: where a lapse itself ended the clock, it may be "unknown"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from authorities.policies import Policies, PolicyMissing
from complaints.procedure import deadlines
from complaints.procedure.deadlines import CALENDAR, Due
from complaints.procedure.workflow import CLOCKS, Clock, Status
from complaints.procedure.working_calendar import Calendar

#: The one number that is no length of a clock and moves the last day of one all the same.
PAUSE_CAP = "negotiation_pause_cap"
_RUNS = CLOCKS[Clock.NEGOTIATION].runs_while


class Rest(NamedTuple):
    """From an offer to the day on which the negotiation went on; ``ended`` None where it did not."""

    begun: datetime
    ended: datetime | None


def rests_of(changes: Iterable[tuple[str, str, str, datetime]]) -> list[Rest]:
    """The rests of one case, from its changes of status in order: (step, from, to, when it happened)."""
    results: list[Rest] = []
    for step, old, new, at in changes:
        if new == Status.AWAITING_CONSUMER:
            if step == "undo" and results:
                # What was said was taken back: the offer lies there as if nothing had been said.
                results[-1] = Rest(results[-1].begun, None)
            else:
                results.append(Rest(at, None))
        elif old == Status.AWAITING_CONSUMER and new in _RUNS and results:
            results[-1] = Rest(results[-1].begun, at)
    return results


def counted(derivation: Mapping[str, Any], calendar: Calendar, rests: Sequence[Rest], *, cap: int) -> Due:
    """The period of ``derivation`` (which has a start), resting ``cap`` working days at most in all of ``rests``."""
    start, length, unit = date.fromisoformat(derivation["start"]), derivation["length"], derivation["unit"]
    roll = derivation.get("weekend_roll", True)
    due = deadlines.period(start, length, unit, calendar, weekend_roll=roll, rule=derivation["rule"])
    used = 0
    for begun, until, is_capped in _pauses(derivation, calendar, rests):
        if begun > due.last_day:
            # It would have run out before that rest could begin.
            break
        left = deadlines.remaining(due.last_day, begun, calendar)
        rested = calendar.count(begun, until) if until else None
        allowance = cap - used
        if is_capped and allowance <= 0:
            continue
        if is_capped and (rested is None or rested >= allowance):
            due = deadlines.with_allowance(begun, left, allowance, calendar, earlier=due.derivation)
            used += allowance
        elif until is not None:
            due = deadlines.resume(until, left, calendar, earlier=due.derivation, paused_from=begun)
            used += (rested or 0) if is_capped else 0
    return due


def _pauses(
    derivation: Mapping[str, Any], calendar: Calendar, rests: Sequence[Rest]
) -> list[tuple[date, date | None, bool]]:
    """(from, until, whether the cap counts it) in order: the rests, and what stopped the clock for another reason."""
    results: list[tuple[date, date | None, bool]] = [
        (calendar.local_day(rest.begun), calendar.local_day(rest.ended) if rest.ended else None, True) for rest in rests
    ]
    capped = {begun for begun, _until, _is_capped in results}
    for pause in derivation["pauses"]:
        begun = date.fromisoformat(pause["from"])
        if "allowance" not in pause and begun not in capped:
            results.append((begun, date.fromisoformat(pause["to"]), False))
    return sorted(results, key=lambda pause: pause[0])


#: Whether a last day on a weekend rolls on: the one number that is no length, and moves dates all the same.
WEEKEND_ROLL = "weekend_roll"


class RecordedDeadline(NamedTuple):
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
    *RecordedDeadline._fields[:15],
    "complaint__handling_region_id",
    "complaint__enterprise_id",
    "complaint__handling_authority_id",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a clock is counted by: as it is today, and as it would be.

    ``policies`` None: only the calendar is another. ``numbers``: what each recorded policy version said.
    ``caps_rests``: the number that is another is the cap of what a negotiation may rest."""

    today: Calendar
    calendar: Calendar
    policies: Policies | None
    numbers: Mapping[str, tuple[int, str]]
    caps_rests: bool = False

    @property
    def is_other_calendar(self) -> bool:
        return self.calendar is not self.today


class ReplayOutcome(NamedTuple):
    """``verdict``: late, in_time, unknown; moved (the date alone); same; set (somebody named the length or the day)."""

    verdict: str
    last_day: date


def outcome(row: RecordedDeadline, rules: Rules, *, now: datetime, rests: Sequence[Rest] = ()) -> ReplayOutcome:
    """What would have become of a recorded clock. ``rests``: those of its case, where the rules cap them otherwise."""
    shown = row.derivation
    if not shown or shown.get("start") is None or shown["unit"] == deadlines.FIXED or "extended_from" in shown:
        return ReplayOutcome("set", row.last_day)
    length, unit, roll = shown["length"], shown["unit"], bool(shown.get("weekend_roll"))
    new = (length, unit, roll)
    if rules.policies is not None:
        if rules.numbers.get(row.policy_version) != (length, unit):
            return ReplayOutcome("set", row.last_day)
        try:
            # ``acceptance_urgent@-.1``: the name under which it was counted.
            number = rules.policies.number(row.policy_version.partition("@")[0], row.region_id)
            new = (number.number, number.unit, rules.policies.flag(WEEKEND_ROLL, row.region_id))
            if rules.caps_rests:
                cap = rules.policies.number(PAUSE_CAP, row.region_id).number
                return _under_another_cap(row, rules.calendar, rests, cap=cap, now=now)
        except PolicyMissing:
            return ReplayOutcome("set", row.last_day)
        if new[:2] == (length, unit) and (unit != CALENDAR or new[2] == roll) and not rules.is_other_calendar:
            return ReplayOutcome("same", row.last_day)
    due = _counted(row, rules.calendar, *new)
    as_today = _counted(row, rules.today, length, unit, roll) if rules.is_other_calendar else None
    if as_today is not None and as_today.due_at == due.due_at and new == (length, unit, roll):
        return ReplayOutcome("same", row.last_day)
    return ReplayOutcome(_verdict(row, due, now=now), due.last_day)


def _under_another_cap(
    row: RecordedDeadline, calendar: Calendar, rests: Sequence[Rest], *, cap: int, now: datetime
) -> ReplayOutcome:
    begun = [rest for rest in rests if row.started_at <= rest.begun]
    own = [rest for rest in begun if row.ended_at is None or rest.begun < row.ended_at]
    due = counted(row.derivation, calendar, own, cap=cap)
    return ReplayOutcome("same" if due.due_at == row.due_at else _verdict(row, due, now=now), due.last_day)


def _counted(row: RecordedDeadline, calendar: Calendar, length: int, unit: str, roll: bool) -> Due:
    return deadlines.replayed(row.derivation, calendar, length=length, unit=unit, weekend_roll=roll)


def _verdict(row: RecordedDeadline, due: Due, *, now: datetime) -> str:
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
