"""What somebody can work out who has all published numbers and knows which of them add up.

``lines`` are sums: (whole, parts). A cell is whatever names a number. Two ways: from the least and the most that each
sum leaves of a number, and by adding and subtracting sums until one number is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

Cell = Hashable
Line = tuple[Cell, Sequence[Cell]]
Bounds = dict[Cell, tuple[int, int]]
#: Sums are added and subtracted modulo this prime: none of their factors is as large.
_PRIME = 2**61 - 1


class Impossible(Exception):
    """No numbers add up as these do."""


def narrowed(lines: Iterable[Line], bounds: Mapping[Cell, tuple[int, int]]) -> Bounds:
    """The least and the most of each cell that all sums leave. Raises ``Impossible``."""
    result = dict(bounds)
    signed = [[(whole, -1), *((part, 1) for part in parts)] for whole, parts in lines]
    of: defaultdict[Cell, list[int]] = defaultdict(list)
    for number, line in enumerate(signed):
        for cell, _sign in line:
            of[cell].append(number)
    waiting = dict.fromkeys(range(len(signed)))
    while waiting:
        line = signed[next(iter(waiting))]
        del waiting[next(iter(waiting))]
        spans = [(lo, hi) if sign > 0 else (-hi, -lo) for cell, sign in line for lo, hi in [result[cell]]]
        least, most = sum(lo for lo, _hi in spans), sum(hi for _lo, hi in spans)
        if least > 0 or most < 0:
            raise Impossible(line[0][0])
        for (cell, sign), (lo, hi) in zip(line, spans, strict=True):
            low, high = max(lo, hi - most), min(hi, lo - least)
            new = (low, high) if sign > 0 else (-high, -low)
            if new != result[cell]:
                result[cell] = new
                waiting |= dict.fromkeys(of[cell])
    return result


def worked_out(lines: Iterable[Line], known: Iterable[Cell]) -> set[Cell]:
    """The cells that are not known but can be had by adding and subtracting sums (Gauss and Jordan)."""
    shown = set(known)
    #: Each reduced line by the one cell that no other reduced line has.
    reduced: dict[Cell, dict[Cell, int]] = {}
    where: defaultdict[Cell, set[Cell]] = defaultdict(set)
    for whole, parts in lines:
        row: dict[Cell, int] = {}
        for cell, sign in [(whole, -1), *((part, 1) for part in parts)]:
            if cell not in shown:
                row[cell] = (row.get(cell, 0) + sign) % _PRIME
        for cell in [cell for cell in row if cell in reduced]:
            _take(row, reduced[cell], row.get(cell, 0))
        row = {cell: n for cell, n in row.items() if n}
        if not row:
            continue
        lead = min(row, key=lambda cell: (len(where[cell]), str(cell)))
        inverse = pow(row[lead], -1, _PRIME)
        row = {cell: n * inverse % _PRIME for cell, n in row.items()}
        for other in list(where[lead]):
            line = reduced[other]
            before = set(line)
            _take(line, row, line[lead])
            for cell in before ^ line.keys():
                (where[cell].add if cell in line else where[cell].discard)(other)
        reduced[lead] = row
        for cell in row:
            where[cell].add(lead)
    return {lead for lead, row in reduced.items() if len(row) == 1}


def _take(row: dict[Cell, int], other: Mapping[Cell, int], times: int) -> None:
    """So many times the other is taken from the row."""
    for cell, n in other.items():
        left = (row.get(cell, 0) - times * n) % _PRIME
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)
