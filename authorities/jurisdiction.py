"""Which authority is competent for a place, who has the power there, and which of its officers are on leave.

The most specific authority whose region holds the place; offices act in the name of their county, so power is looked
for above them (Order 121, arts 13 and 41).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Exists, OuterRef

from authorities.models import Authority, OfficerAbsence


class NoAuthority(LookupError):
    """No authority of the directory covers this place."""


@dataclass(frozen=True)
class Jurisdiction:
    """All authorities in memory, the narrowest region first; one query to load. A country has thousands, so none is
    looked for twice by walking through all."""

    authorities: Sequence[Authority]

    @classmethod
    def load(cls) -> Jurisdiction:
        results = list(Authority.objects.select_related("region"))
        results.sort(key=lambda row: row.region.last - row.region_id)
        return cls(tuple(results))

    def intake(self, region_id: int) -> Authority:
        """The authority that distributes the complaints of a place."""
        return self._first(region_id, "has_intake")

    def with_power(self, region_id: int) -> Authority:
        """The authority that accepts, refuses and mediates for a place."""
        return self._first(region_id, "has_power")

    @cached_property
    def _by_id(self) -> dict[int, Authority]:
        return {row.pk: row for row in self.authorities}

    @cached_property
    def _found(self) -> dict[tuple[int, str], Authority]:
        """What ``_first`` found, by region and duty."""
        return {}

    def known(self, authority_id: int | None) -> Authority | None:
        """The authority of this id, if there is one."""
        return self._by_id.get(authority_id or 0)

    def superior(self, authority_id: int) -> Authority:
        """The one above; the national authority is its own superior."""
        authority = self._by_id[authority_id]
        return self.known(authority.parent_id) or authority

    def issuer(self, authority_id: int | None) -> Authority | None:
        """Under whose number an authority writes: its own, or of the one above that has one (an office acts in its
        county's name). None where nobody has one."""
        row = self.known(authority_id)
        while row is not None and not row.document_code:
            row = self.known(row.parent_id)
        return row

    def is_above(self, authority_id: int, other_id: int) -> bool:
        """Whether the first is a superior of the other, however far; nobody is their own."""
        while (superior := self.superior(other_id).pk) != other_id:
            if superior == authority_id:
                return True
            other_id = superior
        return False

    def below(self, authority_id: int) -> set[int]:
        """Everybody of whom this authority is a superior; one pass over all."""
        children: dict[int, list[int]] = {}
        for row in self.authorities:
            if row.parent_id is not None and row.parent_id != row.pk:
                children.setdefault(row.parent_id, []).append(row.pk)
        results: set[int] = set()
        waiting = list(children.get(authority_id, ()))
        while waiting:
            one = waiting.pop()
            if one not in results:
                results.add(one)
                waiting += children.get(one, ())
        return results

    def _first(self, region_id: int, duty: str) -> Authority:
        found = self._found.get((region_id, duty))
        if found is None:
            covering = [row for row in self.authorities if row.region.covers(region_id)]
            found = next((row for row in covering if getattr(row, duty)), covering[0] if covering else None)
            if found is None:
                raise NoAuthority(f"no authority covers region {region_id}")
            self._found[region_id, duty] = found
        return found


def on_leave(day: date) -> Exists:
    """Of an office: this person is away from that authority on ``day``, whichever office the leave was entered for."""
    return Exists(
        OfficerAbsence.objects.on(day).filter(officer__user=OuterRef("user"), officer__authority=OuterRef("authority"))
    )
