"""Journeys of people who do not stand alone: several who complain together, one for another, and at a station's desk.

Nobody calls a verb; people use pages, and a link comes out of the message that was sent to that phone.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from complaints.models import Complaint, HandlingStep, Participant, StationEntry
from complaints.procedure.workflow import Status
from enterprises.models import Station, StationStaff
from routing.forwarding.forwarding import sweep_filed
from tests.browser.journey_people import Consumer, Filing, Person
from tests.browser.journey_stage import Stage, accepted, answer_offer, offered, opened, stage, status_of
from tests.complaints.filing.test_drafts import newest_code

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
S = Status
PHONES = [pytest.param({}, id="zh"), pytest.param({"language": "en"}, id="en")]


class ForOthers(Filing):
    """The sixth screen with other people on it."""

    about: tuple[str, dict[str, str]]

    def you(self) -> None:
        page, (behalf, fields) = self.page, self.about
        page.locator(f'input[name=behalf][value="{behalf}"]').check()
        if not page.locator("#id_is_declared").is_visible():
            page.locator("main details summary").first.click()
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
def test_two_complain_together_and_who_does_not_agree_is_not_bound(
    stage: Callable[..., Stage], look: dict[str, str]
) -> None:
    people = stage(**look)
    people.typed += ["赵同行", "赵**"]
    case = filed_for(people, "joint", parties="赵同行 19900000012", representatives="")
    joiner: Consumer = people.person(Consumer, "joiner")
    joiner.visitor.go(link_to("+8619900000012", "/cases/join/"))
    joiner.look("join")
    says_yes(joiner, answer="join", consents=True)
    joiner.look("joined")
    assert joiner.page.url.endswith(f"/cases/{case.number}/")
    assert Participant.objects.get(complaint=case).state == "joined"
    staff = people.staff()
    accepted(staff, case, people.world)
    offered(staff, refund="80.00")
    opened(case, joiner)
    joiner.take("party", lambda: joiner.choose("agrees", "no"))
    joiner.look("not-agreed")
    people.consumer.open(case.number)
    answer_offer(people.consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    entry = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert (entry.data["bound"], len(entry.data["not_bound"])) == ([], 1)


@pytest.mark.parametrize("look", PHONES)
def test_a_representative_without_that_power_leaves_settling_to_the_principal(
    stage: Callable[..., Stage], look: dict[str, str]
) -> None:
    people = stage(**look)
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
    principal: Consumer = people.person(Consumer, "principal")
    principal.visitor.go(link_to("+8619900000013", "/cases/join/"))
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
def test_a_station_files_for_a_consumer_and_notes_what_was_settled_at_the_desk(
    stage: Callable[..., Stage], look: dict[str, str]
) -> None:
    people = stage(**look)
    station = Station.objects.create(
        code="SD-01",
        name="东街口消费维权服务站",
        name_en="Dongjiekou station",
        kind="mall",
        authority=people.world.gulou,
        address="东街口1号",
    )
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    people.typed += ["站试", "东街口消费维权服务站", "东街口1号", "鞋底开胶"]
    clerk: Consumer = people.person(Consumer, "clerk", user=user)
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
    buyer: Consumer = people.person(Consumer, "buyer")
    buyer.visitor.go(link_to("+8613900000077", "/station/confirm/"))
    buyer.look("confirm")
    buyer.page.locator('main button[name="answer"][value="yes"]').click()
    assert StationEntry.objects.get().state == "confirmed"


class AtTheDesk(Filing):
    """The wizard that the station began already."""

    def who(self) -> None:
        self.find()
        self.go_on()


def test_no_link_is_found_where_none_was_sent(db: Any) -> None:
    with pytest.raises(AssertionError, match="no link"):
        link_to("+8619900000099", "/cases/join/")
