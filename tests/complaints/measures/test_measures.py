"""One answer to equal cases: chosen, ruled, tried out, sent in one flush, in two names where the setting says so."""

import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep, Matter, Measure, Obligation, Offer
from complaints.pages.enterprise.measure_forms import RuleForm
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from database.row_security import working_as_steps
from enterprises.models import Staff
from enterprises.models.team import TwoPersons
from tests import found_in, given, missing_in, reloaded
from tests.cast import World, a_new_phone
from tests.complaints.measures.conftest import cases, filled, table
from tests.complaints.pages.at_the_desk import signed_in
from tests.server import A_REQUEST

pytestmark = pytest.mark.django_db
HOME = "/enterprise/measures/"
RULE = {"verdict-refund": "grant", "source-refund": "asked", "by-refund": "original_channel"}
RULE |= {"verdict-cancel_service": "grant", "source-cancel_service": "none", "by-cancel_service": "service_change"}
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
    assert not missing_in(page, "选了5件", "道歉")
    rule = RULE | {"verdict-apology": "refuse", "source-apology": "none"}
    rule |= {"reason-apology": "已经在电话里说明情况并道过歉。"}
    page = browser.post(place(measure), filled(preview="1", **rule)).content.decode()
    assert not missing_in(page, "试办：3件可以发送", waiting.number, "消费者没有写“退还货款或服务费”的金额。")
    assert Offer.objects.count() == 0
    assert browser.post(place(measure), filled(send="1", **rule)).status_code == 302
    measure.refresh_from_db()
    offers = Offer.objects.filter(measure_id=measure.public_id)
    assert sorted(offers.values_list("complaint_id", flat=True)) == [case.pk for case in good]
    owed = Obligation.objects.filter(offer__in=offers).values_list("kind", "amount", "state")
    expected = {("original_channel", Decimal("128.50"), "proposed"), ("service_change", None, "proposed")}
    assert (set(owed), measure.sent) == (expected, 3)
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
    money = Obligation.objects.filter(kind="original_channel")
    assert dict(money.values_list("complaint__number", "amount")) == expected
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
    for text, count in (("待消费者答复", 1), ("已接受，待做到", 2), ("未接受", 1)):
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
    reported = Obligation.objects.filter(state="reported", kind="original_channel").order_by("complaint_id")
    assert [o.reported_proof for o in reported] == expected
    given.step(ours[0], consumer.confirm_performed(obligations=[1, 2]), world.consumer, now)
    page = browser.get(place(measure)).content.decode()
    assert not missing_in(page, '已做到 <data value="1"', '已报告做到，待确认 <data value="1"')
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
    assert not found_in(again, twice.number, bare.number)


def test_what_was_sent_is_not_overwritten_by_an_earlier_trial(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(browser, lines=numbers(ours))
    judged = RuleForm.is_valid

    def meanwhile(form: RuleForm) -> bool:
        """Somebody else sends it between the page's look and its save."""
        monkeypatch.setattr(RuleForm, "is_valid", judged)
        # As from nowhere: who is signed in is not looked up as whom this page serves.
        with working_as_steps():
            sent(signed_in(world.lead), measure)
        return judged(form)

    monkeypatch.setattr(RuleForm, "is_valid", meanwhile)
    answer = browser.post(place(measure), filled(**RULE | {"message": "试一试别的说法，不发送。"}))
    assert reloaded(measure).sent_at is not None
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
    assert not missing_in(page, "请写明理由，至少10个字", "金额请填数字", "请写明最后一天", "请从列出的选项中选一项")
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


LIST = "/enterprise/approvals/"
MOVED, UNANSWERED = "案件已有变化，这份请示已失效。", "还没有答复第9项要求，每一项都要答复。"
SMALL = BY_TABLE | {"source-refund": "fixed", "fixed-refund": "20"}


@pytest.fixture
def guarded(world: World) -> TwoPersons:
    columns = {"enterprise": world.mobile, "set_by": world.lead, "set_at": timezone.now()}
    return TwoPersons.objects.create(offers_above=Decimal(100), **columns)


@pytest.fixture
def reviewer(world: World) -> User:
    user = User.objects.create_user(email="rev@example.com", password="x" * 20, name="审试", own_phone=a_new_phone())
    Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role="reviewer")
    return user


