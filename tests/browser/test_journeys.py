"""The main journeys in a real browser, from the first screen of filing to the closed case.

The one rule: nobody calls a verb; people use pages, and the sweeps stand for the worker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints import labels
from complaints.models import Complaint, HandlingStep
from complaints.verification import verify
from complaints.workflow import Outcome, Status
from odr_portal.accounts.models import User
from routing.forwarding import sweep_filed
from tests.browser.journey_people import Consumer, Officer, Person, Staff
from tests.cast import World
from tests.complaints.filing.answers import STATEMENT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status

KEPT = ["file", "forward", "accept_case", "log_contact", "ask_consumer", "add_statement", "make_offer",
        "ask_about_offer", "answer_question", "decline_offer", "make_offer", "accept_offer",
        "report_performed", "confirm_performed"]


class Stage:
    """The people of one journey, one browser each, all at one width and in one language."""

    def __init__(self, world: World, visit: Callable[..., Any], *, width: int = 360,
                 language: str = "zh-hans", javascript: bool = True, checked: bool = True) -> None:
        self.world, self.visit = world, visit
        self.look = {"width": width, "language": language, "javascript": javascript}
        self.checked = checked and javascript
        self.name = f"{language[:2]}-{width}" + ("" if javascript else "-plain")
        # Names of people stay as they are in every language.
        self.typed = [
            "陈雨桐", "陈**", "千兆宽带", "9月账单.png", STATEMENT, "福州市鼓楼区测试路1号",
            *User.objects.values_list("name", flat=True),
        ]
        self.language = language
        self.consumer = self.person(Consumer, "consumer")

    def person(self, kind: type[Any], name: str, *, user: User | None = None) -> Any:
        return kind(self.visit(**self.look, user=user), name=f"{self.name}-{name}",
                    language=self.language, checked=self.checked, typed=self.typed)

    def staff(self, email: str = "ming@example.com") -> Staff:
        person: Staff = self.person(Staff, "staff")
        person.sign_in(email)
        return person

    def filed(self, *, against: str = "mobile") -> Complaint:
        """Filed at the pages, then swept as the worker does."""
        number = self.consumer.file(self.world, against=against)
        assert sweep_filed(now=timezone.now()) == 1
        return Complaint.objects.get(number=number)


@pytest.fixture
def stage(world: World, visit: Callable[..., Any], settings: Any, tmp_path: Path) -> Callable[..., Stage]:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    return lambda **look: Stage(world, visit, **look)


def status_of(case: Complaint) -> str:
    case.refresh_from_db()
    return str(case.status)


def accepted(staff: Staff, case: Complaint, world: World) -> None:
    """From the queue to the case, and taken on with a handler named."""
    staff.open(case.number)
    staff.take("accept", lambda: staff.page.locator("#id_handler").select_option(str(world.ming_staff.pk)))
    assert status_of(case) == S.NEGOTIATING


def offered(staff: Staff, *, refund: str, last_try: bool = False) -> None:
    """Every demand answered, one promise with a last day."""

    def fill() -> None:
        page = staff.page
        staff.choose("answer-1", "grant" if last_try else "part")
        page.locator("#id_amount-1").fill(refund)
        if not last_try:
            staff.type("reason-1", "只查到两个月的扣费，先退这两个月的。")
        staff.choose("answer-2", "grant")
        page.locator('button[name="add"]').click()
        staff.type("promise-1-what", "退还多扣费用")
        page.locator("#id_promise-1-kind").select_option("original_channel")
        page.locator("#id_promise-1-amount").fill(refund)
        page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
        staff.type("message", "给您带来不便，非常抱歉。")

    staff.follow("/offer/")
    rows = staff.page.locator('button[name="remove"]')
    while rows.count():
        rows.first.click()
    fill()
    staff.page.locator('main button.btn[name="preview"]').click()
    staff.look("offer-preview")
    staff.page.locator('main button[name="send"]').click()
    staff.look("offer-sent")


def answer_offer(consumer: Consumer, number: int, answer: str, **texts: str) -> None:
    consumer.follow(f"/offer/{number}/")
    consumer.look(f"offer-{number}")
    consumer.choose("answer", answer)
    if answer == "decline":
        consumer.page.locator("main details summary").first.click()
        consumer.choose("reason", "amount_too_low")
    for field, text in texts.items():
        consumer.type(field, text)
    consumer.press("main form button.is-big")
    consumer.look(f"offer-{number}-{answer}")


def settled(stage: Stage) -> Complaint:
    """File, routed, accepted, question, offer, asked, declined, second offer, accepted, done, confirmed."""
    world, consumer = stage.world, stage.consumer
    case = stage.filed()
    assert status_of(case) == S.WITH_ENTERPRISE
    consumer.page.reload()
    answering = world.fuzhou.name_en if stage.language == "en" else world.fuzhou.name
    assert consumer.says(answering), "the receipt does not say to whom it went"
    consumer.look("receipt")
    consumer.follow(f"/cases/{case.number}/")
    assert consumer.says(answering)
    consumer.look("routed")

    staff = stage.staff()
    assert staff.page.url.endswith("/enterprise/queue/")
    accepted(staff, case, world)

    def contact() -> None:
        staff.choose("channel", "phone")
        staff.choose("reached", "yes")
        staff.type("note", "通话6分钟，约定三天内给方案。")

    staff.take("contact", contact)
    staff.take("ask", lambda: staff.type("text", "请问9月的哪一天多扣的？"))
    consumer.open(case.number)
    assert consumer.says("请问9月的哪一天多扣的？")
    consumer.take("statement", lambda: consumer.type("text", "9月3日，账单第二页有。"))

    staff.open(case.number)
    assert staff.says("9月3日，账单第二页有。")
    offered(staff, refund="80.00")
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "ask", text="另外一个月为什么不退？")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    staff.take("answer", lambda: staff.type("text", "那个月的扣费还在核对。"))
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "decline", text="三个月都是多扣的。", counter_demand="三个月一起退，共128.50元")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    assert staff.says("三个月一起退，共128.50元")
    offered(staff, refund="128.50", last_try=True)
    consumer.open(case.number)
    answer_offer(consumer, 2, "accept")
    assert consumer.page.url.endswith("/done/")
    assert consumer.says("128.50")
    assert status_of(case) == S.PERFORMING

    def performed() -> None:
        staff.page.locator("main input[name=obligations]").check()
        staff.type("channel", "原路退回")
        staff.type("proof", "退款流水 0001，今天 10:20")

    staff.open(case.number)
    staff.take("performed", performed)
    consumer.open(case.number)
    assert consumer.says("退款流水 0001，今天 10:20")
    consumer.take("performed", lambda: consumer.choose("answer-", "done"))
    consumer.look("confirmed")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.SETTLED)
    for person in (consumer, staff):
        person.open(case.number) if person is consumer else closed_at(person, case)
        tells_all(person, case)
    return case


def closed_at(staff: Staff, case: Complaint) -> None:
    """Closed cases stand in a view of their own."""
    staff.visitor.go(f"/enterprise/cases/{case.number}/")
    staff.look("closed")


def tells_all(person: Person, case: Complaint) -> None:
    """The timeline has every step, in the words of the language."""
    shown = person.page.locator("#events .event").all_inner_texts()
    steps = list(HandlingStep.objects.filter(complaint=case, audience="parties").order_by("sequence"))
    assert [s.step for s in steps] == KEPT
    assert len([line for line in shown]) >= len(steps)
    told = "\n".join(shown).lower()
    for step in steps:
        if step.step != "log_contact":
            assert labels.label(step.step, person.language, kind="step").lower() in told, step.step


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (1280, "en")])
def test_a_complaint_is_settled(stage: Callable[..., Stage], width: int, language: str) -> None:
    case = settled(stage(width=width, language=language))
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
    assert report.entries >= len(KEPT)
