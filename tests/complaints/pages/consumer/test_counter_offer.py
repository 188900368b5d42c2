"""A counter-offer is a sum a demand: more than what is offered, no more than what was asked; both sides see it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from complaints.handling import Answer, Promise, WrongInput
from complaints.handling.steps import consumer, offers
from complaints.models import Complaint, Offer
from complaints.procedure.workflow import Status as S
from complaints.settlement.offer_terms import CounterSum
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, checked, send, signed_in

pytestmark = pytest.mark.django_db
NO = {"answer": "decline", "reason": "amount_too_low"}


def half_offered(world: World) -> Complaint:
    """60 of 128.50 yuan, and the other demand refused."""
    answers = [
        Answer(demand=1, verdict="part", amount="60", reason="只有两个月是多扣的，其余是正常月费。"),
        Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE),
    ]
    promise = Promise(kind="original_channel", what="退还", amount="60", due_on=date(2026, 12, 7), demand=1)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    return given.step(case, offers.make_offer(answers=answers, promises=[promise]), world.handler, WEDNESDAY)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(WEDNESDAY, tick=False):
        yield


def test_the_sum_stands_with_the_offer_and_where_the_next_one_is_written(world: World) -> None:
    case, chen, ming = half_offered(world), signed_in(world.chen), signed_in(world.ming)
    checked(
        chen.get(place(case, "offer/1")),
        200,
        "退还货款或服务费",
        "多少可以（元）",
        "您要求¥128.50，企业同意¥60.00。可以不填。",
    )
    assert (
        send(chen, place(case, "offer/1"), NO | {"counter-1": "100", "counter_demand": "月底前退"}).status_code == 302
    )
    assert Offer.objects.get(complaint=case).counter_sums == {"1": "100.00"}
    checked(chen.get(place(case, "done")), 200, "您希望：退还货款或服务费 ¥100.00；月底前退")
    checked(ming.get(address(case)), 200, "退还货款或服务费 ¥100.00")
    checked(ming.get(address(case, "offer")), 200, "消费者说¥100.00可以")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("60", "企业已经同意¥60.00。请写多于它的金额，或者接受这份方案。"),
        ("128.51", "多于您要求的¥128.50。请写¥128.50以内的金额。"),
        ("一百", "金额请填数字，例如 128.50"),
    ],
)
def test_what_is_no_counter_offer_is_named_beside_its_field_and_kept(world: World, typed: str, why: str) -> None:
    case, chen = half_offered(world), signed_in(world.chen)
    answer = send(chen, place(case, "offer/1"), NO | {"counter-1": typed, "text": "还差一个月。"})
    assert not missing_in(checked(answer, 422, why), f'value="{typed}"', "还差一个月。")
    assert Offer.objects.get(complaint=case).state == "open"


def test_a_demand_that_the_offer_does_not_answer_is_named_to_a_program_too(world: World) -> None:
    case = half_offered(world)
    move = consumer.decline_offer(reason="other", counter_sums=[CounterSum(demand=3, amount="5")])
    assert given.refusal(case, move, world.consumer, WEDNESDAY, error=WrongInput).field == "counter-3"
    move = consumer.decline_offer(reason="other", counter_sums=[CounterSum(demand=1, amount=Decimal("128.50"))])
    given.step(case, move, world.consumer, WEDNESDAY)
    assert Offer.objects.get(complaint=case).counter_sums == {"1": "128.50"}
