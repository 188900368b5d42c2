"""What the first page of a director says of a place and its parts, in three periods: read from counters, whatever the
size of the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache

from authorities.models import Region
from oversight.counters import figures
from oversight.counters.reads import Counters, Sums, Wish, steadily
from oversight.counters.statements import OF_DAYS, OPEN_NAMES, RAN
from oversight.figures.definitions import Period, Scope
from oversight.figures.dispersion import Dispersion
from oversight.figures.figures import Figure, Measure, standing
from oversight.presenting import backlog, crossed, past, trend
from oversight.presenting.backlog import Flows
from oversight.presenting.crossed import Crossed
from oversight.presenting.past import Compared, Past, Usual
from oversight.presenting.places import Places
from oversight.presenting.trend import Trend, Week, weeks_of

#: Seconds for which it is kept what the days before tell; nobody asks for it after its day.
A_DAY = 24 * 3600
#: What is counted of today so far.
TODAY = ("received", "closed")
#: Older than this and the page says so.
OLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Spot:
    """What is counted of the whole place: as it stands, and in each period."""

    open_now: Mapping[str, int]
    periods: Sequence[Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """What is counted of a smaller place: as it stands, in the period, and how many came in the period before."""

    open_now: Mapping[str, int]
    now: Mapping[str, Figure]
    came_before: int


@dataclass(frozen=True, slots=True)
class Overview:
    """``at``: the moment of the data, None before any was counted; ``today``: what came in today so far; ``usual``:
    what the days before tell of the comparison with each other period; ``usual_of_parts``: φ of what came in of each
    part; ``trend``: the last twelve weeks, whatever the periods are, None where only months are known;
    ``flows``: what came in and was closed week by week; ``weeks``:
    of each of the twelve what the lines of figures are drawn from; ``crossed``: what came in in the last of them, by
    problem and object.
    """

    at: datetime | None
    whole: Spot
    parts: Mapping[int, PlaceCounts]
    today: int
    usual: Sequence[Usual | None]
    usual_of_parts: Mapping[int, Dispersion]
    trend: Trend | None
    flows: Flows | None
    closed_today: int
    #: Of what is looked at (Counters.name_of_past).
    name_of_past: str
    weeks: Sequence[Week]
    crossed: Crossed | None

    @property
    def open_before(self) -> int:
        """Open cases at the end of yesterday."""
        return self.whole.open_now["open"] - self.today + self.closed_today

    def is_old(self, now: datetime) -> bool:
        return self.at is not None and now - self.at > OLD


def read(scope: Scope, places: Places, periods: Sequence[Period], *, measure: Measure) -> Overview:
    """Four statements to six, however many cases and places. ``scope`` is of ``places`` and perhaps narrower."""
    today = measure.calendar.local_day(measure.now)
    wishes = wishes_of(scope, places.parts, periods, today)

    def load(
        counters: Counters,
    ) -> tuple[Counters, list[dict[str, Sums]], list[Mapping[int, int]], Before, Crossed | None]:
        buckets = counters.buckets_of(scope, periods, ["response_minutes"]) or []
        return (
            counters,
            counters.read(wishes, by="region") or [{} for _ in wishes],
            [one["response_minutes"] for one in buckets],
            before := _before(counters, scope, places.parts, periods),
            crossed.read(counters, scope, before.trend) if before.trend is not None else None,
        )

    counters, sums, buckets, before, of_kinds = steadily(load, now=measure.now, calendar=measure.calendar)
    nothing = dict.fromkeys((*figures.HEADLINES, *OPEN_NAMES), 0)
    own = [
        {name: sum(one.get(str(region.pk), {}).get(name, 0) for region in places.regions) for name in nothing}
        for one in sums[: len(periods)]
    ]
    today_so_far, ran_out = (
        {name: sum(one.get(str(region.pk), {}).get(name, 0) for region in places.regions) for name in names}
        for one, names in zip(sums[len(periods) :], (TODAY, RAN), strict=False)
    )
    return Overview(
        measure.now if counters.is_complete else counters.folded_at,
        Spot(
            _open_now(own[0]),
            [figures.headlines(one, buckets[number] if buckets else None) for number, one in enumerate(own)],
        ),
        {
            region.pk: _part({**nothing, **sums[0].get(str(region.pk), {})}, sums[-1].get(str(region.pk), {}))
            for region in places.parts
        },
        today_so_far["received"],
        before.usual,
        before.of_parts,
        before.trend,
        before.flows,
        today_so_far["closed"],
        counters.name_of_past(scope),
        [] if before.trend is None else weeks_of(before.trend, _open_now(own[0])["open"], today_so_far, ran_out),
        of_kinds,
    )


class Before(NamedTuple):
    """What the days before tell: of the whole, of each comparison; φ of each part; the trend; weeks of the whole."""

    usual: Sequence[Usual | None]
    of_parts: Mapping[int, Dispersion]
    trend: Trend | None
    flows: Flows | None


def _before(counters: Counters, scope: Scope, parts: Sequence[Region], periods: Sequence[Period]) -> Before:
    """Read anew, which takes about as long as all else of the page, only where nobody keeps it or it may be another:
    what is kept has the name of the past of which it is true.
    """
    name = counters.name_of_past(scope)
    if not name:
        return _read_before(counters, scope, parts, periods)
    places = [sorted(region.pk for region in regions) for regions in (scope.regions, parts)]
    given = repr((name, places, periods, counters.calendar.local_day(counters.now), counters.calendar.version))
    key = "before:" + sha256(given.encode()).hexdigest()
    result: Before | None = cache.get(key)
    if result is None:
        result = _read_before(counters, scope, parts, periods)
        cache.set(key, result, A_DAY)
    return result


def _read_before(counters: Counters, scope: Scope, parts: Sequence[Region], periods: Sequence[Period]) -> Before:
    """One statement."""
    wishes = days_of(scope, parts, periods, counters.calendar.local_day(counters.now))
    found: dict[int | None, Past] = {
        key: Past(wish.period, counters.calendar, result.sums.get(str(key or ""), {}), result.is_monthly)
        for (wish, by), result in zip(wishes, counters.by_day(wishes), strict=True)
        for key in ([region.pk for region in parts] if by else [None])
        if result is not None
    }
    compared, whole = [Compared(periods[0], before) for before in periods[1:]], found.pop(None, None)
    if whole is None:
        return Before([None for _one in compared], {}, None, None)
    pasts = {key: days for key, days in found.items() if key is not None}
    return Before(
        [past.usual(whole, one, figures.of_first_days) for one in compared],
        past.of_parts(whole, pasts, compared[0]),
        trend.of(whole),
        backlog.flows_of(whole, counters.calendar.local_day(counters.now)),
    )


def days_of(scope: Scope, parts: Sequence[Region], periods: Sequence[Period], today: date) -> list[tuple[Wish, str]]:
    """The days of what is compared, of the trend and of the forecast, up to today: of the whole, and what came in of
    ``parts``.
    """
    compared = [Compared(periods[0], before) for before in periods[1:]]
    firsts = [one.first for one in compared] if periods[0].last < today else [today, today]
    first = min(*firsts, trend.first_day(today), backlog.first_day(today))
    result = [(Wish(scope, Period(first=first, last=today), OF_DAYS), "")]
    if parts:
        of_parts = replace(scope, regions=tuple(parts))
        result.append((Wish(of_parts, Period(first=firsts[0], last=today), ("received",)), "region"))
    return result


def wishes_of(scope: Scope, parts: Sequence[Region], periods: Sequence[Period], today: date) -> list[Wish]:
    """What is read: the first period of all places; the others of the whole; what came in and went today so far; what
    had run out by the end of yesterday; and what came in of ``parts`` in the second.

    All periods of all places would be three times that of the country, and nothing says more of the parts.
    """
    names = figures.HEADLINES
    wide = replace(scope, regions=tuple({region.pk: region for region in (*scope.regions, *parts)}.values()))
    wishes = [Wish(wide, periods[0], (*names, *OPEN_NAMES)), *(Wish(scope, period, names) for period in periods[1:])]
    yesterday = today - timedelta(days=1)
    wishes.append(Wish(scope, Period(first=today, last=today), TODAY))
    wishes.append(Wish(scope, Period(first=yesterday, last=yesterday), RAN))
    return [*wishes, Wish(replace(scope, regions=tuple(parts)), periods[1], ("received",))] if parts else wishes


def _open_now(sums: Sums) -> dict[str, int]:
    return standing({name: sums[name] for name in OPEN_NAMES})


def _part(now: Sums, before: Sums) -> PlaceCounts:
    return PlaceCounts(_open_now(now), figures.headlines(now, None), before.get("received", 0))
