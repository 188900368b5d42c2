"""Which places an officer looks at: the regions of the own offices, one that was chosen within them, and its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

from authorities.models import Region
from complaints.desks.authority_workspace import Workspace
from database.prepared import PreparedQuery


@dataclass(frozen=True, slots=True)
class Places:
    """``own`` are the regions of the offices, none inside another; ``chosen`` is the place asked for, if there is one.

    ``parts`` are the next level below what is looked at; ``above`` is the place that ``chosen`` is a part of, where
    that is within the own ones.
    """

    own: tuple[Region, ...]
    chosen: Region | None
    parts: tuple[Region, ...]
    above: Region | None
    is_unknown: bool = False

    @property
    def regions(self) -> tuple[Region, ...]:
        """What is counted."""
        return (self.chosen,) if self.chosen else self.own


#: Where no place is asked for: an enterprise looks at itself.
NOWHERE = Places((), None, (), None)
#: Gives annotations, by the day since when.
Beside = Callable[[date], Mapping[str, Any]]


def outermost(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Without those that lie in another one, or stand there twice: else their cases would count twice."""
    result = {region.pk: region for region in regions}
    return tuple(
        one
        for one in result.values()
        if not any(other.pk != one.pk and other.covers(one.pk) and other.last >= one.last for other in result.values())
    )


def places_of(workspace: Workspace, code: str = "", beside: Beside | None = None, since: date = date.min) -> Places:
    """What ``workspace`` may look at, narrowed to the region with this code; ``beside`` gives what is read with each
    region, since a day. One statement.
    """
    firsts = {actor.region[0] for actor in workspace.actors if actor.region is not None}
    code = code if code.isascii() and code.isalnum() and len(code) <= 24 else ""
    values: list[Any] = [sorted(firsts), *([code] if code else []), *([since] if beside else [])]
    known = {region.pk: region for region in _known(bool(code), beside)(*values)}
    own = outermost(region for pk, region in known.items() if pk in firsts)
    named = next((region for region in known.values() if region.code == code), None) if code else None
    chosen = named if named is not None and any(one.covers(named.pk) for one in own) else None
    looked_at = chosen or (own[0] if len(own) == 1 else None)
    wide = [region for region in known.values() if region.level != Region.Level.TOWNSHIP]
    parts = own if looked_at is None else tuple(region for region in wide if region.parent_id == looked_at.pk)
    above = known.get(chosen.parent_id or 0) if chosen else None
    if above is not None and not any(one.covers(above.pk) and one.last >= above.last for one in own):
        above = None
    is_own = chosen is not None and len(own) == 1 and chosen.pk == own[0].pk
    return Places(
        own, None if is_own else chosen, parts, None if is_own else above, is_unknown=bool(code) and chosen is None
    )


@cache
def _known(with_code: bool, beside: Beside | None) -> PreparedQuery[Region]:
    """Regions by their ids with their parts, and the one with a code with its parts and what it is a part of."""

    def build(firsts: list[int], *values: Any) -> QuerySet[Region]:
        wanted = Q(pk__any_of=firsts) | Q(parent_id__any_of=firsts)
        if with_code:
            named = Region.objects.filter(code=values[0])
            wanted |= (
                Q(pk__in=named.values("pk")) | Q(pk__in=named.values("parent_id")) | Q(parent_id__in=named.values("pk"))
            )
        rows = Region.objects.filter(wanted).order_by("pk")
        return rows.annotate(**beside(values[-1])) if beside is not None else rows

    return PreparedQuery(build, list, *([str] if with_code else []), *([date] if beside is not None else []))
