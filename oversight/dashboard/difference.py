"""What explains the difference of what came in between two sides: two periods of a place, or two places, enterprises
or categories.

As with a rise of the last week (`rise.py`): of all enterprises, problems, places, and enterprises and places with a
problem the largest excess is taken, its cases are set to what was expected, and what still stands out is looked at
again, so that no case is in two parts. Two periods are compared by what their days let expect; of two sides of other
sizes the larger is the same as the smaller times both sums, so that what is explained is what each has more of in
proportion.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from authorities.models import Region
from oversight.dashboard.rise import beyond_chance, whole_numbers
from oversight.figures.definitions import Period
from oversight.figures.dispersion import Dispersion, expected
from oversight.hot_spots.explaining import Part, Rise
from oversight.hot_spots.unusual import FEWEST

#: (place or 0, enterprise or 0, problem or ""): what is not narrowed is 0 or "".
Cell = tuple[int, int, str]
Atoms = Mapping[Cell, int]
#: So many cells are held against each other, those with the largest excess; of all of them chance is reckoned.
MOST = 200


@dataclass(frozen=True, slots=True)
class Share:
    """A cell that has ``excess`` cases more than expected, none of them in an earlier part; in all ``n`` there, and
    ``other`` on the other side.
    """

    cell: Cell
    excess: int
    n: int
    other: int


@dataclass(frozen=True, slots=True)
class Explained:
    """The side with more (the first one: ``is_first``) has ``n``; ``usual`` is what the other side lets expect. Both
    are apart by the ``parts`` and the ``rest``. ``looked``: so many cells.
    """

    is_first: bool
    usual: int
    parts: Sequence[Share]
    rest: int
    n: int
    looked: int


def explained(
    first: Atoms, second: Atoms, *, share: float, known: Dispersion, days: Period, parts: Sequence[Region]
) -> Explained:
    """``share``: of both sides together, the part to be expected in the first; ``known``: how restless such counts
    are; ``parts``: the places that are told apart, none where the sides are of other places; ``days`` of any side.
    """
    n, other = sum(first.values()), sum(second.values())
    is_first = n >= expected(other, share)
    if not is_first:
        first, second, share, n, other = second, first, 1 - share, other, n
    ours, theirs = _cells(first, parts), _cells(second, parts)
    everything = dict.fromkeys([*ours, *theirs])
    excess = {cell: ours[cell] - expected(theirs[cell], share) for cell in everything}
    taken = sorted((cell for cell in everything if ours[cell] >= FEWEST and excess[cell] > 0), key=lambda c: -excess[c])
    numbers = {cell: at for at, cell in enumerate(taken[:MOST])}
    rises = [
        Rise(
            cell=at,
            first=days.first,
            last=days.last,
            observed=ours[cell],
            expected=expected(theirs[cell], share),
            usual=theirs[cell],
            periods=1,
            share=share,
            dispersion=known,
            names=sum(map(bool, cell)),
            rank=(at,),
        )
        for cell, at in numbers.items()
    ]
    common = _common(first, second, numbers, share, parts)
    named = beyond_chance(rises, common, len(everything), tested=len(everything))
    usual = expected(other, share)
    sizes = [one.observed - one.expected for one in named]
    whole = whole_numbers([*sizes, n - usual - sum(sizes)], n - round(usual))
    of = list(numbers)
    shares = [
        Share(of[event.rise], size, ours[of[event.rise]], theirs[of[event.rise]])
        for event, size in zip(named, whole, strict=False)
    ]
    return Explained(is_first, round(usual), shares, whole[-1], n, len(everything))


def _within(atom: Cell, parts: Sequence[Region]) -> list[Cell]:
    """The cells that a case of this place, enterprise and problem is in."""
    region, firm, problem = atom
    place = next((part.pk for part in parts if part.covers(region)), 0)
    cells = ((0, firm, ""), (0, 0, problem), (place, 0, ""), (0, firm, problem), (place, 0, problem))
    return [cell for cell in dict.fromkeys(cells) if any(cell)]


def _cells(atoms: Atoms, parts: Sequence[Region]) -> Counter[Cell]:
    result = Counter[Cell]()
    for atom, n in atoms.items():
        for cell in _within(atom, parts):
            result[cell] += n
    return result


def _common(
    ours: Atoms, theirs: Atoms, numbers: Mapping[Cell, int], share: float, parts: Sequence[Region]
) -> list[Part]:
    """What the same cells have in common: observed on one side, expected by the other."""
    sums: defaultdict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0])
    for side, atoms in enumerate((ours, theirs)):
        for atom, n in atoms.items():
            cells = tuple(sorted(numbers[cell] for cell in _within(atom, parts) if cell in numbers))
            if len(cells) > 1:
                sums[cells][side] += n
    return [Part(n, dict.fromkeys(cells, expected(other, share))) for cells, (n, other) in sums.items()]
