"""The sets of offers that a demonstration shows: one of each kind, and no case in two of them."""

import pytest
from django.utils import timezone

from complaints.models import Matter, Measure, Offer
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status
from demo.measures import MOST, make_sets
from enterprises.models import TwoPersons
from tests import given
from tests.cast import World

pytestmark = pytest.mark.django_db
#: As many as fill all three.
ENOUGH = MOST + 4 + 8


def test_a_draft_one_in_two_names_and_one_that_was_sent(world: World) -> None:
    now = timezone.now()
    TwoPersons.objects.create(enterprise=world.mobile, refusals=True, set_by=world.lead, set_at=now)
    demands = (DemandRequest(kind="refund", amount="20"), DemandRequest(kind="apology"))
    for _ in range(ENOUGH):
        given.a_complaint(world, status=Status.NEGOTIATING, now=now, demands=demands)
    make_sets(now=now, conditions=Conditions.at(now))
    draft, waiting, sent = Measure.objects.order_by("pk")
    assert [(len(one.picks), one.proposed_at, one.sent_at) for one in (draft, waiting, sent)] == [
        (MOST, None, None),
        (4, now, None),
        (8, None, now),
    ]
    assert Matter.objects.filter(kind="proposal", state="open", measure_id=waiting.public_id).count() == 4
    assert (
        sorted(Offer.objects.filter(measure_id=sent.public_id).values_list("state", flat=True))
        == ["accepted"] * 4 + ["open"] * 4
    )
    cases = [pick["case"] for one in (draft, waiting, sent) for pick in one.picks]
    assert len(cases) == len(set(cases)) == ENOUGH


def test_where_nobody_negotiates_there_is_none(world: World) -> None:
    now = timezone.now()
    given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now)
    make_sets(now=now, conditions=Conditions.at(now))
    assert not Measure.objects.exists()
