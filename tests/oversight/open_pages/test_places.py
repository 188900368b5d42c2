"""Pages for everybody of a region, an enterprise and a problem: a sentence, an order that holds, what is being done."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorities.models import Region
from oversight.hot_spots import campaign
from oversight.models.published_models import OpenIndicators
from oversight.open_data import reading
from oversight.published import indicator_making, league_making
from tests import found_in, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.counting import CHARGE, REPAIR, a_shop, counted, issued, stages
from tests.oversight.hot_spots.test_campaigns import published
from tests.oversight.looking import page_of

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)


def read(url: str, **headers: str) -> str:
    cache.clear()
    return page_of(None, url, **headers)


def a_year(*, newest: int = 200, problems: tuple[tuple[str, int], ...] = ()) -> None:
    """福州: 200 a month since March 2026, in October so many, with these problems; 厦门 fifty a month."""
    for back in range(8):
        month, n = reading.back(OCTOBER, back), 200 if back else newest
        counted("350100", month, received=n)
        counted("350200", month, received=50)
        for code, many in problems if not back else ((CHARGE, 90),):
            counted("350100", month, f"p:{code}", received=many)
        issued(month, now=NOW)
    indicator_making.publish(now=NOW)


def number_of(code: str) -> int:
    return Region.objects.get(code=code).pk


def test_a_region_begins_with_the_newest_month_whether_it_changed_and_the_commonest_problem(world: World) -> None:
    a_year(newest=400, problems=((CHARGE, 250), (REPAIR, 60)))
    fuzhou = f"/open/?region={number_of('350100')}"
    page = read(fuzhou)
    assert not missing_in(page, "2026年10月收到400件，比上月多200件，超出平常波动", "最多的是")
    assert page.index("2026年10月收到400件") < page.index("收到的投诉"), "it stands before the figures"
    english = read(fuzhou, **{"accept-language": "en"})
    assert not missing_in(english, "October 2026: 400 received; 200 cases more than the month before", "Most common")


def test_a_month_like_the_others_is_no_change(world: World) -> None:
    a_year(newest=206)
    page = read(f"/open/?region={number_of('350100')}")
    assert "2026年10月收到206件，上月200件；这样的波动常见，不能说有变化" in page
    assert not found_in(page, "超出平常波动（")


def test_what_could_be_turned_by_what_is_not_published_has_no_place(world: World) -> None:
    """Three are withheld with what leads to them; under thirty nothing is ranked at all."""
    a_year(problems=((CHARGE, 100), (REPAIR, 3), ("quality", 2), ("price", 6)))
    page = read(f"/open/?region={number_of('350100')}")
    ranks = re.findall(r'名次 </span>([^<]*)</span>\s*<span>\s*<a href="/open/problems/([\w.]+)/', page)
    assert ("1", CHARGE) in ranks
    withheld = {code for place, code in ranks if place == "–"}
    assert REPAIR in withheld
    assert "不公布" in page
    few = [(place, code) for place, code in ranks if code in (REPAIR, "quality")]
    assert {place for place, _code in few} == {"–"}


GULOU = "350102"


def a_county(received: int, *, problems: tuple[tuple[str, int], ...] = (), month: date = OCTOBER) -> None:
    """福州 with 200 in the month, so many of them in 鼓楼."""
    counted("350100", month, received=200)
    counted(GULOU, month, received=received)
    for code, many in problems:
        for place in ("350100", GULOU):
            counted(place, month, f"p:{code}", received=many)


def test_a_county_has_a_page_below_its_city(world: World) -> None:
    for back in range(3):
        a_county(100 if back else 160, problems=((CHARGE, 60), (REPAIR, 30)), month=reading.back(OCTOBER, back))
        issued(reading.back(OCTOBER, back), now=NOW)
    indicator_making.publish(now=NOW)
    city, county = (f"/open/?region={number_of(code)}" for code in ("350100", GULOU))
    assert f'href="?region={number_of(GULOU)}"' in read(city)
    page = read(county)
    assert not missing_in(page, "鼓楼区", "2026年10月收到160件", "看福州市", f"/open/problems/{CHARGE}/?region=")
    assert "鼓楼区" in read(f"/open/problems/{CHARGE}/?region={number_of(GULOU)}")


def test_of_a_place_with_three_nothing_tells_them(world: World) -> None:
    a_county(3, problems=((CHARGE, 3),))
    issued(OCTOBER, now=NOW)
    indicator_making.publish(now=NOW)
    for page in (f"/open/?region={number_of(GULOU)}", f"/open/problems/{CHARGE}/?region={number_of(GULOU)}"):
        text = read(page)
        assert "2026年10月收到的件数不公布" in text
        assert not re.findall(r">\s*3\s*<|3件|最多的是", text), page


def test_a_place_of_which_nothing_came_says_so_and_is_not_the_country(world: World) -> None:
    made = published(world)
    a_year()
    for page in ("/open/", f"/open/problems/{CHARGE}/"):
        text = read(f"{page}?region={number_of(GULOU)}")
        assert not missing_in(text, "2026年3月至2026年10月，鼓楼区没有收到投诉", "看福州市", 'href="/file/"')
        assert not found_in(text, "全国", "200件")
        assert f'href="/open/campaigns/{made.pk}/"' in text
    # Rows of before an update were not made of counties: then nothing is claimed of one.
    OpenIndicators.objects.update(formula=3)
    assert "没有收到投诉" not in read(f"/open/?region={number_of(GULOU)}")


def test_a_year_without_data_names_the_month_that_it_speaks_of(world: World) -> None:
    """Of 2024 and then of one month: what lies before the gap is not drawn, and no change is claimed over it."""
    for month in (date(2024, 7, 1), date(2024, 8, 1), OCTOBER):
        counted("350100", month, received=120)
        issued(month, now=NOW)
    indicator_making.publish(now=NOW)
    page = read(f"/open/?region={number_of('350100')}")
    assert "2026年10月收到120件。" in page
    assert not found_in(page, "2024", "比上月", "上月120件")


def test_one_enterprise_alone_and_one_that_left(world: World) -> None:
    shop = a_shop(world)
    same: Any = {"ended_settled": 40, "ended_failed": 20, "delivered": 60}
    stages(shop, date(2026, 9, 1), **same)
    a_year()
    issued(date(2026, 9, 1), now=NOW)
    league_making.publish(now=NOW)
    page = f"/open/enterprises/{shop.code}/"
    assert "2026-Q3" in read(page)
    shop.enrolment = "not_enrolled"
    shop.save()
    text = read(page)
    assert not missing_in(text, "已退出", "现在不是在线和解企业", "2026-Q3")


def test_one_problem_by_month_and_place_with_what_one_can_do(world: World) -> None:
    a_year(problems=((CHARGE, 95),))
    page, there = f"/open/problems/{CHARGE}/", number_of("350100")
    text = read(page)
    assert not missing_in(text, "2026年10月收到95件", "上月90件", "全国", "够比的不到两处，不排名次", 'href="/file/"')
    province = read(f"{page}?region={number_of('350000')}")
    assert f'{page}?region={there}"' in province
    assert "福州市" in read(f"{page}?region={there}")
    assert "October 2026: 95 received" in read(page, **{"accept-language": "en"})
    assert Client().get("/open/problems/nothing.of.the.kind/").status_code == 404
    # One that nobody complained of, and any odd place.
    assert "2026年10月收到0件" in read(f"/open/problems/{REPAIR}/?region=99999999999")


def test_before_the_first_night_and_from_rows_of_before_the_pages_say_what_they_can(world: World) -> None:
    assert "还没有公布过数字" in read(f"/open/problems/{CHARGE}/")
    a_year()
    for row in OpenIndicators.objects.all():
        for name in ("run", "history", "problems"):
            row.data.pop(name)
        row.save()
    assert "收到的投诉" in read("/open/")
    assert "还没有公布过数字" in read(f"/open/problems/{CHARGE}/")


def test_an_enterprise_by_quarters(world: World) -> None:
    shop = a_shop(world)
    for month, n in ((date(2026, 3, 1), 40), (date(2026, 6, 1), 50), (date(2026, 9, 1), 60)):
        same: Any = {"ended_settled": n, "ended_failed": n, "delivered": 2 * n, "promise_due": n, "promise_kept": 30}
        stages(shop, month, **same)
    issued(date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1), now=NOW)
    league_making.publish(now=NOW)
    page = read(f"/open/enterprises/{shop.code}/")
    assert not missing_in(page, "2026-Q1", "2026-Q2", "2026-Q3", "120", "50%", "75%")
    assert page.index("2026-Q1") < page.index("2026-Q3")
    assert not missing_in(page, "单个企业只按季度公布", "2026-Q4的在2027年1月公布")
    # Of one that nothing is published of it says when something may be.
    bare = read(f"/open/enterprises/{a_shop(world, '新商场').code}/")
    assert not missing_in(bare, "还没有公布过它的数字", "的在20")


def test_a_published_campaign_stands_with_its_place_its_problem_and_its_enterprises(world: World) -> None:
    world.mobile.enrolled_by = world.gulou
    world.mobile.save()
    a_year()
    pages = [
        "/open/",
        f"/open/?region={number_of('350100')}",
        f"/open/problems/{CHARGE}/",
        f"/open/enterprises/{world.mobile.code}/",
    ]
    elsewhere = [f"/open/?region={number_of('350200')}", f"/open/problems/{REPAIR}/"]
    made = published(world)
    for page in pages:
        assert f'href="/open/campaigns/{made.pk}/"' in read(page), page
    for page in elsewhere:
        assert "资费降诉行动" not in read(page), page
    campaign.withdraw(made.pk, why="写错了。", by=officer_of(world, "head"), now=timezone.now())
    for page in pages:
        assert "资费降诉行动" not in read(page), page


@pytest.mark.parametrize("page", ["/open/", f"/open/problems/{CHARGE}/"])
def test_the_second_visitor_gets_it_from_memory(world: World, page: str) -> None:
    a_year()
    cache.clear()
    first = Client().get(page)
    with CaptureQueriesContext(connection) as seen:
        second = Client().get(page)
    assert (len(seen), second.content) == (0, first.content)
    assert not second.cookies
    unchanged = Client().get(page, headers={"if-none-match": first["ETag"]})
    assert (unchanged.status_code, "no-cache" in unchanged["Cache-Control"]) == (304, True)
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        Client().get(page)
    assert len(seen) <= 14
