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
from oversight.figures.dispersion import Dispersion, Past, error, expected, size_of
from oversight.hot_spots.unusual import DAYS, FEWEST, RUN_USUAL, RUNS, USUAL
from oversight.models import HotSpot, HotSpotCells

WEEK, DAY, RUN = (str(kind) for kind in (HotSpot.Kind.WEEK, HotSpot.Kind.DAY, HotSpot.Kind.RUN))
#: So many weeks of past forecasts tell how restless a cell is: the newest of each week, or of each day.
PAST_WEEKS = 26
#: The days that all these forecasts need.
PAST_DAYS = DAYS * (PAST_WEEKS + USUAL + 1)
#: A run needs more: weeks older than the longest run tell how restless its cell is, and how much more so sums of weeks
#: are, measured at these places, so many weeks back.
OLDER = max(RUNS)
WIDER_AT = (OLDER, OLDER + 4, OLDER + 8)
RUN_WEEKS = 62
#: About so many cells drawn by lot, and of one size so many, stand for their like when it is asked how restless cells
#: of their size are.
SAMPLE, OF_A_SIZE = 8000, 100
#: Cells of this many cases a week or more stand for their like without a lot: nearly all of them are read anyway.
LARGE = 16
#: The other cells of a cell's own class are its exposure where they are so many a week, else all others of its kind
#: where they are so many a week or a day, else nothing is known of the common course of things.
A_CLASS, ALL = 300, 30
#: A count that is fewer standard deviations above what is expected is below no level, also where nothing is restless.
FAR = 2.5
_SQL = read_sql(
    __file__,
    tally=TALLY,
    fewest=FEWEST,
    sample=SAMPLE,
    past_days=PAST_DAYS,
    eight_weeks=DAYS * USUAL,
    nine_weeks=DAYS * (USUAL + 1),
    run_days=DAYS * RUN_WEEKS,
    upto=",\n        ".join(
        f"coalesce(sum(n) filter (where lag < {weeks}), 0)::bigint as upto_{weeks}"
        for weeks in sorted({*RUNS, *(long + RUN_USUAL for long in RUNS)})
    ),
    runs=", ".join(f"({long}, upto_{long}, upto_{long + RUN_USUAL} - upto_{long})" for long in RUNS),
    run_usual=RUN_USUAL,
    longest=f"upto_{OLDER + RUN_USUAL}",
    far=FAR,
)
_LAG = f"(%(day)s::date - day) / {DAYS} as lag"
#: What is counted of a cell: by the days of a row of the tally.
_NINE = {"week": "lag = 0", "weeks": "lag > 0", "today": "lag = 0 and is_day", "days": "lag > 0 and is_day"}
_COUNTED = _SQL["counted"].format(
    columns=f"{_LAG}, (%(day)s::date - day) %% {DAYS} = 0 as is_day",
    days=DAYS * (USUAL + 1),
    key="",
    counts=", ".join(f"count(*) filter (where {which}) as {name}" for name, which in _NINE.items()),
    sums=", ".join(f"sum({name})::bigint as {name}" for name in _NINE),
)
_WEEKS = _SQL["weeks"].format(
    columns=_LAG, days=DAYS * RUN_WEEKS, key=", lag", counts="lag, count(*) as n", sums="lag, sum(n)::bigint as n"
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

    @property
    def mean(self) -> float:
        """A week."""
        return self.usual_weeks / USUAL


@dataclass(frozen=True, slots=True)
class CellWeeks:
    """The counts of one cell by week, newest first: `RUN_WEEKS` of them. Cells are drawn by ``lot``."""

    counts: Sequence[int]
    lot: int
    is_drawn: bool

    @property
    def mean(self) -> float:
        """A week, before any run began."""
        return sum(self.counts[OLDER : OLDER + RUN_USUAL]) / RUN_USUAL


@dataclass(frozen=True, slots=True)
class UnusualCell:
    """A cell that stands out, before it is a row. ``counts``: newest first, the first ``long`` of them together beside
    all others.
    """

    cell: Cell
    kind: str
    counts: tuple[int, ...]
    share: float
    dispersion: Dispersion
    chance: float
    q: float
    long: int = 1

    @property
    def observed(self) -> int:
        return sum(self.counts[: self.long])

    @property
    def usual(self) -> int:
        return sum(self.counts[self.long :])

    @property
    def expected(self) -> float:
        return expected(self.usual, self.share)


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


def note_looked(looked: Looked, day: date) -> None:
    """How many cells were looked at, by the place whose authorities see them; once a day."""
    if HotSpotCells.objects.filter(day=day).exists():
        return
    rows = [(whose == "e", of, *numbers) for (whose, of), numbers in looked.cells.items()]
    names = ("is_firm", "of", "weeks", "days")
    with connection.cursor() as cursor:
        cursor.execute("delete from oversight_hotspotcells")
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        cursor.execute(_SQL["looked"], {"day": day, **dict(zip(names, columns, strict=True))})


def series_of(cells: Iterable[Cell], day: date) -> dict[Cell, list[int]]:
    """The counts of each cell on ``day`` (first) and on the days before it. One statement."""
    result = {cell: [0] * PAST_DAYS for cell in cells}
    if not result:
        return result
    names = [list(column) for column in zip(*((cell.whose, cell.of, cell.facet) for cell in result), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL["series"], {"day": day, **dict(zip(("whose", "of", "facets"), names, strict=True))})
        numbered = list(result.values())
        for nr, back, n in cursor:
            numbered[nr - 1][back] = n
    return result


def counted_weeks(day: date, exposure: Exposure) -> tuple[dict[Cell, CellWeeks], int]:
    """By week: the cells in which a run that ends with ``day`` may stand out, and some others; and how many have enough
    to be looked at. One statement.
    """
    result: dict[Cell, CellWeeks] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, {"day": day, "least": exposure.lowest_of_runs() / 2})
        number = 0
        for whose, of, facet, lot, is_drawn, lags, numbers in cursor:
            if whose is None:
                number = lot
                continue
            counts = [0] * RUN_WEEKS
            for lag, n in zip(lags, numbers, strict=True):
                counts[lag] = n
            result[Cell(whose, of, facet)] = CellWeeks(counts, lot, is_drawn)
    return result, number


def by_week(days: Sequence[int]) -> list[int]:
    """The sums of seven days each, newest first."""
    return [sum(days[at : at + DAYS]) for at in range(0, len(days) - DAYS + 1, DAYS)]


def by_weekday(days: Sequence[int]) -> list[Sequence[int]]:
    """The newest day and those of its weekday, newest first; then those of the weekday before it, and so on."""
    return [days[nth::DAYS] for nth in range(DAYS)]


def up_to(counts: Iterable[int]) -> list[int]:
    """The sum of the first none, one, two … of them."""
    return [0, *accumulate(counts)]


#: Of a class and of all the kind: the sums of their counts up to each period, and the least count a period that tells
#: anything.
Like = Sequence[tuple[Sequence[int], float]]


def _share(like: Like, at: int, count: int, usual: int, long: int = 1, before: int = USUAL) -> float:
    """What part of the exposure of ``long`` periods, so many after the newest, and the ``before`` before them the first
    have, for a cell of ``count`` and ``usual``.
    """
    for sums, fewest in like:
        past = sums[at + long + before] - sums[at + long] - usual
        if past >= fewest * before:
            now = max(sums[at + long] - sums[at] - count, 1)
            return now / (now + past)
    return long / (long + before)


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
            (kind, *group): [up_to(periods) for periods in ([by_week(counts)] if kind == WEEK else by_weekday(counts))]
            for group, counts in days.items()
            for kind in (DAY, WEEK)
        }
        self._known: dict[tuple[str, str, str], list[Like]] = {}

    @property
    def weeks(self) -> int:
        """So many whole weeks the portal is old, as far as is read."""
        return (self._began + 1) // DAYS

    @classmethod
    def read(cls, day: date, *, is_running: bool = False, past_days: int = PAST_DAYS) -> Exposure:
        """Of so many days that end with ``day``. One statement."""
        days: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * past_days)
        with connection.cursor() as cursor:
            cursor.execute(_SQL["exposure"], {"day": day, "past_days": past_days})
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

    def _like(self, cell: Cell, kind: str) -> list[Like]:
        """Of the class of the cell and of all its kind; for days of each weekday, the newest first."""
        key = kind, cell.kind, cell.top
        if key not in self._known:
            class_fewest = A_CLASS if kind == WEEK else A_CLASS / DAYS
            groups = [
                [(sums, fewest) for sums in self._sums[kind, cell.kind, top]]
                for top, fewest in (*([(cell.top, class_fewest)] if cell.top else []), ("", ALL))
                if (kind, cell.kind, top) in self._sums
            ]
            self._known[key] = list(zip(*groups, strict=True)) or [()] * DAYS
        return self._known[key]

    def share(self, cell: Cell, kind: str, count: int, usual: int) -> float:
        """What part of the exposure of the newest period and the eight before it the newest has."""
        like = self._like(cell, kind)[0]
        share = _share(like, 0, count, usual)
        return max(share, 1 / (USUAL + 1)) if self.is_running else share

    def share_of_run(self, cell: Cell, count: int, usual: int, long: int, at: int = 0) -> float:
        """What part of the exposure of ``long`` weeks, so many weeks ago, and the weeks before them the first have."""
        return _share(self._like(cell, WEEK)[0], at, count, usual, long, RUN_USUAL)

    def lowest_of_runs(self) -> float:
        """How many times as much as usual the class or kind received that rose least or fell most in any run; at
        most 1.
        """
        changes = [1.0]
        for (kind, _cell_kind, top), (sums, *_weekdays) in self._sums.items():
            if kind != WEEK:
                continue
            for long in RUNS:
                now, past = sums[long], sums[long + RUN_USUAL] - sums[long]
                if past >= (A_CLASS if top else ALL) * RUN_USUAL:
                    changes.append(now / long * RUN_USUAL / past)
        return min(changes)

    def past(self, cell: Cell, kind: str, days: Sequence[int]) -> Past:
        """The forecasts of the past of this cell, from its counts by day, newest first; those whose eight periods lie
        within the life of the portal.
        """
        series = [by_week(days)] if kind == WEEK else by_weekday(days)
        return self._past(self._like(cell, kind), series, 1)

    def past_before_runs(self, cell: Cell, weeks: Sequence[int]) -> Past:
        """The same of the weeks that are older than any run."""
        return self._past(self._like(cell, WEEK), [weeks], OLDER)

    def _past(self, like: Sequence[Like], series: Sequence[Sequence[int]], newest: int) -> Past:
        """The forecasts of the period ``newest``, counted back, and of those before it. Of days only the first weekday
        begins with one that is not yet past.
        """
        result, length = [], 1 if len(series) > 1 else DAYS
        for weekday, periods in enumerate(series):
            own, alike = up_to(periods), like[weekday]
            first = newest if weekday == 0 else newest - 1
            last = (self._began - weekday - length + 1) // DAYS - USUAL
            for at in range(first, min(first + PAST_WEEKS, last + 1)):
                usual = own[at + 1 + USUAL] - own[at + 1]
                if usual:
                    count = periods[at]
                    result.append(error(count, usual, _share(alike, at, count, usual)))
        return Past(sum(mean for _square, mean in result) / (len(series) * PAST_WEEKS), result)


def sample(counts: Mapping[Cell, Counts | CellWeeks], kinds: Collection[str]) -> Iterator[Cell]:
    """Cells that stand for their like, of each kind and size some."""
    taken: defaultdict[tuple[str, int], int] = defaultdict(int)
    for cell, own in sorted(counts.items(), key=lambda one: (one[1].lot, one[0].of, one[0].facet)):
        at = cell.kind, size_of(own.mean)
        if cell.kind in kinds and own.mean and taken[at] < OF_A_SIZE and (own.mean >= LARGE or own.is_drawn):
            taken[at] += 1
            yield cell


def cell_condition(whose: str, of: int, facet: str) -> tuple[str, dict[str, Any]]:
    """The condition on rows of the tally that they are of this cell, and its values."""
    within = "region between %(of)s and (select last from authorities_region where id = %(of)s)"
    parts = ["enterprise = %(of)s" if whose == "e" else within]
    if facet:
        parts.append("problem = %(category)s" if facet.startswith("p:") else "object = %(category)s")
    return " and ".join(parts), {"of": of, "category": facet[2:]}
