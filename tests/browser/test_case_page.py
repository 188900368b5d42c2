"""Offers side by side, the ledger with its button, what is left after closing, and choosing notices: in a real
browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Notice
from complaints.notices import notice_choices
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
LOOKS = [
    (360, "zh-hans", ""),
    *(
        pytest.param(*look, marks=pytest.mark.full)
        for look in ((1280, "en", ""), (1280, "zh-hans", ""), (360, "en", ""), (360, "zh-hans", "elder"))
    ),
]


@pytest.mark.parametrize(("width", "language", "display"), LOOKS)
def test_the_pages_around_a_promise_are_clean(
    world: World, visit: Callable[..., Any], width: int, language: str, display: str
) -> None:
    now = timezone.now()
    compared = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(hours=3))
    for number, amount in enumerate(("60", "80")):
        at = now - timedelta(hours=2 - number)
        given.step(
            compared,
            offers.make_offer(
                answers=[
                    Answer(demand=1, verdict="part", amount=amount, reason="系统里只查到最近两个月多扣，共计四十元。"),
                    Answer(demand=2, verdict="grant", is_separable=True),
                ],
                promises=[
                    Promise(kind="transfer", what="退款", amount=amount, due_on=now.date() + timedelta(days=9 + number))
                ],
            ),
            world.handler,
            at,
        )
        if not number:
            given.step(
                compared,
                consumer.decline_offer(reason="amount_too_low", counter_demand="三个月都退，共128.50元"),
                world.consumer,
                at,
            )
    then = now - timedelta(days=9)
    overdue = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    given.step(overdue, given.an_offer(due_on=(then + timedelta(days=2)).date()), world.handler, then)
    given.step(overdue, consumer.accept_offer(), world.consumer, then)
    broken = given.a_complaint(world, status=S.PERFORMING, now=then)
    given.step(broken, enterprise.report_performed(obligations=[1], proof="退款流水 8842"), world.handler, then)
    given.step(broken, consumer.report_breach(obligation=1, text="没有收到。"), world.consumer, then)
    closed = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    given.step(closed, consumer.withdraw(reason="other_way"), world.consumer, then)
    visitor = visit(width=width, language=language, display=display, user=world.chen)
    off = notice_choices.off_address(Notice(user_id=world.chen.pk), group="all", site="x").removeprefix("x")
    for path, name in (
        (f"/cases/{compared.number}/", "compared"),
        (f"/cases/{overdue.number}/", "ledger"),
        (f"/cases/{overdue.number}/breach/?obligation=1", "breach"),
        (f"/cases/{broken.number}/new-dates/", "new-dates"),
        (f"/cases/{closed.number}/", "closed"),
        ("/account/notices/", "notices"),
        (off, "notices-off"),
    ):
        visitor.go(path)
        visitor.page.evaluate("for (const d of document.querySelectorAll('#offers details')) d.open = true")
        visitor.shot(f"{name}-{language}-{width}{display}")
        visitor.check()
    # The two taps of a broken promise.
    visitor.go(f"/cases/{overdue.number}/")
    visitor.page.locator("#promises a.btn").click()
    visitor.page.locator("main form button.is-big").click()
    overdue.refresh_from_db()
    assert overdue.status == S.REVIEW
