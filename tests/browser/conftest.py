"""A real Chromium in front of a real server.

A page that logs an error, asks another host for anything, or that axe objects to, fails its test.
Screenshots are written when SCREENSHOTS names a folder.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    TimeoutError,
    sync_playwright,
)

from accounts.models import User
from complaints.procedure import numbering
from odr_portal.processes import translations
from tests import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # One site and a screen that nobody sees: half the work of each page.
    "--disable-site-isolation-trials",
    "--disable-gpu-compositing",
    # A page lives for seconds: what would make its scripts faster later costs more than it gives.
    "--js-flags=--no-opt,--no-maglev",
    # Of two lists of features the last one holds: what the driver turns off, and the lists below the address bar, a
    # process of their own for each person at a screen.
    "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,OptimizationHints,"
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
#: Only what is wrong is told, and told in full: half the work on each page.
VIOLATIONS = """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
  .then(result => result.violations)"""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEIGHT = {360: 640, 1280: 900}


def chromium_path() -> str:
    """The browser of the system. In CI a missing one is a failure, elsewhere a skip that says so."""
    result = os.environ.get("CHROMIUM", "") or next(filter(None, map(shutil.which, NAMES)), "")
    if result:
        return result
    if os.environ.get("CI") == "true":
        pytest.fail("No Chromium here, and in CI the browser tests must run: install the package chromium.")
    pytest.skip("No Chromium found: install the package chromium, or name one in CHROMIUM.")


#: Whether a click here leads to another page: a link to one, a button that sends its form.
LEADS_ON = """e => {
  const pressed = e.closest("a[href], button, input");
  if (!pressed) return false;
  if (pressed.matches("a")) return pressed.href.split("#")[0] !== location.href.split("#")[0];
  return Boolean(pressed.form) && pressed.type === "submit";
}"""
#: Tables that end beyond the panel around them, where nobody can scroll to the rest.
CUT_OFF = """() => [...document.querySelectorAll("main .panel table")].filter(table =>
  !table.closest(".scroll") && table.checkVisibility() &&
  table.getBoundingClientRect().right > table.closest(".panel").getBoundingClientRect().right + 2
).map(table => table.caption?.textContent ?? table.className)"""
#: Milliseconds in which the next page begins; what a script keeps on the page, or gives as a file, is waited for no
#: longer.
BEGINS_WITHIN = 4000


def wait_for_the_page(patch: pytest.MonkeyPatch) -> None:
    """After a click the next page is read whole: a form is sent a moment later, which the driver may not wait for."""
    click = Locator.click

    def act(locator: Locator, *given: Any, **options: Any) -> None:
        if not locator.evaluate(LEADS_ON):
            return click(locator, *given, **options)
        is_pressed = False
        try:
            with locator.page.expect_navigation(wait_until="domcontentloaded", timeout=BEGINS_WITHIN):
                click(locator, *given, **options)
                is_pressed = True
        except Error as error:
            # A file is no page: the browser breaks off.
            if not is_pressed or not (isinstance(error, TimeoutError) or "ERR_ABORTED" in error.message):
                raise
        return None

    patch.setattr(Locator, "click", act)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    path = chromium_path()
    translations.compile_newer()
    patch = pytest.MonkeyPatch()
    wait_for_the_page(patch)
    # The driver keeps an event loop in this thread; the tests still read the database from it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()
    patch.undo()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def wide_numbers(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The widest letters there are, so that no page fits by luck; pictures show numbers as they are.

    Counted, not drawn: of sixty numbers of three letters two are the same in one morning of three hundred.
    """
    if request.path.stem == "test_pictures":
        return
    places = count(12 * random.randrange(3**12))

    def choice(alphabet: str) -> str:
        number, place = divmod(next(places), 12)
        return "WMQ"[number // 3**place % 3]

    monkeypatch.setattr(numbering, "secrets", SimpleNamespace(choice=choice))


class Visitor:
    """One person at one screen."""

    def __init__(self, context: BrowserContext, origin: str, look: dict[str, Any], pictures: Iterator[str]) -> None:
        self.context, self.origin, self.pictures = context, origin, pictures
        self.width, self.language = look["width"], look["language"]
        self.has_scripts = look["javascript"]
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error on {self.page.url}: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # A form with mistakes, or a case that moved on, is answered 4xx on purpose: that is the page itself.
        is_the_page = message.location.get("url", "") == self.page.url
        if is_the_page and message.text.startswith("Failed to load resource"):
            return
        self.complaints.append(f"{message.type} on {self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if urlsplit(request.url).netloc != urlsplit(self.origin).netloc:
            self.complaints.append(f"{self.page.url} asks another host: {request.url}")

    def go(self, path: str) -> Page:
        """Open an address of the portal."""
        self.page.goto(self.origin + path)
        return self.page

    def follow(self, link: str) -> Page:
        """Open the link of a message, and press its button."""
        self.look(link).locator("button[name=open]").click()
        return self.look()

    def check(self) -> None:
        """No axe finding, nothing wider than the screen, and no table that its panel cuts off."""
        if not self.page.evaluate("Boolean(window.axe)"):
            # Read past the content policy by the driver: the page itself may run no foreign script.
            self.page.evaluate(AXE)
        findings = [
            f"{violation['id']}: {violation['help']} at {node['target']} {node.get('failureSummary', '')}"
            for violation in self.page.evaluate(VIOLATIONS, AXE_TAGS)
            for node in violation["nodes"]
        ]
        assert not findings, f"axe on {self.page.url}:\n" + "\n".join(findings)
        self.fits()

    def fits(self) -> None:
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{self.page.url} is {overflow} px wider than the screen"
        cut = self.page.evaluate(CUT_OFF)
        assert not cut, f"{self.page.url} hides a part of {cut}"

    def look(self, path: str = "") -> Page:
        """Open the address if one is given, look for mistakes, and picture the page. Axe needs scripts."""
        if path:
            self.go(path)
        if self.has_scripts:
            self.check()
        else:
            self.fits()
        self.shot(next(self.pictures))
        return self.page

    def agree(self, path: str) -> None:
        """Open the first change that waits in this list, and agree to it."""
        self.look(path).locator("tbody a").first.click()
        self.look().locator("[name=decision][value=agree]").check()
        self.page.locator("form.panel .btn").click()
        self.look()

    def send_table(self, path: str, file: Path, sweep: Callable[[], object]) -> None:
        """Upload a table, have it read, and send what is good of it to be done; ``sweep`` is the worker's turn."""
        page = self.look(path)
        page.locator("#id_file").set_input_files(file)
        page.locator("form[enctype] button").click()
        page.wait_for_url(f"**{path}*/")
        self.look()
        sweep()
        page.reload()
        self.look()
        page.locator("input[name=decision][value=good]").check()
        page.locator("form[action$='/decide/'] button").click()
        page.wait_for_load_state()
        sweep()

    def shot(self, name: str, *, full_page: bool = True) -> None:
        """Write a screenshot if somebody wants them."""
        folder = os.environ.get("SCREENSHOTS", "")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full_page)

    def sign_in(self, user: User) -> None:
        """A session for this user, without walking the sign-in pages."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.origin}])


@pytest.fixture
def look() -> dict[str, Any]:
    """How the pages of a test are looked at, unless it is parametrized with looks (tests/browser/looks.py)."""
    return {}


@pytest.fixture
def visit(
    browser: Browser, live_server: Any, look: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """visit(width=360, language="zh-hans", display="elder", theme="dark", user=…, javascript=False) → Visitor."""
    visitors: list[Visitor] = []
    origin = live_server.url
    pictures = (f"{request.path.stem}-{request.node.name}-{nth:02}" for nth in count(1))

    def open_one(*, user: User | None = None, **wishes: Any) -> Visitor:
        wish = {"width": 360, "language": "zh-hans", "display": "", "theme": "", "javascript": True} | look | wishes
        context = browser.new_context(
            viewport={"width": wish["width"], "height": HEIGHT.get(wish["width"], 800)},
            locale="en-GB" if wish["language"] == "en" else "zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=wish["javascript"],
        )
        context.set_default_timeout(1000 * PATIENCE)
        cookies = {settings.LANGUAGE_COOKIE_NAME: wish["language"], "display": wish["display"], "theme": wish["theme"]}
        context.add_cookies([{"name": key, "value": value, "url": origin} for key, value in cookies.items() if value])
        visitor = Visitor(context, origin, wish, pictures)
        if user is not None:
            visitor.sign_in(user)
        visitors.append(visitor)
        return visitor

    yield open_one
    complaints = [line for visitor in visitors for line in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert not complaints, "\n".join(complaints)
