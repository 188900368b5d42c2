"""An offer that grants nothing is no settlement: it cannot be accepted, may be let rest, and silence is no yes."""

from datetime import timedelta
from functools import partial

import pytest

from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint, Engagement, HandlingStep, Notice
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.record.verification import verify
from tests import at_once, given
from tests.cast import WEDNESDAY, World

SOON, LATER, LAPSED = (WEDNESDAY + timedelta(**{unit: n}) for unit, n in (("hours", 1), ("hours", 2), ("days", 9)))
NO = "系统记录显示由本人办理，不同意。"
PAID = {"kind": "transfer", "what": "退款", "amount": "128.50", "due_on": "2026-12-07"}


def how_it_ended(case: Complaint) -> tuple[str, str]:
    stage = case.engagements.get()
    return stage.odr_result, stage.ended_by


def half_granted(*promises: Promise, verdict: str = "grant") -> Move:
    """The first demand gets ``verdict``, the second is refused; each may be accepted alone."""
    reason = "" if verdict == "grant" else NO
    first = Answer(demand=1, verdict=verdict, reason=reason, is_separable=True)
    second = Answer(demand=2, verdict="refuse", reason=NO, is_separable=True)
    return offers.make_offer(answers=[first, second], promises=promises)


def test_a_refusal_cannot_be_accepted_and_the_refusal_of_the_step_names_the_ways_out(world: World) -> None:
    case = given.refused_in_full(world)
    refusal = given.refusal(case, consumer.accept_offer(), world.consumer, SOON)
    assert refusal.code == "nothing_granted"
    for way in ("交市场监管局", "继续协商", "不再坚持"):
        assert way in refusal.reason
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.AWAITING_CONSUMER, "")
    assert case.offers.get().state == "open"


def test_parts_that_grant_nothing_cannot_be_accepted_but_the_other_part_can(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, half_granted(Promise(**PAID, demand=1)), world.handler, WEDNESDAY)
    for rest in consumer.REST:
        refusal = given.refusal(case, consumer.accept_offer(separable=[2], rest=rest), world.consumer, SOON)
        assert (refusal.code, refusal.field) == ("nothing_granted", "separable")
    given.step(case, consumer.accept_offer(separable=[1]), world.consumer, SOON)
    assert (case.status, case.is_in_part) == (S.PERFORMING, True)


def test_what_is_promised_beside_refusals_can_be_accepted(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    sorry = Promise(kind="apology", what="书面道歉", due_on="2026-12-07")
    given.step(case, half_granted(sorry, verdict="refuse"), world.handler, WEDNESDAY)
    assert given.refused(case, consumer.let_rest(), world.consumer, SOON) == "something_granted"
    assert given.step(case, consumer.accept_offer(), world.consumer, SOON).status == S.PERFORMING


def test_what_only_the_consumer_is_to_do_grants_nothing(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    back = Promise(kind="return_by_consumer", what="退回光猫", owed_by="consumer", due_on="2026-12-07")
    given.step(case, half_granted(back, verdict="refuse"), world.handler, WEDNESDAY)
    assert given.refused(case, consumer.accept_offer(), world.consumer, SOON) == "nothing_granted"
    assert given.step(case, consumer.let_rest(), world.consumer, SOON).status == S.CLOSED


def test_let_rest_closes_as_withdrawn_fails_the_stage_tells_both_and_can_be_taken_back(world: World) -> None:
    case = given.refused_in_full(world)
    before = {(d.clock, d.state, d.due_at) for d in case.deadlines.filter(ended_at=None)}
    given.step(case, consumer.let_rest(), world.consumer, SOON)
    assert (case.status, case.outcome, case.reason) == (S.CLOSED, Outcome.WITHDRAWN, "refusal_let_rest")
    assert how_it_ended(case) == ("failed", "let_rest")
    assert case.offers.get().state == "declined"
    told = Notice.objects.filter(complaint=case, kind="let_rest")
    assert {notice.addressee for notice in told} == {"consumer", "enterprise"}
    for notice in told:
        assert "企业一项也没有同意" in notice.body
        assert "和解成功" not in notice.subject + notice.body
    assert "可以撤销" in told.get(addressee="consumer").body
    given.step(case, handling.undoing.undo(), world.consumer, LATER)
    assert (case.status, case.outcome) == (S.AWAITING_CONSUMER, "")
    assert how_it_ended(case) == ("", "")
    assert {(d.clock, d.state, d.due_at) for d in case.deadlines.filter(ended_at=None)} == before
    given.step(case, consumer.let_rest(), world.consumer, LATER)
    # Nothing is lost: it may still go to the regulator.
    given.step(case, consumer.refer_to_regulator(), world.consumer, LATER)
    assert case.status == S.REVIEW
    assert how_it_ended(case) == ("failed", "let_rest")
    assert verify(number=case.number).is_unbroken


def test_only_a_refusal_can_be_let_rest(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    assert given.refused(case, consumer.let_rest(), world.consumer, SOON) == "something_granted"


def test_a_part_that_was_accepted_before_stays_in_force_when_the_refused_rest_is_let_rest(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, half_granted(Promise(**PAID, demand=1)), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(separable=[1], rest="go_on"), world.consumer, SOON)
    rest = offers.make_offer(answers=[Answer(demand=2, verdict="refuse", reason=NO)])
    given.step(case, rest, world.handler, LATER)
    assert given.refused(case, consumer.accept_offer(), world.consumer, LATER) == "nothing_granted"
    given.step(case, consumer.let_rest(), world.consumer, LATER)
    assert (case.status, case.is_in_part) == (S.PERFORMING, True)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, LATER)
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, LATER)
    assert (case.outcome, case.is_in_part, how_it_ended(case)) == (Outcome.SETTLED, True, ("settled", "performed"))


def test_a_refused_rest_is_not_let_rest_as_failed_when_the_accepted_part_was_done(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, half_granted(Promise(**PAID, demand=1)), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(separable=[1], rest="go_on"), world.consumer, SOON)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, SOON)
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, SOON)
    given.step(case, offers.make_offer(answers=[Answer(demand=2, verdict="refuse", reason=NO)]), world.handler, LATER)
    assert given.refused(case, consumer.let_rest(), world.consumer, LATER) == "part_accepted"


