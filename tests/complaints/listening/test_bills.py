"""What a bill says, from lines with their places: read rightly, or left out; never anything of an identity paper."""

import math
import time
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.listening.bills import FIELDS, Piece, read, rows
from tests.complaints.evidence.drawn_bills import BILLS, written

TODAY = date(2026, 11, 29)
HEIGHT, STEP = 30.0, 57.0


def printed(lines: Sequence[tuple[str, ...]], *, turned: float = 0.0, score: float = 0.99) -> list[Piece]:
    """Pieces as a reader of pictures gives them: one on the left, a second on the right. ``turned``: degrees."""
    angle = math.radians(turned)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)

    found = []
    for place, line in enumerate(lines):
        top = 30 + place * STEP
        for text, right in zip(line, (0, 1), strict=False):
            width = len(text) * 20.0
            left = 770 - width if right else 30.0
            corners = (at(left, top), at(left + width, top), at(left + width, top + HEIGHT), at(left, top + HEIGHT))
            found.append(Piece(text, corners, score))
    return found


def said(*lines: str | tuple[str, ...], score: float = 0.99, today: date = TODAY) -> dict[str, str]:
    whole = [line if isinstance(line, tuple) else (line,) for line in lines]
    return {one.field: one.value for one in read(printed(whole, score=score), today)}


@pytest.mark.parametrize("number", range(BILLS))
def test_every_drawn_bill_says_what_it_says(number: int) -> None:
    bill = written(number)
    assert said(*bill.lines) == bill.truth


@pytest.mark.parametrize("turned", [-8, -3, 4, 8])
def test_a_turned_picture_is_read_row_by_row(turned: float) -> None:
    pieces = printed([("中国移动客户账单",), ("套餐月基本费", "38.00"), ("费用合计", "58.00")], turned=turned)
    # Whatever the order in which they were found.
    assert [row.text.strip() for row in rows(pieces[::-1])] == [
        "中国移动客户账单",
        "套餐月基本费 38.00",
        "费用合计 58.00",
    ]
    assert {one.field: one.value for one in read(pieces[::-1], TODAY)} == {"firm": "中国移动", "total": "58.00"}


def test_each_finding_has_the_words_it_rests_on() -> None:
    bill = [("中国电信客户账单",), ("用户号码：18912345678", "账期：2026年9月"), ("费用合计", "1,058.50")]
    quotes = {one.field: (one.value, one.quote) for one in read(printed(bill), TODAY)}
    assert quotes == {
        "firm": ("中国电信", "中国电信"),
        "number": ("18912345678", "用户号码：18912345678"),
        "day": ("2026-09", "账期：2026年9月"),
        "total": ("1058.50", "费用合计 1,058.50"),
    }


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        # Hidden, of somebody else, or several.
        (["用户号码：138****5678"], "number"),
        (["号码13812345678", "号码13912345678"], "number"),
        (["客服热线：13812345678"], "number"),
        (["手机号：138123456789"], "number"),
        (["账号：62220212****0001"], "number"),
        # Another day, two of them, none that exists, one that is to come.
        (["打印日期：2026-10-03"], "day"),
        (["有效期至2026年9月30日"], "day"),
        (["消费时间：2026-09-01", "消费时间：2026-09-02"], "day"),
        (["账期：2026年9月", "账期：2026年8月"], "day"),
        (["2026-02-30"], "day"),
        (["消费时间：2026/5/11:30"], "day"),
        (["账期：2027年9月"], "day"),
        (["2026-08-26至2026-09-25"], "day"),
        (["账单周期：1026-09"], "day"),
        # Another sum, two of them, or one that lost its point.
        (["上期欠费合计 58.00"], "total"),
        (["合计 58.00", "合计 85.00"], "total"),
        (["费用合计 5800"], "total"),
        (["合计 58.0"], "total"),
        (["合计 58.000"], "total"),
        (["合计 0.00"], "total"),
        (["余额 58.00", "套餐费 58.00"], "total"),
        (["优惠合计 58.00"], "total"),
        (["含计 58.00", "上期欠费 9.00", "本期应付 67.00"], "total"),
        # Two shops.
        (["商户名称：甲乙小店", "商户名称：丙丁小店"], "firm"),
    ],
)
def test_what_is_doubtful_is_left_out(lines: list[str], field: str) -> None:
    assert field not in said(*lines)


