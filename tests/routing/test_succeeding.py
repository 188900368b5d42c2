"""Open cases of an enterprise that another one answers for: whose they are from that day on, and what keeps them where
they are.
"""

from datetime import timedelta

import pytest

from accounts.models import User
from complaints.models import Deadline, Engagement, HandlingStep, Notice
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Enterprise, Staff, Succession
from routing.forwarding import forwarding
from tests import given, reloaded
from tests.cast import World
from tests.complaints.handling.test_steps import WEDNESDAY

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def heir(world: World) -> Staff:
    """Somebody who works at the successor."""
    user = User.objects.create_user(email="heir@example.com", password="x" * 20, name="承试")
    return Staff.objects.create(user=user, enterprise=world.telecom, role="handler")


def merged(old: Enterprise, new: Enterprise) -> None:
    Succession.objects.create(predecessor=old, successor=new, on_day=(WEDNESDAY + DAY).date())


def test_from_that_day_on_open_cases_are_the_successors(world: World, heir: Staff) -> None:
    talks, promised, closed = (
        given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.PERFORMING, Status.CLOSED)
    )
    clocks = list(Deadline.objects.filter(complaint=talks, state="running").values_list("clock", "due_at"))
    merged(world.mobile, world.telecom)
    assert forwarding.sweep_successions(now=WEDNESDAY) == 0
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 2
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 0
    for case in (talks, promised, closed):
        case.refresh_from_db()
    assert ({talks.enterprise, promised.enterprise}, closed.enterprise) == ({world.telecom}, world.mobile)
    assert talks.handler.enterprise == world.telecom
    assert list(Deadline.objects.filter(complaint=talks, state="running").values_list("clock", "due_at")) == clocks
    assert Engagement.objects.filter(complaint=talks, until_at=None).get().enterprise == world.telecom
    assert HandlingStep.objects.filter(complaint=talks, step="pass_to_successor").exists()
    assert Notice.objects.filter(complaint=talks, kind="pass_to_successor").exists()


def test_whoever_answers_in_the_end_gets_them_at_once(world: World, heir: Staff) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    middle = Enterprise.objects.create(name="中转通信", enrolment="not_enrolled")
    merged(world.mobile, middle)
    merged(middle, world.telecom)
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 1
    assert reloaded(case).enterprise == world.telecom


@pytest.mark.parametrize("why", ["divided", "no account", "a circle"])
def test_where_it_is_not_certain_who_can_answer_they_stay(world: World, heir: Staff, why: str) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    other = Enterprise.objects.create(name="另一通信", enrolment="enrolled", enrolled_by=world.telecom.enrolled_by)
    merged(world.mobile, world.telecom)
    if why == "divided":
        merged(world.mobile, other)
    elif why == "a circle":
        merged(world.telecom, world.mobile)
    else:
        Enterprise.objects.filter(pk=world.telecom.pk).update(enrolment="not_enrolled")
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 0
    assert reloaded(case).enterprise == world.mobile


def test_the_branch_is_the_one_that_serves_the_place(world: World, heir: Staff) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    assert case.picked_enterprise == world.mobile
    branch = Branch.objects.filter(enterprise=world.telecom).first()
    merged(world.mobile, world.telecom)
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 1
    assert reloaded(case).branch == branch
