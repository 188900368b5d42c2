"""Where more than usual came from: the events that explain the last week, what everything rose by, and the rest.

Events are hot spots that touch the week. Of each its cases in the place are counted, and `explaining.explain` takes the
largest, sets its cases to what was expected and looks again, so that no case is in two events: a usual week and all
parts are together what came in. An event is named only at a false discovery rate of 5 % among those that were looked
at, and what everything rose by only where all outside of the events rose beyond chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from django.core.cache import cache

from oversight.figures import chance
from oversight.figures.definitions import Scope
from oversight.figures.dispersion import expected, q_values, tail_t
from oversight.hot_spots import explaining, folding
from oversight.hot_spots.explaining import Event, Rise, explain, parts_of
from oversight.hot_spots.folding import Counted
from oversight.hot_spots.unusual import FEWEST
from oversight.models import HotSpot
from oversight.presenting.trend import USUAL_WEEKS, Trend, against_usual

#: So many hot spots of a week are held against each other, the surest first; so many parts are named.
MOST, NAMED = 100, 4
#: Seconds for which the parts are kept; nobody asks for them after their day.
A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Part:
    """A hot spot: ``excess`` cases beyond what is usual and common, none of them in an earlier part; in the week its
    cell has ``n`` in the place.
    """

    spot: int
    excess: int
    n: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A week of ``usual`` cases, what events, what all else rose by, and the rest add up to ``n``. ``looked``: so many
    hot spots were held against the week.
    """

    usual: int
    parts: Sequence[Part]
    common: int
    rest: int
    n: int
    looked: int


def read(trend: Trend, scope: Scope, spots: Iterable[HotSpot], *, name: str) -> Waterfall | None:
    """Two statements, none where somebody asked before; ``name`` of the past, "" where nothing is kept. None where the
    week is not known to be beyond its usual one.
    """
    rows = _of_week(trend, spots)
    given = repr((name, trend.week, [row.pk for row in rows], sorted(region.pk for region in scope.regions)))
    key = "rise:" + sha256(given.encode()).hexdigest()
    result: Waterfall | None = cache.get(key) if name else None
    if result is None:
        cells = [(row.enterprise_id, row.region_id, row.facet) for row in rows]
        compared = against_usual(trend.week)
        counted = list(folding.counts_in(scope, cells, compared.before.first, trend.week.last)) if cells else []
        result = of(trend, rows, counted, looked=folding.looked_at() if cells else 0)
        if result is not None and name:
            cache.set(key, result, A_DAY)
    return result


def _of_week(trend: Trend, spots: Iterable[HotSpot]) -> list[HotSpot]:
    """Those that touch the week, of each cell the surest."""
    result: dict[tuple[int | None, int | None, str], HotSpot] = {}
    for row in sorted(spots, key=lambda one: (one.q, one.pk)):
        if row.first <= trend.week.last and row.last >= trend.week.first:
            result.setdefault((row.enterprise_id, row.region_id, row.facet), row)
    return list(result.values())[:MOST]


def of(trend: Trend, rows: Sequence[HotSpot], counted: Sequence[Counted], *, looked: int) -> Waterfall | None:
    """``counted``: what the cells of ``rows``, by number, received in the week and the eight weeks before it;
    ``looked``: how many cells were looked at when hot spots were found.
    """
    if trend.known is None or trend.usual is None:
        return None
    week = trend.week
    now, before = (dict.fromkeys(range(len(rows)), 0) for _ in range(2))
    of_all = [0, 0]
    for cells, day, n in counted:
        is_now = week.first <= day <= week.last
        of_all[not is_now] += n
        for at in cells:
            (now if is_now else before)[at] += n
    share = _share_of_others(trend, *of_all)
    rises = [
        replace(
            folding.rise_of(row, at),
            first=week.first,
            last=week.last,
            observed=now[at],
            expected=expected(before[at], share),
            usual=before[at],
            periods=USUAL_WEEKS,
            share=share,
        )
        for at, row in enumerate(rows)
    ]
    named = beyond_chance(rises, parts_of(rises, counted), looked)
    excesses = [event.observed - event.expected for event in named]
    common = expected(trend.before, share) - trend.usual
    usual = round(trend.usual)
    whole = whole_numbers([*excesses, common, trend.n - trend.usual - sum(excesses) - common], trend.n - usual)
    parts = [
        Part(rows[event.rise].pk, excess, now[event.rise]) for event, excess in zip(named, whole[:-2], strict=True)
    ]
    return Waterfall(usual, parts, whole[-2], whole[-1], trend.n, len(rows))


def _share_of_others(trend: Trend, now: int, before: int) -> float:
    """Of the week and the eight before it the part to be expected in the week: by what all cases outside of the hot
    spots did, where that is beyond chance, else by its days alone.
    """
    after, usual = trend.n - now, trend.before - before
    if trend.known is None or after <= 0 or usual <= 0:
        return trend.share
    verdict = chance.judged(chance.of_counts(after, usual, trend.share), trend.known)
    return after / (after + usual) if verdict.p <= chance.LEVEL else trend.share


def beyond_chance(
    rises: Sequence[Rise], parts: Sequence[explaining.Part], looked: int, *, tested: int = 0
) -> list[Event]:
    """The events that are, the largest first. ``tested``: of how many these are the ones with an excess, where the
    others were left out.
    """
    chances = [tail_t(one.observed, one.usual, one.share, one.dispersion) for one in rises]
    sure = {
        at
        for at, q in enumerate(q_values(chances, tested))
        if q <= chance.LEVEL and rises[at].observed >= FEWEST and rises[at].observed > rises[at].expected
    }
    if not sure:
        return []
    events = explain(rises, parts, max(looked, len(rises)), among=sure)
    return sorted(
        (one for one in events if one.observed - one.expected >= 0.5), key=lambda one: one.expected - one.observed
    )[:NAMED]


def whole_numbers(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers that add up to ``total``, each next to its part (largest remainders)."""
    result = [int(part // 1) for part in parts]
    left = total - sum(result)
    order = sorted(range(len(parts)), key=lambda at: result[at] - parts[at])
    for nth in range(abs(left)):
        result[order[nth % len(order)] if left > 0 else order[-1 - nth % len(order)]] += 1 if left > 0 else -1
    return result
