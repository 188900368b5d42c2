"""Which numbers of a published table are withheld, so that nobody can work out a small one.

A number from 1 to 4 is not shown, and neither is what would lead to it. Zero is shown. Of every withheld
small number a reader is left with at least four possible values, even one who knows this rule, adds and subtracts all
that is shown, and knows that nothing withheld is zero. Pure: no database, no clock, the same answer for the same table.

A table has axes. An axis has a total and one or more ways to divide it (months; kinds of problem), each a tree of names
(city under province). All that the table can be added up to is published or withheld together; numbers that are linked
in any way belong in one table, else what one of two tables withholds may follow from the other.

Why it holds: for each small number the table can be changed in a pattern, +d here and -d there, that leaves every sum
and every number shown as it is. All places of the pattern are withheld; so the changed table is as possible as the true
one. Withholding more later takes no pattern away, so each small number is seen to once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from web.small_numbers import SMALL

#: The name of an axis' total.
TOTAL = ""
#: How far the smallest and the largest possible value of a withheld small number lie apart at least.
SPREAD = len(SMALL) - 1
#: So many partners are tried on an axis, the least that would be lost first.
_TRIED = 6
#: So many cells of other names are tried; each is one pattern, where partners of several axes are multiplied.
_TRIED_CROSSED = 24

Key = tuple[str, ...]
#: What a pattern does to each place: +1 or -1.
_Pattern = dict[Key, int]


@dataclass(frozen=True)
class Axis:
    """``divisions``: for each way to divide the total, the parent of every name (``TOTAL`` for the uppermost).

    A name stands in one division only. The names that are nobody's parent are the ones to be counted.
    """

    divisions: tuple[Mapping[str, str], ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Axis:
        """A plain list with its total."""
        return cls((dict.fromkeys(names, TOTAL),))

    @classmethod
    def divided(cls, *ways: Iterable[str]) -> Axis:
        """One total divided in several ways: by month, and again by kind of problem."""
        return cls(tuple(dict.fromkeys(names, TOTAL) for names in ways))

    @cached_property
    def where(self) -> dict[str, int]:
        return {name: number for number, tree in enumerate(self.divisions) for name in tree}

    @cached_property
    def leaves(self) -> tuple[tuple[str, ...], ...]:
        parents = {above for tree in self.divisions for above in tree.values()}
        return tuple(tuple(name for name in tree if name not in parents) for tree in self.divisions)

    @cached_property
    def is_leaf(self) -> frozenset[str]:
        return frozenset(name for leaves in self.leaves for name in leaves)

    @cached_property
    def _lines(self) -> dict[str, tuple[str, ...]]:
        result: dict[str, tuple[str, ...]] = {}
        for tree in self.divisions:
            for name in tree:
                line, part = [], name
                while part != TOTAL:
                    line.append(part)
                    part = tree[part]
                result[name] = tuple(line)
        return result

    def above(self, name: str) -> tuple[str, ...]:
        """The name and what it is part of, without the total."""
        return self._lines[name]


def published(
    counts: Mapping[Key, int], axes: Sequence[Axis], *, already: Collection[Key] = ()
) -> dict[Key, int | None]:
    """Every cell of the table with all its sums: its number, or None where it is withheld. Zeros are left out.

    ``counts``: the leaves alone, one name an axis, a missing one is 0; of an axis with several divisions the counts of
    each. ``already``: cells that an earlier version of the table withheld; they stay withheld, zero or not. Raises
    ``ValueError`` for a negative number, an unknown name, divisions that do not come to the same total, or
    more than one axis with several divisions.
    """
    if sum(len(axis.divisions) > 1 for axis in axes) > 1:
        raise ValueError("Only one axis may be divided in several ways.")
    table = _Table(with_sums(counts, axes), axes)
    table.withhold(already)
    for key in sorted(
        (key for key, number in table.numbers.items() if number in SMALL), key=lambda key: (key.count(TOTAL), key)
    ):
        table.withhold(_cheapest(key, table))
    return dict.fromkeys(already) | {key: None if key in table.withheld else n for key, n in table.numbers.items()}


class _Table:
    """The numbers with all their sums, what of them is withheld, and along each axis which leaves are there.

    A line is all cells that differ in their name on one axis alone: its leaves stand in the order of what would be
    lost, so that a partner is found without looking at the whole line.
    """

    def __init__(self, numbers: Mapping[Key, int], axes: Sequence[Axis]) -> None:
        self.numbers, self.axes = numbers, axes
        self.withheld: set[Key] = set()
        self._there: dict[tuple[int, int, Key], list[str]] = defaultdict(list)
        self._hidden: dict[tuple[int, int, Key], set[str]] = defaultdict(set)
        self._roomy: dict[tuple[int, ...] | None, list[Key]] = {}
        for key, _number in sorted(numbers.items(), key=lambda item: item[1]):
            for place, line in self._lines(key):
                self._there[line].append(key[place])
        for (place, _division, rest), names in self._there.items():
            names.sort(key=lambda name: (numbers[(*rest[:place], name, *rest[place:])], name))

    def _lines(self, key: Key) -> Iterator[tuple[int, tuple[int, int, Key]]]:
        """The lines in which the cell is counted, as a leaf of each."""
        for place, axis in enumerate(self.axes):
            division = axis.where.get(key[place])
            if division is not None and key[place] in axis.is_leaf:
                yield place, (place, division, (*key[:place], *key[place + 1 :]))

    def with_room(self, leaf: Key) -> Iterator[Key]:
        """Counted cells of the same divisions that can be less by enough, the least first, and the last two."""
        division = self._divisions(leaf)
        if division not in self._roomy:
            self._roomy[division] = [
                key
                for key, number in sorted(self.numbers.items(), key=lambda item: (item[1], item[0]))
                if number > SPREAD and self._divisions(key) == division
            ]
        result = self._roomy[division]
        yield from result if len(result) <= _TRIED_CROSSED else (*result[: _TRIED_CROSSED - 2], *result[-2:])

    def beside(self, leaf: Key) -> Iterator[tuple[tuple[str, ...], ...]]:
        """Counted leaves of the other divisions of each axis: the least with room, and the largest."""
        for which in (0, -1):
            result = list[tuple[str, ...]]()
            for place, axis in enumerate(self.axes):
                names = []
                for division in range(len(axis.divisions)):
                    if division != axis.where[leaf[place]]:
                        there = self.there(leaf, place, division)
                        names.append(
                            ([name for name in there if self.numbers[_at(leaf, place, name)] > SPREAD] or there)[which]
                        )
                result.append(tuple(names))
            yield tuple(result)

    def _divisions(self, key: Key) -> tuple[int, ...] | None:
        """The division of each name; None where one of them is a sum."""
        if any(name not in axis.is_leaf for axis, name in zip(self.axes, key, strict=True)):
            return None
        return tuple(axis.where[name] for axis, name in zip(self.axes, key, strict=True))

    def withhold(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self.withheld.add(key)
            for place, line in self._lines(key):
                self._hidden[line].add(key[place])

    def there(self, key: Key, place: int, division: int, name: str = TOTAL) -> list[str]:
        """The counted leaves of the line in this division, the least first; below ``name`` if it lies there."""
        axis, result = self.axes[place], self._there.get((place, division, (*key[:place], *key[place + 1 :])), [])
        if axis.where.get(name) != division:
            return result
        if name in axis.is_leaf:
            return [name] if _at(key, place, name) in self.numbers else []
        return [leaf for leaf in result if name in axis.above(leaf)]

    def partners(self, key: Key, place: int) -> list[str]:
        """Leaves of the division not below this name: withheld first, then the least; and the last two."""
        axis, name = self.axes[place], key[place]
        line = (place, axis.where[name], (*key[:place], *key[place + 1 :]))
        there, hidden = self._there.get(line, []), self._hidden.get(line, set())
        others = (leaf for leaf in there if leaf not in hidden and name not in axis.above(leaf))
        taken = sorted(
            (leaf for leaf in hidden if _at(key, place, leaf) in self.numbers and name not in axis.above(leaf)),
            key=lambda leaf: (self.numbers[_at(key, place, leaf)], leaf),
        )
        last = [*islice((one for one in reversed(there) if one not in hidden and name not in axis.above(one)), 2)][::-1]
        return list(
            dict.fromkeys([*taken[:_TRIED], *islice(others, max(0, _TRIED - len(taken))), *[*taken[-2:], *last][-2:]])
        )


def with_sums(counts: Mapping[Key, int], axes: Sequence[Axis]) -> dict[Key, int]:
    table = {key: number for key, number in counts.items() if number}
    if any(number < 0 for number in table.values()):
        raise ValueError("A table of counts has no negative number.")
    for place, axis in enumerate(axes):
        sums: Counter[Key] = Counter()
        totals: list[Counter[Key]] = [Counter() for _ in axis.divisions]
        for key, number in table.items():
            division = axis.where.get(key[place])
            if division is None or key[place] not in axis.is_leaf:
                raise ValueError(f"{key[place]!r} is nothing to be counted by.")
            for name in axis.above(key[place]):
                sums[_at(key, place, name)] += number
            totals[division][_at(key, place, TOTAL)] += number
        if any(total != totals[0] for total in totals):
            raise ValueError("The divisions of an axis come to different totals.")
        table = dict(sums + totals[0])
    return table


def _at(key: Key, place: int, name: str) -> Key:
    return (*key[:place], name, *key[place + 1 :])


def _cheapest(key: Key, table: _Table) -> _Pattern:
    """The pattern that leaves this number open enough and takes the least; there always is one: all sums."""
    least = _upwards(key, table)
    best = _cost(least, table), least
    ways = [_ways(key, place, table) for place in range(len(table.axes))]
    for chosen in product(*ways):
        pattern = _product(chosen)
        if all(cell in table.numbers for cell in pattern) and _is_open(key, pattern, table.numbers):
            best = min(best, (_cost(pattern, table), pattern), key=lambda one: one[0])
            if best[0] == (0, 0):
                return best[1]
    for pattern in _crossed(key, table):
        if all(cell in table.numbers for cell in pattern) and _is_open(key, pattern, table.numbers):
            best = min(best, (_cost(pattern, table), pattern), key=lambda one: one[0])
    return best[1]


def _cost(pattern: _Pattern, table: _Table) -> tuple[int, int]:
    """The sum of what is withheld, then how many: by number alone a total would go for two small cells."""
    lost = [table.numbers[cell] for cell in pattern if cell not in table.withheld]
    return sum(lost), len(lost)


def _crossed(key: Key, table: _Table) -> Iterator[_Pattern]:
    """More in one cell and less in another of other names, with all that either is part of: what both are part of
    stays.

    Where something is rare everywhere, nothing of its own kind has room to be less; a cell of another kind has.
    """
    leaf, lines, beside = key, list[Mapping[str, int]](), list[tuple[str, ...]]()
    for place in sorted(range(len(table.axes)), key=lambda place: len(table.axes[place].divisions)):
        axis = table.axes[place]
        mine = axis.where.get(key[place], 0)
        there = [table.there(leaf, place, number, key[place])[-1] for number in range(len(axis.divisions))]
        leaf = _at(leaf, place, there[mine])
        lines.insert(place, _with_total(axis, there))
        beside.insert(place, tuple(name for number, name in enumerate(there) if number != mine))
    more = _product(lines)
    for other in table.with_room(leaf):
        for others in dict.fromkeys((tuple(beside), *table.beside(other))):
            less = _product(
                _with_total(axis, (name, *others[place]))
                for place, (axis, name) in enumerate(zip(table.axes, other, strict=True))
            )
            if key not in less:
                yield {cell: 1 for cell in more if cell not in less} | dict.fromkeys(
                    (cell for cell in less if cell not in more), -1
                )


def _is_open(key: Key, pattern: _Pattern, table: Mapping[Key, int]) -> bool:
    """Whether the number can move along the pattern by so much, down and up together, nothing below 1."""
    room: dict[int, int] = {}
    for cell, sign in pattern.items():
        side = sign * pattern[key]
        room[side] = min(room.get(side, table[cell]), table[cell])
    return -1 not in room or room[1] - 1 + room[-1] - 1 >= SPREAD


def _product(lines: Iterable[Mapping[str, int]]) -> _Pattern:
    pattern: _Pattern = {(): 1}
    for line in lines:
        pattern = {(*key, name): sign * way for key, sign in pattern.items() for name, way in line.items()}
    return pattern


def _ways(key: Key, place: int, table: _Table) -> list[dict[str, int]]:
    """How the names of one axis can change with this one: against another of its division, or with the total."""
    axis, name = table.axes[place], key[place]
    upwards = [
        _with_total(axis, leaves)
        for leaves in product(
            *(table.there(key, place, number, name)[-_TRIED:] for number in range(len(axis.divisions)))
        )
    ]
    if name == TOTAL:
        return upwards
    line = axis.above(table.there(key, place, axis.where[name], name)[0])
    results = []
    for leaf in table.partners(key, place):
        other = axis.above(leaf)
        results.append(dict.fromkeys(set(line) - set(other), 1) | dict.fromkeys(set(other) - set(line), -1))
    return results + upwards


def _with_total(axis: Axis, leaves: Iterable[str]) -> dict[str, int]:
    """The total grows together with one name of each division."""
    return {TOTAL: 1} | {name: 1 for leaf in leaves for name in axis.above(leaf)}


def _upwards(key: Key, table: _Table) -> _Pattern:
    """One counted cell of this one with all that it is part of: it can always be more, and all sums with it."""
    lines: dict[int, Mapping[str, int]] = {}
    # The axis with several divisions last: by then the cell to be divided is found.
    for place in sorted(range(len(table.axes)), key=lambda place: len(table.axes[place].divisions)):
        axis = table.axes[place]
        leaves = [table.there(key, place, number, key[place])[0] for number in range(len(axis.divisions))]
        lines[place] = _with_total(axis, leaves)
        if len(leaves) == 1:
            key = _at(key, place, leaves[0])
    return _product(lines[place] for place in range(len(table.axes)))
