"""Which rules contradict each other: a table of pairs."""

import datetime as dt
from itertools import combinations
from typing import Any

import pytest

from enterprises.directory.answering import Period
from routing.rules.conflicts import between, findings
from routing.rules.facts import Rule

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
    period = Period(
        TODAY + dt.timedelta(since) if since is not None else None,
        TODAY + dt.timedelta(until) if until is not None else None,
    )
    target = {"target_authority_id": office} if office else {"target_enterprise_id": to}
    return Rule(code=code, version=1, priority=priority, reason="x", period=period, **target, **columns)


#: What is said of two rules: kind, or nothing.
PAIRS: list[tuple[str, Rule, Rule, str]] = [
    ("one brand, two targets", rule("A", brand_id=1), rule("B", brand_id=1, to=2), "conflict"),
    ("one brand, one target", rule("A", brand_id=1), rule("B", brand_id=1), ""),
    ("two brands", rule("A", brand_id=1), rule("B", brand_id=2, to=2), ""),
    ("a brand and an enterprise that may hold it", rule("A", brand_id=1), rule("B", enterprise_id=9, to=2), "conflict"),
    ("places apart", rule("A", brand_id=1, **COUNTY), rule("B", brand_id=1, to=2, **OTHER_COUNTY), ""),
    ("a county in its city", rule("A", brand_id=1, **COUNTY), rule("B", brand_id=1, to=2, **CITY), "conflict"),
    (
        "one category in the other",
        rule("A", category="goods", named="x"),
        rule("B", category="goods.food", named="x", to=2),
        "conflict",
    ),
    (
        "two things bought",
        rule("A", category="goods.food", named="x"),
        rule("B", category="goods.toys", named="x", to=2),
        "",
    ),
    (
        "a thing bought and what went wrong",
        rule("A", category="goods.food", named="x"),
        rule("B", category="telecom.fees", named="x", to=2),
        "conflict",
    ),
    ("two channels", rule("A", brand_id=1, channel="web"), rule("B", brand_id=1, channel="phone", to=2), ""),
    ("one after the other", rule("A", brand_id=1, until=5), rule("B", brand_id=1, to=2, since=6), ""),
    ("they share a day", rule("A", brand_id=1, until=6), rule("B", brand_id=1, to=2, since=6), "conflict"),
    ("wider and earlier", rule("A", 10, brand_id=1, **CITY), rule("B", 20, brand_id=1, to=2, **COUNTY), "covered"),
    ("wider and later", rule("A", 30, brand_id=1, **CITY), rule("B", 20, brand_id=1, to=2, **COUNTY), ""),
    ("earlier, and shorter", rule("A", 10, brand_id=1, until=30), rule("B", 20, brand_id=1, to=2), ""),
    ("earlier, for another channel", rule("A", 10, brand_id=1, channel="web"), rule("B", 20, brand_id=1, to=2), ""),
    (
        "an office takes all of a category",
        rule("A", 10, office=7, category="goods"),
        rule("B", 20, category="goods.food", to=2),
        "covered",
    ),
    (
        "who is meant may hold the earlier one back",
        rule("A", 10, category="goods"),
        rule("B", 20, category="goods", to=2),
        "",
    ),
    ("nobody is named, one target", rule("A", 10, category="goods"), rule("B", 20, category="goods.food"), "covered"),
    ("a written name stands before a brand", rule("A", 10, brand_id=1), rule("B", 20, named="x", brand_id=1, to=2), ""),
]


@pytest.mark.parametrize(("one", "other", "kind"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_a_pair(one: Rule, other: Rule, kind: str) -> None:
    for pair in ((one, other), (other, one)):
        result = between(*pair)
        assert (result.kind if result else "") == kind
        if result:
            assert (result.first.code, result.second.code) == ("A", "B")


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
    ended = [rule("A", brand_id=1, until=-1), rule("B", brand_id=1, to=2)]
    assert not findings(ended, on=TODAY)
    assert between(rule("A", brand_id=1), rule("A", brand_id=1, to=2)) is None
