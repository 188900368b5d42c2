"""The map of places: its tables, its numbers, and what it says where nothing can be said."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone

from authorities.models import Region
from authorities.tables import TableError
from complaints import handling
from oversight.figures.definitions import Period
from oversight.presenting import tile_map
from oversight.presenting.cards import Lists
from tests import ROOT, found_in, given, missing_in
from tests.cast import World
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
URL = "/oversight/?period=30"
DATA = ROOT / "authorities" / "data"


def rows(name: str) -> list[dict[str, str]]:
    lines = [line for line in (DATA / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


PEOPLE = {row["code"]: int(row["people"]) for row in rows("people.csv") if row["year"] == "2020"}


def test_each_place_of_the_tables_exists_has_a_tile_of_its_own_and_the_people_add_up() -> None:
    parents = {row["code"]: row["parent_code"] for row in rows("regions_cn.csv")}
    taken: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in rows("tiles.csv"):
        taken[parents[row["code"]]][row["column"], row["row"]] += 1
    assert {parent: sum(spots.values()) for parent, spots in taken.items()} == {"CN": 34, "350000": 9, "350100": 13}
    assert all(n == 1 for spots in taken.values() for n in spots.values())
    assert not PEOPLE.keys() - parents.keys()
    assert all(row["source"] for row in rows("people.csv"))
    # The census counted two million people of the armed forces beside those of the 31 provinces.
    mainland = [n for code, n in PEOPLE.items() if code.endswith("0000") and int(code) < 700000]
    assert (len(mainland), sum(mainland)) == (31, 1_411_778_724 - 2_000_000)
    assert sum(n for code, n in PEOPLE.items() if parents[code] == "350000") == PEOPLE["350000"]
    assert sum(n for code, n in PEOPLE.items() if parents[code] == "350100") < PEOPLE["350100"]


pytestmark = pytest.mark.django_db


def some_cases(world: World, days: list[int]) -> None:
    """One in Gulou on each of these days ago."""
    now = timezone.now()
    handling.file(
        [given.a_request(world, now=now, received_at=now - n * DAY) for n in days], actor=world.consumer, now=now
    )


def counted_by_sql(days: int) -> dict[str, int]:
    """What came in within so many days up to yesterday, by the county that handles it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.code, count(*) from complaints_complaint c join authorities_region r on r.id = c.handling_county"
            " where (c.received_at at time zone 'Asia/Shanghai')::date between %s and %s group by 1",
            [timezone.localdate() - days * DAY, timezone.localdate() - DAY],
        )
        return dict(cursor.fetchall())


def test_each_tile_says_what_came_in_and_opens_exactly_these_cases(world: World) -> None:
    some_cases(world, [*range(1, 31), *range(1, 11), 31, 0])
    client = browser(world.su)
    answer = client.get(URL)
    seen, counted = answer.context["map"], counted_by_sql(30)
    assert (len(seen.tiles), seen.is_wide, counted) == (13, False, {"350102": 40})
    codes = dict(Region.objects.filter(parent__code="350100").values_list("name", "code"))
    for tile in seen.tiles:
        code = codes[tile.name]
        assert tile.count == counted.get(code, 0), tile.name
        listed = client.get(tile.url)
        assert len(listed.context["rows"]) == min(tile.count, 25) or len(listed.context["rows"]) == tile.count
        if tile.count >= 30:
            assert tile.rate == f"{100_000 * tile.count / PEOPLE[code]:.1f}"
            assert tile.look in "1234"
        else:
            assert (tile.rate, tile.look, tile.is_marked) == ("", "few", False)
    page = answer.content.decode()
    assert not missing_in(page, "鼓楼区：40件，每10万人6.0件", "马尾区：0件，件数太少，不比", "北 ↑")
    # There is nothing to compare the forty with.
    assert not missing_in(page, "人口是2020年的。", "各地件数太少，按人口比不出高低")
    assert not found_in(page, "，高于其他地区，超出偶然")
    # Its position is that of the table: west of Mawei, south of Jin'an.
    at = {tile.short: (tile.x, tile.y) for tile in seen.tiles}
    assert at["鼓楼"][0] < at["马尾"][0]
    assert at["鼓楼"][1] == at["马尾"][1]
    assert at["晋安"][1] < at["鼓楼"][1]


