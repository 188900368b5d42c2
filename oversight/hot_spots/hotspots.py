"""What stands out: each cell's week and day beside eight like it, from the counters, and a row for each that is found.

One pass over the counters looks at all cells at once, and looking again finds nothing twice: a cell has one row a day
for its day, and one for its week in which no day was in the row before it. The statistics stand in `unusual`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from complaints.models import Heartbeat
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from enterprises.models import Enterprise
from oversight.counters.sums import TALLY
from oversight.hot_spots import folding, unusual
from oversight.hot_spots.unusual import DAY_LEVEL, DAYS, RATE, USUAL, WEEK_LEVEL, Spread
from oversight.models import HotSpot

#: Counted or judged differently from before gets the next number.
METHOD = 1
#: The rows that say when the day before, as a whole, and today so far were looked at last.
MARK, MARK_TODAY = "hot spots", "hot spots of today"
#: One pass reads nine weeks; today is looked at no oftener than this, whoever asks.
EVERY = timedelta(minutes=25)
#: So many found at once are kept, the most unusual first: more would be a fault of the counters, or a day unlike all
#: others.
MOST = 5000
DAY = timedelta(days=1)
#: Two who look at once wait for each other.
_LOCK = 0x0F1653
_PATIENCE = "55s"
_SQL = read_sql(__file__, tally=TALLY, week=DAYS, eight_weeks=DAYS * USUAL, nine_weeks=DAYS * (USUAL + 1))


@dataclass(frozen=True, slots=True)
class Cell:
    """Of an enterprise (e) or a region (r): a problem, an object, or all of it, with its week and its day."""

    whose: str
    of: int
    facet: str
    week: int
    usual_weeks: Spread
    day: int
    usual_days: Spread

    def counted(self, kind: str) -> tuple[int, Spread]:
        return (self.week, self.usual_weeks) if kind == HotSpot.Kind.WEEK else (self.day, self.usual_days)


@dataclass(frozen=True, slots=True)
class UnusualCell:
    """A cell that stands out, before it is a row."""

    cell: Cell
    kind: str
    chance: float
    restless: float
    level: float

    @property
    def usual(self) -> int:
        return self.cell.counted(self.kind)[1].total


def sweep(*, now: datetime) -> int:
    """Look at today so far, and once at yesterday as a whole; how many hot spots are new."""
    today = now.astimezone(SHANGHAI).date()
    result = 0
    if not Heartbeat.objects.filter(
        name=MARK, at__gte=datetime(today.year, today.month, today.day, tzinfo=SHANGHAI)
    ).exists():
        result = look(today - DAY, now=now)
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    if not Heartbeat.objects.filter(name=MARK_TODAY, at__gt=now - EVERY).exists():
        result += look(today, now=now)
        Heartbeat.objects.update_or_create(name=MARK_TODAY, defaults={"at": now})
    return result


def look(day: date, *, now: datetime) -> int:
    """Find what stands out on ``day`` and in the seven days that end with it; how many rows are new.

    Counts of a day only grow, so looking at it again and again while it runs finds no more by chance than one look at
    its end. A row of that day takes over the higher count.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        for name in ("statement_timeout", "transaction_timeout"):
            cursor.execute("select set_config(%s, %s, true)", [name, _PATIENCE])
        cells = counted(day)
        results = sorted(unusual_cells(cells), key=lambda one: one.chance)[:MOST]
        return _kept(results, day, _around(cells), now=now)


