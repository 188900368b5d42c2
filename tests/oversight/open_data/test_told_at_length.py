"""What open data tells and leaves open, at length: random tables of counties by problem, thing and channel, told by
withholding and by rounding, and the places that a report gives in them. The rates are printed (docs/figures.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from oversight.figures.rounding import POSSIBLE, Reader, rounded
from oversight.figures.suppression import SMALL, TOTAL, Key, published, with_sums
from oversight.open_data.rounded_tables import Rounding, TellsTooMuch
from oversight.reports import figures
from tests.audit.core.doubt import narrowed, worked_out
from tests.oversight.open_data.test_rounding import World, draw
from tests.oversight.open_data.test_suppression import relations

pytestmark = pytest.mark.full
#: Cities, counties of each, cases; and how many tables of each.
SIZES = (((1, 13, 30), 60), ((1, 13, 300), 30), ((1, 13, 1000), 12), ((3, 6, 2000), 6), ((1, 13, 5000), 4))
Told = dict[Key, tuple[int, int]]


def told_twice(world: World, seed: int) -> list[Told]:
    """Two versions as they are issued, between which a few more cases came: true and told numbers."""
    versions: list[Told] = []
    before: dict[str, Any] = {}
    for _version in range(2):
        rounding = Rounding(f"table {seed}", before)
        rounding("received", world.counts, world.axes, ())
        before = rounding.counted
        versions.append({(row, code): (n, told) for row, code, n, told in before["received"]["cells"]})
        world.add(max(1, len(world.counts) // 40))
    return versions


def worlds(reader: Reader, cell: Key) -> Iterator[Mapping[Key, int]]:
    """The changes by which the portal's search comes to other values of the cell."""
    key, found = reader._at(cell), 1
    yield {}
    for by in (1, -1):
        reader.used = {}
        while found < POSSIBLE and (change := next(reader._changes(key, by), None)) is not None:
            for place, n in change.items():
                reader.used[place] = reader.used.get(place, 0) + n
            found += 1
            yield {reader._at(place): n for place, n in reader.used.items() if n}


def is_possible(change: Mapping[Key, int], versions: list[Told], lines: list[tuple[Key, list[Key]]]) -> bool:
    """Whether the changed world adds up and lies within four of what each version told: whatever the search says."""
    for version in versions:
        world = {key: n for key, (n, _told) in version.items()}
        world |= {key: world.get(key, 0) + n for key, n in change.items()}
        if any(world.get(total, 0) != sum(world.get(part, 0) for part in parts) for total, parts in lines):
            return False
        for key in change:
            true, told = version.get(key, (0, 0))
            # Where no nearer number added up the truth itself lies 5 or 6 away.
            if world[key] < 0 or abs(world[key] - told) > max(4, abs(true - told)):
                return False
    return True


@pytest.fixture(autouse=True)
def _the_same_chance_everywhere(settings: Any) -> None:
    """Rounding draws by the secret of the installation."""
    settings.SECRET_KEY = "of these tables"


@pytest.mark.parametrize(("size", "tables"), SIZES)
def test_rounded_tables_at_length(size: tuple[int, int, int], tables: int, capsys: pytest.CaptureFixture[str]) -> None:
    """statistics.md, section 10 (6). Each of four values of a number from 1 to 4 is shown by a whole world that adds up
    and lies within four of both versions.
    """
    cities, counties, cases = size
    cells = off = moved = same = total_error = small = farthest = refused = 0
    least = 99
    for seed in range(tables):
        world = World(seed, cities=cities, counties=counties, cases=cases)
        lines = list(relations(world.axes))
        try:
            versions = told_twice(world, seed)
        except TellsTooMuch:
            refused += 1
            continue
        for version in versions:
            told = {key: n for key, (_true, n) in version.items()}
            assert all(told.get(whole, 0) == sum(told.get(part, 0) for part in parts) for whole, parts in lines)
            errors = [n - true for true, n in version.values()]
            assert all(n % 5 == 0 for n in told.values())
            farthest = max(farthest, *map(abs, errors))
            cells, total_error = cells + len(errors), total_error + sum(errors)
            off += sum(abs(error) > 4 for error in errors)
        first, second = versions
        kept = [key for key in first.keys() & second.keys() if first[key][0] == second[key][0]]
        moved, same = moved + sum(first[key][1] != second[key][1] for key in kept), same + len(kept)
        reader = Reader(versions, world.axes)
        for cell in reader.small() if seed < 6 else ():
            shown = [change for change in worlds(reader, cell) if is_possible(change, versions, lines)]
            least, small = min(least, len({change.get(cell, 0) for change in shown})), small + 1
    with capsys.disabled():
        print(
            f"\nrounded, {cities} × {counties} counties, {cases} cases, {tables} tables twice ({cells} cells, "
            f"{refused} tables not issued): "
            f"5 or 6 off {100 * off / cells:.2f} % (farthest {farthest}), mean error {total_error / cells:.3f}, "
            f"unchanged cells that move {100 * moved / max(same, 1):.1f} %, least values of {small} small ones {least}"
        )
    assert refused <= (0.1 * tables if cases < 100 else 0)
    assert farthest <= 6
    assert least >= POSSIBLE
    assert off <= (0.02 if cases < 100 else 0.001) * cells + 1


