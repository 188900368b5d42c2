"""The published league: made of the issued quarters, ranked where intervals lie apart, restated, small numbers
withheld, kept by caches.
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enterprises.models import CustomerCount, Enterprise, LeagueLine, LeagueSet
from oversight.figures.figures import Figure
from oversight.presenting import leagues
from oversight.presenting.leagues import EnterpriseLine
from oversight.published import league_making
from oversight.published.league_making import outcome_counts, periods
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import a_shop, issued, stages
from tests.oversight.looking import browser, page_of
from web.small_numbers import wilson

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
LAST = date(2026, 9, 1)
BEFORE = date(2026, 6, 1)
URL = "/open/league/"


@pytest.fixture
def enterprises(world: World) -> list[Enterprise]:
    """Four: one clearly ahead, two that cannot be told apart, one with too few."""
    made = []
    for n, (settled, unconfirmed, failed) in enumerate([(190, 5, 5), (60, 20, 20), (65, 10, 25), (12, 0, 8)]):
        made.append(a_shop(world, f"测试{n}号商场"))
        ended = {"ended_settled": settled, "ended_unconfirmed": unconfirmed, "ended_failed": failed}
        stages(made[n], LAST, **ended, delivered=settled, again=6)
    issued(LAST, now=NOW)
    return made


def lines() -> list[LeagueLine]:
    """Of the newest set, of the whole country and all sectors."""
    newest = LeagueSet.objects.order_by("-last", "first", "-version")[0]
    return list(LeagueLine.objects.filter(of=newest, region=newest.country, sector="").order_by("position"))


def test_quarters_without_a_gap_are_added_up_to_the_periods(enterprises: list[Enterprise]) -> None:
    assert (periods([LAST, BEFORE]), periods([LAST])) == ([[LAST, BEFORE], [LAST], [BEFORE]], [[LAST]])
    assert periods([]) == []
    for month, n in ((BEFORE, 40), (date(2025, 12, 1), 70)):
        stages(enterprises[0], month, ended_settled=n, delivered=n)
        issued(month, now=NOW)
    league_making.publish(now=NOW)
    assert [(one.first, one.last) for one in LeagueSet.objects.order_by("-last", "first")] == [
        (date(2026, 4, 1), date(2026, 9, 30)),
        (date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 4, 1), date(2026, 6, 30)),
    ]
    result = {line.enterprise_id: line for line in lines()}
    assert (result[enterprises[0].pk].n, result[enterprises[0].pk].settled_least) == (240, 230)
    assert result[enterprises[1].pk].n == 100


def test_whose_intervals_overlap_share_their_places_and_the_page_says_so_with_the_method(
    enterprises: list[Enterprise],
) -> None:
    customers: Any = {"counted_on": date(2026, 6, 1), "number": 50_000, "source": "年报", "noted_at": NOW}
    CustomerCount.objects.create(enterprise=enterprises[0], **customers)
    issued(LAST, now=NOW)
    assert league_making.publish(now=NOW) > 0
    result = {line.enterprise_id: line for line in lines()}
    places = [(result[enterprise.pk].place_first, result[enterprise.pk].place_last) for enterprise in enterprises]
    assert places == [(1, 1), (2, 3), (2, 3), (None, None)]
    assert [line.n for line in lines()] == [200, 100, 100, 20]
    # Customers are counted where they were filed.
    assert [str(result[enterprise.pk].per_customers) for enterprise in enterprises] == ["380.0", *["None"] * 3]
    few = "不足30件或者不公开的太多，只列数字，不排名"
    assert not missing_in(page_of(None, URL), "测试0号商场", "2–3", "并列", "投诉不等于违法", few)
    assert "A complaint is not a finding" in page_of(None, URL, **{"accept-language": "en"})


def test_the_same_night_writes_once_and_a_changed_outcome_makes_a_version(enterprises: list[Enterprise]) -> None:
    assert [league_making.publish(now=NOW.replace(day=day)) for day in (26, 26, 27)] == [1, 0, 0]
    stages(enterprises[1], LAST, ended_settled=1, ended_failed=-1)
    assert league_making.publish(now=NOW.replace(day=28)) == 0, "what was not issued is not told"
    issued(LAST, now=NOW.replace(day=28))
    assert league_making.publish(now=NOW.replace(day=29)) == 1
    sets = LeagueSet.objects.order_by("-version")
    assert [(one.version, one.changed) for one in sets] == [(2, 1), (1, 0)]
    assert LeagueLine.objects.filter(of=sets[1]).count() == 0
    assert {line.settled_least for line in lines()} >= {61}


def quarter(settled: int | None, unconfirmed: int | None, other: int | None, ended: int | None) -> dict[str, Any]:
    return {"settled": settled, "unconfirmed": unconfirmed, "other": other, "ended": ended}


def test_what_is_withheld_in_a_quarter_is_a_range_in_the_sum() -> None:
    whole, unsettled = quarter(50, 10, 40, 100), quarter(None, None, 40, 46)
    for rows, n, settled, unconfirmed, is_ranked in (
        ([whole], 100, (50, 50), (10, 10), True),
        ([quarter(50, None, None, 60)], 60, (50, 50), (0, 10), True),
        # What both quarters leave open is added up: six and ten.
        ([unsettled, quarter(90, None, None, 100)], 146, (90, 96), (0, 16), True),
        ([quarter(None, None, 10, 46)], 46, (0, 36), (0, 36), False),
        ([whole, quarter(6, None, None, None)], None, (56, 56), (None, None), False),
        ([quarter(None, None, None, None)], None, (None, None), (None, None), False),
    ):
        shown = outcome_counts(rows)
        assert (shown.n, shown.settled, shown.unconfirmed) == (n, settled, unconfirmed)
        assert (shown.interval is not None) == is_ranked


def test_before_the_first_night_the_page_says_so_and_absurd_wishes_are_answered(enterprises: list[Enterprise]) -> None:
    assert "还没有公布过名次" in page_of(None, URL)
    cache.clear()
    league_making.publish(now=NOW)
    for query in [
        *("?region=999999999", "?sector=nope%0A", "?period=1999-01_1999-02", "?after=-1", "?after=99999999"),
        *("?region=x&region=y&after=9999999999999999", "?" + "&".join(f"a{n}=1" for n in range(900))),
    ]:
        assert Client().get(URL + query).status_code == 200, query


def test_everybody_gets_one_page_with_an_etag_at_few_statements_and_signed_in_their_own(
    enterprises: list[Enterprise], world: World
) -> None:
    league_making.publish(now=NOW)
    with CaptureQueriesContext(connection) as asked:
        first = Client().get(URL)
    statements = [one["sql"] for one in asked.captured_queries if "enterprises_" in one["sql"]]
    assert len(statements) == 3, "the sets, a page of lines, who replied"
    with CaptureQueriesContext(connection) as asked:
        second = Client().get(URL)
    assert (first.content, len(asked), len(first.cookies)) == (second.content, 0, 0), "the second time from memory"
    assert not missing_in(first["Cache-Control"], "public", "max-age=300")
    assert {"Cookie", "Accept-Language"} <= {word.strip() for word in first["Vary"].split(",")}
    unchanged = Client().get(URL, headers={"if-none-match": first["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert Client(headers={"accept-language": "en"}).get(URL)["ETag"] != first["ETag"]
    answer = browser(world.chen).get(URL)
    assert ("no-store" in answer["Cache-Control"], "ETag" in answer) == (True, False)
    assert b'action="/display/"' in answer.content


def test_the_rate_of_kept_promises_stands_there_with_how_many_came_due_and_under_thirty_as_two_numbers(
    enterprises: list[Enterprise],
) -> None:
    for enterprise, due, kept in zip(enterprises, (40, 29, 30, 6), (34, 29, 0, 6), strict=True):
        stages(enterprise, BEFORE, ended_settled=40, ended_failed=20, delivered=70, promise_due=due, promise_kept=kept)
    issued(BEFORE, now=NOW)
    league_making.publish(now=NOW)
    cache.clear()
    page = page_of(None, URL)
    rows = {name: row for row in page.split("<tr")[1:] for name in (one.name for one in enterprises) if name in row}
    for enterprise, shown in zip(enterprises, ("85%（共40项）", "29/29项", "0%（共30项）", "6/6项"), strict=True):
        assert shown in rows[enterprise.name], enterprise.name
    assert "100%（共29项）" not in page


def test_places_are_shared_where_wilsons_intervals_overlap() -> None:
    def line(pk: int, part: int, whole: int) -> EnterpriseLine:
        success = Figure(code="settled", n=whole, numerator=part, denominator=whole, upper=part)
        return EnterpriseLine(enterprise_id=pk, success=success)

    results = [line(1, 95, 100), line(2, 93, 100), line(3, 20, 100), line(4, 29, 29)]
    leagues.rank(results)
    assert [one.place for one in results] == [(1, 2), (1, 2), (3, 3), None]
    assert [one.enterprise_id for one in leagues.in_order(results, "settled")] == [1, 2, 3, 4]
    assert [one.enterprise_id for one in leagues.in_order(results, "settled", turned=True)] == [3, 2, 1, 4]
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(30, 30)
    assert (low, high) == (pytest.approx(0.8864870, abs=1e-6), pytest.approx(1.0))
