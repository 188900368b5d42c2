"""The search that decides whether a rounded table may be issued, held against the linear programme."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from oversight.figures.rounding import FARTHEST, POSSIBLE, Reader, rounded
from oversight.figures.suppression import TOTAL, Axis, Key
from oversight.open_data.rounded_tables import Rounding
from tests.oversight.open_data.programme import Programme
from tests.oversight.open_data.test_rounding import World
from tests.oversight.open_data.test_told_at_length import told_twice


@pytest.fixture(autouse=True)
def _the_same_chance_everywhere(settings: Any) -> None:
    settings.SECRET_KEY = "of these tables"


@pytest.mark.parametrize(("cases", "seed"), [(300, 0), (300, 1), (1000, 2)])
def test_the_programme_leaves_at_least_what_the_search_found(cases: int, seed: int) -> None:
    world = World(seed, cities=1, counties=13, cases=cases)
    versions = told_twice(world, seed)
    for shown in (versions[:1], versions):
        reader, programme = Reader(shown, world.axes), Programme(shown, world.axes)
        small = reader.small()
        assert len(small) > 50
        assert not [key for key in small if not POSSIBLE <= reader.possible(key) <= programme.possible(key)]


def test_a_number_that_is_known_or_follows_from_known_ones_leaves_one_value() -> None:
    world = World(3, cities=1, counties=4, cases=100)
    versions = told_twice(world, 3)[:1]
    whole, *parts = [(TOTAL, TOTAL), *((place, TOTAL) for place in world.places)]
    free = Programme(versions, world.axes)
    assert all(free.possible(key) > 1 for key in (whole, *parts))
    told = Programme(versions, world.axes, known=[whole, *parts[1:]])
    assert told.possible(parts[0]) == 1


def test_a_row_that_is_all_of_another_one_is_looked_at_once() -> None:
    """What lies in a county itself is the county: the search would find the same of both."""
    dice, tree = Random(1), {"city": TOTAL}
    for n in range(12):
        tree |= {f"county{n}": "city", f"own:county{n}": f"county{n}"}
    counts: dict[Key, int] = {}
    for n in range(12):
        for _ in range(dice.choice((5, 20, 80))):
            cell = f"own:county{n}", f"p{dice.randrange(15)}"
            counts[cell] = counts.get(cell, 0) + 1
    axes = [Axis((tree,)), Axis.of(f"p{n}" for n in range(15))]
    rounding = Rounding("a city", {})
    rounding("received", counts, axes, ())
    version = {(row, code): (n, told) for row, code, n, told in rounding.counted["received"]["cells"]}
    reader = Reader([version], axes)
    own = [key for key, (n, _told) in version.items() if 0 < n < 5 and key[0].startswith("own:")]
    assert len(own) > 50
    for row, code in own:
        county = row.removeprefix("own:"), code
        assert (county in reader.small(), (row, code) in reader.small()) == (True, False)
        assert version[county] == version[row, code]
        assert reader.possible(county) == reader.possible((row, code))


def test_of_a_large_table_only_rows_with_a_wrong_number_are_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn anew as a whole, a table of a hundred thousand numbers would have a wrong one each time."""
    world = World(2, cities=3, counties=6, cases=2000)

    def told(wrong: int) -> tuple[dict[Key, tuple[int, int]], dict[Key, int]]:
        """As it is issued, where one number in ``wrong`` may be wrong for only its row to be drawn anew."""
        monkeypatch.setattr(Rounding, "WRONG", wrong)
        rounding = Rounding("x", {})
        result = rounding("received", world.counts, world.axes, ())
        cells = rounding.counted["received"]["cells"]
        return {(row, code): (n, told) for row, code, n, told in cells}, {key: n or 0 for key, n in result.items()}

    first = rounded(world.counts, world.axes, lambda key, n: Rounding("x", {})._drawn("received", {}, key, n))
    (version, by_rows), (_version, whole) = told(20), told(1000)
    reader = Reader([version], world.axes)
    assert all(reader.possible(key) >= POSSIBLE for key in reader.small())
    assert all(abs(n - told) <= FARTHEST for n, told in version.values())

    def changed(told: Mapping[Key, int]) -> set[str]:
        keys = first.keys() | told.keys()
        return {key[0] for key in keys if first.get(key, 0) != told.get(key, 0)}

    assert "county0.0" in changed(by_rows)
    assert not {row for row in changed(by_rows) if not row.startswith("county0.")}
    assert {row[:7] for row in changed(whole) if row.startswith("county")} == {"county0", "county1", "county2"}
