"""Ticked in the queue, answered by a template: seen with each sum, sent by one more press, each judged by itself."""

import re
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Complaint, Measure, Offer
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status as S
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from enterprises.models import TemplateVersion
from tests import given, missing_in
from tests.cast import World
from tests.complaints.measures.conftest import cases, filled
from tests.complaints.pages.at_the_desk import checked, shown, signed_in

pytestmark = pytest.mark.django_db
TOGETHER = "/enterprise/measures/together/"
FULL = Says(body="{消费者称呼}，您的投诉{案件编号}，{金额}会在{履行日}前退还。", verdict="grant", days=3)
NO = Says(body="{商品或服务}在合约期内，合同第六条写明不能退订。", verdict="refuse")


def made(world: World, name: str, says: Says) -> int:
    now = timezone.now()
    template = answer_templates.make(staff=world.lead_staff, name=name, says=says, now=now)
    answer_templates.tried(template, number=1, now=now)
    return TemplateVersion.objects.get(template=template).pk


def demands(amount: str) -> Any:
    return DemandRequest(kind="refund", amount=amount), DemandRequest(kind="cancel_service")


def ticked(rows: list[Complaint], template: int, **more: Any) -> dict[str, Any]:
    return filled(case=[case.number for case in rows], template=template, **more)


def typed(page: str) -> dict[str, str]:
    """What the browser would send back: the fields of the rule as they stand."""
    form = page[page.index('id="rule"') : page.index("</form>", page.index('id="rule"'))]
    inputs = re.findall(r'<input type="(?:hidden|text|date)" name="([^"]+)" value="([^"]*)"', form)
    ticked = re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)"[^>]*checked', form)
    texts = re.findall(r'<textarea name="([^"]+)"[^>]*>\s*(.*?)</textarea>', form, re.S)
    chosen = re.findall(r'<select name="([^"]+)".*?<option value="([^"]*)" selected', form, re.S)
    return dict([*inputs, *ticked, *texts, *chosen])


def test_each_gets_its_own_sum_and_words_and_the_others_are_named(world: World) -> None:
    now, ming, pick = timezone.now(), signed_in(world.ming), made(world, "多扣费全退", FULL)
    equal = [
        given.a_complaint(world, status=S.NEGOTIATING, now=now, demands=demands(amount)) for amount in ("20", "35.50")
    ]
    dead = given.a_complaint(world, status=S.NEGOTIATING, now=now, statement="家里宽带断网四天了，没有人来修。")
    sorry = given.a_complaint(world, status=S.NEGOTIATING, now=now, demands=(DemandRequest(kind="apology"),))
    checked(ming.get("/enterprise/mine/"), 200, "一起答复", "多扣费全退")
    answer = ming.post(TOGETHER, ticked([*equal, dead, sorry], pick))
    assert answer.status_code == 302
    page = checked(ming.get(answer["Location"]), 200, "试办：2件可以发送", "¥20.00", "¥35.50", "发送2件方案")
    assert not missing_in(page, dead.number, "不能成批答复，请打开这一件", sorry.number, "没有统一的答复")
    assert Offer.objects.count() == 0
    sent = ming.post(answer["Location"].partition("?")[0], filled(send="1", **typed(page)))
    assert sent.status_code == 302, shown(sent)[-2000:]
    words = {offer.complaint_id: offer.message for offer in Offer.objects.all()}
    assert set(words) == {case.pk for case in equal}
    for case, amount in zip(equal, ("¥20.00", "¥35.50"), strict=True):
        assert words[case.pk].startswith(f"陈先生/女士，您的投诉{case.number}，{amount}会在")
    assert set(Offer.objects.values_list("template_version", flat=True)) == {pick}
    checked(ming.get(sent["Location"]), 200, "发送了2件", "没有发送的", dead.number, sorry.number)


def test_pressed_twice_or_with_nothing_ticked_nothing_is_doubled_or_lost(world: World) -> None:
    ming, pick, rows = signed_in(world.ming), made(world, "不同意退订", NO), cases(world, 2)
    said = ticked(rows, pick)
    first, again = ming.post(TOGETHER, said), ming.post(TOGETHER, said)
    assert (first["Location"], Measure.objects.count()) == (again["Location"], 1)
    checked(ming.get(first["Location"]), 200, "试办：2件可以发送", "宽带每月多扣费在合约期内，合同第六条写明不能退订。")
    nothing = ming.post(TOGETHER, filled(template=pick), follow=True)
    checked(nothing, 200, "请先选中要办的案件。")
    assert ming.post(TOGETHER, ticked(rows, 999_999)).status_code == 404


def test_a_case_of_others_is_named_like_one_that_does_not_exist(world: World) -> None:
    pick, (mine, *_), far = made(world, "多扣费全退", FULL), cases(world, 1), "20260101-AAAAAAAAAAAA-0"
    answer = signed_in(world.ming).post(TOGETHER, filled(case=[mine.number, far], template=pick))
    page = checked(signed_in(world.ming).get(answer["Location"]), 200, "试办：1件可以发送")
    assert not missing_in(page, far, "没有找到这件投诉。")
