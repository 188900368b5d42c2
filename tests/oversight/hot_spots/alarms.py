"""Worlds of cells that are looked at every day by the code that finds hot spots, without a database.

The cells are enterprises, whose counts of a day are negative binomial with weekdays; a world says what of them changes.
Everything is drawn from a seed.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from math import exp
from random import Random

import pytest

from oversight.hot_spots.cells import (
    DAY,
    PAST_DAYS,
    RUN,
    RUN_WEEKS,
    WEEK,
    Cell,
    CellWeeks,
    Counts,
    Exposure,
    Looked,
    UnusualCell,
    by_week,
)
from oversight.hot_spots.hotspots import unusual_cells
from oversight.hot_spots.runs import unusual_runs
from oversight.hot_spots.unusual import DAYS, SILENT_WEEKS, USUAL

#: Cells of this many cases a week, a quarter each.
SIZES = (10.0, 20.0, 40.0, 80.0)
WEEKDAYS = (1.25, 1.2, 1.1, 1.1, 1.05, 0.7, 0.6)
#: (cell, day from the first look on) → how many times as much as usual.
Change = Callable[[int, int], float]


def poisson(random: Random, mean: float) -> int:
    if mean > 30:
        return poisson(random, mean / 2) + poisson(random, mean / 2)
    limit, product, result = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        result += 1
    return result


def day_count(random: Random, mean: float, phi: float) -> int:
    """Complaints of a day: Poisson, or negative binomial with this variance over mean."""
    return poisson(random, mean if phi <= 1 else random.gammavariate(mean / (phi - 1), phi - 1))


def rises(cells: Container[int], times: float) -> Change:
    """These rise on the first day and stay risen."""
    return lambda cell, day: times if day >= 0 and cell in cells else 1.0


def grows(cells: Container[int], a_week: float) -> Change:
    """These grow by so many times a week from the first day on."""
    return lambda cell, day: a_week ** (day // DAYS) if day >= 0 and cell in cells else 1.0


def told(capsys: pytest.CaptureFixture[str], what: str, **rates: float) -> None:
    """Printed also where the test holds: a rate is there to be read."""
    with capsys.disabled():
        print(f"\n{what}:", ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items()), flush=True)


def unchanged(_cell: int, _day: int) -> float:
    return 1.0


class AWorld:
    """``phi`` and ``size`` (cases a week) of each cell; ``days`` are looked at after the past that a look needs.

    Each day is looked at for weeks and days, and the last of each seven for runs.
    """

    def __init__(
        self, seed: int, *, sizes: Sequence[float], phi: Sequence[float], days: int, change: Change = unchanged
    ) -> None:
        random, past = Random(seed), RUN_WEEKS * DAYS
        self.days, self.sizes = days, sizes
        self.counts = [
            [
                day_count(random, size / DAYS * WEEKDAYS[day % DAYS] * change(cell, day - past), restless)
                for day in range(past + days)
            ]
            for cell, (size, restless) in enumerate(zip(sizes, phi, strict=True))
        ]
        self.lots = [random.getrandbits(31) for _cell in sizes]
        self.all = [sum(column) for column in zip(*self.counts, strict=True)]

    def found(self) -> Iterator[tuple[int, int, str]]:
        """(day, cell, kind) of each hot spot that would be a new row; after a week seven days are silent, after a run
        eight weeks.
        """
        silent, last = {WEEK: DAYS, RUN: DAYS * SILENT_WEEKS, DAY: 1}, dict[tuple[int, str], int]()
        for day in range(self.days):
            for one in (*self.looked_at(day), *(self.runs_at(day) if day % DAYS == DAYS - 1 else ())):
                name = one.cell.of, one.kind
                if day - last.get(name, -self.days - silent[RUN]) >= silent[one.kind]:
                    last[name] = day
                    yield day, *name

    def runs_at(self, day: int) -> Iterator[UnusualCell]:
        """What one look at runs finds."""
        end = RUN_WEEKS * DAYS + day + 1
        past = slice(end - RUN_WEEKS * DAYS, end)
        weeks = {
            Cell("e", cell, ""): CellWeeks(by_week(counts[past][::-1]), self.lots[cell], True)
            for cell, counts in enumerate(self.counts)
        }
        return unusual_runs(weeks, Exposure({("e", ""): self.all[past][::-1]}), len(weeks))

    def looked_at(self, day: int) -> Iterator[UnusualCell]:
        """What one look at weeks and days finds."""
        end = RUN_WEEKS * DAYS + day + 1

        def series_of(cells: Iterable[Cell]) -> Mapping[Cell, Sequence[int]]:
            return {cell: self.counts[cell.of][end - PAST_DAYS : end][::-1] for cell in cells}

        looked = Looked({}, {})
        for cell, counts in enumerate(self.counts):
            week, usual = sum(counts[end - DAYS : end]), sum(counts[end - DAYS * (USUAL + 1) : end - DAYS])
            days = sum(counts[end - 1 - DAYS * back] for back in range(1, USUAL + 1))
            looked.cells["e", cell] = (1, 1)
            looked.counts[Cell("e", cell, "")] = Counts(week, usual, counts[end - 1], days, self.lots[cell], True)
        exposure = Exposure({("e", ""): self.all[end - PAST_DAYS : end][::-1]})
        return unusual_cells(looked, exposure, series_of)


def false_alarms(world: AWorld, cells: Iterable[int] | None = None) -> dict[str, float]:
    """By kind, how many of a thousand cells are found a week; of all, or of these."""
    chosen = set(range(len(world.sizes)) if cells is None else cells)
    hits = [kind for _day, cell, kind in world.found() if cell in chosen]
    cell_weeks = len(chosen) * world.days / DAYS
    return {kind: 1000 * hits.count(kind) / cell_weeks for kind in (WEEK, DAY, RUN)}


def mixed_sizes(cells: int) -> list[float]:
    return [SIZES[cell % len(SIZES)] for cell in range(cells)]


def days_until_found(world: AWorld, risen: Iterable[int]) -> list[int]:
    """Of each cell that rises on the first day, how many days it took until it was found, as week, day or run; of one
    that was not found the length of the world and one more.
    """
    result = dict.fromkeys(risen, world.days + 1)
    for day, cell, _kind in world.found():
        if cell in result:
            result[cell] = min(result[cell], day + 1)
    return list(result.values())


def share_found(world: AWorld, risen: Iterable[int], within: int) -> float:
    """Of the cells that rise on the first day, what part is found within so many days."""
    days = days_until_found(world, risen)
    return sum(one <= within for one in days) / len(days)
