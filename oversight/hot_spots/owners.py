"""Who stands for a hot spot: whoever took it up, while they are there; else the head of the nearest authority.

Nobody who left, is on leave or is switched off is ever named.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from authorities.jurisdiction import on_leave
from authorities.models import Officer
from oversight.models import HotSpot

#: A hot spot that nobody judged for longer than this waits too long.
LONG = timedelta(days=14)


def waits_long(now: datetime) -> Q:
    """Hot spots that nobody judged for two weeks since they were found."""
    return Q(state=HotSpot.State.OPEN, found_at__lt=now - LONG)


def owners_of(spots: Iterable[HotSpot], *, day: date) -> dict[int, User]:
    """Of each hot spot who stands for it; none where nobody is there. One statement and the keys of their names."""
    rows = [spot for spot in spots if spot.place is not None]
    around = Q(pk__in=[])
    for place in {spot.place for spot in rows}:
        around |= Q(authority__region_id__lte=place, authority__region__last__gte=place)
    there = list(
        Officer.objects.on(day)
        .filter(around, ~Q(on_leave(day)), role__in=Right.ACT_ON_HOT_SPOT.posts, user__is_active=True)
        .select_related("user", "authority__region")
        .order_by("pk")
        if rows
        else ()
    )
    result = {spot.pk: officer.user for spot in rows if (officer := _owner_of(spot, there)) is not None}
    sealed_fields.load_for(result.values())
    return result


def _owner_of(spot: HotSpot, there: Sequence[Officer]) -> Officer | None:
    near = [one for one in there if spot.place is not None and one.authority.region.covers(spot.place)]
    own = next((one for one in near if one.user_id == spot.owner_id), None)
    return own or min(near, key=_distance, default=None)


def _distance(officer: Officer) -> tuple[int, bool, int]:
    """The nearest authority first, there its head, else who may decide."""
    region = officer.authority.region
    return region.last - region.pk, officer.role not in Right.LEAD_AUTHORITY.posts, officer.pk
