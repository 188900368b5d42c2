"""A promise is numbered within its own offer, whatever number it has in the case."""

from typing import Any

from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, offers
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, shown, signed_in


def offered_twice(world: World, *, keeps_first: bool = False) -> Complaint:
    """Two offers; of the first one part was accepted, or nothing."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    both = [Answer(demand=n, verdict="grant", is_separable=True) for n in (1, 2)]
    given.step(case, offers.make_offer(answers=both, promises=given.promises()), world.handler, WEDNESDAY)
    answer = (
        consumer.accept_offer(separable=[1], rest="go_on") if keeps_first else consumer.decline_offer(reason="too_late")
    )
    given.step(case, answer, world.consumer, WEDNESDAY)
    second = given.promises("2026-12-01")
    if keeps_first:
        both, second = both[1:], second[1:]
    return given.step(case, offers.make_offer(answers=both, promises=second), world.handler, WEDNESDAY)


def test_the_promises_of_a_second_offer_begin_at_one(world: World, clock: Any) -> None:
    case = offered_twice(world)
    assert [o.ordinal for o in case.obligations.order_by("ordinal")] == [1, 2, 3, 4]
    page = shown(signed_in(world.chen).get(place(case, "offer/2")))
    assert ("1. 退还多扣费用" in page, "2. 取消智家体验包" in page, "3. 退还多扣费用" in page) == (True, True, False)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY)
    for user, at in ((world.chen, place(case)), (world.ming, address(case, "performed"))):
        page = shown(signed_in(user).get(at))
        assert "退还多扣费用" in page
        assert not [n for n in ("3. 退", "3 退", "4. 取", "4 取") if n in page]


def test_promises_of_two_offers_side_by_side_say_of_which_they_are(world: World, clock: Any) -> None:
    case = offered_twice(world, keeps_first=True)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY)
    for language, words in (
        ("zh-hans", ["第1份方案第1项. 退还多扣费用", "第2份方案第1项. 取消智家体验包"]),
        ("en", ["Offer 1, no. 1. 退还多扣费用", "Offer 2, no. 1. 取消智家体验包"]),
    ):
        page = shown(signed_in(world.chen).get(place(case), headers={"accept-language": language}))
        assert [word for word in words if word not in page] == []


def test_days_after_another_promise_name_it_by_its_number_in_the_offer(world: World, clock: Any) -> None:
    case = offered_twice(world)
    given.step(case, consumer.decline_offer(reason="too_late"), world.consumer, WEDNESDAY)
    refused = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)
    back = Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-20")
    paid = Promise(kind="transfer", what="退款", amount="128.50", days_after=3, after=1)
    move = offers.make_offer(answers=[Answer(demand=1, verdict="grant"), refused], promises=[back, paid])
    given.step(case, move, world.handler, WEDNESDAY)
    assert "第1项确认后3个工作日内" in shown(signed_in(world.chen).get(place(case, "offer/3")))
