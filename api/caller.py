"""Who calls the API: the token, its person, what it sees and as whom it acts.

Its person's capacities, less those that it was not issued for. A token of an enterprise works for that one alone, one
of an authority for that authority alone, and one's own for one's own complaints; all starts with ``visible_to``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from accounts.roles import Right
from authorities.models import Authority
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.models.complaint import lies_in
from complaints.parties.actors import Actor, actors_of, offices_of, stands_to
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, CONSUMER, ENTERPRISE, CaseAccess
from complaints.record import events
from enterprises.models.programs import ApiToken


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks by which token, and when; ``kept`` is what was found out about that in this call."""

    user: User
    token: ApiToken
    now: datetime
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def caller(request: Request) -> Caller:
    """One moment for the whole call."""
    known: Caller | None = getattr(request._request, "_caller", None)
    if known is None:
        token: Any = request.auth
        known = Caller(token.user, token, timezone.now())
        request._request._caller = known  # type: ignore[attr-defined]
    return known


RELATED = (
    *("enterprise", "branch", "picked_enterprise", "picked_branch", "handler__user", "officer__user"),
    *("handling_authority", "service_region"),
)


def side_of(caller: Caller) -> str:
    if caller.token.enterprise_id is not None:
        return ENTERPRISE
    return AUTHORITY if caller.token.authority_id is not None else CONSUMER


def actors_for(caller: Caller) -> list[Actor]:
    """The capacities of this token today; those that may act come first. Asked once a call."""
    known = caller.kept.get("actors")
    if known is None:
        known = caller.kept["actors"] = _actors_for(caller)
    return list(known)


def _actors_for(caller: Caller) -> list[Actor]:
    token = caller.token
    mine = actors_of(caller.user, on=caller.today)
    if token.enterprise_id is not None:
        return sorted(
            (a for a in mine if a.enterprise_id == token.enterprise_id), key=lambda a: not a.may(Right.ANSWER_CASE)
        )
    if token.authority_id is not None:
        return [a for a in mine if a.authority_id == token.authority_id]
    return [a for a in mine if a.side == CONSUMER]


def cases_for(caller: Caller) -> QuerySet[Complaint]:
    """Every case that the token may read; for one case, not for lists."""
    seen = Complaint.objects.visible_to(caller.user, on=caller.today)
    side = side_of(caller)
    if side == CONSUMER:
        return seen.filter(consumer_id=caller.user.pk)
    if side == AUTHORITY:
        return seen.filter(_region(caller))
    return seen.filter(Exists(Engagement.objects.filter(engagements_of(actors_for(caller)), complaint=OuterRef("pk"))))


def listed_for(caller: Caller) -> QuerySet[Complaint]:
    """The cases of a list: one's own; those that the enterprise answers for now; those of the region."""
    side = side_of(caller)
    if side == ENTERPRISE:
        return Complaint.objects.held_by(
            (a.enterprise_id, a.branch_ids) for a in actors_for(caller) if a.enterprise_id is not None
        )
    if side == AUTHORITY:
        return Complaint.objects.of_offices(offices_of(caller.user, on=caller.today)).filter(_region(caller))
    return Complaint.objects.filter(consumer_id=caller.user.pk).exclude(status=Status.DRAFT)


def _region(caller: Caller, prefix: str = "") -> Q:
    authority = Authority.objects.select_related("region__parent").get(pk=caller.token.authority_id or 0)
    return lies_in(authority.region, prefix)


def engagements_of(actors: Iterable[Actor]) -> Q:
    """Times with a case that belong to one of these jobs, ended ones too."""
    result = Q(pk__in=[])
    for actor in actors:
        mine = Q(enterprise_id=actor.enterprise_id)
        if actor.branch_ids is not None:
            mine &= Q(branch_id__in=actor.branch_ids)
        result |= mine
    return result


def access_for(caller: Caller, number: str) -> CaseAccess:
    """The case ``number`` and as whom the token stands to it; Http404 for everything else."""
    result = accesses_for(caller, [number]).get(number)
    if result is None:
        raise Http404
    return result


def accesses_for(caller: Caller, numbers: Iterable[str]) -> dict[str, CaseAccess]:
    """The same for many cases in three queries; what the token may not see is missing."""
    cases = list(cases_for(caller).filter(number__in=set(numbers)).select_related(*RELATED))
    side, actors = side_of(caller), actors_for(caller)
    last: dict[int, Engagement] = {}
    if side == ENTERPRISE:
        mine = Engagement.objects.filter(engagements_of(actors), complaint__in=cases).order_by("pk")
        last = {engagement.complaint_id: engagement for engagement in mine}
    result = {case.number: _access(case, side, actors, last.get(case.pk)) for case in cases}
    return {number: one for number, one in result.items() if one is not None}


def _access(case: Complaint, side: str, actors: list[Actor], engagement: Engagement | None) -> CaseAccess | None:
    acting = next((a for a in actors if stands_to(a, case)), None)
    if side != ENTERPRISE:
        return None if acting is None else CaseAccess(complaint=case, side=side, viewer=acting, actor=acting)
    if engagement is None or not actors:
        return None
    viewer = acting or next(
        (a for a in actors if a.branch_ids is None or engagement.branch_id in a.branch_ids), actors[0]
    )
    if engagement.odr_result == "returned" or case.status in (Status.FILED, Status.TRIAGE):
        # It lies with intake again: who returned it reads on, and takes no step.
        acting = None
    return CaseAccess(complaint=case, side=side, viewer=viewer, actor=acting)


def events_for(caller: Caller) -> QuerySet[HandlingStep]:
    """Entries of the record that the token may hear of."""
    side = side_of(caller)
    if side == ENTERPRISE:
        jobs = [(a.enterprise_id, a.branch_ids) for a in actors_for(caller) if a.enterprise_id is not None]
        return events.of_jobs(jobs) if jobs else HandlingStep.objects.none()
    if side == AUTHORITY:
        here = Q(_region(caller, "complaint__"), audience__in=["parties", "authority"])
        return events.known_to(caller.user, on=caller.today).filter(here)
    return HandlingStep.objects.filter(complaint__consumer_id=caller.user.pk, audience="parties")
