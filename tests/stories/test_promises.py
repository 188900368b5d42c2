"""Stories of everyday trouble, second part: what was promised, and what became of it."""

from datetime import date

from authorities.models import Policy
from complaints.handling import Answer, Promise
from complaints.handling.steps import authority, both, enterprise, mediation, offers
from complaints.models import Notice
from complaints.procedure.workflow import Outcome, Status
from tests import found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.stories.people import Person, clock, day, granting, home, paid, passed, settled_with, workspace

__all__ = ["clock", "home", "workspace"]

S, O = Status, Outcome  # noqa: E741


def refund(due: str, amount: str = "128.50", **more: object) -> Promise:
    return Promise(kind="original_channel", what="退款", amount=amount, due_on=due, **more)  # type: ignore[arg-type]


def test_part_settled_and_the_rest_given_up_or_to_the_regulator(world: World, home: Person) -> None:
    """One demand is taken, the other dropped: settled, and marked as in part."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    page = home.sends(case, "offer/1", {"answer": "accept", "part": ["1"], "rest": "give_up"})
    assert "不再要求的：" in page
    home.sends(case, "performed", {"answer-1": "done"}, at=day(5))
    assert (case.outcome, case.is_in_part) == (O.SETTLED, True)
    # What was accepted stays promised while the authority looks at the rest.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    page = home.sends(case, "offer/1", {"answer": "accept", "part": ["1"], "rest": "regulator"})
    assert "交市场监管局审查的：" in page
    assert (case.status, case.obligations.get().state) == (S.REVIEW, "due")


def test_a_whole_cannot_be_taken_in_parts(world: World, home: Person) -> None:
    """Where the enterprise offered all or nothing, the page does not offer parts."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, granting(refund("2026-12-07")), world.handler, WEDNESDAY)
    assert 'name="part"' not in home.sees(case, "offer/1")


def test_a_refund_to_a_closed_card(world: World, home: Person) -> None:
    """ "We paid" – "nothing came": they must show channel, digits and day; shown once, then it is a breach."""
    case = settled_with(world, refund("2026-11-20"))
    paid(world, case, day(2))
    home.sends(case, "performed", {"answer-1": "missing", "text-1": "那张卡已经注销。"}, at=day(3))
    assert case.obligations.get().state == "due"
    proof = enterprise.show_payment(obligation=1, channel="原支付账户", last4="1234", paid_on="2026-11-12")
    given.step(case, proof, world.handler, day(4))
    assert "没有收到，请企业出示凭证" not in home.sees(case, "performed", at=day(4, 1))
    home.sends(case, "breach", {"obligation": "1", "text": ""}, at=day(6))
    assert (case.status, case.obligations.get().state) == (S.REVIEW, "broken")


def test_the_modem_goes_back_first_or_is_never_sent(world: World, home: Person, workspace: Person) -> None:
    """What the consumer owes holds the refund back; done and confirmed, the days of the refund begin."""
    modem = Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-20")
    money = Promise(kind="transfer", what="退款", amount="128.50", days_after=3, after=1)
    case = settled_with(world, modem, money)
    assert "请做好您的部分" in home.sees(case)
    home.sends(case, "did", {"obligations": ["1"], "proof": "快递单号 SF0001"}, at=day(1))
    workspace.sends(case, "confirm", {"obligations": ["1"]}, at=day(5))
    second = case.obligations.get(ordinal=2)
    assert second.state == "due"
    assert case.deadlines.get(clock="performance", obligation=second, ended_at=None).last_day == date(2026, 11, 19)
    # The consumer's own part unmet is never the enterprise's breach: an authority looks at it.
    case = settled_with(world, modem, money)
    for at in (day(11), day(18), day(25)):
        passed(case, at)
    assert (case.status, case.reason) == (S.REVIEW, "consumer_part_unmet")
    assert case.engagements.get().odr_result == "unconfirmed"
    assert not case.obligations.filter(state="broken").exists()