def without_onward(world: World) -> dict[str, object]:
    return {"consents": {**given.a_request(world).consents, "pass_to_regulator": False}}


def test_silence_on_a_refusal_goes_to_review_and_fails_the_stage(world: World) -> None:
    case = given.swept(given.refused_in_full(world), LAPSED)
    assert (case.status, case.reason) == (S.REVIEW, "refusal_unanswered")
    assert how_it_ended(case) == ("failed", "silence")
    assert case.offers.get().state == "lapsed"


def test_silence_where_onward_transfer_was_declined_closes_with_the_one_click_referral(world: World) -> None:
    case = given.swept(given.refused_in_full(world, **without_onward(world)), LAPSED)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.NEGOTIATION_FAILED)
    assert how_it_ended(case) == ("failed", "silence")
    entry = HandlingStep.objects.get(complaint=case, step="lapse_confirmation")
    assert entry.data["may_refer"] is True
    assert "交市场监管局" in Notice.objects.get(complaint=case, kind="lapse_confirmation", addressee="consumer").body


def closed_unconfirmed(world: World) -> Complaint:
    """How silence on a refusal ended before this rule."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, given.an_offer(due_on=None), world.handler, WEDNESDAY)
    given.swept(case, LAPSED)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    case.offers.update(grants_nothing=True)
    return case


def test_a_refusal_that_lapsed_before_this_rule_cannot_become_settled_by_a_late_yes(world: World) -> None:
    case = closed_unconfirmed(world)
    then = LAPSED + timedelta(days=1)
    refusal = given.refusal(case, consumer.answer_late(accept=True), world.consumer, then)
    assert (refusal.code, refusal.field) == ("nothing_granted", "accept")
    assert given.step(case, consumer.answer_late(accept=False), world.consumer, then).status == S.REVIEW
    assert how_it_ended(case) == ("failed", "declined")


@pytest.mark.parametrize("who", ["handler", "officer", "stranger", "other_consumer"])
def test_nobody_but_the_consumer_lets_it_rest(world: World, who: str) -> None:
    actor: Actor = world.actor(who)
    given.raised(handling.take, consumer.let_rest(), [given.refused_in_full(world).pk], actor=actor, now=SOON)
    assert not Engagement.objects.filter(odr_result="failed").exists()


@pytest.mark.django_db(transaction=True)
def test_twice_at_once_is_once(world: World) -> None:
    case = given.refused_in_full(world)
    rest = partial(handling.take, consumer.let_rest(), [case.pk], actor=world.consumer, now=SOON)
    results = at_once(rest, rest, refusal=StepNotAllowed)
    assert sorted(isinstance(one, StepNotAllowed) for one in results) == [False, True]
    assert HandlingStep.objects.filter(complaint=case, step="let_rest").count() == 1
    assert verify(number=case.number).is_unbroken
