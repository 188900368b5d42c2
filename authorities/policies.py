"""The numbers of the procedure as they stand on one day, held in memory.

The most specific region that holds the place wins; a number nobody set
is an error with its name, never a guess.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from authorities.models import Policy


class PolicyNumber(NamedTuple):
    """A number with where it comes from."""

    number: int
    unit: str
    version: str
    legal_basis: str


class PolicyMissing(LookupError):
    """No row of this name holds on this day."""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy with its region's interval; no region is the whole world."""

    name: str
    first: int
    last: int
    value: PolicyNumber


class Policies:
    """All policies that hold on a day; one query to load, none to ask."""

    __slots__ = ("_by_name", "on")

    def __init__(self, rows: Iterable[PolicyRow], *, on: dt.date) -> None:
        self.on = on
        self._by_name: dict[str, list[PolicyRow]] = defaultdict(list)
        for row in rows:
            self._by_name[row.name].append(row)
        for same_name in self._by_name.values():
            # The narrowest interval first; a later row of the same width wins.
            same_name.reverse()
            same_name.sort(key=lambda row: row.last - row.first)

    @classmethod
    def load(cls, on: dt.date) -> Policies:
        """What holds on `on`."""
        rows = (
            Policy.objects.on(on)
            .order_by("name", "version", "id")
            .values_list(
                "name", "region_id", "region__last", "region__code", "number", "unit", "version", "legal_basis"
            )
        )
        return cls(
            (
                PolicyRow(
                    name=name,
                    first=first or 0,
                    last=last if last is not None else 2**31 - 1,
                    value=PolicyNumber(number, unit, f"{name}@{code or '-'}.{version}", legal_basis),
                )
                for name, first, last, code, number, unit, version, legal_basis in rows
            ),
            on=on,
        )

    @property
    def names(self) -> frozenset[str]:
        """Every number that somebody set."""
        return frozenset(self._by_name)

    def instead(self, row: PolicyRow) -> Policies:
        """The same with ``row`` in place of what holds for exactly its region; narrower regions keep their own."""
        others = (
            r
            for rows in self._by_name.values()
            for r in reversed(rows)
            if (r.name, r.first, r.last) != (row.name, row.first, row.last)
        )
        return Policies([*others, row], on=self.on)

    def number(self, name: str, region_id: int | None) -> PolicyNumber:
        """The number for a place; without a place, the national one."""
        place = region_id or 0
        for row in self._by_name.get(name, ()):
            if row.first <= place <= row.last:
                return row.value
        raise PolicyMissing(f"no policy {name!r} holds on {self.on} in region {region_id}")

    def flag(self, name: str, region_id: int | None) -> bool:
        """Whether a switch is on for a place."""
        return self.number(name, region_id).number == 1
