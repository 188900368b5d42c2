"""The offer editor in a real browser, at both widths, with and without scripts: law, template, findings, sending."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from complaints.models import HandlingStep, Offer, OfferDraft
from complaints.procedure.workflow import Status
from complaints.settlement import answer_templates
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
BODY = (
    "{消费者称呼}您好，{商品或服务}一事给您带来不便，非常抱歉。我们将在{履行日}前退还{金额}。因为【请填：原因】。"
    "经办人{经办人}。"
)


def bought(world: World) -> dict[str, Any]:
    return {
        "object_category": "goods.phones",
        "object_kind": "goods",
        "problem_category": "false_claims",
        "is_online": True,
        "item_name": "智能手表",
        "amount": Decimal(1999),
        "bought_on": timezone.localdate() - timedelta(days=5),
    }


@pytest.mark.parametrize(("width", "language", "javascript"), [(1280, "zh-hans", True), (360, "en", False)])
def test_an_offer_from_a_template_with_what_it_lacks(
    visit: Callable[..., Any], world: World, width: int, language: str, javascript: bool
) -> None:
    now, name = timezone.now(), f"offer-{width}-{language[:2]}"
    given.a_complaint(world, status=S.CLOSED, now=now - timedelta(days=3), **bought(world))
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=1), **bought(world))
    answer_templates.make(staff=world.lead_staff, name="致歉并退款", body=BODY, now=now)
    visitor = visit(width=width, language=language, user=world.ming, javascript=javascript)
    page = visitor.go(f"/enterprise/cases/{case.number}/offer/")
    for folded in page.locator("section[aria-labelledby=h-sum] summary").all():
        folded.click()
    visitor.shot(f"{name}-empty")
    if javascript:
        visitor.check()
    page.locator('input[name="answer-1"][value="part"]').check()
    page.locator("#id_amount-1").fill("100")
    page.locator("#id_reason-1").fill("表带有使用痕迹，折旧28.50元，照片已经发给您。")
    page.locator('input[name="answer-2"][value="grant"]').check()
    page.locator("#id_promise-1-what").fill("退还货款")
    page.locator("#id_promise-1-kind").select_option("original_channel")
    page.locator("#id_promise-1-amount").fill("100")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    if javascript:
        expect(page.locator("[data-sum]")).to_contain_text("¥100.00 · 比要求少")
        expect(page.locator("[data-draft-state]")).to_contain_text("草稿已保存")
        assert OfferDraft.objects.get().typed["fields"]["promise-1-what"] == "退还货款"
    page.locator("#id_pick").select_option(label="致歉并退款")
    page.locator('button[name="use"]').click()
    message = page.locator("#id_message").input_value()
    assert message.startswith("陈先生/女士您好，智能手表一事")
    assert "退还¥100.00" in message
    assert "【请填：原因】" in message
    page.locator('main form button[name="send"]').click()
    visitor.shot(f"{name}-findings")
    if javascript:
        visitor.check()
    assert not Offer.objects.filter(complaint=case).exists()
    assert page.locator("#preview .banner li").count() == 3
    page.locator("#id_message").fill(message.replace("【请填：原因】", "表带有使用痕迹"))
    page.locator('main form button[name="send"]').click()
    assert page.locator("#preview .banner li").count() == 2
    page.locator('button[name="anyway"]').click()
    assert Offer.objects.get(complaint=case).template_version is not None
    entry = HandlingStep.objects.get(complaint=case, step="make_offer")
    assert [one["code"] for one in entry.data["advice"]] == ["no_contact", "below_law"]
    assert not OfferDraft.objects.exists()


def test_templates_read_at_both_widths(visit: Callable[..., Any], world: World) -> None:
    now = timezone.now()
    template = answer_templates.make(staff=world.lead_staff, name="致歉并退款", body=BODY, now=now)
    answer_templates.change(template, staff=world.lead_staff, body=BODY + "再次致歉。", now=now)
    for width, language in ((1280, "zh-hans"), (360, "en")):
        visitor = visit(width=width, language=language, user=world.lead)
        for path in ("", "new/", f"{template.pk}/"):
            visitor.go(f"/enterprise/templates/{path}")
            visitor.shot(f"templates-{width}-{path.strip('/') or 'list'}")
            visitor.check()
