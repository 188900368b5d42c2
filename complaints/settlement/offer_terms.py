"""What an offer says: an answer to each demand, and the promises that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """To one demand (by ordinal): grant, part or refuse; a reason for the last two."""

    demand: int
    verdict: str
    amount: Decimal | str | None = None
    reason: str = ""
    is_separable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One obligation: a last day, or days after another promise (by its place, from 1)."""

    kind: str
    what: str
    amount: Decimal | str | None = None
    owed_by: str = "enterprise"
    due_on: date | str | None = None
    days_after: int | None = None
    after: int | None = None
    payee_last4: str = ""
    proof: str = ""
    demand: int | None = None
