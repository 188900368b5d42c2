"""The workspace of somebody who works for an enterprise: who they are here, and which case they hold.

Who has no job there today, or whose enterprise never had the case, gets the 404 of an address that does not exist.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints.desks.staff_access import View, staff_page
from complaints.models import Complaint, Engagement, SavedView
from complaints.parties.actors import Actor, jobs_of, staff_member, stands_to
from complaints.parties.conditions import calendar_of, current_calendar, newest_calendar
from complaints.parties.jobs import Job
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import Calendar
from complaints.reading.case import ENTERPRISE, CaseAccess, CasePage, page_of
from complaints.reading.case_people import by_name
from complaints.reading.case_rows import RELATED, CaseRows, of_page
from complaints.settlement import answer_templates
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Branch, Staff, TemplateVersion
from enterprises.team.staffing import at_work

#: So many templates answer the ticked cases of a list by one press.
TEMPLATES = 3
#: Own views, so many a person, since each is counted with every page of the queue.
MOST_VIEWS = 12

# The same values for all: who sits here, the enterprises, those of them that are seen whole, branches of the others,
# the day.
_views = PreparedQuery(lambda user: SavedView.objects.filter(user_id=user)[:MOST_VIEWS], int)
_calendar = PreparedQuery(lambda user: newest_calendar("CN"), int)
_branches = PreparedQuery(
    lambda user, enterprises, whole, some: Branch.objects.filter(
        Q(enterprise_id__any_of=whole) | Q(pk__any_of=some)
    ).order_by("pk"),
    int,
    list,
    list,
    list,
)
_people = PreparedQuery(
    lambda user, enterprises, whole, some, day: (
        at_work(day)
        .filter(role__in=Right.ANSWER_CASE.posts, user__is_active=True, enterprise_id__any_of=enterprises)
        .filter(Q(enterprise_id__any_of=whole) | Q(branch=None) | Q(branch_id__any_of=some))
        .select_related("user", "branch", "enterprise")
        .order_by("pk")
    ),
    int,
    list,
    list,
    list,
    date,
)
_templates = PreparedQuery(
    lambda user, enterprises, whole, some: (
        answer_templates.newest_tried(TemplateVersion.objects.filter(template__enterprise_id__any_of=enterprises))
        .filter(
            Q(template__branch=None) | Q(template__enterprise_id__any_of=whole) | Q(template__branch_id__any_of=some)
        )
        .filter(verdict__in=answer_templates.FOR_MANY)
        .only("verdict", "template__name")[:TEMPLATES]
    ),
    int,
    list,
    list,
    list,
)
_together = CombinedQuery(_views, _calendar, _branches, _templates, _people)


@dataclass(frozen=True, slots=True)
class Choices:
    """People by name; branches, none where there is no choice; views in the order in which they were made; templates
    that answer many cases at once, by name."""

    people: list[Staff]
    branches: list[Branch]
    views: list[SavedView]
    templates: list[TemplateVersion]
    calendar: Calendar


def choices_of(user: User, actors: Iterable[Actor], *, day: date) -> Choices:
    """For ``user`` with these jobs on ``day``; one statement, beside keys that are not held yet."""
    jobs = [(actor.enterprise_id, actor.branch_ids) for actor in actors if actor.enterprise_id is not None]
    whole = sorted({enterprise for enterprise, branches in jobs if branches is None})
    some = sorted({branch for _enterprise, branches in jobs for branch in branches or ()})
    views, newest, branches, templates, people = _together(
        user.pk, sorted({enterprise for enterprise, _ in jobs}), whole, some, day
    )
    for view in views:
        view.user = user
    sealed_fields.load_for(views)
    return Choices(
        by_name(people),
        branches if len(branches) > 1 else [],
        views,
        templates,
        calendar_of("CN", next(iter(newest), None)),
    )


@dataclass(frozen=True)
class Workspace:
    """One person at work. ``actors`` are the jobs held today, those that may act first."""

    user: User
    actors: tuple[Actor, ...]
    now: datetime
    today: date

    @cached_property
    def calendar(self) -> Calendar:
        """The working days as they are known now; not asked for where they came with the choices."""
        return self.__dict__["choices"].calendar if "choices" in self.__dict__ else current_calendar()

    @cached_property
    def choices(self) -> Choices:
        """Who and what may be chosen in this workspace; asked for once a request."""
        return choices_of(self.user, self.actors, day=self.today)

    @property
    def staff_ids(self) -> list[int]:
        return [actor.staff_id for actor in self.actors if actor.staff_id is not None]

    def may(self, what: Right | str) -> bool:
        """Whether one of these jobs has this right or takes this step at all."""
        return any(actor.may(what) for actor in self.actors)

    def stands_to(self, complaint: Complaint) -> bool:
        """Whether one of these jobs answers for the case now."""
        return any(stands_to(actor, complaint) for actor in self.actors)

    def cases(self) -> QuerySet[Complaint]:
        """Cases that one of these jobs answers for now."""
        return Complaint.objects.held_by(
            (actor.enterprise_id, actor.branch_ids) for actor in self.actors if actor.enterprise_id is not None
        )

    @property
    def jobs(self) -> list[Job]:
        return [
            (actor.enterprise_id, None if actor.branch_ids is None else sorted(actor.branch_ids))
            for actor in self.actors
            if actor.enterprise_id is not None
        ]

    def engagements(self) -> Q:
        """Times with a case that belong to one of these jobs, ended ones too."""
        case_access = Q(pk__in=[])
        for actor in self.actors:
            mine = Q(enterprise_id=actor.enterprise_id)
            if actor.branch_ids is not None:
                mine &= Q(branch_id__in=actor.branch_ids)
            case_access |= mine
        return case_access


def case_url(complaint: Complaint) -> str:
    return reverse("complaints:enterprise-case", args=[complaint.number])


def workspace_page(*methods: str) -> Callable[[View], View]:
    return staff_page(workspace_of, *methods)


def workspace_of(request: HttpRequest) -> Workspace:
    """Who sits here today; a person without a job at an enterprise is a stranger."""
    if not isinstance(request.user, User):
        raise Http404
    return workspace_for(request.user, now=timezone.now())


def workspace_for(user: User, *, now: datetime) -> Workspace:
    """The workspace of ``user`` at ``now``; Http404 without one."""
    today = timezone.localdate(now)
    # The page context asks the same; it reads it from the person of the request.
    user.jobs_today = jobs_of(user, on=today)  # type: ignore[attr-defined]
    jobs = [staff_member(job) for job in user.jobs_today]  # type: ignore[attr-defined]
    if not jobs:
        raise Http404
    jobs.sort(key=lambda actor: not actor.may(Right.ANSWER_CASE))
    return Workspace(user=user, actors=tuple(jobs), now=now, today=today)


#: (number, enterprises): all times of these enterprises with the case, which comes with them; oldest first.
_HAD = PreparedQuery(
    lambda number, enterprises: (
        Engagement.objects.filter(complaint__number=number, enterprise_id__any_of=enterprises)
        .exclude(complaint__status=Status.DRAFT)
        .select_related("branch", "enterprise", *(f"complaint__{name}" for name in RELATED))
        .order_by("from_at", "pk")
    ),
    str,
    list,
)


def case_access(workspace: Workspace, number: str) -> CaseAccess:
    """The case as it stands to this workspace; who returned it reads on. Http404 for a stranger. One statement."""
    had = [
        engagement
        for engagement in _HAD(
            number, sorted({a.enterprise_id for a in workspace.actors if a.enterprise_id is not None})
        )
        if any(_is_of(engagement, actor) for actor in workspace.actors)
    ]
    if not had:
        raise Http404
    complaint, engagement = had[0].complaint, max(had, key=lambda e: e.pk)
    for one in had:
        one.complaint = complaint
    viewer = next((a for a in workspace.actors if stands_to(a, complaint)), None)
    actor = viewer
    if engagement.odr_result == "returned" or complaint.status in (Status.FILED, Status.TRIAGE):
        actor = None
    if viewer is None:
        viewer = next((a for a in workspace.actors if _is_of(engagement, a)), workspace.actors[0])
    return CaseAccess(
        complaint=complaint,
        side=ENTERPRISE,
        viewer=viewer,
        actor=actor,
        engagements=tuple(e for e in had if _is_of(e, viewer)),
    )


def _is_of(engagement: Engagement, actor: Actor) -> bool:
    return engagement.enterprise_id == actor.enterprise_id and (
        actor.branch_ids is None or engagement.branch_id in actor.branch_ids
    )


def held(workspace: Workspace, number: str) -> CasePage:
    return page_of(case_access(workspace, number), now=workspace.now)


def held_whole(workspace: Workspace, number: str) -> tuple[CasePage, CaseRows]:
    """The case for the page of itself, with the rows that only this page shows; one statement after the case."""
    here = case_access(workspace, number)
    rows = of_page[ENTERPRISE](
        here.complaint.pk, here.viewer.enterprise_id or 0, [e.pk for e in here.engagements or ()]
    )
    return page_of(replace(here, rows=rows), now=workspace.now), rows
