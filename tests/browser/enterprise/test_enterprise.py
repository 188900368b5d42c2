"""The enterprise's pages in a real browser: queue, case, steps and the offer editor, both widths and languages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, Offer
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


def cases(world: World) -> dict[str, Complaint]:
    """A morning's queue: every status that the enterprise meets, one reply, one overdue."""
    now = timezone.now()
    names = ("宽带每月多扣费", "套餐降档困难", "未经同意开通彩铃", "违约金过高", "装移机超时", "携号转网受阻")
    made = {
        status: given.a_complaint(world, status=status, now=now - timedelta(days=days), item_name=name)
        for (status, days), name in zip(
            ((S.WITH_ENTERPRISE, 0), (S.NEGOTIATING, 3), (S.AWAITING_CONSUMER, 4), (S.PERFORMING, 2), (S.CLOSED, 6)),
            names,
            strict=False,
        )
    }
    late = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now - timedelta(days=6), item_name=names[5])
    talk = made[S.NEGOTIATING]
    given.step(
        talk,
        enterprise.log_contact(channel="phone", reached=True, note="通话6分钟，约定补充账单。"),
        world.handler,
        now - timedelta(days=2),
    )
    given.step(talk, enterprise.ask_consumer(text="请问9月那笔是哪一天扣的？"), world.handler, now - timedelta(days=2))
    given.step(talk, consumer.add_statement(text="9月3日扣的，账单第二页有。"), world.consumer, now - timedelta(days=1))
    given.step(talk, enterprise.add_internal_note(text="计费系统显示9月3日由外呼渠道开通。"), world.handler, now)
    return {str(status): case for status, case in made.items()} | {"late": late}


def path(case: Complaint, step: str = "") -> str:
    return f"/enterprise/cases/{case.number}/" + (f"{step}/" if step else "")


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_every_page_reads_at_both_widths(visit: Callable[..., Any], world: World, width: int, language: str) -> None:
    made = cases(world)
    visitor = visit(width=width, language=language, user=world.ming)
    name = f"enterprise-{width}-{language[:2]}"
    visitor.go("/enterprise/queue/")
    visitor.shot(f"{name}-queue")
    visitor.check()
    visitor.go("/enterprise/queue/?view=overdue")
    visitor.check()
    for key, case in made.items():
        visitor.go(path(case))
        visitor.shot(f"{name}-case-{key}")
        visitor.check()
    talk = made["negotiating"]
    for step in ("offer", "contact", "assign", "failure", "concern", "settled-elsewhere"):
        visitor.go(path(talk, step))
        visitor.shot(f"{name}-step-{step}")
        visitor.check()
    for step, key in (
        ("accept", "with_enterprise"),
        ("return", "with_enterprise"),
        ("performed", "performing"),
        ("replace", "awaiting_consumer"),
    ):
        visitor.go(path(made[key], step))
        visitor.shot(f"{name}-step-{step}")
        visitor.check()


@pytest.mark.parametrize(("width", "language", "javascript"), [(360, "zh-hans", False), (1280, "en", True)])
def test_an_offer_is_written_row_by_row(
    visit: Callable[..., Any], world: World, width: int, language: str, javascript: bool
) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=1))
    visitor = visit(width=width, language=language, user=world.ming, javascript=javascript)
    name = f"enterprise-{width}-{language[:2]}-offer"
    page = visitor.go(path(case, "offer"))
    page.locator("#id_answer-1_0").check()
    page.locator("#id_reason-1").fill("9至11月合计，全部退还。")
    page.locator("#id_promise-1-what").fill("退还多扣费用")
    page.locator("#id_promise-1-kind").select_option("original_channel")
    page.locator("button[name=add]").click()
    assert page.locator("#id_reason-1").input_value() == "9至11月合计，全部退还。"
    page.locator("#id_promise-2-what").fill("退订体验包")
    page.locator("#id_promise-2-kind").select_option("service_change")
    page.locator("#id_promise-2-after").select_option("1")
    page.locator("#id_promise-2-days_after").fill("3")
    page.locator("button[name=send]").click()
    visitor.shot(f"{name}-errors")
    if javascript:
        visitor.check()
    assert page.locator(".error-summary li").count() == 3
    page.locator("#id_answer-2_2").check()
    page.locator("#id_reason-2").fill("合约期内不能单独退订这一项业务。")
    page.locator("#id_promise-1-amount").fill("128.50")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    page.locator("button.btn[name=preview]").click()
    visitor.shot(f"{name}-preview")
    if javascript:
        visitor.check()
    assert page.locator("#preview .total").count() == 1
    # Nobody has talked to the consumer, and the page said so.
    page.locator("button[name=anyway]").click()
    page.wait_for_url(f"**{path(case)}")
    visitor.shot(f"{name}-sent")
    assert Offer.objects.get().obligations.count() == 2
