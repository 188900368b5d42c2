"""The rule of a measure: what each kind of demand gets. Every demand of a case is answered by it, or the case
is left out and named; nothing is filled in that nobody said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from complaints import wording
from complaints.handling import WrongInput
from complaints.measures.choosing import Pick, amount_of
from complaints.models import Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.tables.short_answers import Short


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """What one kind of demand gets."""

    verdict: str
    source: str = "none"
    fixed: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The whole of it, as it lies in ``Measure.rule``."""

    kinds: Mapping[str, KindRule]
    due_on: date | None
    message: str

    def kept(self) -> dict[str, Any]:
        return {
            "kinds": {
                kind: {
                    "verdict": one.verdict,
                    "source": one.source,
                    "fixed": one.fixed,
                    "reason": one.reason,
                    "by": one.by,
                }
                for kind, one in self.kinds.items()
            },
            "due_on": self.due_on.isoformat() if self.due_on else "",
            "message": self.message,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Rule | None:
        """None where nothing was said yet."""
        if not kept:
            return None
        return cls(
            kinds={kind: KindRule(**one) for kind, one in kept["kinds"].items()},
            due_on=date.fromisoformat(kept["due_on"]) if kept["due_on"] else None,
            message=kept["message"],
        )


def answers_to(pick: Pick, demands: Sequence[Demand], rule: Rule) -> list[Short]:
    """What every open demand of this case gets. Raises WrongInput with the reason why the case is left out."""
    if not demands:
        raise WrongInput("no_demand", _("没有待答复的诉求。"))
    by_table = [
        d for d in demands if (one := rule.kinds.get(d.kind)) and one.source == "table" and one.verdict != "refuse"
    ]
    if len(by_table) > 1:
        raise WrongInput("two_amounts", _("有几项诉求都要按表中的金额答复，分不清各是多少。"))
    return [_answer(pick, demand, rule) for demand in demands]


def _answer(pick: Pick, demand: Demand, rule: Rule) -> Short:
    words = wording.label(demand.kind, kind="demand_kind")
    one = rule.kinds.get(demand.kind)
    if one is None:
        raise WrongInput("no_rule", _("诉求“%(demand)s”没有统一的答复。") % {"demand": words})
    amount = None if one.verdict == "refuse" else _amount(pick, demand, one, words)
    if one.verdict == "grant" and amount is not None and demand.amount is not None and amount < demand.amount:
        raise WrongInput("less_than_asked", _("“%(demand)s”的金额少于消费者要求的，不能算“同意”。") % {"demand": words})
    if one.verdict == "part" and amount is not None and not amount and demand.amount:
        raise WrongInput("nothing_granted", _("“%(demand)s”的金额是0，不能算“部分同意”。") % {"demand": words})
    if one.by in MONEY_KINDS and one.verdict != "refuse" and not amount:
        raise WrongInput("no_amount", _("“%(demand)s”没有金额。") % {"demand": words})
    return Short(demand=demand, verdict=one.verdict, amount=amount, reason=one.reason, by=one.by, due_on=rule.due_on)


def _amount(pick: Pick, demand: Demand, one: KindRule, words: str) -> Decimal | None:
    if one.source == "fixed":
        return Decimal(one.fixed)
    if one.source == "asked":
        if demand.amount is None:
            raise WrongInput("no_amount", _("消费者没有写“%(demand)s”的金额。") % {"demand": words})
        return demand.amount
    if one.source == "table":
        amount = amount_of(pick)
        if not amount:
            raise WrongInput("no_amount", _("表中没有这件的金额。"))
        return amount
    return None
