"""Following a case in a real browser: both widths, both languages, with and without script."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests.cast import World
from tests.complaints.pages.links.test_track import TOKEN, with_token
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [
    (360, "zh", {}),
    (1280, "en", {"language": "en"}),
    (360, "elder", {"display": "elder"}),
    *(
        pytest.param(*crossed, marks=pytest.mark.full)
        for crossed in ((1280, "zh", {}), (360, "en", {"language": "en"}), (1280, "elder", {"display": "elder"}))
    ),
]


@pytest.fixture
def case(world: World) -> Complaint:
    now = timezone.now() - timedelta(minutes=5)
    return with_token(a_complaint(world, status=Status.AWAITING_CONSUMER, now=now))


@pytest.mark.parametrize(("width", "name", "look"), LOOKS)
def test_form_and_case_in_every_look(
    visit: Callable[..., Any], case: Complaint, width: int, name: str, look: dict[str, str]
) -> None:
    visitor = visit(width=width, **look)
    page = visitor.go("/track/")
    visitor.check()
    page.locator("#id_number").fill(case.number)
    page.locator("#id_token").fill("wrong")
    page.locator("main form .btn").click()
    page.locator(".error-summary").wait_for()
    visitor.shot(f"track-wrong-{name}-{width}")
    visitor.check()
    assert page.locator("#id_number").input_value() == case.number
    page.locator("#id_token").fill(TOKEN)
    page.locator("main form .btn").click()
    page.locator(".duty").wait_for()
    visitor.shot(f"tracked-{name}-{width}")
    visitor.check()


def test_the_code_of_the_receipt_fills_the_form_and_leaves_the_address(
    visit: Callable[..., Any], case: Complaint
) -> None:
    visitor = visit()
    page = visitor.go(f"/track/#{case.number}.{TOKEN}")
    page.wait_for_url("**/track/")
    assert page.locator("#id_number").input_value() == case.number
    assert page.locator("#id_token").input_value() == TOKEN
    visitor.check()
    page.keyboard.press("Enter")
    page.locator(".duty").wait_for()
    page.get_by_role("button", name="看完了，关闭").click()
    page.locator("#id_number").wait_for()
    assert page.locator("#id_number").input_value() == ""


def test_it_works_without_script(visit: Callable[..., Any], case: Complaint) -> None:
    visitor = visit(javascript=False)
    page = visitor.go("/track/")
    page.get_by_label("投诉编号").fill(case.number)
    page.get_by_label("查询口令").fill(TOKEN)
    page.locator("main form .btn").click()
    page.locator(".duty").wait_for()


def test_whoever_follows_with_the_token_is_warned_before_it_closes(visit: Callable[..., Any], case: Complaint) -> None:
    visitor = visit(width=360)
    page = visitor.go(f"/track/#{case.number}.{TOKEN}")
    page.wait_for_url("**/track/")
    page.keyboard.press("Enter")
    page.locator(".duty").wait_for()
    page.clock.install()
    page.reload()
    shown = page.locator("[role=status] [data-closes-in]")
    minutes = int(shown.get_attribute("data-closes-in")) // 60
    page.clock.fast_forward((minutes - 3) * 60_000)
    assert shown.inner_text() == ""
    page.clock.fast_forward(2 * 60_000)
    assert "不到2分钟" in shown.inner_text()
    visitor.shot("track-closing-360", full_page=False)
    visitor.check()
    page.clock.fast_forward(2 * 60_000)
    assert "已经关闭" in shown.inner_text()
