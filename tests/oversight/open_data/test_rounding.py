"""Rounded tables: multiples of 5 that add up, near the truth and without a bias; a small number stays open, also to
somebody who has both versions, knows all sums and what changed between the two.
"""

from collections.abc import Mapping
from hashlib import blake2b
from itertools import product
from random import Random
from statistics import mean
from typing import Any

import pytest

from oversight.figures.rounding import POSSIBLE, Reader, rounded
from oversight.figures.suppression import TOTAL, Axis, Key, with_sums
from oversight.open_data import rounded_tables
from oversight.open_data.rounded_tables import Rounding
from tests.oversight.open_data.test_suppression import relations

KINDS = ("goods", "service")


def draw(seed: int, attempt: int = 0):
    return lambda key, n: (
        int.from_bytes(blake2b(repr((seed, attempt, key, n)).encode(), digest_size=6).digest()) / 2**48
    )


class World:
    """Counties of cities by problem, by thing (of two kinds) and by channel: three ways to divide the same cases."""

    def __init__(self, seed: int, *, cities: int, counties: int, cases: int) -> None:
        self.dice = Random(seed)
        tree = {f"city{n}": TOTAL for n in range(cities)}
        self.places = [f"county{n}.{m}" for n in range(cities) for m in range(counties)]
        tree |= {place: f"city{place[6:].partition('.')[0]}" for place in self.places}
        ways = [
            [f"p{n}" for n in range(20)],
            [f"{k}.{n}" for k in KINDS for n in range(6)],
            [f"c{n}" for n in range(4)],
        ]
        things = dict.fromkeys(KINDS, TOTAL) | {name: name.partition(".")[0] for name in ways[1]}
        self.axes = [Axis((tree,)), Axis((dict.fromkeys(ways[0], TOTAL), things, dict.fromkeys(ways[2], TOTAL)))]
        self.weights = [self.dice.paretovariate(1.0) for _ in self.places]
        self.ways = [(names, [self.dice.gammavariate(0.7, 1) for _ in names]) for names in ways]
        self.counts: dict[Key, int] = {}
        self.add(cases)

    def add(self, cases: int) -> None:
        for place in self.dice.choices(self.places, self.weights, k=cases):
            for names, weights in self.ways:
                cell = place, self.dice.choices(names, weights)[0]
                self.counts[cell] = self.counts.get(cell, 0) + 1


def all_add_up(told: Mapping[Key, int], axes: list[Axis]) -> None:
    for total, parts in relations(axes):
        assert told.get(total, 0) == sum(told.get(part, 0) for part in parts), total


SIZES = [(1, 13, 30), (1, 13, 300), (1, 13, 1000), (3, 6, 2000), (1, 13, 5000)]


@pytest.mark.parametrize(("cities", "counties", "cases"), SIZES)
def test_all_are_multiples_that_add_up_close_to_the_truth_and_without_a_bias(
    cities: int, counties: int, cases: int
) -> None:
    off, errors, cells = 0, list[int](), 0
    for seed in range(4):
        world = World(seed, cities=cities, counties=counties, cases=cases)
        told, truth = rounded(world.counts, world.axes, draw(seed)), with_sums(world.counts, world.axes)
        all_add_up(told, world.axes)
        assert all(n > 0 and n % 5 == 0 for n in told.values())
        errors += [told.get(key, 0) - truth.get(key, 0) for key in told.keys() | truth.keys()]
        off += sum(abs(error) > 4 for error in errors[cells:])
        cells = len(errors)
        assert told == rounded(world.counts, world.axes, draw(seed)), "the same numbers are told in the same way"
    assert max(map(abs, errors)) <= 6
    assert off <= max(0.001, 0.04 if cases < 100 else 0) * cells + 1
    assert abs(mean(errors)) < 0.35


