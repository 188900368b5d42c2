"""What the law gives at least in a case: rules by article, as data (``legal_minimum.csv``). Where a fact decides that
nobody has established yet, the rule carries that condition in words and its sum is never counted as certain."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.utils.translation import gettext

from complaints.models import Complaint, Demand
from complaints.procedure.working_calendar import SHANGHAI
from web.templatetags.portal import money

FILE = Path(__file__).with_name("legal_minimum.csv")
#: Demands beside which the sum of a rule is said.
_MONEY_BACK = frozenset({"refund", "return_goods"})
#: A sum in place of what was paid; on top of it; or something to be done.
PARTS = ("refund", "extra", "act")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the file. Empty conditions hold for every case; ``days`` count from the purchase to the complaint."""

    code: str
    part: str
    certain: bool
    categories: tuple[str, ...]
    problems: tuple[str, ...]
    demands: frozenset[str]
    online: bool
    days_from: int | None
    days_to: int | None
    factor: Decimal | None
    floor: Decimal | None
    since: date
    law: str
    text: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the consumer filed, as far as a rule asks. ``days`` since the purchase; None: not known."""

    category: str = ""
    problem: str = ""
    demands: frozenset[str] = frozenset()
    is_online: bool | None = None
    amount: Decimal | None = None
    days: int | None = None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """One rule that fits; ``amount`` None: something to be done, or the price is not known."""

    rule: Rule
    amount: Decimal | None

    @property
    def law(self) -> str:
        return gettext(self.rule.law)

    @property
    def text(self) -> str:
        return gettext(self.rule.text)

    @property
    def condition(self) -> str:
        """What has still to be true, in words; empty where the file shows it."""
        return gettext(self.rule.condition) if self.rule.condition else ""

    @property
    def is_extra(self) -> bool:
        return self.rule.part == "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """What fits a case: sums first, in the order of the file."""

    entitlements: tuple[Entitlement, ...]

    @property
    def certain(self) -> Decimal | None:
        """The sum that the file alone shows to be owed; None when there is none."""
        return self._largest("refund", only_certain=True)

    @property
    def if_proven(self) -> Decimal | None:
        """The sum if every condition that is named holds: the largest refund and the largest sum on top of it."""
        sums = [s for s in (self._largest("refund"), self._largest("extra")) if s is not None]
        return sum(sums, Decimal(0)) if sums else None

    def lines_for(self, demand: str) -> list[str]:
        """What the law gives for a demand of this kind, a sentence each; empty where no rule names the kind.

        The sum stands beside the demand to get money back alone: beside two demands it would look as if it were owed
        twice. What comes on top stands apart, beside the same."""
        fitting = [e for e in self.entitlements if demand in e.rule.demands]
        if demand not in _MONEY_BACK:
            fitting = [replace(e, amount=None) for e in fitting if not e.is_extra]
        sums = [e for e in fitting if e.rule.part == "refund" and e.amount is not None]
        owed = max(sums, key=lambda e: (e.rule.certain, e.amount), default=None)
        if owed is None:
            owed = next((e for e in fitting if not e.is_extra), None)
        extra = next((e for e in fitting if e.is_extra and e.amount is not None), None)
        return [_line(e) for e in (owed, extra) if e is not None]

    def _largest(self, part: str, *, only_certain: bool = False) -> Decimal | None:
        # Refunds stand instead of each other, and art. 55 steps back where another law gives more.
        return max(
            (
                e.amount
                for e in self.entitlements
                if e.rule.part == part and e.amount is not None and (e.rule.certain or not only_certain)
            ),
            default=None,
        )


def _line(one: Entitlement) -> str:
    """法律至少给¥128.50（《…》第二十五条）, and what has still to be true."""
    slots = {"sum": money(one.amount), "law": one.law, "if": one.condition, "text": one.text}
    if one.amount is None:
        text = gettext("%(if)s的：%(text)s（%(law)s）") if one.condition else gettext("%(text)s（%(law)s）")
    elif one.is_extra:
        text = gettext("%(if)s的，另加%(sum)s（%(law)s）")
    elif one.condition:
        text = gettext("%(if)s的，法律至少给%(sum)s（%(law)s）")
    else:
        text = gettext("法律至少给%(sum)s（%(law)s）")
    return text % slots


def minimum_of(complaint: Complaint, demands: Iterable[Demand]) -> Minimum:
    """What the law gives at least for the ``demands`` of this case, by the rules in force when it was filed."""
    filed = complaint.received_at.astimezone(SHANGHAI).date()
    bought = complaint.bought_on
    return minimum_for(
        Facts(
            category=complaint.object_category,
            problem=complaint.problem_category,
            demands=frozenset(d.kind for d in demands),
            is_online=complaint.is_online,
            amount=complaint.amount,
            days=(filed - bought).days if bought is not None else None,
            on=filed,
        )
    )


def minimum_for(facts: Facts) -> Minimum:
    """The rules that fit, sums before deeds."""
    fitting = [Entitlement(rule=rule, amount=_amount(rule, facts.amount)) for rule in rules() if _fits(rule, facts)]
    return Minimum(entitlements=tuple(sorted(fitting, key=lambda e: PARTS.index(e.rule.part))))


def _fits(rule: Rule, facts: Facts) -> bool:
    if facts.on < rule.since or (rule.online and facts.is_online is not True):
        return False
    if not _within(facts.category, rule.categories) or not _within(facts.problem, rule.problems):
        return False
    if rule.demands and not rule.demands & facts.demands:
        return False
    if rule.days_from is None and rule.days_to is None:
        return True
    return (
        facts.days is not None
        and (rule.days_from or 0) <= facts.days
        and (rule.days_to is None or facts.days <= rule.days_to)
    )


def _within(code: str, wanted: tuple[str, ...]) -> bool:
    """Whether ``code`` begins with one of these words and with none of those behind a minus."""
    if any(code.startswith(word[1:]) for word in wanted if word.startswith("-")):
        return False
    named = [word for word in wanted if not word.startswith("-")]
    return not named or any(code.startswith(word) for word in named)


def _amount(rule: Rule, price: Decimal | None) -> Decimal | None:
    if rule.factor is None or price is None:
        return None
    return max((price * rule.factor).quantize(Decimal("0.01")), rule.floor or Decimal(0))


@cache
def rules() -> tuple[Rule, ...]:
    """All lines of the file, in its order."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(_rule(line) for line in csv.DictReader(lines))


def _rule(line: dict[str, str]) -> Rule:
    if line["part"] not in PARTS:
        raise ValueError(f"{line['code']}: no such part: {line['part']}")

    def whole(name: str) -> int | None:
        return int(line[name]) if line[name] else None

    def number(name: str) -> Decimal | None:
        return Decimal(line[name]) if line[name] else None

    return Rule(
        code=line["code"],
        part=line["part"],
        certain=line["certain"] == "yes",
        categories=tuple(line["categories"].split()),
        problems=tuple(line["problems"].split()),
        demands=frozenset(line["demands"].split()),
        online=line["online"] == "yes",
        days_from=whole("days_from"),
        days_to=whole("days_to"),
        factor=number("factor"),
        floor=number("floor"),
        since=date.fromisoformat(line["since"]),
        law=line["law"],
        text=line["words"],
        condition=line["if"],
    )
