"""Controlled rounding: every count of a published table becomes a multiple of 5, and all sums still add up exactly.

A number becomes one of the two multiples of 5 beside it, the upper one with the chance rest ÷ 5, so none is biased. The
chance comes from a secret, the cell and its count: the same count is drawn in the same way again. Totals are drawn
first, down the tree; then each division, where the cheapest paths move what rows and columns still miss. In sparse
tables some end 5 or 6 away (docs/figures.md says how many). A later version keeps a number as long as it is within 4.

``possible`` says how many values a reader must leave open for a small number: it looks for changed worlds that every
number of every version allows. It finds some of them, so what it says is a lower bound of the linear programme.

The table has axes as in `suppression`. Pure: no database, no clock.
Source: ONS controlled rounding; tau-ARGUS manual (shortest paths for two-way tables; `cheapest_paths`).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from oversight.figures.cheapest_paths import Graph
from oversight.figures.suppression import TOTAL, Axis, Key, with_sums

#: All published counts are multiples of it.
BASE = 5
#: So far a number may lie from the truth, as a rule.
FAR = BASE - 1
#: And never farther: a table with such a number is not issued but drawn again.
FARTHEST = BASE + 1
#: So many values of a true 1 to 4 a reader must leave open.
POSSIBLE = 4
#: What a step costs that leaves the neighbouring multiples; one that takes a zero away; one that falls below zero.
_OUT, _ZERO, _BELOW = 40.0, 1e6, 1e9
#: What it costs to leave the number of the version before.
_KEEP = 8.0
#: So many ways are tried for one more case in a cell, of each kind, and so many rows or cells looked through for one:
#: first these, and with patience only where they left too few values open.
_QUICKLY, _WITH_PATIENCE = (60, 400), (400, 4000)

#: A number from 0 to below 1 for a cell and its count.
Draw = Callable[[Key, int], float]


def rounded(
    counts: Mapping[Key, int], axes: Sequence[Axis], draw: Draw, *, before: Mapping[Key, int] | None = None
) -> dict[Key, int]:
    """Every cell of the table with all its sums, as a multiple of ``BASE``; zeros are left out.

    ``counts``: as for `suppression.published`, of two axes. ``before``: what the version before said.
    """
    return _Sheet(counts, axes, draw, before or {}).fitted()


class _Sheet:
    """Cells by (name on the tree, name on the divided axis), turned round where the first axis is the divided one."""

    def __init__(self, counts: Mapping[Key, int], axes: Sequence[Axis], draw: Draw, before: Mapping[Key, int]) -> None:
        first, second = axes
        self.is_turned = len(first.divisions) > 1
        self.tree, self.divided = (second, first) if self.is_turned else (first, second)
        numbers = with_sums(counts, axes)
        self.n = {self._at(key): n for key, n in numbers.items()}
        self.z: dict[Key, int] = {}
        self.wish: dict[Key, tuple[bool, int | None]] = {}
        for key, n in sorted(self.n.items()):
            was = before.get(self._at(key), 0 if before else None)
            kept = was // BASE if was is not None and abs(was - n) <= FAR else None
            self.wish[key] = (draw(self._at(key), n) < (n % BASE) / BASE, kept)
            low = n // BASE
            self.z[key] = min((low, low + 1), key=lambda z, key=key: self._cost(key, z))  # type: ignore[misc]

    def _at(self, key: Key) -> Key:
        return key[::-1] if self.is_turned else key

    def _cost(self, key: Key, z: int) -> float:
        n = self.n.get(key, 0)
        if z < 0:
            return _BELOW * -z
        if n == 0:
            return _ZERO * z
        low, rest = divmod(n, BASE)
        out = abs(z - low) if not rest else max(low - z, z - low - 1, 0)
        if out:
            return _OUT * out + out * out
        is_up, kept = self.wish[key]
        if kept is not None:
            return 0.0 if z == kept else _KEEP
        return 0.0 if (z == low + 1) == is_up else 0.5 + abs(rest / BASE - 0.5)

    def _step(self, key: Key, by: int) -> float:
        z = self.z.get(key, 0)
        return self._cost(key, z + by) - self._cost(key, z)

    def _move(self, key: Key, by: int) -> None:
        self.z[key] = self.z.get(key, 0) + by

    def fitted(self) -> dict[Key, int]:
        down = _children(self.tree.divisions[0])
        for name in _from_above(down):
            self._fit_list([(child, TOTAL) for child in down[name]], (name, TOTAL))
        for division in self.divided.divisions:
            across = _children(division)
            parents = list(_from_above(across))
            for parent in parents:
                self._fit_list([(TOTAL, child) for child in across[parent]], (TOTAL, parent))
            for name in _from_above(down):
                for parent in parents:
                    self._fit_table(name, down[name], parent, across[parent])
        return {self._at(key): z * BASE for key, z in self.z.items() if z}

    def _fit_list(self, keys: Sequence[Key], total: Key) -> None:
        """Steps of the cheapest cells until they add up to their total."""
        while gap := self.z.get(total, 0) - sum(self.z.get(key, 0) for key in keys):
            by = 1 if gap > 0 else -1
            self._move(min(keys, key=lambda key: (self._step(key, by), key)), by)

    def _fit_table(self, name: str, names: Sequence[str], parent: str, codes: Sequence[str]) -> None:
        """The cells of these names and codes, whose sums both ways are given: cheapest paths from want to excess."""
        z = self.z
        rows = [row for row in names if self.n.get((row, parent)) or z.get((row, parent))]
        columns = [code for code in codes if self.n.get((name, code)) or z.get((name, code))]
        missing_in_rows = {
            row: z.get((row, parent), 0) - sum(z.get((row, code), 0) for code in columns) for row in rows
        }
        missing_in_columns = {
            code: z.get((name, code), 0) - sum(z.get((row, code), 0) for row in rows) for code in columns
        }
        Graph(self._step, self._move, rows, columns, missing_in_rows, missing_in_columns).settle()


def _children(tree: Mapping[str, str]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = defaultdict(list)
    for name, parent in sorted(tree.items()):
        result[parent].append(name)
    return dict(result)


def _from_above(children: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Names with something below them, each after the one that it is part of."""
    waiting = deque([TOTAL])
    while waiting:
        name = waiting.popleft()
        if name in children:
            yield name
            waiting.extend(children[name])


