"""The people of a journey and its stage: they click what a page shows and type as people do; the sweep is the worker.

Whatever they do goes through a link or a button that stands on the page; a step is named by the last part of its
address, so that one journey reads the same in every language.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from complaints import wording
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status
from routing.forwarding.forwarding import sweep_filed
from tests.accounts.authenticator import app_code
from tests.browser.consumer.test_filing import Walk
from tests.cast import PASSWORD, World
from tests.complaints.filing.answers import STATEMENT
from tests.languages import in_language

S = Status
HAN = re.compile(r"[\u3400-\u9fff]+")
#: What stands in Chinese on an English page on purpose: the name behind the regulators.
ALWAYS_HAN = ("(市场监管部门)",)
#: The number of an official document is a name: it stands everywhere as it is printed.
DOCUMENT_NUMBER = re.compile(r"[\u3400-\u9fff]+〔\d{4}〕第\d+号")


class Person:
    """One person in one browser. ``typed`` collects all that was typed, in whatever language."""

    home = "/"

    def __init__(self, visitor: Any, *, checked: bool, typed: list[str]) -> None:
        self.visitor, self.page, self.language, self.typed = visitor, visitor.page, visitor.language, typed
        self.checked = checked and visitor.has_scripts
        self.seen: set[str] = set()

    def look(self, screen: str) -> None:
        """Picture the page and hold it to its language; the first time also to axe and to the width."""
        self.visitor.shot(next(self.visitor.pictures))
        if self.checked and screen not in self.seen:
            self.visitor.check()
        self.seen.add(screen)
        if self.language == "en":
            left = untranslated(self.page, self.typed)
            assert not left, f"{self.page.url} says in Chinese: {left}"

    def follow(self, end: str) -> Page:
        """Click the first link in the page itself whose address ends so, without what it says of the list."""
        link = f'main :is(a[href$="{end}"], a[href*="{end}?"]):not([href*="/why/"]):visible'
        self.page.locator(link).first.click()
        return self.page

    def open(self, number: str) -> None:
        """From the list of one's own to the case."""
        self.visitor.go(self.home)
        self.look("list")
        self.follow(f"/cases/{number}/")
        self.look("case")

    def type(self, field: str, text: str) -> None:
        self.typed.append(text)
        self.page.locator(f"#id_{field}").fill(text)

    def choose(self, field: str, value: str) -> None:
        """A radio or a box, by what it means; ``field`` may be the beginning of its name."""
        self.page.locator(f'main input[name^="{field}"][value="{value}"]').first.check()

    def press(self, button: str = 'main form[method="post"] .btn:visible') -> None:
        self.page.locator(button).first.click()

    def says(self, text: str) -> bool:
        return text in self.page.locator("body").inner_text()

    def take(self, step: str, fill: Callable[[], Any] | None = None, *, chosen: str = "", **texts: str) -> None:
        """From the case: to the page of the step, fill it in, send it. ``chosen`` is "field=value field=value"."""
        self.follow(f"/{step}/")
        self.look(step.replace("/", "-"))
        if fill is not None:
            fill()
        for pair in chosen.split():
            self.choose(*pair.split("="))
        for field, text in texts.items():
            self.type(field, text)
        before = self.page.url
        self.press()
        assert self.page.url != before, f"{step} was not taken: {self._errors()}"

    def _errors(self) -> str:
        return " | ".join(self.page.locator(".error-summary, .banner").all_inner_texts())


def untranslated(page: Page, typed: list[str]) -> list[str]:
    """Chinese words on an English page that nobody typed and that are not marked as Chinese (WCAG 3.1.2)."""
    marked = page.locator('body [lang^="zh"]').all_inner_texts()
    text = str(page.locator("body").inner_text())
    for known in sorted((*ALWAYS_HAN, *typed, *filter(None, marked)), key=len, reverse=True):
        text = text.replace(known, "")
    return HAN.findall(DOCUMENT_NUMBER.sub("", text))


