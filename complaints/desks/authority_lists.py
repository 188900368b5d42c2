"""Lists of cases for an authority: what is late or due soon, and the rows of a page.

A number and the list that it opens are one condition; a page costs the same number of queries however many cases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.masking import masked_name
from complaints.assignment import owners
from complaints.desks.authority_workspace import Workspace
from complaints.handling.steps import platform
from complaints.models import Complaint, Deadline, Engagement, Matter
from complaints.models.clocks import CLOCKS_OF_AUTHORITIES
from complaints.models.complaint import OPEN
from complaints.procedure import deadlines
from complaints.procedure.workflow import ENTERPRISE_SIDE, HIDDEN_CLOCKS, Audience, Clock, Status
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, case_url, why_url
from complaints.reading.case_people import label_of
from complaints.reading.case_rows import CaseExtras
from complaints.wording import next_action
from complaints.wording.standing import standing
from web.languages import named

SOON_DAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """One line of a list, ready to be shown; the consumer is masked."""

    complaint: Complaint
    url: str
    title: str
    consumer: str
    respondent: str
    status: str
    tone: str
    icon: str
    clock: dict[str, Any] | None
    officer: str
    #: What only some lists show: a decision that waits for a second person, the sixty days of a mediation.
    is_proposed: bool = False
    sixty: Any = None


def late_outside(now: datetime) -> Q:
    """A clock that parties know of has run out, whether a sweeper has seen it or not: the date that stands
    on the case is the earliest of these clocks, lapsed ones too."""
    return OPEN & Q(next_due_at__lte=now)


def late_inside(now: datetime) -> Q:
    """A clock that only authorities know of has run out."""
    return OPEN & Q(pk__in=late_clocks(now, INSIDE).values("complaint_id"))


def late(now: datetime) -> Q:
    """Any clock of the case has run out."""
    return late_outside(now) | late_inside(now)


def late_twice(now: datetime) -> Q:
    """One that parties know of has run out, and one that only authorities know of."""
    return late_outside(now) & late_inside(now)


def late_when_closed(now: datetime) -> Q:
    """Closed, and the authority still owes what should be done by now: a lead, a notice, an answer to an objection."""
    return Q(status=Status.CLOSED, pk__in=late_clocks(now, _AFTER_CLOSING).values("complaint_id"))


#: The same as ``case_file.is_internal``, of rows.
INSIDE = Q(clock__in=sorted(HIDDEN_CLOCKS)) | Q(
    clock=Clock.INSTRUCTION, owed_by="authority", matter__audience=Audience.AUTHORITY
)
_AFTER_CLOSING = Q(clock__in=[Clock.LEAD, Clock.NOTICE, Clock.OBJECTION])


def late_clocks(now: datetime, which: Q) -> QuerySet[Deadline]:
    """Those of ``OF_AUTHORITIES`` that have run out; an index has the live ones of these kinds."""
    return Deadline.objects.filter(which, CLOCKS_OF_AUTHORITIES, state__in=["running", "lapsed"], due_at__lte=now)


def due_soon(now: datetime, calendar: Calendar) -> Q:
    """The next clock that parties know of has not run out, and does by the end of the second working day from today."""
    end = deadlines.working_days(calendar.local_day(now), SOON_DAYS, calendar, rule="due_soon").due_at
    return OPEN & Q(next_due_at__gt=now, next_due_at__lte=end)


def due_today(workspace: Workspace, calendar: Calendar) -> Q:
    end = deadlines.fixed_day(workspace.today, calendar, rule="due_today").due_at
    return OPEN & Q(next_due_at__gt=workspace.now, next_due_at__lte=end)


def midnight(day: date) -> datetime:
    """Where a local day begins."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


#: A merger passes a case on; nothing ended by it.
PASSED_ON = "succession"
#: Nobody at an authority has to act now.
WITH_OTHERS = tuple(sorted(ENTERPRISE_SIDE | {Status.AWAITING_MATERIAL, Status.MEDIATION_SUSPENDED}))


