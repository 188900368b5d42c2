"""Root causes of ended cases: most are tagged by whoever handled them, the newest wait in the list."""

from datetime import datetime

from django.db.models import F

from complaints import handling
from complaints.handling import Move
from complaints.handling.steps import enterprise
from complaints.models import Engagement
from complaints.parties.actors import Actor
from complaints.procedure.categories import fitting_causes
from complaints.procedure.workflow import Status
from demo.people import Cast

#: So many cases a flush; of five ended ones so many are tagged.
_BATCH, _TAGGED_OF_FIVE = 300, 4


def tag_causes(cast: Cast, *, now: datetime) -> int:
    """How many were tagged. What is usual for the problem is what it was, mostly."""
    ended = (
        Engagement.objects.filter(
            until_at__isnull=False, complaint__status=Status.CLOSED, complaint__enterprise_id=F("enterprise_id")
        )
        .exclude(odr_result="returned")
        .select_related("complaint")
        .order_by("pk")
    )
    moves: list[tuple[int, Move, Actor]] = []
    for nth, time in enumerate({time.complaint_id: time for time in ended}.values()):
        actor = cast.staff.get(time.complaint.handler_id or 0)
        if actor is None or nth % 5 >= _TAGGED_OF_FIVE:
            continue
        usual, others = fitting_causes(time.complaint.problem_category)
        causes = [*usual, *usual, *others]
        moves.append((time.complaint_id, enterprise.tag_cause(cause=causes[nth % len(causes)]), actor))
    done = 0
    for start in range(0, len(moves), _BATCH):
        done += sum(one.is_done for one in handling.take_each(moves[start : start + _BATCH], now=now))
    return done
