"""Where an officer looks: the regions of the own offices, one place inside them, and the parts of that place.

A place is one of the officer's own regions or lies in one of them; whatever else is asked for is nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from authorities.models import Region
from complaints.desks.authority_workspace import Workspace


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


def outermost(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Without those that lie in another one, or stand there twice: else their cases would count twice."""
    result = {region.pk: region for region in regions}
    return tuple(
        one
        for one in result.values()
        if not any(other.pk != one.pk and other.covers(one.pk) and other.last >= one.last for other in result.values())
    )


def places_of(workspace: Workspace, code: str = "") -> Places:
    """What ``workspace`` may look at, narrowed to the region with this code. One statement."""
    firsts = {actor.region[0] for actor in workspace.actors if actor.region is not None}
    wanted = Q(pk__in=firsts) | Q(parent_id__in=firsts)
    code = code if code.isascii() and code.isalnum() and len(code) <= 24 else ""
    if code:
        wanted |= Q(code=code) | Q(parent__code=code) | Q(children__code=code)
    known = {region.pk: region for region in Region.objects.filter(wanted).distinct().order_by("pk")}
    own = outermost(region for pk, region in known.items() if pk in firsts)
    named = next((region for region in known.values() if region.code == code), None) if code else None
    chosen = named if named is not None and any(one.covers(named.pk) for one in own) else None
    looked_at = chosen or (own[0] if len(own) == 1 else None)
    parts = (
        own
        if looked_at is None
        else tuple(
            region
            for region in known.values()
            if region.parent_id == looked_at.pk and region.level != Region.Level.TOWNSHIP
        )
    )
    above = known.get(chosen.parent_id or 0) if chosen else None
    if above is not None and not any(one.covers(above.pk) and one.last >= above.last for one in own):
        above = None
    is_own = chosen is not None and len(own) == 1 and chosen.pk == own[0].pk
    return Places(
        own, None if is_own else chosen, parts, None if is_own else above, is_unknown=bool(code) and chosen is None
    )
