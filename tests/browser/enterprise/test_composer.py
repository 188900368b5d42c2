"""An answer to a complaint by keyboard alone, every key counted; what the consumer will read appears as one writes."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from complaints.handling.steps import enterprise
from complaints.models import Complaint, Obligation, Offer, OfferDraft
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "合同第四条写明，3月到期前不能退订。"


def contacted(world: World, **more: Any) -> Complaint:
    now = timezone.now()
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=1), **more)
    called = enterprise.log_contact(channel="phone", reached=True, note="谈过。")
    return given.step(case, called, world.handler, now - timedelta(hours=1))


ASKED = (DemandRequest(kind="refund", amount=Decimal("128.50")), DemandRequest(kind="apology"))


def editor(case: Complaint) -> str:
    return f"/enterprise/cases/{case.number}/offer/"


class Counted:
    """Keys that are pressed to choose and to send; words that have to be written are none."""

    def __init__(self, page: Any) -> None:
        self.page, self.keys = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def send(self) -> None:
        """Once more where something is shown first."""
        for _ in range(2):
            self.keys += 1
            with self.page.expect_navigation(wait_until="domcontentloaded"):
                self.page.keyboard.press("Control+Enter")
            if not self.page.locator(".decide [name=anyway]").count():
                break


@pytest.mark.parametrize("look", [in_look(1280)])
def test_money_and_an_apology_take_four_keys_and_so_does_a_refusal_beside_its_reason(
    visit: Callable[..., Any], world: World
) -> None:
    visitor = visit(user=world.ming)
    case = contacted(world, demands=ASKED)
    page = visitor.go(editor(case))
    expect(page.locator("#id_answer-1_0")).to_be_focused()
    granted = Counted(page)
    granted.press("1", "1")
    expect(page.locator("[data-effect]")).to_contain_text("发送后有2项约定 · ¥128.50")
    expect(page.locator("[data-reads]")).to_contain_text("退还货款或服务费")
    granted.send()
    assert granted.keys <= 4
    rows = Obligation.objects.filter(complaint=case).order_by("ordinal")
    assert [(row.kind, row.amount) for row in rows] == [("original_channel", Decimal("128.50")), ("apology", None)]

    # A part of it: one amount, typed once, and the reason.
    case = contacted(world, demands=ASKED)
    page = visitor.go(editor(case))
    part = Counted(page)
    part.press("2")
    expect(page.locator("#id_amount-1")).to_be_focused()
    page.keyboard.type("100")
    part.press("Tab", "Tab", "Tab")
    page.locator("#id_reason-1").focus()
    page.keyboard.type("已经按您的要求退还过28.50元。")
    page.locator("#id_answer-2_0").focus()
    part.press("1")
    part.send()
    assert Offer.objects.get(complaint=case).answers.get(demand__ordinal=1).amount == Decimal("100")

    case = contacted(world, demands=ASKED[1:])
    page = visitor.go(editor(case))
    refused = Counted(page)
    refused.press("3")
    expect(page.locator("#id_reason-1")).to_be_focused()
    page.keyboard.type("3" + REASON)
    assert page.locator("#id_reason-1").input_value() == "3" + REASON, "a figure in a field is a figure"
    expect(page.locator("[data-reads]")).to_contain_text("算了，不再坚持")
    refused.send()
    assert refused.keys <= 4
    assert Offer.objects.get(complaint=case).grants_nothing

    # Switched off, a figure chooses nothing; what sends is still there.
    case = contacted(world, demands=ASKED)
    page = visitor.go(editor(case))
    page.keyboard.press("?")
    page.locator("#keys_on").uncheck()
    page.locator("h1").click()
    page.keyboard.press("1")
    assert page.locator("#offer [type=radio]:checked").count() == 0
    page.locator("#keys_on").check()
    assert not OfferDraft.objects.filter(complaint=case).exists()


@pytest.mark.parametrize("look", [in_look(1280)])
def test_a_template_is_two_keys_and_one_more_sends_it(visit: Callable[..., Any], world: World) -> None:
    says = Says(body="{消费者称呼}您好，{金额}将在{履行日}前退还，向您道歉。", verdict="grant", days=3)
    now = timezone.now()
    made = answer_templates.make(staff=world.lead_staff, name="全额退＋道歉", says=says, now=now)
    answer_templates.tried(made, number=1, now=now)
    case, visitor = contacted(world, demands=ASKED), visit(user=world.ming)
    page = visitor.look(editor(case))
    keys = Counted(page)
    # On the page as it stands: what is typed before stays.
    page.locator("#id_message").fill("已经和您通过电话。")
    page.locator("#h-answer").click()
    loads = visitor.page.evaluate("performance.timeOrigin")
    keys.press("m", "1")
    expect(page.locator("#id_message")).to_have_value(re.compile(r"已经和您通过电话。\n陈.*¥128.50将在", re.DOTALL))
    expect(page.locator(".macro[aria-pressed=true]")).to_have_count(1)
    expect(page.locator("[data-reads]")).to_contain_text("¥128.50将在")
    assert page.locator("[name^=answer-]:checked").evaluate_all("all => all.map(e => e.value)") == ["grant", "grant"]
    assert visitor.page.evaluate("performance.timeOrigin") == loads
    visitor.look()
    keys.send()
    assert keys.keys <= 4
    assert Offer.objects.get(complaint=case).template_version is not None


@pytest.mark.parametrize("look", LOOKS)
def test_the_answer_reads_at_both_widths_and_the_decision_stays_in_sight(
    visit: Callable[..., Any], world: World
) -> None:
    visitor = visit(user=world.ming)
    page = visitor.look(editor(given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now(), demands=ASKED)))

    def in_sight() -> bool:
        return bool(
            page.locator(".decide [name=send], .decide [name=anyway]").evaluate(
                "e => { const box = e.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }"
            )
        )

    assert in_sight()
    page.locator("#id_answer-1_0").check()
    page.locator("#id_answer-2_2").check()
    page.locator("#id_reason-2").fill(REASON)
    visitor.look()
    page.locator("#preview button[name=preview]").click()
    page.wait_for_selector("#findings")
    assert in_sight()
    visitor.look()
