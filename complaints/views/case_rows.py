"""The rows of one case, as its pages ask for them: each kind by one statement that is kept (odr_portal/kept.py).

The one rule: what a side may not know of a case is left out here, in the words of the statement.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from complaints.models import (
    Complaint,
    Deadline,
    Demand,
    Engagement,
    HandlingStep,
    Matter,
    Obligation,
    OfferAnswer,
    PersonalText,
)
from complaints.models.complaint import own_cases
from complaints.workflow import Audience, Clock, Status
from odr_portal.kept import Kept

SIDES = ("consumer", "enterprise", "authority", "body")
#: What comes with a case for a page of it.
RELATED = ("enterprise", "branch", "picked_enterprise", "picked_branch", "handler__user",
           "officer__user", "handling_authority", "service_region")
#: Clocks that would tell a party what only the authority knows.
_CLOCKS_OF_AUTHORITY = frozenset({Clock.LEAD, Clock.JURISDICTION})
_NOT_FOR = {"consumer": _CLOCKS_OF_AUTHORITY | {Clock.INSTRUCTION}, "enterprise": _CLOCKS_OF_AUTHORITY,
            "body": _CLOCKS_OF_AUTHORITY | {Clock.INSTRUCTION}}

own_case = Kept(lambda number, person, day: (
    Complaint.objects.filter(own_cases(person, day), number=number).exclude(status=Status.DRAFT)
    .select_related(*RELATED)[:1]), str, int, date)
"""(number, user id, day): the case that a person filed or joined; the part of `visible_to` for who works nowhere."""
case_within = Kept(lambda number, first, last: (
    Complaint.objects.filter(number=number, handling_region_id__gte=first, handling_region_id__lte=last)
    .exclude(status=Status.DRAFT).select_related(*RELATED)[:1]), str, int, int)
"""(number, first, last): the case of an office whose region is this interval; the same as `lies_in`."""

engagements = Kept(lambda case: (
    Engagement.objects.filter(complaint_id=case).select_related("enterprise", "branch").order_by("from_at", "pk")), int)
"""Oldest first."""
engagements_of = Kept(lambda case, enterprise: (
    Engagement.objects.filter(complaint_id=case, enterprise_id=enterprise).select_related("enterprise", "branch")
    .order_by("from_at", "pk")), int, int)
"""(case, enterprise): its own only, oldest first."""


def _clocks(side: str) -> Kept[Deadline]:
    def build(case: int) -> QuerySet[Deadline]:
        rows = Deadline.objects.filter(complaint_id=case).select_related("obligation", "matter").order_by("pk")
        if side not in _NOT_FOR:
            return rows
        return rows.exclude(clock__in=sorted(_NOT_FOR[side])).filter(
            Q(matter__isnull=True) | Q(matter__audience__in=[Audience.PARTIES, side]))

    return Kept(build, int)


_CHAINS = {"consumer": [Audience.PARTIES], "enterprise": [Audience.PARTIES, Audience.ENTERPRISE],
           "authority": [Audience.PARTIES, Audience.AUTHORITY], "body": [Audience.PARTIES]}


def _steps(side: str) -> Kept[HandlingStep]:
    return Kept(lambda case: (
        HandlingStep.objects.filter(complaint_id=case, audience__in=_CHAINS[side])
        .select_related("name", "recorded_by").order_by("audience", "sequence")), int)


#: By side: the clocks that it may know, ended ones too, oldest first; the entries of its chains.
clocks = {side: _clocks(side) for side in SIDES}
steps = {side: _steps(side) for side in SIDES}

answers = Kept(lambda case: OfferAnswer.objects.filter(offer__complaint_id=case).select_related("offer", "demand"), int)
obligations = Kept(lambda case: Obligation.objects.filter(complaint_id=case), int)
demands = Kept(lambda case: Demand.objects.filter(complaint_id=case), int)
texts = Kept(lambda case: PersonalText.objects.filter(complaint_id=case), int)
open_matters = Kept(lambda case: Matter.objects.filter(complaint_id=case, state="open").order_by("pk"), int)
"""Of every audience, oldest first."""
