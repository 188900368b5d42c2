"""Months that are issued rounded: what the files say, when they are restated, what stays of the months before."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from authorities.models import Region
from enterprises.models import LeagueLine
from oversight.models import DataSet, MonthFacet, Tally
from oversight.open_data import issuing, reading
from oversight.published import indicator_making, league_making
from oversight.reports import keeping
from tests.cast import World
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.looking import page_of

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
NOW = datetime(2026, 10, 3, 3, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 3, 3, 0, tzinfo=UTC)
COUNTIES = ("350102", "350103", "350104", "350105", "350111")
PROBLEMS = ("quality", "price", "telecom.fees.unexplained_charge", "telecom.broadband.repair")
THINGS = ("goods.food", "goods.phones", "service.telecom", "service.repair")


@pytest.fixture
def rounded_from_september(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "ROUNDED_FROM", SEPTEMBER)


def fill(month: date, seed: int, shops: list[Any]) -> None:
    """Counties of all sizes, many of their numbers from 1 to 4."""
    dice = Random(seed)
    for code in COUNTIES:
        for _ in range(dice.choice((2, 7, 30, 90))):
            counted(code, month, received=1)
            counted(code, month, f"p:{dice.choice(PROBLEMS)}", received=1)
            counted(code, month, f"o:{dice.choice(THINGS)}", received=1)
            counted(code, month, f"c:{dice.choice(('web', 'phone'))}", received=1)
            if dice.random() < 0.7:
                outcome = dice.choice(("closed_settled", "closed_mediated", "closed_withdrawn"))
                counted(code, month, closed=1, **{outcome: 1})
            shop, kind = dice.choice(shops), dice.choice(("ended_settled", "ended_settled", "ended_failed"))
            many = {"delivered": 1, kind: 1, "in_time": 1, "routed": 1, "rated": 1, "marks": dice.choice((3, 4, 5))}
            stages(shop, month, at=code, **many, misrouted=int(dice.random() < 0.1))


def lines(data_set: DataSet, name: str) -> list[dict[str, str]]:
    return list(reading.lines(data_set.files.get(name=f"{name}.csv")))


def counts_of(line: Mapping[str, str], table: str) -> dict[str, int]:
    apart = {"marks", "multiple_of"}
    names = [one.name for one in reading.TABLES[table].columns if one.kind == "integer" and one.name not in apart]
    return {name: int(line[name]) for name in names}


PARTS = {
    "ended": ("settled", "unconfirmed", "other"),
    "other": ("settled_elsewhere", "failed"),
    "due": ("in_time", "late"),
    "reviewed": ("review_met", "review_late"),
    "promised": ("promises_kept", "promises_not_kept"),
    "mended": ("mended_24h", "mended_72h", "mended_later"),
}


def test_every_count_is_told_as_a_multiple_of_five_and_all_of_them_add_up(
    world: World, rounded_from_september: None
) -> None:
    shops = [a_shop(world, f"测试{n}号商场") for n in range(4)]
    fill(SEPTEMBER, 1, shops)
    [made] = issued(SEPTEMBER, now=NOW)
    assert (made.multiple_of, issuing.wrong_in(made)) == (5, [])
    told = 0
    for table in reading.TABLES:
        for line in lines(made, table):
            numbers = counts_of(line, table)
            assert line["multiple_of"] == "5"
            assert all(n % 5 == 0 for n in numbers.values()), line
            for total, parts in PARTS.items():
                assert numbers.get(total, 0) == sum(numbers.get(part, 0) for part in parts), (line, total)
            closed = sum(n for name, n in numbers.items() if name.startswith("closed_"))
            assert numbers.get("closed", 0) == closed
            told += sum(n > 0 for n in numbers.values())
    assert told > 100
    # Regions add up, enterprises add up to the country, and the divisions of what was received to its total.
    by = {line["region_code"]: line for line in lines(made, "regions")}
    of_city = sum(int(line["received"]) for line in by.values() if line["parent_code"] == "350100")
    assert of_city == int(by["350100"]["received"]) == int(by["CN"]["received"]) > 0
    for way in ("problem", "object", "channel"):
        rows = [line for line in lines(made, "categories") if line["region_code"] == "350102" and line["by"] == way]
        whole = sum(int(line["received"]) for line in rows if line["code"] not in ("goods", "service"))
        assert whole == int(by["350102"]["received"] if "350102" in by else 0), way
    ended = sum(int(line["ended"]) for line in lines(made, "enterprise_quarters"))
    assert ended == int(next(one for one in lines(made, "region_quarters") if one["region_code"] == "CN")["ended"])
    # Close to what was counted: read from the rows themselves.
    truth = dict(MonthFacet.objects.filter(month=SEPTEMBER, facet="").values_list("region", "received"))
    codes = dict(Region.objects.filter(pk__in=truth).values_list("code", "pk"))
    for code, pk in codes.items():
        assert abs(int(by[code]["received"] if code in by else 0) - truth[pk]) <= 4, code
    # What was counted is nowhere served.
    assert Client().get(f"/open/data/{made}/counted.json").status_code == 404
    assert '"cells"' not in page_of(None, f"/open/data/{made}/")


def test_a_rounded_month_is_restated_once_after_three_months_and_a_month_of_before_never(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops = [a_shop(world)]
    for month in (SEPTEMBER, OCTOBER):
        fill(month, 2, shops)
    monkeypatch.setattr(issuing, "ROUNDED_FROM", OCTOBER)
    [before] = issued(SEPTEMBER, now=NOW.replace(month=9, day=30))
    [first] = issued(OCTOBER, now=NOW.replace(month=11))
    assert (before.multiple_of, first.multiple_of) == (1, 5)
    for month in (SEPTEMBER, OCTOBER):
        counted("350102", month, "p:quality", received=8)
        counted("350102", month, "o:goods.food", received=8)
        counted("350102", month, received=8)
    assert issued(SEPTEMBER, OCTOBER, now=NOW.replace(month=12)) == [], "not before three months, and September never"
    [second] = issued(SEPTEMBER, OCTOBER, now=LATER.replace(month=2))
    assert (second.month, second.version, second.multiple_of) == (OCTOBER, 2, 5)
    was, now = (
        {line["region_code"]: int(line["received"]) for line in lines(one, "regions")} for one in (first, second)
    )
    assert now["350102"] > was["350102"]
    # The others stay where they were, but for what must move with the sum.
    assert sum(now.get(code, 0) != was.get(code, 0) for code in COUNTIES[1:]) <= 1
    counted("350102", OCTOBER, "p:quality", received=40)
    counted("350102", OCTOBER, received=40)
    assert issued(SEPTEMBER, OCTOBER, now=LATER.replace(month=6)) == []
    call_command("check_open_data")


def payments(code: str, *cents: int) -> None:
    pk = Region.objects.get(code=code).pk
    counted(code, SEPTEMBER, recovered_n=len(cents), recovered=sum(cents), received=len(cents))
    start = Tally.objects.count() + 20_000_000
    Tally.objects.bulk_create(
        Tally(complaint_id=start + n, kind="money", ref=1, day=SEPTEMBER, region=pk, recovered_n=1, recovered=one)
        for n, one in enumerate(cents)
    )


def test_a_month_that_is_told_by_withholding_tells_no_payment_either(world: World) -> None:
    """A month of before, issued for the first time; what it withholds of money its next version withholds too."""
    many = [50_000 + 100 * n for n in range(40)]
    payments("350102", *many)
    payments("350104", *many[:20], 9_000_000)  # one payment is nearly all
    payments("350105", *many[:9])  # too few
    [made] = issued(SEPTEMBER, now=NOW)
    assert made.multiple_of == 1
    told = {line["region_code"]: line["recovered"] for line in lines(made, "regions")}
    assert (told["350104"], told["350105"], float(told["350102"])) == ("*", "*", sum(many) / 100)
    payments("350105", *many)
    again = issuing.issue(SEPTEMBER, now=NOW.replace(day=27))
    assert again is not None
    later = {line["region_code"]: line["recovered"] for line in lines(again, "regions")}
    assert [code for code, yuan in told.items() if yuan == "*" and later[code] != "*"] == []


def test_a_sum_of_money_that_would_tell_a_payment_is_not_told_nor_what_would_lead_to_it(
    world: World, rounded_from_september: None
) -> None:
    many = [50_000 + 100 * n for n in range(40)]
    payments("350102", *many)
    payments("350103", *many, *many)
    payments("350104", *many[:20], 90_000_000)  # one payment is nearly all
    payments("350105", *many[:5])  # too few
    [made] = issued(SEPTEMBER, now=NOW)
    told = {line["region_code"]: line["recovered"] for line in lines(made, "regions")}
    assert (told["350104"], told["350105"]) == ("*", "*")
    # The city less those that are told would be the one payment of 900,000: so it is not told either.
    shown = {code for code, yuan in told.items() if yuan != "*"}
    assert all(int(float(told[code])) % 1000 == 0 for code in shown)
    assert "350100" not in shown or not {"350102", "350103"} <= shown


PROBLEM_COUNTS = (("quality", 103), ("price", 101), ("telecom.broadband.repair", 96))


def test_what_is_made_of_rounded_sets_says_so_and_does_not_rank_what_rounding_can_turn(
    world: World, rounded_from_september: None
) -> None:
    shops = [a_shop(world, f"测试{n}号商场") for n in range(3)]
    for n, shop in enumerate(shops):
        ended: Any = {"ended_settled": 61 + n, "ended_failed": 20, "delivered": 81 + n, "in_time": 81 + n}
        stages(shop, SEPTEMBER, at="350102", **ended)
    counted("350102", SEPTEMBER, received=300)
    for problem, n in PROBLEM_COUNTS:
        counted("350102", SEPTEMBER, f"p:{problem}", received=n)
    issued(SEPTEMBER, now=NOW)
    assert indicator_making.publish(now=NOW) > 0
    assert league_making.publish(now=NOW) > 0
    cache.clear()
    page = page_of(None, "/open/")
    assert "件数均为5的倍数，与实际一般相差不超过4，各项相加等于合计" in page
    assert "均为5的倍数" in page_of(None, "/open/league/")
    assert {line.n for line in LeagueLine.objects.filter(sector="")} <= {80, 85}
    report = keeping.draft(authority=world.gulou, month=SEPTEMBER, by=world.rui, now=NOW)
    places = {line["code"]: line["place"] for line in report.figures["problems"]}
    for code, (first, last) in places.items():
        # By rounding alone the second could be the first.
        more = sum(n > dict(PROBLEM_COUNTS)[code] for _code, n in PROBLEM_COUNTS)
        assert first <= more + 1 <= last
    assert places["quality"] != [1, 1] or places["price"][0] > 1
    assert not re.search(r"\d\.\d%", "".join(report.texts.values())), "whole percents"
    text = Client().get("/open/data/all/regions.csv").getvalue().decode("utf-8-sig")
    assert {row["multiple_of"] for row in csv.DictReader(io.StringIO(text))} == {"5"}