def proposed(world: World, browser: Client, ours: list[Complaint]) -> Measure:
    measure = drafted(browser, lines=numbers(ours))
    page = browser.post(place(measure), filled(preview="1", **RULE)).content.decode()
    assert not missing_in(page, f"试办：{len(ours)}件可以提请批准", "期限不停")
    assert not Matter.objects.exists()
    answer = browser.post(place(measure), filled(send="1", **RULE), follow=True)
    assert f"已把{len(ours)}件方案提请批准" in answer.content.decode()
    measure.refresh_from_db()
    return measure


def decide(browser: Client, measure: Measure, decision: str, text: str = "", **fields: Any) -> Any:
    return browser.post(f"{place(measure)}approval/", filled(decision=decision, text=text) | fields)


def test_the_whole_is_proposed_and_another_person_sends_it(world: World, guarded: TwoPersons, reviewer: User) -> None:
    ming, ours = signed_in(world.ming), cases(world, 3)
    due = list(Complaint.objects.order_by("pk").values_list("next_due_at", flat=True))
    measure = proposed(world, ming, ours)
    assert not Offer.objects.exists()
    assert HandlingStep.objects.filter(step="propose", complaint__in=ours).count() == 3
    assert list(Complaint.objects.order_by("pk").values_list("next_due_at", flat=True)) == due
    # Whoever proposed it reads it, and cannot decide.
    assert ming.get(place(measure))["Location"] == f"{place(measure)}approval/"
    assert not missing_in(ming.get(f"{place(measure)}approval/").content.decode(), "不能批准自己提请的", "¥385.50")
    assert decide(ming, measure, "grant").status_code == 409
    assert "等第二人批准" in ming.get(HOME).content.decode()
    # Sent again it is one proposal.
    assert ming.post(place(measure), filled(send="1", **RULE)).status_code == 302
    assert Matter.objects.filter(state="open").count() == 3
    for stranger in (world.hua, world.rui, world.chen):
        assert signed_in(stranger).get(f"{place(measure)}approval/").status_code == 404
        assert decide(signed_in(stranger), measure, "grant").status_code == 404
    other = User.objects.create_user(email="other@example.com", password="x" * 20, name="另试", own_phone=a_new_phone())
    Staff.objects.create(user=other, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    assert "由审核人员或者管理员批准" in signed_in(other).get(f"{place(measure)}approval/").content.decode()
    assert decide(signed_in(other), measure, "grant").status_code == 409
    assert not Offer.objects.exists()
    browser = signed_in(reviewer)
    assert not missing_in(browser.get(LIST).content.decode(), "1项等您批准", "批量方案，3件")
    # A letter about one of its cases leads to the whole.
    one = Matter.objects.filter(measure_id=measure.public_id).earliest("pk")
    assert browser.get(f"{LIST}{one.pk}/")["Location"] == f"{place(measure)}approval/"
    form = filled(decision="grant", text="")
    for _turn in range(2):
        answer = browser.post(f"{place(measure)}approval/", form)
        assert (answer.status_code, answer["Location"]) == (302, LIST)
    offers = Offer.objects.filter(measure_id=measure.public_id)
    assert {offer.complaint_id: offer.made_by_name for offer in offers} == {case.pk: "审试" for case in ours}
    steps = ["propose", "approve", "make_offer"]
    for case in ours:
        taken = HandlingStep.objects.filter(complaint=case, step__in=steps).order_by("pk")
        assert list(taken.values_list("step", flat=True)) == steps
    assert (reloaded(measure).sent, measure.left_out) == (3, [])
    assert "审试批准" in signed_in(world.ming).get(place(measure)).content.decode()
    assert "没有待批准的事项" in browser.get(LIST).content.decode()
    assert decide(browser, measure, "grant")["Location"] == place(measure)


def test_each_case_is_judged_anew_and_the_rest_is_named(world: World, guarded: TwoPersons) -> None:
    ours = cases(world, 4)
    measure = proposed(world, signed_in(world.ming), ours)
    # One leaves, one asks for something else meanwhile.
    given.step(ours[0], consumer.stop_negotiating(), world.consumer, timezone.now())
    ours[1].demands.create(ordinal=9, kind="apology")
    lead = signed_in(world.lead)
    assert "1件已有变化，不会发送" in lead.get(f"{place(measure)}approval/").content.decode()
    assert decide(lead, measure, "grant").status_code == 302
    measure.refresh_from_db()
    assert sorted(Offer.objects.values_list("complaint_id", flat=True)) == [ours[2].pk, ours[3].pk]
    assert why(measure) == {ours[0].number: MOVED, ours[1].number: UNANSWERED}
    # Nothing half done: no approval without its offer, and nothing goes on waiting.
    proposals = Matter.objects.filter(kind="proposal").order_by("complaint_id")
    states = zip(ours, ("fallen", "refused", "granted", "granted"), strict=True)
    assert list(proposals.values_list("complaint_id", "state")) == [(case.pk, state) for case, state in states]
    assert not HandlingStep.objects.filter(complaint=ours[1], step="approve").exists()
    # What stayed behind is chosen anew with one press.
    assert ours[1].number in signed_in(world.ming).get(f"{HOME}new/?again={measure.public_id}").content.decode()


def test_nothing_left_is_said_and_one_case_above_the_amount_makes_the_whole_wait(
    world: World, guarded: TwoPersons
) -> None:
    ours = cases(world, 2)
    measure = proposed(world, signed_in(world.ming), ours)
    for case in ours:
        given.step(case, consumer.stop_negotiating(), world.consumer, timezone.now())
    lead = signed_in(world.lead)
    assert "没有一件还可以发送" in lead.get(f"{place(measure)}approval/").content.decode()
    assert decide(lead, measure, "grant").status_code == 409
    assert decide(lead, measure, "refuse", "这些案件都已离开。").status_code == 302
    ming, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(ming, lines=f"{ours[0].number},20\n{ours[1].number},120")
    assert ming.post(place(measure), filled(send="1", **RULE | BY_TABLE)).status_code == 302
    assert Matter.objects.filter(measure_id=measure.public_id, state="open").count() == 2
    assert not Offer.objects.exists()


def test_sent_back_it_is_a_draft_with_the_reason_and_goes_on(world: World, guarded: TwoPersons, reviewer: User) -> None:
    ming, ours = signed_in(world.ming), cases(world, 2)
    waiting = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    measure = drafted(ming, lines=numbers([*ours, waiting]))
    assert ming.post(place(measure), filled(send="1", **RULE)).status_code == 302
    measure.refresh_from_db()
    assert set(why(measure)) == {waiting.number}
    browser = signed_in(reviewer)
    assert decide(browser, measure, "refuse").status_code == 422
    assert decide(browser, measure, "refuse", "金额请与计费部门核对。").status_code == 302
    assert (reloaded(measure).proposed_at, measure.sent_at, measure.left_out) == (None, None, [])
    assert set(Matter.objects.values_list("state", flat=True)) == {"refused"}
    assert not missing_in(ming.get(place(measure)).content.decode(), "退回修改", "金额请与计费部门核对。", "审试")
    # A smaller one needs nobody else.
    assert sent(ming, measure, **SMALL).sent == 2
    assert set(why(measure)) == {waiting.number}


def test_a_set_with_a_threat_waits_for_a_second_person_who_reads_it_quoted(world: World, reviewer: User) -> None:
    """Nothing is guarded by the enterprise itself."""
    ming, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(ming, lines=numbers(ours))
    rule = RULE | {"message": "多扣的费用全部退还。再投诉就把您列入黑名单。"}
    assert ming.post(place(measure), filled(send="1", **rule)).status_code == 302
    assert not Offer.objects.exists()
    page = signed_in(reviewer).get(f"{place(measure)}approval/").content.decode()
    assert not missing_in(page, "再投诉就把您列入黑名单</q>", "有像威胁或者侮辱的话", "没有改")
