"""One answer to equal cases: chosen, ruled, tried out, sent in one flush; each consumer decides alone."""

import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep, Measure, Obligation, Offer
from complaints.pages.enterprise.measure_forms import RuleForm
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import World
from tests.complaints.measures.conftest import cases, filled, table
from tests.complaints.pages.at_the_desk import signed_in
from tests.server import A_REQUEST

pytestmark = pytest.mark.django_db
HOME = "/enterprise/measures/"
RULE = {"verdict-refund": "grant", "source-refund": "asked", "by-refund": "original_channel"}
RULE |= {"verdict-cancel_service": "grant", "source-cancel_service": "none"}
RULE |= {"due_on": "2099-12-07", "message": "8月多扣的费用全部退还。"}
BY_TABLE = {"verdict-refund": "part", "source-refund": "table", "reason-refund": "按停机的天数折算退还费用。"}


def drafted(browser: Client, **fields: object) -> Measure:
    answer = browser.post(f"{HOME}new/", filled(title="8月多扣费统一退还", **fields))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    result = Measure.objects.latest("pk")
    assert answer["Location"] == place(result)
    return result


def place(measure: Measure) -> str:
    return f"{HOME}{measure.public_id}/"


def numbers(rows: list[Complaint]) -> str:
    return "\n".join(case.number for case in rows)


def sent(browser: Client, measure: Measure, **changes: str) -> Measure:
    answer = browser.post(place(measure), filled(send="1", **RULE | changes))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    measure.refresh_from_db()
    return measure


def why(measure: Measure) -> dict[str, str]:
    return {one["number"]: one["why"] for one in measure.left_out}


def test_the_complete_ones_get_their_offer_and_the_others_are_named(world: World) -> None:
    now, browser = timezone.now(), signed_in(world.ming)
    good = cases(world, 3)
    waiting = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now)
    demands = (DemandRequest(kind="apology"), DemandRequest(kind="refund"))
    other = given.a_complaint(world, status=S.NEGOTIATING, now=now, demands=demands)
    measure = drafted(browser, lines=numbers([*good, waiting, other]) + "\n20260101-AAAAAAAAAAAA-0\n" + good[0].number)
    assert why(measure) == {"20260101-AAAAAAAAAAAA-0": "没有找到这件投诉。", good[0].number: "写了两次，只算一次。"}
    page = browser.get(place(measure)).content.decode()
    assert "选了5件" in page
    assert "道歉" in page
    rule = RULE | {"verdict-apology": "refuse", "source-apology": "none"}
    rule |= {"reason-apology": "已经在电话里说明情况并道过歉。"}
    page = browser.post(place(measure), filled(preview="1", **rule)).content.decode()
    assert "试办：3件可以发送" in page
    assert waiting.number in page
    assert "消费者没有写“退还货款或服务费”的金额。" in page
    assert Offer.objects.count() == 0
    assert browser.post(place(measure), filled(send="1", **rule)).status_code == 302
    measure.refresh_from_db()
    offers = Offer.objects.filter(measure_id=measure.public_id)
    assert sorted(offers.values_list("complaint_id", flat=True)) == [case.pk for case in good]
    owed = Obligation.objects.filter(offer__in=offers).values_list("kind", "amount", "state")
    assert set(owed) == {("original_channel", Decimal("128.50"), "proposed")}
    assert measure.sent == 3
    assert set(why(measure)) >= {waiting.number, other.number}
    # The record of each case says so, and what it says is hashed.
    assert HandlingStep.objects.get(complaint=good[0], step="make_offer").data["measure"] == str(measure.public_id)
    # The queue of the ones that stayed behind begins anew with one press.
    again = browser.get(f"{HOME}new/?again={measure.public_id}").content.decode()
    assert waiting.number in again
    assert good[1].number not in again


