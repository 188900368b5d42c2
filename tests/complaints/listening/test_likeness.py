"""Kinds of problem by phrases, and what was bought over the network."""

import tomllib
from collections import Counter
from datetime import date

import pytest

from complaints.listening.folding import fold
from complaints.listening.hearing import heard
from complaints.listening.likeness import FILE, closeness
from complaints.procedure import categories

TODAY = date(2026, 11, 29)


def values(text: str, field: str) -> list[str]:
    return [one.value for one in heard(text, TODAY) if one.field == field]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("菜端上来一股馊味，吃完全家跑厕所", "food_safety"),
        ("柜台上那台秤我信不过，回来一复秤轻了不少", "measure"),
        ("办的卡还没用几回，人去楼空，老板电话关机", "contract"),
        ("刚收到就有划痕，少一个零件", "quality"),
        ("返厂弄了好久，拿回来还是老样子，售后不理", "after_sales"),
        ("结账的时候多打了一件，找他们还不承认", "price"),
        ("机器人客服绕来绕去，就是没有真人", "telecom.support.unreachable"),
        ("换了便宜套餐的申请，营业厅死活不给办", "telecom.fees.plan_change"),
        ("话费余额又少一截，问是什么钱谁也讲不清", "telecom.fees.unexplained_charge"),
        ("宽带报装后一直没有师傅上门", "telecom.broadband.installation"),
    ],
)
def test_a_kind_of_problem_is_close_by_everyday_phrases_alone(text: str, problem: str) -> None:
    close = closeness(fold(text).text)
    assert problem in sorted(close, key=lambda code: -close[code])[:3]


def test_beside_a_carrier_that_is_no_party_the_kinds_of_goods_are_offered() -> None:
    assert "counterfeit" in values("手机店老板说帮我办移动套餐送手机，结果手机是翻新机", "problem")
    assert values("我是移动的老用户，每个月扣一笔权益超市的费用，从来没人问过我", "problem")[0].startswith("telecom.")


def test_every_kind_of_problem_has_phrases_and_no_phrase_has_two() -> None:
    phrases = tomllib.loads(FILE.read_text(encoding="utf-8"))["phrases"]
    assert set(phrases) == set(categories.PROBLEM_LABELS)
    times = Counter(phrase for each in phrases.values() for phrase in each)
    assert [phrase for phrase, n in times.items() if n > 1] == []


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("抖音小店买的衣服起球", "抖音"),
        ("闲鱼卖家发错货", "闲鱼"),
        ("抖音上看到的店，在淘宝下单，收到是坏的", "淘宝"),
        ("业主群里团购的大闸蟹是死的", "?"),
        ("小程序里点的奶茶没送", "?"),
        ("网上团的双人套餐到店不给用", "?"),
        ("在淘宝买的联通流量卡，用两天就停了", "淘宝"),
        ("刷抖音把流量用完了，移动扣我钱", ""),
        ("抖音定向流量不算数，联通多扣了", ""),
        ("淘宝上同款才卖五十，店里收我两百", ""),
        ("这家比京东贵一倍", ""),
        ("京东快递把我的包裹弄丢了", ""),
        ("我自己到店里买的，没有网购", ""),
        ("去哪儿都找不到人", ""),
    ],
)
def test_a_platform_is_where_it_was_bought(text: str, platform: str) -> None:
    assert "".join(values(text, "platform")) == platform
