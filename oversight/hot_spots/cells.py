"""The counts of cells: an enterprise with each kind of problem and all of it, a region of any level with each kind of
problem, each object and all of it. Read from the counters, never from cases.

What a cell is compared with is its own past and all other cells of its kind in the same days: `Exposure`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from django.db import connection

from database.sql_files import read_sql
from oversight.counters.sums import TALLY
from oversight.figures.dispersion import Past, error, size_of
from oversight.hot_spots.unusual import DAYS, FEWEST, USUAL
from oversight.models import HotSpot

WEEK, DAY = str(HotSpot.Kind.WEEK), str(HotSpot.Kind.DAY)
#: So many weeks of past forecasts tell how restless a cell is: the newest of each week, or of each day.
PAST_WEEKS = 26
#: The days that all these forecasts need.
PAST_DAYS = DAYS * (PAST_WEEKS + USUAL + 1)
#: About so many cells drawn by lot, and of one size so many, stand for their like when it is asked how restless cells
#: of their size are.
SAMPLE, OF_A_SIZE = 8000, 100
#: Cells of this many cases a week or more stand for their like without a lot: nearly all of them are read anyway.
LARGE = 16
#: The other cells of a cell's own class are its exposure where they are so many a week, else all others of its kind
#: where they are so many a week or a day, else nothing is known of the common course of things.
A_CLASS, ALL = 300, 30
_SQL = read_sql(
    __file__,
    tally=TALLY,
    fewest=FEWEST,
    sample=SAMPLE,
    past_days=PAST_DAYS,
    eight_weeks=DAYS * USUAL,
    nine_weeks=DAYS * (USUAL + 1),
)
_COUNTED = _SQL["counted"].format(
    lag=f"(%(day)s::date - day) / {DAYS}", day=f"(%(day)s::date - day) %% {DAYS} = 0", days=DAYS * (USUAL + 1)
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Of an enterprise (e) or a region (r): a problem (p:…), an object (o:…), or all of it."""

    whose: str
    of: int
    facet: str

    @property
    def kind(self) -> str:
        """Whose, and what: cells of one kind are each other's like."""
        return f"{self.whose}{self.facet[:1]}"

    @property
    def top(self) -> str:
        """The class of its problem or object."""
        return self.facet[2:].partition(".")[0]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one cell the week and the day, and of the eight before each the sum. Cells are drawn by ``lot``."""

    week: int
    usual_weeks: int
    day: int
    usual_days: int
    lot: int
    is_drawn: bool

    def of(self, kind: str) -> tuple[int, int]:
        return (self.week, self.usual_weeks) if kind == WEEK else (self.day, self.usual_days)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look counted: the cells that may stand out, some others, and how many it looked at in all (weeks, days)
    of each enterprise (e) and region (r). A cell with fewer than five cases in all nine cannot stand out.
    """

    counts: dict[Cell, Counts]
    cells: dict[tuple[str, int], tuple[int, int]]

    def number(self, kind: str) -> int:
        return sum(number[kind != WEEK] for number in self.cells.values())