class Filing(Walk):
    """Four screens with the real directory: 中国移动 in 鼓楼区, an enterprise by name, or nobody named."""

    def __init__(self, person: Person, world: World, *, against: str = "mobile") -> None:
        super().__init__(person.visitor, checked=False)
        self.world, self.against = world, against

    def find(self, town: Any = None) -> None:
        """The enterprise found and picked."""
        page, world = self.page, self.world
        page.locator("#id_service_region").select_option(str(world.region.pk))
        page.locator("#id_query").fill("中国移动")
        page.get_by_role("button", name=self.words["search"], exact=True).click()
        page.locator(f'input[name=respondent][value^="{world.mobile.pk}-{world.fuzhou.pk}-"]').check()

    def who(self) -> None:
        page = self.page
        page.locator("#id_service_region").select_option(str(self.world.region.pk))
        if self.against == "mobile":
            self.find()
        elif self.against == "authority":
            page.locator("#id_respondent_authority").check()
        else:
            page.locator("#id_query").fill(self.against)
            page.locator("input[name=respondent][value=named]").check()

    def heard(self, town: Any = None) -> None:
        self.who()
        self.problem()
        self.wish("refund", "cancel_service")
        self.page.locator("#id_amount_refund").fill("128.50")
        self.go_on()

    def walk(self) -> str:
        """To the receipt; returns the number."""
        self.story()
        self.heard()
        self.you()
        self.check_page()
        return str(self.page.locator(".refno").first.inner_text()).strip()


class Consumer(Person):
    home = "/cases/"

    def file(self, world: World, *, against: str = "mobile") -> str:
        screens: set[str] = set()
        self.page.on(
            "framenavigated", lambda frame: screens.add(re.split("[?#]", frame.url)[0].rstrip("/").rpartition("/")[2])
        )
        number = Filing(self, world, against=against).walk()
        asked = {"story" if screen.startswith("file") else screen for screen in screens}
        asked -= {"receipt", "", "blank", "about:blank"}
        assert len(asked) <= 4, f"more than four screens: {sorted(asked)}"
        return number


class Staff(Person):
    """Signs in with a password; finds cases in ``home``."""

    home = "/enterprise/queue/"

    def sign_in(self, email: str) -> None:
        self.visitor.go("/")
        self.page.locator('a[href*="/account/sign-in/"]:visible').first.click()
        self.follow("/account/sign-in/password/")
        self.look("sign-in")
        self.page.locator("#id_email").fill(email)
        self.page.locator("#id_password").fill(PASSWORD)
        self.press()
        # The first time: an authenticator app is set up, its recovery codes are shown.
        self.look("factor")
        self.page.locator("#id_code").fill(app_code(self.page.locator("#app-key").inner_text(), now=timezone.now()))
        # A key, unlike a click, does not wait for the page that it asks for.
        with self.page.expect_navigation():
            self.page.locator("#id_code").press("Enter")
        self.look("recovery-codes")
        self.page.locator("main a.btn").click()


class Officer(Staff):
    home = "/authority/cases/"


class Stage:
    """The people of one journey, one browser each, all at one width and in one language."""

    def __init__(self, world: World, visit: Callable[..., Any], *, checked: bool = True, **wishes: Any) -> None:
        self.world, self.visit, self.checked, self.wishes = world, visit, checked, wishes
        # Names of people stay as they are in every language.
        bought = ["千兆宽带", "9月账单.png", STATEMENT]
        people = ["陈雨桐", "陈**", "福州市鼓楼区测试路1号", "福州市鼓楼区"]
        self.typed = [*bought, *people, *(user.name for user in User.objects.all())]
        self.consumer = self.person(Consumer)
        self.language = self.consumer.language

    def person(self, kind: type[Any], *, user: User | None = None) -> Any:
        return kind(self.visit(user=user, **self.wishes), checked=self.checked, typed=self.typed)

    def staff(self, email: str = "ming@example.com") -> Staff:
        person: Staff = self.person(Staff)
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
    return lambda **wishes: Stage(world, visit, **wishes)


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


