"""A morning at the queue by keyboard alone, steps for many cases, views of one's own, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Complaint, Contact, HandlingStep
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


def morning(world: World) -> list[Complaint]:
    now = timezone.now()
    names = ("宽带每月多扣费", "套餐降档困难", "未经同意开通彩铃")
    return [
        given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now - timedelta(minutes=30 - n), item_name=name)
        for n, name in enumerate(names)
    ]


def test_open_accept_log_a_contact_and_go_on_by_keyboard_alone(visit: Callable[..., Any], world: World) -> None:
    cases = morning(world)
    visitor = visit(width=1280, language="zh-hans", user=world.ming)
    page = visitor.go("/enterprise/queue/")
    order = [link.inner_text() for link in page.locator("[data-case] th a").all()]
    assert set(order) == {case.number for case in cases}
    pressed = 0

    def press(key: str, *, opens: str = "", focuses: str = "") -> None:
        nonlocal pressed
        pressed += 1
        if opens:
            with page.expect_navigation(url=f"**{opens}"):
                page.keyboard.press(key)
            page.wait_for_load_state()
        else:
            page.keyboard.press(key)
        if focuses:
            assert page.locator(focuses).first.evaluate("e => e === document.activeElement")

    first, second = (f"/enterprise/cases/{number}/" for number in order[:2])
    press("n", opens=first)
    press("a", focuses="form[action$='/accept/'] button")
    press("Enter", opens=f"{first}*")
    press("c", focuses="form[action$='/contact/'] button")
    press("Enter", opens=f"{first}*")
    press("n", opens=second)
    assert pressed <= 8
    case = Complaint.objects.get(number=order[0])
    assert (case.status, case.handler_id) == (S.NEGOTIATING, world.ming_staff.pk)
    assert Contact.objects.filter(complaint=case, reached=True).count() == 1
    # Back and forth, and the list again.
    press("k", opens=first)
    press("g")
    press("q", opens="/enterprise/queue/")
    press("/")
    assert page.locator("#id_q").evaluate("e => e === document.activeElement")
    # In a field a letter is a letter.
    page.keyboard.type("jxa")
    assert page.locator("#id_q").input_value() == "jxa"
    page.locator("#id_q").fill("")
    page.locator("h1").click()
    for key in ("j", "j", "x"):
        page.keyboard.press(key)
    assert page.locator("[data-case] input:checked").count() == 1
    assert page.locator("[data-case]").nth(1).get_attribute("class") == "is-selected"
    page.keyboard.press("?")
    assert page.locator("details[open] #keys_on").is_visible()
    visitor.shot("queue-1280-zh-keys")
    visitor.check()
    # Switched off, they are off on the next page too.
    page.locator("#keys_on").uncheck()
    page.locator("h1").click()
    page.keyboard.press("n")
    visitor.go("/enterprise/queue/")
    page.keyboard.press("n")
    page.locator("h1").click()
    assert page.url.endswith("/enterprise/queue/")


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_many_at_once_and_a_view_of_my_own(visit: Callable[..., Any], world: World, width: int, language: str) -> None:
    cases = morning(world)
    visitor = visit(width=width, language=language, user=world.ming, javascript=width == 1280)
    name = f"queue-{width}-{language[:2]}"
    page = visitor.go("/enterprise/queue/?view=new&handler=none")
    visitor.shot(f"{name}-filtered")
    page.locator("form.filters a.end").click()
    visitor.shot(f"{name}-save")
    page.locator("#id_name").fill("")
    page.locator("main form .btn").first.click()
    if width == 1280:
        visitor.check()
    page.locator("#id_name").fill("新到的")
    page.locator("main form .btn").first.click()
    page.wait_for_url("**/enterprise/queue/**")
    assert page.locator(".tabs [aria-current]").inner_text().startswith("新到的")
    visitor.shot(f"{name}-own")
    visitor.go("/enterprise/views/")
    visitor.shot(f"{name}-views")
    page = visitor.go("/enterprise/queue/")
    assert page.locator("#bulk_case").evaluate("t => t.scrollWidth <= t.parentElement.clientWidth"), (
        "a column is cut off"
    )
    if width != 1280:
        assert page.locator("button[name=do]").first.is_hidden()
        return
    visitor.check()
    visitor.go("/enterprise/queue/?view=new")
    page.locator("[name=do][value=accept]").click()
    visitor.shot(f"{name}-nothing-chosen")
    visitor.check()
    given.step(cases[0], _accepted(world), world.manager, timezone.now())
    for box in page.locator("[name=case]").all():
        box.check()
    page.locator("[name=do][value=accept]").click()
    page.wait_for_selector("main details")
    visitor.shot(f"{name}-done")
    visitor.check()
    assert HandlingStep.objects.filter(step="accept_case").count() == 3
    page.locator("main a.btn").click()
    page.wait_for_url("**/enterprise/queue/?view=new*")


def _accepted(world: World) -> Any:
    from complaints.handling.steps import enterprise

    return enterprise.accept_case(handler_id=world.lead_staff.pk)
