"""Whether complaints are against the same firm, however it was named: by the entities behind picks, brands, names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from enterprises.directory.finding import LONGEST_QUERY, find
from enterprises.directory.typed import Typed
from enterprises.models import BrandHolding, Succession

#: So many names are looked for in the directory; the others are compared as they are written.
_MOST_NAMES = 8
_LONGEST_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Against:
    """Whom one complaint is against: ids of entities and of brands, names as they were written."""

    entities: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()
    names: frozenset[str] = field(default_factory=frozenset)


def firms_behind(every: Sequence[Against], *, on: date) -> list[frozenset[int | str]]:
    """Of each complaint marks of its firms: two have one in common exactly when they are against the same firm. An
    entity, whom it succeeded and who succeeded it are one firm; a name that the directory does not know is one for
    itself, without the place and the legal form in it."""
    names = sorted({name for one in every for name in one.names if name.strip()})
    known = {name: _entities(name, on=on) for name in names[:_MOST_NAMES]}
    holders = _holders({brand for one in every for brand in one.brands})
    ids = {
        number: one.entities.union(*(known.get(name, ()) for name in one.names), *(holders[pk] for pk in one.brands))
        for number, one in enumerate(every)
    }
    firm = _firms(set().union(*ids.values()))
    return [
        frozenset({firm[pk] for pk in ids[number]} | {_core(name) for name in one.names if name.strip()})
        for number, one in enumerate(every)
    ]


def _entities(name: str, *, on: date) -> set[int]:
    """Those that the directory certainly has under this name."""
    hits = [hit for hit in find(name, on=on) if not hit.is_similar]
    return {hit.enterprise.pk for hit in hits if hit.score == hits[0].score}


def _holders(brands: set[int]) -> dict[int, set[int]]:
    """Who ever answered for each brand."""
    result: dict[int, set[int]] = {pk: set() for pk in brands}
    if brands:
        for brand, enterprise in BrandHolding.objects.filter(brand__in=brands).values_list("brand_id", "enterprise_id"):
            result[brand].add(enterprise)
    return result


def _firms(entities: set[int]) -> dict[int, int]:
    """Entity → the smallest id among those that succession connects it with."""
    pairs: set[tuple[int, int]] = set()
    seen: set[int] = set()
    waiting = set(entities)
    for _step in range(_LONGEST_CHAIN):
        if not waiting:
            break
        seen |= waiting
        rows = Succession.objects.filter(Q(predecessor__in=waiting) | Q(successor__in=waiting))
        found = set(rows.values_list("predecessor_id", "successor_id"))
        pairs |= found
        waiting = {pk for pair in found for pk in pair} - seen
    firm = {pk: pk for pk in seen}
    for _step in range(len(pairs)):
        for one, other in pairs:
            if one in firm and other in firm:
                firm[one] = firm[other] = min(firm[one], firm[other])
    return firm


def _core(name: str) -> str:
    """A written name without what tells no firm from another."""
    typed = Typed.of(name, longest=LONGEST_QUERY)
    return typed.core or typed.whole


def names_of(names: Iterable[str | None]) -> frozenset[str]:
    return frozenset(name for name in names if name)
