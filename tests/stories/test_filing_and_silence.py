"""Stories of everyday trouble, first part: getting in, slips of the thumb, silence."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import handling
from complaints.handling.steps import casework, enterprise
from complaints.models import Complaint, Deadline, Notice
from complaints.parties.actors import consumer as as_consumer
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Outcome, Status
from routing.forwarding import forwarding
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.evidence.files import jpeg
from tests.complaints.pages.at_the_desk import address, signed_in
from tests.stories.people import Person, clock, day, home, paid, passed, workspace

__all__ = ["clock", "home", "workspace"]

S, O = Status, Outcome  # noqa: E741


def test_the_code_never_arrives(world: World, home: Person) -> None:
    """Filed all the same: no enterprise gets it before an officer has rung back."""
    case = given.filed(world, contact_verified=False)
    forwarding.sweep_filed(now=WEDNESDAY)
    case.refresh_from_db()
    assert (case.status, case.reason, case.enterprise) == (S.TRIAGE, "contact_unverified", None)
    assert case.number in home.sees(case)


def test_an_expat_with_a_passport(world: World, home: Person) -> None:
    """A Latin name with marks goes through unharmed, and the page speaks English."""
    name = "Zoë O’Brien-Müller"
    case = given.filed(world, consumer_name=name, language="en", consumer_address="Rm 12, Gulou, Fuzhou")
    page = home.sees(case, language="en")
    assert missing_in(page, 'lang="en"', name) == []
    assert "What you can still do" not in page
    assert "filed" in page.lower()
    assert Notice.objects.get(complaint=case, kind="file").subject.startswith("[12315]")


def test_two_of_a_family_on_one_order(world: World, home: Person) -> None:
    """Each has a case of the own; neither sees the other's."""
    mine = given.filed(world, order_no="778899")
    otto = {"consumer_id": world.otto.pk, "consumer_name": "欧托", "consumer_phone": "+8613800000009"}
    request = given.a_request(world, order_no="778899", **otto)
    theirs = handling.file([request], actor=as_consumer(world.otto), now=WEDNESDAY)[0]
    assert mine.pk != theirs.pk
    assert mine.number in home.sees(mine)
    home.clock.move_to(day(0), tick=False)
    assert signed_in(world.chen).get(f"/cases/{theirs.number}/").status_code == 404
    assert signed_in(world.otto).get(f"/cases/{mine.number}/").status_code == 404


def test_a_number_ported_between_two_carriers(world: World, home: Person) -> None:
    """One matter, two linked cases: one settles, the other goes on, and no carrier sees the other's."""
    respondents = (
        RespondentRequest(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk),
        RespondentRequest(enterprise_id=world.telecom.pk),
    )
    request = given.a_request(world, respondents=respondents)
    first, second = handling.file([request], actor=world.consumer, now=WEDNESDAY)
    assert first.linked_group == second.linked_group is not None
    for _time in range(2):
        forwarding.sweep_filed(now=WEDNESDAY)
    for case in (first, second):
        case.refresh_from_db()
    assert (first.enterprise, second.enterprise) == (world.mobile, world.telecom)
    given.step(first, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, WEDNESDAY)
    given.step(first, given.an_offer(due_on=None), world.handler, WEDNESDAY)
    home.sends(first, "offer/1", {"answer": "accept", "confirmed": ["1"], "rest": "give_up"})
    second.refresh_from_db()
    assert (first.outcome, second.status) == (O.SETTLED, S.WITH_ENTERPRISE)
    assert signed_in(world.ming).get(address(second)).status_code == 404
    assert signed_in(world.hua).get(address(first)).status_code == 404


