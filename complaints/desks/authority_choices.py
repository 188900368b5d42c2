"""What the filters of an authority's lists offer: officers and parts of the region, in one statement.

It is asked once a request, however many lists and forms of a page offer it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from accounts.roles import Right
from authorities.models import Officer, Region
from complaints.reading.case_people import by_name
from database.prepared import CombinedQuery, PreparedQuery

#: More are not told apart by a list to choose from.
MOST = 200

# The same values for all: the authorities, their regions, the day.
_parts = PreparedQuery(
    lambda authorities, regions: (
        Region.objects.filter(parent_id__any_of=regions).exclude(level=Region.Level.TOWNSHIP).order_by("pk")
    ),
    list,
    list,
)
_officers = PreparedQuery(
    lambda authorities, regions, day: (
        Officer.objects.on(day)
        .filter(authority_id__any_of=authorities, user__is_active=True, role__in=Right.HOLD_CASE.posts)
        .select_related("user")
        .order_by("pk")[:MOST]
    ),
    list,
    list,
    date,
)
_together = CombinedQuery(_parts, _officers)


@dataclass(frozen=True, slots=True)
class Choices:
    """Officers who handle cases, by name; the regions right below."""

    officers: list[Officer]
    parts: list[Region]


def choices_of(authorities: Iterable[int], regions: Iterable[int], *, day: date) -> Choices:
    """One statement, beside keys that are not held yet."""
    parts, officers = _together(sorted(authorities), sorted(regions), day)
    return Choices(by_name(officers), parts)
