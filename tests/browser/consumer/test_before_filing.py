"""Before filing in a real browser: turned away with a way on, a letter in hand, and the right respondent found."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.looks import LOOKS, in_look
from tests.cast import load_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", [*LOOKS, in_look(360, javascript=False, full=True)])
def test_guidance_turns_away_with_a_way_on(visit: Callable[..., Any]) -> None:
    load_directory()
    visitor = visit()
    page = visitor.go("/")
    page.locator("main a[href='/check/']").click()
    page.locator("main form button").click()
    assert page.locator(".error-summary a").count() == 1
    visitor.look()
    # By keyboard alone, as a screen reader walks.
    page.locator("[value=purchase]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("[value=general]").check()
    page.locator("main form button").click()
    page.locator("[value=over]").check()
    page.locator("main form button").click()
    page.locator("[value=court]").check()
    page.locator("main form button").click()
    assert page.locator("main a[href='tel:12368']").count() == 1
    visitor.look()
    visitor.look("/check/?matter=purchase&trade=telecom&since=over&elsewhere=no")
    page.locator("main a[href='/check/letter/']").click()
    letter = {"firm": "好邻里便利店", "item": "烤箱", "happened": "用了三天就不加热。", "wanted": "退货退款"}
    for name, text in letter.items():
        page.fill(f"#id_{name}", text)
    page.locator("main form button").click()
    assert "烤箱" in page.locator("#letter").inner_text()
    assert page.locator("[data-copy-text]").is_visible() == visitor.has_scripts
    visitor.look()
    page.locator("main a[href='/file/']").first.click()
    assert page.locator("#id_story").count() == 1


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en", full=True)])
def test_names_come_while_one_types_and_are_chosen_by_keys_alone(visit: Callable[..., Any]) -> None:
    load_directory()
    visitor = visit()
    page = visitor.go("/find/")
    field = page.locator("#id_q")
    before = page.locator("main form button").bounding_box()
    field.press_sequentially("移动")
    page.locator("[role=option]").first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert page.locator("main form button").bounding_box() == before, "nothing moves"
    assert page.locator(".combo [role=status]").inner_text()
    visitor.look()
    page.keyboard.press("Escape")
    assert page.locator("[role=option]").count() == 0
    assert field.input_value() == "移动"
    page.keyboard.press("ArrowDown")
    page.locator("[role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    name = chosen.get_attribute("data-value")
    page.keyboard.press("Enter")
    page.locator("#hits li.target").first.wait_for()
    assert page.locator("#id_q").input_value() == name
    # The same in a filing, by touch.
    page = visitor.go("/file/?new=1")
    page.locator("#id_story").fill("我的钱")
    page.locator(".actions .btn").click()
    page.locator("#id_query").press_sequentially("zgyd")
    page.locator("[role=option]").first.click()
    page.locator("input[name=respondent]").first.wait_for()
    assert page.locator("#found [value*='-']").count() > 0


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en"), in_look(360, javascript=False)])
def test_a_name_and_a_district_lead_to_the_first_screen_of_filing(visit: Callable[..., Any]) -> None:
    load_directory()
    visitor = visit()
    page = visitor.go("/find/")
    page.select_option("#id_region", "350102000")
    if visitor.has_scripts:
        page.locator("#id_q").press_sequentially("移动")
        page.locator("#suggestions").wait_for()
        # By mouse, past the list that lies there.
    else:
        page.fill("#id_q", "移动")
    page.locator("main form button").click()
    expected = "China Mobile Fuzhou Branch" if visitor.language == "en" else "中国移动福州分公司"
    assert page.locator("li.target.is-first h3").inner_text() == expected
    visitor.look()
    page.locator("li.target.is-first a.btn").click()
    assert expected in page.locator("main").inner_text()
    page.locator("#id_story").fill("我的钱")
    page.locator(".actions .btn").click()
    assert page.locator("#id_service_region").input_value() == "350102000"
    assert page.locator("input[name=respondent]:checked").count() == 1
    for name in ("火星烧烤摊", "好邻里"):
        visitor.look(f"/find/?q={name}")
