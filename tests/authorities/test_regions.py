"""A subtree is an interval, whatever the country."""

from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from authorities.loading import DATA, Place, RegionsDoNotFit, china_interval, country_interval, intervals, load_regions
from authorities.management.commands.write_regions import english_name
from authorities.models import Region
from authorities.tables import rows_of

FRANCE = [
    Place("FR-IDF", "法兰西岛", "Île-de-France", "province", ""),
    Place("FR-75", "巴黎", "Paris", "city", "FR-IDF"),
    Place("FR-92", "上塞纳", "Hauts-de-Seine", "city", "FR-IDF"),
    Place("FR-BRE", "布列塔尼", "Brittany", "province", ""),
]


def _given(places: list[Place], existing: dict[str, tuple[int, int]] | None = None) -> dict[str, tuple[int, int]]:
    return intervals(places, country="FR", whole=country_interval("FR", 250), existing=existing or {})


def test_chinese_codes_are_their_own_intervals() -> None:
    for code, first, last in (
        ("350000", 350_000_000, 359_999_999),
        ("350100", 350_100_000, 350_199_999),
        ("350102", 350_102_000, 350_102_999),
        ("350102001", 350_102_001, 350_102_001),
    ):
        assert china_interval(code) == (first, last)


def test_another_country_has_its_own_million_and_an_interval_never_moves_when_places_are_added() -> None:
    given = _given(FRANCE)
    assert all(1_250_000_000 < first <= last < 1_251_000_000 for first, last in given.values())
    outer, paris, other = given["FR-IDF"], given["FR-75"], given["FR-92"]
    assert outer[0] < paris[0] <= paris[1] <= outer[1]
    assert paris[1] < other[0] or other[1] < paris[0]
    more = [Place("FR-77", "塞纳-马恩", "", "city", "FR-IDF"), *FRANCE, Place("FR-NOR", "诺曼底", "", "province", "")]
    second = _given(more, given)
    assert {code: second[code] for code in given} == given
    assert outer[0] < second["FR-77"][0] <= second["FR-77"][1] <= outer[1]


def test_a_broken_tree_is_refused() -> None:
    for places in (
        [*FRANCE, FRANCE[1]],
        [Place("A", "A", "", "city", "B"), Place("B", "B", "", "city", "A")],
        [Place("A", "A", "", "city", "nowhere")],
        [Place("A", "A", "", "planet", "")],
    ):
        with pytest.raises(RegionsDoNotFit):
            _given(places)


@pytest.mark.django_db
def test_all_of_china_loads_and_loads_again() -> None:
    load_regions(DATA / "regions_cn.csv", country="CN")
    assert load_regions(DATA / "regions_cn.csv", country="CN") == 0
    fuzhou = Region.objects.get(code="350100")
    assert Region.objects.filter(id__gt=fuzhou.pk, id__lte=fuzhou.last).filter(level="county").count() == 13
    assert Region.objects.filter(level="county", country="CN").count() == 2_847
    assert Region.objects.get(code="110101").parent == Region.objects.get(code="110000")
    assert fuzhou.covers(Region.objects.get(code="350102001").pk)
    children = Region.objects.exclude(parent=None).select_related("parent")
    assert [row.code for row in children if not row.parent.pk < row.pk <= row.last <= row.parent.last] == []


@pytest.mark.django_db
def test_the_command_loads_another_country(tmp_path: Path) -> None:
    file = tmp_path / "fr.csv"
    rows = [f"{p.code},{p.name},{p.name_en},{p.level},{p.parent_code}" for p in FRANCE]
    file.write_text("\n".join(["code,name,name_en,level,parent_code", *rows]), encoding="gb18030")
    call_command("load_regions", str(file), country="FR")
    assert Region.objects.get(code="FR-75").parent == Region.objects.get(code="FR-IDF")
    assert Region.objects.get(code="FR").name_en == "France"
    with pytest.raises(CommandError, match=r"countries\.csv"):
        call_command("load_regions", str(file), country="ZZ")


def test_every_place_to_choose_has_an_english_name_that_is_no_other_ones_beside_it() -> None:
    rows = [row for _line, row in rows_of(DATA / "regions_cn.csv", required=("code", "name_en"))]
    assert [row["name"] for row in rows if not row["name_en"] or not row["name_en"].isascii()] == []
    below = [row for row in rows if row["level"] != "province" and len(row["code"]) == 6]
    elsewhere = [row for row in below if not row["code"].startswith("35")]
    assert [row["name"] for row in elsewhere if row["name_en"] != english_name(row["name"], row["level"])] == []
    beside = Counter((row["parent_code"], row["name_en"]) for row in rows)
    assert [one for one, times in beside.items() if times > 1] == []


def test_a_place_is_called_in_english_as_road_signs_call_it() -> None:
    for level, *names in (
        ("city", ("杭州市", "Hangzhou"), ("西安市", "Xi'an"), ("六安市", "Lu'an"), ("吕梁市", "Luliang")),
        ("city", ("锡林郭勒盟", "Xilingol League"), ("喀什地区", "Kashgar Prefecture")),
        ("city", ("恩施土家族苗族自治州", "Enshi Tujia and Miao Autonomous Prefecture")),
        ("county", ("福清市", "Fuqing City"), ("都江堰市", "Dujiangyan City"), ("天长市", "Tianchang City")),
        ("county", ("什邡市", "Shifang City"), ("珲春市", "Hunchun City"), ("浦东新区", "Pudong New Area")),
        ("county", ("长子县", "Zhangzi County"), ("单县", "Shan County"), ("土默特左旗", "Tumed Left Banner")),
        ("county", ("东乡族自治县", "Dongxiang Autonomous County"), ("管城回族区", "Guancheng Hui District")),
        ("county", ("积石山保安族东乡族撒拉族自治县", "Jishishan Bonan, Dongxiang and Salar Autonomous County")),
        ("county", ("清新区", "Qingxin District"), ("朝阳区", "Chaoyang District"), ("矿区", "Kuang District")),
        ("county", ("闵行区", "Minhang District"), ("六合区", "Luhe District"), ("万柏林区", "Wanbolin District")),
        ("county", ("神农架林区", "Shennongjia Forestry District")),
    ):
        for name, english in names:
            assert english_name(name, level) == english
