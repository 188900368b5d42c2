"""The consumer's pages in a real browser: readable at both widths, in both languages, axe clean."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.procedure.workflow import Status
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOWN = [
    Status.FILED,
    Status.NEGOTIATING,
    Status.AWAITING_CONSUMER,
    Status.PERFORMING,
    Status.AWAITING_MATERIAL,
    Status.MEDIATING,
    Status.CLOSED,
]


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_case_pages_are_clean(world: World, visit: Callable[..., Any], width: int, language: str) -> None:
    then = timezone.now() - timedelta(minutes=5)
    cases = {status: a_complaint(world, status=status, now=then) for status in SHOWN}
    visitor = visit(width=width, language=language, user=world.chen)
    visitor.go("/cases/")
    visitor.shot(f"cases-{language}-{width}")
    visitor.check()
    for status, case in cases.items():
        visitor.go(f"/cases/{case.number}/")
        visitor.shot(f"case-{status}-{language}-{width}")
        visitor.check()
    waiting = cases[Status.AWAITING_CONSUMER]
    for path, name in (
        (f"/cases/{waiting.number}/offer/1/", "offer"),
        (f"/cases/{waiting.number}/why/confirmation/", "why"),
        (f"/cases/{waiting.number}/stop/", "stop"),
        (f"/cases/{waiting.number}/statement/", "statement"),
        (f"/cases/{cases[Status.PERFORMING].number}/performed/", "performed"),
        (f"/cases/{cases[Status.PERFORMING].number}/done/", "done"),
        (f"/cases/{cases[Status.CLOSED].number}/rate/", "rate"),
    ):
        visitor.go(path)
        visitor.shot(f"{name}-{language}-{width}")
        visitor.check()
    visitor.go(f"/cases/{waiting.number}/offer/1/")
    visitor.page.locator("main form button.is-big").click()
    visitor.shot(f"offer-error-{language}-{width}")
    visitor.check()


@pytest.mark.parametrize(("display", "theme"), [("elder", ""), ("", "dark")])
def test_large_text_and_dark_are_clean_too(world: World, visit: Callable[..., Any], display: str, theme: str) -> None:
    then = timezone.now() - timedelta(minutes=5)
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=then)
    visitor = visit(width=360, display=display, theme=theme, user=world.chen)
    for name in (
        "",
        "offer/1/",
        "why/confirmation/",
        "stop/",
        "withdraw/",
        "settled-elsewhere/",
        "statement/",
        "publication/",
    ):
        visitor.go(f"/cases/{case.number}/{name}")
        visitor.shot(f"{display or theme}-{name.replace('/', '-') or 'case'}")
        visitor.check()
    visitor.go("/cases/")
    visitor.check()


def test_three_taps_accept_an_offer_and_two_take_it_back_without_a_script(
    world: World, visit: Callable[..., Any]
) -> None:
    then = timezone.now() - timedelta(minutes=5)
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=then)
    visitor = visit(width=360, user=world.chen, javascript=False)
    page = visitor.go(f"/cases/{case.number}/")
    page.get_by_role("link", name="查看方案并答复").click()
    page.get_by_label("接受", exact=True).check()
    page.get_by_role("button", name="提交答复").click()
    assert page.url.endswith(f"/cases/{case.number}/done/")
    assert page.get_by_text("退还多扣费用 ¥128.50").count()
    page.get_by_role("link", name="撤销").click()
    page.get_by_role("button", name="撤销").click()
    assert page.url.endswith(f"/cases/{case.number}/")
    case.refresh_from_db()
    assert case.status == Status.AWAITING_CONSUMER
