"""The consumer's pages in a real browser, signed in or with the token, with and without scripts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint, Notice
from complaints.notices import notice_choices
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World
from tests.complaints.pages.links.test_track import TOKEN, with_token
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


@pytest.mark.parametrize("look", LOOKS)
def test_case_pages_are_clean(world: World, visit: Callable[..., Any]) -> None:
    then = timezone.now() - timedelta(minutes=5)
    before = (Status.FILED, Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.PERFORMING)
    after = (Status.AWAITING_MATERIAL, Status.MEDIATING, Status.CLOSED)
    cases = {status: a_complaint(world, status=status, now=then) for status in before + after}
    visitor = visit(user=world.chen)
    visitor.look("/cases/")
    for case in cases.values():
        visitor.look(f"/cases/{case.number}/")
    for status, name in (
        (Status.AWAITING_CONSUMER, "why/confirmation"),
        (Status.AWAITING_CONSUMER, "stop"),
        (Status.AWAITING_CONSUMER, "statement"),
        (Status.PERFORMING, "performed"),
        (Status.PERFORMING, "done"),
        (Status.CLOSED, "rate"),
        (Status.AWAITING_CONSUMER, "offer/1"),
    ):
        visitor.look(f"/cases/{cases[status].number}/{name}/")
    visitor.page.locator("main form button.is-big").click()
    visitor.look()


@pytest.mark.parametrize(("display", "theme"), [("elder", ""), ("", "dark")])
def test_large_text_and_dark_are_clean_too(world: World, visit: Callable[..., Any], display: str, theme: str) -> None:
    then = timezone.now() - timedelta(minutes=5)
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=then)
    visitor = visit(width=360, display=display, theme=theme, user=world.chen)
    steps = ("stop", "withdraw", "settled-elsewhere", "statement", "publication")
    for name in ("", "offer/1/", "why/confirmation/", *(f"{step}/" for step in steps)):
        visitor.look(f"/cases/{case.number}/{name}")
    visitor.look("/cases/")


def test_three_taps_accept_an_offer_and_two_take_it_back_without_a_script(
    world: World, visit: Callable[..., Any]
) -> None:
    then = timezone.now() - timedelta(minutes=5)
    case = a_complaint(world, status=Status.AWAITING_CONSUMER, now=then)
    visitor = visit(width=360, user=world.chen, javascript=False)
    page = visitor.go(f"/cases/{case.number}/")
    page.get_by_role("link", name="查看方案并答复").click()
    page.get_by_label("接受同意的部分", exact=True).check()
    page.get_by_label("不再要求", exact=True).check()
    page.get_by_role("button", name="提交答复").click()
    assert page.url.endswith(f"/cases/{case.number}/done/")
    assert page.get_by_text("退还多扣费用 ¥128.50").count()
    page.get_by_role("link", name="撤销").click()
    page.get_by_role("button", name="撤销").click()
    assert page.url.endswith(f"/cases/{case.number}/")
    case.refresh_from_db()
    assert case.status == Status.AWAITING_CONSUMER


@pytest.mark.parametrize("look", [*LOOKS, in_look(360, display="elder", full=True)])
def test_the_pages_around_a_promise_are_clean(world: World, visit: Callable[..., Any]) -> None:
    now = timezone.now()
    compared = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    for number, amount in enumerate(("60", "80")):
        at = now - timedelta(hours=2 - number)
        due_on = now.date() + timedelta(days=9 + number)
        answers = [
            Answer(demand=1, verdict="part", amount=amount, reason="系统里只查到最近两个月多扣，共计四十元。"),
            Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE, is_separable=True),
        ]
        promises = [Promise(kind="transfer", what="退款", amount=amount, due_on=due_on)]
        given.step(compared, offers.make_offer(answers=answers, promises=promises), world.handler, at)
        if not number:
            no = consumer.decline_offer(reason="amount_too_low", counter_demand="三个月都退，共128.50元")
            given.step(compared, no, world.consumer, at)
    then = now - timedelta(days=9)
    overdue = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    given.step(overdue, given.an_offer(due_on=(then + timedelta(days=2)).date()), world.handler, then)
    given.step(overdue, consumer.accept_offer(), world.consumer, then)
    broken = given.a_complaint(world, status=S.PERFORMING, now=then)
    given.step(broken, enterprise.report_performed(obligations=[1], proof="退款流水 8842"), world.handler, then)
    given.step(broken, consumer.report_breach(obligation=1, text="没有收到。"), world.consumer, then)
    closed = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    given.step(closed, consumer.withdraw(reason="other_way"), world.consumer, then)
    visitor = visit(user=world.chen)
    off = notice_choices.off_address(Notice(user_id=world.chen.pk), group="all", site="x").removeprefix("x")
    for path in (
        f"/cases/{compared.number}/",
        f"/cases/{overdue.number}/",
        f"/cases/{overdue.number}/breach/?obligation=1",
        f"/cases/{broken.number}/new-dates/",
        f"/cases/{closed.number}/",
        "/account/notices/",
        off,
    ):
        visitor.go(path)
        visitor.page.evaluate("for (const d of document.querySelectorAll('main details')) d.open = true")
        visitor.look()
    # The two taps of a broken promise.
    visitor.go(f"/cases/{overdue.number}/")
    visitor.page.locator("#promises a.btn").click()
    visitor.page.locator("main form button.is-big").click()
    overdue.refresh_from_db()
    assert overdue.status == S.REVIEW


@pytest.fixture
def case(world: World) -> Complaint:
    now = timezone.now() - timedelta(minutes=5)
    return with_token(a_complaint(world, status=Status.AWAITING_CONSUMER, now=now))


@pytest.mark.parametrize("look", [*LOOKS, *(in_look(width, display="elder", full=True) for width in (360, 1280))])
def test_form_and_case_in_every_look(visit: Callable[..., Any], case: Complaint) -> None:
    visitor = visit()
    page = visitor.look("/track/")
    page.locator("#id_number").fill(case.number)
    page.locator("#id_token").fill("wrong")
    page.locator("main form .btn").click()
    page.locator(".error-summary").wait_for()
    visitor.look()
    assert page.locator("#id_number").input_value() == case.number
    page.locator("#id_token").fill(TOKEN)
    page.locator("main form .btn").click()
    page.locator(".duty").wait_for()
    visitor.look()


def test_the_code_of_the_receipt_fills_the_form_and_leaves_the_address(
    visit: Callable[..., Any], case: Complaint
) -> None:
    visitor = visit()
    page = visitor.go(f"/track/#{case.number}.{TOKEN}")
    page.wait_for_url("**/track/")
    assert page.locator("#id_number").input_value() == case.number
    assert page.locator("#id_token").input_value() == TOKEN
    visitor.look()
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
    visitor.look()
    page.clock.fast_forward(2 * 60_000)
    assert "已经关闭" in shown.inner_text()
