"""An offer told in a few cells a demand: what is said to it, how much, why, how and by when it is done.

Tables and measures say the same things in the same way, and what follows from a cell that was left empty
is decided here once: granting a sum without naming one means the whole of it, and without a way nothing has to be done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from complaints import wording
from complaints.handling import Answer, Promise
from complaints.models import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """What is said to one demand. ``by``: kind of obligation, empty where nothing has to be done."""

    demand: Demand
    verdict: str
    amount: Decimal | None = None
    reason: str = ""
    by: str = ""
    due_on: date | None = None


def offer_of(said: Iterable[Short]) -> tuple[list[Answer], list[Promise]]:
    """Answers and promises as the verb wants to hear them; it judges what is missing."""
    answers: list[Answer] = []
    promises: list[Promise] = []
    for one in said:
        amount = None if one.verdict == "refuse" else one.amount
        if one.verdict == "grant" and amount is None:
            amount = one.demand.amount
        answers.append(Answer(demand=one.demand.ordinal, verdict=one.verdict, amount=amount, reason=one.reason))
        if one.by and one.verdict != "refuse":
            promises.append(
                Promise(
                    kind=one.by,
                    what=wording.label(one.demand.kind, kind="demand_kind"),
                    amount=amount,
                    due_on=one.due_on,
                    demand=one.demand.ordinal,
                )
            )
    return answers, promises
