"""Whether the portal works: what is routed wrongly, what is late, what waits, what was proven, what is missing.

Counts, ages and shares of everything together; nothing of a case, a person or an enterprise leaves here.
What grows without end is looked at by its newest rows only, so a look costs the same in ten years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from authorities.models import Region
from complaints.law.numbers import missing_year
from complaints.models import HandlingStep, Heartbeat, Notice, Seal
from complaints.parties.conditions import current_calendar
from database.row_security import working_as_steps
from oversight.counters import rollups
from oversight.counters.reads import Counters, steadily
from oversight.figures.scope import Period, Scope
from oversight.models import RollupState, SystemCheck
from oversight.portal_state.backlog import Waiting, alarm_after, backlog, set_aside

#: So many of the newest notices and entries are looked at.
NEWEST = 2000
DAYS = 30
#: The record was gone through as a whole longer ago than this: it ought to be every night.
UNPROVEN = timedelta(days=3)
#: A seal is due every minute.
UNSEALED = timedelta(minutes=10)
RECORD = "record"
_ROUTING = ("routed", "misrouted", "mended", "mended_late", "mended_waiting")


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of so many lapses, how long after the moment they were written, in seconds."""

    n: int
    median: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """All of it at one moment. ``alarms`` are the codes of what somebody must see to."""

    at: datetime
    routing: Mapping[str, int]
    notices_sent: int
    notices_lost: int
    set_aside: int
    lateness: Lateness
    beats: Mapping[str, timedelta]
    queues: Mapping[str, Waiting]
    seal_number: int
    seal_at: datetime | None
    unsealed: int
    proven: SystemCheck | None
    calendar_until: int
    calendar_missing: int | None
    uncounted: int
    uncounted_since: datetime | None
    compared_at: datetime | None
    differences: int
    alarms: Sequence[str]

    @property
    def precision(self) -> float | None:
        """Ended stages that had come to the right enterprise at once, of all."""
        routed = self.routing["routed"]
        return 1 - self.routing["misrouted"] / routed if routed else None

    @property
    def mended_share(self) -> float | None:
        """Stages given back that went on within the time for it, of those whose time is over."""
        over = self.routing["mended"] + self.routing["mended_late"]
        return self.routing["mended"] / over if over else None

    @property
    def delivered_share(self) -> float | None:
        both = self.notices_sent + self.notices_lost
        return self.notices_sent / both if both else None


def read(*, now: datetime) -> Signs:
    """About twenty small statements, whatever there is."""
    with working_as_steps():
        calendar, today = current_calendar(), timezone.localdate(now)
        queues, longest = backlog(now=now), alarm_after(now=now)
        beats = {row.name: now - row.at for row in Heartbeat.objects.filter(name__in=["beat", "watch"])}
        seal = Seal.objects.order_by("-number").first()
        behind = HandlingStep.objects.filter(pk__gt=seal.through_id if seal else 0).order_by("pk")
        unsealed = len(behind.values_list("pk")[: rollups.ALARM + 1])
        proven = SystemCheck.objects.filter(name=RECORD).first()
        uncounted, since = rollups.waiting()
        state = RollupState.objects.filter(pk=1).first()
        states = list(Notice.objects.order_by("-pk").values_list("state", flat=True)[:NEWEST])
        missing = missing_year(calendar, today)
        found = Signs(
            at=now,
            routing=_routing(today, now=now),
            notices_sent=states.count("sent") + states.count("told"),
            notices_lost=states.count("bounced") + states.count("set_aside"),
            set_aside=set_aside(),
            lateness=_lateness(),
            beats=beats,
            queues=queues,
            seal_number=seal.number if seal else 0,
            seal_at=seal.at if seal else None,
            unsealed=unsealed,
            proven=proven,
            calendar_until=max(calendar.known_years, default=0),
            calendar_missing=missing,
            uncounted=uncounted,
            uncounted_since=since,
            compared_at=state.compared_at if state else None,
            differences=len(state.differences) if state else 0,
            alarms=(),
        )
    return _judged(found, longest)


def _judged(found: Signs, longest: timedelta | None) -> Signs:
    stale = timedelta(seconds=settings.HEARTBEAT_STALE_AFTER)
    said = []
    if found.beats.get("beat", stale * 2) > stale and found.beats.get("watch", stale * 2) > stale:
        said.append("nobody_sweeps")
    for name, queue in found.queues.items():
        limit = queue.limit or longest
        if limit is not None and queue.age > limit:
            said.append(f"wait_{name.replace(' ', '_')}")
    if found.uncounted > rollups.ALARM:
        said.append("uncounted")
    if found.differences:
        said.append("counters_differ")
    if found.proven is not None and not found.proven.is_sound:
        said.append("record_broken")
    elif found.proven is not None and found.at - found.proven.at > UNPROVEN:
        said.append("record_unproven")
    if found.unsealed and found.seal_at is not None and found.at - found.seal_at > UNSEALED:
        said.append("unsealed")
    if found.calendar_missing:
        said.append("calendar_missing")
    if found.set_aside:
        said.append("notices_set_aside")
    return replace(found, alarms=tuple(said))


def _routing(today: date, *, now: datetime) -> dict[str, int]:
    """Of the country, the last thirty days."""
    regions = tuple(Region.objects.filter(level=Region.Level.COUNTRY))
    if not regions:
        return dict.fromkeys(_ROUTING, 0)
    period, scope = Period(first=today - timedelta(days=DAYS - 1), last=today), Scope(regions=regions)

    def look(counters: Counters) -> dict[str, int]:
        return dict((counters.sums(scope, period, names=_ROUTING) or {}).get("", dict.fromkeys(_ROUTING, 0)))

    return steadily(look, now=now, calendar=current_calendar())


def _lateness() -> Lateness:
    """A lapse is an entry of the system that was written after it happened."""
    rows = HandlingStep.objects.order_by("-pk").values_list("actor_role", "happened_at", "written_at")[:NEWEST]
    late = sorted(
        (written - happened).total_seconds()
        for role, happened, written in rows
        if role == "system" and written > happened
    )
    return Lateness(len(late), late[len(late) // 2] if late else 0.0, late[-1] if late else 0.0)
