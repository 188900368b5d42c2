"""The enterprise's pages in a real browser: queue, case, steps, offers, figures and its entry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, HandlingStep, Offer, OfferDraft
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from enterprises.models import Enterprise, PublishedFigure, ServiceArea
from routing.directory_changes import previewing
from tests import given
from tests.browser.looks import LOOKS, in_look
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
    call = enterprise.log_contact(channel="phone", reached=True, note="通话6分钟，约定补充账单。")
    for move in (call, enterprise.ask_consumer(text="请问9月那笔是哪一天扣的？")):
        given.step(talk, move, world.handler, now - timedelta(days=2))
    given.step(talk, consumer.add_statement(text="9月3日扣的，账单第二页有。"), world.consumer, now - timedelta(days=1))
    given.step(talk, enterprise.add_internal_note(text="计费系统显示9月3日由外呼渠道开通。"), world.handler, now)
    return {str(status): case for status, case in made.items()} | {"late": late}


def path(case: Complaint, step: str = "") -> str:
    return f"/enterprise/cases/{case.number}/" + (f"{step}/" if step else "")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_reads_at_both_widths(visit: Callable[..., Any], world: World) -> None:
    made = cases(world)
    visitor = visit(user=world.ming)
    visitor.look("/enterprise/queue/")
    visitor.look("/enterprise/queue/?view=overdue")
    for case in made.values():
        visitor.look(path(case))
    for key, steps in (
        ("negotiating", ("offer", "contact", "assign", "failure", "concern", "settled-elsewhere")),
        ("with_enterprise", ("accept", "return")),
        ("performing", ("performed",)),
        ("awaiting_consumer", ("replace",)),
    ):
        for step in steps:
            visitor.look(path(made[key], step))


@pytest.mark.parametrize("look", [in_look(360, javascript=False), in_look(1280, "en")])
def test_an_offer_is_written_row_by_row(visit: Callable[..., Any], world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=1))
    visitor = visit(user=world.ming)
    page = visitor.go(path(case, "offer"))
    page.locator("#id_answer-1_0").check()
    assert page.locator("#id_amount-1").input_value() == "128.50"
    assert page.locator("#id_reason-1").is_hidden()
    assert page.locator("#id_due_on-2").is_hidden()
    page.locator("#id_amount-1").fill("")
    page.locator("#id_message").fill("9至11月合计，全部退还。")
    page.locator("button[name=add]").click()
    assert page.locator("#id_message").input_value() == "9至11月合计，全部退还。"
    page.locator("#id_more-1-what").fill("退订体验包")
    page.locator("#id_more-1-kind").select_option("service_change")
    page.locator("#id_more-1-after").select_option("d1")
    page.locator("#id_more-1-days_after").fill("3")
    page.locator("button[name=send]").click()
    visitor.look()
    assert page.locator(".error-summary li").count() == 2
    page.locator("#id_answer-2_2").check()
    page.locator("#id_reason-2").fill("合同第四条写明，3月到期前不能退订。")
    page.locator("#id_amount-1").fill("128.50")
    page.locator("#preview button[name=preview]").click()
    visitor.look()
    assert page.locator("#preview .total").count() == 1
    # Nobody has talked to the consumer, and the page said so.
    page.locator("button[name=anyway]").click()
    page.wait_for_url(f"**{path(case)}")
    assert Offer.objects.get().obligations.count() == 2


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


@pytest.mark.parametrize("look", [in_look(1280), in_look(360, "en", javascript=False)])
def test_an_offer_from_a_template_with_what_it_lacks(visit: Callable[..., Any], world: World) -> None:
    now = timezone.now()
    given.a_complaint(world, status=S.CLOSED, now=now - timedelta(days=3), **bought(world))
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=1), **bought(world))
    made = answer_templates.make(staff=world.lead_staff, name="致歉并退款", says=Says(body=BODY), now=now)
    answer_templates.tried(made, number=1, now=now)
    visitor = visit(user=world.ming)
    page = visitor.go(f"/enterprise/cases/{case.number}/offer/")
    for folded in page.locator("section[aria-labelledby=h-sum] summary").all():
        folded.click()
    visitor.look()
    page.locator('input[name="answer-1"][value="part"]').check()
    page.locator('input[name="answer-2"][value="refuse"]').check()
    page.locator("#id_kind-1").select_option("original_channel")
    for field, text in {
        "amount-1": "100",
        "reason-1": "表带有使用痕迹，折旧28.50元，照片已经发给您。",
        "reason-2": "4月2日的订单第1页没有开通任何业务，所以没有可以退订的。",
        "due_on-1": (timezone.localdate() + timedelta(days=10)).isoformat(),
    }.items():
        page.locator(f"#id_{field}").fill(text)
    if visitor.has_scripts:
        expect(page.locator("[data-sum]")).to_contain_text("¥100.00 · 比要求少")
        expect(page.locator("[data-draft-state]")).to_contain_text("草稿已保存")
        assert OfferDraft.objects.get().typed["fields"]["amount-1"] == "100"
    page.locator('button[name="use"]').click()
    message = page.locator("#id_message").input_value()
    assert message.startswith("陈先生/女士您好，智能手表一事")
    assert "退还¥100.00" in message
    assert "【请填：原因】" in message
    page.locator('button[name="send"]').click()
    visitor.look()
    assert not Offer.objects.filter(complaint=case).exists()
    assert page.locator(".error-summary a[href='#id_message']").count() == 1
    page.locator("#id_message").fill(message.replace("【请填：原因】", "表带有使用痕迹"))
    page.locator('button[name="send"]').click()
    assert page.locator("#findings li").count() == 2
    page.locator('button[name="anyway"]').click()
    assert Offer.objects.get(complaint=case).template_version is not None
    entry = HandlingStep.objects.get(complaint=case, step="make_offer")
    assert [one["code"] for one in entry.data["advice"]] == ["no_contact", "below_law"]
    assert not OfferDraft.objects.exists()


@pytest.mark.parametrize("look", [in_look(1280), in_look(360, "en", full=True)])
def test_templates_read_at_both_widths(visit: Callable[..., Any], world: World) -> None:
    now = timezone.now()
    says = Says(body=BODY, verdict="grant", way="bill_credit", days=3)
    template = answer_templates.make(staff=world.lead_staff, name="致歉并退款", says=says, now=now)
    answer_templates.change(template, staff=world.lead_staff, says=replace(says, body=BODY + "再次致歉。"), now=now)
    given.a_complaint(world, status=S.CLOSED, now=now - timedelta(days=3))
    visitor = visit(user=world.lead)
    for path in ("", "new/", f"{template.pk}/"):
        visitor.look(f"/enterprise/templates/{path}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_mirror_reads_and_each_number_opens_its_list(world: World, visit: Any) -> None:
    now = timezone.now()
    for days in (3, 5, 20):
        done = given.a_complaint(world, status=S.PERFORMING, now=now - timedelta(days=days))
        report = enterprise.report_performed(obligations=[1], proof="流水0042")
        given.step(done, report, world.handler, now - timedelta(days=2))
        given.step(done, consumer.confirm_performed(obligations=[1]), world.consumer, now - timedelta(days=1))
    given.step(done, enterprise.tag_cause(cause="billing_error"), world.handler, now)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=22))
    figures = {"ended": 60, "unconfirmed": 4, "promised": 40, "kept": 35}
    key = {"category": "quality", "day": timezone.localdate(), "formula": 1}
    for n, firm in enumerate([world.mobile, *(Enterprise.objects.create(name=f"同行{n}") for n in range(3))]):
        PublishedFigure.objects.create(enterprise=firm, settled=30 + n, median_days=5 + n, **figures, **key)
    visitor = visit(user=world.lead)
    page = visitor.look("/enterprise/performance/")
    # Words and numbers of what it is made of need the whole of a phone.
    assert page.locator("#f-settled").evaluate("e => e.offsetWidth") > (300 if visitor.width == 360 else 200)
    number = page.locator("#f-settled dl a").first
    n = int(number.inner_text().split()[0].removesuffix("件").split("件")[0])
    number.click()
    assert page.locator("tbody tr").count() == n == 3
    visitor.look()


@pytest.mark.parametrize("look", [in_look(360, javascript=False, full=True), in_look(1280, "en")])
def test_an_area_is_given_up_and_the_head_sees_where_its_cases_go(world: World, visit: Any) -> None:
    now = timezone.now()
    fuqing = ServiceArea.objects.get(branch__name="中国移动福清分公司")
    given.filed(
        world,
        now=now,
        respondents=(RespondentRequest(enterprise_id=world.mobile.pk),),
        service_region_id=fuqing.region_id,
    )
    lead = visit(user=world.lead)
    head = visit(user=world.head_officer.user)

    page = lead.look("/enterprise/profile/")
    page.locator(f'a[href*="kind=area-end&row={fuqing.pk}"]').click()
    page.locator("[name=on_day]").fill("2020-01-01")
    page.locator("form.panel .btn").click()
    lead.look()
    page.locator("[name=on_day]").fill(timezone.localdate(now).isoformat())
    page.locator("[name=why]").fill("福清分公司下月并入福州分公司。")
    page.locator("form.panel .btn").click()
    lead.look()
    previewing.sweep_previews(now=now)
    page.reload()
    assert page.locator("#h-preview + p").inner_text().count("1") >= 1
    lead.look()
    page.locator("[name=do][value=file]").click()
    lead.look()
    head.agree("/authority/changes/")
    fuqing.refresh_from_db()
    assert fuqing.ends_on == timezone.localdate(now)
    lead.look("/enterprise/profile/new/")
    lead.look("/enterprise/profile/changes/")
    lead.look("/enterprise/profile/new/?kind=brand-add")