def counted(day: date) -> list[Cell]:
    """All cells of which something was received in the nine weeks that end with ``day``; none while the first of those
    weeks is empty, as a portal that just began has nothing usual. Two statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL["began"], {"day": day})
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(_SQL["counted"], {"day": day})
        return [
            Cell(whose, of, facet, week, Spread(weeks, week_squares), today, Spread(days, day_squares))
            for whose, of, facet, week, weeks, week_squares, today, days, day_squares in cursor
        ]


def unusual_cells(cells: Iterable[Cell]) -> Iterator[UnusualCell]:
    """The cells whose week or day is less probable than the promised rate, each compared with its kind."""
    by_kind: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_kind[f"{cell.whose}{cell.facet[:1]}"].append(cell)
    for alike in by_kind.values():
        for kind, level in ((str(HotSpot.Kind.WEEK), WEEK_LEVEL), (str(HotSpot.Kind.DAY), DAY_LEVEL)):
            restless = unusual.restlessness(cell.counted(kind)[1] for cell in alike)
            for cell in alike:
                count, usual = cell.counted(kind)
                if count < unusual.FEWEST or count * USUAL <= usual.total:
                    continue
                own = unusual.restlessness_at(usual.mean, restless)
                if count >= unusual.threshold(usual.total, own, level):
                    yield UnusualCell(cell, kind, unusual.chance(count, usual.total, own), own, level)


def _around(cells: Iterable[Cell]) -> dict[str, list[float]]:
    """By kind: all complaints of the same days beside what is usual, of the widest region."""
    regions = [cell for cell in cells if cell.whose == "r" and not cell.facet]
    whole = max(regions, key=lambda cell: cell.usual_weeks.total + cell.week, default=None)
    if whole is None:
        return {}
    return {str(kind): [count, usual.mean] for kind in HotSpot.Kind for count, usual in [whole.counted(kind)]}


def _kept(results: list[UnusualCell], day: date, around: dict[str, list[float]], *, now: datetime) -> int:
    """The rows; a week that has a day in common with the last row of its cell is that row's business."""
    before = {
        (row.enterprise_id or 0, row.region_id or 0, row.facet, row.kind): row
        for row in HotSpot.objects.filter(last__gt=day - DAYS * DAY, last__lte=day).order_by("last")
    }
    enterprises = Enterprise.objects.filter(pk__in={one.cell.of for one in results if one.cell.whose == "e"})
    places = dict(enterprises.values_list("pk", "domicile_id"))
    new: list[HotSpot] = []
    kept: list[UnusualCell] = []
    for one in results:
        cell, (count, usual) = one.cell, one.cell.counted(one.kind)
        whose = (cell.of, 0) if cell.whose == "e" else (0, cell.of)
        last = before.get((*whose, cell.facet, one.kind))
        if last is not None and (one.kind == HotSpot.Kind.WEEK or last.last == day):
            if last.last == day and last.observed < count:
                HotSpot.objects.filter(pk=last.pk).update(
                    observed=count, chance=one.chance, around=around.get(one.kind, [])
                )
            continue
        if cell.whose == "e" and cell.of not in places:
            continue
        new.append(
            HotSpot(
                kind=one.kind,
                enterprise_id=whose[0] or None,
                region_id=whose[1] or None,
                facet=cell.facet,
                place=places[cell.of] if cell.whose == "e" else cell.of,
                first=day if one.kind == HotSpot.Kind.DAY else day - (DAYS - 1) * DAY,
                last=day,
                observed=count,
                expected=usual.mean,
                usual=[],
                around=around.get(one.kind, []),
                chance=one.chance,
                restless=one.restless,
                detectable=unusual.detectable(usual.total, one.restless, one.level),
                rate=RATE,
                method=METHOD,
                found_at=now,
            )
        )
        kept.append(one)
    eights = _eights(kept, day)
    for row, one in zip(new, kept, strict=True):
        row.usual = eights[one.cell, one.kind]
    made = HotSpot.objects.bulk_create(new)
    if made:
        folding.fold((row.pk for row in made), min(row.first for row in made), max(row.last for row in made))
    return len(made)


def _eights(results: list[UnusualCell], day: date) -> dict[tuple[Cell, str], list[int]]:
    if not results:
        return {}
    cells = {(one.cell.whose, one.cell.of, one.cell.facet): one.cell for one in results}
    counts = {(cell, str(kind)): [0] * USUAL for cell in cells.values() for kind in HotSpot.Kind}
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL["eight"],
            {"day": day, **dict(zip(("whose", "of", "facets"), map(list, zip(*cells, strict=True)), strict=True))},
        )
        for whose, of, facet, lag, week, a_day in cursor:
            counts[cells[whose, of, facet], str(HotSpot.Kind.WEEK)][-lag] = week
            counts[cells[whose, of, facet], str(HotSpot.Kind.DAY)][-lag] = a_day
    return counts


def cell_condition(whose: str, of: int, facet: str) -> tuple[str, dict[str, Any]]:
    """The condition on rows of the tally that they are of this cell, and its values."""
    within = "region between %(of)s and (select last from authorities_region where id = %(of)s)"
    parts = ["enterprise = %(of)s" if whose == "e" else within]
    if facet:
        parts.append("problem = %(category)s" if facet.startswith("p:") else "object = %(category)s")
    return " and ".join(parts), {"of": of, "category": facet[2:]}
