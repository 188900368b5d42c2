"""The forecast of the backlog: by hand, how often its interval holds by simulation, and on the page."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorities.models import Region
from complaints import handling
from complaints.procedure.workflow import Status
from oversight.figures.forecast import FEWEST_PAST, forecast, weeks_needed
from oversight.models import DayRegion
from tests import found_in, given, missing_in
from tests.cast import World
from tests.oversight.dashboard.test_chance import poisson
from tests.oversight.looking import browser, page_of

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: The interval is to hold in eight cases of ten (statistics.md, section 10).
LEAST, MOST = 0.72, 0.88


def test_it_is_half_of_what_eight_weeks_let_expect_and_its_interval_the_own_errors() -> None:
    # Ten more each week, for ever: 5 a week would be expected, had not each earlier forecast been 5 a week too low.
    seen = forecast(100, [10] * 40, 2)
    assert seen is not None
    assert (seen.expected, seen.low, seen.high) == (120, 120, 120)
    # Up and down by turns, sixteen more in all within the last eight weeks: half of two a week, twice.
    seen = forecast(100, [20, -20] * 16 + [22, -18] * 4, 2)
    assert seen is not None
    assert seen.low <= seen.expected == 102 <= seen.high
    # By hand: errors of one week ahead are what came less 0; from 1 to 26 once each, percentiles between neighbours.
    nets = [0] * 8 + [n for at in range(1, 27) for n in [at]]
    errors = sorted(net - sum(nets[end - 8 : end]) / 16 for end, net in enumerate(nets) if end >= 8)
    seen = forecast(1000, nets, 1)
    assert seen is not None
    middle = 1000 + sum(nets[-8:]) / 16
    assert seen.low == round(middle + errors[2])
    assert seen.high == round(middle + errors[23])
    assert forecast(5, [-10] * 40, 2) is not None
    assert forecast(5, [-10] * 40, 2).low == 0  # type: ignore[union-attr]


def test_of_fewer_than_26_earlier_forecasts_there_is_none() -> None:
    for weeks in (1, 2, 4):
        needed = weeks_needed(weeks)
        assert needed == 8 + weeks + FEWEST_PAST - 1
        assert forecast(100, [0] * (needed - 1), weeks) is None
        assert forecast(100, [0] * needed, weeks) is not None


def restless(random: Random, mean: float) -> int:
    """A count of twice the variance that chance alone makes."""
    return poisson(random, random.gammavariate(max(mean, 1e-9), 1.0))


def a_queue(random: Random, weeks: int) -> tuple[list[int], list[int]]:
    """(net flow, backlog at the end) of each week: levels wander, holidays and festivals come every year, and who has
    more to do closes more.
    """
    level, open_now, nets, backlogs = 0.0, 400, list[int](), list[int]()
    for week in range(weeks):
        level = 0.95 * level + random.gauss(0, 0.05)
        festival = {45: 1.5, 46: 1.3, 24: 1.2}.get(week % 52, 1.0)
        came = restless(random, 200 * 2.718281828**level * festival)
        able = min(0.5 * open_now, 200 + 0.15 * max(0, open_now - 400))
        closed = min(open_now + came // 2, restless(random, max(1.0, able) * (0.4 if week % 52 == 39 else 1.0)))
        open_now += came - closed
        nets.append(came - closed)
        backlogs.append(open_now)
    return nets, backlogs


def held(seed: int, queues: int, weeks: int) -> float:
    """How often the interval held what came, two years and more after the beginning."""
    random, hits, looked = Random(seed), 0, 0
    for _queue in range(queues):
        nets, backlogs = a_queue(random, 150)
        for at in range(100, 150 - weeks, 3):
            seen = forecast(backlogs[at], nets[: at + 1], weeks)
            assert seen is not None
            hits += seen.low <= backlogs[at + weeks] <= seen.high
            looked += 1
    return hits / looked


def test_the_interval_holds_about_four_in_five() -> None:
    assert LEAST <= held(3, 25, 2) <= MOST


@pytest.mark.full
@pytest.mark.parametrize("weeks", [1, 2, 4])
def test_the_interval_holds_about_four_in_five_at_length(weeks: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Statistics.md, section 10 (10); the rate is printed."""
    rate = held(12315, 400, weeks)
    with capsys.disabled():
        print(f"\n{weeks} weeks ahead: the interval holds in {rate:.1%}")
    assert LEAST <= rate <= MOST


pytestmark = pytest.mark.django_db


def came(received: Any, closed: Any, weeks: int) -> None:
    """In Fuzhou on each day of so many weeks up to yesterday, as a fold would leave it."""
    today, place = timezone.localdate(), Region.objects.get(code="350100")
    DayRegion.objects.bulk_create(
        DayRegion(region=place.pk, day=today - n * DAY, received=received(n), closed=closed(n))
        for n in range(1, 7 * weeks + 1)
    )


def test_the_page_says_whether_it_grows_and_draws_the_past_and_two_weeks(world: World) -> None:
    came(lambda n: 9, lambda n: 8 if n % 14 < 7 else 6, 62)
    answer = browser(world.su).get("/oversight/")
    seen, page = answer.context["forecast"], answer.content.decode()
    assert len(seen["weeks"]) == 9
    assert len(seen["ahead"]) == 2
    assert "积压还会涨" in seen["title"]
    assert not missing_in(page, "近8周收到504件，办结392件，多出112件。", 'class="ahead"')
    assert page.count('class="backlog') == 2
    # Nothing is open in the cases of this world: the counters' past runs back from there.
    last = timezone.localdate() - DAY
    assert [week["day"] for week in seen["weeks"]] == [last - n * WEEK for n in range(8, -1, -1)]


def test_of_a_short_history_it_says_from_when(world: World) -> None:
    came(lambda n: 3, lambda n: 3, 34)
    page = page_of(world.su, "/oversight/")
    from_when = timezone.localdate() - 34 * WEEK + 35 * WEEK
    assert not missing_in(page, "历史不足35周", f"{from_when.month}月{from_when.day}日起才有预测", "昨天末在办0件")
    assert not found_in(page, 'class="ahead"', '<polygon class="band" points=""')
    came(lambda n: 0, lambda n: 0, 0)
    DayRegion.objects.all().delete()
    assert browser(world.su).get("/oversight/").context["forecast"] is None


def open_at(end: date) -> int:
    """Open at the end of a day, of all cases as they are now; by another way than the page's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from complaints_complaint"
            " where (received_at at time zone 'Asia/Shanghai')::date <= %(end)s"
            " and (closed_at is null or (closed_at at time zone 'Asia/Shanghai')::date > %(end)s)",
            {"end": end},
        )
        return int(cursor.fetchone()[0])


def test_the_line_is_what_was_open_at_the_end_of_each_week(world: World) -> None:
    now = timezone.now()
    requests = [given.a_request(world, now=now, received_at=now - n * DAY) for n in (0, 3, 20, 21, 30, 45, 60, 75)]
    handling.file(requests, actor=world.consumer, now=now)
    for days in (5, 33, 50):
        given.a_complaint(world, status=Status.CLOSED, now=now - days * DAY)
    seen = browser(world.su).get("/oversight/").context["forecast"]
    assert [int(week["n"]) for week in seen["weeks"]] == [open_at(week["day"]) for week in seen["weeks"]]
    assert len({week["n"] for week in seen["weeks"]}) > 3
