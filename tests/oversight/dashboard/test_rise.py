"""Where more than usual came from: parts that add up, one event once, what all rose by, and the cases behind each."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorities.models import Region
from complaints import handling
from oversight.counters import making
from oversight.dashboard import rise
from oversight.dashboard.rise import Waterfall
from oversight.figures.dispersion import Dispersion
from oversight.models import HotSpot
from oversight.presenting import trend
from oversight.presenting.trend import Trend
from tests import found_in, given, missing_in
from tests.cast import World
from tests.oversight.dashboard.test_chance import by_weeks, came
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
TODAY = date(2026, 11, 30)
CHARGE, REPAIR = "telecom.fees.unexplained_charge", "telecom.broadband.repair"
WEEK = trend.last_week(TODAY)


def a_spot(pk: int, *, enterprise: int | None = None, region: Any = None, facet: str = "", **more: Any) -> HotSpot:
    """A hot spot of the week, as the nightly look leaves it."""
    values = {"kind": "week", "first": WEEK.first, "last": WEEK.last, "observed": 60, "expected": 10.0, "q": 0.001}
    values |= {"usual": [10] * 8, "chance": 1e-6, "restless": 1.25, "share": 1 / 9, "df": 30.0, "detectable": 2.0}
    values |= {"rate": 0.001, "method": 2, "found_at": timezone.now()}
    return HotSpot(pk=pk, enterprise_id=enterprise, region=region, facet=facet, **(values | more))


def of_week(n: int, before: int) -> Trend:
    """A week of ``n`` after eight weeks of ``before``, of days that are worth the same."""
    return Trend((), WEEK, n, (), before=before, share=1 / 9, known=Dispersion(1.3, 40))


def spread(cells: list[int], now: int, before: int) -> list[tuple[list[int], date, int]]:
    """So many cases of these cells on a day of the week, so many a week before it."""
    return [(cells, WEEK.first, now), *((cells, WEEK.first - 7 * n * DAY, before) for n in range(1, 9))]


def parts_of(result: Waterfall | None) -> list[tuple[int, int, int]]:
    assert result is not None
    assert result.usual + sum(part.excess for part in result.parts) + result.common + result.rest == result.n
    return [(part.spot, part.excess, part.n) for part in result.parts]


def test_one_event_that_stands_out_in_two_cells_is_one_part() -> None:
    """Sixty charges of one firm in a county, of which ten are usual, stand out of the firm and of the county."""
    rows = [a_spot(1, enterprise=7, facet=f"p:{CHARGE}"), a_spot(2, region=Region(pk=350102000, last=350102999))]
    rows[1].facet = f"p:{CHARGE}"
    counted = [*spread([0, 1], 60, 10), *spread([1], 8, 8)]
    result = rise.of(of_week(60 + 8 + 200, 8 * (10 + 8 + 200)), rows, counted, looked=2000)
    assert parts_of(result) == [(1, 50, 60)]
    assert result is not None
    assert (result.usual, result.common, result.rest) == (218, 0, 0)


def test_two_events_are_two_parts_and_what_all_rose_by_is_no_event() -> None:
    rows = [a_spot(1, enterprise=7, facet=f"p:{CHARGE}"), a_spot(2, enterprise=8, facet=f"p:{REPAIR}")]
    two = rise.of(
        of_week(60 + 45 + 200, 8 * (10 + 5 + 200)), rows, [*spread([0], 60, 10), *spread([1], 45, 5)], looked=2000
    )
    assert parts_of(two) == [(1, 50, 60), (2, 40, 45)]
    # All is half as much again, of the firm as well: nothing of its own.
    common = rise.of(of_week(1500, 8 * 1000), rows[:1], spread([0], 15, 10), looked=2000)
    assert parts_of(common) == []
    assert common is not None
    assert (common.common, common.rest) == (500, 0)


def test_without_hot_spots_all_of_it_is_named_as_what_it_is() -> None:
    """All rose: nothing is outside of it, so that is what everything rose by."""
    result = rise.of(of_week(400, 8 * 200), [], [], looked=0)
    assert parts_of(result) == []
    assert result is not None
    assert (result.usual, result.common, result.rest) == (200, 200, 0)


def test_whole_numbers_add_up_and_lie_beside_their_parts() -> None:
    dice = Random(26)
    for _try in range(500):
        parts = [dice.uniform(-500, 500) for _ in range(dice.randint(2, 6))]
        total = round(sum(parts))
        result = rise.whole_numbers(parts, total)
        assert sum(result) == total
        assert all(abs(n - part) <= 1.001 for n, part in zip(result, parts, strict=True)), parts


@pytest.mark.django_db(transaction=True)
def test_a_rise_is_explained_by_its_hot_spot_and_each_part_opens_its_cases(world: World) -> None:
    """Five cases a week, then thirty more of one kind in the last."""
    now, today = timezone.now(), timezone.localdate()
    usual = [
        given.a_request(world, now=now, received_at=now - n * DAY, problem_category=REPAIR)
        for n in range(1, 40 * 7)
        if n % 7 < 5
    ]
    more = [
        given.a_request(world, now=now, received_at=now - (1 + n % 7) * DAY, problem_category=CHARGE) for n in range(30)
    ]
    handling.file([*usual, *more], actor=world.consumer, now=now)
    making.rebuild(now=now)
    week = trend.last_week(today)
    spot = a_spot(
        None,  # type: ignore[arg-type]
        region=world.region,
        facet=f"p:{CHARGE}",
        place=world.region.pk,
        first=week.first,
        last=week.last,
    )
    spot.save()
    client = browser(world.su)
    page = client.get("/oversight/")
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(*) filter (where handling_region_id = %s and problem_category = %s)"
            " from complaints_complaint where (received_at at time zone 'Asia/Shanghai')::date between %s and %s",
            [world.region.pk, CHARGE, week.first, week.last],
        )
        whole, of_kind = cursor.fetchone()
    rows = page.context["rise_rows"]
    numbers = [int(row["text"].replace(",", "")) for row in rows]
    assert numbers[-1] == whole == sum(numbers[:-1])
    assert rows[1]["page"] == f"/authority/hot-spots/{spot.pk}/"
    assert rows[1]["cases"] == f"近7天共{of_kind}件"
    listed = client.get(rows[1]["url"])
    assert f"共{of_kind}件" in listed.content.decode() or len(listed.context["rows"]) == min(of_kind, 25)
    text = "".join(phrase.text for phrase in page.context["headline"])
    assert f"其中{rows[1]['text'].lstrip('+')}件来自" in text
    assert page.context["trend"]["marks"][-1].url == rows[1]["page"]
    assert client.get(rows[1]["page"]).status_code == 200
    assert "多出的" in page.context["rise_title"]


@pytest.mark.django_db
def test_a_common_swing_is_not_taken_apart(world: World) -> None:
    came(by_weeks([215, *[195, 182, 209] * 20]), "350100")
    page = page_of(world.su, "/oversight/")
    assert not missing_in(page, "没有超出平常波动的增加", "不分摊到哪件事上")
    assert not found_in(page, "从哪来")
