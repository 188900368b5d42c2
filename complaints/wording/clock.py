"""One deadline in a few words (microcopy 13 to 17), and the same as facts for the chip component.

Colour only repeats what the words say; urgent is 80 % of the time or the last day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Deadline
from complaints.procedure.workflow import Clock, Status
from complaints.procedure.working_calendar import Calendar
from complaints.wording.standing import CHIPS, PAUSED_FOR
from web.dates import before, day_text, working_days

S = Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One deadline in a few words. ``note`` says until when a provisional date may change."""

    tone: str
    icon: str
    text: str
    is_provisional: bool = False
    is_urgent: bool = False
    note: str = ""


def is_late(deadline: Deadline, now: datetime) -> bool:
    """Owed and not done: the row says so, or the last day is over and no sweep came yet."""
    if deadline.ended_at is not None or deadline.state in ("met", "ended"):
        return False
    return deadline.state == "lapsed" or (deadline.state == "running" and now >= deadline.due_at)


def clock_facts(*, deadline: Deadline, now: datetime, calendar: Calendar, status: str = "") -> dict[str, Any]:
    """What components/chip.html wants to know about a clock."""
    today, last = calendar.local_day(now), deadline.last_day
    left: int | None = calendar.count(today, last)
    start = calendar.local_day(deadline.started_at)
    if deadline.unit == "WD":
        length = deadline.length or calendar.count(start, last)
        share = 1 - (left or 0) / length if length else 1.0
    else:
        share = (today - start).days / max(1, (last - start).days)
    if not left and last > today:
        left = None
    late = is_late(deadline, now)
    return {
        "due_at": deadline.due_at,
        "state": deadline.state,
        "working_days_left": left,
        "working_days_overdue": calendar.count(last, today) if late else None,
        "fraction": min(1.0, max(0.0, share)),
        "paused_for": _waits_for(deadline, status) if deadline.state == "paused" else "",
        "is_met": deadline.state == "met",
        "is_overdue": late,
        "is_provisional": deadline.is_provisional,
    }


def _waits_for(deadline: Deadline, status: str) -> str:
    key = str(deadline.clock)
    if key == Clock.NEGOTIATION and status in (S.FILED, S.TRIAGE):
        key = "negotiation_returned"
    elif key == Clock.REVIEW and status == S.TRIAGE:
        key = "review_triage"
    return str(PAUSED_FOR.get(key, PAUSED_FOR[""]))


def chip(*, deadline: Deadline | None, now: datetime, calendar: Calendar, status: str = "") -> Chip:
    """The words on a deadline chip (microcopy 13 to 17)."""

    def words(key: str, **slots: str) -> str:
        return str(CHIPS[key]).format(**slots)

    if deadline is None or deadline.state == "ended":
        return Chip(tone="neutral", icon="minus-circle", text=words("none" if deadline is None else "ended"))
    if deadline.state == "met":
        return Chip(tone="ok", icon="check-circle", text=words("met"))
    if deadline.ended_at is not None:
        return Chip(tone="neutral", icon="check-circle", text=words("met_late"))
    facts = clock_facts(deadline=deadline, now=now, calendar=calendar, status=status)
    note = ""
    if deadline.is_provisional:
        years = (deadline.derivation or {}).get("provisional_years") or [deadline.last_day.year]
        note = words("provisional", year=str(years[0]))
    if deadline.state == "paused":
        return Chip(
            tone="neutral",
            icon="pause-circle",
            text=words("paused", what=facts["paused_for"]),
            is_provisional=deadline.is_provisional,
            note=note,
        )
    today, last = calendar.local_day(now), deadline.last_day
    if facts["is_overdue"]:
        number = facts["working_days_overdue"]
        text = words(
            "overdue" if number else "just_overdue",
            n=working_days(number),
            day=day_text(last, today=today, weekday=False),
        )
        return Chip(
            tone="bad",
            icon="exclamation-triangle",
            text=text,
            is_urgent=True,
            is_provisional=deadline.is_provisional,
            note=note,
        )
    urgent = last == today or facts["fraction"] >= 0.8
    if last == today:
        text = words("today")
    else:
        left = facts["working_days_left"]
        text = words(
            "left" if left else "last_day", n=working_days(left or 0), day=before(last, today=today, weekday=True)
        )
    return Chip(
        tone="warn" if urgent or facts["fraction"] >= 0.5 else "neutral",
        icon="clock",
        text=text,
        is_urgent=urgent,
        is_provisional=deadline.is_provisional,
        note=note,
    )
