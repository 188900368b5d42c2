"""The consumer's other ways through, on a phone, in both languages; and of people who do not stand alone.

Nobody calls a verb; people use pages, and a sweep with a later clock stands for the days that pass.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from complaints import handling
from complaints.models import Complaint, Engagement, FilingDraft, HandlingStep, Participant, StationEntry
from complaints.privacy import my_data
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from enterprises.models import Station, StationStaff
from oversight.counters import publishing
from routing.forwarding.forwarding import sweep_filed
from tests.browser.journey_stage import (
    Consumer,
    Filing,
    Person,
    Stage,
    accepted,
    answer_offer,
    offered,
    officer_of,
    opened,
    reported,
    stage,
    status_of,
    stop,
    taken_on,
    tells_all,
)
from tests.complaints.filing.answers import STATEMENT
from tests.complaints.filing.test_drafts import newest_code

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
S = Status

PHONES = [pytest.param({}, id="zh"), pytest.param({"language": "en"}, id="en")]
#: The main ones also without JavaScript.
MAIN = [*PHONES, pytest.param({"javascript": False}, id="plain")]


@pytest.mark.parametrize("look", MAIN)
def test_two_offers_declined_lead_to_the_regulator(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, (case, staff) = people.consumer, taken_on(people)
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
    declined = "make_offer decline_offer"
    tells_all(consumer, case, f"file forward accept_case {declined} {declined} stop_negotiating accept")


@pytest.mark.parametrize("look", MAIN)
def test_a_broken_promise_leads_to_review(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, (case, staff) = people.consumer, taken_on(people)
    offered(staff, refund="128.50", last_try=True)
    consumer.open(case.number)
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    reported(staff, case, proof="退款流水 0003")
    opened(case, consumer)
    consumer.take("breach", chosen="obligation=1", text="银行说没有这笔退款。")
    consumer.look("breached")
    assert status_of(case) == S.REVIEW
    officer = officer_of(people, "rui")
    officer.open(case.number)
    assert officer.says("银行说没有这笔退款。")


@pytest.mark.parametrize("look", MAIN)
def test_silence_is_no_success(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, (case, staff) = people.consumer, taken_on(people)
    offered(staff, refund="80.00")
    later = timezone.now() + timedelta(days=20)
    handling.sweep_clocks(now=later)
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    opened(case, consumer)
    given = {"zh": "不算和解成功", "en": "not counted as settled"}[people.language[:2]]
    assert consumer.says(given), consumer.page.locator("main").inner_text()[:600]
    assert Engagement.objects.get(complaint=case).odr_result == "unconfirmed"
    publishing.publish(now=later + timedelta(days=1))
    figures = publishing.PublishedFigure.objects.filter(enterprise=people.world.mobile, category="")
    row = figures.order_by("-ended").first()
    assert row is not None
    assert (row.ended, row.settled, row.unconfirmed) == (1, 0, 1)
    # What was missed can still be said.
    consumer.take("late", chosen="answer=yes")
    assert status_of(case) in {S.PERFORMING, S.CLOSED}


@pytest.mark.parametrize("look", PHONES)
def test_withdrawn_and_taken_up_again(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, case = people.consumer, people.filed()
    consumer.open(case.number)
    consumer.take("withdraw", chosen="reason=settled")
    consumer.look("withdrawn")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.WITHDRAWN)
    opened(case, consumer)
    consumer.take("refer")
    assert status_of(case) == S.REVIEW
    opened(case, consumer)
    tells_all(consumer, case, "file forward withdraw refer_to_regulator")
    report = verify(number=case.number)
    assert report.is_unbroken, report.findings


@pytest.mark.parametrize("look", PHONES)
def test_an_officer_reopens_what_was_closed_on_a_mistake(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, case = people.consumer, people.filed()
    consumer.open(case.number)
    consumer.take("withdraw", chosen="reason=mistake")
    officer = officer_of(people, "rui")
    opened(case, officer)
    officer.take("reopen", chosen="ground=clerical_error", text="撤回登记有误，重新办理。")
    assert status_of(case) == S.REVIEW
    opened(case, consumer)
    assert consumer.says("撤回登记有误，重新办理。")
    tells_all(consumer, case, "file forward withdraw reopen")


@pytest.mark.parametrize("look", PHONES)
def test_a_draft_goes_on_at_another_device(stage: Callable[..., Stage]) -> None:
    people = stage()
    first = Filing(people.consumer, people.world)
    for screen in (first.story, first.heard, first.you):
        screen()
    first.page.wait_for_url(re.compile("/check/"))
    # A second code to one phone within a minute is held back, so this device is signed in already.
    second: Consumer = people.person(Consumer, user=FilingDraft.objects.get().owner)
    second.visitor.go("/file/")
    second.look("resumed")
    second.page.locator("main a.btn").first.click()
    rest = Filing(second, people.world)
    if second.page.url.endswith("/you/"):
        # Where the other device stood last; what was proven there is proven here.
        rest.go_on()
    rest.check_page()
    number = rest.page.locator(".refno").first.inner_text().strip()
    case = Complaint.objects.get(number=number)
    assert case.evidence.count() == 1
    assert FilingDraft.objects.filter(filed_at=None).count() == 0
    second.open(number)
    # The first device does not file it a second time.
    first.agree()
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
def test_who_closes_the_account_is_gone(stage: Callable[..., Stage]) -> None:
    people = stage()
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
    consumer.take("withdraw", chosen="reason=no_longer_wanted")
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
    assert report.is_unbroken, report.findings


class ForOthers(Filing):
    """The third screen with other people on it."""

    about: tuple[str, dict[str, str]]

    def heard(self, town: Any = None) -> None:
        self.page.locator("input[name=ask][value=another]").check()
        super().heard()

    def you(self) -> None:
        page, (behalf, fields) = self.page, self.about
        page.wait_for_url(re.compile("/you/"))
        page.locator(f'input[name=behalf][value="{behalf}"]').check()
        for field, text in fields.items():
            choice = page.locator(f'input[type=radio][name="{field}"][value="{text}"]')
            if choice.count():
                choice.check()
            else:
                page.locator(f"#id_{field}").fill(text)
        page.locator("#id_is_declared").check()
        page.locator("#id_name").fill("陈雨桐")
        page.locator("#id_phone").fill("199 0000 0001")
        page.locator("#id_address").fill("福州市鼓楼区测试路1号")
        with page.expect_navigation():
            page.get_by_role("button", name=self.words["code"], exact=True).click()
        page.locator("#id_code").fill(newest_code())
        self.go_on()


def filed_for(people: Stage, behalf: str, **fields: str) -> Complaint:
    people.typed.extend(fields.values())
    filing = ForOthers(people.consumer, people.world)
    filing.about = (behalf, fields)
    case = Complaint.objects.get(number=filing.walk())
    assert sweep_filed(now=timezone.now()) == 1
    return case


def link_to(address: str, path: str) -> str:
    """The newest link below ``path`` that was sent to this phone."""
    for message in OutgoingMessage.objects.order_by("-pk"):
        if message.address == address and (result := re.search(rf"{path}[\w-]+/", message.body)):
            return result[0]
    raise AssertionError(f"no link to {path} was sent to {address}")


def says_yes(person: Person, *, answer: str, consents: bool) -> None:
    """The joining page: the answer, one's own consents, and the code to one's own phone."""
    page = person.page
    person.choose("answer", answer)
    if consents:
        for name in ("share_with_enterprise", "pass_to_regulator", "delegated_mediation", "publish_masked"):
            person.choose(name, "no" if name == "publish_masked" else "yes")
    with page.expect_navigation():
        page.locator("main button[name=send]").click()
    person.look("join-sent")
    page.locator("#id_code").fill(newest_code())
    page.locator("main button[name=go]").click()


@pytest.mark.parametrize("look", PHONES)
def test_two_complain_together_and_who_does_not_agree_is_not_bound(stage: Callable[..., Stage]) -> None:
    people = stage()
    people.typed += ["赵同行", "赵**"]
    case = filed_for(people, "joint", parties="赵同行 19900000012", representatives="")
    joiner: Consumer = people.person(Consumer)
    joiner.visitor.follow(link_to("+8619900000012", "/cases/join/"))
    joiner.look("join")
    says_yes(joiner, answer="join", consents=True)
    joiner.look("joined")
    assert joiner.page.url.endswith(f"/cases/{case.number}/")
    assert Participant.objects.get(complaint=case).state == "joined"
    staff = people.staff()
    accepted(staff, case, people.world)
    offered(staff, refund="80.00")
    opened(case, joiner)
    joiner.take("party", chosen="agrees=no")
    joiner.look("not-agreed")
    people.consumer.open(case.number)
    answer_offer(people.consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    entry = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert (entry.data["bound"], len(entry.data["not_bound"])) == ([], 1)


@pytest.mark.parametrize("look", PHONES)
def test_a_representative_without_that_power_leaves_settling_to_the_principal(stage: Callable[..., Stage]) -> None:
    people = stage()
    people.typed += ["王", "王**"]
    until = (timezone.localdate() + timedelta(days=40)).isoformat()
    case = filed_for(
        people,
        "agent",
        principal_name="王委托",
        principal_phone="19900000013",
        relation="朋友",
        powers="投诉、代收退款",
        may_settle="no",
        valid_until=until,
    )
    principal: Consumer = people.person(Consumer)
    principal.visitor.follow(link_to("+8619900000013", "/cases/join/"))
    principal.look("asked")
    says_yes(principal, answer="join", consents=False)
    principal.look("confirmed")
    staff = people.staff()
    accepted(staff, case, people.world)
    offered(staff, refund="80.00")
    agent = people.consumer
    agent.visitor.go(f"/cases/{case.number}/offer/1/")
    agent.look("offer-of-another")
    # To accept is not offered to whoever may not: the page says why and who can.
    assert agent.page.locator('main input[name^="answer"][value="decline"]').count() == 1
    assert agent.page.locator('main input[name^="answer"][value="accept"]').count() == 0
    assert agent.says("The principal must do it in person" if people.language == "en" else "须由委托人本人办理")
    opened(case, principal)
    answer_offer(principal, 1, "accept")
    assert status_of(case) == S.PERFORMING
    entry = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert entry.name is not None
    assert entry.name.name == "王委托"


@pytest.mark.parametrize("look", PHONES)
def test_a_station_files_for_a_consumer_and_notes_what_was_settled_at_the_desk(stage: Callable[..., Stage]) -> None:
    people = stage()
    named = {"name": "东街口消费维权服务站", "name_en": "Dongjiekou station", "address": "东街口1号"}
    station = Station.objects.create(code="SD-01", kind="mall", authority=people.world.gulou, **named)
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    people.typed += ["站试", "东街口消费维权服务站", "东街口1号", "鞋底开胶"]
    clerk: Consumer = people.person(Consumer, user=user)
    clerk.visitor.go("/station/")
    clerk.look("desk")
    clerk.follow("/station/file/")
    clerk.look("before")
    clerk.page.locator("main button[name=start]").click()
    filing = AtTheDesk(clerk, people.world)
    number = filing.walk()
    case = Complaint.objects.get(number=number)
    assert (case.station, case.channel) == (station, "station")
    assert case.consumer == User.objects.with_phone("+8619900000001").get()
    clerk.visitor.go("/station/")
    assert clerk.says(number)

    clerk.visitor.go("/station/log/new/")
    clerk.look("entry")
    clerk.page.locator("#id_category").select_option(index=1)
    clerk.type("problem", "鞋底开胶")
    if clerk.page.locator("select#id_how").count():
        clerk.page.locator("#id_how").select_option("refund")
    else:
        clerk.choose("how", "refund")
    clerk.type("amount", "89")
    clerk.type("phone", "13900000077")
    clerk.press()
    clerk.look("log")
    assert StationEntry.objects.get().state == "unconfirmed"
    buyer: Consumer = people.person(Consumer)
    buyer.visitor.follow(link_to("+8613900000077", "/station/confirm/"))
    buyer.look("confirm")
    buyer.page.locator('main button[name="answer"][value="yes"]').click()
    assert StationEntry.objects.get().state == "confirmed"


class AtTheDesk(Filing):
    """The wizard that the station began already."""

    def story(self) -> None:
        self.page.locator("#id_story").fill(STATEMENT)
        self.go_on()


def test_no_link_is_found_where_none_was_sent(db: Any) -> None:
    with pytest.raises(AssertionError, match="no link"):
        link_to("+8619900000099", "/cases/join/")
