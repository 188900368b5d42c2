"""Consumer, staff and officers at their screens: they click what a page shows and type as people do.

Whatever they do goes through a link or a button that stands on the page; a step is
named by the last part of its address, so that one journey reads the same in every language.
"""

import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page

from tests.accounts.authenticator import app_code
from tests.browser.consumer.test_filing import Walk
from tests.cast import PASSWORD, World
from tests.complaints.filing.test_drafts import newest_code

HAN = re.compile(r"[\u3400-\u9fff]+")
#: What stands in Chinese on an English page on purpose: the name behind the regulators.
ALWAYS_HAN = ("(市场监管部门)",)
#: The number of an official document is a name: it stands everywhere as it is printed.
DOCUMENT_NUMBER = re.compile(r"[\u3400-\u9fff]+〔\d{4}〕第\d+号")
PHONE = "199 0000 0001"


class Person:
    """One person in one browser. ``typed`` collects all that was typed, in whatever language."""

    home = "/"

    def __init__(self, visitor: Any, *, name: str, language: str, checked: bool, typed: list[str]) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.name, self.language, self.checked, self.typed = name, language, checked, typed
        self.seen: set[str] = set()

    def look(self, screen: str) -> None:
        """Picture the page and hold it to its language; the first time also to axe and to the width."""
        self.visitor.shot(f"journey-{self.name}-{screen}")
        if self.checked and screen not in self.seen:
            self.visitor.check()
        self.seen.add(screen)
        if self.language == "en":
            left = untranslated(self.page, self.typed)
            assert not left, f"{self.page.url} says in Chinese: {left}"

    def follow(self, end: str) -> Page:
        """Click the first link in the page itself whose address ends so."""
        self.page.locator(f'main a[href$="{end}"]:not([href*="/why/"]):visible').first.click()
        return self.page

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

    def take(self, step: str, fill: Callable[[], Any] | None = None) -> None:
        """From the case: to the page of the step, fill it in, send it."""
        self.follow(f"/{step}/")
        self.look(step.replace("/", "-"))
        if fill is not None:
            fill()
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
    """Eight screens with the real directory: 中国移动 in 鼓楼区, an enterprise by name, or nobody named."""

    def __init__(self, person: Person, world: World, *, against: str = "mobile") -> None:
        super().__init__(person.visitor, person.language, person.name, checked=False)
        self.world, self.against = world, against

    def find(self) -> None:
        """The first screen with the enterprise found and picked."""
        page, world = self.page, self.world
        page.locator("#id_service_region").select_option(str(world.region.pk))
        page.locator("#id_query").fill("中国移动")
        page.get_by_role("button", name=self.words["search"], exact=True).click()
        page.locator(f'input[name=respondent][value^="{world.mobile.pk}-{world.fuzhou.pk}-"]').check()

    def who(self) -> None:
        page = self.page
        self.visitor.go("/file/")
        page.locator("#id_service_region").select_option(str(self.world.region.pk))
        if self.against == "mobile":
            self.find()
        elif self.against == "authority":
            page.locator("#id_respondent_authority").check()
        else:
            page.locator("input[name=respondent][value=named]").check()
            page.locator("#id_named").fill(self.against)
        self.go_on()

    def demands(self) -> None:
        for kind in ("refund", "cancel_service"):
            self.page.locator(f'input[name=demand][value="{kind}"]').check()
        self.page.locator("#id_amount_refund").fill("128.50")
        self.go_on()

    def walk(self) -> str:
        """To the receipt; returns the number."""
        self.who()
        self.purchase()
        self.problem()
        self.demands()
        self.evidence()
        self.you()
        self.consents()
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
        asked = {"enterprise" if screen == "file" else screen for screen in screens} - {
            "receipt",
            "",
            "blank",
            "about:blank",
        }
        assert len(asked) <= 8, f"more than eight screens: {sorted(asked)}"
        return number

    def open(self, number: str) -> None:
        """From 我的投诉 to the case."""
        self.visitor.go(self.home)
        self.look("cases")
        self.follow(f"/cases/{number}/")
        self.look("case")

    def sign_in(self) -> None:
        """With a code to the phone."""
        self.visitor.go("/account/sign-in/")
        self.page.locator("#id_address").fill(PHONE)
        self.press()
        self.page.locator("#id_code").fill(newest_code())
        self.press()


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

    def open(self, number: str) -> None:
        self.visitor.go(self.home)
        self.look("list")
        self.follow(f"/cases/{number}/")
        self.look("case")


class Officer(Staff):
    home = "/authority/cases/"