def at_an_authority() -> Q:
    """Open cases that an authority has; those of an enterprise and those that wait to be forwarded are not."""
    return OPEN & ~Q(status__in=sorted({*ENTERPRISE_SIDE, Status.FILED, Status.DRAFT}))


def with_others() -> Q:
    return OPEN & Q(status__in=WITH_OTHERS)


def at_an_enterprise() -> Q:
    """Cases that an enterprise has to act on, or whose consumer answers it; asked together with OPEN."""
    return Q(status__in=sorted(ENTERPRISE_SIDE), enterprise__isnull=False)


def came_back() -> Q:
    """In review after an enterprise had it: no settlement, a breach, a recall."""
    return (
        OPEN
        & Q(status=Status.REVIEW)
        & Q(Exists(Engagement.objects.filter(complaint=OuterRef("pk"), until_at__isnull=False)))
    )


#: An authority has the case; it lies with a party or a laboratory; it came back from an enterprise that did not settle
#: it; no officer has it, for longer than a working day; an enterprise has it.
HERE, OTHERS, BACK, UNOWNED, AT_ENTERPRISE = "here", "others", "back", "unowned", "firm"
#: Where a case lies, as a filter of lists names it.
LYING: dict[str, Callable[[Workspace], Q]] = {
    HERE: lambda workspace: at_an_authority(),
    OTHERS: lambda workspace: with_others(),
    BACK: lambda workspace: came_back(),
    UNOWNED: lambda workspace: owners.without_officer(workspace.now, workspace.calendar),
    AT_ENTERPRISE: lambda workspace: OPEN & at_an_enterprise(),
}


def at_platform(workspace: Workspace, name: str) -> Q:
    """Cases that stand so (``platform.CONDITIONS``) with the national platform."""
    return platform.wanted(
        name,
        now=workspace.now,
        calendar=workspace.calendar,
        policies=workspace.conditions.policies,
        region_id=workspace.first_region,
    )


def waits_for(kind: str) -> Exists:
    """An open matter of this kind lies with the case."""
    return Exists(Matter.objects.filter(complaint=OuterRef("pk"), kind=kind, state="open"))


#: What a row of a list says of others than the case.
RELATED = ("enterprise", "branch", "picked_enterprise", "officer__user")


def rows_of(cases: Sequence[Complaint], workspace: Workspace, *, beside: CaseExtras | None = None) -> list[ListedCase]:
    """One statement, unless what stands ``beside`` was read with something else."""
    if not cases:
        return []
    more = beside or case_rows.beside(cases)
    return [_row(case, more, workspace) for case in cases]


def _row(case: Complaint, beside: CaseExtras, workspace: Workspace) -> ListedCase:
    name, clocks = beside.names.get(case.pk, ""), beside.clocks.get(case.pk, [])
    stands = standing(case, is_refused=case.pk in beside.refused)
    moment: dict[str, Any] = {"now": workspace.now, "calendar": workspace.calendar}
    deadline, facts = next_action.listed_facts(case, clocks, **moment)
    if facts is None or not facts["is_overdue"]:
        inside = next_action.inside_facts(case, clocks, **moment)
        deadline, facts = inside if inside[0] is not None else (deadline, facts)
    clock = facts | {"url": why_url(case, deadline)} if facts is not None and deadline is not None else None
    return ListedCase(
        complaint=case,
        url=case_url(case, AUTHORITY),
        consumer=masked_name(name),
        title=case.item_name or label_of(case.problem_category) or case.title,
        respondent=respondent_of(case),
        status=stands.text,
        tone=stands.tone,
        icon=stands.icon,
        clock=clock,
        officer=case.officer.user.name if case.officer else "",
    )


def respondent_of(case: Complaint) -> str:
    row = case.branch or case.enterprise or case.picked_enterprise
    return named(row) if row else case.respondent_named


def step_url(case: Complaint, slug: str, step: str, workspace: Workspace) -> str:
    """The page of a step, or that of the case for an office that only reads."""
    return (
        reverse("complaints:authority-step", args=[case.number, slug])
        if workspace.may(step)
        else case_url(case, AUTHORITY)
    )
