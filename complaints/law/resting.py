"""How long a negotiation rests while the consumer decides on an offer, under another cap for all its rests together.

Pure, and counted as handling/transition/clocks.py counts; when the consumer had an offer and when the
negotiation went on is the record's, so a longer cap rests until the answer that came and no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from complaints.procedure import deadlines
from complaints.procedure.deadlines import CALENDAR, Calendar, Due
from complaints.procedure.workflow import CLOCKS, Clock, Status

#: The one number that is no length of a clock and moves the last day of one all the same.
PAUSE_CAP = "negotiation_pause_cap"
_RUNS = CLOCKS[Clock.NEGOTIATION].runs_while


class Rest(NamedTuple):
    """From an offer to the day on which the negotiation went on; ``ended`` None where it never did (accepted, closed,
    or the offer lies there still)."""

    begun: datetime
    ended: datetime | None


def rests_of(changes: Iterable[tuple[str, str, str, datetime]]) -> list[Rest]:
    """The rests of one case, from its changes of status in order: (step, from, to, when it happened)."""
    found: list[Rest] = []
    for step, old, new, at in changes:
        if new == Status.AWAITING_CONSUMER:
            if step == "undo" and found:
                # What was said was taken back: the offer lies there as if nothing had been said.
                found[-1] = Rest(found[-1].begun, None)
            else:
                found.append(Rest(at, None))
        elif old == Status.AWAITING_CONSUMER and new in _RUNS and found:
            found[-1] = Rest(found[-1].begun, at)
    return found


def counted(derivation: Mapping[str, Any], calendar: Calendar, rests: Sequence[Rest], *, cap: int) -> Due:
    """The period of ``derivation`` (which has a start), resting ``cap`` working days at most in all of ``rests``."""
    start, rule = date.fromisoformat(derivation["start"]), derivation["rule"]
    if derivation["unit"] == CALENDAR:
        due = deadlines.calendar_days(
            start, derivation["length"], calendar, weekend_roll=derivation["weekend_roll"], rule=rule
        )
    else:
        due = deadlines.working_days(start, derivation["length"], calendar, rule=rule)
    used = 0
    for begun, until, is_capped in _pauses(derivation, calendar, rests):
        if begun > due.last_day:
            # It would have run out before that rest could begin.
            break
        left, rested = (
            deadlines.remaining(due.last_day, begun, calendar),
            calendar.count(begun, until) if until else None,
        )
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
    found: list[tuple[date, date | None, bool]] = [
        (calendar.local_day(rest.begun), calendar.local_day(rest.ended) if rest.ended else None, True) for rest in rests
    ]
    capped = {begun for begun, _until, _is_capped in found}
    for pause in derivation["pauses"]:
        begun = date.fromisoformat(pause["from"])
        if "allowance" not in pause and begun not in capped:
            found.append((begun, date.fromisoformat(pause["to"]), False))
    return sorted(found, key=lambda pause: pause[0])
