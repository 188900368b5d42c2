"""What is read in an enterprise's answer: threats, conditions, words without a reason, words against the rows."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.answers.weights import answers_of, digest
from benchmarks.listening import ANSWERS, COUNTED, LEAST_POOR_CAUGHT, MOST_GOOD_FLAGGED, count
from complaints.listening.answer_patterns import LISTS, answer_patterns
from complaints.listening.answer_scores import FILE
from complaints.listening.answering import Known, read, read_alone
from complaints.listening.row_by_row import Said

HERE = Path(__file__).parent
BUILT = [
    json.loads(line)
    for name in ("built", "built2", "built3")
    for line in (HERE / f"answers-{name}.jsonl").read_text(encoding="utf-8").splitlines()
]


def lines_of(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


CONFUSABLE = [*lines_of("confusable_answers.txt"), *lines_of("fine_messages.txt")]
TODAY = date(2026, 12, 1)
#: How the author of the texts calls a kind → the code by which it is found.
CODES = {
    **{"threat": "threat", "condition": "condition", "unreached": "unreached", "as_agreed": "as_phoned"},
    **{"enclosure": "no_enclosure", "other_sum": "other_sum", "later_day": "other_day", "blank": "blanks"},
}


def codes_of(row: dict[str, Any]) -> list[str]:
    rows = [
        Said(
            kind=one["demand"],
            verdict=one["verdict"],
            amount=Decimal(one["amount"]) if one["amount"] else None,
            asked=Decimal(one["asked"]) if one["asked"] else None,
        )
        for one in row["rows"]
    ]
    days = [date.fromisoformat(one["by"]) for one in row["rows"] if one["by"]]
    known = Known(
        today=TODAY,
        contact={True: "reached", False: "tried"}.get(row["reached"], "none"),
        has_enclosure=row["attachments"] > 0,
        last_day=max(days, default=None),
    )
    return [found.code for found in read(row["text"], rows, known)]


def test_the_texts_on_which_the_patterns_were_built() -> None:
    """They say how well the patterns fit these texts, no more; `benchmarks.listening --answers` counts others."""
    for row in BUILT:
        found = codes_of(row)
        assert bool(found) != row["good"], row["text"]
        if row["kind"] in CODES:
            assert CODES[row["kind"]] in found, row["text"]


def test_the_weights_are_those_of_the_texts() -> None:
    """Otherwise: python -m benchmarks.answers.weights."""
    assert FILE.read_text(encoding="utf-8").partition("\n")[0] == f"# {digest()}"


def test_of_all_texts_hardly_a_good_one_is_flagged_and_hardly_a_poor_one_passes() -> None:
    """How well weights and patterns fit what they were made of, no more. A law that says no such thing is read by
    authorities/law/citations.py."""
    flagged, caught = Counter[bool](), Counter[bool]()
    for path in ANSWERS:
        for row in answers_of(path):
            if row["kind"] in ("invented_law", "law"):
                continue
            (flagged if row["good"] else caught)[bool(codes_of(row))] += 1
    assert flagged[True] <= 0.01 * flagged.total()
    assert caught[True] >= 0.98 * caught.total()


@pytest.mark.parametrize("first", [0, 2])
def test_of_two_sets_that_nobody_learnt_from_few_good_are_flagged_and_no_threat_passes(first: int) -> None:
    """As they were first counted, whatever the patterns become."""
    results = [count(path) for path in COUNTED[first : first + 2]]
    kinds = [result["kinds"][kind] for result in results for kind in ("threat", "condition")]
    assert sum(result["good_flagged"] for result in results) <= MOST_GOOD_FLAGGED * 100
    assert sum(result["poor_caught"] for result in results) >= LEAST_POOR_CAUGHT * 100
    assert all(caught == every for caught, every in kinds)


@pytest.mark.parametrize("text", CONFUSABLE)
def test_what_only_looks_like_it_is_not_found(text: str) -> None:
    assert [(found.code, found.quote) for found in read_alone(text)] == []


@pytest.mark.parametrize("line", lines_of("never_alone_answers.txt"))
def test_what_threatens_or_sets_a_condition_is_found_as_such(line: str) -> None:
    code, _space, text = line.partition(" ")
    assert code in [found.code for found in read_alone(text)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # Denied, or staff are quoted; a question that only looks like a denial is none.
        ("我们没有起诉您。", []),
        ("不是讹诈是什么？", ["threat"]),
        ("我们不会要求您撤诉。", []),
        ("您不撤诉就不退。", ["condition"]),
        ("客服对您说“再投诉就拉黑”，属实，已扣罚。", []),
        ("“再投诉就拉黑”，我们说到做到。", ["threat"]),
        # What the consumer may do or need not do, and what happened to the firm's own people.
        ("您撤不撤回对我们的投诉都可以，我们愿意到市场监管所说明情况。", []),
        ("赔偿不影响您继续投诉，收据写“洗坏赔偿”四个字就够了。", []),
        ("当时的受理人员已移交纪检处理。", []),
        ("拉黑您的客服已停职。", []),
        ("再投诉就拉黑您的号码。", ["threat"]),
        ("发“CXXZ#姓名#证件号”到10086查询。", []),
        ("#姓名#您好，费用已退。", ["blanks"]),
        # A statement against oneself as the price; what asking again would cost.
        ("洗衣机我们可以换。您先写份说明，讲明是您自己操作不当，换新单才开得出来。", ["condition"]),
        ("师傅写了说明，讲明是他自己操作不当。", []),
        ("检测没有问题的话，我们的人工费和律师费都向您追讨。", ["threat"]),
        ("鉴定费由我们承担，不向您收取。", []),
        # What follows if the own repair fails, and not if the consumer does something.
        ("这次换主板，12月15日前寄回。要是还不行，就退机，不再修了。", []),
        ("要是还不撤诉，就停您的号。", ["threat", "condition"]),
    ],
)
def test_what_is_denied_or_quoted_of_staff_is_not_said(text: str, codes: list[str]) -> None:
    assert [found.code for found in read_alone(text)] == codes


THREAT = "请不要恶意投诉，否则后果自负。"


@pytest.mark.parametrize(
    "typed",
    [
        THREAT,
        "请不要恶 意 投 诉。",
        "請不要惡意投訴。",
        "请不要恶\u200b意投\u200b诉。",
        "请不要恶意\n投诉，否则后果自负。",
        "您的费用我们核对过。" * 900 + THREAT,
    ],
)
def test_spaces_other_signs_and_length_hide_nothing_and_the_quote_is_as_typed(typed: str) -> None:
    found = read_alone(typed)[0]
    assert found.code == "threat"
    assert typed[found.start : found.end] == found.quote != ""


def test_what_the_consumer_is_to_do_is_a_condition_without_a_word_of_asking() -> None:
    assert read_alone("撤回投诉") == []
    (found,) = read_alone("撤回投诉", is_asked=True)
    assert (found.code, found.quote, found.start) == ("condition", "撤回投诉", 0)


REFUSED = [Said(kind="refund", verdict="refuse", asked=Decimal(60))]
GRANTED = [Said(kind="refund", verdict="grant", amount=Decimal(60), asked=Decimal(60))]
LAST = date(2026, 12, 5)


@pytest.mark.parametrize(
    ("text", "rows", "known", "beside", "codes"),
    [
        # A reason may stand in the other words of the answer; the sum that was asked for is none.
        ("这60元不能退。", REFUSED, {}, "", ["no_reason"]),
        ("您9月3日签收，9月20日才提出，不能退。", REFUSED, {}, "", []),
        ("鞋底磨损明显，穿了两个多月，不能退。可以免费补胶一次。", REFUSED, {}, "", []),
        ("这60元不能退。", REFUSED, {}, "9月14日的录音里您同意办理，合同第四条写明不退。", []),
        # Not reached, beside a call that did reach; tried on named days and a plan all the same is no brush-off.
        ("多次致电无人接听。", GRANTED, {"contact": "reached"}, "", ["unreached"]),
        ("11月24日、25日致电无人接听。60元12月5日前退回。", GRANTED, {"contact": "tried", "last_day": LAST}, "", []),
        ("11月24日致电无人接听，60元12月5日前退回。", GRANTED, {"contact": "reached"}, "", ["unreached"]),
        ("11月24日没人接，后来联系上您，60元12月5日前退回。", GRANTED, {"contact": "reached"}, "", []),
        # A sum, a day, yes and no against the rows.
        ("退您30元。", GRANTED, {}, "", ["other_sum"]),
        ("每月退20元，3个月。", GRANTED, {}, "", []),
        ("60元12月31日前到账。", GRANTED, {"last_day": LAST}, "", ["other_day"]),
        ("60元12月5日前到账，12月20日我们回访办理情况。", GRANTED, {"last_day": LAST}, "", []),
        ("60元10个工作日内退回。", GRANTED, {"last_day": LAST}, "", ["other_day"]),
        ("60元下周五前退回。", GRANTED, {"last_day": LAST}, "", ["other_day"]),
        ("这笔费用不予退还。", GRANTED, {"last_day": LAST}, "", ["text_refuses"]),
        ("本来过了七天不能退，我们破例，60元12月5日前退。", GRANTED, {"last_day": LAST}, "", []),
        ("这60元您9月3日已经用过，不能退。", GRANTED, {"last_day": LAST}, "", ["text_refuses"]),
        ("您要求退60元，我们退您30元。", GRANTED, {}, "", ["other_sum"]),
        ("60元扣手续费6元，实退54元。", GRANTED, {}, "", ["other_sum"]),
        ("同意退您60元。", REFUSED, {}, "", ["text_grants"]),
        ("请去皮肤科看一下，有诊断证明写明与该产品有关，货款和挂号费我们一起退给您。", REFUSED, {}, "", []),
        # What ends, or what is no charge, is no refusal; what was compared is nothing agreed.
        (
            "您的宽带合约已经满了，系统提示的300元违约金是没有及时解绑造成的误算，不用交。"
            "宽带将于6月1日停，停了之后您家的电视盒子也看不了直播，这点先跟您说一声。",
            [Said(kind="refund", verdict="grant", asked=Decimal(300))],
            {"last_day": LAST},
            "",
            [],
        ),
        ("刻字款属于定作商品，不适用七天无理由，圈口和您报的13号一致，退不了。", REFUSED, {}, "", []),
        ("已和您一致，不能退。", REFUSED, {}, "", ["as_phoned"]),
        # What is enclosed.
        ("检测单见附件，60元12月5日前退。", GRANTED, {"has_enclosure": True}, "", []),
        ("检测单见附件，60元12月5日前退。", GRANTED, {}, "", ["no_enclosure"]),
        ("您上传的附件我们看了，60元12月5日前退。", GRANTED, {}, "", []),
        # A short courtesy beside a row that says the day is left alone.
        ("非常抱歉给您带来不便。", GRANTED, {"last_day": LAST}, "", []),
        ("", REFUSED, {}, "", []),
        ("。。。", GRANTED, {}, "", ["vague"]),
    ],
)
def test_the_words_against_the_rows(
    text: str, rows: list[Said], known: dict[str, Any], beside: str, codes: list[str]
) -> None:
    assert [found.code for found in read(text, rows, Known(today=TODAY, **known), beside=beside)] == codes


def test_every_row_of_the_table_compiles_and_every_kind_is_found_somewhere() -> None:
    table = answer_patterns()
    assert all(table.of(name) for name in LISTS)
    of_the_law = {"no_such_article", "no_such_item", "not_its_words", "unlike_its_words", "repealed"}
    found = {code for row in BUILT for code in codes_of(row)}
    assert found == {kind.code for kind in table.kinds} - of_the_law
    assert {kind.code for kind in table.kinds if kind.second} == {"threat", "condition"}


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "😀" * 100, "x" * 100_000, "《" * 5_000, "1" * 20_000, "撤" * 3_000, "退不了，" * 4_000]
)
def test_odd_texts_are_read_and_never_raise(text: str) -> None:
    read(text, GRANTED, Known(today=TODAY))
