"""Of which cases and of which days a figure speaks.

A scope never reaches beyond the regions, or the enterprise, that it was given; a category, a channel, an
enterprise or branches only narrow it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from authorities.models import Region
from complaints.models.complaint import lies_in
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Regions with all that lies in them, perhaps one enterprise, one category, one channel by which cases came.

    An enterprise that looks at itself has no regions, and its branches where it is not the whole of it.
    """

    regions: tuple[Region, ...] = ()
    enterprise_id: int | None = None
    branch_ids: frozenset[int] | None = None
    category: str = ""
    channel: str = ""
    is_own: bool = False

    def cases(self, prefix: str = "") -> Q:
        """The condition on a complaint, reached by ``prefix``; drafts are nobody's."""
        inside = Q(**{f"{prefix}pk__in": []})
        for region in self.regions:
            inside |= lies_in(region, prefix)
        if self.is_own:
            inside = Q()
        if self.category:
            inside &= Q(**{f"{prefix}problem_category": self.category}) | Q(
                **{f"{prefix}object_category": self.category}
            )
        if self.channel:
            inside &= Q(**{f"{prefix}channel": self.channel})
        return inside & ~Q(**{f"{prefix}status": Status.DRAFT})

    def of_enterprise(self, prefix: str = "") -> Q:
        """The condition on the enterprise, where there is one; who looks at itself reaches no other."""
        result = Q(**{f"{prefix}enterprise_id": self.enterprise_id}) if self.enterprise_id or self.is_own else Q()
        return result if self.branch_ids is None else result & Q(**{f"{prefix}branch_id__in": self.branch_ids})


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole local days; both are in it."""

    first: date
    last: date

    def bounds(self, calendar: Calendar) -> tuple[datetime, datetime]:
        """[start, end): the instants of the period."""
        return calendar.moment(self.first), calendar.moment(self.last + timedelta(days=1))
