"""The numbers of the procedure as they stand on one day, held in memory, and in words for sentences.

The most specific region that holds the place wins; a number nobody set is an error with its name, never a guess. No
sentence has a number of the law typed into it; it has a hole (``limits["review"]``: 7个工作日), which these fill.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

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
        return self.number(name, region_id).number == 1


#: What is shown where nobody set a number.
UNKNOWN = "–"


def measured(number: int, unit: str) -> str:
    """A number of a policy or of a clock with its unit, as people say it; whole years as years."""
    if unit == "flag":
        return gettext("是") if number else gettext("否")
    if unit == "CD" and number and number % 365 == 0:
        years = number // 365
        return ngettext("%(n)s年", "%(n)s年", years) % {"n": years}
    labels = {
        "WD": ngettext("%(n)s个工作日", "%(n)s个工作日", number),
        "CD": ngettext("%(n)s天", "%(n)s天", number),
        "minutes": ngettext("%(n)s分钟", "%(n)s分钟", number),
        "count": "%(n)s",
    }
    return labels[unit] % {"n": number}


class Limits(Mapping[str, str]):
    """The policies of one day as they hold in one region (None: the national ones), by name."""

    def __init__(self, policies: Policies, region_id: int | None = None) -> None:
        self.policies, self.region_id = policies, region_id

    def __getitem__(self, name: str) -> str:
        try:
            result = self.policies.number(name, self.region_id)
        except PolicyMissing:
            return UNKNOWN
        return measured(result.number, result.unit)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.policies.names))

    def __len__(self) -> int:
        return len(self.policies.names)