@dataclass
class Seen:
    cells: int = 0
    told: int = 0
    small: int = 0
    known: int = 0
    least: int = 99
    ranked: int = 0
    false: int = 0
    false_by_shown: int = 0
    lists: int = field(default=0)


@pytest.mark.parametrize(("size", "tables"), SIZES)
def test_withheld_tables_and_the_places_in_them_at_length(
    size: tuple[int, int, int], tables: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """statistics.md, section 10 (7). Nobody can work out a number from 1 to 4, and what a report names as the first
    three problems or things of a place is never behind what it does not tell.
    """
    cities, counties, cases = size
    seen = Seen()
    for seed in range(tables):
        world = World(1000 + seed, cities=cities, counties=counties, cases=cases)
        truth, table = with_sums(world.counts, world.axes), published(world.counts, world.axes)
        seen.cells, seen.told = seen.cells + len(table), seen.told + sum(n is not None for n in table.values())
        assert all(n is None or (n == truth[key] and n not in SMALL) for key, n in table.items())
        _worked_out(world, table, truth, seen)
        _placed(world, table, truth, seen)
    with capsys.disabled():
        print(
            f"\nwithheld, {cities} × {counties} counties, {cases} cases, {tables} tables ({seen.cells} cells): "
            f"told {100 * seen.told / seen.cells:.0f} %, worked out {seen.known} of {seen.small} small ones, least "
            f"values {seen.least}; {seen.lists} lists: {seen.ranked} places, {seen.false} false; by what is shown "
            f"alone {100 * seen.false_by_shown / max(seen.lists, 1):.0f} % of first places would be"
        )
    assert (seen.known, seen.false) == (0, 0)
    assert seen.least >= 4


def _worked_out(world: World, table: Mapping[Key, int | None], truth: Mapping[Key, int], seen: Seen) -> None:
    lines = list(relations(world.axes))
    cells = {cell for whole, parts in lines for cell in (whole, *parts)}
    hidden = {cell for cell in cells if table.get(cell, 0) is None}
    most = sum(world.counts.values())
    bounds = {cell: (1, most) if cell in hidden else (table.get(cell, 0) or 0,) * 2 for cell in cells}
    left, alone = narrowed(lines, bounds), worked_out(lines, cells - hidden)
    for cell in hidden:
        if truth.get(cell, 0) in SMALL:
            low, high = left[cell]
            seen.small, seen.least = seen.small + 1, min(seen.least, high - low + 1)
            seen.known += cell in alone


def _placed(world: World, table: Mapping[Key, int | None], truth: Mapping[Key, int], seen: Seen) -> None:
    """Of each place the list of problems and that of things, as a report makes it."""
    problems, things = world.axes[1].divisions[:2]
    leaves = [name for name, above in things.items() if above != TOTAL]
    for place in (TOTAL, *world.axes[0].where):
        for names in (list(problems), leaves):
            now = {name: table.get((place, name), 0) for name in names if (place, name) in table}
            counts = {name: truth[place, name] for name in now}
            if not now:
                continue
            lines = [{"code": name, "received": n} for name, n in now.items()]
            placed = figures.placed(lines, whole=table.get((place, TOTAL), 0), far=0, most=3)
            seen.lists += 1
            for line in placed:
                if "place" in line:
                    first, last = line["place"]
                    more = sum(n > counts[line["code"]] for n in counts.values())
                    alike = sum(n == counts[line["code"]] for n in counts.values())
                    seen.ranked += 1
                    seen.false += not first <= more + 1 <= more + alike <= last
            shown = {name: n for name, n in now.items() if n is not None}
            seen.false_by_shown += bool(shown) and counts[max(shown, key=lambda name: shown[name] or 0)] < max(
                counts.values()
            )


@pytest.mark.parametrize("cases", [300, 1000, 5000])
def test_places_by_rounded_numbers_at_length(cases: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Ahead is only what differs by ten and more: then it is surely ahead."""
    dice, places, false, shared = Random(cases), 0, 0, 0
    for seed in range(40):
        world = World(2000 + seed, cities=1, counties=13, cases=cases)
        truth, told = with_sums(world.counts, world.axes), rounded(world.counts, world.axes, draw(seed))
        for place in dice.sample(list(world.axes[0].where), 6):
            names = [name for name in world.axes[1].divisions[0] if told.get((place, name), 0)]
            lines = [{"code": name, "received": told[place, name]} for name in names]
            for line in figures.placed(lines, whole=told.get((place, TOTAL), 0), far=4):
                if "place" in line and abs(told[place, line["code"]] - truth.get((place, line["code"]), 0)) <= 4:
                    own, (first, last) = truth.get((place, line["code"]), 0), line["place"]
                    more = sum(truth.get((place, name), 0) > own for name in names)
                    places, shared = places + 1, shared + (first != last)
                    false += not first <= more + 1 <= last
    with capsys.disabled():
        print(f"\nplaces by rounded numbers, {cases} cases: {places} given, {shared} of them shared, {false} false")
    assert places > 100
    assert false == 0
