"""One event that stands out in many cells is one hot spot: which cell explains which.

A narrower cell explains a wider one where the wider one would not stand out without what both have in
common, and where that is at least half of its rise. Nothing is thrown away: each row keeps which others explain it, and
whoever looks sees the narrowest of those that the own region shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from database.sql_files import read_sql
from oversight.counters.sums import TALLY
from oversight.figures.dispersion import Dispersion
from oversight.hot_spots.unusual import COMMON, DAY_LEVEL, DAYS, USUAL, WEEK_LEVEL, threshold
from oversight.models import HotSpot

#: A narrower cell has at least this part of the rise that it explains.
PART = 0.5
#: Pairs of cells that one pass compares, those with the largest rise first: each costs a look at the counters of its
#: cell.
MOST = 400
#: Rows of the same days that are looked at together, the most unusual first.
MOST_NEAR = 1000
_SQL = read_sql(__file__, tally=TALLY, week=DAYS, until_before=DAYS * USUAL + 1)


@dataclass(frozen=True, slots=True)
class _Pair:
    wide: HotSpot
    narrow: HotSpot

    @property
    def first(self) -> date:
        return max(self.wide.first, self.narrow.first)

    @property
    def last(self) -> date:
        return min(self.wide.last, self.narrow.last)

    @property
    def enterprise(self) -> int | None:
        return self.wide.enterprise_id or self.narrow.enterprise_id

    def regions(self) -> tuple[int, int]:
        """The interval of regions that both have; an enterprise is everywhere."""
        results = [one.region for one in (self.wide, self.narrow) if one.region is not None]
        return max((one.pk for one in results), default=0), min((one.last for one in results), default=2**62)

    def of(self, kind: str) -> str:
        """The problem (p) or object (o) that both have."""
        return next((one.category for one in (self.wide, self.narrow) if one.facet[:1] == kind), "")


def shown(rows: QuerySet[HotSpot], within: Q) -> QuerySet[HotSpot]:
    """Without those that a row explains which is seen as well, ``within`` being what is seen."""
    is_one = Func(
        F("pk"),
        OuterRef("explained_by"),
        template="%(expressions)s)",
        arg_joiner=" = any(",
        output_field=BooleanField(),
    )
    return rows.exclude(Exists(HotSpot.objects.filter(within).filter(is_one)))


def fold(results: Iterable[int], first: date, last: date) -> None:
    """Which of ``results`` and of those beside them explains which. Three statements, and one each changed row."""
    new = set(results)
    around = HotSpot.objects.filter(last__gte=first, first__lte=last).select_related("region")
    near = list(around.order_by("chance", "pk")[:MOST_NEAR])
    known = {one.pk: set(one.explained_by) for one in near}
    pairs = [_Pair(wide, narrow) for wide, narrow in permutations(near, 2) if wide.pk in new or narrow.pk in new]
    pairs = sorted(filter(_may, pairs), key=lambda pair: _rise(pair.wide), reverse=True)[:MOST]
    common = _common(pairs)
    explained = [pair for pair, (now, usual) in zip(pairs, common, strict=True) if _explains(pair, now, usual)]
    # What is explained by something narrower is so by what explains that: the narrowest first.
    for pair in sorted(explained, key=lambda pair: _size(pair.narrow)):
        _add(known, pair.wide.pk, pair.narrow.pk)
    by_cell = {
        (one.kind, one.enterprise_id, one.region_id, one.facet): one for one in near if one.kind == HotSpot.Kind.WEEK
    }
    for day in (one for one in near if one.kind == HotSpot.Kind.DAY):
        # A day of a rise that lasted is a part of its week.
        week = by_cell.get((str(HotSpot.Kind.WEEK), day.enterprise_id, day.region_id, day.facet))
        if (
            week is not None
            and new & {day.pk, week.pk}
            and week.first <= day.first <= week.last
            and day.pk not in known[week.pk]
        ):
            _add(known, day.pk, week.pk)
    for one in near:
        if known[one.pk] != set(one.explained_by):
            HotSpot.objects.filter(pk=one.pk).update(explained_by=sorted(known[one.pk]))


def _add(known: dict[int, set[int]], wide: int, narrow: int) -> None:
    """A circle would hide all that stand in it."""
    if wide in known[narrow]:
        return
    more = {narrow} | known[narrow]
    for pk, narrower in known.items():
        if pk == wide or wide in narrower:
            narrower |= more


def _size(spot: HotSpot) -> tuple[float, bool, bool, int]:
    """The narrower the less: cases of nine weeks; an enterprise before a region, a category before all."""
    return spot.observed + sum(spot.usual), spot.enterprise_id is None, not spot.facet, spot.pk


def _rise(spot: HotSpot) -> float:
    return spot.observed - spot.expected


def _may(pair: _Pair) -> bool:
    """Whether the narrow one is narrower, was at the same time, and shares enough cases with the wide one."""
    wide, narrow = pair.wide, pair.narrow
    if _size(narrow) >= _size(wide) or pair.first > pair.last or _rise(narrow) < PART * _rise(wide):
        return False
    if wide.enterprise_id and narrow.enterprise_id and wide.enterprise_id != narrow.enterprise_id:
        return False
    low, high = pair.regions()
    same_kind = wide.facet[:1] == narrow.facet[:1]
    return low <= high and not (same_kind and wide.facet != narrow.facet)


def _explains(pair: _Pair, now: int, usual: int) -> bool:
    wide = pair.wide
    if now - usual / USUAL < PART * _rise(wide):
        return False
    level = WEEK_LEVEL if wide.kind == HotSpot.Kind.WEEK else DAY_LEVEL
    share = wide.share or 1 / (USUAL + 1)
    restless = Dispersion(wide.restless, wide.df or COMMON.df)
    return wide.observed - now < threshold(max(0, sum(wide.usual) - usual), share, restless, level)


def _common(pairs: Sequence[_Pair]) -> list[tuple[int, int]]:
    """(now, in the eight weeks before) of each pair; a statement for those with an enterprise, one for the others."""
    results = [(0, 0)] * len(pairs)
    for has_enterprise in (True, False):
        asked = [(nr, pair) for nr, pair in enumerate(pairs) if (pair.enterprise is not None) is has_enterprise]
        if not asked:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                _SQL["common"].format(enterprise="and t.enterprise = p.firm" if has_enterprise else ""),
                {
                    "nr": [nr for nr, _pair in asked],
                    "first": [pair.first for _nr, pair in asked],
                    "last": [pair.last for _nr, pair in asked],
                    "low": [pair.regions()[0] for _nr, pair in asked],
                    "high": [pair.regions()[1] for _nr, pair in asked],
                    "firm": [pair.enterprise for _nr, pair in asked],
                    "problem": [pair.of("p") for _nr, pair in asked],
                    "object": [pair.of("o") for _nr, pair in asked],
                },
            )
            for nr, now, usual in cursor:
                results[nr] = (now, usual)
    return results
