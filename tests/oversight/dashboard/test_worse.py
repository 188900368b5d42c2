"""Who got worse: only those whose change is surely one are named, each with its interval and the list of its cases.

The simulations draw weeks by a seed and judge them by the function that the page uses; they print what they measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from html import unescape
from itertools import count
from random import Random

import pytest
from django.utils import timezone

from authorities.models import Region
from enterprises.models import Enterprise
from oversight.counters.figures import HEADLINES
from oversight.figures.definitions import Period
from oversight.models import DayRegion, Tally
from oversight.presenting import worse
from oversight.presenting.worse import Looked, Weeks
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import a_shop
from tests.oversight.dashboard.test_chance import poisson
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
#: Of those that are named so many may have got no worse (statistics.md, section 2).
PROMISED = 0.11
N_WEEKS = 70
LAST = date(2026, 11, 27)
FOUR_WEEKS = Weeks.of(Period(first=LAST - 27 * DAY, last=LAST), Period(first=LAST - 55 * DAY, last=LAST - 28 * DAY))


def of_weeks(random: Random, whole: float, share: float, cluster: int) -> tuple[int, int]:
    """(in time, late) of a week; what comes in clusters of up to ``cluster`` ends in the same way."""
    numbers = [0, 0]
    left = poisson(random, whole)
    while left > 0:
        n = min(left, random.randint(1, cluster))
        numbers[random.random() >= share] += n
        left -= n
    return numbers[0], numbers[1]


def a_list(
    random: Random, *, firms: int, worse_ones: int, by: float, clusters: Sequence[int]
) -> tuple[Looked, set[str]]:
    """Of so many enterprises of 30 to 200 stages in four weeks; of the first the on-time share fell by so much."""
    now, then, past, fell = {}, {}, {}, set[str]()
    for nth in range(firms):
        key, whole, share = str(nth), random.randint(34, 200) / 4, random.betavariate(17, 3)
        if nth < worse_ones:
            share = max(share, by)
            fell.add(key)
        weeks = [
            of_weeks(random, whole, share - (by if nth < worse_ones and week < 4 else 0), clusters[nth % len(clusters)])
            for week in range(N_WEEKS)
        ]
        nothing = dict.fromkeys(HEADLINES, 0)
        sums = {name: [week[at] for week in weeks] for at, name in enumerate(("in_time", "ended_late"))}
        past[key] = {name: sums.get(name, [0] * N_WEEKS) for name in worse.WEEKLY}
        now[key] = nothing | {name: sum(some[:4]) for name, some in sums.items()}
        then[key] = nothing | {name: sum(some[4:8]) for name, some in sums.items()}
    return worse.of_figure("on_time", now, then, past, FOUR_WEEKS, N_WEEKS), fell


def rates(seed: int, lists: int, *, clusters: Sequence[int], worse_ones: int = 8) -> tuple[float, float, float]:
    """(share of those named that got no worse, share of those that did that are named, named a list)."""
    random, named, right = Random(seed), 0, 0
    for _list in range(lists):
        result, fell = a_list(random, firms=120, worse_ones=worse_ones, by=0.15, clusters=clusters)
        named += len(result.lines)
        right += sum(line.key in fell for line in result.lines)
    return (named - right) / max(named, 1), right / max(1, lists * worse_ones), named / lists


@pytest.mark.full
@pytest.mark.parametrize("clusters", [(1,), (4,), (1, 1, 5)])
def test_of_those_named_at_most_one_in_nine_got_no_worse(
    clusters: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    false, seen, named = rates(12315, 100, clusters=clusters)
    with capsys.disabled():
        print(f"\nclusters {clusters}: {named:.1f} named a list, false {false:.1%}, 15 points worse found {seen:.0%}")
    assert false <= PROMISED


def test_where_nothing_changed_a_list_is_seldom_more_than_empty() -> None:
    random = Random(3)
    lists = [a_list(random, firms=40, worse_ones=0, by=0, clusters=(1,))[0] for _ in range(3)]
    assert sum(len(one.lines) for one in lists) <= 2
    assert all((one.looked, one.enough) == (40, 40) for one in lists)


def test_who_fell_far_is_named_with_an_interval_that_holds_it() -> None:
    result, fell = a_list(Random(5), firms=40, worse_ones=1, by=0.4, clusters=(1,))
    [line] = [line for line in result.lines if line.key in fell]
    assert line.verdict.low < -0.4 < line.verdict.high < 0


pytestmark = pytest.mark.django_db
COMPARE = "/oversight/compare/?period=30&worse=1"
_numbers: Iterator[int] = count(20_000_000)


def ended(shop: Enterprise, days_ago: range, *, in_time: int, late: int, region: int) -> None:
    """So many stages in all, spread over these days, each received on the day on which it ended."""
    today = timezone.localdate()
    rows = []
    for nth in range(in_time + late):
        is_late = nth % (in_time + late) >= in_time
        day = today - days_ago[nth * len(days_ago) // (in_time + late)] * DAY
        same = {"day": day, "region": region, "enterprise": shop.pk, "complaint_id": next(_numbers)}
        rows.append(Tally(kind="received", received=1, **same))
        share = {"ended_late": 1} if is_late else {"in_time": 1}
        rows.append(Tally(kind="stage", ended_settled=1, **share, **same))
    Tally.objects.bulk_create(rows)


def four_of_which_one_got_worse(world: World) -> None:
    """Of 60 stages a month 54 are in time; of the first shop in the last month 30. A fifth has too few."""
    region = Region.objects.get(code="350102")
    shops = [a_shop(world, f"测试商场{nth}") for nth in range(4)]
    today = timezone.localdate()
    for pk in Region.objects.filter(code__in=("350100", "350102")).values_list("pk", flat=True):
        DayRegion.objects.bulk_create(DayRegion(region=pk, day=today - n * DAY, received=9) for n in range(1, 420))
    for nth, shop in enumerate(shops):
        for month in range(13):
            days = range(1 + 30 * month, 31 + 30 * month)
            is_worse = nth == 0 and month == 0
            ended(shop, days, in_time=30 if is_worse else 54, late=30 if is_worse else 6, region=region.pk)
    few = a_shop(world, "小店")
    ended(few, range(1, 61), in_time=20, late=20, region=region.pk)


def test_the_page_names_who_got_worse_and_each_number_opens_so_many_cases(world: World) -> None:
    four_of_which_one_got_worse(world)
    page = page_of(world.su, COMPARE)
    section = page.partition('id="h-worse"')[2].partition('id="h-all"')[0]
    assert not missing_in(section, "看了5家，两期都满30件的4家", "测试商场0", "40.0个百分点", "没有变差超出平常波动的")
    assert "两期都满30件的0个，件数太少，说不清" in section
    assert not found_in(section, "测试商场1", "测试商场2", "测试商场3", "小店")
    [row] = re.findall(r"<tr role=\"row\">(?:(?!</tr>).)*测试商场0.*?</tr>", section, re.S)
    links = re.findall(r'<a href="([^"]+)">([\d,]+)</a>/(\d+)', row)
    assert [(part, whole) for _url, part, whole in links] == [("30", "60"), ("54", "60")]
    for url, part, _whole in links:
        answer = browser(world.su).get(unescape(url))
        assert (answer.status_code, answer.context["n"]) == (200, int(part))


def test_it_says_why_nothing_is_compared_and_reads_nothing_unasked(world: World) -> None:
    section = page_of(world.su, COMPARE).partition('id="h-worse"')[2].partition('id="h-all"')[0]
    assert "还没有历史，不作比较" in section
    assert "逐个看企业、问题和地区" in page_of(world.su, "/oversight/compare/?period=30")
    assert "两边不是同样的案件，不比谁变差了" in page_of(world.su, f"{COMPARE}&with_region=350102")
    today = timezone.localdate()
    overlap = f"/oversight/compare/?worse=1&against=chosen&other_first={today - 20 * DAY}&other_last={today - DAY}"
    assert "两段时间重叠" in page_of(world.su, f"{overlap}&period=30")
    for pk in Region.objects.filter(code__in=("350100", "350102")).values_list("pk", flat=True):
        DayRegion.objects.bulk_create(DayRegion(region=pk, day=today - n * DAY, received=9) for n in range(1, 60))
    assert "历史不足17周，不作比较" in page_of(world.su, COMPARE).partition('id="h-worse"')[2]
    with_today = f"/oversight/compare/?worse=1&first={today - 6 * DAY}&last={today}"
    assert "今天还没有过完，不作比较" in page_of(world.su, with_today).partition('id="h-worse"')[2]
