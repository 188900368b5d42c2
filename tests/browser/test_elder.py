"""The elder display on a small phone: large letters, nothing cut off, nothing wider than the screen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.filing import drafts
from complaints.filing.held import COOKIE
from complaints.procedure.workflow import Status
from tests.cast import World
from tests.complaints.filing.conftest import Town, town
from tests.given import a_complaint

__all__ = ["town"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOWN = [Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.PERFORMING, Status.MEDIATING, Status.CLOSED]
#: What is drawn beyond the right edge and cannot be scrolled to.
CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && !e.closest(".scroll, .tabs, .vh, .cell-label, thead, caption, svg");
}).map(e => e.outerHTML.slice(0, 90))"""
#: A box whose own words do not fit into it.
TOO_NARROW = """() => [...document.querySelectorAll("main :is(p, dd, dt, span, td, th, a, button, label, h1, h2, h3)")]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && !e.closest(".vh, .cell-label, thead, caption"))
  .map(e => `${e.scrollWidth} > ${e.clientWidth}: ${e.outerHTML.slice(0, 90)}`)"""


def wrong_on(visitor: Any, path: str) -> list[str]:
    page = visitor.look(path)
    return [f"{path}: {line}" for script in (CUT_OFF, TOO_NARROW) for line in page.evaluate(script)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_consumers_pages(visit: Callable[..., Any], world: World, language: str) -> None:
    then = timezone.now() - timedelta(minutes=5)
    cases = {status: a_complaint(world, status=status, now=then) for status in SHOWN}
    visitor = visit(display="elder", language=language, user=world.chen)
    paths = ["", "how/", "how/time-limits/", "check/", "check/letter/", "find/?q=移动", "track/", "file/", "cases/"]
    paths += ["account/", *(f"cases/{case.number}/" for case in cases.values())]
    number = cases[Status.AWAITING_CONSUMER].number
    paths += [f"cases/{number}/{page}/" for page in ("offer/1", "why/confirmation", "stop", "statement", "withdraw")]
    wrong = [line for path in paths for line in wrong_on(visitor, f"/{path}")]
    assert not wrong, "\n".join(wrong)


def test_pages_of_those_who_answer(visit: Callable[..., Any], world: World) -> None:
    then = timezone.now() - timedelta(minutes=5)
    case = a_complaint(world, status=Status.NEGOTIATING, now=then)
    visitor = visit(display="elder", user=world.ming)
    wrong = []
    for path in ("queue/", f"cases/{case.number}/", f"cases/{case.number}/offer/"):
        wrong += wrong_on(visitor, f"/enterprise/{path}")
    review = a_complaint(world, status=Status.REVIEW, now=then)
    visitor = visit(display="elder", user=world.rui)
    for path in ("/authority/", "/authority/cases/", f"/authority/cases/{review.number}/"):
        wrong += wrong_on(visitor, path)
    assert not wrong, "\n".join(wrong)


def test_the_amount_stands_below_its_demand(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit(display="elder")
    draft, key = drafts.begin(now=timezone.now())
    visitor.context.add_cookies([{"name": COOKIE, "value": key, "url": visitor.origin}])
    wrong = wrong_on(visitor, f"/file/{draft.pk}/demands/")
    assert not wrong, "\n".join(wrong)
    page = visitor.page
    row = page.locator(".choice:has(.money)").first
    label, amount = row.locator("> label").bounding_box(), row.locator(".money input").bounding_box()
    assert label
    assert amount
    assert amount["y"] >= label["y"] + label["height"] - 1


#: A voice of the device, played by the page itself: it notes what it is given and comes to an end.
VOICE = """(() => {
  const said = window.said = [];
  const speech = {getVoices: () => [{lang: "zh-CN"}], cancel() {}, addEventListener() {},
    speak(words) { said.push([words.lang, words.text]); if (said.length < 400) setTimeout(() => words.onend()); }};
  Object.defineProperty(window, "speechSynthesis", {value: speech});
})()"""


def test_the_page_is_read_aloud_where_there_is_a_voice(visit: Callable[..., Any], world: World) -> None:
    visitor = visit(display="elder")
    visitor.context.add_init_script(VOICE)
    page = visitor.look("/how/")
    page.get_by_role("button", name="朗读本页").click()
    page.get_by_role("button", name="朗读本页").wait_for()
    given = page.evaluate("window.said")
    lines = [line.strip() for line in page.locator("main").inner_text().split("\n") if line.strip()]
    assert [text for _language, text in given] == lines
    assert {language for language, _text in given} == {"zh-CN"}
    # No voice for English in this device, and none at all in the browser as it is.
    page.get_by_role("button", name="EN").click()
    assert not page.locator(".aloud").is_visible()
    plain = visit(display="elder")
    assert not plain.go("/how/").locator(".aloud").is_visible()