def _leaves_below(axis: Axis) -> dict[str, list[str]]:
    """The counted names that each name is the sum of, itself where it is counted."""
    result: dict[str, list[str]] = defaultdict(list)
    for leaves in axis.leaves:
        for leaf in leaves:
            for name in (*axis.above(leaf), TOTAL):
                result[name].append(leaf)
    return result


#: What one version says: the true number and the one that was told, by cell; what is missing is zero.
Version = Mapping[Key, tuple[int, int]]
_NOTHING = (0, 0)
#: How much less and more a cell can be that no version has.
_NO_ROOM = (0, FAR)


class Reader:
    """Somebody who has all versions, knows every sum and the rule, and what changed between two versions.

    He is taken to know that a number is within 4; so a changed world is possible where the same change, added to each
    version, leaves every cell within 4 of what that version told, and none below zero. ``known``: cells that another
    page tells exactly.
    """

    def __init__(self, versions: Sequence[Version], axes: Sequence[Axis], *, known: Iterable[Key] = ()) -> None:
        first, second = axes
        self.is_turned = len(first.divisions) > 1
        self.tree, self.divided = (second, first) if self.is_turned else (first, second)
        self.versions = [{self._at(key): pair for key, pair in version.items()} for version in versions]
        self.room = {key: self._room_of(key) for version in self.versions for key in version}
        self.room.update((self._at(key), (0, 0)) for key in known)
        self.below = [_leaves_below(axis) for axis in (self.tree, self.divided)]
        self.used: dict[Key, int] = {}
        self.tried, self.seen = _WITH_PATIENCE
        self._rows_above = {name: (*self.tree.above(name), TOTAL) for name in self.tree.where}

    def _at(self, key: Key) -> Key:
        return key[::-1] if self.is_turned else key

    def small(self) -> list[Key]:
        """Cells with a true 1 to 4 in one of the versions, as ``possible`` takes them.

        Of a row that is all of another one (what lies in a county itself) only that other.
        """
        keys = {key for version in self.versions for key, (n, _told) in version.items() if 0 < n < BASE}
        alone = {names[0] for parent, names in _children(self.tree.divisions[0]).items() if len(names) == 1}
        return sorted(self._at(key) for key in keys if key[0] not in alone)

    def possible(self, cell: Key) -> int:
        """How many values of this cell are found to be possible; looking ends at ``POSSIBLE``."""
        key, result = self._at(cell), 1
        for self.tried, self.seen in (_QUICKLY, _WITH_PATIENCE):
            result = max(result, self._found(key))
            if result >= POSSIBLE:
                break
        return result

    def _found(self, key: Key) -> int:
        result = 1
        for by in (1, -1):
            self.used = {}
            while result < POSSIBLE and (change := next(self._changes(key, by), None)) is not None:
                for place, n in change.items():
                    self.used[place] = self.used.get(place, 0) + n
                result += 1
        return result

    def _room_of(self, key: Key) -> tuple[int, int]:
        """How much less and how much more the cell can be, in all versions."""
        pairs = [version.get(key, _NOTHING) for version in self.versions]
        down = max(min(0, max(0, told - FAR) - n) for n, told in pairs)
        return down, min(max(0, told + FAR - n) for n, told in pairs)

    def _fits(self, change: Mapping[Key, int]) -> bool:
        return all(self._has_room(key, by) for key, by in change.items())

    def _has_room(self, key: Key, by: int) -> bool:
        by += self.used.get(key, 0)
        down, up = self.room.get(key, _NO_ROOM)
        return down <= by <= up

    def _changes(self, key: Key, by: int) -> Iterator[dict[Key, int]]:
        """Changed worlds in which the cell has one case more (or less), the smallest changes first."""
        for ways in (self._within, self._crosswise, self._moved, self._new):
            for row, code in islice(self._leaves(key), 6):
                if not self._has_room((row, code), by):
                    continue
                for change in islice(ways(key, row, code, by), self.tried):
                    if change.get(key) == by and self._fits(change):
                        yield change

    def _leaves(self, key: Key) -> list[Key]:
        """Counted cells that the cell is the sum of, those with most in them first."""
        row, code = key
        codes = self.below[1].get(code) if code != TOTAL else self.divided.leaves[0]
        last = self.versions[-1]
        cells = ((one, other) for one in self.below[0].get(row, ()) for other in codes or ())
        return sorted(islice(cells, self.seen), key=lambda cell: (-last.get(cell, (0, 0))[0], cell))

    def _near(self, row: str) -> Iterator[str]:
        """Other counted rows, those with the most in common first."""
        seen = {row}
        for name in (*self.tree.above(row)[1:], TOTAL):
            for one in self.below[0][name]:
                if one not in seen:
                    seen.add(one)
                    yield one

    def _others(self, row: str, code: str, by: int) -> list[str]:
        """Counted codes of the same division; to give a case away only those that have one."""
        leaves = self.divided.leaves[self.divided.where[code]]
        last = self.versions[-1]
        others = [one for one in leaves if one != code and self._has_room((row, one), -by)]
        there = [one for one in others if (row, one) in last]
        return there if by > 0 else [*(one for one in others if (row, one) not in last), *there]

    def _rows(self, row: str, code: str) -> Iterator[str]:
        """Other counted rows with something of this code."""
        last = self.versions[-1]
        return (one for one in islice(self._near(row), self.seen) if (one, code) in last)

    def _line(self, row: str, code: str | None, by: int, into: dict[Key, int]) -> None:
        """A case more (or less) in a counted row and code, and in all that they are part of; no code: in the total."""
        codes = self.divided.above(code) if code is not None else (TOTAL,)
        for one in self._rows_above[row]:
            for other in codes:
                into[one, other] = into.get((one, other), 0) + by

    def _made(self, lines: Iterable[tuple[str, str | None, int]]) -> dict[Key, int]:
        result: dict[Key, int] = {}
        for row, code, by in lines:
            self._line(row, code, by, result)
        return {key: n for key, n in result.items() if n}

    def _within(self, key: Key, row: str, code: str, by: int) -> Iterator[dict[Key, int]]:
        """A case of the row has another code."""
        if key[1] != TOTAL:
            for other in self._others(row, code, by):
                yield self._made([(row, code, by), (row, other, -by)])

    def _crosswise(self, key: Key, row: str, code: str, by: int) -> Iterator[dict[Key, int]]:
        """Two cases of two rows have changed their codes."""
        if key[1] != TOTAL:
            for other in self._others(row, code, by):
                places = (
                    place
                    for place in self._rows(row, code if by > 0 else other)
                    if self._has_room((place, code), -by) and self._has_room((place, other), by)
                )
                for place in islice(places, 8):
                    yield self._made([(row, code, by), (row, other, -by), (place, code, -by), (place, other, by)])

    def _moved(self, key: Key, row: str, code: str, by: int) -> Iterator[dict[Key, int]]:
        """A case lies in another row, with the same code in each division."""
        for place in self._rows(row, code) if by > 0 else self._near(row):
            yield from islice(self._in_all(key, code, [(row, by), (place, -by)]), 2)

    def _new(self, key: Key, row: str, code: str, by: int) -> Iterator[dict[Key, int]]:
        """There is one case more, or less, in all."""
        yield from islice(self._in_all(key, code, [(row, by)]), 4)

    def _in_all(self, key: Key, code: str, rows: Sequence[tuple[str, int]]) -> Iterator[dict[Key, int]]:
        """The rows get and give a case in every division: of ``code`` in its own, in the others of any that fits."""
        lines: list[tuple[str, str | None, int]] = [(row, None, by) for row, by in rows]
        for number, leaves in enumerate(self.divided.leaves):
            if number == self.divided.where[code]:
                lines += [(row, code, by) for row, by in rows]
                continue
            gives = next((row for row, by in rows if by < 0), None)
            there = [one for one in leaves if (gives or rows[0][0], one) in self.versions[-1]]
            chosen = next(
                (
                    one
                    for one in (there if gives else [*there, *leaves])
                    if self._fits(self._made((row, one, by) for row, by in rows))
                ),
                None,
            )
            if chosen is None:
                return
            lines += [(row, chosen, by) for row, by in rows]
        yield self._made(lines)
