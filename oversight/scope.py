"""Of which cases and of which days a figure speaks.

The one rule: a scope never reaches beyond the regions that it was given; a category or an
enterprise only narrows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from authorities.models import Region
from complaints.models.complaint import lies_in
from complaints.workflow import Status
from complaints.working_calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Regions with all that lies in them, perhaps one enterprise, perhaps one category."""

    regions: tuple[Region, ...]
    enterprise_id: int | None = None
    category: str = ""

    def cases(self, prefix: str = "") -> Q:
        """The condition on a complaint, reached by ``prefix``; drafts are nobody's."""
        inside = Q(**{f"{prefix}pk__in": []})
        for region in self.regions:
            inside |= lies_in(region, prefix)
        if self.category:
            inside &= (Q(**{f"{prefix}problem_category": self.category})
                       | Q(**{f"{prefix}object_category": self.category}))
        return inside & ~Q(**{f"{prefix}status": Status.DRAFT})

    def of_enterprise(self, prefix: str = "") -> Q:
        """The condition on the enterprise, where there is one."""
        return Q(**{f"{prefix}enterprise_id": self.enterprise_id}) if self.enterprise_id else Q()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole local days; both are in it."""

    first: date
    last: date

    def bounds(self, calendar: Calendar) -> tuple[datetime, datetime]:
        """[start, end): the instants of the period."""
        return calendar.moment(self.first), calendar.moment(self.last + timedelta(days=1))
