"""The stage of a journey: its people, and what every journey does on the way.

Nobody calls a verb; people use pages, and the sweep stands for the worker.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from complaints import wording
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status
from routing.forwarding.forwarding import sweep_filed
from tests.browser.journey_people import Consumer, Officer, Person, Staff
from tests.cast import World
from tests.complaints.filing.answers import STATEMENT
from tests.languages import in_language

S = Status


class Stage:
    """The people of one journey, one browser each, all at one width and in one language."""

    def __init__(
        self,
        world: World,
        visit: Callable[..., Any],
        *,
        width: int = 360,
        language: str = "zh-hans",
        javascript: bool = True,
        checked: bool = True,
    ) -> None:
        self.world, self.visit = world, visit
        self.look = {"width": width, "language": language, "javascript": javascript}
        self.checked = checked and javascript
        self.name = f"{language[:2]}-{width}" + ("" if javascript else "-plain")
        # Names of people stay as they are in every language.
        self.typed = [
            "陈雨桐",
            "陈**",
            "千兆宽带",
            "9月账单.png",
            STATEMENT,
            "福州市鼓楼区测试路1号",
            "福州市鼓楼区",
            *(user.name for user in User.objects.all()),
        ]
        self.language = language
        self.consumer = self.person(Consumer, "consumer")

    def person(self, kind: type[Any], name: str, *, user: User | None = None) -> Any:
        return kind(
            self.visit(**self.look, user=user),
            name=f"{self.name}-{name}",
            language=self.language,
            checked=self.checked,
            typed=self.typed,
        )

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


def opened(case: Complaint, person: Person) -> None:
    """A case that stands in no list of this person any more, by its address."""
    side = {Staff: "/enterprise", Officer: "/authority"}.get(type(person), "")
    person.visitor.go(f"{side}/cases/{case.number}/")
    person.look(f"{case.status}")


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
    # Whatever the offer lacks was shown with the preview.
    staff.page.locator('main button[name="anyway"], main button[name="send"]').first.click()
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


def talked(people: Stage, staff: Staff, case: Complaint) -> None:
    """A call, a question, and its answer as a statement."""
    consumer = people.consumer

    def contact() -> None:
        staff.choose("channel", "phone")
        staff.choose("reached", "yes")
        staff.type("note", "通话6分钟，约定三天内给方案。")

    staff.take("contact", contact)
    staff.take("ask", lambda: staff.type("text", "请问9月的哪一天多扣的？"))
    consumer.open(case.number)
    assert consumer.says("请问9月的哪一天多扣的？")
    consumer.take("statement", lambda: consumer.type("text", "9月3日，账单第二页有。"))


def stopped(people: Stage) -> tuple[Complaint, Staff]:
    """Accepted, then stopped with two taps: the link on the case, the button on its page."""
    case = people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    stop(people.consumer, case)
    return case, staff


def stop(consumer: Consumer, case: Complaint) -> None:
    opened(case, consumer)
    consumer.take("stop")
    consumer.look("stopped")
    assert status_of(case) == S.REVIEW


def officer_of(people: Stage, name: str) -> Officer:
    officer: Officer = people.person(Officer, name)
    officer.sign_in(f"{name}@example.com")
    officer.look("day")
    return officer


def tells_all(person: Person, case: Complaint, expected: list[str]) -> None:
    """The timeline has every step, in the words of the language."""
    shown = person.page.locator("#events .event").all_inner_texts()
    steps = list(HandlingStep.objects.filter(complaint=case, audience="parties").order_by("sequence"))
    assert [s.step for s in steps] == (expected)
    assert len(shown) >= len(steps)
    text = "\n".join(shown).lower()
    for step in steps:
        if step.step != "log_contact":
            assert in_language(person.language, wording.label, step.step, kind="step").lower() in text, step.step
