"""Three equal cases answered together from my work: clicks and loads counted, with scripts and without."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Complaint, Offer
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from complaints.settlement.answer_templates import Says
from tests import given
from tests.cast import World
from tests.complaints.measures.test_together import made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FULL = Says(body="{消费者称呼}，您的投诉{案件编号}，{金额}会在{履行日}前退还。", verdict="grant", days=3)


@pytest.mark.parametrize("javascript", [True, False])
def test_three_equal_cases_go_out_in_five_clicks_and_two_loads(
    visit: Callable[..., Any], world: World, javascript: bool
) -> None:
    now = timezone.now()
    made(world, "多扣费全退", FULL)
    equal: list[Complaint] = []
    for amount in ("20", "35.50", "60"):
        demands = (DemandRequest(kind="refund", amount=Decimal(amount)), DemandRequest(kind="cancel_service"))
        equal.append(given.a_complaint(world, status=S.NEGOTIATING, now=now, demands=demands))
    visitor = visit(width=1280, user=world.ming, javascript=javascript)
    page = visitor.look("/enterprise/mine/")
    clicks, loads = 0, list[str]()
    page.on("domcontentloaded", lambda _page: loads.append(page.url))

    def click(target: Any, *, leads_on: bool = False) -> None:
        nonlocal clicks
        clicks += 1
        if leads_on:
            with page.expect_navigation(wait_until="domcontentloaded"):
                target.click()
        else:
            target.click()

    for case in equal:
        click(page.locator(f"[name=case][value='{case.number}']"))
    click(page.get_by_role("button", name="多扣费全退"), leads_on=True)
    visitor.look()
    for amount in ("¥20.00", "¥35.50", "¥60.00"):
        assert page.locator("#preview td", has_text=amount).count() == 1, "each case with its own sum"
    bar = page.locator(".decide").bounding_box()
    assert bar["y"] + bar["height"] <= page.viewport_size["height"], "the button that sends is in sight"
    click(page.locator(".decide").get_by_role("button", name="发送3件方案"), leads_on=True)
    visitor.look()
    assert page.get_by_text("发送了3件").count() == 1
    print(f"three equal cases: {clicks} clicks, {len(loads)} loads")
    assert (clicks, len(loads)) == (5, 2)
    assert Offer.objects.count() == 3


def test_the_preview_reads_on_a_phone(visit: Callable[..., Any], world: World) -> None:
    now = timezone.now()
    made(world, "多扣费全退", FULL)
    for _ in range(2):
        given.a_complaint(world, status=S.NEGOTIATING, now=now)
    wide = visit(width=1280, user=world.ming)
    page = wide.go("/enterprise/mine/")
    for box in page.locator("[name=case]").all():
        box.check()
    page.get_by_role("button", name="多扣费全退").click()
    page.wait_for_selector("#preview")
    visit(width=360, user=world.ming).look("/" + page.url.split("/", 3)[3])