def test_amounts_come_from_a_table(world: World) -> None:
    browser, (one, other, none, wrong) = signed_in(world.ming), cases(world, 4)
    amounts = {one: "20.00", other: "¥35", none: "", wrong: "=1+1"}
    rows = [{"编号": case.number, "金额": amount} for case, amount in amounts.items()]
    measure = sent(browser, drafted(browser, file=io.BytesIO(table(rows, encoding="gb18030"))), **BY_TABLE)
    expected = {one.number: Decimal("20.00"), other.number: Decimal("35.00")}
    assert dict(Obligation.objects.values_list("complaint__number", "amount")) == expected
    assert why(measure) == {none.number: "表中没有这件的金额。", wrong.number: "金额请填数字，例如 128.50"}


def test_cases_come_from_the_queue(world: World) -> None:
    browser, mine = signed_in(world.ming), cases(world, 2)
    given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    assert "用列表里的案件（3件）" in browser.get(f"{HOME}new/?view=all").content.decode()
    # Chosen in the queue: the page opens with just these.
    picked = browser.post("/enterprise/queue/?view=all", filled(do="measure", case=[mine[0].number]))
    assert "用列表里的案件（1件）" in browser.get(picked["Location"]).content.decode()
    assert browser.post(f"{HOME}new/?view=mine", filled(title="统一退还", use_list="on")).status_code == 302
    assert {pick["number"] for pick in Measure.objects.get().picks} == {case.number for case in mine}


def test_each_consumer_decides_alone_and_each_count_is_a_list(world: World) -> None:
    now, browser, ours = timezone.now(), signed_in(world.ming), cases(world, 4)
    measure = sent(browser, drafted(browser, lines=numbers(ours)))
    given.step(ours[0], consumer.accept_offer(), world.consumer, now)
    given.step(ours[1], consumer.decline_offer(reason="amount_too_low"), world.consumer, now)
    given.step(ours[2], consumer.accept_offer(), world.consumer, now)
    page = browser.get(place(measure)).content.decode()
    for text, count in (("待消费者答复", 1), ("已接受，待履行", 2), ("未接受", 1)):
        assert f'{text} <data value="{count}"' in page
    listed = browser.get(f"{place(measure)}?state=declined").content.decode()
    assert ours[1].number in listed
    assert ours[0].number not in listed
    # One proof of its own, the common one for the rest.
    lines = f"{ours[2].number},流水号889"
    answer = browser.post(f"{place(measure)}performed/", filled(proof="12月1日统一退回原支付账户。", lines=lines))
    assert answer.status_code == 302
    answer = browser.post(f"{place(measure)}performed/", filled(proof="12月1日统一退回原支付账户。"))
    assert answer.status_code == 302
    expected = ["12月1日统一退回原支付账户。", "流水号889"]
    assert [o.reported_proof for o in Obligation.objects.filter(state="reported").order_by("complaint_id")] == expected
    given.step(ours[0], consumer.confirm_performed(obligations=[1]), world.consumer, now)
    page = browser.get(place(measure)).content.decode()
    assert '已履行 <data value="1"' in page
    assert '已报告履行，待确认 <data value="1"' in page
    assert browser.post(f"{place(measure)}performed/", filled(proof="又一次。")).status_code == 409


def test_a_number_written_twice_is_one_case_and_two_amounts_are_none(world: World) -> None:
    """Whoever gets the offer is not chosen anew with those left out; nobody guesses which amount is meant."""
    browser = signed_in(world.ming)
    twice, odd, bare, other = cases(world, 4)
    lines = f"{twice.number},20\n{odd.number},20\n{bare.number}\n{other.number},20\n"
    lines += f"{twice.number.lower()} ¥20.00元\n{odd.number},200\n{bare.number},35\n{bare.number}"
    measure = drafted(browser, lines=lines)
    expected = [(twice.number, "20"), (bare.number, "35"), (other.number, "20")]
    assert [(pick["number"], pick["amount"]) for pick in measure.picks] == expected
    left_out = {case.number: "写了两次，只算一次。" for case in (twice, bare)}
    assert why(measure) == left_out | {odd.number: "写了两次，写的不一样：20、200。请核对。"}
    given.step(other, consumer.stop_negotiating(), world.consumer, timezone.now())
    measure = sent(browser, measure, **BY_TABLE)
    assert measure.sent == 2
    page = browser.get(place(measure)).content.decode()
    assert "写了两次，只算一次" not in page
    assert "写了两次，写的不一样" in page
    again = browser.get(f"/enterprise/measures/new/?again={measure.public_id}").content.decode()
    assert f"{other.number},20" in again
    assert twice.number not in again
    assert bare.number not in again


