"""Which routing rules contradict each other, and which can never be reached. Pure.

Said is only what follows from the columns: two rules of one priority whose columns could both match lead
elsewhere (then a person has to decide); an earlier rule that matches whenever a later one does leaves that one nothing.
Whether facts that match both ever come in, nobody knows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from enterprises.directory.answering import Period
from routing.rules.facts import Rule

CONFLICT, COVERED = "conflict", "covered"


@dataclass(frozen=True, slots=True)
class Finding:
    """``kind``: conflict (either may match, neither wins) or covered (``second`` is never reached for ``first``)."""

    kind: str
    first: Rule
    second: Rule


def findings(rules: Sequence[Rule], *, on: date) -> list[Finding]:
    """AnyOf the rules that hold on a day or later, in the order in which they are tried; each pair once."""
    alive = [rule for rule in rules if rule.period.ends_on is None or rule.period.ends_on >= on]
    results = [finding for one, other in _pairs(alive) if (finding := between(one, other)) is not None]
    return sorted(results, key=lambda f: (f.first.priority, f.first.code, f.second.priority, f.second.code))


def with_rule(rule: Rule, rules: Iterable[Rule], *, on: date) -> list[Finding]:
    """What a rule that is not written yet would have to do with those that are, its own old versions left out."""
    others = [one for one in rules if one.code != rule.code and _days(one.period)[1] >= on]
    return [finding for one in others if (finding := between(rule, one)) is not None]


def between(one: Rule, other: Rule) -> Finding | None:
    """What two rules have to do with each other; versions of one rule never meet."""
    (one_first, one_last), (other_first, other_last) = _days(one.period), _days(other.period)
    if one.code == other.code or one_last < other_first or other_last < one_first:
        return None
    first, second = sorted((one, other), key=lambda rule: (rule.priority, rule.code))
    if first.priority == second.priority:
        if first.target != second.target and _may_both_match(first, second):
            return Finding(CONFLICT, first, second)
        return None
    return Finding(COVERED, first, second) if _covers(first, second) else None


def _pairs(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Pairs whose places can meet: only the regions around a rule are compared with it."""
    around: list[Rule] = []
    ordered = sorted(rules, key=lambda one: (one.first or 0, -(one.last or 0) if one.last is not None else -(1 << 40)))
    for rule in ordered:
        if rule.first is not None:
            around = [one for one in around if one.last is None or one.last >= rule.first]
        for one in around:
            yield one, rule
        around.append(rule)


def _days(period: Period) -> tuple[date, date]:
    return period.starts_on or date.min, period.ends_on or date.max


def _may_both_match(one: Rule, other: Rule) -> bool:
    same_place = (
        one.first is None or other.first is None or (one.first <= (other.last or 0) and other.first <= (one.last or 0))
    )
    same_facts = all(not mine or not theirs or mine == theirs for mine, theirs in _columns(one, other))
    return same_place and _categories_meet(one.category, other.category) and same_facts


def _columns(one: Rule, other: Rule) -> Iterator[tuple[Any, Any]]:
    """The columns that match by being equal, of both."""
    for name in ("channel", "brand_id", "enterprise_id", "named"):
        yield getattr(one, name), getattr(other, name)


def _covers(first: Rule, second: Rule) -> bool:
    wider = (
        (
            first.first is None
            or (second.first is not None and first.first <= second.first and (second.last or 0) <= (first.last or 0))
        )
        and _is_in(second.category, first.category)
        and all(not mine or mine == theirs for mine, theirs in _columns(first, second))
    )
    (first_starts, first_ends), (second_starts, second_ends) = _days(first.period), _days(second.period)
    longer = first_starts <= second_starts and second_ends <= first_ends
    return wider and longer and _always_applies(first, second)


def _always_applies(first: Rule, second: Rule) -> bool:
    """A rule may be held back by who is meant (matching._applies): then it does not cover one that is not."""
    if first.target_authority_id is not None:
        return True
    if second.target_authority_id is not None or (second.named and not first.named):
        return False
    return first.names_respondent or (
        not second.names_respondent and first.target_enterprise_id == second.target_enterprise_id
    )


def _categories_meet(one: str, other: str) -> bool:
    """A case has a code of what was bought and one of what went wrong, and either will do."""
    if one and other and _is_of_object(one) != _is_of_object(other):
        return True
    return _is_in(one, other) or _is_in(other, one)


def _is_of_object(category: str) -> bool:
    return category.partition(".")[0] in ("goods", "service")


def _is_in(narrow: str, wide: str) -> bool:
    """Whether a category is another one or lies in it; an empty one holds all."""
    return not wide or narrow == wide or narrow.startswith(wide + ".")
