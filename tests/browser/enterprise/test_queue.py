"""A morning at the queue by keyboard alone, many cases at once, and one case from its page, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, Contact, HandlingStep, Offer, RootCause, RoundTrip
from complaints.procedure.workflow import Status
from complaints.tables.round_trip import working
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World
from tests.complaints.evidence.files import jpeg, pdf, recording
from tests.complaints.measures.conftest import cases, offer_row, table

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
    order = [str(link.get_attribute("href")).split("/")[-2] for link in page.locator("[data-case] th a").all()]
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
    press("n", opens=f"{first}?at=1.3")
    assert page.get_by_text("第1件，共3件").count() == 1
    press("a", focuses="form[action$='/accept/'] button")
    press("Enter", opens=f"{first}*")
    press("c", focuses="form[action$='/contact/'] button")
    press("Enter", opens=f"{first}*")
    press("n", opens=f"{second}?at=2.3")
    assert pressed <= 8
    case = Complaint.objects.get(number=order[0])
    assert (case.status, case.handler_id) == (S.NEGOTIATING, world.ming_staff.pk)
    assert Contact.objects.filter(complaint=case, reached=True).count() == 1
    # What the browser keeps of the list tells nobody who complained or what was searched for.
    kept = page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert "/enterprise/queue/" in kept
    assert not [number for number in order if number in kept]
    # Back and forth, and the list again.
    press("k", opens=f"{first}?at=1.3")
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
    page.locator("[data-case] a").first.focus()
    page.keyboard.press("?")
    assert page.locator("[role=dialog] #keys_on").is_visible()
    assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    visitor.look()
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    # No key of the desk works behind it; Esc closes it, and the focus is where it was.
    page.keyboard.press("x")
    assert page.locator("[data-case] input:checked").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("[role=dialog]").is_hidden()
    assert page.evaluate("document.activeElement === document.querySelector('[data-case] a')")
    page.keyboard.press("?")
    # Switched off, they are off on the next page too.
    page.locator("#keys_on").uncheck()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("n")
    visitor.go("/enterprise/queue/")
    page.keyboard.press("n")
    page.locator("h1").click()
    assert page.url.endswith("/enterprise/queue/")


@pytest.mark.parametrize(
    "look",
    [
        in_look(360, javascript=False),
        in_look(1280, "en"),
        in_look(1280, full=True),
        in_look(360, "en", javascript=False, full=True),
    ],
)
def test_many_at_once_and_a_view_of_my_own(visit: Callable[..., Any], world: World) -> None:
    cases = morning(world)
    visitor = visit(user=world.ming)
    page = visitor.go("/enterprise/queue/?view=new&handler=none")
    page.locator("form.filters a.end").click()
    page.locator("#id_name").fill("")
    page.locator("main form .btn").first.click()
    visitor.look()
    page.locator("#id_name").fill("新到的")
    page.locator("main form .btn").first.click()
    page.wait_for_url("**/enterprise/queue/**")
    assert page.locator(".tabs [aria-current]").inner_text().startswith("新到的")
    visitor.look("/enterprise/views/")
    page = visitor.look("/enterprise/queue/")
    assert page.locator("#bulk_case").evaluate("t => t.scrollWidth <= t.parentElement.clientWidth"), (
        "a column is cut off"
    )
    if visitor.width != 1280:
        assert page.locator("button[name=do]").first.is_hidden()
        return
    visitor.go("/enterprise/queue/?view=new")
    page.locator("[name=do][value=accept]").click()
    visitor.look()
    accepted = enterprise.accept_case(handler_id=world.lead_staff.pk)
    given.step(cases[0], accepted, world.manager, timezone.now())
    for box in page.locator("[name=case]").all():
        box.check()
    page.locator("[name=do][value=accept]").click()
    page.wait_for_selector("main details")
    visitor.look()
    assert HandlingStep.objects.filter(step="accept_case").count() == 3
    page.locator("main a.btn").click()
    page.wait_for_url("**/enterprise/queue/?view=new*")


@pytest.mark.parametrize("look", LOOKS)
def test_my_work_reads_and_twelve_rows_stand_in_sight(visit: Callable[..., Any], world: World) -> None:
    now = timezone.now()
    for n in range(14):
        given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=n % 7), item_name=f"宽带每月多扣费{n}")
    given.a_complaint(world, status=S.AWAITING_CONSUMER, now=now)
    visitor = visit(user=world.ming)
    page = visitor.look("/enterprise/mine/")
    if visitor.width != 1280:
        return
    page.set_viewport_size({"width": 1280, "height": 800})
    seen = page.locator("[data-case]").evaluate_all(
        "rows => rows.filter(r => r.getBoundingClientRect().bottom <= 800).length"
    )
    assert seen >= (12 if visitor.language == "zh-hans" else 8)
    page.keyboard.press("v")
    page.wait_for_selector(".vlist [aria-current]")
    visitor.look()
    first = page.locator(".vlist [aria-current]").inner_text()
    with page.expect_navigation():
        page.keyboard.press("j")
    assert page.locator(".vlist [aria-current]").inner_text() != first
    with page.expect_navigation():
        page.keyboard.press("o")
    assert "/offer/?then=" in page.url


def with_files(world: World, case: Complaint) -> None:
    client = Client()
    client.force_login(world.chen)
    files = (("九至十一月账单.jpg", jpeg(size=(640, 480))), ("套餐合同.pdf", pdf()), ("客服通话.mp4", recording("mp4")))
    sent = client.post(
        f"/cases/{case.number}/statement/",
        {
            "idempotency_key": "three-files",
            "text": "账单、合同和通话录像。",
            "uploads": [SimpleUploadedFile(name, content) for name, content in files],
        },
    )
    assert sent.status_code == 302


def a_settled_one(world: World, *, days: int) -> Complaint:
    at = timezone.now() - timedelta(days=days)
    case = given.a_complaint(world, status=S.PERFORMING, now=at, item_name="流量包重复扣费")
    given.step(
        case, enterprise.report_performed(obligations=[1], proof="流水8842"), world.handler, at + timedelta(hours=1)
    )
    return given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, at + timedelta(hours=2))


@pytest.mark.parametrize("look", [in_look(360, javascript=False), in_look(1280, "en")])
def test_a_case_is_worked_from_one_page(visit: Callable[..., Any], world: World) -> None:
    done = a_settled_one(world, days=20)
    case = given.a_complaint(
        world,
        status=S.WITH_ENTERPRISE,
        now=timezone.now() - timedelta(days=1),
        statement="我在中国电信办的宽带，每月多扣。",
    )
    with_files(world, case)
    visitor = visit(user=world.ming)
    english = visitor.language == "en"
    place = f"/enterprise/cases/{case.number}/"

    page = visitor.look(f"{place}return/")
    assert page.locator("text=/中国电信|China Telecom/").count()
    page = visitor.look(place)
    page.get_by_role("button", name="Take the case on myself" if english else "受理，由我处理").click()
    page.get_by_role("button", name="No answer" if english else "没接通").click()
    visitor.look()
    assert Contact.objects.get(complaint=case).reached is False
    page.locator(".gallery a").first.click()
    page.wait_for_load_state("load")
    # Handed out as an attachment, and shown all the same: it is our copy.
    assert page.locator(".viewer img").evaluate("picture => picture.naturalWidth") == 640
    visitor.look()
    for _file in range(2):
        page.locator("a[rel=next]").click()
    visitor.look()
    assert page.locator("a[rel=next]").count() == 0
    visitor.look(f"{place}concern/")
    visitor.look(f"/enterprise/cases/{done.number}/")
    visitor.look("/enterprise/causes/")
    page.locator("select[name=cause]").first.select_option("billing_error")
    page.get_by_role("button", name="Tag" if english else "标记").first.click()
    visitor.look()
    assert RootCause.objects.get().cause == "billing_error"


@pytest.mark.parametrize("look", LOOKS)
def test_a_table_with_bad_lines_and_a_set_of_offers(
    visit: Callable[..., Any], world: World, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path / "exports")
    now, ours = timezone.now(), cases(world, 10)
    sheet = tmp_path / "filled in.csv"
    rows = [offer_row(case) for case in ours[:6]]
    rows[2]["答复2"] = ""
    rows[4]["编号"] = "20260101-AAAAAAAAAAAA-0"
    sheet.write_bytes(table(rows))
    visitor = visit(user=world.ming)
    page = visitor.page

    visitor.send_table("/enterprise/round-trip/", sheet, lambda: working.sweep_round_trips(now=now))
    page.reload()
    visitor.look()
    assert (RoundTrip.objects.get().state, Offer.objects.count()) == ("done", 4)

    visitor.look("/enterprise/measures/")
    page.locator("a[href$='/measures/new/']").first.click()
    page.wait_for_url("**/measures/new/")
    visitor.look()
    page.locator("#id_title").fill("8月多扣费统一退还")
    page.locator("#id_lines").fill("\n".join(case.number for case in ours[5:]))
    page.locator("main form button").click()
    page.wait_for_url("**/measures/*-*/")
    page.locator("input[name=verdict-refund][value=grant]").check()
    page.locator("#id_source-refund").select_option("asked")
    page.locator("#id_by-refund").select_option("original_channel")
    page.locator("input[name=verdict-cancel_service][value=grant]").check()
    page.locator("#id_by-cancel_service").select_option("service_change")
    page.locator("#id_due_on").fill("2099-12-07")
    page.locator("main form button.btn[name=preview]").click()
    page.wait_for_selector("#preview")
    visitor.look()
    page.locator("button[name=send]").click()
    page.wait_for_selector("nav.tabs")
    assert Offer.objects.exclude(measure_id=None).count() == 4
    case = Complaint.objects.get(pk=ours[6].pk)
    assert case.status == S.AWAITING_CONSUMER
    given.step(case, consumer.accept_offer(), world.consumer, now)
    page.reload()
    visitor.look()
    page.locator("a[href$='/performed/']").click()
    page.wait_for_url("**/performed/")
    visitor.look()
    page.locator("#id_proof").fill("12月1日统一退回原支付账户。")
    page.locator("main form button").click()
    page.wait_for_selector("nav.tabs")
    visitor.look("/enterprise/measures/")


def test_beside_its_list_a_case_says_its_place_and_enter_leads_to_its_first_field(
    visit: Callable[..., Any], world: World
) -> None:
    for case in morning(world):
        accepted = enterprise.accept_case(handler_id=world.ming_staff.pk)
        given.step(case, accepted, world.handler, timezone.now())
    visitor = visit(width=1280, user=world.ming)
    page = visitor.look("/enterprise/queue/?view=work&split=1")
    assert page.get_by_text("第1件，共3件").count() == 1
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('.is-split article').contains(document.activeElement)")
    page.locator("h1").click()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("j")
    assert page.get_by_text("第2件，共3件").count() == 1

    # A step leads back beside the list: to the same case where something is left to do there, else to the next.
    def beside(number: str) -> bool:
        return page.locator(f".is-split .vlist a[aria-current=true][href*='{number}']").count() == 1

    here, after = (page.locator(".vlist a").nth(n).get_attribute("href").partition("open=")[2] for n in (1, 2))
    page.locator(".is-split article").get_by_role("button", name="打通了").click()
    assert beside(here)
    page.locator(".is-split article").get_by_role("link", name="向消费者提问").click()
    page.locator("#id_text").fill("请问是哪一天？")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Control+Enter")
    assert beside(after)
    assert page.get_by_text("已办：向消费者提问").count() == 1

    # A call logged on the way to an answer, and a step given up, lead back beside it too.
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("o")
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name="打通了").click()
    assert f"/{after}/offer/?then=" in page.url
    page.get_by_role("link", name="先问一句").click()
    page.get_by_role("link", name="不办了，回到案件").click()
    page.wait_for_selector(".is-split")
    assert beside(after)
