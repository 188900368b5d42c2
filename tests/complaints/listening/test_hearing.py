"""What is heard in people's words: own made-up sentences, words that only look like something, and garbage."""

import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import listening
from benchmarks.learning.matters import digest
from complaints.listening import likeness, matter_scores
from complaints.listening.folding import MOST_READ, fold
from complaints.listening.hearing import CIRCUMSTANCES, Heard, heard, read_tables, urgent_in
from complaints.listening.matter_scores import FILE
from complaints.listening.numbers import chinese_number, sums
from complaints.listening.patterns import LISTS, patterns
from complaints.procedure import categories
from complaints.procedure.duties import duties

HERE = Path(__file__).parent
TODAY = date(2026, 11, 29)


#: Texts that are marked as urgent, and why (tests/complaints/measures/test_urgent.py has more).
URGENT = {"座机打不出电话": "line_dead", "我爸每周三次透析": "medical", "电热毯用了两天就冒烟": "safety"}


def texts(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and line[0] != "#"]


STORIES = [line.partition("\t")[::2] for line in texts("stories.tsv")]
CONFUSABLE, PASSING, MATTERS = texts("confusable.txt"), texts("passing.txt"), texts("matters.tsv")


def said(text: str, field: str) -> list[tuple[str, str, bool]]:
    return [(one.value, one.quote, one.sure) for one in heard(text, TODAY) if one.field == field]


def values(text: str, field: str) -> list[str]:
    return [value for value, _quote, _sure in said(text, field)]


def test_a_story_is_heard_with_the_words_it_rests_on() -> None:
    text = (
        "我在鼓楼区，用移动手机。9月8日起每月话费里多了20元“云盘会员”，我没开过。想把这60元退给我，把它关掉，再道个歉。"
    )
    found = heard(text, TODAY)
    assert said(text, "firm") == [("中国移动", "移动", False)], "no word of blame beside it: asked"
    assert values(text, "day") == ["2026-09-08"]
    assert {value.partition(":")[0] for value in values(text, "demand")} == {"refund", "cancel_service", "apology"}
    assert values(text, "problem")[0].startswith("telecom.")
    assert len(values(text, "problem")) == 3
    assert all(one.quote in text for one in found)


def test_only_a_carrier_beside_words_of_blame_is_sure_and_nothing_else_ever_is() -> None:
    assert said("移动每个月乱扣我钱", "firm") == [("中国移动", "移动", True)]
    assert said("铁通宽带一直断，要求修好", "firm") == [("中国移动", "铁通", False)]
    assert said("小灵通余额一直没退给我", "firm") == [("中国电信|中国联通", "小灵通", False)], "both once had it"
    assert said("电信的小灵通余额一直没退给我", "firm")[0][0] == "中国电信"
    assert values("联通和电信都多扣了我的钱", "firm") == ["中国联通|中国电信"]
    assert said("我用的不是移动，是联通，联通偷偷扣我钱", "firm") == [("中国联通", "联通", True)]
    assert said("在燃动健身房办的年卡，门关了", "firm") == [("燃动健身房", "燃动健身房", False)]
    assert values("移动营业厅旁边的水果摊少给了", "firm") == []
    assert values("我在移动当客服，公司不给交社保", "elsewhere") == ["labour"]
    for text in (row["text"] for row in listening.read(HERE / "seen.tsv")):
        assert all(one.field == "firm" for one in heard(text, TODAY) if one.sure), text


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("退我六十元", ["60.00"]),
        ("人民币壹佰贰拾元", ["120.00"]),
        ("￥1，234.5", ["1234.50"]),
        ("退三千五百块", ["3500.00"]),
        ("45块5", ["45.50"]),
        ("一百二十块五", ["120.50"]),
        ("三元五角, 六块五毛二, 5元5角5分", ["3.50", "6.52", "5.55"]),
        ("二十块一张, 一百块五年, 每月5元5个月", ["20.00", "100.00", "5.00"]),
        ("赔２万", ["20000.00"]),
        ("押金200没退", ["200.00"]),
        ("13800000000", []),
        ("每月3次", []),
        ("99999999999999999999元", []),
        ("退我1万3500元", ["13500.00"]),
        ("交了1万3500，还我", ["13500.00"]),
        ("一万三千五", ["13500.00"]),
        ("付了一万六千八要退", ["16800.00"]),
        ("1万6千8百元", ["16800.00"]),
        ("1万3千5", ["13500.00"]),
        ("一万6800块", ["16800.00"]),
        ("一万二千三百四十五元", ["12345.00"]),
        ("两万零五百", ["20500.00"]),
        ("三万二", ["32000.00"]),
        ("3万5千人", []),
        ("1万3500兆流量", []),
    ],
)
def test_sums_are_read_as_people_write_them(text: str, yuan: list[str]) -> None:
    assert [f"{one.yuan}" for one in sums(fold(text).text)] == yuan


