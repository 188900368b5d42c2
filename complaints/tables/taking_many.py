"""Moves on many cases in one flush, tried out first where somebody wants to see what would come of them.

A rehearsal is the real thing taken back, so it refuses exactly what the real one would.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.handling import Move, StepNotAllowed, Taken, take_each
from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.wording import label

Moves = Sequence[tuple[int, Move, Actor]]


def take_all(moves: Moves, *, now: datetime) -> list[Taken]:
    """What came of each move, in their order; a single one that is refused is told like the others."""
    if not moves:
        return []
    try:
        return take_each(moves, now=now)
    except StepNotAllowed as refusal:
        # Only a single move raises.
        return [Taken(Complaint.objects.get(pk=moves[0][0]), refusal)]


def why(result: Taken) -> str:
    """Why a move was refused, for a list of many; empty where it was taken."""
    if result.refusal is None:
        return ""
    if result.refusal.code == "not_now" and result.complaint.status:
        return _("案件现在是“%(status)s”，这一步不能办。") % {"status": label(result.complaint.status, kind="status")}
    return result.refusal.reason


def rehearse(moves: Moves, *, now: datetime) -> list[Taken]:
    """The same, and nothing of it stays."""
    with transaction.atomic():
        found = take_all(moves, now=now)
        transaction.set_rollback(True)
    return found
