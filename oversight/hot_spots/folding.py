"""One event that stands out in many cells is one hot spot: which row explains which.

`explaining` decides; here are the rows and what their cells have in common. Nothing is thrown away: each row keeps
which others explain it, and whoever looks sees those that no row of the own region explains.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Sum

from authorities.models import Region
from database.sql_files import read_sql
from oversight.counters.statements import narrowed
from oversight.counters.sums import TALLY
from oversight.figures.definitions import Scope
from oversight.figures.dispersion import Dispersion
from oversight.hot_spots.explaining import Part, Rise, explain, parts_of
from oversight.hot_spots.unusual import COMMON, DAYS, USUAL
from oversight.models import HotSpot, HotSpotCells

#: Rows that are looked at together: the new ones, then those of the same days, the most unusual first.
MOST_NEAR = 1000
_SQL = read_sql(__file__, tally=TALLY)
#: Enterprise, or region, and what of it.
Named = tuple[int | None, int | None, str]
#: (Cells by number, day, cases.)
Counted = tuple[Sequence[int], date, int]


def shown(rows: QuerySet[HotSpot], within: Q) -> QuerySet[HotSpot]:
    """Without those that a row explains which is seen as well, ``within`` being what is seen; what somebody took over
    stands for itself.
    """
    is_one = Func(
        F("pk"),
        OuterRef("explained_by"),
        template="%(expressions)s)",
        arg_joiner=" = any(",
        output_field=BooleanField(),
    )
    return rows.filter(~Exists(HotSpot.objects.filter(within).filter(is_one)) | Q(owner__isnull=False))


def fold(made: Iterable[int], *, looked: int) -> None:
    """Which of the rows ``made`` and of those of the same days explains which. ``looked``: how many cells were looked
    at. Four statements, and one each changed row.

    What explained a row before explains it still.
    """
    new = set(made)
    rows = list(HotSpot.objects.filter(pk__in=new).select_related("region").order_by("chance", "pk")[:MOST_NEAR])
    first, last = min(row.first for row in rows), max(row.last for row in rows)
    around = HotSpot.objects.filter(last__gte=first, first__lte=last).exclude(pk__in=new).select_related("region")
    rows += around.order_by("chance", "pk")[: MOST_NEAR - len(rows)]
    rises, parts = _rises(rows)
    known = {row.pk: set(row.explained_by) for row in rows}
    fresh: set[int] = set()
    for event in explain(rises, parts, looked):
        for nth in event.also:
            _add(known, rows[nth].pk, rows[event.rise].pk)
            fresh.add(nth)
    # Whoever does not see what explains them sees one event of them all the same.
    for low, high, _size in _regions({place for nth in fresh if (place := rows[nth].place) is not None}):
        seen = {row.pk for row in rows if row.place is not None and low <= row.place <= high}
        left = [nth for nth in fresh if rows[nth].pk in seen and not known[rows[nth].pk] & seen]
        for event in explain(rises, parts, looked, among=left) if len(left) > 1 else ():
            for nth in event.also:
                _add(known, rows[nth].pk, rows[event.rise].pk)
    for row in rows:
        if known[row.pk] != set(row.explained_by):
            HotSpot.objects.filter(pk=row.pk).update(explained_by=sorted(known[row.pk]))


def _add(known: dict[int, set[int]], wide: int, narrow: int) -> None:
    """What is explained by a row is so by what explains that. A circle would hide all that stand in it."""
    if wide in known[narrow]:
        return
    more = {narrow} | known[narrow]
    for pk, narrower in known.items():
        if pk == wide or wide in narrower:
            narrower |= more


def _rises(rows: list[HotSpot]) -> tuple[list[Rise], list[Part]]:
    """The rows as numbers, and the cases that they have in common; one statement."""
    cells: dict[Named, int] = {}
    rises = [rise_of(row, cells.setdefault((row.enterprise_id, row.region_id, row.facet), len(cells))) for row in rows]
    return rises, parts_of(rises, counts_of(rises, list(cells)))


def rise_of(row: HotSpot, cell: int) -> Rise:
    """The row as numbers, its cell by number. Of the country a problem is one thing, as an enterprise is."""
    is_country = row.region is not None and row.region.level == Region.Level.COUNTRY
    size = row.region.last - row.region.pk if row.region is not None else 0
    return Rise(
        cell=cell,
        first=row.first,
        last=row.last,
        observed=row.observed,
        expected=row.expected,
        usual=sum(row.usual),
        periods=len(row.usual),
        share=row.share or 1 / (USUAL + 1),
        dispersion=Dispersion(row.restless, row.df or COMMON.df),
        names=1 + bool(row.facet) - is_country,
        rank=(row.enterprise_id is None, not row.facet, size, row.pk),
    )


def counts_of(rises: list[Rise], cells: list[Named]) -> Iterable[Counted]:
    """(cells by number, day, cases) of all that lies in more than one rise; of their days and those before."""
    number = [0] * len(cells)
    for rise in rises:
        number[rise.cell] += 1
    weeks = max(rise.periods + rise.weeks for rise in rises)
    first = min(rise.first for rise in rises) - timedelta(days=DAYS * weeks)
    return _counted(cells, number, first, max(rise.last for rise in rises))


def counts_in(scope: Scope, cells: list[Named], first: date, last: date) -> Iterable[Counted]:
    """The same of each cell in these days, of what lies in ``scope``."""
    return _counted(cells, [2] * len(cells), first, last, *narrowed(scope))


def _counted(
    cells: list[Named],
    rises: list[int],
    first: date,
    last: date,
    ours: str = "true",
    params: Mapping[str, Any] = MappingProxyType({}),
) -> Iterable[Counted]:
    names = ("firms", "regions", "facets")
    columns = [list(column) for column in zip(*cells, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL["common"].format(ours=ours),
            {**params, "first": first, "last": last, "rises": rises, **dict(zip(names, columns, strict=True))},
        )
        yield from cursor


def looked_at() -> int:
    """How many cells the newest look looked at. One statement."""
    return int(HotSpotCells.objects.aggregate(n=Sum("weeks"))["n"] or 0)


def _regions(places: set[int]) -> list[tuple[int, int, int]]:
    """The regions below the country in which these places lie, the widest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["regions"], {"places": sorted(places), "country": Region.Level.COUNTRY})
        return list(cursor)
