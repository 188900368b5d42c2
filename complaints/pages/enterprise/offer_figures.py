"""The sums beside an offer while it is written: what is asked, what is offered, what the law gives at least.

They are counted from what stands in the fields now, readable or not; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from complaints.forms.fields import Day, Money
from complaints.models import Complaint, Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.settlement.legal_minimum import Minimum, minimum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """``asked`` None: no demand names a sum. ``offered``: money that the enterprise promises."""

    asked: Decimal | None
    offered: Decimal
    minimum: Minimum

    @property
    def missing(self) -> Decimal | None:
        """How much less than asked; negative when more is offered."""
        return None if self.asked is None else self.asked - self.offered


def figures_of(complaint: Complaint, demands: Iterable[Demand], typed: Mapping[str, Any], rows: int) -> Figures:
    """``typed``: values of the editor's fields by name, for ``rows`` promises; ``demands``: the open ones."""
    demands = list(demands)
    sums = [d.amount for d in demands if d.amount is not None]
    offered = Decimal(0)
    for place in range(1, rows + 1):
        row = f"promise-{place}-"
        if typed.get(f"{row}kind") in MONEY_KINDS and typed.get(f"{row}owed_by", "enterprise") == "enterprise":
            offered += _sum(typed.get(f"{row}amount"))
    return Figures(
        asked=sum(sums, Decimal(0)) if sums else None, offered=offered, minimum=minimum_of(complaint, demands)
    )


def _sum(value: Any) -> Decimal:
    try:
        return Money().clean(str(value)) or Decimal(0) if value not in (None, "") else Decimal(0)
    except ValidationError:
        return Decimal(0)


def day_in(value: Any) -> date | None:
    """A day as the field reads it; None for what is none."""
    try:
        day: date | None = Day(required=False).clean(value)
    except ValidationError:
        return None
    return day
