"""The first page of a director at a desk, on a phone, in English, in the dark and on paper."""

import os
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from authorities.models import Region
from complaints.procedure.workflow import Status
from oversight.counters import rollups
from oversight.models import DayRegion
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)
#: Of Mondays to Sundays.
WEEKDAYS = (34, 33, 31, 30, 29, 19, 16)


@pytest.fixture
def a_year(world: World) -> World:
    """A usual year and a last week in which half as many again came."""
    now, today = timezone.now(), timezone.localdate()
    for status in (Status.REVIEW, Status.MEDIATING, Status.NEGOTIATING, Status.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.a_complaint(world, status=Status.NEGOTIATING, now=now - timedelta(days=40))
    while rollups.fold(now=now):
        pass

    def came(day: date, back: int) -> int:
        usual = WEEKDAYS[day.weekday()] + (day.toordinal() * 7919 % 5) - 2
        return usual + usual // 2 if back <= 7 else usual

    rows = [(today - back * DAY, came(today - back * DAY, back)) for back in range(1, 500)]
    for code in ("350100", "350102"):
        region = Region.objects.get(code=code).pk
        DayRegion.objects.filter(region=region, day__lt=today).delete()
        DayRegion.objects.bulk_create(
            DayRegion(region=region, day=day, received=n, closed=n - n // 9, in_time=n // 2, ended_late=n // 8)
            for day, n in rows
        )
    return world


@pytest.mark.parametrize("look", LOOKS)
def test_the_first_page_says_at_once_what_rose(a_year: World, visit: Any) -> None:
    """The first number stands within the first screen; nothing is wider than it; the table has what the picture has."""
    visitor = visit(user=a_year.su)
    page = visitor.go("/oversight/")
    number = page.locator("h1.sentence a").first.bounding_box()
    assert number
    assert number["y"] + number["height"] < page.viewport_size["height"]
    visitor.look()
    assert page.locator("svg.plot:visible .band").count() == 1
    page.locator("#h-trend ~ details summary").click()
    assert page.locator(".weeks td:visible").count() == 84
    visitor.look()


def test_it_prints_on_a4(a_year: World, visit: Any) -> None:
    visitor = visit(width=1280, language="zh-hans", user=a_year.su)
    page = visitor.go("/oversight/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 673, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    printed = page.pdf(prefer_css_page_size=True)
    if folder := os.environ.get("SCREENSHOTS"):
        (Path(folder) / "director.pdf").write_bytes(printed)
    with pikepdf.open(BytesIO(printed)) as document:
        assert len(document.pages) <= 4
