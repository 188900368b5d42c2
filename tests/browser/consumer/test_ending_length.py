"""How long a case and the pages at its end are: pixels at 360, and Chinese characters beside what the case says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import consumer
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: What is seen in the page: without what is folded, what only readers of screens get, and what the case itself says.
CHARACTERS = """() => {
    const han = node => (node.innerText.match(/\\p{Script=Han}/gu) || []).length;
    const main = document.querySelector("main");
    const beside = ".outcome, .vh, .back, .page-head .muted";
    const own = [...main.querySelectorAll(beside)].filter(one => !one.parentElement.closest(beside));
    return han(main) - own.reduce((sum, one) => sum + han(one), 0);
}"""


def measured(visitor: Any, path: str) -> tuple[int, int]:
    page = visitor.go(path)
    return page.evaluate("document.documentElement.scrollHeight"), page.evaluate(CHARACTERS)


def test_an_offer_is_two_and_a_half_screens_and_its_own_words_are_few(world: World, visit: Callable[..., Any]) -> None:
    then = timezone.now() - timedelta(minutes=5)
    partly = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=then)
    nothing = given.refused_in_full(world, now=then)
    visitor = visit(width=360, user=world.chen)
    for case, most_pixels, most_characters in ((partly, 1650, 165), (nothing, 1450, 165)):
        pixels, characters = measured(visitor, f"/cases/{case.number}/offer/1/")
        assert (pixels <= most_pixels, characters <= most_characters) == (True, True), (pixels, characters)


def test_a_case_is_two_and_a_half_screens_and_what_else_is_known_of_it_one_tap_away(
    world: World, visit: Callable[..., Any]
) -> None:
    then = timezone.now() - timedelta(minutes=5)
    kept = given.a_complaint(world, status=S.CLOSED, now=then)
    rested = given.step(given.refused_in_full(world, now=then), consumer.let_rest(), world.consumer, then)
    talking = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    visitor = visit(width=360, user=world.chen)
    for case, most_pixels, most_characters in ((kept, 1450, 160), (rested, 1600, 175), (talking, 1650, 200)):
        pixels, characters = measured(visitor, f"/cases/{case.number}/")
        assert (pixels <= most_pixels, characters <= most_characters) == (True, True), (pixels, characters)
        visitor.check()
    for case in (rested, talking):
        # Without scripts as well: a native fold.
        page = visit(width=360, user=world.chen, javascript=False).go(f"/cases/{case.number}/")
        event = page.locator("#events .event").last
        assert not event.is_visible()
        page.locator("summary", has_text="全部经过").click()
        assert event.is_visible()
        assert "提交投诉" in event.inner_text()
    assert visitor.go(f"/cases/{rested.number}/").locator(".ways a[href$='/undo/']").is_visible()


@pytest.mark.parametrize(("display", "most_pixels"), [("", 1100), ("elder", 1480)])
def test_a_rating_is_one_question(world: World, visit: Callable[..., Any], display: str, most_pixels: int) -> None:
    case = given.a_complaint(world, status=S.CLOSED, now=timezone.now() - timedelta(minutes=5))
    visitor = visit(width=360, user=world.chen, display=display)
    pixels, _characters = measured(visitor, f"/cases/{case.number}/rate/")
    assert pixels <= most_pixels
    visitor.check()
    page = visitor.page
    assert page.locator("fieldset:visible").count() == 1
    page.locator("summary").click()
    assert page.locator("fieldset:visible").count() == 6


def test_the_menu_at_the_foot_is_folded_on_every_page_of_who_is_signed_in(
    world: World, visit: Callable[..., Any]
) -> None:
    case = given.a_complaint(world, status=S.CLOSED, now=timezone.now() - timedelta(minutes=5))
    visitor = visit(width=360, user=world.chen)
    for path in ("/cases/", f"/cases/{case.number}/dossier/", "/account/"):
        page = visitor.go(path)
        assert not page.locator("#site").is_visible(), path
        page.locator(".foot a[href='#site']").click()
        assert page.locator("#site").is_visible(), path
