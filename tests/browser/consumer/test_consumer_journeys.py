"""The consumer's other ways through, on a phone, in both languages: refused offers, a broken promise, silence, a way
back.

Nobody calls a verb; people use pages, and a sweep with a later clock stands for the days that pass.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from complaints import handling
from complaints.models import Complaint, Engagement, FilingDraft
from complaints.privacy import my_data
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from oversight.counters import publishing
from tests.browser.journey_people import Consumer, Filing
from tests.browser.journey_stage import (
    Stage,
    accepted,
    answer_offer,
    offered,
    officer_of,
    opened,
    stage,
    status_of,
    stop,
    tells_all,
)
from tests.complaints.filing.test_drafts import newest_code

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
S = Status

PHONES = [pytest.param({}, id="zh"), pytest.param({"language": "en"}, id="en")]
#: The main ones also without JavaScript.
MAIN = [*PHONES, pytest.param({"javascript": False}, id="plain")]


@pytest.mark.parametrize("look", MAIN)
def test_two_offers_declined_lead_to_the_regulator(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    for number, text in ((1, "只退两个月不行。"), (2, "还是少一个月。")):
        if number > 1:
            staff.open(case.number)
        offered(staff, refund="80.00")
        consumer.open(case.number)
        answer_offer(consumer, number, "decline", text=text, counter_demand="三个月一起退，共128.50元")
        assert status_of(case) == S.NEGOTIATING
    stop(consumer, case)
    officer = officer_of(people, "rui")
    officer.open(case.number)
    # Nothing has to be told again: both refusals and the demand stand before the officer.
    assert officer.says("只退两个月不行。")
    assert officer.says("还是少一个月。")
    officer.take("accept")
    assert status_of(case) == S.MEDIATING
    opened(case, consumer)
    tells_all(
        consumer,
        case,
        [
            "file",
            "forward",
            "accept_case",
            "make_offer",
            "decline_offer",
            "make_offer",
            "decline_offer",
            "stop_negotiating",
            "accept",
        ],
    )


@pytest.mark.parametrize("look", MAIN)
def test_a_broken_promise_leads_to_review(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    offered(staff, refund="128.50", last_try=True)
    consumer.open(case.number)
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING

    def performed() -> None:
        staff.page.locator("main input[name=obligations]").check()
        staff.type("proof", "退款流水 0003")

    opened(case, staff)
    staff.take("performed", performed)
    opened(case, consumer)

    def not_done() -> None:
        consumer.choose("obligation", "1")
        consumer.type("text", "银行说没有这笔退款。")

    consumer.take("breach", not_done)
    consumer.look("breached")
    assert status_of(case) == S.REVIEW
    officer = officer_of(people, "rui")
    officer.open(case.number)
    assert officer.says("银行说没有这笔退款。")


@pytest.mark.parametrize("look", MAIN)
def test_silence_is_no_success(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    offered(staff, refund="80.00")
    later = timezone.now() + timedelta(days=20)
    handling.sweep_clocks(now=later)
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    opened(case, consumer)
    given = {"zh": "不算和解成功", "en": "not counted as settled"}[people.language[:2]]
    assert consumer.says(given), consumer.page.locator("main").inner_text()[:600]
    assert Engagement.objects.get(complaint=case).odr_result == "unconfirmed"
    publishing.publish(now=later + timedelta(days=1))
    row = (
        publishing.PublishedFigure.objects.filter(enterprise=people.world.mobile, category="")
        .order_by("-ended")
        .first()
    )
    assert row is not None
    assert (row.ended, row.settled, row.unconfirmed) == (1, 0, 1)
    # What was missed can still be said.
    consumer.take("late", lambda: consumer.choose("answer", "yes"))
    assert status_of(case) in {S.PERFORMING, S.CLOSED}


@pytest.mark.parametrize("look", PHONES)
def test_withdrawn_and_taken_up_again(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    consumer.open(case.number)
    consumer.take("withdraw", lambda: consumer.choose("reason", "settled"))
    consumer.look("withdrawn")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.WITHDRAWN)
    opened(case, consumer)
    consumer.take("refer")
    assert status_of(case) == S.REVIEW
    opened(case, consumer)
    tells_all(consumer, case, ["file", "forward", "withdraw", "refer_to_regulator"])
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken


@pytest.mark.parametrize("look", PHONES)
def test_an_officer_reopens_what_was_closed_on_a_mistake(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    consumer.open(case.number)
    consumer.take("withdraw", lambda: consumer.choose("reason", "mistake"))
    officer = officer_of(people, "rui")
    opened(case, officer)

    def why() -> None:
        officer.choose("ground", "clerical_error")
        officer.type("text", "撤回登记有误，重新办理。")

    officer.take("reopen", why)
    assert status_of(case) == S.REVIEW
    opened(case, consumer)
    assert consumer.says("撤回登记有误，重新办理。")
    tells_all(consumer, case, ["file", "forward", "withdraw", "reopen"])


@pytest.mark.parametrize("look", PHONES)
def test_a_draft_goes_on_at_another_device(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    first = Filing(people.consumer, people.world)
    for screen in (first.who, first.purchase, first.problem, first.demands, first.evidence, first.you):
        screen()
    assert first.page.url.endswith("/consents/")
    # A second code to one phone within a minute is held back, so this device is signed in already.
    second: Consumer = people.person(Consumer, "tablet", user=FilingDraft.objects.get().owner)
    second.visitor.go("/file/")
    second.look("resumed")
    second.page.locator("main a.btn").first.click()
    rest = Filing(second, people.world)
    if second.page.url.endswith("/you/"):
        # Where the other device stood last; what was proven there is proven here.
        rest.go_on()
    rest.consents()
    rest.check_page()
    number = rest.page.locator(".refno").first.inner_text().strip()
    case = Complaint.objects.get(number=number)
    assert case.evidence.count() == 1
    assert FilingDraft.objects.filter(filed_at=None).count() == 0
    second.open(number)
    # The first device does not file it a second time.
    first.go_on()
    assert Complaint.objects.count() == 1


def test_filing_works_where_each_answer_takes_400_ms(stage: Callable[..., Stage]) -> None:
    people = stage(checked=False)
    consumer = people.consumer
    tools = consumer.visitor.context.new_cdp_session(consumer.page)
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000},
    )
    case = people.filed()
    assert case.evidence.count() == 1


@pytest.mark.parametrize("look", PHONES)
def test_who_closes_the_account_is_gone(stage: Callable[..., Stage], look: dict[str, str]) -> None:
    people = stage(**look)
    consumer, case = people.consumer, people.filed()
    user = User.objects.get(pk=case.consumer_id)
    page = consumer.page
    close = "/account/privacy/close/"
    consumer.visitor.go(close)
    if "/confirm/" in page.url:
        consumer.look("confirm")
        consumer.press()
        page.locator("#id_code").fill(newest_code())
        consumer.press()
    assert consumer.page.locator(f'main a[href$="/cases/{case.number}/"]').count(), "an open case holds the account"
    consumer.look("close-held")
    consumer.open(case.number)
    consumer.take("withdraw", lambda: consumer.choose("reason", "no_longer_wanted"))
    consumer.visitor.go(close)
    consumer.look("close")
    consumer.press()
    consumer.look("gone")
    consumer.visitor.go("/cases/")
    assert "/account/sign-in/" in page.url
    user.refresh_from_db()
    assert not user.is_active
    case.refresh_from_db()
    until = my_data.kept_until(user, now=timezone.now())
    assert until > timezone.now() + timedelta(days=365)
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
