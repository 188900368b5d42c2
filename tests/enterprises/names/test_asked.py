"""What people type who look for a firm: the right one comes first, what is only like it says so, nobody is made up.

``asked.tsv`` was written together with the rules; how often strangers' words are right is measured once on words that
nobody saw while writing them (docs/performance.md)."""

import datetime as dt
from collections import Counter

import pytest

from enterprises.directory.finding import find, suggest, tells_nothing
from enterprises.directory.naming import write_names
from enterprises.directory.spelling import fold_name, sounds_of, spelled_as
from enterprises.directory.typed import Typed
from enterprises.models import Enterprise
from tests.enterprises.names import judging

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]
DAY = dt.date(2026, 11, 30)


def test_the_right_firm_comes_first_and_what_is_only_like_it_says_so() -> None:
    judging.others()
    verdicts = Counter[str]()
    wrong = []
    for query, wanted in judging.asked(judging.ASKED):
        verdict = judging.judged(find(query, on=DAY), wanted)
        verdicts[verdict] += 1
        if verdict != "right":
            wrong.append((query, wanted, verdict))
    assert verdicts.total() > 150
    assert not wrong


def test_what_an_author_typed_who_had_not_seen_the_rules_is_still_found() -> None:
    """One of these was counted as silent and one as wrong while they were unread; the second was mended."""
    judging.others()
    verdicts = judging.counted(judging.STRANGERS, on=DAY)
    assert verdicts.total() == 70
    assert verdicts[judging.RIGHT] >= 69
    assert not verdicts[judging.WRONG_AS_CERTAIN] + verdicts[judging.WRONG_AS_LIKE_IT]


def test_while_one_types_as_much_is_found_as_by_the_search() -> None:
    judging.others()
    for query, _wanted in judging.asked(judging.ASKED):
        shown, found = suggest(query, on=DAY), find(query, on=DAY)
        assert (bool(shown), bool(shown) and shown[0].is_similar) == (bool(found), bool(found) and found[0].is_similar)


def test_a_firm_found_under_its_old_characters_is_found_under_the_simplified_ones_and_spelled() -> None:
    firm = Enterprise.objects.create(name="臺灣鐵觀音茶業有限公司")
    write_names([firm.pk])
    for query in ("铁观音", "鐵觀音", "tieguanyin", "tie guan yin", "guanyincha"):
        assert [hit.enterprise for hit in find(query, on=DAY)] == [firm], query
    # Within a syllable, or over only a part of one, nothing is spelled.
    for query in ("ieguan", "uanyin"):
        assert all(hit.is_similar for hit in find(query, on=DAY)), query


def test_words_are_spelled_syllable_by_syllable() -> None:
    for text, spelled in {
        "中国移动5G": "zhong guo yi dong 5g",
        "中國移動": "zhong guo yi dong",
        "重庆小面": "chong qing xiao mian",
        "China Mobile Fujian": "china mobile fujian",
        "McDonald's": "mcdonalds",
        "AT&T": "at t",
        "😀": "",
        "": "",
    }.items():
        assert spelled_as(text) == spelled
    assert sounds_of("yi dong gong si") == ["yido", "dong", "gong"]
    assert fold_name("中囯  移動（福建）") == "中国移动福建"


def test_a_query_is_parted_into_name_place_and_what_stands_beside() -> None:
    for query, parted, core in (
        ("移动平潭分公司", ("移动", "平潭"), "移动"),
        ("福州联通公司", ("福州", "联通"), "联通"),
        ("移动10086", ("移动", "10086"), "移动"),
        ("好邻里超市", ("好邻里", "超市"), "好邻里超市"),
        ("福州", ("福州",), ""),
        ("有限公司", ("有限公司",), ""),
    ):
        typed = Typed.of(query, longest=80)
        assert (typed.parted, typed.core) == (parted, core), query
    assert [tells_nothing(text) for text in ("福州", "福建省有限公司", "福州移动", "fuzhou", "")] == [
        *(True, True),
        *(False, False, False),
    ]
