"""Months with too few cases to be told by county: told by city, else by province, on every page and in every file."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from authorities.models import Authority, Region
from complaints.procedure.refusals import WrongInput
from oversight.models import DataSet, MonthFacet
from oversight.open_data import issuing
from oversight.published import indicator_making
from oversight.published.indicator_making import OpenIndicators
from oversight.reports import keeping
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.open_data.test_open_data import SCRIPT, load, written
from tests.oversight.open_data.test_rounded_sets import (
    LATER,
    NOW,
    OCTOBER,
    PROBLEMS,
    SEPTEMBER,
    THINGS,
    lines,
    rounded_from_september,
)
from tests.oversight.open_pages.test_places import read

__all__ = ["rounded_from_september"]
pytestmark = pytest.mark.usefixtures("rounded_from_september")
COUNTIES = ("350102", "350103", "350104", "350203", "350205", "350206", "350302", "350303", "350304")
OUTCOMES = ("closed_settled", "closed_mediated", "closed_withdrawn")
SAID = "件数太少，不按县公布。"


def fill(month: date, seed: int, often: tuple[int, ...], *, codes: tuple[str, ...] = COUNTIES) -> None:
    """So many cases in each county, closed in one of three ways."""
    dice = Random(seed)
    for code in codes:
        many = dice.choice(often)
        ways = Counter(dice.choice(OUTCOMES) for _ in range(many))
        counted(code, month, received=many, closed=many, **ways)
        for letter, names in (("p", PROBLEMS), ("o", THINGS), ("c", ("web",))):
            for name, n in Counter(dice.choice(names) for _ in range(many)).items():
                counted(code, month, f"{letter}:{name}", received=n)


def by_city() -> DataSet:
    """A September that is refused by county, and told by city."""
    fill(SEPTEMBER, 1, (0, 1, 1, 2))
    [made] = issued(SEPTEMBER, now=NOW)
    return made


def levels_in(data_set: DataSet, table: str) -> set[str]:
    codes = {line["region_code"] for line in lines(data_set, table)}
    return set(Region.objects.filter(code__in=codes).values_list("level", flat=True))


def test_what_would_tell_too_much_by_county_is_told_by_city_and_says_so(world: World) -> None:
    stages(a_shop(world), SEPTEMBER, at="350102", ended_settled=40, delivered=40, in_time=40, routed=40)
    made = by_city()
    assert (made.finest, issuing.wrong_in(made)) == ("city", [])
    for table in ("regions", "categories", "region_quarters"):
        assert "county" not in levels_in(made, table) >= {"country"}, table
        assert {line["finest"] for line in lines(made, table)} == {"city"}
    assert lines(made, "enterprise_quarters"), "enterprises stand in a table of their own"
    told = {line["region_code"]: int(line["closed"]) for line in lines(made, "regions")}
    truth = {
        code: MonthFacet.objects.get(month=SEPTEMBER, facet="", region=Region.objects.get(code=code).pk).closed or 0
        for code in ("350100", "350200", "350300", "CN")
    }
    assert all(abs(told.get(code, 0) - n) <= 6 for code, n in truth.items()), (told, truth)
    assert sum(told.get(code, 0) for code in ("350100", "350200", "350300")) == told["CN"]
    package = json.loads(bytes(made.files.get(name="datapackage.json").content))
    assert "Too few cases: not told by county." in package["description"]
    for page in (f"/open/data/{made}/", "/open/data/"):
        assert SAID in read(page), page
        assert "Too few cases: not told by county." in read(page, **{"accept-language": "en"})
    assert json.loads(read("/api/open/v1/versions/"))["results"][0]["finest"] == "city"


def test_the_restated_version_has_the_same_places_however_much_came_since(world: World) -> None:
    assert by_city().finest == "city"
    fill(SEPTEMBER, 2, (60,))
    [second] = issued(SEPTEMBER, now=LATER)
    assert (second.version, second.finest) == (2, "city")
    assert levels_in(second, "regions") == {"country", "province", "city"}
    assert int(next(line["received"] for line in lines(second, "regions") if line["region_code"] == "350100")) > 150


def test_fewer_still_are_told_by_province_and_a_month_like_others_by_county(world: World) -> None:
    fill(SEPTEMBER, 7, (0, 1, 1, 2))
    fill(OCTOBER, 3, (60,))
    few, many = issued(SEPTEMBER, OCTOBER, now=LATER)
    assert (few.finest, many.finest) == ("province", "county")
    assert levels_in(few, "regions") == {"country", "province"}
    assert levels_in(many, "regions") == {"country", "province", "city", "county"}
    assert "件数太少，不按县、市公布。" in read(f"/open/data/{few}/")
    assert not found_in(read(f"/open/data/{many}/"), "件数太少")


def test_a_place_without_a_row_is_not_said_to_have_had_nothing(world: World, tmp_path: Path) -> None:
    fill(OCTOBER, 3, (60,), codes=COUNTIES[:-1])
    by_city()
    issued(OCTOBER, now=LATER)
    indicator_making.publish(now=LATER)
    rows = {row.region: row.data for row in OpenIndicators.objects.all()}
    number = lambda code: Region.objects.get(code=code).pk  # noqa: E731
    county, city = rows[number("350102")], rows[number("350100")]
    assert (county["history"][0], county["untold"]) == (None, ["2026-09"])
    assert county["history"][1] in (55, 60, 65)
    assert county["received"] == [county["history"][1]], "at least what is known"
    assert {tuple(n) for n in county["problems"].values()} == {(None, n[1]) for n in county["problems"].values()}
    assert (city["history"][0] is not None, city["untold"]) == (True, [])
    # The script makes the same of the files.
    folders = {f"{one.month:%Y-%m}": written(one, tmp_path / f"{one.month:%Y-%m}") for one in DataSet.objects.all()}
    again = load(SCRIPT).indicators(folders)
    for code in ("350102", "350100", "350000"):
        told, data = again[code], rows[number(code)]
        assert (told["received"], list(told["months"].items())) == (data["received"], [*map(tuple, data["months"])])
        assert told["problems"] == data["problems"]
        assert dict(told["categories"]) == dict(data["categories"])
    # Pages of the county, of its city, of a problem in it, and of a county of which nothing was ever told.
    for page in ("/open/", f"/open/problems/{PROBLEMS[2]}/"):
        for code in ("350102", "350100"):
            assert f"2026-09 {SAID}" in read(f"{page}?region={number(code)}"), (page, code)
        bare = read(f"{page}?region={number(COUNTIES[-1])}")
        assert not missing_in(bare, "没有公布过数字", f"2026-09 {SAID}")
        assert "没有收到投诉" not in bare
    assert f"2026-09 {SAID}" not in read("/open/"), "provinces have their rows"
    assert f"2026-09 {SAID}" in read(f"/embed/received/?region={number('350102')}")


def test_a_county_drafts_no_report_of_such_a_month_and_compares_none_with_it(world: World) -> None:
    fill(OCTOBER, 3, (60,))
    by_city()
    issued(OCTOBER, now=LATER)
    with pytest.raises(WrongInput, match=SAID):
        keeping.draft(authority=world.gulou, month=SEPTEMBER, by=world.rui, now=LATER)
    october = keeping.draft(authority=world.gulou, month=OCTOBER, by=world.rui, now=LATER).figures
    assert "summary_before" not in october
    assert "before" not in october["problems"][0]
    assert (october["summary"]["settled"], october["quarter"][0]) == (None, "2026-Q3")
    city = Authority.objects.get(region__code="350100", level="city")
    of_city = keeping.draft(authority=city, month=SEPTEMBER, by=world.rui, now=LATER)
    assert of_city.figures["units"] == []
    assert SAID in keeping.notes_of(of_city)
    later = keeping.draft(authority=city, month=OCTOBER, by=world.rui, now=LATER).figures
    assert later["summary_before"]["received"] is not None
    assert [line for line in later["units"] if "before" in line] == []
