"""Which branch answers for a place: pure, read by the search and by routing.

A row for the category beats a row for everything; then the narrowest region wins; of a branch and one above it, the
lower. What still ties is told as a tie and never decided by chance.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """From–to, both days included; empty is open."""

    starts_on: dt.date | None = None
    ends_on: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Whether `day` lies in it."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Area:
    """A region (as its interval) that a branch serves, all or one category."""

    branch_id: int
    first: int
    last: int
    category: str = ""
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """What routing must know of a branch."""

    id: int
    enterprise_id: int
    parent_id: int | None = None
    period: Period = ALWAYS
    place_id: int | None = None
    name: str = ""
    name_en: str = ""


def category_matches(wanted: str, actual: Iterable[str]) -> bool:
    """An empty category matches all; `goods` matches `goods.phones`; of the two codes of a case either will do."""
    return not wanted or any(code == wanted or code.startswith(wanted + ".") for code in actual)


def answering_branches(
    areas: Iterable[Area],
    branches: Mapping[int, BranchFacts],
    *,
    region_id: int,
    categories: tuple[str, ...],
    on: dt.date,
) -> tuple[int, ...]:
    """The branch that answers on a day; none, or several that tie."""
    best: tuple[int, int] | None = None
    result: dict[int, None] = {}
    for area in areas:
        branch = branches.get(area.branch_id)
        if (
            branch is None
            or not branch.period.holds(on)
            or not area.period.holds(on)
            or not area.first <= region_id <= area.last
            or not category_matches(area.category, categories)
        ):
            continue
        rank = (-len(area.category), area.last - area.first)
        if best is None or rank < best:
            best, result = rank, {area.branch_id: None}
        elif rank == best:
            result[area.branch_id] = None
    return tuple(b for b in result if not any(b in _above(other, branches) for other in result if other != b))


def _above(branch_id: int, branches: Mapping[int, BranchFacts]) -> set[int]:
    above: set[int] = set()
    parent = branches[branch_id].parent_id
    while parent is not None and parent not in above and parent in branches:
        above.add(parent)
        parent = branches[parent].parent_id
    return above
