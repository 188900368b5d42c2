"""Asks the portal and holds its numbers beside those of ``tests.audit.core``.

One module an area; each has ``compared(audit: Audit) -> Pairs``. ``AREAS`` says which there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from importlib import import_module
from random import Random
from typing import Any, TypeVar

from authorities.models import Region
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import Calendar
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from tests.audit import Pair, Pairs
from tests.audit.core.record import Book, local
from tests.audit.core.rows import Case, Rows

T = TypeVar("T")
#: Modules of this package.
AREAS = (
    *("figures", "mirrors", "published", "open_data", "changes", "hot_spots", "guidance", "remedies"),
    "public_pages",
)
#: The day before any case.
BEGIN = date(2000, 1, 1)


@dataclass
class Audit:
    """What an area is asked with. ``most``: of so many places, enterprises and categories at the most, chosen by dice
    that fall the same each time; None: of all.
    """

    rows: Rows
    now: datetime
    most: int | None = None

    @cached_property
    def book(self) -> Book:
        return Book(self.rows)

    @cached_property
    def of_firms(self) -> dict[int, list[Case]]:
        return self.rows.of_firms()

    @cached_property
    def calendar(self) -> Calendar:
        return current_calendar()

    @cached_property
    def regions(self) -> dict[int, Region]:
        return Region.objects.in_bulk()

    @property
    def today(self) -> date:
        return local(self.now).date()

    @property
    def periods(self) -> Mapping[str, Period]:
        """Whole days that end yesterday, the month before, and everything up to now."""
        yesterday = self.today - timedelta(days=1)
        month = self.today.replace(day=1) - timedelta(days=1)
        return {
            "30 days": Period(first=yesterday - timedelta(days=29), last=yesterday),
            "month before": Period(first=month.replace(day=1), last=month),
            "all": Period(first=BEGIN, last=self.today),
        }

    def some(self, every: Collection[T]) -> list[T]:
        """All of them, or so many as may be looked at."""
        ordered = sorted(every, key=str)
        if self.most is None or len(ordered) <= self.most:
            return ordered
        return Random(len(ordered)).sample(ordered, self.most)

    def with_parts(self) -> Iterator[tuple[Region, tuple[Region, ...]]]:
        """Some places, each with the places below it that have cases."""
        children: dict[int, list[int]] = {}
        for place in self.rows.of_regions():
            if (parent := self.rows.regions[place].parent_id) is not None:
                children.setdefault(parent, []).append(place)
        for place in self.some(children):
            yield self.regions[place], tuple(self.regions[pk] for pk in sorted(children[place]))

    def measure(self, period: Period, **scope: Any) -> Measure:
        return Measure(Scope(**scope), period, self.now, self.calendar)


def compared(audit: Audit, areas: Collection[str] = AREAS) -> Pairs:
    """The pairs of these areas, one after the other."""
    for area in areas:
        of_area: Callable[[Audit], Pairs] = import_module(f"tests.audit.compare.{area}").compared
        yield from of_area(audit)


#: How far a length may lie from the truth where the portal reads it from buckets and says 约 (docs/figures.md).
ABOUT = {"median": 0.0101, "p90": 0.0201}


def paired(portal: Mapping[str, Any], auditor: Mapping[str, Any], scope: str, period: str) -> Pairs:
    """One pair a name; a name that only one of both has differs."""
    for name in dict.fromkeys((*portal, *auditor)):
        apart = ABOUT.get(name.rpartition("_")[2], 0.0)
        yield Pair(name, scope, period, portal.get(name), auditor.get(name), apart)