def test_numbers_in_characters() -> None:
    told = {"三千五": 3500, "三千零五": 3005, "十二": 12, "二十": 20, "两万": 20000, "壹佰贰拾": 120, "一百零一": 101}
    assert {word: chinese_number(word) for word in told} == told
    assert chinese_number("三斤") is None


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("我在福州用的移动宽带", "350100"),
        ("福州市台江区的小区", "350103"),
        ("在台江万达买的鞋", "350103"),
        ("平潭县那边信号差", "350128"),
        ("厦门湖里的屈臣氏", "350206"),
        ("在厦门湖里区", "350206"),
        ("南京鼓楼区的店", "320106"),
        ("我住鼓楼区", "350102"),
        ("晋江这边没信号", "350582"),
        ("在晋江没信号", "350582"),
        ("義烏市的商家", "330782"),
        ("福州路123号的店", ""),
        ("兰州拉面吃坏肚子", ""),
        ("三明治坏了", ""),
        ("东方书店卖的书", ""),
        ("福建的宽带", ""),
        ("卡是厦门办的，人在泉州", ""),
        ("一直断网", ""),
    ],
)
def test_where_it_happened_by_the_names_of_regions(text: str, region: str) -> None:
    found = [one for one in heard(text, TODAY, home="350100") if one.field == "region"]
    assert "".join(one.value for one in found) == region
    assert all(one.quote in text and not one.sure for one in found)


@pytest.mark.parametrize(
    ("text", "shop"),
    [
        ("台江那边一家烟酒店卖的酒是假的", ""),
        ("楼下水果店少给了", ""),
        ("在商场里买的鞋", ""),
        ("在网上买的", ""),
        ("在福州买的", ""),
        ("在台江万达那家乐动健身办了年卡", "乐动健身"),
        ("厦门的海之味。昨天买的", "海之味"),
        ("海之味，厦门的，吃坏肚子", "海之味"),
        ("在永盛家电买的冰箱不制冷", "永盛家电"),
        ("店名是老街面馆，吃出头发", "老街面馆"),
        ("朗风店里说不保修", "朗风"),
        ("昨天买的鞋开胶", ""),
        ("他们售后说不管", ""),
    ],
)
def test_a_shop_is_heard_by_its_name_and_not_by_what_it_sells(text: str, shop: str) -> None:
    assert "".join(values(text, "firm")) == shop


def test_traditional_letters_and_wide_ones_are_read_and_quoted_as_typed() -> None:
    text = "手機無緣無故被扣了增值服務費四十五元，中國移動一直說是我自己訂的，請退還"
    assert said(text, "firm") == [("中国移动", "中國移動", True)]
    assert values(text, "demand") == ["refund:45.00"]
    assert said("１００８６客服一直打不通", "firm")[0][:2] == ("中国移动", "１００８６")


def test_what_other_bodies_take_and_what_everybody_is_asked() -> None:
    assert values("公司拖欠我三个月工资", "elsewhere") == ["labour"]
    assert said("隔壁半夜施工，吵得睡不着", "elsewhere") == [("environment", "半夜施工", False)]
    assert values("移动乱扣我住院时的流量费", "elsewhere") == [], "a hospital is only the occasion"
    found = {one.field: one.quote for one in heard("我替我妈投诉，上周投诉过，我要举报他们，店里装的宽带", TODAY)}
    assert {field: found[field] for field in CIRCUMSTANCES} == {
        "another": "替我妈",
        "business": "店里装",
        "earlier": "上周投诉过",
        "report": "举报",
    }
    assert values("在拼多多买的鞋开胶", "platform") == ["拼多多"]
    assert values("网购的鞋开胶", "platform") == ["?"]


@pytest.mark.parametrize("word", CONFUSABLE)
def test_words_that_only_look_like_something_say_nothing(word: str) -> None:
    for text in (word, f"我买的{word}坏了", f"关于{word}"):
        found = [one for one in heard(text, TODAY) if one.field in ("elsewhere", *CIRCUMSTANCES) or one.sure]
        assert found == [], text
        carriers = {row.name for row in patterns().of("firms")}
        assert not carriers & {
            value for one in heard(text, TODAY) if one.field == "firm" for value in one.value.split("|")
        }


@pytest.mark.parametrize("text", PASSING)
def test_what_is_mentioned_in_passing_is_not_asked_about(text: str) -> None:
    """A hospital as a reason, a bank card as the way of payment, the police in anger, a court as the firm's threat."""
    asked = ("elsewhere", "report", "business", "earlier")
    assert [(one.field, one.value, one.quote) for one in heard(text, TODAY) if one.field in asked] == []


@pytest.mark.parametrize("line", MATTERS)
def test_matters_of_other_bodies_are_known_by_everyday_words(line: str) -> None:
    code, _tab, text = line.partition("\t")
    assert values(text, "elsewhere") == [code]


def test_of_stories_that_the_weights_were_learnt_from_nearly_all_are_told_apart() -> None:
    """How well the weights fit what they were learnt from, no more; short ones are left to the words of the rows."""
    asked = {text: values(text, "elsewhere") for _code, text in STORIES}
    others = [(code, text) for code, text in STORIES if code != "-"]
    assert len(others) >= 370
    right = [text for code, text in others if asked[text] and code in asked[text][0].split("|")]
    assert len(right) >= 0.88 * len(others)
    ordinary = [text for code, text in STORIES if code == "-"]
    assert len(ordinary) >= 200
    assert sum(bool(asked[text]) for text in ordinary) <= 0.1 * len(ordinary)


