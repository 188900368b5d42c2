"""Which cells stand out on a day, found anew from the cases: docs/hot-spots.md, "How a hot spot is found".

A cell is (whose, of, facet): an enterprise (e) or a region (r), by its id; of a problem (p:…), an object (o:…), or all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from tests.audit.core.record import local
from tests.audit.core.restless import moderated, q_values, size_of, tail, tail_t
from tests.audit.core.rows import Rows

Cell = tuple[str, int, str]
WEEK, DAY, RUN = "week", "day", "run"
#: Days that are read; usual periods; weeks of past forecasts.
READ, USUAL, PAST = 245, 8, 26
#: One of a thousand cells a week; a day gets a seventh of it, one of the daily looks at a week 1/3.5.
LEVELS = {WEEK: 0.001 / 3.5, DAY: 0.001 / 7}
#: A run of weeks is looked for once a week, in six lengths that overlap.
RUN_LEVEL = 0.001 / 2.4
FEWEST = 5
#: Others of the same class where they are so many a week, else of the kind where they are so many a period.
OF_CLASS, OF_KIND = 300, 30
#: Cells that stand for their like: of each kind and size so many; smaller ones are drawn by lot, about so many in all.
OF_A_SIZE, SAMPLE, LARGE = 100, 8000, 16
#: No chance is below a level unless the count lies so many standard deviations above what is expected.
FAR = 2.5


@dataclass(frozen=True, slots=True)
class Found:
    """A cell that stands out. ``counts``: the newest period and the eight before it."""

    counts: tuple[int, ...]
    share: float
    phi: float
    df: float
    chance: float
    q: float


@dataclass
class Counts:
    """What was received on each of the days that end with ``day``, newest first: of each cell, and of all its like."""

    day: date
    cells: dict[Cell, list[int]]
    groups: dict[tuple[str, str], list[int]]

    def periods(self, days: Sequence[int], kind: str) -> list[int]:
        return list(days) if kind == DAY else [sum(days[at : at + 7]) for at in range(READ - 6)]

    def usual(self, periods: Sequence[int]) -> list[int]:
        return [sum(periods[at + 7 * n] for n in range(1, USUAL + 1)) for at in range(len(periods) - 7 * USUAL)]


def counted(rows: Rows, day: date) -> Counts:
    cells: defaultdict[Cell, list[int]] = defaultdict(lambda: [0] * READ)
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * READ)
    for case in rows.cases.values():
        row = case.row
        back = (day - local(row.received_at).date()).days
        if not 0 <= back < READ:
            continue
        problem, thing = row.problem_category, row.object_category
        facets = ["", *([f"p:{problem}"] if problem else [])]
        if row.enterprise_id is not None:
            for facet in facets:
                cells["e", row.enterprise_id, facet][back] += 1
        for region in rows.above(row.handling_region_id):
            for facet in (*facets, *([f"o:{thing}"] if thing else [])):
                cells["r", region, facet][back] += 1
        for whose in "er" if row.enterprise_id is not None else "r":
            names = [(whose, "")]
            names += [(f"{whose}p", ""), (f"{whose}p", problem.partition(".")[0])] if problem else []
            names += [("ro", ""), ("ro", thing.partition(".")[0])] if thing and whose == "r" else []
            for name in names:
                groups[name][back] += 1
    return Counts(day, dict(cells), dict(groups))


def days_of(rows: Rows, cell: Cell, last: date) -> Counter[int]:
    """How many of a cell were received so many days before ``last``."""
    whose, of, facet = cell
    here = rows.of_regions().get(of, []) if whose == "r" else rows.cases.values()
    result = Counter[int]()
    for case in here:
        row = case.row
        category = {"p": row.problem_category, "o": row.object_category}.get(facet[:1], "")
        if (whose == "r" or row.enterprise_id == of) and facet[2:] == category:
            result[(last - local(row.received_at).date()).days] += 1
    return result


class Look:
    """One look at all cells at the end of a day. ``lots``: how the portal draws cells that stand for their like."""

    def __init__(self, counts: Counts, lots: Callable[[Iterable[Cell]], Mapping[Cell, int]]) -> None:
        self.counts = counts
        self.periods: dict[tuple[str, Cell], tuple[list[int], list[int]]] = {}
        self.like = {
            (kind, name): (periods, counts.usual(periods))
            for name, days in counts.groups.items()
            for kind in (WEEK, DAY)
            for periods in [counts.periods(days, kind)]
        }
        self.began = max((back for days in counts.groups.values() for back, n in enumerate(days) if n), default=0)
        nine = range(0, 7 * (USUAL + 1), 7)
        self.now = {
            cell: {
                WEEK: (sum(days[:7]), sum(days[7 : 7 * (USUAL + 1)])),
                DAY: (days[0], sum(days[back] for back in nine) - days[0]),
            }
            for cell, days in counts.cells.items()
        }
        # Cells of the nine weeks alone are drawn from.
        here = [cell for cell, of in self.now.items() if sum(of[WEEK])]
        self.lots = lots(here)
        every = max(1, len(here) // SAMPLE)
        self.drawn = {cell for cell in here if self.lots[cell] % every == 0}
        self.seen = [cell for cell in here if self.now[cell][WEEK][0] >= FEWEST or cell in self.drawn]

    def series(self, kind: str, cell: Cell) -> tuple[list[int], list[int]]:
        """The periods of a cell, newest first, and of each the sum of the eight like it before."""
        if (kind, cell) not in self.periods:
            periods = self.counts.periods(self.counts.cells[cell], kind)
            self.periods[kind, cell] = periods, self.counts.usual(periods)
        return self.periods[kind, cell]

    def share(self, kind: str, cell: Cell, back: int, count: int, usual: int) -> float:
        """What part of the exposure of the nine the newest has: that of all others in the same days."""
        name, top = f"{cell[0]}{cell[2][:1]}", cell[2][2:].partition(".")[0]
        fewest = OF_CLASS if kind == WEEK else OF_CLASS / 7
        for group, least in ([(top, fewest)] if top else []) + [("", OF_KIND)]:
            if (kind, (name, group)) in self.like:
                now, before = (of[back] for of in self.like[kind, (name, group)])
                if before - usual >= least * USUAL:
                    others = max(1, now - count)
                    return others / (others + before - usual)
        return 1 / (USUAL + 1)

    def past(self, kind: str, cell: Cell) -> tuple[float, list[tuple[float, float]]]:
        """The errors of the forecasts of 26 weeks, or of 182 days, made as today's is; and the mean forecast of all."""
        periods, usual = self.series(kind, cell)
        backs = range(1, 7 * PAST + 1) if kind == DAY else range(7, 7 * PAST + 1, 7)
        longest = self.began - 7 * USUAL - (6 if kind == WEEK else 0)
        errors = []
        for back in backs:
            if back <= longest and usual[back]:
                share = self.share(kind, cell, back, periods[back], usual[back])
                mean = usual[back] * share / (1 - share)
                errors.append(((periods[back] - mean) ** 2 / (mean / (1 - share)), mean))
        return sum(mean for _square, mean in errors) / len(backs), errors

    def found(self) -> dict[tuple[str, Cell], Found]:
        kind_of = lambda cell: f"{cell[0]}{cell[2][:1]}"  # noqa: E731
        candidates: defaultdict[tuple[str, str], list[Cell]] = defaultdict(list)
        for cell in self.seen:
            for kind, level in LEVELS.items():
                count, usual = self.now[cell][kind]
                share = self.share(kind, cell, 0, count, usual)
                mean = usual * share / (1 - share)
                if count >= FEWEST and count - mean > FAR * sqrt(mean) and tail(count, usual, share, 1.0) < level:
                    candidates[kind, kind_of(cell)].append(cell)
        like = self._like({kind for _period, kind in candidates}, kind_of)
        result: dict[tuple[str, Cell], Found] = {}
        for kind, level in LEVELS.items():
            hits: list[tuple[Cell, Any]] = []
            for (period, name), group in candidates.items():
                if period == kind:
                    cells = list(dict.fromkeys([*group, *like[name]]))
                    known = dict(zip(cells, moderated([self.past(kind, cell) for cell in cells]), strict=True))
                    hits += [(cell, known[cell]) for cell in group]
            below = []
            for cell, (phi, df) in hits:
                periods, usual = self.series(kind, cell)
                share = self.share(kind, cell, 0, periods[0], usual[0])
                chance = tail_t(periods[0], usual[0], share, phi, df)
                if chance < level:
                    below.append((cell, tuple(periods[: 7 * USUAL + 1 : 7]), share, phi, df, chance))
            enough = sum(sum(of[kind]) >= FEWEST for of in self.now.values())
            for one, q in zip(below, q_values([one[-1] for one in below], enough), strict=True):
                result[kind, one[0]] = Found(*one[1:], q)
        return result

    def _like(self, kinds: set[str], kind_of: Callable[[Cell], str]) -> dict[str, list[Cell]]:
        """Of each kind and size some cells, by lot."""
        result: defaultdict[str, list[Cell]] = defaultdict(list)
        taken: defaultdict[tuple[str, int], int] = defaultdict(int)
        for cell in sorted(self.seen, key=lambda one: (self.lots[one], one[1], one[2])):
            usual = self.now[cell][WEEK][1]
            at = kind_of(cell), size_of(usual / USUAL)
            may_stand = usual / USUAL >= LARGE or cell in self.drawn
            if at[0] in kinds and usual and may_stand and taken[at] < OF_A_SIZE:
                taken[at] += 1
                result[at[0]].append(cell)
        return result
