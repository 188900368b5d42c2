"""What the first page, the flow, the workload and the table by enterprise say of a province or the country, counted by
the worker once a minute: a page reads a row, however many cases are open, and says of which moment its numbers are.

Only of what is asked for without any condition, of the last seven days where a page has a period; of places with so
many open cases that it pays. Everything else is counted when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from authorities.models import Region
from complaints.desks.authority_lists import due_soon
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import Calendar
from oversight.counters.reads import Wish, steadily
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.models import WIDE, CountedAhead
from oversight.presenting import choosing, flow, holders, leagues, overview
from oversight.presenting.choosing import WEEK, DashboardPage
from oversight.presenting.places import Places

#: Places with fewer open cases are counted when they are asked for.
FROM = 5_000
#: What is older is not shown.
OLDEST = timedelta(minutes=5)
#: Two workers count no place at once.
_LOCK = 0x0F1654
OVERVIEW, HOLDERS, FLOW, WORKLOAD, ENTERPRISES = "overview", "holders", "flow", "workload", "enterprises"


@dataclass(frozen=True, slots=True)
class _Page:
    """What a row holds, and whether that is about a period."""

    shape: Any
    is_of_period: bool = True


_PAGES: Mapping[str, _Page] = {
    OVERVIEW: _Page(overview.Overview),
    HOLDERS: _Page(holders.Burning, is_of_period=False),
    FLOW: _Page(tuple[list[flow.Stay], flow.Flow]),
    WORKLOAD: _Page(list[flow.Load], is_of_period=False),
    ENTERPRISES: _Page(list[leagues.EnterpriseLine]),
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """``what`` was counted ahead, at the moment ``at``; None: just now."""

    at: datetime | None
    what: Any


def read(page: DashboardPage, *whats: str) -> dict[str, Ahead]:
    """What was counted ahead of these, by name: nothing of what is narrowed, too old or of a day that is over. One
    statement, none where nothing can be.
    """
    scope, now = page.scope, page.workspace.now
    if len(scope.regions) != 1 or scope != Scope(regions=scope.regions) or scope.regions[0].level not in WIDE:
        return {}
    wanted = [what for what in whats if page.asked.kind == WEEK or not _PAGES[what].is_of_period]
    if not wanted:
        return {}
    since = max(now - OLDEST, page.measure.calendar.moment(page.workspace.today))
    rows = CountedAhead.objects.filter(region=scope.regions[0].pk, what__in=wanted, at__gte=since, at__lte=now)
    return {
        what: Ahead(at, msgspec.msgpack.decode(data, type=_PAGES[what].shape))
        for what, at, data in rows.values_list("what", "at", "data")
    }


def counted(page: DashboardPage, what: str, count: Callable[[], Any]) -> Ahead:
    """What was counted ahead of this, or else what ``count`` gives."""
    return read(page, what).get(what) or Ahead(None, count())


def sweep(*, now: datetime) -> int:
    """Count every place that has so many open cases; how many. What was counted of others goes."""
    calendar = current_calendar()
    today, wide = calendar.local_day(now), list(Region.objects.filter(level__in=WIDE).order_by("pk"))
    wishes = [Wish(Scope(regions=tuple(wide)), Period(first=today, last=today), ("open",))]
    found = steadily(lambda counters: counters.read(wishes, by="region"), now=now, calendar=calendar) if wide else None
    sums = found[0] if found else {}
    large = [region for region in wide if sums.get(str(region.pk), {}).get("open", 0) >= FROM]
    CountedAhead.objects.exclude(region__in=[region.pk for region in large]).delete()
    return sum(_count(region, now=now, calendar=calendar) for region in large)


def _count(region: Region, *, now: datetime, calendar: Calendar) -> bool:
    """All rows of a place, in one transaction; False where another one counts it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [_LOCK, region.pk])
        if not cursor.fetchone()[0]:
            return False
        for what, count in _counting(region, now=now, calendar=calendar).items():
            cursor.execute(
                "insert into oversight_countedahead as a (region, what, at, data) values (%s, %s, %s, %s)"
                " on conflict (region, what) do update set at = excluded.at, data = excluded.data"
                " where a.at < excluded.at",
                [region.pk, what, now, msgspec.msgpack.encode(count())],
            )
    return True


def _counting(region: Region, *, now: datetime, calendar: Calendar) -> Mapping[str, Callable[[], Any]]:
    parts = Region.objects.filter(parent=region).exclude(level=Region.Level.TOWNSHIP).order_by("pk")
    places, scope = Places((region,), None, tuple(parts), None), Scope(regions=(region,))
    period = choosing.period_of(WEEK, {}, calendar.local_day(now))
    measure = Measure(scope, period, now, calendar)
    periods = [period, choosing.before(period, WEEK), choosing.a_year_before(period, WEEK)]
    seen = overview.read(scope, places, periods, measure=measure)
    return {
        OVERVIEW: lambda: seen,
        HOLDERS: lambda: holders.burning(measure, seen, with_hands=False),
        FLOW: lambda: (flow.stays(measure), flow.flow(measure)),
        WORKLOAD: lambda: flow.workload(measure, due_soon(now, calendar)),
        ENTERPRISES: lambda: leagues.counted(measure),
    }
