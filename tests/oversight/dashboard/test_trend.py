"""The last week and the trend of twelve: against a slow count from the cases, and what is said where nothing can be."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from math import sqrt
from random import Random
from statistics import median

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.html import escape

from authorities.models import Region
from complaints.handling.steps import consumer
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from oversight import letters
from oversight.counters import making
from oversight.counters.figures import flow_of
from oversight.dashboard import last_week
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.models import DayRegion
from oversight.presenting import trend
from oversight.presenting.cards import Card
from oversight.presenting.past import Past
from oversight.presenting.trend import Trend
from tests import found_in, given, missing_in
from tests.cast import World
from tests.complaints.procedure.years import CHINA
from tests.oversight.dashboard.test_chance import by_weeks, came, past_of, poisson
from tests.oversight.dashboard.test_kept import a_history
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
URL = "/oversight/"


def random_days(seed: int, first: date, last: date) -> dict[date, int]:
    """Fewer on days that are free."""
    dice, days = Random(seed), [first + n * DAY for n in range((last - first).days + 1)]
    return {day: poisson(dice, 30 if CHINA.is_working(day) else 8) for day in days}


def slow_band(counts: dict[date, int], today: date) -> dict[date, tuple[float, float, float]]:
    """(usual, low, high) of each day of twelve weeks, said once more without the code of the page."""

    def kind(day: date) -> int:
        if CHINA.is_holiday(day):
            return 6
        return 2 if day.weekday() > 4 and CHINA.is_working(day) else day.weekday()

    apart = [today - n * DAY for n in range(64)]
    sums, days = Counter[int](), Counter[int]()
    for day in counts:
        if day not in apart:
            sums[kind(day)] += counts[day]
            days[kind(day)] += 1
    worth = {one: sums[one] / days[one] for one in days}

    def usual(day: date) -> tuple[float, int, float]:
        monday = today - ((today - day).days + 6) // 7 * 7 * DAY
        before = [monday - n * DAY for n in range(1, 57)]
        n, whole = sum(counts[one] for one in before), sum(worth[kind(one)] for one in before)
        return n * worth[kind(day)] / whole, n, worth[kind(day)] / (worth[kind(day)] + whole)

    squares = []
    for back in range(8, 8 + 26 * 7):
        day = today - back * DAY
        _mean, n, share = usual(day)
        both = n + counts[day]
        squares.append((counts[day] - share * both) ** 2 / (both * share * (1 - share)))
    cap = 2.58**2 * max(median(squares) / 0.455, 1.0)
    worth_of = 0.7 * len(squares)
    phi = max(1.0, (8 + worth_of * sum(min(one, cap) for one in squares) / len(squares)) / (4 + worth_of))
    result = {}
    for back in range(1, 85):
        day = today - back * DAY
        mean = usual(day)[0]
        half = 1.96 * sqrt(phi * mean)
        result[day] = (mean, mean - half, mean + half)
    return result


def of_days(counts: dict[date, int], today: date) -> Trend:
    result = trend.of(Past(Period(first=min(counts), last=today), CHINA, {"received": counts}))
    assert result is not None
    return result


@pytest.mark.parametrize("today", [date(2026, 10, 9), date(2026, 11, 30)])
def test_the_band_is_that_of_a_slow_count_and_its_days_add_up_to_a_usual_week(today: date) -> None:
    counts = random_days(today.day, today - 600 * DAY, today)
    result, slow = of_days(counts, today), slow_band(counts, today)
    assert [one.day for one in result.days] == sorted(slow)
    for one in result.days:
        usual, low, high = slow[one.day]
        assert (one.n, one.usual) == (counts[one.day], pytest.approx(usual))
        assert (one.is_above, one.is_below) == (one.n > high, one.n < low), one.day
    assert result.usual == pytest.approx(sum(slow[one.day][0] for one in result.days[-7:]))
    assert result.n == sum(counts[one.day] for one in result.days[-7:])


def test_of_usual_days_nineteen_in_twenty_lie_in_the_band() -> None:
    today, outside, every = date(2026, 11, 30), 0, 0
    for seed in range(20):
        for one in of_days(random_days(seed, today - 500 * DAY, today), today).days:
            outside += one.is_above or one.is_below
            every += 1
    assert outside / every <= 0.065


def test_a_title_says_what_stands_out() -> None:
    usual = [5, 6, 4] * 170
    for newest, words in (
        ([20, 21, 19], "连续3天高于往常"),
        ([20, 5, 5], "近7天有1天高于往常"),
        ([], "近7天没有一天超出往常的范围"),
    ):
        found = trend.of(past_of([*usual, *newest]))
        assert found is not None
        assert words in last_week.title(found, last_week.change_of(found))


@pytest.mark.django_db(transaction=True)
def test_each_number_is_that_of_the_cases_and_opens_exactly_them(world: World) -> None:
    now = timezone.now()
    a_history(world, now)
    making.rebuild(now=now)
    client = browser(world.su)
    page = client.get(URL)
    with connection.cursor() as cursor:
        cursor.execute(
            "select (received_at at time zone 'Asia/Shanghai')::date, count(*) from complaints_complaint"
            " where handling_region_id between 350100000 and 350199999 group by 1"
        )
        slow = dict(cursor.fetchall())
    today, weeks = timezone.localdate(), page.context["trend"]["weeks"]
    days = [one for week in weeks for one in week["days"]]
    assert {one["of"].day: one["of"].n for one in days} == {
        today - n * DAY: slow.get(today - n * DAY, 0) for n in range(1, 85)
    }
    first = page.context["headline"][0]
    links = [(week["n"], week["url"]) for week in weeks] + [(one["of"].n, one["url"]) for one in days if one["of"].n]
    links.append((sum(slow.get(today - n * DAY, 0) for n in range(1, 8)), first.url))
    shown = page.content.decode()
    for _plot, at, runs in page.context["trend"]["plots"]:
        links += [(run.n, url) for run, url in runs]
        assert not missing_in(shown, *(f'href="{escape(week["url"])}"' for _x, week in at if week["n"]))
    yesterday = re.search(r'<a\s+href="([^"]+)"\s*><text\s+class="strong"', shown)
    assert (yesterday[1] if yesterday else "") == escape(page.context["trend"]["last_url"])
    assert f"收到{links[-1][0]}件" in first.text or any(f"收到{n}件" in first.text for n, _url in links)
    for n, url in set(links[:2] + links[12:20] + links[-3:]):
        if n:
            assert len(client.get(url).context["rows"]) == n, url


@pytest.mark.django_db
def test_the_pictures_of_a_letter_go_where_those_of_the_page_go(world: World) -> None:
    came(by_weeks([400, *[182, 209] * 40], today=3), "350100")
    today, page = timezone.localdate(), page_of(world.su, URL)
    week = Period(first=today - 7 * DAY, last=today - DAY)
    shown = letters.letter_figures(world.su, week, today=today, now=timezone.now())
    assert shown is not None
    assert [title in page for title, _svg in shown.pictures] == [True, True]
    for _title, svg in shown.pictures:
        lines = re.findall(r'<polyline[^>]* points="([^"]+)"', svg)
        assert lines
        assert not missing_in(page, *lines)


@pytest.mark.django_db
def test_the_headline_says_more_only_beyond_chance(world: World) -> None:
    usual = [195, 182, 209] + [182, 209] * 40
    came(by_weeks([400, *usual], today=3), "350100")
    assert "近7天收到400件</a>，比往常多20" in page_of(world.su, URL)
    DayRegion.objects.all().delete()
    came(by_weeks([215, *usual], today=3), "350100")
    page = page_of(world.su, URL)
    assert not missing_in(page, "近7天收到215件</a>，往常约19", "这样的波动常见，不能说有变化")
    assert not found_in(page, "比往常多")
    DayRegion.objects.all().delete()
    came(by_weeks([3, 2, 1, 0, 3] + [1, 0] * 40), "350100")
    assert "近7天收到3件</a>，往常约1件；件数太少，说不清" in page_of(world.su, URL)


@pytest.mark.django_db
def test_where_nothing_can_be_compared_it_says_from_when_on(world: World) -> None:
    page = page_of(world.su, URL)
    assert not missing_in(page, "近7天收到0件；历史不足17周，不作比较", "这里还没有收到过投诉")
    came(by_weeks([40] * 9), "350100")
    page = page_of(world.su, URL)
    begun = timezone.localdate() - 63 * DAY
    assert not missing_in(page, "近7天收到40件</a>；历史不足17周，不作比较", "12周收到360件")
    day = begun + 17 * 7 * DAY
    assert f"{day.month}月{day.day}日起可以和往常比" in page
    # Of a category in a city there are no days: what is late stands at the head as before.
    narrow = browser(world.su).get(f"{URL}?category=telecom.fees.unexplained_charge")
    assert "headline" not in narrow.context
    assert "没有未办结的投诉" in narrow.content.decode()


@pytest.mark.django_db
def test_a_year_without_its_holidays_is_named(world: World) -> None:
    today = timezone.localdate()
    came(by_weeks([40] * 40), "350100")
    known = current_calendar().is_known(today.year)
    page = page_of(world.su, URL)
    assert (f"{today.year}年的放假安排还没有录入" in page) == (not known)


@pytest.mark.django_db(transaction=True)
def test_the_lines_of_the_figures_are_those_of_the_cases(world: World) -> None:
    """Open, late, received and closed at the end of each week, from rows of cases and stages; as figures say them."""
    now = timezone.now()
    a_history(world, now)
    making.rebuild(now=now)
    ended = given.a_complaint(world, status=Status.NEGOTIATING, now=now - 45 * DAY)
    given.step(ended, consumer.withdraw(reason="mistake"), world.consumer, now - 12 * DAY)
    given.a_complaint(world, status=Status.NEGOTIATING, now=now - 40 * DAY)
    given.a_complaint(world, status=Status.NEGOTIATING, now=now)
    page = browser(world.su).get(URL)
    strip = {one["card"].code: one for one in page.context["strip"]}
    lines = [code for code, one in strip.items() if one["weeks"]]
    assert lines == ["overdue", "open", "received", "closed", "on_time", "settled"]
    place = Region.objects.get(code="350100")
    for nth, (day, open_then) in enumerate(strip["open"]["weeks"]):
        end = current_calendar().moment(day + DAY)
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) filter (where closed_at is null or closed_at >= %s),"
                " count(*) filter (where received_at >= %s), count(*) filter (where closed_at >= %s and closed_at < %s)"
                " from complaints_complaint where handling_region_id between 350100000 and 350199999"
                " and received_at < %s and status <> 'draft'",
                [end, end - 7 * DAY, end - 7 * DAY, end, end],
            )
            slow = cursor.fetchone()
        said = [open_then, *(strip[code]["weeks"][nth][1] for code in ("received", "closed"))]
        assert [int(text.replace(",", "")) for text in said] == list(slow), day
        week = Period(first=day - 6 * DAY, last=day)
        measured = flow_of(Measure(Scope(regions=(place,)), week, now, current_calendar()))
        assert int(strip["overdue"]["weeks"][nth][1]) == measured["on_time"].beside["open_overdue"], day
    counts = [int(text) for _day, text in strip["overdue"]["weeks"]]
    least, most = min(counts), max(counts)
    assert most > 0
    assert strip["overdue"]["lines"][0].endswith(f"：{least}–{most}" if least < most else f"：{most}")
    # Under thirty there is no share, and no line.
    assert strip["settled"]["spark"] is None


def test_beside_a_share_of_too_few_no_share_of_other_weeks_stands_without_its_cases() -> None:
    day = date(2026, 11, 1)
    weeks = [trend.Week(day, 9, 0, 41, 41, 0.171, None, 41, 3), trend.Week(day, 9, 0, 60, 60, 0.5, None, 60, 1)]

    def shown(value: str) -> dict[str, object]:
        (one,) = last_week.strip({"on_time": Card(code="on_time", value=value, foot=("共1件",))}, weeks)
        return one

    assert shown("0/1")["lines"] == ["共1件"]
    assert shown("50%")["lines"] == ["每周按时办结率：17.1%–50.0%", "共1件"]
    assert [words for _day, words in shown("0/1")["weeks"]] == ["41件的17.1%", "60件的50.0%"]  # type: ignore[attr-defined]