def changed(world: World, seed: int) -> list[dict[Key, tuple[int, int]]]:
    """Two versions, the later one drawn again until it holds, as `rounded_tables` does; true and told numbers."""
    versions: list[dict[Key, tuple[int, int]]] = []
    for _version in range(2):
        truth = with_sums(world.counts, world.axes)
        for attempt in range(Rounding.TRIED):
            is_kept = versions and attempt < Rounding.TRIED // 2
            before = {key: told for key, (_n, told) in versions[0].items()} if is_kept else None
            told = rounded(world.counts, world.axes, draw(seed, attempt), before=before)
            made = {key: (truth.get(key, 0), told.get(key, 0)) for key in truth.keys() | told.keys()}
            reader = Reader([*versions, made], world.axes)
            if all(reader.possible(key) >= POSSIBLE for key in reader.small()):
                break
        else:
            raise AssertionError("no way to tell it was found")
        versions.append(made)
        world.add(max(1, len(world.counts) // 40))
    return versions


@pytest.mark.parametrize(("cities", "counties", "cases"), SIZES)
def test_two_versions_leave_every_small_number_open_and_keep_what_did_not_change(
    cities: int, counties: int, cases: int
) -> None:
    moved = same = 0
    for seed in range(2):
        first, second = changed(World(seed, cities=cities, counties=counties, cases=cases), seed)
        all_add_up(
            {key: told for key, (_n, told) in second.items()},
            World(seed, cities=cities, counties=counties, cases=1).axes,
        )
        unchanged = [key for key in first.keys() & second.keys() if first[key][0] == second[key][0]]
        moved += sum(first[key][1] != second[key][1] for key in unchanged)
        same += len(unchanged)
    # Where there is next to nothing, the second version must be drawn anew.
    assert moved <= 0.08 * same + 2 or cases < 100


def worlds_that_fit(told: Mapping[Key, int], axes: list[Axis], cell: Key) -> set[int]:
    """Values of a cell in all tables that fit, tried one after the other: of a table of two by two."""
    leaves = list(product(axes[0].leaves[0], axes[1].leaves[0]))
    ranges = [range(max(0, told.get(leaf, 0) - 4), told.get(leaf, 0) + 5) for leaf in leaves]
    found = set()
    for numbers in product(*ranges):
        table = with_sums({leaf: n for leaf, n in zip(leaves, numbers, strict=True) if n}, axes)
        if all(abs(table.get(key, 0) - told.get(key, 0)) <= 4 for key in table.keys() | told.keys()):
            found.add(table.get(cell, 0))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_reader_finds_no_value_that_no_table_has(seed: int) -> None:
    """What it says is at most what a full search says, and where it stops is where enough are possible."""
    dice = Random(seed)
    axes = [Axis.of("ab"), Axis.of("xy")]
    counts = {(a, x): n for a, x in product("ab", "xy") if (n := dice.choice((0, 1, 2, 3, 6, 9)))}
    told, truth = rounded(counts, axes, draw(seed)), with_sums(counts, axes)
    reader = Reader([{key: (truth.get(key, 0), told.get(key, 0)) for key in truth.keys() | told.keys()}], axes)
    small = [key for key in reader.small() if 0 < truth.get(key, 0) < 5]
    for key in small:
        assert reader.possible(key) <= max(len(worlds_that_fit(told, axes, key)), 1)


def test_a_number_that_another_page_tells_leaves_fewer_values() -> None:
    axes = [Axis.of("a"), Axis.of("x")]
    version = dict.fromkeys((("a", "x"), ("a", TOTAL), (TOTAL, "x"), (TOTAL, TOTAL)), (2, 0))
    assert Reader([version], axes).possible(("a", "x")) == POSSIBLE
    assert Reader([version], axes, known=[(TOTAL, TOTAL)]).possible(("a", "x")) == 1


def test_a_table_with_a_number_more_than_six_away_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    axes, draws = [Axis.of("ab"), Axis.of("xy")], list[object]()
    counts = {("a", "x"): 12, ("a", "y"): 31, ("b", "x"): 7, ("b", "y"): 18}

    def far_at_first(*table: Any, **options: Any) -> dict[Key, int]:
        draws.append(table)
        told = rounded(*table, **options)
        return {key: n + 10 for key, n in told.items()} if len(draws) == 1 else told

    monkeypatch.setattr(rounded_tables, "rounded", far_at_first)
    told, truth = Rounding("a table", {})("received", counts, axes, ()), with_sums(counts, axes)
    assert max(abs((told.get(key) or 0) - n) for key, n in truth.items()) <= 6
    assert len(draws) == 2
