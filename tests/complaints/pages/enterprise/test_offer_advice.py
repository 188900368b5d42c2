"""Before an offer goes, what it lacks is shown once; who sends it nevertheless is kept in the record."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from complaints.handling.steps import advising, enterprise, offers
from complaints.models import Complaint, HandlingStep, Offer
from complaints.procedure.workflow import Status
from complaints.settlement.offer_terms import Answer
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, send, shown, signed_in
from tests.server import A_REQUEST

S = Status
UNSEEN = {name: value for name, value in OFFER.items() if name != "anyway"}
PUT_OFF = "您好，经我司核实，您反映的业务为正常收费，系统无异常，无法为您办理退费，感谢您的理解与支持。"


def kept(case: Complaint) -> list[str]:
    """What the record says was missing."""
    entry = HandlingStep.objects.filter(complaint=case, step__in=["make_offer", "replace_offer"]).latest("sequence")
    return [f"{one['code']}:{one['field']}" for one in entry.data.get("advice", [])]


def refused(world: World, case: Complaint, reason: str = PUT_OFF, **more: Any) -> Complaint:
    answers = [Answer(demand=1, verdict="refuse", reason=reason), Answer(demand=2, verdict="grant")]
    move = offers.make_offer(answers=answers, **more)
    return given.step(case, move, world.handler, WEDNESDAY + timedelta(hours=1))


def test_what_is_missing_is_shown_before_it_is_sent(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    page = send(client, address(case, "offer"), UNSEEN)
    assert page.status_code == 200
    assert not Offer.objects.exists()
    text = shown(page)
    assert "还没有与消费者联系的记录" in text
    assert "仍要发送" in text
    assert 'value="no_contact:"' in text
    assert page.context["form"]["message"].value() == OFFER["message"]
    # What was typed since then is looked at again.
    less = send(client, address(case, "offer"), OFFER | {"promise-1-amount": "100"})
    assert not Offer.objects.exists()
    assert 'href="#id_promise-1-amount"' in shown(less)
    assert "少于答复里同意的金额" in shown(less)
    assert 'value="no_contact: promised_less:promise-1-amount"' in shown(less)
    assert send(client, address(case, "offer"), OFFER).status_code == 302
    assert kept(case) == ["no_contact:"]


def test_a_good_offer_goes_at_once_and_the_record_says_nothing(world: World) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    move = enterprise.log_contact(channel="phone", reached=False, note="无人接听")
    given.step(case, move, world.handler, WEDNESDAY + timedelta(hours=2))
    assert "仍要发送" not in shown(send(client, address(case, "offer"), UNSEEN | {"preview": "1"}))
    assert send(client, address(case, "offer"), UNSEEN).status_code == 302
    assert kept(case) == []


def test_the_same_words_as_to_another_consumer(world: World) -> None:
    refused(world, given.a_complaint(world, status=S.NEGOTIATING))
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    page = send(client, address(case, "offer"), OFFER | {"reason-2": PUT_OFF})
    assert "与本单位近期对其他案件的答复几乎一样" in shown(page)
    assert 'href="#id_reason-2"' in shown(page)
    anyway = OFFER | {"reason-2": PUT_OFF, "anyway": "no_contact: copied:reason-2"}
    assert send(client, address(case, "offer"), anyway).status_code == 302
    assert kept(case) == ["no_contact:", "copied:reason-2"]


def test_whose_words_are_compared(world: World) -> None:
    """Of this branch, to other cases, lately, at most so many; a measure for equal cases is not among them."""
    first = refused(world, given.a_complaint(world, status=S.NEGOTIATING))
    engagement = first.engagements.get()
    now = WEDNESDAY + timedelta(hours=3)
    assert list(advising.earlier_texts(engagement, now=now)) == [first.pk]
    assert PUT_OFF in advising.earlier_texts(engagement, now=now)[first.pk]
    assert advising.earlier_texts(engagement, now=now + advising.WINDOW) == {}
    import uuid

    measured = refused(world, given.a_complaint(world, status=S.NEGOTIATING), measure_id=uuid.uuid4())
    assert kept(measured) == ["no_date:add"]
    assert list(advising.earlier_texts(engagement, now=now)) == [first.pk]
    other = given.a_complaint(world, status=S.NEGOTIATING)
    theirs = other.engagements.get()
    theirs.branch_id = None
    assert advising.earlier_texts(theirs, now=now) == {}
    theirs.branch_id, theirs.enterprise_id = engagement.branch_id, world.telecom.pk
    assert advising.earlier_texts(theirs, now=now) == {}


def test_the_sums_stand_beside_the_fields(world: World) -> None:
    bought = {"object_category": "goods.phones", "object_kind": "goods", "problem_category": "false_claims"}
    bought |= {"is_online": True, "bought_on": date(2026, 11, 9), "amount": Decimal("128.50")}
    case, client = given.a_complaint(world, status=S.NEGOTIATING, **bought), signed_in(world.ming)
    page = client.get(address(case, "offer"))
    figures = page.context["figures"]
    asked = Decimal("128.50")
    assert (figures["asked"], figures["offered"], figures["missing"]) == (asked, 0, asked)
    text = shown(page)
    for label in (
        "至少¥128.50",
        "《消费者权益保护法》第二十五条",
        "《消费者权益保护法》第五十五条",
        "+¥500.00",
        "前提：经营者有欺诈行为。",
        "比要求少¥128.50",
    ):
        assert label in text, label
    more = send(client, address(case, "offer"), {**UNSEEN, "promise-1-amount": "100", "add": "1"})
    assert more.context["figures"]["missing"] == Decimal("28.50")
    part = {"answer-1": "part", "amount-1": "100", "reason-1": WHOLE, "promise-1-amount": "100"}
    low = send(client, address(case, "offer"), {**UNSEEN, **part, "preview": "1"})
    assert "少于法律规定至少应退的金额" in shown(low)
    same = send(client, address(case, "offer"), {**UNSEEN, "preview": "1"})
    assert "与要求相同" in shown(same)
    odd = send(client, address(case, "offer"), {**UNSEEN, "promise-1-amount": "很多", "add": "1"})
    assert odd.context["figures"]["offered"] == 0


def test_how_similar_cases_of_the_own_enterprise_ended(world: World) -> None:
    ended = given.a_complaint(world, status=S.CLOSED)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    text = shown(signed_in(world.ming).get(address(case, "offer")))
    assert "同类问题的1件怎样办结" in text
    assert f'href="/enterprise/cases/{ended.number}/"' in text
    assert "退还货款或服务费 同意 ¥128.50" in text
    assert "和解成功 1" in text
    assert "中位数¥128.50" in text


WHOLE = "签收前拆封使用过，折旧按约定扣28.50元。"


#: Exactly so many, however much the enterprise answered before; five of them for who asks.
OFFER_QUERIES = 6 + 5 + A_REQUEST
#: Contacts and the last offers (with their answers) more, the draft less.
CHECK_QUERIES = OFFER_QUERIES + 1


def test_the_editor_asks_a_fixed_number_of_queries(world: World, django_assert_num_queries: Any) -> None:
    case, client = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.ming)
    client.get(address(case, "offer"))
    for answered in (0, 3):
        for _ in range(answered):
            refused(world, given.a_complaint(world, status=S.NEGOTIATING))
        with django_assert_num_queries(OFFER_QUERIES):
            client.get(address(case, "offer"))
        with django_assert_num_queries(CHECK_QUERIES + (answered > 0)):
            send(client, address(case, "offer"), {**UNSEEN, "preview": "1"})
