"""How many keys, pages and pixels the officer's daily decisions cost: review, distributing, urging, calls.

Counted with scripts at 1280 px; what each page is without scripts and at 360 px is walked beside it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Complaint, Matter
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.authority.test_intake_morning import a_morning
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
HEIGHT = "document.documentElement.scrollHeight"


def pressed(page: Any, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press(key)


def test_one_key_decides_a_review_and_the_next_case_opens(world: World, visit: Callable[..., Any]) -> None:
    now = timezone.now()
    first, second, third = (given.a_complaint(world, status=S.REVIEW, now=now, item_name=name) for name in "甲乙丙")
    visitor = visit(width=1280, user=world.rui)
    page = visitor.look(f"/authority/review/{first.number}/")
    assert page.evaluate(HEIGHT) <= 900
    assert page.locator(".said").bounding_box()["y"] <= 254
    assert page.locator(".decide .btn").count() == 4
    assert len({page.locator(".decide .btn").nth(n).get_attribute("class") for n in range(4)}) == 1, "equal buttons"
    assert page.get_by_text("第1件，共3件").count() == 1

    pressed(page, "a")
    assert Complaint.objects.get(pk=first.pk).status == S.MEDIATING
    assert page.url.endswith(f"/authority/review/{second.number}/")
    assert page.locator(".banner").get_by_role("link", name="查看").get_attribute("href").endswith(f"{first.number}/")
    assert page.locator(".said").bounding_box()["y"] <= 310, "what was done stands above the next case"
    pressed(page, "p")
    assert page.locator("section[aria-labelledby=h-letters]").count() == 1
    page.go_back()
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.id") == "id_what"
    page.keyboard.press("Tab")
    assert page.locator("#id_last_day").is_visible()
    page.locator("details[data-key=s] summary").click()
    # The mouse comes to the same place.
    page.locator(".decide").get_by_role("link", name="要补材料").click()
    assert page.evaluate("document.activeElement.id") == "id_what"
    assert page.locator("#id_last_day").is_visible()
    page.locator("details[data-key=s] summary").click()

    # To refuse: to the grounds, to the reason, to the very words of the notice.
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.name") == "ground"
    assert not page.locator("#id_facts").is_visible()
    page.keyboard.press("Space")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "id_facts"
    page.keyboard.type("这是电信资费争议，由通信管理部门处理。")
    page.locator("#id_body").select_option("12300")
    pressed(page, "Control+Enter")
    visitor.look()
    page.locator("form.panel button.btn").first.click()
    assert Matter.objects.filter(complaint=second, kind="proposal").exists()
    assert page.url.partition("#")[0].endswith(f"/authority/review/{third.number}/")
    assert page.evaluate("scrollY") == 0
    assert page.get_by_text("这是最后一件").count() == 1
    pressed(page, "t")
    assert page.url.split("?")[0].endswith("/return/")


def test_a_review_without_scripts_on_a_phone(world: World, visit: Callable[..., Any]) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=S.REVIEW, now=now)
    page = visit(width=360, user=world.rui, javascript=False).look(f"/authority/review/{case.number}/")
    bar = page.locator(".decide").bounding_box()
    assert bar["y"] + bar["height"] <= 640, "the decision is in sight"
    page.locator(".decide").get_by_role("link", name="要补材料").click()
    assert page.locator("#id_what").is_visible()
    page.locator(".decide").get_by_role("button", name="受理", exact=False).last.click()
    assert page.url.endswith("/authority/review/")
    assert Complaint.objects.get(pk=case.pk).status == S.MEDIATING


def test_one_key_sends_a_case_on_and_the_next_opens(world: World, visit: Callable[..., Any]) -> None:
    cases = a_morning(world, 5)
    visitor = visit(width=1280, user=world.su)
    page = visitor.look("/authority/triage/")
    assert page.locator(".group").first.inner_text().startswith("把握高")
    here = page.locator(".is-open small a").inner_text()
    assert page.locator(".opened .said").inner_text().strip(), "the words stand in the open row"
    assert 1 <= page.locator(".ways-of li").count() <= 3
    assert page.locator(".ways-of .is-first small").inner_text().strip(), "with the reasons"
    pressed(page, "Enter")
    assert Complaint.objects.get(number=here).status != S.TRIAGE
    assert page.locator(".is-open").count() == 1
    assert page.locator(".is-open small a").inner_text() != here
    # Another than the first says why, on its page.
    pressed(page, "2")
    page.locator("#id_why").select_option("not_for_enterprise")
    page.locator("form.panel button.btn:not(.is-2)").click()
    assert "/authority/triage/?" in page.url
    # Without scripts and on a phone each row has its own button.
    page = visit(width=360, user=world.su, javascript=False).look("/authority/triage/")
    before = Complaint.objects.filter(status=S.TRIAGE).count()
    assert before == len(cases) - 2
    page.locator("button[form=send]").last.click()
    assert Complaint.objects.filter(status=S.TRIAGE).count() == before - 1


def test_one_key_takes_the_last_dispatch_back_until_it_was_opened(world: World, visit: Callable[..., Any]) -> None:
    a_morning(world, 3)
    visitor = visit(width=1280, user=world.su)
    page = visitor.look("/authority/triage/")
    here = page.locator(".is-open small a").inner_text()
    pressed(page, "Enter")
    case = Complaint.objects.get(number=here)
    assert case.status == S.WITH_ENTERPRISE
    assert page.get_by_text("对方还没有打开").count() == 1
    visitor.look()
    pressed(page, "u")
    assert page.url.endswith("/authority/triage/"), "the county has it now, and sends it elsewhere"
    assert page.get_by_text("已收回，企业没有打开过。现在由").count() == 1
    visitor.look()
    case.refresh_from_db()
    stage = case.engagements.get()
    assert (case.status, stage.odr_result, stage.ended_by) == (S.REVIEW, "returned", "recalled")
    # Opened by the enterprise, it stays there: nothing is offered, and who sends the form all the same is told why.
    page = visitor.go("/authority/triage/")
    here = page.locator(".is-open small a").inner_text()
    pressed(page, "Enter")
    visit(width=1280, user=world.ming).go(f"/enterprise/cases/{here}/")
    pressed(page, "u")
    assert page.get_by_text("企业已经打开或者受理了这件投诉").count() == 1
    assert Complaint.objects.get(number=here).status == S.WITH_ENTERPRISE
    page = visitor.go(f"/authority/triage/?sent={here}")
    assert page.get_by_text("对方还没有打开").count() == 0


SAID = "鼓楼的，在中国移动办的手机卡，{day}起被多扣60块，我没有开通过。要求退60元。"


def test_a_call_is_written_down_and_read_back_on_one_page_with_at_most_twelve_entries(
    world: World, visit: Callable[..., Any]
) -> None:
    """What is said fills the sheet; the sentences to be read out stand on it; nothing is loaded before it is filed."""
    visitor = visit(width=1280, user=world.su)
    page = visitor.look("/authority/intake/")
    assert page.evaluate(HEIGHT) <= 1600
    page.evaluate("window.here = true")
    entries = 0

    def enter(selector: str, text: str = "") -> None:
        nonlocal entries
        entries += 1
        field = page.locator(selector)
        if not text:
            field.check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)

    day = timezone.localdate() - timedelta(days=9)
    enter("#id_came-is_own_number")
    enter("#id_came-proof", "LY-2026-0815")
    enter("#id_problem-statement", SAID.format(day=f"{day.year}年{day.month}月{day.day}日"))
    page.locator(f"[name='enterprise-respondent'][value^='{world.mobile.pk}-']:checked").wait_for()
    assert page.locator("#id_enterprise-service_region").input_value() == str(world.region.pk)
    assert page.locator("#id_problem-disputed_on").input_value() == day.isoformat()
    for name, text in {"name": "林来电", "phone": "13900001111", "address": "福州市鼓楼区某路2号"}.items():
        enter(f"[name='you-{name}']", text)
    enter("#id_problem-problem_category", "telecom.fees.unexplained_charge")
    enter("[name='problem-service_number']", "13900001111")
    enter("[name='demands-demand'][value=refund]")
    for name in ("share_with_enterprise", "pass_to_regulator"):
        enter(f"[name='consents-{name}'][value=yes]")
    page.get_by_role("heading", name="请读给消费者听").wait_for()
    said = page.locator("#part-read .said").inner_text()
    assert "林来电，我念一遍：您投诉" in said
    assert "60.00" in said
    assert page.evaluate(HEIGHT) <= 1600
    enter("#id_read")
    assert page.evaluate("window.here") is True, "the page was never loaded again"
    assert entries <= 12
    visitor.look()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.get_by_role("button", name="登记", exact=True).click()
    assert page.get_by_role("heading", name="投诉登记回执").count() == 1
    case = Complaint.objects.get()
    assert (case.channel, case.picked_enterprise, case.disputed_on) == ("phone", world.mobile, day)