def test_a_slip_of_the_thumb(world: World, home: Person) -> None:
    """Accepted by mistake: read back at once, and taken back until the end of the next working day."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    assert (
        missing_in(home.sends(case, "offer/1", {"answer": "accept", "rest": "give_up"}), "您接受了方案", "点错了？")
        == []
    )
    assert case.status == S.PERFORMING
    home.sends(case, "undo", at=day(1, 12))
    assert case.status == S.AWAITING_CONSUMER
    assert "轮到您了" in home.sees(case, at=day(1, 13))


def test_a_slip_noticed_too_late_or_when_the_other_side_has_acted_on_it(world: World, home: Person) -> None:
    """After the next working day it stands, and the page does not offer it any more."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    home.sends(case, "offer/1", {"answer": "accept", "rest": "give_up"})
    assert "可以撤销" not in home.sees(case, at=day(2, 1))
    status, text = home.is_refused(case, "undo", at=day(2, 1))
    assert (status, "这一步现在不能办" in text) == (409, True)
    # They have paid already: what was accepted cannot be taken back.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    home.sends(case, "offer/1", {"answer": "accept", "rest": "give_up"})
    paid(world, case, day(0, 1))
    assert home.is_refused(case, "undo", at=day(0, 2))[0] == 409


def test_the_hospital_and_the_silence_and_a_late_yes_or_no(world: World, home: Person) -> None:
    """No answer for weeks: closed, never a success; the answer still counts for thirty days."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    passed(case, day(10))
    assert (case.status, case.outcome) == (S.CLOSED, O.UNCONFIRMED)
    assert case.engagements.get().odr_result == "unconfirmed"
    assert missing_in(home.sees(case, at=day(20)), "不算和解成功", "现在仍可以答复企业的方案") == []
    home.sends(case, "late", {"answer": "yes"}, at=day(21))
    assert (case.status, case.is_late) == (S.PERFORMING, True)
    # Back from hospital with a no: the case goes to the regulator, nothing is told again.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    passed(case, day(10))
    home.sends(case, "late", {"answer": "no", "text": "我在住院，不同意。"}, at=day(21))
    assert case.status == S.REVIEW
    assert case.engagements.get().odr_result == "failed"
    assert "9月起每个月账单多出一项" in home.sees(case, at=day(21))


def test_silence_about_a_refund_is_no_yes(world: World, home: Person) -> None:
    """They say that they paid, nobody confirms: not counted as kept."""
    case = given.a_complaint(world, status=S.PERFORMING)
    paid(world, case, day(1))
    passed(case, day(30))
    assert (case.outcome, case.obligations.get().state) == (O.UNCONFIRMED, "silent")
    assert "交市场监管局" in home.sees(case, at=day(31))


def test_an_offer_that_lies_there_when_the_ten_days_end(world: World, home: Person) -> None:
    """It stays open to its own day; a yes then is a settlement, marked late."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, given.an_offer(), world.handler, WEDNESDAY + timedelta(days=14))
    passed(case, day(19))
    assert case.status == S.AWAITING_CONSUMER
    home.sends(case, "offer/1", {"answer": "accept", "rest": "give_up"}, at=day(20))
    assert case.status == S.PERFORMING


def test_a_holiday_lies_in_between(world: World, home: Person) -> None:
    """The page says which days were left out, by name, and the day it comes to."""
    case = given.a_complaint(world, status=S.NEGOTIATING, now=WEDNESDAY - timedelta(days=48))
    page = home.sees(case, "why/negotiation", at=WEDNESDAY - timedelta(days=47))
    assert "国庆" in page or "中秋" in page
    assert Deadline.objects.get(complaint=case, clock="negotiation").last_day.isoformat() == "2026-10-15"


def test_the_consumer_has_died(world: World, home: Person) -> None:
    """The clocks of the dead stop and the heirs have thirty days; nobody comes, it ends without a finding."""
    case = given.a_complaint(world, status=S.AWAITING_MATERIAL)
    given.step(case, casework.record_party_gone(party="consumer", text="家属来电：已去世。"), world.officer, day(1))
    assert Deadline.objects.get(complaint=case, clock="heirs", ended_at=None).last_day.isoformat() == "2026-12-14"
    assert Deadline.objects.get(complaint=case, clock="material", ended_at=None).state == "paused"
    passed(case, day(20))
    assert case.status != S.CLOSED
    passed(case, day(40))
    assert (case.status, case.reason) == (S.CLOSED, "party_gone")


