"""Before filing in a real browser: turned away with a way on, and a letter in hand."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import load_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("width", "language", "has_script"),
    [
        (360, "zh-hans", True),
        pytest.param(360, "en", True, marks=pytest.mark.full),
        pytest.param(1280, "en", True, marks=pytest.mark.full),
        pytest.param(360, "zh-hans", False, marks=pytest.mark.full),
    ],
)
def test_guidance_turns_away_with_a_way_on(
    visit: Callable[..., Any], width: int, language: str, has_script: bool
) -> None:
    load_directory()
    visitor = visit(width=width, language=language, javascript=has_script)
    page = visitor.go("/")
    page.locator("main a[href='/check/']").click()
    page.locator("main form button").click()
    assert page.locator(".error-summary a").count() == 1
    if has_script:
        visitor.check()
    visitor.shot(f"check-error-{width}-{language}")
    # By keyboard alone, as a screen reader walks.
    page.locator("[value=purchase]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("[value=general]").check()
    visitor.shot(f"check-trade-{width}-{language}")
    page.locator("main form button").click()
    page.locator("[value=over]").check()
    page.locator("main form button").click()
    page.locator("[value=court]").check()
    page.locator("main form button").click()
    assert page.locator("main a[href='tel:12368']").count() == 1
    visitor.shot(f"check-elsewhere-{width}-{language}")
    if has_script:
        visitor.check()
    visitor.go("/check/?matter=purchase&trade=telecom&since=over&elsewhere=no")
    visitor.shot(f"check-but-{width}-{language}")
    if has_script:
        visitor.check()
    page.locator("main a[href='/check/letter/']").click()
    for name, text in (
        ("firm", "好邻里便利店"),
        ("item", "烤箱"),
        ("happened", "用了三天就不加热。"),
        ("wanted", "退货退款"),
    ):
        page.fill(f"#id_{name}", text)
    visitor.shot(f"letter-form-{width}-{language}")
    page.locator("main form button").click()
    assert "烤箱" in page.locator("#letter").inner_text()
    assert page.locator("[data-copy-text]").is_visible() == has_script
    visitor.shot(f"letter-{width}-{language}")
    if has_script:
        visitor.check()
    page.locator("main a[href='/file/']").first.click()
    assert page.locator("#id_service_region").count() == 1


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), pytest.param(1280, "en", marks=pytest.mark.full)])
def test_names_come_while_one_types_and_are_chosen_by_keys_alone(
    visit: Callable[..., Any], width: int, language: str
) -> None:
    load_directory()
    visitor = visit(width=width, language=language)
    page = visitor.go("/find/")
    field = page.locator("#id_q")
    before = page.locator("main form button").bounding_box()
    field.press_sequentially("移动")
    page.locator("[role=option]").first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert page.locator("main form button").bounding_box() == before, "nothing moves"
    assert page.locator(".combo [role=status]").inner_text()
    visitor.check()
    visitor.shot(f"suggest-{width}-{language}")
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
    # The same on the first screen of filing, by touch.
    page = visitor.go("/file/")
    page.locator("#id_query").press_sequentially("zgyd")
    page.locator("[role=option]").first.click()
    page.locator("input[name=respondent]").first.wait_for()
    assert page.locator("#found [value*='-']").count() > 0
