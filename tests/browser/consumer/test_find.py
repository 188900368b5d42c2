"""Looking for the right respondent in a real browser, and going on to file."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import load_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("width", "language", "has_script"), [(360, "zh-hans", True), (1280, "en", True), (360, "zh-hans", False)]
)
def test_a_name_and_a_district_lead_to_the_first_screen_of_filing(
    visit: Callable[..., Any], width: int, language: str, has_script: bool
) -> None:
    load_directory()
    visitor = visit(width=width, language=language, javascript=has_script)
    page = visitor.go("/find/")
    page.select_option("#id_region", "350102000")
    if has_script:
        page.locator("#id_q").press_sequentially("移动")
        page.locator("#suggestions").wait_for()
        visitor.shot(f"find-suggested-{width}-{language}", full_page=False)
        # By mouse, past the list that lies there.
    else:
        page.fill("#id_q", "移动")
    page.locator("main form button").click()
    expected = "China Mobile Fuzhou Branch" if language == "en" else "中国移动福州分公司"
    assert page.locator("li.target.is-first h3").inner_text() == expected
    visitor.shot(f"find-{width}-{language}")
    if has_script:
        visitor.check()
    page.locator("li.target.is-first a.btn").click()
    assert page.locator("#id_service_region").input_value() == "350102000"
    checked = page.locator("input[name=respondent]:checked")
    assert checked.count() == 1
    visitor.shot(f"find-filing-{width}-{language}")
    visitor.go("/find/?q=火星烧烤摊")
    visitor.shot(f"find-none-{width}-{language}")
    visitor.go("/find/?q=好邻里")
    visitor.shot(f"find-not-enrolled-{width}-{language}")
