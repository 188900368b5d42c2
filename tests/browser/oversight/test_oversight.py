"""The director's morning, the analyst's question, the first page on paper, and a hot spot until its warning."""

import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.procedure.workflow import Status
from oversight.counters import rollups
from oversight.hot_spots import effects, hotspots
from oversight.models import ConsumerWarning, DayFacet, Guidance, HotSpot, MonthFacet, Tally
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World
from tests.oversight.counting import DAY, received, weeks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


#: Cells with a number on more than one line.
BROKEN = """() => [...document.querySelectorAll("td.num, .stat-figure")].filter(cell => {
  const range = document.createRange(); range.selectNodeContents(cell);
  return /^[\\d,.%]+$/.test(cell.textContent.trim()) && new Set([...range.getClientRects()].map(
      box => Math.round(box.top))).size > 1;
}).map(cell => cell.textContent)"""


@pytest.fixture
def some_weeks(world: World) -> World:
    now = timezone.now()
    for status in (S.REVIEW, S.MEDIATING, S.NEGOTIATING, S.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=40))
    for days in (9, 10):
        given.a_complaint(world, status=S.CLOSED, now=now - timedelta(days=days))
    while rollups.fold(now=now):
        pass
    return world


@pytest.mark.parametrize("look", LOOKS)
def test_a_director_finds_what_burns_and_where(some_weeks: World, visit: Any) -> None:
    """Without JavaScript: the sentence, a number and its definition, the place by keyboard, its cases, another year."""
    visitor = visit(user=some_weeks.su)
    page = visitor.go("/oversight/")
    assert page.locator(".sentence-more a").first.is_visible()
    page.locator(".made-of summary").click()
    assert page.locator("#f-overdue dl a").first.is_visible()
    visitor.look()
    counted = page.locator(".strip li:first-child a")
    number = int(counted.inner_text().split()[0])
    counted.click()
    assert page.locator("tbody tr").count() == number == 1
    page = visitor.go("/oversight/")
    tile = page.locator("svg.map a").first
    tile.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "region=" in page.url
    visitor.look()
    page = visitor.go("/oversight/compare/?period=year&against=year")
    # On a phone each figure is a card: both sides can be read without moving the table.
    assert page.evaluate("(t => t.scrollWidth <= t.clientWidth)(document.querySelector('.sides').parentElement)")
    visitor.look()
    visitor.go("/oversight/?first=2026-11-20&last=2026-11-01&enterprise=abc")
    assert page.locator(".error-summary a").count() == 2
    visitor.look()


@pytest.mark.parametrize("look", LOOKS)
def test_an_analyst_gets_to_the_cases_in_two_clicks_and_keeps_the_view(some_weeks: World, visit: Any) -> None:
    analyst = Officer.objects.create(
        user=some_weeks.otto, authority=some_weeks.su.offices.get().authority, role=Role.ANALYST.post
    ).user
    visitor = visit(user=analyst)
    page = visitor.look("/oversight/flow/")
    page = visitor.look("/oversight/workload/")
    page = visitor.look("/oversight/enterprises/?period=year")
    page = visitor.go("/oversight/?period=year")
    closed = page.locator(".strip li:nth-child(4) a")
    number = int(closed.inner_text().split()[0])
    closed.click()
    assert page.locator("tbody tr").count() == number >= 2
    visitor.look()
    page.locator("tbody th a").first.click()
    assert "/authority/cases/" in page.url
    page = visitor.go("/oversight/?period=year")
    page.locator('a[href*="/oversight/views/?"]').click()
    visitor.look()
    page.get_by_role("button").filter(has_text="保存视图" if visitor.language != "en" else "Save").last.click()
    assert page.locator(".error-summary a").count() == 1
    page.locator("input[name=name]").fill("今年")
    page.get_by_role("button").filter(has_text="保存视图" if visitor.language != "en" else "Save").last.click()
    visitor.look()
    page.get_by_role("link", name="今年").click()
    assert page.url.endswith("/oversight/?period=year")
    page = visitor.look("/oversight/system/")


def test_the_first_page_prints_on_clean_a4(some_weeks: World, visit: Any) -> None:
    """Two A4 pages, all that says something and nothing to press; large numbers whole; the matrix with its columns."""
    lists = {"open": 12345, "received": 23456, "closed": 34567}
    Tally.objects.bulk_create(
        Tally(
            complaint_id=50_000_000 + nr,
            kind="case",
            day=timezone.localdate(),
            region=some_weeks.region.pk,
            **{name: n},
        )
        for nr, (name, n) in enumerate(lists.items())
    )
    visitor = visit(width=1280, language="zh-hans", user=some_weeks.su)
    page = visitor.go("/oversight/?period=year")
    page.emulate_media(media="print")
    for gone in (".filters", ".tabs", "button", ".bar"):
        assert not any(one.is_visible() for one in page.locator(gone).all()), gone
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    # As wide as the paper: no number is broken in two.
    page.set_viewport_size({"width": 673, "height": 900})
    assert page.evaluate(BROKEN) == []
    printed = page.pdf(prefer_css_page_size=True)
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / "dashboard.pdf").write_bytes(printed)
    with pikepdf.open(BytesIO(printed)) as document:
        assert len(document.pages) == 2
        for sheet in document.pages:
            width, height = (float(number) for number in sheet.mediabox[2:])
            assert (round(width), round(height)) == (595, 842)


CHARGE = "telecom.fees.unexplained_charge"


