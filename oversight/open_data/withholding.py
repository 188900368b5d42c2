"""Which numbers of one figure may be told, of all regions and enterprises at once.

Whatever numbers add up to each other go through ``suppression.published`` in one table: a figure with its
parts, every region with those below it, and all enterprises beside them, as they are the same things divided otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from authorities.models import Region
from oversight.figures.suppression import TOTAL, Axis, Key, published

#: What lies in a region and in none below it; what is said of no enterprise that is named.
OWN, NONE = "own:", "none"
Counts = Mapping[str, int]
#: A number that an earlier version withheld: "regions", "enterprises" or "categories", who, column.
Withheld = tuple[str, str, str]
Told = dict[int, dict[str, int | None]]


@dataclass(frozen=True)
class Figure:
    """``parts``: what each part is part of (``TOTAL`` for the uppermost). A part that begins with _ is told nowhere."""

    name: str
    parts: Mapping[str, str]

    @classmethod
    def of(cls, name: str, *parts: str) -> Figure:
        return cls(name, dict.fromkeys(parts, TOTAL))

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The parts that are counted; the others are sums."""
        return tuple(part for part in self.parts if part not in self.parts.values())


@dataclass(slots=True)
class Numbers:
    """None is withheld, what is missing is zero; by id and column."""

    regions: Told = field(default_factory=dict)
    enterprises: Told = field(default_factory=dict)


def tree_of(regions: Iterable[int], places: Mapping[int, Region]) -> dict[str, str]:
    """Parent of each region where something was counted, and of what lies in none of those below it."""
    tree: dict[str, str] = {}
    for pk in regions:
        parent = places[pk].parent_id
        tree[str(pk)] = str(parent) if parent else TOTAL
    return tree | {f"{OWN}{pk}": str(pk) for pk in regions}


def leaves_of(tree: Mapping[str, str], numbers: Mapping[int, int]) -> dict[str, int]:
    """What lies in a region itself: its number less those below it."""
    below: dict[str, int] = defaultdict(int)
    for pk, number in numbers.items():
        below[tree[str(pk)]] += number
    return {f"{OWN}{pk}": number - below[str(pk)] for pk, number in numbers.items()}


def tell(
    found: Numbers,
    figure: Figure,
    tree: Mapping[str, str],
    regions: Mapping[int, Counts],
    *,
    enterprises: Mapping[int, Counts] | None = None,
    already: Collection[Withheld] = (),
) -> None:
    """Put into ``found`` what may be told of a figure. ``enterprises``: those that are named, where it is told of
    them."""
    counts: dict[Key, int] = {}
    divisions: list[Mapping[str, str]] = [dict(tree)]
    if enterprises is not None:
        divisions.append(dict.fromkeys([*(f"e:{pk}" for pk in sorted(enterprises)), f"e:{NONE}"], TOTAL))
    for part in figure.counted:
        numbers = {pk: of.get(part, 0) for pk, of in regions.items()}
        counts |= {(leaf, part): n for leaf, n in leaves_of(tree, numbers).items() if n}
        if enterprises is not None:
            own = {f"e:{pk}": of[part] for pk, of in enterprises.items() if of.get(part)}
            rest = sum(n for pk, n in numbers.items() if tree[str(pk)] == TOTAL) - sum(own.values())
            counts |= {(name, part): n for name, n in {**own, f"e:{NONE}": rest}.items() if n}
    names = {TOTAL: figure.name} | {part: part for part in figure.parts}
    of_column = {column: part for part, column in names.items()}
    known = {name for division in divisions for name in division}
    kept = {
        (name, of_column[column])
        for table, who, column in already
        if column in of_column
        if (name := f"e:{who}" if table == "enterprises" else who) in known
    }
    if not counts and not kept:
        return
    told = published(counts, [Axis(tuple(divisions)), Axis((figure.parts,))], already=kept)
    for (name, part), number in told.items():
        if name == TOTAL or name.startswith(OWN) or name == f"e:{NONE}" or part.startswith("_"):
            continue
        rows, who = (found.enterprises, name[2:]) if name.startswith("e:") else (found.regions, name)
        rows.setdefault(int(who), {})[names[part]] = number
