"""The page of a problem: places by complaints of it per 100,000 people, and the enterprises of its sector."""

import re
from datetime import date
from typing import Any

import pytest

from oversight.open_data import reading
from oversight.open_pages import problem_ranks
from oversight.presenting import tile_map
from oversight.published import indicator_making, league_making
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import CHARGE, TODAY, a_shop, counted, issued, stages
from tests.oversight.open_pages.test_places import GULOU, NOW, OCTOBER, number_of, read

PAGE = f"/open/problems/{CHARGE}/"
ROW = re.compile(r'名次 </span>([^<]*?)\s*</td>.*?<a href="[^"]*">([^<]*)</a>.*?<b>([^<]*)</b>', re.DOTALL)


def received(per_month: dict[str, int], months: int = 14, **newest: int) -> None:
    """So many of the problem a month in each place; of ``newest`` in October alone."""
    for back in range(months):
        month = reading.back(OCTOBER, back)
        for code, n in [*per_month.items(), *((name[1:], n) for name, n in newest.items() if not back)]:
            counted(code, month, received=n)
            counted(code, month, f"p:{CHARGE}", received=n)
        issued(month, now=NOW)
    indicator_making.publish(now=NOW)


def test_places_are_ordered_by_people_and_shared_where_it_could_be_otherwise(world: World) -> None:
    """厦门 has fewer complaints than 福州 and fewer people still; 莆田 cannot be told from 厦门."""
    received({"350100": 120, "350200": 100, "350300": 62}, _350400=20)
    page = read(f"{PAGE}?region={number_of('350000')}")
    assert not missing_in(page, "按人口算，哪里多", "每10万常住人口（2020年）", "三明市", "不足30件")
    rates = {name: rate for _place, name, rate in ROW.findall(page)}
    for code, name, n in (("350100", "福州市", 120), ("350200", "厦门市", 100), ("350300", "莆田市", 62)):
        people = tile_map.people_of(code, TODAY)
        assert people is not None
        assert rates[name] == tile_map.rate_text(12 * n * 100_000 / people.n), name
    assert [(place, name) for place, name, _rate in ROW.findall(page)] == [
        ("1–2", "厦门市"),
        ("1–2", "莆田市"),
        ("3", "福州市"),
    ]
    english = read(f"{PAGE}?region={number_of('350000')}", **{"accept-language": "en"})
    assert "per 100,000 residents (2020)" in english


def test_few_complaints_and_places_without_people_have_no_place(world: World) -> None:
    received({"350102": 30, "350111": 40}, _350103=20)
    page = read(f"{PAGE}?region={number_of('350100')}")
    assert not missing_in(page, "够比的不到两处，不排名次", "没有人口数", "不足30件")
    assert not found_in(page, "按人口算，哪里多", "常住人口（")


def test_a_place_with_a_month_that_is_not_published_has_none(world: World) -> None:
    received({"350100": 50, "350200": 2}, months=2)
    page = read(f"{PAGE}?region={number_of('350000')}")
    assert not missing_in(page, "有没公布的月份", "够比的不到两处")
    assert not re.search(r"(?<![0-9])2(件|<| <)", page)


def shops(world: World) -> list[Any]:
    """Three of telecommunications: one clearly ahead, two alike."""
    made = [a_shop(world, f"电信{n}号") for n in range(3)]
    for shop, settled in zip(made, (95, 60, 58), strict=True):
        stages(shop, date(2026, 9, 1), ended_settled=settled, ended_failed=100 - settled, delivered=100)
    return made


def test_the_enterprises_of_its_sector_stand_in_shared_places_over_all_their_problems(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shops(world)
    monkeypatch.setattr(
        "oversight.open_data.quarters.sectors", lambda *_days: {one.pk: "service.telecom" for one in made}
    )
    received({GULOU: 40}, months=2)
    league_making.publish(now=NOW)
    page = read(PAGE)
    league = page.partition('id="h-league"')[2].partition("</section>")[0]
    assert not missing_in(league, "电信服务", "全部问题合在一起", "不公布", "sector=service.telecom")
    assert re.findall(r"名次 </span>([^<]*)<", league) == ["1", "2–3", "2–3"]
    # A general problem has the enterprises of all sectors, a county none of its own.
    assert not missing_in(read("/open/problems/quality/"), "各行业的企业", "电信0号")
    assert "没有一家有30件可以排名次的" in read(f"{PAGE}?region={number_of(GULOU)}")


def test_a_problem_belongs_to_the_sector_that_knows_it() -> None:
    assert problem_ranks.sector_of(CHARGE) == "service.telecom"
    assert problem_ranks.sector_of("quality") == ""
