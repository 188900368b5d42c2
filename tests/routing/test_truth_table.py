"""Where a case goes: the table that an officer can read and correct."""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from authorities.models import Authority, Region
from authorities.tables import TableError
from enterprises.directory.answering import Period
from enterprises.directory.exchange import reference
from enterprises.directory.importing import import_enterprises
from enterprises.directory.reasons import SENTENCES, say_all
from enterprises.models import Branch, Brand, Enterprise
from routing.rules import directory, matching
from routing.rules.conflicts import between, findings
from routing.rules.directory import load_rules
from routing.rules.facts import Directory, Facts, Match, NoMatch, Rule
from tests.languages import in_language

HERE = Path(__file__).parent


ROWS = list(csv.DictReader((HERE / "truth_table.csv").read_text("utf-8").splitlines()))


@dataclass
class World:
    """The directory of the table, read once; names both ways."""

    facts: dict[str, Facts]
    rules: tuple[Rule, ...]
    snapshot: Directory
    enterprises: dict[int, str]
    branches: dict[int, str]
    authorities: dict[int, str]


@pytest.fixture(scope="module")
def world(public_side: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        import_enterprises(HERE / "directory.csv")
        load_rules(HERE / "rules.csv")
        enterprises = list(Enterprise.objects.select_related("domicile"))
        names = [enterprise.name for enterprise in enterprises]
        ref = {f.pk: reference(f, is_shared_name=names.count(f.name) > 1) for f in enterprises}
        by_ref = {name: pk for pk, name in ref.items()}
        branches = dict(Branch.objects.values_list("id", "name"))
        by_branch = {name: pk for pk, name in branches.items()}
        brands = dict(Brand.objects.values_list("name", "id"))
        regions = {region.code: region for region in Region.objects.all()}
        facts = {}
        for row in ROWS:
            region = regions[row["地区"]] if row["地区"] else None
            facts[row["编号"]] = Facts(
                on=dt.date.fromisoformat(row["日期"]),
                region_id=region.pk if region else None,
                region_name=region.name if region else "",
                region_name_en=region.name_en if region else "",
                enterprise_id=by_ref[row["点选企业"]] if row["点选企业"] else None,
                branch_id=by_branch[row["点选分支"]] if row["点选分支"] else None,
                brand_ids=(brands[row["点选品牌"]],) if row["点选品牌"] else (),
                named=row["自填名称"],
                categories=tuple(filter(None, (row["商品类别"], row["问题类别"]))),
                channel=row["渠道"],
            )
        rules = directory.rules()
        yield World(
            facts=facts,
            rules=rules,
            snapshot=directory.snapshot(facts.values(), rules),
            enterprises=ref,
            branches=branches,
            authorities=dict(Authority.objects.values_list("id", "name")),
        )
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['编号']} {row['说明']}" for row in ROWS])
def test_a_case_goes_where_the_table_says(world: World, row: dict[str, str]) -> None:
    decision = matching.choose(world.facts[row["编号"]], world.rules, world.snapshot)
    given = " → ".join(in_language("zh-hans", say_all, [why.as_json() for why in decision.why]))
    assert (f"{decision.rule} v{decision.version}" if decision.rule else "") == row["规则"], given
    assert decision.why[-1].code == row["理由"], given
    if row["结果"] == "人工":
        assert isinstance(decision, NoMatch), given
        assert decision.reason == row["理由"]
        if row["首选建议"]:
            assert world.enterprises[decision.suggestions[0].enterprise_id] == row["首选建议"]
        return
    assert isinstance(decision, Match), given
    if row["结果"] == "部门":
        assert decision.enterprise_id is None
        assert world.authorities[decision.authority_id or 0] == row["接收部门"], given
        return
    assert world.enterprises[decision.enterprise_id or 0] == row["企业"], given
    assert world.branches.get(decision.branch_id or 0, "总部") == row["分支"], given
    if row["接收部门"]:
        assert world.authorities[decision.authority_id or 0] == row["接收部门"], given


def test_every_reason_has_words_without_holes_and_the_same_facts_give_the_same_decision(world: World) -> None:
    for facts in world.facts.values():
        decision = matching.choose(facts, world.rules, world.snapshot)
        assert matching.choose(facts, tuple(reversed(world.rules)), world.snapshot) == decision
        for why in decision.why:
            for language in ("zh-hans", "en"):
                text = in_language(language, str, SENTENCES[why.code])
                text.format(**why.values)
                for name in ("enterprise", "branch", "region", "old", "reason"):
                    assert f"{{{name}}}" not in text or f"{name}_en" in why.values, why.code


