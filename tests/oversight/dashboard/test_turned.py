"""Who got worse, on the first page: named beyond the usual swings, each number opens its cases, and read once a day."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorities.models import Region
from enterprises.models import Enterprise
from oversight.models import DayRegion, RollupState
from oversight.presenting import turned
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import a_shop
from tests.oversight.dashboard.test_worse import ended
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
URL = "/oversight/"
pytestmark = pytest.mark.django_db


def a_year(world: World, *, weeks: int = 60) -> list[Enterprise]:
    """Of three shops with 56 stages in four weeks, 50 in time, the first fell to 28 and the second rose to 56; the
    third stayed, and a fourth has too few.
    """
    region = Region.objects.get(code="350102").pk
    shops = [a_shop(world, f"测试商场{nth}") for nth in range(4)]
    today = timezone.localdate()
    for pk in Region.objects.filter(code__in=("350100", "350102")).values_list("pk", flat=True):
        DayRegion.objects.bulk_create(
            DayRegion(region=pk, day=today - n * DAY, received=9, closed=9) for n in range(1, 7 * weeks + 1)
        )
    for nth, shop in enumerate(shops[:3]):
        for span in range(weeks // 4):
            late = {(0, 0): 28, (1, 0): 0, (1, 1): 20}.get((nth, span), 6)
            ended(shop, range(1 + 28 * span, 29 + 28 * span), in_time=56 - late, late=late, region=region)
    ended(shops[3], range(1, 57), in_time=20, late=20, region=region)
    RollupState.objects.update_or_create(pk=1, defaults={"folded_at": timezone.now(), "past": uuid4()})
    return shops


def in_time(shop: Enterprise, first: int, last: int) -> tuple[int, int]:
    """(in time, all that ended) between so many days ago, by the rows of the tally."""
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(in_time), count(in_time) + count(ended_late) from oversight_tally"
            " where enterprise = %s and day between %s and %s",
            [shop.pk, today - first * DAY, today - last * DAY],
        )
        return cursor.fetchone()


def test_it_names_who_fell_and_counts_who_rose_and_each_number_opens_so_many_cases(world: World) -> None:
    shops = a_year(world)
    client = browser(world.su)
    answer = client.get(URL)
    worse, page = answer.context["worse"], answer.content.decode()
    assert worse["title"] == "1家的按时办结率变差，超出平常波动"
    assert not missing_in(page, "测试商场0", "另有1家变好", "测试商场1", "看了4家，两期都满30件的3家")
    assert not found_in(page.partition('id="h-worse"')[2].partition("</section>")[0], "测试商场2", "测试商场3")
    for row, shop in ((worse["rows"][0], shops[0]), (worse["others"][0], shops[1])):
        assert row["name"] == shop.name
        for side, span in zip(row["sides"], ((56, 29), (28, 1)), strict=True):
            part, whole = in_time(shop, *span)
            assert (side["part"], side["whole"]) == (str(part), str(whole))
            assert side["low"] <= 100 * part / whole <= side["low"] + side["width"] + 0.1
            assert client.get(side["url"]).context["n"] == part
    assert client.get(worse["url"]).status_code == 200


def test_it_is_read_once_as_long_as_the_past_is_the_same(world: World) -> None:
    a_year(world)
    client = browser(world.su)

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(URL).status_code == 200
        return [one["sql"] for one in seen if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]

    first, again = statements(), statements()
    assert len(again) - 1 <= 15 < len(first), "the last is the test's own"
    RollupState.objects.update(past=uuid4())
    assert len(statements()) > 16, "another past"


def test_of_a_short_history_it_says_so_and_of_very_many_cases_it_leads_to_its_own_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_year(world, weeks=16)
    assert "历史不足17周，不作比较。" in page_of(world.su, URL)
    DayRegion.objects.all().delete()
    a_year_ago = timezone.localdate() - 400 * DAY
    place = Region.objects.get(code="350100").pk
    DayRegion.objects.bulk_create(DayRegion(region=place, day=a_year_ago + n * DAY, received=5) for n in range(400))
    RollupState.objects.update(past=uuid4())
    monkeypatch.setattr(turned, "MOST_CASES", 100)
    page = page_of(world.su, URL)
    assert not missing_in(page, "谁变差了", "逐个看企业、问题和地区", "worse=1")
    assert not found_in(page, "超出平常波动</h2>", "不作比较。")
