"""What an enterprise leaves to the last day of its time: procedure.md, section 7."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.audit.core.counting import World
from tests.audit.core.record import Days, Stage, local

#: Who acts for an enterprise, how it ends its own time by itself, and where a case lies with it meanwhile.
FIRM = {"manager", "handler", "reviewer", "respondent"}
ENDING = {"report_failure", "confirm_settled_elsewhere"}
HELD = {"with_enterprise", "negotiating", "awaiting_consumer"}
#: Working days to negotiate, and for how many of them in all it rests while an offer lies with the consumer.
TIME, REST = 10, 5


def answered(world: World) -> tuple[int, int]:
    """Stages whose own clock the enterprise met by its own act; of these on the clock's last day."""
    met = last = 0
    for stage in world.ended():
        row = stage.row
        acts = {
            e.happened_at
            for e in stage.entries
            if e.actor_role in FIRM and e.step in ENDING and e.to_status not in HELD
        }
        for clock in stage.case.clocks:
            if clock.clock != "negotiation" or clock.ended_at is None or clock.lapsed_at is not None:
                continue
            if row.from_at <= clock.started_at and clock.ended_at <= row.until_at and clock.ended_at in acts:
                met += 1
                last += local(clock.ended_at).date() == _last_day(world.days, stage, clock.ended_at)
    return met, last


def _last_day(days: Days, stage: Stage, moment: datetime) -> date:
    """Of the time as it stood at the moment, from the moves of the record alone."""
    due, left = days.nth_after(local(stage.row.from_at).date(), TIME), REST
    resting: tuple[date, int] | None = None
    before: list[tuple[str, Any]] = []
    for entry in stage.entries:
        if entry.happened_at >= moment or entry.to_status == entry.from_status:
            continue
        day = local(entry.happened_at).date()
        if entry.step == "undo":
            due, left, resting = next(kept for status, kept in reversed(before) if status == entry.to_status)
            continue
        before.append((entry.from_status, (due, left, resting)))
        if entry.to_status == "awaiting_consumer" and left > 0:
            resting = day, days.working_days(day, due)
        elif resting is not None and entry.to_status == "negotiating":
            (since, kept_days), resting = resting, None
            rested = min(left, days.working_days(since, day))
            left -= rested
            begins = day if left else days.nth_after(since, rested)
            due = days.nth_after(begins, kept_days) if kept_days else due
    return due
