"""Who accepts an offer that refuses a demand settles in part: the refused demand is given up by name, or goes on."""

from datetime import timedelta

import pytest

from complaints import handling
from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from tests import given
from tests.cast import WEDNESDAY, World

SOON = WEDNESDAY + timedelta(hours=1)


def demands(case: Complaint) -> list[tuple[int, bool, bool]]:
    return list(case.demands.order_by("ordinal").values_list("ordinal", "is_settled", "is_given_up"))


def test_the_refused_demand_is_given_up_and_never_called_settled(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    assert demands(case) == [(1, True, False), (2, False, True)]
    assert (case.status, case.is_in_part) == (S.PERFORMING, True)
    assert HandlingStep.objects.get(complaint=case, step="accept_offer").data["given_up"] == [2]
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, SOON)
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, SOON)
    assert (case.outcome, case.is_in_part) == (Outcome.SETTLED, True)
    assert verify(number=case.number).is_unbroken


@pytest.mark.parametrize(("rest", "status"), [("go_on", S.NEGOTIATING), ("regulator", S.REVIEW)])
def test_the_refused_demand_goes_on_where_the_granted_part_stands_alone(world: World, rest: str, status: S) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(rest=rest), world.consumer, SOON)
    assert (case.status, case.is_in_part) == (status, False)
    assert demands(case) == [(1, True, False), (2, False, False)]
    assert case.obligations.get().state == "due"


def test_of_one_whole_nothing_goes_on(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    answers = [Answer(demand=1, verdict="grant"), Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)]
    move = offers.make_offer(answers=answers, promises=given.promises()[:1])
    given.step(case, move, world.handler, WEDNESDAY)
    refusal = given.refusal(case, consumer.accept_offer(rest="go_on"), world.consumer, SOON)
    assert (refusal.code, refusal.field) == ("not_separable", "rest")
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    assert demands(case) == [(1, True, False), (2, False, True)]


def test_an_offer_that_grants_all_is_no_settlement_in_part(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    both = [Answer(demand=n, verdict="grant") for n in (1, 2)]
    given.step(case, offers.make_offer(answers=both, promises=given.promises()), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    assert (demands(case), case.is_in_part) == ([(1, True, False), (2, True, False)], False)


def test_a_late_yes_gives_up_what_was_refused(world: World) -> None:
    case = given.swept(given.a_complaint(world, status=S.AWAITING_CONSUMER), WEDNESDAY + timedelta(days=9))
    assert case.outcome == Outcome.UNCONFIRMED
    given.step(case, consumer.answer_late(accept=True), world.consumer, WEDNESDAY + timedelta(days=10))
    assert (demands(case), case.is_in_part) == ([(1, True, False), (2, False, True)], True)


def test_taken_back_the_refused_demand_is_open_again(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    given.step(case, handling.undoing.undo(), world.consumer, SOON)
    assert (demands(case), case.is_in_part) == ([(1, False, False), (2, False, False)], False)
    assert verify(number=case.number).is_unbroken


@pytest.mark.parametrize("kind", ["repair", "exchange", "service_change", "apology"])
def test_what_is_done_and_not_paid_is_owed_with_a_day_and_proved_like_money(world: World, kind: str) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    answers = [Answer(demand=1, verdict="refuse", reason=given.CANCELLED_BEFORE), Answer(demand=2, verdict="grant")]
    bare = offers.make_offer(answers=answers)
    assert given.refused(case, bare, world.handler, WEDNESDAY) == "no_promise"
    undated = offers.make_offer(answers=answers, promises=[Promise(kind=kind, what="做到它", demand=2)])
    assert given.refused(case, undated, world.handler, WEDNESDAY) == "missing"
    owed = Promise(kind=kind, what="做到它", demand=2, due_on="2026-12-07")
    given.step(case, offers.make_offer(answers=answers, promises=[owed]), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    assert case.status == S.PERFORMING
    assert given.raised(enterprise.report_performed, obligations=[1], proof="  ").code == "missing"
    given.step(case, enterprise.report_performed(obligations=[1], proof="工单 8842"), world.handler, SOON)
    assert case.status == S.PERFORMING
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, SOON)
    assert (case.outcome, case.is_in_part, case.obligations.get().reported_proof) == (
        Outcome.SETTLED,
        True,
        "工单 8842",
    )


def test_what_was_given_up_for_a_broken_promise_is_asked_for_again(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, SOON)
    given.step(case, consumer.report_breach(obligation=1, text="没有收到。"), world.consumer, SOON)
    assert case.status == S.REVIEW
    assert (demands(case), case.is_in_part) == ([(1, False, False), (2, False, False)], False)
    assert verify(number=case.number).is_unbroken
