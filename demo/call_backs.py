"""Call-backs of last month: drawn as the sweep draws them, the first ones rung."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from complaints import handling
from complaints.assignment import call_backs
from complaints.handling import Move
from complaints.handling.steps import casework
from complaints.models import CallBack
from complaints.parties import actors
from complaints.parties.actors import Actor

#: What the consumers said, in turn.
_SAID = (
    {
        "overall": 5,
        "answers": {"contacted": "yes", "attitude": "good", "accepted": "yes"},
        "text": "很快就退款了，满意。",
    },
    {"overall": 4, "answers": {"contacted": "yes", "attitude": "fair", "accepted": "yes"}, "text": ""},
    {
        "overall": 2,
        "answers": {"contacted": "no", "attitude": "poor", "accepted": "no"},
        "text": "电话打了好几次才有人接。",
        "disagrees": True,
    },
    {
        "overall": 1,
        "answers": {"contacted": "yes", "attitude": "fair", "accepted": "no", "performed": "no"},
        "text": "答应的退款没有到账。",
    },
)
_RUNG_OF_FOUR = 3


def call_back_last_month(*, now: datetime) -> int:
    """How many were drawn. The seed is sealed in that month and shown after it, as always."""
    today = timezone.localdate(now)
    call_backs.sweep_call_backs(now=now - (today - call_backs.month_of(today)) - timedelta(days=2))
    drawn = call_backs.sweep_call_backs(now=now)
    moves: list[tuple[int, Move, Actor]] = []
    calls = CallBack.objects.filter(state="open", officer__isnull=False).select_related(
        "officer__user", "officer__authority"
    )
    for nth, call in enumerate(calls):
        if call.officer is not None and nth % 4 < _RUNG_OF_FOUR:
            answers: dict[str, Any] = dict(_SAID[nth % len(_SAID)])
            moves.append(
                (call.complaint_id, casework.call_back(reached=True, **answers), actors.officer([call.officer]))
            )
    for start in range(0, len(moves), handling.BATCH):
        handling.take_each(moves[start : start + handling.BATCH], now=now)
    return drawn
