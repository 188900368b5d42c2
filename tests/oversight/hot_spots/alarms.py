"""Worlds of cells that are looked at every day by the code that finds hot spots, without a database.

The cells are enterprises, whose counts of a day are negative binomial with weekdays; a world says what of them changes.
Everything is drawn from a seed.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from math import exp
from random import Random

import pytest

from oversight.hot_spots.cells import PAST_DAYS, WEEK, Cell, Counts, Exposure, Looked
from oversight.hot_spots.hotspots import UnusualCell, unusual_cells
from oversight.hot_spots.unusual import DAYS, USUAL

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


def told(capsys: pytest.CaptureFixture[str], what: str, **rates: float) -> None:
    """Printed also where the test holds: a rate is there to be read."""
    with capsys.disabled():
        print(f"\n{what}:", ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items()))


def unchanged(_cell: int, _day: int) -> float:
    return 1.0


class AWorld:
    """``phi`` and ``size`` (cases a week) of each cell; ``days`` are looked at after the past that a look needs."""

    def __init__(
        self, seed: int, *, sizes: Sequence[float], phi: Sequence[float], days: int, change: Change = unchanged
    ) -> None:
        random, past = Random(seed), PAST_DAYS
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
        """(day, cell, kind) of each hot spot that would be a new row; a week is silent for seven days."""
        last: dict[int, int] = {}
        for day in range(self.days):
            for one in self.looked_at(day):
                if one.kind == WEEK:
                    if day - last.get(one.cell.of, -DAYS) < DAYS:
                        continue
                    last[one.cell.of] = day
                yield day, one.cell.of, one.kind

    def looked_at(self, day: int) -> Iterator[UnusualCell]:
        """What one look finds."""
        end = PAST_DAYS + day + 1

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
    return {kind: 1000 * hits.count(kind) / cell_weeks for kind in ("week", "day")}


def mixed_sizes(cells: int) -> list[float]:
    return [SIZES[cell % len(SIZES)] for cell in range(cells)]


def share_found(world: AWorld, risen: Iterable[int], within: int) -> float:
    """Of the cells that rise on the first day, what part is found within so many days."""
    wanted = set(risen)
    return len({cell for day, cell, _kind in world.found() if cell in wanted and day < within}) / len(wanted)
