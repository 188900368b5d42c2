"""The workspace of somebody who works for an authority: who they are here, and which cases they see.

Who holds no office today gets the same 404 as for an address that does not exist; so does an officer from elsewhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Right
from authorities.models import CalendarVersion, Officer, Region
from authorities.policies import Limits
from complaints.desks.staff_access import View, staff_page
from complaints.models import Complaint, Matter
from complaints.models.complaint import regions_of
from complaints.parties import actors
from complaints.parties.actors import Actor, officers, offices_and_calendar
from complaints.parties.conditions import Conditions, calendar_of
from complaints.procedure.working_calendar import Calendar
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, CaseAccess
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


@dataclass(frozen=True)
class Workspace:
    """One person in office. ``actors``: one for each authority where one of the ``offices`` of today is held.
    ``newest``: the calendar that counts now, with the state of what steps read."""

    user: User
    offices: tuple[Officer, ...]
    actors: tuple[Actor, ...]
    newest: CalendarVersion | None
    now: datetime
    today: date

    @property
    def authority_ids(self) -> frozenset[int]:
        return frozenset().union(*(actor.authority_ids for actor in self.actors))

    @property
    def first_region(self) -> int | None:
        """Whose own policies hold in this workspace."""
        region = self.actors[0].region
        return region[0] if region else None

    def cases(self) -> QuerySet[Complaint]:
        """What lies in the regions of these offices; drafts are nobody's."""
        return Complaint.objects.of_offices(self.offices)

    @cached_property
    def choices(self) -> Choices:
        """Who and which parts may be chosen in this workspace; asked for once a request."""
        return choices_of(
            self.authority_ids, [actor.region[0] for actor in self.actors if actor.region], day=self.today
        )

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_of("CN", self.newest)

    @cached_property
    def conditions(self) -> Conditions:
        """Under which conditions steps would be judged now; no statement as long as nothing changed."""
        return Conditions.at(self.now, newest=self.newest)

    @property
    def limits(self) -> Limits:
        """The numbers in force at this workspace, for sentences."""
        return self.conditions.limits(self.first_region)

    @cached_property
    def regions(self) -> list[Region]:
        """Where these offices are; what lies there is what this person sees."""
        return regions_of(self.offices)

    def around(self, name: str) -> Q:
        """The condition that the place in this column lies in the region of one of these offices."""
        result = Q(pk__in=[])
        for first, last in sorted({actor.region for actor in self.actors if actor.region is not None}):
            result |= Q(**{f"{name}__gte": first, f"{name}__lte": last})
        return result

    def may(self, what: Right | str) -> bool:
        """Whether one of these offices has this right or takes this step at all."""
        return any(actor.may(what) for actor in self.actors)

    def mine(self) -> Q:
        """Cases in whose authority's name this person may act."""
        return Q(handling_authority_id__in=self.authority_ids)

    def find(self, number: str) -> CaseAccess:
        """The case ``number``; Http404 for everybody from elsewhere. One statement an office."""
        for actor in self.actors:
            case = (
                case_rows.case_within.first(number, *actor.region)
                if actor.region is not None and self.user.is_active
                else None
            )
            if case is not None and actors.stands_to(actor, case):
                return CaseAccess(complaint=case, side=AUTHORITY, viewer=actor, actor=actor)
        raise Http404

    def proposals(self) -> QuerySet[Matter]:
        """What waits for a second person, in the regions of these offices."""
        return Matter.objects.filter(kind="proposal", state="open", audience="authority", complaint__in=self.cases())


def officer_page(*methods: str) -> Callable[[View], View]:
    return staff_page(workspace_of, *methods)


def workspace_of(request: HttpRequest) -> Workspace:
    """Who sits here today; a person without an office is a stranger."""
    if not isinstance(request.user, User):
        raise Http404
    return workspace_for(request.user, now=timezone.now())


def workspace_for(user: User, *, now: datetime) -> Workspace:
    """The workspace of ``user`` at ``now``; Http404 without one."""
    today = timezone.localdate(now)
    # The page context asks the same; it reads it from the person of the request.
    offices, newest = offices_and_calendar(user, on=today)
    user.offices_today = offices  # type: ignore[attr-defined]
    if not offices:
        raise Http404
    return Workspace(
        user=user, offices=tuple(offices), actors=tuple(officers(offices)), newest=newest, now=now, today=today
    )
