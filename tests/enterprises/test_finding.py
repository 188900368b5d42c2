"""Who is found under which name, and why."""

import datetime as dt

import pytest
from django.utils.translation import override

from enterprises.directory.finding import Hit, find, suggest
from enterprises.directory.naming import initials_of, write_names
from enterprises.models import Enterprise

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]
DAY = dt.date(2026, 9, 1)
GULOU, FUQING, MINHOU = 350102000, 350181000, 350121000


def _first(query: str, region_id: int | None = None, on: dt.date = DAY) -> Hit:
    return find(query, region_id=region_id, on=on)[0]


def test_two_characters_and_a_district_give_the_city_branch_first_with_why() -> None:
    hit = _first("移动", GULOU)
    assert hit.branch.name == "中国移动福州分公司"
    assert hit.is_enrolled
    with override("zh-hans"):
        assert [str(why) for why in hit.why] == ["别称：移动", "鼓楼区由中国移动福州分公司答复", "在线和解企业"]
    with override("en"):
        assert str(hit.why[1]) == "China Mobile Fuzhou Branch answers for Gulou District"


MOBILE = "中国移动通信集团福建有限公司"
TELECOM = "中国电信股份有限公司福建分公司"
UNICOM = "中国联合网络通信有限公司福建省分公司"
GYM, SHOPS = "燃动体育发展（福州）有限公司", "好邻里便利连锁（福州）有限公司"
WRITTEN = {
    MOBILE: (MOBILE, "动感地带", "10086", "zgyd", "91350102MA0000001L", "91350102ma0000001l"),
    TELECOM: ("天翼", "e-surfing"),
    UNICOM: ("网通", "联通 福州", "沃"),
    "闽淘网络科技（福州）有限公司": ("闽淘", "榕易购"),
    GYM: ("燃动健身金山店",),
    SHOPS: ("好邻里便利连锁(福州)有限公司",),
}


def test_every_kind_of_name_finds_its_firm() -> None:
    for name, queries in WRITTEN.items():
        for query in queries:
            assert _first(query).enterprise.name == name, query


def test_the_branch_follows_the_region_and_the_day() -> None:
    for region, on, name in (
        (FUQING, dt.date(2026, 6, 30), "中国联通福清分公司"),
        (FUQING, dt.date(2026, 7, 1), "中国联通福州分公司"),
        (GULOU, DAY, "中国联通福州分公司"),
        (110101000, DAY, None),
    ):
        assert getattr(_first("中国联通", region, on).branch, "name", None) == name


def test_an_ended_firm_is_shown_with_its_successor_and_a_slip_of_the_pen_finds_the_similar() -> None:
    hit = _first("力行健身", 350103000)
    assert (hit.successor.name, hit.branch.name) == ("燃动体育发展（福州）有限公司", "燃动健身万宝店")
    assert "succeeded" in {why.code for why in hit.why}
    assert not _first("好邻里").is_enrolled
    assert _first("海风假日").why[-1].code == "suspended"
    hits = find("中国电迅", on=DAY)
    assert hits
    assert all(hit.is_similar for hit in hits)
    enterprise = Enterprise.objects.create(name="百分之100%果汁")
    write_names([enterprise.pk])
    assert [hit.enterprise for hit in find("0%果", on=DAY)] == [enterprise]
    assert (initials_of("重庆小面"), initials_of("中国移动5G")) == ("cqxm", "zgyd5g")


def test_a_search_and_a_keystroke_cost_few_statements(
    django_assert_max_num_queries: object, django_assert_num_queries: object
) -> None:
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        assert len(find("福", on=DAY, region_id=GULOU)) > 5
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert suggest("福", on=DAY)
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert suggest("中国移懂", on=DAY)


#: A name that has to come ← what is typed; the later ones with a slip: a letter wrong, missing, too many.
TYPED = {
    MOBILE: (
        *("移动", "动感", "通信集团", "zgyd", "ZGYD", "91350102MA0000001L", "91350102ma00"),
        *("中国移懂", "动感地代"),
    ),
    TELECOM: ("天翼",),
    UNICOM: ("网通",),
    "福州力行健身有限公司": ("力行健身",),
    GYM: ("燃动 福州", "燃动育发展", "燃动体体育发展"),
    SHOPS: ("好邻居便利连锁",),
}


def test_while_one_types_every_kind_of_name_comes() -> None:
    for name, pieces in TYPED.items():
        for typed in pieces:
            assert name in [one.name for one in suggest(typed, on=DAY)], typed


def test_suggestions_go_from_the_whole_name_to_a_piece_and_ended_firms_last() -> None:
    made = [Enterprise(name=name) for name in ("中央大街甲乙丙店", "甲乙丙", "甲乙丙食品厂")]
    made.append(Enterprise(name="甲乙", enrolment="ended", ended_on=DAY))
    Enterprise.objects.bulk_create(made)
    write_names([enterprise.pk for enterprise in made])
    result = suggest("甲乙", on=DAY)
    assert [one.name for one in result] == ["甲乙丙", "甲乙丙食品厂", "中央大街甲乙丙店", "甲乙"]
    assert not any(one.is_similar for one in result)
    assert suggest("甲丁丙食品厂", on=DAY)[0].is_similar


def test_odd_letters_break_nothing_and_suggest_nothing_that_they_do_not_name() -> None:
    for query in ("", "   ", "\0", "（）", "%", "_", "𠮷" * 300, "'; drop table", "\\"):
        assert find(query, on=DAY, region_id=GULOU) is not None
    for typed in (
        *("", "   ", "（）", "%", "_", "%%%", "\\", "'; drop table", "𠮷" * 300, "a" * 5000, "😀", "()", "{"),
        *("{}", "%s"),
    ):
        assert all(one.is_similar or typed[0] in one.matched for one in suggest(typed, on=DAY)), typed
