"""How long the pages at the end of a case are: pixels at 360, and Chinese characters beside what the case says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

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
