"""Who got worse, in a real browser."""

from typing import Any

import pytest

from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.dashboard.test_worse import four_of_which_one_got_worse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_a_director_asks_who_got_worse_and_opens_the_cases(world: World, visit: Any) -> None:
    four_of_which_one_got_worse(world)
    director = visit(user=world.su)
    page = director.go("/oversight/compare/?period=30")
    page.locator("section[aria-labelledby=h-worse] a").click()
    page.wait_for_url("**worse=1**")
    director.look()
    rows = page.locator("section[aria-labelledby=h-worse] tbody tr")
    assert rows.count() == 1
    rows.locator("a").first.click()
    page.wait_for_url("**/oversight/cases/**")
    assert "30" in page.locator("h1").inner_text()
