"""Beside each answer stands what the law gives at least, and how similar cases ended: for both sides the same."""

import re
from datetime import date
from typing import Any

import pytest

from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from complaints.settlement.legal_minimum import Facts, minimum_for
from enterprises.models import LeagueLine, PublishedFigure
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import place
from tests.complaints.pages.at_the_desk import address, shown, signed_in
from tests.oversight.counting import a_line

SIMILAR = re.compile(r'<div class="similar">.*?双方看到的一样。', re.S)


def published(case: Complaint, ended: int, settled: int, unconfirmed: int) -> None:
    for category in ("", case.problem_category):
        PublishedFigure.objects.create(
            enterprise_id=case.enterprise_id,
            category=category,
            day=WEDNESDAY.date(),
            formula=3,
            ended=ended,
            settled=settled,
            unconfirmed=unconfirmed,
            promised=0,
            kept=0,
        )


def both_sides(world: World, language: str = "zh-hans") -> tuple[str, str, Complaint]:
    """What consumer and enterprise read of one case: she of the offer, he while he writes the next one."""
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    return *pages_of(world, case, language), case


def pages_of(world: World, case: Complaint, language: str = "zh-hans") -> tuple[str, str]:
    headers = {"accept-language": language}
    hers = shown(signed_in(world.chen).get(place(case, "offer/1"), headers=headers))
    his = shown(signed_in(world.ming).get(address(case, "replace"), headers=headers))
    return hers, his


def test_the_law_stands_beside_each_answer_and_says_what_has_to_be_true(world: World, clock: Any) -> None:
    hers, his, case = both_sides(world)
    law = "服务的内容或者费用违反约定的，法律至少给¥128.50（《消费者权益保护法》第四十八条、第五十二条）"
    # The sum beside the fee alone; beside the service that was never ordered the law in words.
    words = "服务的内容或者费用违反约定的：退还不该收取的费用；造成损失的，赔偿损失。（"
    for page in (hers, his):
        assert (page.count(law), page.count(words)) == (1, 1)
    english = pages_of(world, case, "en")
    assert [page.count("the law gives at least ¥128.50") for page in english] == [1, 1]


def test_a_demand_that_no_rule_names_says_so(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    case.demands.filter(ordinal=2).update(kind="apology")
    for page in pages_of(world, case):
        assert page.count("法律：没有对得上的条款") == 1


def test_similar_cases_stand_with_number_and_interval_for_both_sides_alike(world: World, clock: Any) -> None:
    hers, his, case = both_sides(world)
    for page in (hers, his):
        assert "有了结果的同类投诉太少，没有可以比的数字。" in page
    published(case, 80, 60, 10)
    hers, his = pages_of(world, case)
    (one,), (other,) = SIMILAR.findall(hers), SIMILAR.findall(his)
    assert re.sub(r"\s+", " ", one) == re.sub(r"\s+", " ", other)
    assert "约80件有了结果" in one
    # 60 of 80, Wilson, wider by what rounding to five may add.
    low, high = map(int, re.search(r"95%区间(\d+)～(\d+)%", one).groups())
    assert low < 64 <= 75 <= 83 < high
    for share in ("75%", "12%"):
        assert share in one


def test_of_few_of_a_kind_all_are_told_and_of_few_altogether_nothing(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    published(case, 29, 20, 1)
    assert "没有可以比的数字" in pages_of(world, case)[0]
    a_line(world.mobile, n=180, settled=90, unconfirmed=18)
    LeagueLine.objects.update(low=430, high=570)
    for page in pages_of(world, case):
        assert "同类的不到30件，不比；这家企业全部180件有了结果" in page
        assert "95%区间43～57%" in page


@pytest.mark.parametrize(
    ("problem", "demand", "said"),
    [
        (
            "telecom.extras.without_consent",
            "refund",
            ["违反约定的，法律至少给¥100.00", "经营者有欺诈行为的，另加¥500.00"],
        ),
        ("quality", "apology", []),
        ("telecom.broadband.repair", "apology", []),
    ],
)
def test_what_comes_on_top_stands_apart(problem: str, demand: str, said: list[str]) -> None:
    facts = Facts(
        category="service.telecom", problem=problem, demands=frozenset({demand}), amount=100, on=date(2026, 11, 18)
    )
    lines = minimum_for(facts).lines_for(demand)
    assert len(lines) == len(said)
    assert [line for line, part in zip(lines, said, strict=True) if part not in line] == []
