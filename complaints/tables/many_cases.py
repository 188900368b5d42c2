"""Steps on many cases in one flush, tried out first where somebody wants to see, and offers told in a few cells.

A rehearsal is the real thing taken back, so it refuses exactly what the real one would. Tables and measures say the
same things in the same way: granting a sum without naming one means the whole of it, and what is granted is promised
as a whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import wording
from complaints.handling import Answer, Move, Promise, StepNotAllowed, StepResult, take_each
from complaints.models import Complaint, Demand, Obligation
from complaints.parties.actors import Actor
from complaints.wording import label


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAnswer:
    """What is said to one demand. ``by``: kind of obligation; empty only where it is refused."""

    demand: Demand
    verdict: str
    amount: Decimal | None = None
    reason: str = ""
    by: str = ""
    due_on: date | None = None


def offer_of(texts: Iterable[ShortAnswer]) -> tuple[list[Answer], list[Promise]]:
    """Answers and promises as the verb wants to hear them; it judges what is missing."""
    answers: list[Answer] = []
    promises: list[Promise] = []
    for one in texts:
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


Moves = Sequence[tuple[int, Move, Actor]]


def take_all(moves: Moves, *, now: datetime, whole: bool = False) -> list[StepResult]:
    """What came of each move, in their order; a single one that is refused is told like the others. ``whole``: the
    moves of one case are taken together or not at all."""
    if not moves:
        return []
    try:
        return take_each(moves, now=now, whole=whole)
    except StepNotAllowed as refusal:
        # Only a single move raises.
        return [StepResult(Complaint.objects.get(pk=moves[0][0]), refusal)]


def why_refused(result: StepResult) -> str:
    """Why a move was refused, for a list of many; empty where it was taken."""
    if result.refusal is None:
        return ""
    if result.refusal.code == "not_now" and result.complaint.status:
        return _("案件现在是“%(status)s”，这一步不能办。") % {"status": label(result.complaint.status, kind="status")}
    return result.refusal.reason


def rehearse(moves: Moves, *, now: datetime) -> list[StepResult]:
    """The same, and nothing of it stays."""
    with transaction.atomic():
        result = take_all(moves, now=now)
        transaction.set_rollback(True)
    return result


def open_demands(ids: Iterable[int]) -> dict[int, list[Demand]]:
    """The demands of these cases that wait for an answer, by case."""
    demands: dict[int, list[Demand]] = defaultdict(list)
    rows = Demand.objects.filter(complaint_id__in=list(ids), is_settled=False, is_given_up=False)
    for demand in rows.order_by("complaint_id", "ordinal").defer("note"):
        demands[demand.complaint_id].append(demand)
    return demands


def due_obligations(**which: Any) -> dict[int, list[int]]:
    """The numbers of what the enterprise still owes, by case. ``which``: the condition on obligations."""
    due: dict[int, list[int]] = defaultdict(list)
    rows = Obligation.objects.filter(owed_by="enterprise", state="due", **which).order_by("complaint_id", "ordinal")
    for case, ordinal in rows.values_list("complaint_id", "ordinal"):
        due[case].append(ordinal)
    return due
