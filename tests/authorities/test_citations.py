"""Citations of law: what is named wrongly is found, what is right is left alone. The texts are made from the articles
that the portal has."""

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from authorities.law import articles, chinese_number
from authorities.law.citations import miscited

NAMES = {
    "order121": ("《市场监督管理投诉举报处理办法》", "《投诉举报处理办法》", "市场监督管理投诉举报处理办法"),
    "consumer": ("《中华人民共和国消费者权益保护法》", "《消费者权益保护法》", "消费者权益保护法", "消法"),
}
LAST = {"order121": 46, "consumer": 63}
BEFORE = (
    "",
    "我于2026年9月1日购买手机，实付2599元。",
    "经核对，11月账单多扣30元，合同第五条写明可退。",
    "您反映的问题，我们已核实。",
)
AFTER = ("请依法处理。", "因此60元12月5日前退回。", "故不予受理。", "商家说“概不退换”，不合规定。")
DICE = random.Random(20261201)


def written(number: int) -> str:
    return f"第{DICE.choice((chinese_number, str))(number)}条"


def phrase(text: str) -> str:
    """Words of an article that end with a clause, at least eight letters long."""
    pieces = [one for one in re.split(r"[，。；：（）、一二三四五六七八九十]", text) if len(one) >= 8]
    return DICE.choice(pieces) if pieces else ""


def a_true_one() -> str:
    law = DICE.choice(list(NAMES))
    name, known = DICE.choice(NAMES[law]), {one.number: one.text for one in articles(law)}
    number = DICE.choice(list(known))
    items = len(re.findall(r"（[一二三四五六七八九十]+）", known[number]))
    words = phrase(known[number])
    forms = [
        f"根据{name}{written(number)}的规定，",
        f"依照{name}{written(DICE.randint(1, LAST[law]))}，",
        f"按{name}{written(number)}和{written(DICE.choice(list(known)))}，",
        f"{name}{written(number)}第一款写得很清楚，",
        "依据《食品安全法》第一百四十八条和《民法典》第五百七十七条，",
        f"{name}对此有规定，服务协议第九十条另有约定，",
        f"依据《{DICE.choice(('电信条例', '广告法'))}》{written(DICE.randint(1, 99))}，",
        f"依据《消费者权益保护法实施条例》{written(DICE.randint(1, 53))}，",
        "《市场监督管理投诉举报处理暂行办法》已于2026年4月15日废止。",
    ]
    if words:
        forms += [f"{name}{written(number)}规定：“{words}”，", f"依据{name}{written(number)}“{words}”，"]
    if items:
        forms.append(f"属于{name}{written(number)}第{chinese_number(DICE.randint(1, items))}项，")
    return DICE.choice(forms)


def an_invented_article() -> str:
    law = DICE.choice(list(NAMES))
    return f"根据{DICE.choice(NAMES[law])}{written(DICE.randint(LAST[law] + 1, 99))}的规定，"


def a_missing_item() -> str:
    law = DICE.choice(list(NAMES))
    one = DICE.choice(articles(law))
    return f"属于{DICE.choice(NAMES[law])}{written(one.number)}第{chinese_number(DICE.randint(11, 30))}项，"


def a_false_quotation() -> str:
    law = DICE.choice(list(NAMES))
    words = DICE.choice(
        ("经营者应当在三日内无条件退还全部款项", "投诉人有权要求十倍赔偿并公开道歉", "被投诉人逾期不答复的视为同意")
    )
    return f"{DICE.choice(NAMES[law])}{written(DICE.choice(articles(law)).number)}规定：“{words}”，"


def the_repealed_measures() -> str:
    name = DICE.choice(("《市场监督管理投诉举报处理暂行办法》", "《投诉举报处理暂行办法》"))
    return f"根据{name}{written(DICE.randint(1, 40))}，"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (an_invented_article, "no_such_article"),
        (a_missing_item, "no_such_item"),
        (a_false_quotation, "not_its_words"),
        (the_repealed_measures, "repealed"),
    ],
)
def test_each_wrong_citation_is_named_once_among_right_ones(make: Callable[[], str], code: str) -> None:
    for _ in range(200):
        text = f"{DICE.choice(BEFORE)}{a_true_one()}{make()}{DICE.choice(AFTER)}"
        found = Counter(one.code for one in miscited(text))
        assert found == {code: 1}, text


def test_of_500_right_texts_none_is_named() -> None:
    for _ in range(500):
        text = DICE.choice(BEFORE) + "".join(a_true_one() for _ in range(DICE.randint(1, 4))) + DICE.choice(AFTER)
        assert miscited(text) == [], text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("《市场监督管理投诉举报处理办法》第四十七条", ["no_such_article"]),
        ("《市场监督管理投诉举报处理办法》第零条", ["no_such_article"]),
        ("依据消法第一百零五条要求赔偿", ["no_such_article"]),
        ("《处理办法》第四十七条", []),
        ("第八十条", []),
        ("合同第九十条第三项", []),
        ("《消费者权益保护法实施条例》第五十三条", []),
        ("《消费者权益保护法实施条例》第六十条", ["no_such_article"]),
        ("《中华人民共和国民法典》第五百七十七条", []),
        ("《民法典》第一千二百六十一条", ["no_such_article"]),
        ("《食品安全法》第一百四十八条第二款", []),
        ("《食品安全法》第二百一十条", ["no_such_article"]),
        ("《产品质量法》第四十条“售出的产品有下列情形之一的”", []),
        ("《电子商务法》第90条", ["no_such_article"]),
        ("《市场监督管理投诉举报处理办法》第十六条第（八）项", ["no_such_item"]),
        ("《市场监督管理投诉举报处理办法》第十六条第七项", []),
        ("《市场监督管理投诉举报处理办法》第15条、第47条", ["no_such_article"]),
        ("收到日期早，当时有效的是《市场监督管理投诉举报处理暂行办法》", []),
        ("消法第二十五条规定，退货的人必须先交三成手续费，不交的一律不退", ["unlike_its_words"]),
        ("《消费者权益保护法》第五十五条写明，三天以后再说有问题的，店家不负任何责任", ["unlike_its_words"]),
        ("消法第二十五条规定，消费者定作的商品不适用七日无理由退货，您的窗帘是定作的", []),
        ("消法第二十五条规定了七天无理由，您这次超过了", []),
        ("《消费者权益保护法》第五十五条的规定，我们按三倍赔您，不用再交任何材料了", []),
        ("", []),
        ("第" * 5000, []),
    ],
)
def test_what_is_named_and_where_there_is_silence(text: str, codes: list[str]) -> None:
    assert [one.code for one in miscited(text)] == codes


def test_of_a_false_quotation_it_is_known_where_the_words_do_stand() -> None:
    (found,) = miscited("《消费者权益保护法》第五十五条规定：“经营者应当听取消费者对其提供的商品或者服务的意见”。" * 1)
    assert (found.code, found.article) == ("not_its_words", 0)
    words = phrase(next(one.text for one in articles("consumer") if one.number == 53))
    (found,) = miscited(f"《消费者权益保护法》第五十五条规定：“{words}”。")
    assert (found.code, found.article) == ("not_its_words", 53)
