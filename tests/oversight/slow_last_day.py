"""What an enterprise leaves to the last day of its time, counted again from the record: procedure.md, section 7."""

from datetime import date, datetime
from typing import Any

from tests.oversight.slow_count import Days, Stage, World, local

#: Who acts for an enterprise, and where a case lies with one.
FIRM = {"manager", "handler", "reviewer", "respondent"}
HELD = {"with_enterprise", "negotiating", "awaiting_consumer"}
ENDING = ("report_failure", "confirm_settled_elsewhere")
Stages = list[Stage]


def answered(slow: World) -> tuple[Stages, Stages]:
    """Stages whose own clock the enterprise met by its own act; of these on the clock's last day."""
    met, last = [], []
    for stage in slow.ended():
        acts = [e for e in stage.entries if e.actor_role in FIRM and e.step in ENDING]
        moments = {e.happened_at for e in acts if e.to_status not in HELD}
        for clock in _own(slow, stage):
            if clock.lapsed_at is None and clock.ended_at in moments:
                met.append(stage)
                if local(clock.ended_at).date() == _last_day(slow.days, stage, clock.ended_at):
                    last.append(stage)
    return met, last


def offered(slow: World) -> tuple[Stages, Stages]:
    """Stages whose first offer came while their own clock ran; of these on its last day."""
    made, last = [], []
    for stage in slow.ended():
        row = stage.row
        moments = [e.written_at for e in stage.entries if e.step == "make_offer" and slow._belongs(e, row)]
        first = min(moments, default=None)
        for clock in _own(slow, stage):
            if first is not None and clock.started_at <= first <= clock.ended_at:
                made.append(stage)
                if local(first).date() == _last_day(slow.days, stage, first):
                    last.append(stage)
    return made, last


def _own(slow: World, stage: Stage) -> list[Any]:
    """Its own clock began and was over within the stage."""
    row = stage.row
    clocks = [c for c in slow.clocks[row.complaint_id] if c.clock == "negotiation" and c.ended_at is not None]
    return [c for c in clocks if row.from_at <= c.started_at and c.ended_at <= row.until_at]


def _last_day(days: Days, stage: Stage, moment: datetime) -> date:
    """Ten working days from delivery; it rests while an offer lies with the consumer, at most five days in all."""
    due, left = days.nth_after(local(stage.row.from_at).date(), 10), 5
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
