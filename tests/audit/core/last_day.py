"""What an enterprise leaves to the last day of its time, counted from the record: procedure.md, section 7."""

from datetime import date, datetime
from typing import Any

from tests.audit.core.counting import HELD, World
from tests.audit.core.record import Days, Stage, local

#: Who acts for an enterprise.
FIRM = {"manager", "handler", "reviewer", "respondent"}
ENDING = ("report_failure", "confirm_settled_elsewhere")
#: Working days that an enterprise has, and for which an offer may let them rest.
LENGTH, REST = 10, 5
Stages = list[Stage]


def answered(world: World) -> tuple[Stages, Stages]:
    """Stages whose own clock the enterprise met by its own act; of these on the clock's last day."""
    met, last = [], []
    for stage in world.ended():
        acts = [e for e in stage.entries if e.actor_role in FIRM and e.step in ENDING]
        moments = {e.happened_at for e in acts if e.to_status not in HELD}
        for clock in _own(stage):
            if clock.lapsed_at is None and clock.ended_at in moments:
                met.append(stage)
                if local(clock.ended_at).date() == _last_day(stage, clock.ended_at):
                    last.append(stage)
    return met, last


def offered(world: World) -> tuple[Stages, Stages]:
    """Stages whose first offer came while their own clock ran; of these on its last day."""
    made, last = [], []
    for stage in world.ended():
        since = stage.row.from_at
        entries = [e for e in stage.case.entries if e.step == "make_offer" and e.written_at >= since]
        first = min((e.written_at for e in entries if stage.belongs(e)), default=None)
        for clock in _own(stage):
            if first is not None and clock.started_at <= first <= clock.ended_at:
                made.append(stage)
                if local(first).date() == _last_day(stage, first):
                    last.append(stage)
    return made, last


def _own(stage: Stage) -> list[Any]:
    """Its own clock began and was over within the stage."""
    row = stage.row
    clocks = [c for c in stage.case.clocks if c.clock == "negotiation" and c.ended_at is not None]
    return [c for c in clocks if row.from_at <= c.started_at and c.ended_at <= row.until_at]


def _last_day(stage: Stage, moment: datetime) -> date:
    """Ten working days from delivery; it rests while an offer lies with the consumer, at most five days in all."""
    days: Days = stage.days
    due, left = days.nth_after(local(stage.row.from_at).date(), LENGTH), REST
    rest: tuple[date, int] | None = None
    states: list[tuple[str, tuple[date, int, tuple[date, int] | None]]] = []
    for entry in [e for e in stage.entries if e.happened_at < moment and e.to_status != e.from_status]:
        day = local(entry.happened_at).date()
        if entry.step == "undo":
            due, left, rest = next(kept for status, kept in reversed(states) if status == entry.to_status)
            continue
        states.append((entry.from_status, (due, left, rest)))
        if entry.to_status == "awaiting_consumer" and left > 0:
            rest = (day, days.working_days(day, due))
        elif rest is not None and entry.to_status == "negotiating":
            (since, kept_days), rest = rest, None
            rested = min(left, days.working_days(since, day))
            left -= rested
            resumed = day if left else days.nth_after(since, rested)
            due = days.nth_after(resumed, kept_days) if kept_days else due
    return due