def test_a_matter_that_may_be_several_bodies_is_asked_with_their_codes_and_the_persons_words() -> None:
    text = "那台跑步机吵得楼下邻居天天上来骂，厂家说正常，要求退货"
    assert values(text, "elsewhere") == []
    (said_of_it,) = said("护工把我妈摔下床，骨头断了，医院的科室说护工是外面公司的，不归他们管，我们找谁", "elsewhere")
    assert "medical" in said_of_it[0].split("|")
    assert len(said_of_it[0].split("|")) <= 3


def test_the_tables_are_read_before_the_first_story() -> None:
    tables = (patterns, duties, matter_scores.weights, matter_scores.words_of_marks, likeness.phrases)
    for table in tables:
        table.cache_clear()
    read_tables()
    assert [table.cache_info().currsize for table in tables] == [1] * len(tables)


def test_the_weights_are_those_of_the_stories() -> None:
    """Otherwise: python -m benchmarks.learning.matters."""
    assert FILE.read_text(encoding="utf-8").partition("\n")[0] == f"# {digest()}"


def test_every_row_of_the_table_is_reached_by_a_text_or_names_codes_that_exist() -> None:
    assert len(CONFUSABLE) >= 100
    assert {row.code for row in patterns().of("demands")} <= set(categories.DEMAND_BY_CODE)
    assert {row.code for row in patterns().of("problems")} <= set(categories.PROBLEM_LABELS)
    bodies = {body.code for sector in categories.SECTORS for body in sector.bodies}
    assert all(set(duty.bodies) <= bodies and duty.bodies for duty in duties().values())
    seen = [row for name in ("seen.tsv", "built.jsonl", "held.jsonl") for row in listening.read(HERE / name)]
    texts = [fold(row["text"]).text for row in seen] + list(URGENT)
    unreached = [
        f"{name}: {row.code}"
        for name in LISTS
        for row in patterns().of(name)
        if row.where == "" and name not in ("usual", "problems") and not any(row.words.search(text) for text in texts)
    ]
    assert unreached == []


def test_what_is_urgent_is_heard_by_its_own_row() -> None:
    assert {text: urgent_in(text) for text in URGENT} == {text: [why] for text, why in URGENT.items()}


def test_nothing_is_lost_of_what_the_patterns_were_written_on() -> None:
    """The least that the table of benchmarks/listening.py says of the seen texts; of others it says nothing."""
    count = listening.table(list(listening.read(HERE / "seen.tsv")))
    filled = count["firm, filled in"]
    assert filled["said"] >= 85
    assert filled["right"] == filled["said"]
    least = {"demand": 0.88, "sum of a demand": 0.84, "elsewhere": 0.95, "problem, one of three": 0.9, "report": 1.0}
    least |= {"firm, offered": 0.9}
    for field, share in least.items():
        assert count[field]["right"] / count[field]["said"] >= share, field


def test_of_those_that_say_their_kind_nine_in_ten_are_met_and_ordinary_ones_asked_nothing_wrong() -> None:
    """Texts of other authors on which the patterns were mended."""
    count = listening.table([row for name in ("built", "held") for row in listening.read(HERE / f"{name}.jsonl")])
    kinds = [count[f"kind: {kind}"] for kind in listening.KINDS]
    assert sum(c["texts"] for c in kinds) >= 80
    assert sum(c["right"] for c in kinds) >= 0.9 * sum(c["texts"] for c in kinds)
    ordinary = count["kind: ordinary"]
    assert ordinary["wrong"] <= 0.025 * ordinary["texts"]
    assert count["region"]["right"] == count["region"]["said"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n" * 50,
        "😀" * 500,
        "1" * 10_000,
        "退" * 10_000,
        "移动扣钱。" * 2_000,
        "\x00\x1b[31m\ud800",
        "，。；！" * 999,
        "13800000000",
    ],
)
def test_garbage_is_heard_as_little(text: str) -> None:
    assert isinstance(heard(text, TODAY), list)


@given(
    st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("移动电信退赔年月日号元块一十百千万零0123456789,.，。￥")),
        max_size=300,
    )
)
@settings(max_examples=300, deadline=None)
def test_no_text_raises_and_every_quote_is_the_persons_own(text: str) -> None:
    for one in heard(text, TODAY):
        assert isinstance(one, Heard)
        assert one.quote in text
        if one.field == "day":
            assert re.fullmatch(r"\d{4}(-\d\d){0,2}", one.value)


def test_a_long_text_costs_little() -> None:
    text = "".join(row["text"] + "。" for row in listening.read(HERE / "seen.tsv"))
    text = (text * 5)[:20_000]
    heard(text, TODAY)
    begun = time.process_time()
    heard(text, TODAY)
    spent = time.process_time() - begun
    assert len(text) > MOST_READ
    assert spent < 0.05 * 3, "20,000 letters in 50 ms, with room for a machine that is busy"
