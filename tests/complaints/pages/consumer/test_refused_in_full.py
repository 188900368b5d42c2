"""What a consumer reads where nothing was granted: three equal choices, no way to accept, and what silence leads to."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from complaints.acceptance import publication
from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, offers
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.tables.exporting.columns import COLUMNS, CaseRow
from tests import found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in
from tests.walls.forms import forms_of

pytestmark = pytest.mark.usefixtures("clock")
ALL = {"regulator", "decline", "rest"}


def choices(page: str) -> set[str]:
    return next(form.choices["answer"] for form in forms_of(page) if "answer" in form.choices)


def test_three_choices_of_equal_weight_and_nothing_to_accept(world: World) -> None:
    case, browser = given.refused_in_full(world), signed_in(world.chen)
    page = checked(browser.get(place(case)), 200, "企业一项也没有同意", "没有方案可以接受", "自动转")
    assert not found_in(page, "接受方案", "不算和解成功", "查看方案并答复")
    page = checked(browser.get(f"{place(case)}offer/1/"), 200, "您怎么选", "交市场监管局", "继续谈", "算了，不再坚持")
    assert choices(page) == ALL
    assert not found_in(page, "接受后", "您不能代为", "checked")
    english = shown(browser.get(f"{place(case)}offer/1/", headers={"accept-language": "en"}))
    assert not missing_in(english, "The business granted nothing. What will you do?", "Let it rest", "Talk on")
    # The card of the list says the same.
    assert "企业一项也没有同意" in shown(browser.get("/cases/"))
    # Who sends the old answer nevertheless is told, and nothing happens.
    assert send(browser, f"{place(case)}offer/1/", {"answer": "accept", "text": "好"}).status_code == 422
    case.refresh_from_db()
    assert case.status == S.AWAITING_CONSUMER


def test_what_was_chosen_is_read_back_and_says_that_nothing_was_granted(world: World) -> None:
    case, browser = given.refused_in_full(world), signed_in(world.chen)
    answer = send(browser, f"{place(case)}offer/1/", {"answer": "rest", "text": "不想再耗时间。"})
    checked(browser.get(answer["location"]), 200, "您不再坚持", "企业一项也没有同意", "不算和解成功", "撤销")
    page = checked(browser.get(place(case)), 200, "全部拒绝，未再坚持", "不想再耗时间。", "交市场监管局")
    assert "结果：和解成功" not in page
    page = checked(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"), 200, "全部拒绝，未再坚持")
    assert "和解成功，消费者已确认" not in page


def test_where_onward_transfer_was_declined_the_page_says_where_silence_and_the_regulator_lead(world: World) -> None:
    consents = {**given.a_request(world).consents, "pass_to_regulator": False}
    case, browser = given.refused_in_full(world, consents=consents), signed_in(world.chen)
    checked(browser.get(place(case)), 200, "不答复，按和解不成办结；仍可交市场监管局。")
    page = checked(browser.get(f"{place(case)}offer/1/"), 200, "您之前不同意交市场监管局")
    assert choices(page) == ALL
    send(browser, f"{place(case)}offer/1/", {"answer": "regulator"})
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.NEGOTIATION_FAILED)


def test_when_the_time_is_up_there_is_no_talking_on(world: World) -> None:
    case, browser = given.refused_in_full(world), signed_in(world.chen)
    Complaint.objects.filter(pk=case.pk).update(is_overdue=True)
    assert choices(shown(browser.get(f"{place(case)}offer/1/"))) == ALL - {"decline"}


def test_what_was_accepted_before_stays_and_the_page_says_so(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.chen)
    granted = Answer(demand=1, verdict="grant", is_separable=True)
    no = Answer(demand=2, verdict="refuse", reason="系统记录显示由本人办理，不同意。")
    paid = Promise(kind="transfer", what="退款", amount="128.50", due_on="2026-12-07", demand=1)
    given.step(case, offers.make_offer(answers=[granted, no], promises=[paid]), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(separable=[1], rest="go_on"), world.consumer, WEDNESDAY)
    given.step(case, offers.make_offer(answers=[no]), world.handler, WEDNESDAY)
    page = checked(browser.get(f"{place(case)}offer/2/"), 200, "您接受过的部分照常有效，其余的不再要求")
    assert choices(page) == ALL
    send(browser, f"{place(case)}offer/2/", {"answer": "rest"})
    case.refresh_from_db()
    assert (case.status, case.is_in_part) == (S.PERFORMING, True)


def test_a_representative_who_may_not_settle_reads_who_can(world: World) -> None:
    case = given.refused_in_full(world)
    Complaint.objects.filter(pk=case.pk).update(
        on_behalf_kind="agent", facts={**case.facts, "may_settle": False}, represented_until=WEDNESDAY.date()
    )
    browser = signed_in(world.chen)
    page = checked(browser.get(f"{place(case)}offer/1/"), 200, "您不能代为放弃", "须由委托人本人办理")
    assert choices(page) == ALL - {"rest"}


def test_a_late_yes_to_a_refusal_of_old_is_not_offered(world: World) -> None:
    before = WEDNESDAY - timedelta(days=12)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=before)
    given.step(case, given.an_offer(due_on=None), world.handler, before)
    given.swept(case, WEDNESDAY)
    assert case.outcome == Outcome.UNCONFIRMED
    case.offers.update(grants_nothing=True)
    assert choices(shown(signed_in(world.chen).get(f"{place(case)}late/"))) == {"no"}
    assert not HandlingStep.objects.filter(complaint=case, step="answer_late").exists()


WORDS, ENGLISH, NOT = "全部拒绝，未再坚持", "Refused in full, not pursued", "和解成功"


def test_a_refusal_that_was_accepted_before_is_shown_everywhere_as_refused_and_not_pursued(world: World) -> None:
    """What was counted as settled stays so in the record alone."""
    case = given.an_old_refusal(world)
    entry = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert (entry.outcome, entry.reason, case.outcome) == ("settled", "nothing_to_perform", "settled")
    pages = [
        (world.chen, place(case)),
        (world.chen, "/cases/"),
        (world.ming, f"/enterprise/cases/{case.number}/"),
        (world.rui, f"/authority/cases/{case.number}/"),
        (world.rui, f"/authority/cases/?q={case.number}"),
    ]
    for user, address in pages:
        answer = signed_in(user).get(address)
        page = checked(answer, 200, WORDS)
        assert not found_in(page, f"结果：{NOT}", f"{NOT}，消费者已确认", f"{NOT}，您已确认"), address
        shown_case = (answer.context or {}).get("page")
        if shown_case is not None:
            # What stands in letters that were sent stays as it was sent.
            assert NOT not in " ".join(event.detail for event in getattr(shown_case, "timeline", ())), address
        assert ENGLISH in shown(signed_in(user).get(address, headers={"accept-language": "en"})), address
    # To the public and in a table that is taken away.
    with override("zh-hans"):
        assert publication.masked(case, name="陈试", demands=(), reply="").outcome == WORDS
        row = CaseRow(case=case, name="", demands="", time=case.engagements.get())
        assert [COLUMNS[code].text(row) for code in ("status", "result")] == [WORDS, "和解未成"]
    assert given.stands(case)


def test_only_what_granted_nothing_is_marked_by_the_migration(world: World) -> None:
    settled = given.a_complaint(world, status=S.CLOSED)
    case = given.an_old_refusal(world)
    settled.refresh_from_db()
    assert (settled.accepted_refusal, settled.engagements.get().result) == (False, "settled")
    assert (case.accepted_refusal, case.engagements.get().result, case.engagements.get().odr_result) == (
        True,
        "failed",
        "settled",
    )
    # Nothing was settled, so it may go to the regulator; once it goes on, it is a case like any other.
    assert given.refused(settled, consumer.refer_to_regulator(), world.consumer, WEDNESDAY) == "settled"
    browser = signed_in(world.chen)
    checked(browser.get(place(case)), 200, "交市场监管局", "向人民法院起诉")
    assert send(browser, f"{place(case)}refer/", {}).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.accepted_refusal) == (S.REVIEW, False)
    assert case.engagements.get().result == "failed"
