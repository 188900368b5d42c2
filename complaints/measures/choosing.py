"""Which cases a measure is about, with which amount, and what each kind of demand gets.

What cannot be used is named with its reason and left out; every demand of a case is answered by the rule, or the case
is left out; nothing is filled in that nobody said.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints import wording
from complaints.handling import WrongInput
from complaints.handling.transition import saying
from complaints.models import Complaint, Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.tables.exporting.columns import COLUMNS
from complaints.tables.many_cases import ShortAnswer

MOST_CASES = 500
#: What is only told of a line: its case is chosen all the same.
NOTE = "told"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case that gets nothing from this measure, and why."""

    number: str
    why: str
    step: str = "make_offer"

    def kept(self) -> dict[str, str]:
        return {"number": self.number, "why": self.why, "step": self.step}


@dataclass(frozen=True, slots=True)
class Pick:
    """One chosen case; ``word`` is the amount, or what else a table says beside its number."""

    case: int
    number: str
    word: str = ""

    def kept(self) -> dict[str, str | int]:
        return {"case": self.case, "number": self.number, "amount": self.word}


def picks_of(kept: Iterable[dict[str, str | int]]) -> list[Pick]:
    return [Pick(int(one["case"]), str(one["number"]), str(one["amount"])) for one in kept]


def from_lines(
    lines: Iterable[tuple[int, Sequence[str]]], cases: QuerySet[Complaint]
) -> tuple[list[Pick], list[LeftOut]]:
    """Number first, then an amount or a proof; a heading may stand above. ``cases``: what the person sees."""
    values: dict[str, list[str]] = {}
    headings = _headings()
    for _line, cells in lines:
        number = unicodedata.normalize("NFKC", cells[0]).strip().upper()
        word = cells[1].strip() if len(cells) > 1 else ""
        if not number or number.casefold() in headings:
            continue
        values.setdefault(number, []).append(word)
        if len(values) > MOST_CASES:
            raise WrongInput("too_many", _("一次最多%(n)s件，请分成几次。") % {"n": MOST_CASES}, field="lines")
    result = dict(cases.filter(number__in=values).values_list("number", "pk"))
    picks, left = list[Pick](), list[LeftOut]()
    for number, text in values.items():
        different = _different(text)
        if number not in result:
            left.append(LeftOut(number, _("没有找到这件投诉。")))
        elif len(different) > 1:
            left.append(
                LeftOut(number, _("写了两次，写的不一样：%(words)s。请核对。") % {"words": "、".join(different)})
            )
        else:
            picks.append(Pick(result[number], number, different[0] if different else ""))
            if len(text) > 1:
                left.append(LeftOut(number, _("写了两次，只算一次。"), NOTE))
    return picks, left


def _different(texts: Sequence[str]) -> list[str]:
    """What stands beside one number in several lines; the same amount in other words counts once."""
    result: dict[Decimal | str, str] = {}
    for word in filter(None, texts):
        try:
            result.setdefault(saying.money(word, "amount") or Decimal(0), word)
        except WrongInput:
            result.setdefault(word, word)
    return list(result.values())


def _headings() -> set[str]:
    result = {"number"}
    for language, _name in settings.LANGUAGES:
        with override(language):
            result.add(str(COLUMNS["number"].title).casefold())
    return result


def amount_of(pick: Pick) -> Decimal | None:
    """The amount beside the number. Raises WrongInput."""
    return saying.money(pick.word, "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    verdict: str
    source: str = "none"
    fixed: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The whole of it, as it lies in ``Measure.rule``. ``message`` and the reasons may hold variables of templates;
    ``template``: the version whose words they are."""

    kinds: Mapping[str, KindRule]
    due_on: date | None
    message: str
    template: int | None = None

    def kept(self) -> dict[str, Any]:
        return {
            "kinds": {kind: asdict(one) for kind, one in self.kinds.items()},
            "due_on": self.due_on.isoformat() if self.due_on else "",
            "message": self.message,
            "template": self.template,
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
            template=kept.get("template"),
        )


def answers_to(pick: Pick, demands: Sequence[Demand], rule: Rule) -> list[ShortAnswer]:
    """What every open demand of this case gets. Raises WrongInput with the reason why the case is left out."""
    if not demands:
        raise WrongInput("no_demand", _("没有待答复的要求。"))
    by_table = [
        d for d in demands if (one := rule.kinds.get(d.kind)) and one.source == "table" and one.verdict != "refuse"
    ]
    if len(by_table) > 1:
        raise WrongInput("two_amounts", _("有几项要求都要按表中的金额答复，分不清各是多少。"))
    return [_answer(pick, demand, rule) for demand in demands]


def _answer(pick: Pick, demand: Demand, rule: Rule) -> ShortAnswer:
    text = wording.label(demand.kind, kind="demand_kind")
    one = rule.kinds.get(demand.kind)
    if one is None:
        raise WrongInput("no_rule", _("要求“%(demand)s”没有统一的答复。") % {"demand": text})
    amount = None if one.verdict == "refuse" else _amount(pick, demand, one, text)
    if one.verdict == "grant" and amount is None:
        amount = demand.amount
    if one.verdict == "grant" and amount is not None and demand.amount is not None and amount < demand.amount:
        raise WrongInput("less_than_asked", _("“%(demand)s”的金额少于消费者要求的，不能算“同意”。") % {"demand": text})
    if one.verdict == "part" and amount is not None and not amount and demand.amount:
        raise WrongInput("nothing_granted", _("“%(demand)s”的金额是0，不能算“部分同意”。") % {"demand": text})
    if one.verdict != "refuse" and not one.by:
        raise WrongInput("no_promise", _("“%(demand)s”同意了，但没有写怎么做。") % {"demand": text})
    if one.by in MONEY_KINDS and one.verdict != "refuse" and not amount:
        raise WrongInput("no_amount", _("“%(demand)s”没有金额。") % {"demand": text})
    if amount and one.by not in MONEY_KINDS:
        raise WrongInput("promised_less", _("“%(demand)s”同意了金额，但做法不是付钱。") % {"demand": text})
    return ShortAnswer(
        demand=demand, verdict=one.verdict, amount=amount, reason=one.reason, by=one.by, due_on=rule.due_on
    )


def _amount(pick: Pick, demand: Demand, one: KindRule, text: str) -> Decimal | None:
    if one.source == "fixed":
        return Decimal(one.fixed)
    if one.source == "asked":
        if demand.amount is None:
            raise WrongInput("no_amount", _("消费者没有写“%(demand)s”的金额。") % {"demand": text})
        return demand.amount
    if one.source == "table":
        amount = amount_of(pick)
        if not amount:
            raise WrongInput("no_amount", _("表中没有这件的金额。"))
        return amount
    return None
