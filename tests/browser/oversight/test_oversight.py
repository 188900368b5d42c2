"""The director's morning and the analyst's question, on a phone and at a desk, before axe; and the first page on
paper."""

import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer
from complaints.procedure.workflow import Status
from oversight.counters import rollups
from oversight.models import Tally
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

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
    given.a_complaint(world, status=S.CLOSED, now=now - timedelta(days=9))
    while rollups.fold(now=now):
        pass
    return world


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_a_director_finds_what_burns_and_where(some_weeks: World, visit: Any, width: int, language: str) -> None:
    """Without JavaScript: the sentence, a number and its definition, the place by keyboard, its cases, another year."""
    visitor = visit(width=width, language=language, user=some_weeks.su)
    page = visitor.go("/oversight/")
    assert page.locator("h1.sentence a").count() == 1
    for summary in page.locator("details.formula summary").all()[3:6]:
        summary.click()
    assert page.locator("details.formula[open] dl").count() >= 1
    visitor.check()
    visitor.shot(f"dashboard-{width}-{language}")
    counted = page.locator("#f-overdue a.stat-figure")
    number = int(counted.inner_text().split()[0])
    counted.click()
    assert page.locator("tbody tr").count() == number == 1
    page = visitor.go("/oversight/")
    tile = page.locator("svg.tiles a").first
    tile.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "region=" in page.url
    visitor.check()
    visitor.shot(f"dashboard-place-{width}-{language}")
    page = visitor.go("/oversight/compare/?period=year&against=year")
    # On a phone each figure is a card: both sides can be read without moving the table.
    assert page.evaluate("(t => t.scrollWidth <= t.clientWidth)(document.querySelector('.sides').parentElement)")
    visitor.check()
    visitor.shot(f"compare-{width}-{language}")
    visitor.go("/oversight/?first=2026-11-20&last=2026-11-01&enterprise=abc")
    assert page.locator(".error-summary a").count() == 2
    visitor.check()


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_an_analyst_gets_to_the_cases_in_two_clicks_and_keeps_the_view(
    some_weeks: World, visit: Any, width: int, language: str
) -> None:
    analyst = Officer.objects.create(
        user=some_weeks.otto, authority=some_weeks.su.offices.get().authority, role=Role.ANALYST.post
    ).user
    visitor = visit(width=width, language=language, user=analyst)
    page = visitor.go("/oversight/flow/")
    visitor.check()
    visitor.shot(f"flow-{width}-{language}")
    page = visitor.go("/oversight/workload/")
    visitor.check()
    visitor.shot(f"workload-{width}-{language}")
    page = visitor.go("/oversight/enterprises/?period=year")
    visitor.check()
    visitor.shot(f"enterprises-{width}-{language}")
    page = visitor.go("/oversight/?period=year")
    closed = page.locator("#f-closed a.stat-figure")
    number = int(closed.inner_text().split()[0])
    closed.click()
    assert page.locator("tbody tr").count() == number >= 2
    visitor.check()
    visitor.shot(f"behind-{width}-{language}")
    page.locator("tbody th a").first.click()
    assert "/authority/cases/" in page.url
    page = visitor.go("/oversight/?period=year")
    page.locator('a[href*="/oversight/views/?"]').click()
    visitor.check()
    page.get_by_role("button").filter(has_text="保存视图" if language != "en" else "Save").last.click()
    assert page.locator(".error-summary a").count() == 1
    page.locator("input[name=name]").fill("今年")
    page.get_by_role("button").filter(has_text="保存视图" if language != "en" else "Save").last.click()
    visitor.check()
    page.get_by_role("link", name="今年").click()
    assert page.url.endswith("/oversight/?period=year")
    page = visitor.go("/oversight/system/")
    visitor.check()
    visitor.shot(f"system-{width}-{language}")


def test_the_first_page_prints_on_clean_a4(some_weeks: World, visit: Any) -> None:
    """A4 pages, all that says something and nothing to press; definitions open; large numbers whole."""
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
    assert page.locator("details.formula p").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    # As wide as the paper: no number is broken in two, and what a figure means stands beside it.
    page.set_viewport_size({"width": 673, "height": 900})
    assert page.evaluate(BROKEN) == []
    for card in page.locator(".figures .stat").all():
        number, meaning = card.locator(".stat-figure").bounding_box(), card.locator(".formula p").first.bounding_box()
        assert number
        assert meaning
        assert meaning["x"] > number["x"] + number["width"]
    printed = page.pdf(prefer_css_page_size=True)
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / "dashboard.pdf").write_bytes(printed)
    with pikepdf.open(BytesIO(printed)) as document:
        assert 1 <= len(document.pages) <= 5
        for sheet in document.pages:
            width, height = (float(number) for number in sheet.mediabox[2:])
            assert (round(width), round(height)) == (595, 842)