def test_the_bill_of_a_month_is_of_that_month_and_the_sum_is_of_the_whole_bill() -> None:
    assert said("账期：2026-09-01至2026-09-30", "出账日期：2026-10-02") == {"day": "2026-09"}
    assert said("2026.09.01—09.30")["day"] == "2026-09"
    assert said("账务月：202609")["day"] == "2026-09"
    assert said("出账日期：2026年10月2日", "打印日期：2026年10月9日") == {"day": "2026-10-02"}
    assert said("本期应付 108.00", "费用合计 58.00") == {"total": "58.00"}
    for typed, day in (
        ("2026/5/2018:32", 20),
        ("2026-05-218:32", 2),
        ("2026-05-1209:34:56", 12),
        ("2026年5月12日", 12),
    ):
        assert said(f"消费时间：{typed}") == {"day": f"2026-05-{day:02d}"}
    assert said("实付款：¥ 12.90")["total"] == "12.90"
    # Beside each other in two pieces, and in full-width letters.
    assert said(("费用合计", "￥５８．００"))["total"] == "58.00"


def test_two_bills_of_two_firms_are_both_named_and_nothing_of_them_is_mixed_up() -> None:
    found = said(
        *("中国移动客户账单", "用户号码：13812345678", "合计 58.00", "账期：2026年9月"),
        *("中国联通客户账单", "用户号码：18612345678", "合计 36.00", "账期：2026年9月"),
    )
    assert found == {"firm": "中国移动|中国联通", "day": "2026-09"}


def test_letters_too_small_to_be_read_rightly_say_nothing() -> None:
    lines = [("中国移动客户账单",), ("合计", "58.00")]
    small = [
        Piece(piece.text, tuple((x / 2, y / 2) for x, y in piece.corners), piece.score)  # type: ignore[arg-type]
        for piece in printed(lines)
    ]
    assert len(read(printed(lines), TODAY)) == 2
    assert read(small, TODAY) == []


def test_what_was_read_badly_is_left_out() -> None:
    lines = ("中国移动客户账单", "用户号码：13812345678", "账期：2026年9月", "合计 58.00")
    assert set(said(*lines)) == set(FIELDS)
    assert said(*lines, score=0.7) == {}


@pytest.mark.parametrize(
    "line",
    [
        "中华人民共和国居民身份证",
        "公民身份号码",
        "110101199003070000",
        "护照/PASSPORT",
        "机动车驾驶证",
        "居住证",
        "户口簿",
    ],
)
def test_of_an_identity_paper_nothing_is_kept(line: str) -> None:
    assert said(line, "中国移动", "用户号码：13812345678", "账期：2026年9月", "合计 58.00") == {}


@pytest.mark.parametrize("lines", [(), ("",), ("猫",), ("Happy birthday",), ("¥¥¥", "：：", "2026年", "1" * 200)])
def test_other_pictures_say_nothing(lines: tuple[str, ...]) -> None:
    assert said(*lines) == {}


def test_a_picture_full_of_letters_costs_little() -> None:
    text = "合计账单日期2026年9月号码13812345678至2026-09-30商户名称：中国移动1,234.50"
    lines = [(text * 3,)] * 400
    begun = time.process_time()
    read(printed(lines), TODAY)
    read(printed([("合计" * 100 + "1" * 100,), ("2026" * 50,), ("商户" + "名" * 150,), ("a" * 200,)] * 100), TODAY)
    assert time.process_time() - begun < 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=40), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0, 300), st.floats(0, 1)),
        max_size=12,
    )
)
def test_whatever_was_found_is_read_without_an_error(found: list[tuple[str, float, float, float, float]]) -> None:
    pieces = [
        Piece(text, ((x, y), (x + wide, y), (x + wide, y + wide), (x, y + wide)), score)
        for text, x, y, wide, score in found
    ]
    assert all(one.field in FIELDS for one in read(pieces, TODAY))