def risen(world: World) -> HotSpot:
    """Charges of Mobile in the county rose this week; three people wrote nearly the same."""
    now, today = timezone.now(), timezone.localdate()
    text = "商家在直播间宣传充一千送一千，充值以后说活动已经结束，要求退款被拒绝。"
    for end in ("", "请处理。", "！"):
        given.a_complaint(world, now=now, problem_category=CHARGE, statement=text + end)
    received(
        weeks(today, [10, 9, 11, 8, 12] * 5 + [11, 10, 12, 9, 11, 8, 10, 13, 9, 41]),
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=CHARGE,
        thing="service.telecom",
    )
    hotspots.look(today, now=now)
    return HotSpot.objects.get(kind="week", region=world.region, facet=f"p:{CHARGE}")


@pytest.mark.parametrize("look", [in_look(360, javascript=False, full=True), in_look(1280, "en")])
def test_from_the_hot_spot_to_the_warning(world: World, visit: Any) -> None:
    spot = risen(world)
    officer = visit(user=world.rui)
    # The officer finds the event once, goes from the enterprise to the county, looks at the numbers, and opens a
    # guidance.
    page = officer.look("/authority/hot-spots/")
    page.locator("main tbody a").click()
    officer.look()
    page.locator(f"main a[href='/authority/hot-spots/{spot.pk}/']").click()
    assert page.locator("svg.nine rect").count() == 9
    officer.look()
    page.locator(f"main a[href='/authority/hot-spots/{spot.pk}/guidance/']").click()
    page.locator("main form button").last.click()
    assert page.locator(".error-summary a").count() >= 4
    officer.look()
    page.locator(f"[name=enterprise][value='{world.mobile.pk}']").check()
    page.locator("[name=causes]").fill("新套餐的叠加包没有在账单列明。")
    page.locator("[name=what]").fill("账单逐项列明叠加包，并短信告知。")
    page.locator("[name=responsible]").fill("客服部负责人")
    page.locator("[name=due_on]").fill((timezone.localdate() + timedelta(days=20)).isoformat())
    officer.look()
    page.locator("main form button").last.click()
    guidance = Guidance.objects.get()
    officer.look()
    page.locator("form:has([name=do][value=send]) button").click()
    guidance.refresh_from_db()
    assert guidance.state == "sent"

    # The enterprise reads it and reports.
    enterprise = visit(user=world.lead)
    own = enterprise.go("/enterprise/guidance/")
    enterprise.look()
    own.locator(f"main a[href='/enterprise/guidance/{guidance.pk}/']").click()
    assert "客服部负责人" in own.inner_text("main")
    own.locator("main a[href*='?measure=1']").click()
    own.locator("[name=state][value=done]").check()
    own.locator("[name=text]").fill("本月账单起已列明，并发了短信。")
    enterprise.look()
    own.locator("form:has([name=measure]) button").click()
    assert "本月账单起已列明" in own.inner_text("main")

    # Weeks later: fewer at the enterprise than before the hot spot, as many as before elsewhere.
    today = timezone.localdate()
    Guidance.objects.filter(pk=guidance.pk).update(sent_at=timezone.now() - 60 * DAY)
    hot = today - 70 * DAY
    HotSpot.objects.filter(pk=guidance.hot_spot_id).update(first=hot - 6 * DAY, last=hot)
    days = [today - back * DAY for back in range(1, 270)]
    Tally.objects.all().delete()
    DayFacet.objects.bulk_create(DayFacet(day=day, facet=f"p:{CHARGE}", received=50) for day in days)
    for province in Region.objects.filter(level="province").order_by("pk")[:8]:
        month = (hot - 60 * DAY).replace(day=1)
        MonthFacet.objects.create(region=province.pk, facet=f"p:{CHARGE}", month=month, received=9)
    received(
        {day: 5 for day in days if day < hot - 6 * DAY},
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem=CHARGE,
    )
    effects.sweep(now=timezone.now())
    enterprise.look(f"/enterprise/guidance/{guidance.pk}/")
    page = officer.look(f"/authority/guidance/{guidance.pk}/")
    page.locator("[name=verdict][value=effective]").check()
    page.locator("[name=why]").fill("与别处相比明显减少。")
    page.locator("form:has([name=do][value=close]) button").click()
    guidance.refresh_from_db()
    assert (guidance.state, guidance.verdict) == ("closed", "effective")
    officer.look("/authority/guidance/?view=closed")

    # A warning: drafted from the numbers, approved by the head, public.
    page = officer.go(f"/authority/hot-spots/{spot.pk}/")
    page.locator("form[action$='/warning/'] button").click()
    page.locator("[name=title]").fill("当心宽带叠加包")
    officer.look()
    page.locator("form:has([name=do][value=edit]) button").click()
    page.locator("form:has([name=do][value=propose]) button").click()
    shown = ConsumerWarning.objects.get()
    assert (shown.state, shown.title) == ("proposed", "当心宽带叠加包")
    head = visit(user=world.head_officer.user)
    page = head.look("/authority/warnings/")
    page.locator(f"main a[href='/authority/warnings/{shown.pk}/']").click()
    head.look()
    page.locator("form:has([name=do][value=approve]) button").click()
    shown.refresh_from_db()
    assert shown.state == "published"
    anybody = visit()
    page = anybody.look("/open/warnings/")
    page.get_by_role("link", name="当心宽带叠加包").click()
    assert "投诉不等于违法" in page.inner_text("main")
    anybody.look()