@pytest.mark.django_db
def test_a_priority_of_a_table_is_whole_or_its_line_is_named(tmp_path: Path) -> None:
    for priority in ("", "first", "²", "1" * 10):
        table = tmp_path / "rules.csv"
        names = next(line for line in (HERE / "rules.csv").read_text("utf-8").splitlines() if line.startswith("code,"))
        table.write_text(f"{names}\nR-9,1,{priority}\n", encoding="utf-8")
        with pytest.raises(TableError, match="line 2: version and priority must be whole numbers"):
            load_rules(table)


TODAY = dt.date(2026, 11, 11)
CITY, COUNTY, OTHER_COUNTY = {"first": 100, "last": 199}, {"first": 110, "last": 119}, {"first": 120, "last": 129}


def rule(
    code: str,
    priority: int = 50,
    *,
    to: int = 1,
    office: int | None = None,
    since: int | None = None,
    until: int | None = None,
    **columns: Any,
) -> Rule:
    period = Period(*(None if days is None else TODAY + dt.timedelta(days) for days in (since, until)))
    target = {"target_authority_id": office} if office else {"target_enterprise_id": to}
    return Rule(code=code, version=1, priority=priority, reason="x", period=period, **target, **columns)


FOOD, named = "goods.food", partial(rule, named="x")
#: What is said of two rules: kind, or nothing.
PAIRS: list[tuple[str, Rule, Rule, str]] = [
    ("one brand, two targets", rule("A", brand_id=1), rule("B", brand_id=1, to=2), "conflict"),
    ("one brand, one target", rule("A", brand_id=1), rule("B", brand_id=1), ""),
    ("two brands", rule("A", brand_id=1), rule("B", brand_id=2, to=2), ""),
    ("a brand and an enterprise that may hold it", rule("A", brand_id=1), rule("B", enterprise_id=9, to=2), "conflict"),
    ("places apart", rule("A", brand_id=1, **COUNTY), rule("B", brand_id=1, to=2, **OTHER_COUNTY), ""),
    ("a county in its city", rule("A", brand_id=1, **COUNTY), rule("B", brand_id=1, to=2, **CITY), "conflict"),
    ("one category in the other", named("A", category="goods"), named("B", category=FOOD, to=2), "conflict"),
    ("two things bought", named("A", category=FOOD), named("B", category="goods.toys", to=2), ""),
    ("bought, and what went wrong", named("A", category=FOOD), named("B", category="telecom.fees", to=2), "conflict"),
    ("two channels", rule("A", brand_id=1, channel="web"), rule("B", brand_id=1, channel="phone", to=2), ""),
    ("one after the other", rule("A", brand_id=1, until=5), rule("B", brand_id=1, to=2, since=6), ""),
    ("they share a day", rule("A", brand_id=1, until=6), rule("B", brand_id=1, to=2, since=6), "conflict"),
    ("wider and earlier", rule("A", 10, brand_id=1, **CITY), rule("B", 20, brand_id=1, to=2, **COUNTY), "covered"),
    ("wider and later", rule("A", 30, brand_id=1, **CITY), rule("B", 20, brand_id=1, to=2, **COUNTY), ""),
    ("earlier, and shorter", rule("A", 10, brand_id=1, until=30), rule("B", 20, brand_id=1, to=2), ""),
    ("earlier, for another channel", rule("A", 10, brand_id=1, channel="web"), rule("B", 20, brand_id=1, to=2), ""),
    ("an office takes all", rule("A", 10, office=7, category="goods"), rule("B", 20, category=FOOD, to=2), "covered"),
    ("who is meant may hold A back", rule("A", 10, category="goods"), rule("B", 20, category="goods", to=2), ""),
    ("nobody is named, one target", rule("A", 10, category="goods"), rule("B", 20, category="goods.food"), "covered"),
    ("a written name stands before a brand", rule("A", 10, brand_id=1), rule("B", 20, named="x", brand_id=1, to=2), ""),
]


def test_a_pair() -> None:
    for what, one, other, kind in PAIRS:
        for pair in ((one, other), (other, one)):
            result = between(*pair)
            assert (result.kind if result else "") == kind, what
            assert not result or (result.first.code, result.second.code) == ("A", "B")


def test_all_at_once_finds_what_each_pair_says_and_versions_of_one_rule_never_meet() -> None:
    rules = [
        Rule(**{name: getattr(one, name) for name in one.__slots__ if name not in ("code",)}, code=f"{nth}{one.code}")  # type: ignore[attr-defined]
        for nth, pair in enumerate(PAIRS)
        for one in pair[1:3]
    ]
    slowly = {
        (f.kind, f.first.code, f.second.code) for one, other in combinations(rules, 2) if (f := between(one, other))
    }
    assert {(f.kind, f.first.code, f.second.code) for f in findings(rules, on=TODAY)} == slowly
    assert len(slowly) > 20
    assert not findings([rule("A", brand_id=1, until=-1), rule("B", brand_id=1, to=2)], on=TODAY)
    assert between(rule("A", brand_id=1), rule("A", brand_id=1, to=2)) is None
