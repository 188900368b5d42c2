"""Before filing in a real browser: turned away with a way on, and a letter in hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import load_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("width", "language", "has_script"), [(360, "zh-hans", True), (1280, "en", True), (360, "zh-hans", False)]
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
    for name, words in (("firm", "好邻里便利店"), ("item", "烤箱"), ("happened", "用了三天就不加热。"), ("wanted", "退货退款")):
        page.fill(f"#id_{name}", words)
    visitor.shot(f"letter-form-{width}-{language}")
    page.locator("main form button").click()
    assert "烤箱" in page.locator("#letter").inner_text()
    assert page.locator("[data-copy-text]").is_visible() == has_script
    visitor.shot(f"letter-{width}-{language}")
    if has_script:
        visitor.check()
    page.locator("main a[href='/file/']").first.click()
    assert page.locator("#id_service_region").count() == 1
