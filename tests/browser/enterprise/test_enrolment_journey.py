"""From an application to the first settled case: an enterprise enrols, a county grants, a consumer complains and is
paid.

Nobody calls a verb; people use pages, and links come out of the letters that were sent.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OutgoingMessage
from complaints.models import Complaint
from complaints.procedure.workflow import Outcome, Status
from enterprises.models import Enterprise
from routing.forwarding.forwarding import sweep_filed
from tests.accounts.authenticator import app_code
from tests.browser.journey_stage import (
    Filing,
    Officer,
    Person,
    Staff,
    Stage,
    answer_offer,
    offered,
    opened,
    reported,
    stage,
    status_of,
)
from tests.cast import PASSWORD
from tests.complaints.evidence import files
from tests.complaints.filing.test_drafts import newest_code
from tests.enterprises.enrolments import code

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
NAME, MAIL = "榕声通信（福州）有限公司", "office@example.com"
SAID: dict[str, dict[str, str]] = {
    "entity": {"name": NAME, "uscc": code(), "address": "福州市鼓楼区某路8号"},
    "conditions": {
        "place": "福州市鼓楼区某路8号2层",
        "staff": "3",
        "phone": "0591-87654321",
        "rules": "当天登记，两个工作日内专人受理，五个工作日内答复，主管每周核对。",
    },
    "papers": {"statement": "去年收到投诉120件，主要是资费，都已退费并改了短信提示。"},
    "contact": {"person": "林主管", "position": "客服经理", "mobile": "13900000021"},
    "areas": {"branch": "榕声通信客户服务部", "areas": "福州市"},
    "customers": {"number": "120000", "counted_on": "2026-06-30", "source": "半年度报告"},
}
CHOSEN = {"conditions": ("has_computer", "cooperates")}
TICKED = {"papers": ("applies", "pledges")}


class OfTheNewFirm(Filing):
    """The first screen finds the enterprise that has just been enrolled."""

    def find(self, town: Any = None) -> None:
        page, enterprise = self.page, Enterprise.objects.get(uscc=code())
        page.locator("#id_service_region").select_option(str(self.world.region.pk))
        page.locator("#id_query").fill("榕声")
        page.get_by_role("button", name=self.words["search"], exact=True).press("Enter")
        page.locator(f'input[name=respondent][value^="{enterprise.pk}-"]').check()


def newest_letter(pattern: str) -> str:
    """The newest link of that form that was sent to the enterprise."""
    for message in OutgoingMessage.objects.order_by("-pk"):
        if message.address == MAIL and (result := re.search(pattern, message.body)):
            return result[0]
    raise AssertionError(f"no {pattern} was sent to {MAIL}")


def applies(enterprise: Person) -> None:
    page = enterprise.page
    enterprise.visitor.go("/")
    page.locator('a[href="/enterprise/enrol/"]').first.click()
    enterprise.look("enrol")
    enterprise.type("email", MAIL)
    with page.expect_navigation():
        page.locator("main button[name=send]").click()
    enterprise.look("enrol-sent")
    page.locator("#id_code").fill(newest_code())
    page.locator("main button[name=go]").click()
    enterprise.look("enrol-tasks")
    # Handed in too early: the page says what is missing.
    page.locator("main form button.is-big").click()
    enterprise.look("enrol-too-early")
    enterprise.follow("/entity/")
    for step, given in SAID.items():
        assert f"/{step}/" in page.url, page.url
        enterprise.look(f"enrol-{step}")
        for field, text in given.items():
            enterprise.type(field, text)
        for field in CHOSEN.get(step, ()):
            enterprise.choose(field, "yes")
        for field in TICKED.get(step, ()):
            page.locator(f"#id_{field}").check()
        if step == "papers":
            page.locator("#id_licence").set_input_files(
                {"name": "执照.pdf", "mimeType": "application/pdf", "buffer": files.pdf()}
            )
        page.locator("main form button.is-big").click()
    # They are official texts, in Chinese with their meaning below.
    for paper in ("application", "pledge") if enterprise.language != "en" else ():
        enterprise.visitor.go(f"/enterprise/enrol/papers/{paper}/")
        enterprise.look(f"enrol-paper-{paper}")
    enterprise.visitor.go("/enterprise/enrol/application/")
    enterprise.look("enrol-ready")
    page.locator("#id_is_true").check()
    page.locator("main form button.is-big").click()
    enterprise.look("enrol-handed-in")


def grants(officer: Officer) -> None:
    page = officer.page
    officer.visitor.go("/authority/enterprises/")
    officer.look("register")
    officer.follow("/authority/enrolments/")
    officer.look("enrolments")
    page.get_by_role("link", name=NAME).click()
    officer.look("enrolment")
    officer.follow("/decide/")
    officer.look("decide")
    officer.choose("do", "grant")
    officer.press()
    officer.look("granted")


def joins(manager: Staff) -> None:
    page = manager.page
    manager.visitor.follow(newest_letter(r"/account/invitation/[\w-]+/"))
    manager.type("email", MAIL)
    manager.press()
    manager.type("name", "林主管")
    for field in ("password", "again"):
        page.locator(f"#id_{field}").fill(PASSWORD)
    manager.press()
    page.locator("#id_code").fill(app_code(page.locator("#app-key").inner_text(), now=timezone.now()))
    page.locator("#id_code").press("Enter")
    # Whoever works here is told apart by a phone of his own.
    page.locator("main a.btn.is-big").click()
    manager.type("address", "13900001234")
    manager.press()
    page.locator("#id_code").fill(newest_code())
    manager.press()
    assert page.url.endswith("/enterprise/mine/")
    manager.visitor.go("/enterprise/enrolment/")
    manager.look("own-enrolment")
    for kind in ("contact", "customers", "exit"):
        manager.visitor.go(f"/enterprise/enrolment/{kind}/")
        manager.look(f"filing-{kind}")


def test_a_firm_enrols_and_settles_its_first_case(stage: Callable[..., Stage]) -> None:
    people = stage()
    world = people.world
    people.typed += [NAME]
    applies(people.person(Person))
    workspace: Any = Stage(world, people.visit, width=1280)
    officer: Officer = workspace.person(Officer, user=world.head_officer.user)
    grants(officer)
    manager: Staff = people.person(Staff)
    joins(manager)
    consumer = people.consumer
    consumer.visitor.go(f"/open/enterprises/{code()}/")
    consumer.look("open-enterprise")
    case = Complaint.objects.get(number=OfTheNewFirm(consumer, world).walk())
    assert sweep_filed(now=timezone.now()) == 1
    enterprise = Enterprise.objects.get(uscc=code())
    assert (status_of(case), case.enterprise) == (S.WITH_ENTERPRISE, enterprise)
    manager.open(case.number)
    manager.take("accept", lambda: manager.page.locator("#id_handler").select_option(str(enterprise.staff.get().pk)))
    manager.open(case.number)
    offered(manager, refund="128.50", last_try=True)
    opened(case, consumer)
    answer_offer(consumer, 1, "accept")
    reported(manager, case, channel="原路退回", proof="退款流水 0001")
    consumer.open(case.number)
    consumer.take("performed", chosen="answer-=done")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.SETTLED)
    # The enterprise is suspended afterwards; whoever looks it up reads that it was decided, and why.
    officer.visitor.go(f"/authority/enterprises/{code()}/")
    officer.look("enterprise")
    officer.follow("/standing/")
    officer.look("standing")
    officer.choose("do", "suspend")
    officer.page.locator("#id_suspension_ground").select_option("misses")
    officer.choose("cases", "keep")
    officer.type("text", "三次逾期，提醒后没有改正。")
    officer.press()
    officer.look("suspended")
    consumer.visitor.go("/open/enterprises/")
    consumer.look("open-register")
    consumer.page.get_by_role("link", name=NAME).click()
    consumer.look("open-suspended")
    assert consumer.says("多次逾期或者敷衍")


@pytest.mark.full
def test_the_pages_read_in_english_without_a_script(stage: Callable[..., Stage]) -> None:
    people = stage(width=1280, language="en", javascript=False)
    people.typed += [NAME, "执照.pdf", "福建省福州市", "福建省福州市鼓楼区", "全国"]
    people.typed += ["(申请书)", "(承诺书)", "(在线和解, ODR)"]
    enterprise = people.person(Person)
    applies(enterprise)
    officer = people.person(Officer, user=people.world.head_officer.user)
    grants(officer)
    for path in (
        f"/authority/enterprises/{code()}/",
        f"/authority/enterprises/{code()}/standing/",
        f"/open/enterprises/{code()}/",
    ):
        officer.visitor.go(path)
        officer.look(path.strip("/").replace("/", "-"))