def test_nobody_can_reach_me(world: World, home: Person) -> None:
    """Three tries on two days in two ways, then the consumer is told and has two days: one word keeps it alive."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for number, channel in ((1, "phone"), (2, "sms"), (2, "phone")):
        tried = enterprise.log_contact(channel=channel, reached=False, note="没有人接。")
        given.step(case, tried, world.handler, day(number))
    given.step(case, enterprise.report_failure(reason="unreachable", text="多次联系不上"), world.handler, day(2, 1))
    assert case.status == S.NEGOTIATING
    assert "企业说联系不上您" in home.sees(case, at=day(2, 2))
    home.sends(case, "statement", {"text": "下班后18点到20点可以打。"}, at=day(3))
    passed(case, day(8))
    assert case.status == S.NEGOTIATING


def test_a_photo_found_later(world: World, home: Person, workspace: Person) -> None:
    """A statement and a picture from the phone, days after filing; the enterprise sees both."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    photo = SimpleUploadedFile("十月.jpg", jpeg(), "image/jpeg")
    home.sends(case, "statement", {"text": "找到了9月的账单。", "uploads": photo}, at=day(2))
    assert missing_in(workspace.sees(case, at=day(2, 1)), "找到了9月的账单。", "十月") == []


def test_not_mine_says_the_enterprise(world: World, home: Person) -> None:
    """Handed back: the consumer is told, and a person decides where it goes."""
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    back = enterprise.return_case(reason="not_customer", text="查无此号，不是本公司用户。")
    given.step(case, back, world.handler, day(0))
    assert case.status in (S.FILED, S.TRIAGE)
    assert Notice.objects.filter(complaint=case, kind="return_case", addressee="consumer").exists()
    assert case.number in home.sees(case, at=day(0, 1))


def test_a_question_that_nobody_answers_and_a_third_about_one_offer(world: World, home: Person) -> None:
    """No answer by the end of the next working day: the offer lies with the consumer again."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    home.sends(case, "offer/1", {"answer": "ask", "text": "退到哪个账户？"})
    assert case.status == S.NEGOTIATING
    passed(case, day(2))
    assert (case.status, case.reason) == (S.AWAITING_CONSUMER, "question_unanswered")
    # Two may be asked; the third is refused in words, and the offer stays.
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for number in range(2):
        home.sends(case, "offer/1", {"answer": "ask", "text": "哪天到账？"}, at=day(0, number))
        given.step(case, enterprise.answer_question(text="12月7日前。"), world.handler, day(0, number))
    status, text = home.is_refused(case, "offer/1", {"answer": "ask", "text": "哪家银行？"}, at=day(0, 3))
    assert (status, "最多提问2次" in text) == (409, True)
    assert Complaint.objects.get(pk=case.pk).status == S.AWAITING_CONSUMER


def test_declined_twice_and_on_to_the_regulator(world: World, home: Person) -> None:
    """Two offers, two noes, one tap; what was filed goes along."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    no = {"answer": "decline", "reason": "amount_too_low", "text": "", "counter_demand": "三个月都退"}
    for number in (1, 2):
        given.step(case, given.an_offer(), world.handler, day(number))
        home.sends(case, f"offer/{number}", no, at=day(number, 1))
    assert "第2份方案" in home.sees(case, at=day(2, 2))
    assert "您不再与企业协商" in home.sends(case, "stop", at=day(2, 3))
    assert (case.status, case.handling_authority) == (S.REVIEW, world.gulou)


def test_a_case_given_up_and_taken_up_again(world: World, home: Person) -> None:
    """Withdrawn in anger, passed on a week later with everything in it: one screen and no field."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    home.sends(case, "withdraw", {"reason": "no_longer_wanted"})
    page = home.sees(case, "refer", at=day(7))
    assert "<textarea" not in page
    assert "您不用再填" in page
    home.sends(case, "refer", at=day(7))
    assert case.status == S.REVIEW