def test_where_few_came_in_it_says_so_and_leads_to_a_longer_time(world: World) -> None:
    some_cases(world, list(range(1, 31)))
    page = page_of(world.su, "/oversight/")
    assert not missing_in(page, "各地件数太少，按人口比不出高低", "看更长的时间", "鼓楼区：7件，件数太少，不比")
    assert not found_in(page, "每10万人7")
    # A county has no smaller places that are looked at: no map and no list.
    assert browser(world.su).get(f"{URL}&region=350102").context["map"] is None


def test_without_places_of_its_own_there_is_a_list_and_without_people_counts_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_cases(world, [*range(1, 31), *range(1, 11)])
    monkeypatch.setattr(tile_map, "people", dict)
    page = page_of(world.su, URL)
    assert not missing_in(page, "各地收到的件数；没有人口数，不比高低", "鼓楼区：40件，没有人口数，不比", "无人口数")
    assert not found_in(page, "每10万人6.0")
    monkeypatch.setattr(tile_map, "spots", dict)
    answer = browser(world.su).get(URL)
    assert answer.context["map"].width == 0
    page = answer.content.decode()
    assert not missing_in(page, '<details class="map-table" open>', ">40</a>")
    assert not found_in(page, '<svg\n  class="map', "北 ↑")


#: Counties of Fuzhou of which no bulletin that was found says how many people live there.
BARE = {"350111": "晋安区", "350123": "罗源县", "350125": "永泰县"}


def test_exactly_three_counties_have_no_people_and_stand_there_with_their_cases_alone(
    directory: None, db: None
) -> None:
    counties = Region.objects.filter(parent__code="350100", level="county")
    month = Period(first=timezone.localdate() - 30 * DAY, last=timezone.localdate() - DAY)
    assert {row.code: row.name for row in counties if tile_map.people_of(row.code, month.last) is None} == BARE
    lists = Lists(month, "", None, "350100", "")
    shown = tile_map.drawn([(row, 40, "") for row in counties], {}, lists, month, "350100")
    assert shown is not None
    assert {tile.name: tile.rate for tile in shown.tiles if tile.look == "bare"} == dict.fromkeys(BARE.values(), "")
    said = render_to_string("oversight/_map.html", {"map": shown})
    assert not missing_in(
        said, "没有人口数的，只列件数", *(f"{name}：40件，没有人口数，不比" for name in BARE.values())
    )


def test_people_of_a_later_year_are_not_used_for_earlier_days() -> None:
    assert tile_map.people_of("350100", date(2019, 12, 31)) is None
    here = tile_map.people_of("350100", date(2026, 1, 1))
    assert here is not None
    assert (here.n, here.year) == (8_291_268, 2020)


def test_an_outline_that_is_given_is_drawn_instead_of_tiles(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    codes = Region.objects.filter(parent__code="350100", level="county").values_list("code", flat=True)
    places = {code: {"path": f"M{n} 0H{n + 9}V9Z", "x": n + 4, "y": 5} for n, code in enumerate(codes)}
    file = tmp_path / "outlines" / "350100.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"width": 100, "height": 50, "licence": "CC BY 4.0", "places": places}))
    monkeypatch.setattr(tile_map, "DATA", tmp_path)
    tile_map.spots()
    tile_map.people()
    tile_map.outline.cache_clear()
    try:
        page = page_of(world.su, URL)
        assert not missing_in(page, 'viewBox="0 0 100 50"', 'd="M3 0H12V9Z"')
        for wrong in ({"path": "M0 0<script>"}, {"path": ""}, {"x": "left"}, {"path": None}):
            places[codes[0]] |= wrong
            file.write_text(json.dumps({"width": 9, "height": 9, "licence": "x", "places": places}))
            tile_map.outline.cache_clear()
            with pytest.raises(TableError, match=r"350100\.json"):
                tile_map.outline("350100")
    finally:
        tile_map.outline.cache_clear()