def promised(person: Person, what: str, amount: str) -> None:
    """The first row of what is promised, with a last day."""
    person.type("promise-1-what", what)
    person.page.locator("#id_promise-1-kind").select_option("original_channel")
    person.page.locator("#id_promise-1-amount").fill(amount)
    person.page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())


def offered(staff: Staff, *, refund: str, last_try: bool = False) -> None:
    """Every demand answered, one promise with a last day."""
    page = staff.page
    staff.follow("/offer/")
    staff.choose("answer-1", "grant" if last_try else "part")
    page.locator("#id_amount-1").fill(refund)
    if not last_try:
        staff.type("reason-1", "只查到两个月的扣费，先退这两个月的。")
    staff.choose("answer-2", "refuse")
    staff.type("reason-2", "这项业务上月已经退订，不用再办。")
    staff.type("message", "给您带来不便，非常抱歉。")
    # What is done for a demand stands in the language of the record where nobody says it otherwise.
    staff.typed.append("退还货款或服务费")
    page.locator('#preview button[name="preview"]').click()
    staff.look("offer-preview")
    # Whatever the offer lacks was shown with the preview.
    page.locator('button[name="anyway"], button[name="send"]').first.click()
    staff.look("offer-sent")


def answer_offer(consumer: Consumer, number: int, answer: str, **texts: str) -> None:
    consumer.follow(f"/offer/{number}/")
    consumer.look(f"offer-{number}")
    consumer.choose("answer", answer)
    if answer == "accept" and consumer.page.locator("input[name=rest]").count():
        consumer.choose("rest", "give_up")
    if answer == "decline":
        consumer.choose("reason", "amount_too_low")
    for field, text in texts.items():
        consumer.type(field, text)
    consumer.press("main form button.is-big")
    consumer.look(f"offer-{number}-{answer}")


def talked(people: Stage, staff: Staff, case: Complaint) -> None:
    """A call, a question, and its answer as a statement."""
    consumer = people.consumer
    staff.take("contact", chosen="channel=phone reached=yes", note="通话6分钟，约定三天内给方案。")
    staff.take("ask", text="请问9月的哪一天多扣的？")
    consumer.open(case.number)
    assert consumer.says("请问9月的哪一天多扣的？")
    consumer.take("statement", text="9月3日，账单第二页有。")


def taken_on(people: Stage) -> tuple[Complaint, Staff]:
    """Filed and accepted."""
    case = people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    return case, staff


def reported(staff: Staff, case: Complaint, **texts: str) -> None:
    """What was promised is said to be done."""
    opened(case, staff)
    staff.take("performed", lambda: staff.page.locator("main input[name=obligations]").check(), **texts)


def stop(consumer: Consumer, case: Complaint) -> None:
    """With two taps: the link on the case, the button on its page."""
    opened(case, consumer)
    consumer.take("stop")
    consumer.look("stopped")
    assert status_of(case) == S.REVIEW


def officer_of(people: Stage, name: str) -> Officer:
    officer: Officer = people.person(Officer)
    officer.sign_in(f"{name}@example.com")
    officer.look("day")
    return officer


def tells_all(person: Person, case: Complaint, expected: str) -> None:
    """The timeline has every one of these steps, in the words of the language; one tap away for a consumer."""
    fold = person.page.locator("details:not([open]):has(#events) > summary")
    if fold.count():
        fold.click()
    shown = person.page.locator("#events .event").all_inner_texts()
    steps = list(HandlingStep.objects.filter(complaint=case, audience="parties").order_by("sequence"))
    assert " ".join(s.step for s in steps) == expected
    assert len(shown) >= len(steps)
    text = "\n".join(shown).lower()
    for step in steps:
        if step.step != "log_contact":
            assert in_language(person.language, wording.label, step.step, kind="step").lower() in text, step.step