def has_past(day: date) -> bool:
    """Not while the first of the nine weeks that end with ``day`` is empty: a new portal has nothing usual."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["began"], {"day": day})
        return bool(cursor.fetchone()[0])


def counted(day: date) -> Looked:
    """The nine weeks and days that end with ``day``. One statement."""
    result = Looked({}, {})
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"day": day})
        for whose, of, facet, week, weeks, today, days, lot, is_drawn in cursor:
            if facet is None:
                result.cells[whose, of] = (week, today)
            else:
                result.counts[Cell(whose, of, facet)] = Counts(week, weeks, today, days, lot, is_drawn)
    return result


def series_of(cells: Iterable[Cell], day: date) -> dict[Cell, list[int]]:
    """The counts of each cell on ``day`` (first) and on the days before it. One statement."""
    result = {cell: [0] * PAST_DAYS for cell in cells}
    if not result:
        return result
    names = [list(column) for column in zip(*((cell.whose, cell.of, cell.facet) for cell in result), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL["series"], {"day": day, **dict(zip(("whose", "of", "facets"), names, strict=True))})
        for whose, of, facet, back, n in cursor:
            result[Cell(whose, of, facet)][back] = n
    return result


def by_week(days: Sequence[int]) -> list[int]:
    """The seven days that end with each day, newest first."""
    sums = [0, *accumulate(days)]
    return [sums[at + DAYS] - sums[at] for at in range(len(days) - DAYS + 1)]


def past_of(periods: Sequence[int]) -> list[int]:
    """The sum of the eight like each, a week and more before it, newest first."""
    return [sum(periods[at + DAYS : at + DAYS * USUAL + 1 : DAYS]) for at in range(max(0, len(periods) - DAYS * USUAL))]


class Exposure:
    """How much was received in the whole country in each day and week, by kind and class, and in the eight before it.

    A cell that merely takes part in what all its like do has a part of all that is to be had that does not change, so
    its exposure is all of its kind without itself. Weekdays, public holidays, sales and the growth of the portal are
    in both, and so are no news.
    """

    def __init__(self, days: Mapping[tuple[str, str], Sequence[int]], *, is_running: bool = False) -> None:
        """``days``: of each (kind, class; "" for all) the counts by day, newest first. ``is_running``: the newest day
        is not over; its exposure is then at least what is usual.
        """
        self.is_running = is_running
        #: The day, counted back, on which the portal began, as far as is read.
        self._began = max((back for counts in days.values() for back, n in enumerate(counts) if n), default=0)
        self._sums = {
            (kind, *group): (periods, past_of(periods))
            for group, counts in days.items()
            for kind, periods in ((DAY, counts), (WEEK, by_week(counts)))
        }

    @classmethod
    def read(cls, day: date, *, is_running: bool = False) -> Exposure:
        """Of the days that end with ``day``. One statement."""
        days: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * PAST_DAYS)
        with connection.cursor() as cursor:
            cursor.execute(_SQL["exposure"], {"day": day})
            for back, has_enterprise, problem, thing, n in cursor:
                for group in cls._groups(has_enterprise, problem, thing):
                    days[group][back] += n
        return cls(days, is_running=is_running)

    @staticmethod
    def _groups(has_enterprise: bool, problem: str, thing: str) -> Iterator[tuple[str, str]]:
        for whose in "er" if has_enterprise else "r":
            yield whose, ""
            if problem:
                yield f"{whose}p", ""
                yield f"{whose}p", problem
        if thing:
            yield "ro", ""
            yield "ro", thing

    def _like(self, cell: Cell, kind: str) -> list[tuple[Sequence[int], Sequence[int], float]]:
        """Counts and sums of the eight before each, of the class of the cell and of all its kind; and the least sum
        that tells anything.
        """
        class_fewest = A_CLASS if kind == WEEK else A_CLASS / DAYS
        return [
            (*self._sums[kind, cell.kind, top], fewest * USUAL)
            for top, fewest in (*([(cell.top, class_fewest)] if cell.top else []), ("", ALL))
            if (kind, cell.kind, top) in self._sums
        ]

    def share(self, cell: Cell, kind: str, count: int, usual: int) -> float:
        """What part of the exposure of the newest period and the eight before it the newest has."""
        for now, past, least in self._like(cell, kind):
            others, before = max(now[0] - count, 1), past[0] - usual
            if before >= least:
                share = others / (others + before)
                return max(share, 1 / (USUAL + 1)) if self.is_running else share
        return 1 / (USUAL + 1)

    def past(self, cell: Cell, kind: str, days: Sequence[int]) -> Past:
        """The forecasts of the past of this cell, from its counts by day, newest first; those whose eight periods lie
        within the life of the portal.
        """
        periods = days if kind == DAY else by_week(days)
        usual, like = past_of(periods), self._like(cell, kind)
        backs = range(1, DAYS * PAST_WEEKS + 1) if kind == DAY else range(DAYS, DAYS * PAST_WEEKS + 1, DAYS)
        last = self._began - DAYS * USUAL - (DAYS - 1 if kind == WEEK else 0)
        result = []
        for back in backs:
            count, eight = periods[back], usual[back]
            if back > last or not eight:
                continue
            share = 1 / (USUAL + 1)
            for now, past, least in like:
                before = past[back] - eight
                if before >= least:
                    others = max(now[back] - count, 1)
                    share = others / (others + before)
                    break
            result.append(error(count, eight, share))
        return Past(sum(mean for _square, mean in result) / len(backs), result)


def sample(counts: dict[Cell, Counts], kinds: Collection[str]) -> Iterator[Cell]:
    """Cells that stand for their like, of each kind and size some."""
    taken: defaultdict[tuple[str, int], int] = defaultdict(int)
    for cell, own in sorted(counts.items(), key=lambda one: (one[1].lot, one[0].of, one[0].facet)):
        mean = own.usual_weeks / USUAL
        at = cell.kind, size_of(mean)
        if cell.kind in kinds and own.usual_weeks and taken[at] < OF_A_SIZE and (mean >= LARGE or own.is_drawn):
            taken[at] += 1
            yield cell


def around(counts: dict[Cell, Counts]) -> dict[str, list[float]]:
    """By kind: all complaints of the same days beside what is usual, of the widest region."""
    regions = [own for cell, own in counts.items() if cell.whose == "r" and not cell.facet]
    whole = max(regions, key=lambda own: own.usual_weeks + own.week, default=None)
    if whole is None:
        return {}
    return {kind: [count, usual / USUAL] for kind in (WEEK, DAY) for count, usual in [whole.of(kind)]}


def cell_condition(whose: str, of: int, facet: str) -> tuple[str, dict[str, Any]]:
    """The condition on rows of the tally that they are of this cell, and its values."""
    within = "region between %(of)s and (select last from authorities_region where id = %(of)s)"
    parts = ["enterprise = %(of)s" if whose == "e" else within]
    if facet:
        parts.append("problem = %(category)s" if facet.startswith("p:") else "object = %(category)s")
    return " and ".join(parts), {"of": of, "category": facet[2:]}
