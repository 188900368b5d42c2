"""The first page of a director at a desk, on a phone, in English."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from authorities.models import Region
from complaints.procedure.workflow import Status
from oversight.counters import rollups
from oversight.models import DayRegion, HotSpot
from oversight.presenting import trend
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.counting import received, weeks

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
    charged(world)
    return world


def charged(world: World) -> None:
    """A hot spot of the last week: more charges in the county."""
    week = trend.last_week(timezone.localdate())
    received(
        weeks(week.last, [9, 10, 11, 8, 12, 10, 9, 11, 66]),
        region=world.region.pk,
        enterprise=world.mobile.pk,
        problem="telecom.fees.unexplained_charge",
        thing="service.telecom",
    )
    known = {"observed": 66, "expected": 10.0, "usual": [9, 10, 11, 8, 12, 10, 9, 11], "chance": 1e-9, "q": 1e-6}
    known |= {"restless": 1.3, "share": 1 / 9, "df": 30.0, "detectable": 2.0, "rate": 0.001, "method": 2}
    HotSpot.objects.create(
        kind="week",
        region=world.region,
        facet="p:telecom.fees.unexplained_charge",
        place=world.region.pk,
        first=week.first,
        last=week.last,
        found_at=timezone.now(),
        **known,
    )


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
    page.locator("#h-trend ~ details summary").click()
    page.locator("#h-kinds ~ details summary").click()
    assert page.locator(".weeks td:visible").count() % 12 == 0 < page.locator(".weeks td:visible").count()
    visitor.look()


@pytest.mark.parametrize("language", ["zh-hans", pytest.param("en", marks=pytest.mark.full)])
def test_it_prints_on_two_pages_with_its_pictures(a_year: World, visit: Any, language: str) -> None:
    page = visit(width=1280, language=language, user=a_year.su).go("/oversight/")
    page.emulate_media(media="print")
    for seen in ("svg.plot.not-phone", ".rise", ".kinds .not-phone", "svg.map", "svg.backlog", ".places"):
        assert page.locator(seen).first.is_visible(), seen
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as document:
        assert len(document.pages) == 2
