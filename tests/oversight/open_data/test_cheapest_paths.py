"""Tables that are moved until they add up: it costs no more than one cheapest path after the other, and looks at fewer
cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from oversight.figures.cheapest_paths import Graph
from oversight.figures.suppression import Key


class Table:
    """Cells of which each costs the more the farther it is from where it wishes to be."""

    def __init__(self, rows: int, columns: int, seed: int) -> None:
        dice = Random(seed)
        self.rows = [f"r{n}" for n in range(rows)]
        self.columns = [f"c{n}" for n in range(columns)]
        cells = [(row, code) for row in self.rows for code in self.columns]
        self.wish = {cell: dice.choice((0.1, 0.3, 0.5, 0.7, 0.9)) for cell in cells}
        self.z, self.looked = Counter[Key](), 0
        # As a table of which every cell but these few was rounded the other way.
        moved = Counter({cell: dice.choice((-1, 0, 0, 1)) for cell in cells})
        self.in_rows = {row: sum(moved[row, code] for code in self.columns) for row in self.rows}
        self.in_columns = {code: sum(moved[row, code] for row in self.rows) for code in self.columns}

    def cost(self, cell: Key, z: int) -> float:
        return abs(z - self.wish[cell]) + 40.0 * max(0, abs(z) - 1)

    def step(self, cell: Key, by: int) -> float:
        self.looked += 1
        return self.cost(cell, self.z[cell] + by) - self.cost(cell, self.z[cell])

    def move(self, cell: Key, by: int) -> None:
        self.z[cell] += by

    @property
    def whole(self) -> float:
        return sum(self.cost(cell, self.z[cell]) for cell in self.wish)

    def settled(self) -> Table:
        rows, columns = dict(self.in_rows), dict(self.in_columns)
        for cell in self.wish:
            # Each begins where it costs least.
            self.z[cell] = round(self.wish[cell])
            rows[cell[0]] -= self.z[cell]
            columns[cell[1]] -= self.z[cell]
        Graph(self.step, self.move, self.rows, self.columns, rows, columns).settle()
        return self

    def one_by_one(self) -> Table:
        """The same by one path at a time, each found by looking at every edge again and again."""
        rows, columns = dict(self.in_rows), dict(self.in_columns)
        for cell in self.wish:
            self.z[cell] = round(self.wish[cell])
            rows[cell[0]] -= self.z[cell]
            columns[cell[1]] -= self.z[cell]
        while any(rows.values()) or any(columns.values()):
            far = {("r", row): 0.0 for row, n in rows.items() if n > 0}
            far |= {("c", code): 0.0 for code, n in columns.items() if n < 0}
            via: dict[tuple[str, str], tuple[tuple[str, str], Key, int]] = {}
            changed = True
            while changed:
                changed = False
                for cell in self.wish:
                    ends = ("r", cell[0]), ("c", cell[1])
                    for at, to, by in ((*ends, 1), (*ends[::-1], -1)):
                        if at in far and far[at] + self.step(cell, by) < far.get(to, 1e9) - 1e-9:
                            far[to], via[to], changed = far[at] + self.step(cell, by), (at, cell, by), True
            ends_of = [("c", code) for code, n in columns.items() if n > 0]
            ends_of += [("r", row) for row, n in rows.items() if n < 0]
            at = min(ends_of, key=lambda end: (far.get(end, 1e9), end))
            while at in via:
                at, cell, by = via[at]
                self.move(cell, by)
                rows[cell[0]] -= by
                columns[cell[1]] -= by
        return self


def sums(z: Mapping[Key, int], place: int) -> Counter[str]:
    result = Counter[str]()
    for cell, n in z.items():
        result[cell[place]] += n
    return result


@pytest.mark.parametrize("seed", range(40))
def test_it_adds_up_and_costs_no_more_than_one_path_after_the_other(seed: int) -> None:
    dice = Random(seed)
    size = dice.randrange(1, 9), dice.randrange(1, 5)
    table, other = Table(*size, seed).settled(), Table(*size, seed).one_by_one()
    for place, wanted in enumerate((table.in_rows, table.in_columns)):
        found = sums(table.z, place)
        assert {name: found[name] for name in wanted} == wanted
    assert table.whole == pytest.approx(other.whole)


def test_what_it_looks_at_grows_with_the_table_and_not_with_its_square() -> None:
    """Of four times as many rows it was sixteen times as much."""
    small, large = (Table(rows, 4, seed=3).settled().looked for rows in (100, 400))
    assert large < 8 * small
