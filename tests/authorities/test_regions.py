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


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("350000", 350_000_000, 359_999_999),
        ("350100", 350_100_000, 350_199_999),
        ("350102", 350_102_000, 350_102_999),
        ("350102001", 350_102_001, 350_102_001),
    ],
)
def test_chinese_codes_are_their_own_intervals(code: str, first: int, last: int) -> None:
    assert china_interval(code) == (first, last)


def test_another_country_has_its_own_million() -> None:
    given = _given(FRANCE)
    assert all(1_250_000_000 < first <= last < 1_251_000_000 for first, last in given.values())
    outer, paris, other = given["FR-IDF"], given["FR-75"], given["FR-92"]
    assert outer[0] < paris[0] <= paris[1] <= outer[1]
    assert paris[1] < other[0] or other[1] < paris[0]


def test_an_interval_never_moves_when_places_are_added() -> None:
    first = _given(FRANCE)
    more = [Place("FR-77", "塞纳-马恩", "", "city", "FR-IDF"), *FRANCE, Place("FR-NOR", "诺曼底", "", "province", "")]
    second = _given(more, first)
    assert {code: second[code] for code in first} == first
    assert first["FR-IDF"][0] < second["FR-77"][0] <= second["FR-77"][1] <= first["FR-IDF"][1]


@pytest.mark.parametrize(
    "places",
    [
        [*FRANCE, FRANCE[1]],
        [Place("A", "A", "", "city", "B"), Place("B", "B", "", "city", "A")],
        [Place("A", "A", "", "city", "nowhere")],
        [Place("A", "A", "", "planet", "")],
    ],
)
def test_a_broken_tree_is_refused(places: list[Place]) -> None:
    with pytest.raises(RegionsDoNotFit):
        _given(places)


@pytest.mark.django_db
def test_all_of_china_loads_and_loads_again() -> None:
    load_regions(DATA / "regions_cn.csv", country="CN")
    assert load_regions(DATA / "regions_cn.csv", country="CN") == 0
    fuzhou = Region.objects.get(code="350100")
    below = Region.objects.filter(id__gt=fuzhou.pk, id__lte=fuzhou.last)
    assert below.filter(level="county").count() == 13
    assert Region.objects.filter(level="county", country="CN").count() == 2_847
    assert Region.objects.get(code="110101").parent == Region.objects.get(code="110000")
    assert fuzhou.covers(Region.objects.get(code="350102001").pk)
    wrong = [
        child.code
        for child in Region.objects.exclude(parent=None).select_related("parent")
        if child.parent is not None and not (child.parent.pk < child.pk and child.last <= child.parent.last)
    ]
    assert wrong == []


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
    assert [row["name"] for row in rows if not row["name_en"]] == []
    assert [row["name"] for row in rows if not row["name_en"].isascii()] == []
    assert [
        row["name"]
        for row in rows
        if row["level"] != "province"
        and len(row["code"]) == 6
        and not row["code"].startswith("35")
        and row["name_en"] != english_name(row["name"], row["level"])
    ] == []
    beside = Counter((row["parent_code"], row["name_en"]) for row in rows)
    assert [one for one, times in beside.items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "level", "english"),
    [
        ("杭州市", "city", "Hangzhou"),
        ("西安市", "city", "Xi'an"),
        ("六安市", "city", "Lu'an"),
        ("吕梁市", "city", "Luliang"),
        ("福清市", "county", "Fuqing City"),
        ("浦东新区", "county", "Pudong New Area"),
        ("清新区", "county", "Qingxin District"),
        ("朝阳区", "county", "Chaoyang District"),
        ("都江堰市", "county", "Dujiangyan City"),
        ("长子县", "county", "Zhangzi County"),
        ("天长市", "county", "Tianchang City"),
        ("单县", "county", "Shan County"),
        ("什邡市", "county", "Shifang City"),
        ("恩施土家族苗族自治州", "city", "Enshi Tujia and Miao Autonomous Prefecture"),
        ("积石山保安族东乡族撒拉族自治县", "county", "Jishishan Bonan, Dongxiang and Salar Autonomous County"),
        ("东乡族自治县", "county", "Dongxiang Autonomous County"),
        ("管城回族区", "county", "Guancheng Hui District"),
        ("土默特左旗", "county", "Tumed Left Banner"),
        ("锡林郭勒盟", "city", "Xilingol League"),
        ("喀什地区", "city", "Kashgar Prefecture"),
        ("万柏林区", "county", "Wanbolin District"),
        ("神农架林区", "county", "Shennongjia Forestry District"),
        ("矿区", "county", "Kuang District"),
        ("闵行区", "county", "Minhang District"),
        ("六合区", "county", "Luhe District"),
        ("珲春市", "county", "Hunchun City"),
    ],
)
def test_a_place_is_called_in_english_as_road_signs_call_it(name: str, level: str, english: str) -> None:
    assert english_name(name, level) == english