def test_twelve_instalments_and_the_third_fails(world: World, home: Person) -> None:
    """Two months kept, the third broken: to the regulator at once, the other nine stay in force."""
    months = [date(2026 + (11 + n) // 12, (11 + n) % 12 + 1, 5) for n in range(12)]
    case = settled_with(world, *(refund(day_.isoformat(), "10.00") for day_ in months))
    for number in (1, 2):
        at = day(24 + 31 * (number - 1))
        paid(world, case, at, number)
        home.sends(case, "performed", {f"answer-{number}": "done"}, at=at)
    page = home.sees(case, at=day(90))
    assert page.count("按时") >= 2
    assert f"/cases/{case.number}/breach/?obligation=3" in page
    home.sends(case, "breach", {"obligation": "3"}, at=day(90))
    assert case.status == S.REVIEW
    states = list(case.obligations.order_by("ordinal").values_list("state", flat=True))
    assert states == ["confirmed"] * 2 + ["broken"] + ["due"] * 9


def test_late_but_paid_and_too_early_for_a_breach(world: World, home: Person) -> None:
    """Paid a day late and confirmed: settled, and the ledger says that it was late."""
    case = settled_with(world, refund("2026-11-13"))
    paid(world, case, day(5))
    home.sends(case, "performed", {"answer-1": "done"}, at=day(6))
    assert case.outcome == O.SETTLED
    assert "<b>迟了</b>" in home.sees(case, at=day(6, 1))
    # Before the day nobody is in breach; the page does not offer it and the step is refused.
    case = settled_with(world, refund("2026-11-20"))
    assert "他们没有做到" not in home.sees(case, at=day(3))
    assert home.is_refused(case, "breach", {"obligation": "1"}, at=day(3))[0] in (409, 422)


def test_a_breach_by_one_tap_and_a_new_date_for_it(world: World, home: Person, workspace: Person) -> None:
    """The day is over and nothing came: one button, and the regulator has it."""
    case = settled_with(world, refund("2026-11-13"))
    assert "他们没有做到" in home.sees(case, at=day(3))
    home.sends(case, "breach", {"obligation": "1"}, at=day(3))
    assert (case.status, case.is_not_kept, case.engagements.get().odr_result) == (S.REVIEW, False, "failed")
    # Both name the same new day: the promise is in force again.
    workspace.sends(case, "new-dates", {"day-1": "2026-11-27"}, at=day(4))
    assert "企业提出新的日期" in home.sees(case, at=day(4, 1))
    home.sends(case, "new-dates", {"day-1": "2026-11-27"}, at=day(5))
    assert (case.status, case.obligations.get().due_on) == (S.PERFORMING, date(2026, 11, 27))


def test_keep_the_rest_you_need_not(world: World, home: Person) -> None:
    """The consumer lets a small promise go; nobody else can."""
    case = settled_with(world, refund("2026-11-20"), Promise(kind="apology", what="书面道歉", due_on="2026-11-20"))
    home.sends(case, "performed", {"answer-1": "done", "answer-2": "waive"}, at=day(2))
    assert case.outcome == O.SETTLED
    assert [o.state for o in case.obligations.order_by("ordinal")] == ["confirmed", "waived"]


def test_a_mediation_that_is_not_kept(world: World, home: Person) -> None:
    """Closed as not kept, with the way to court and its last day."""
    case = given.a_complaint(world, status=S.MEDIATING)
    agreement = mediation.record_agreement(text="双方同意退款。", promises=[refund("2026-11-20", "100")])
    given.step(case, agreement, world.officer, day(1))
    home.sends(case, "breach", {"obligation": "1"}, at=day(12))
    assert (case.status, case.outcome, case.is_not_kept) == (S.CLOSED, O.MEDIATED, True)
    assert missing_in(home.sees(case, at=day(12, 1)), "向人民法院起诉", "2029年11月1日") == []


NO_CANCEL = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)


def test_a_better_offer_before_i_answer(world: World, home: Person) -> None:
    """Replaced by one that is no worse; the page says what changed, and the old one cannot be answered."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    part = Answer(demand=1, verdict="part", amount="60", reason="系统里只查到最近两个月多扣。")
    whole, other = Answer(demand=1, verdict="grant", amount="128.50"), NO_CANCEL
    offer = offers.make_offer(answers=[part, other], promises=[refund("2026-12-07", "60")])
    better = offers.replace_offer(answers=[whole, other], promises=[refund("2026-12-07")])
    given.step(case, offer, world.handler, day(0))
    given.step(case, better, world.handler, day(1))
    assert missing_in(home.sees(case, at=day(1, 1)), "▲ 更好：上次是“部分同意”", "▲ 多¥68.50") == []
    assert home.is_refused(case, "offer/1", {"answer": "accept", "rest": "give_up"}, at=day(1, 2))[0] == 409


def test_more_days_by_all_three(world: World, home: Person, workspace: Person) -> None:
    """Asked for at the desk, agreed to at home, granted by the officer: then the date moves, and all can read why. Only
    the consumer's yes opens the way."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    Policy.objects.filter(name="extension").update(number=1)
    before = case.deadlines.get(clock="negotiation").last_day
    page = workspace.sends(case, "extension", {"days": "3", "text": "要等总部核对账单。"}, at=day(1))
    assert "延期申请在等消费者同意" in page
    assert "企业申请延期" in home.sees(case, at=day(1, 1))
    assert "要等总部核对账单。" in home.sees(case, "extension", at=day(1, 1))
    assert not case.matters.get(kind="extension").data.get("consumer_agreed", False)
    home.sends(case, "extension", at=day(1, 2))
    assert case.matters.get(kind="extension").data["consumer_agreed"] is True
    assert "延期申请在等监管部门决定" in workspace.sees(case, at=day(1, 3))
    home.clock.move_to(day(2), tick=False)
    office = f"/authority/cases/{case.number}/extension/"
    officer = signed_in(world.rui)
    assert "3" in shown(officer.get(office))
    assert send(officer, office, {"decision": "grant", "text": ""}).status_code == 302
    clock = case.deadlines.get(clock="negotiation")
    assert (before.isoformat(), clock.last_day.isoformat()) == ("2026-11-25", "2026-11-30")
    assert "已经申请过一次延期" in workspace.sees(case, at=day(2, 1))
    assert "11月30日" in home.sees(case, at=day(2, 1))
    assert "11月30日" in workspace.sees(case, at=day(2, 2))


def test_rated_and_not_accepted(world: World, home: Person) -> None:
    """Closed, yet "I do not accept": said once, kept with the marks."""
    case = given.a_complaint(world, status=S.CLOSED)
    marks = {"overall": "2", "speed": "3", "attitude": "1", "accepts": "no", "text": "太慢。"}
    home.sends(case, "rate", marks, at=day(1))
    assert case.facts["rating"]["accepts"] is False
    assert home.is_refused(case, "rate", {"overall": "5", "speed": "5", "attitude": "5"}, at=day(1, 1))[0] == 409


def test_told_of_every_step_that_asks(world: World, home: Person) -> None:
    """Offer, report and breach each told the consumer, and no subject says what it is about."""
    case = settled_with(world, refund("2026-11-13"))
    paid(world, case, day(1))
    told = Notice.objects.filter(complaint=case, addressee="consumer")
    assert {"file", "make_offer", "report_performed"} <= set(told.values_list("kind", flat=True))
    for row in told:
        text = (row.subject + row.short).replace(case.number, "")
        assert found_in(text, "宽带", "陈", "128") == []
    assert "通知，" in home.sees(case, at=day(1, 1))


def test_a_refusal_that_i_do_not_take(world: World, home: Person) -> None:
    """Refused with the right body named, the last days to fight it, and an objection for another officer."""
    case = given.a_complaint(world, status=S.REVIEW)
    refusal = authority.refuse(ground="outside_duty", facts="属于电信资费争议，由通信管理部门负责。", body="12300")
    given.step(case, refusal, world.officer, day(1))
    shown = home.sees(case, at=day(2))
    assert missing_in(shown, "12300", "行政复议", "2027年1月11日", "2027年5月12日", "提出异议") == []
    home.sends(case, "objection", {"text": "这是虚假宣传，不只是资费。"}, at=day(3))
    assert case.matters.get(kind="objection").state == "open"


def test_no_more_material(world: World, home: Person) -> None:
    """ "I have none" is an answer: the review goes on."""
    case = given.a_complaint(world, status=S.AWAITING_MATERIAL)
    home.sends(case, "material", {"has_none": "on"})
    assert (case.status, case.reason) == (S.REVIEW, "has_none")


def test_settled_in_the_shop_says_one_side_or_the_other(world: World, home: Person) -> None:
    """The consumer's silence lets their claim fall; the case goes on."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, both.claim_settled_elsewhere(text="营业厅当面解决了。"), world.handler, day(0))
    assert "企业说双方已经另行和解" in home.sees(case, at=day(0, 1))
    passed(case, day(8))
    assert case.status == S.NEGOTIATING
    assert case.matters.get(kind="settled_elsewhere").state == "fallen"
    # A plain no to their claim, and nothing has changed.
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, both.claim_settled_elsewhere(text="电话里谈妥了。"), world.handler, day(0))
    home.sends(case, "settled-elsewhere", {"answer": "no", "text": "没有谈妥。"}, at=day(1))
    assert case.status == S.NEGOTIATING
    # The enterprise's silence lets the consumer's word stand.
    case = given.a_complaint(world, status=S.NEGOTIATING)
    home.sends(case, "settled-elsewhere", {"text": "门店退了现金。"})
    passed(case, day(8))
    assert (case.outcome, case.reason) == (O.SETTLED_ELSEWHERE, "consumers_word")


def test_no_regulator_please_and_then_after_all(world: World, home: Person) -> None:
    """Who declined being passed on is not passed on; one tap later they are, with everything."""
    consents = given.a_request(world).consents | {"pass_to_regulator": False}
    case = given.a_complaint(world, status=S.NEGOTIATING, consents=consents)
    home.sends(case, "stop", at=day(1))
    assert (case.status, case.outcome) == (S.CLOSED, O.NEGOTIATION_FAILED)
    home.sends(case, "refer", at=day(4))
    assert case.status == S.REVIEW


def test_published_and_taken_back(world: World, home: Person) -> None:
    """The consent to publish can be given and withdrawn, each time with its effect."""
    case = given.a_complaint(world, status=S.CLOSED)
    home.sends(case, "publication", {"answer": "yes"}, at=day(1))
    assert case.publication_consent
    home.sends(case, "publication", {"answer": "no"}, at=day(2))
    assert not case.publication_consent


def test_one_firm_becomes_another(world: World, home: Person) -> None:
    """Merged away: offers, promises and dates go along to the successor."""
    case = given.a_complaint(world, status=S.PERFORMING)
    last = case.deadlines.get(clock="performance").last_day
    given.step(case, authority.pass_to_successor(enterprise_id=world.telecom.pk), world.actor("system"), day(1))
    assert case.enterprise == world.telecom
    assert case.deadlines.get(clock="performance", ended_at=None).last_day == last
    assert "退还多扣费用" in home.sees(case, at=day(1, 1))