def test_what_was_sent_is_not_overwritten_by_an_earlier_trial(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(browser, lines=numbers(ours))
    judged = RuleForm.is_valid

    def meanwhile(form: RuleForm) -> bool:
        """Somebody else sends it between the page's look and its save."""
        monkeypatch.setattr(RuleForm, "is_valid", judged)
        sent(signed_in(world.lead), measure)
        return judged(form)

    monkeypatch.setattr(RuleForm, "is_valid", meanwhile)
    answer = browser.post(place(measure), filled(**RULE | {"message": "试一试别的说法，不发送。"}))
    measure.refresh_from_db()
    assert measure.sent_at is not None
    assert measure.rule["message"] == RULE["message"]
    assert (answer.status_code, answer["Location"]) == (302, place(measure))


def test_a_measure_is_seen_where_its_branch_is_seen(world: World) -> None:
    """The branch and headquarters; a case of somebody else in it reads like a missing one."""
    near, elsewhere = cases(world, 2)
    Complaint.objects.filter(pk=elsewhere.pk).update(branch=None)
    elsewhere.engagements.update(branch=None)
    measure = drafted(signed_in(world.ming), lines=numbers([near, elsewhere]))
    assert why(measure) == {elsewhere.number: "没有找到这件投诉。"}
    assert signed_in(world.lead).get(place(measure)).status_code == 200
    whole = sent(signed_in(world.lead), drafted(signed_in(world.lead), lines=numbers([near, elsewhere])))
    for stranger in (world.ming, world.hua, world.rui, world.chen):
        assert signed_in(stranger).get(place(whole)).status_code == 404
        assert signed_in(stranger).post(place(whole), filled(send="1", **RULE)).status_code == 404
    assert signed_in(world.hua).get(place(measure)).status_code == 404


def test_what_the_rule_lacks_stands_at_its_field_and_it_is_sent_once(world: World) -> None:
    browser = signed_in(world.ming)
    measure = drafted(browser, lines=numbers(cases(world, 1)))
    lacking = RULE | {"verdict-refund": "part", "source-refund": "fixed", "verdict-cancel_service": ""}
    del lacking["due_on"], lacking["message"]
    answer = browser.post(place(measure), filled(send="1", **lacking))
    page = answer.content.decode()
    assert answer.status_code == 422
    for text in ("请写明理由，至少10个字", "金额请填数字", "请写明最后一天", "请从列出的选项中选一项"):
        assert text in page
    many = "\n".join(map(str, range(501)))
    both = {"lines": "x", "file": io.BytesIO(b"y")}
    for fields in ({}, both, {"lines": "20260101-AAAAAAAAAAAA-0"}, {"lines": many}):
        assert browser.post(f"{HOME}new/", filled(title="x", **fields)).status_code == 422
    browser, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(browser, lines=numbers(ours))
    form = filled(send="1", **RULE)
    assert [browser.post(place(measure), form).status_code for _n in range(2)] == [302, 302]
    assert browser.post(place(measure), filled(send="1", **RULE)).status_code == 302
    assert Offer.objects.count() == 2


def test_a_page_costs_the_same_however_many_cases_it_is_about(world: World) -> None:
    browser = signed_in(world.lead)
    counted = []
    for count in (2, 6):
        measure = sent(browser, drafted(browser, lines=numbers(cases(world, count))))
        results = []
        for page in (HOME, place(measure)):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(page).status_code == 200
            results.append(len(queries) - A_REQUEST)
        counted.append(results)
    assert counted[0] == counted[1]
    assert max(counted[0]) <= 15
