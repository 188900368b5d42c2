"""A measure that waits for a second person: what was proposed, and the decision on the whole of it.

It is approved as a whole and judged case by case as on the day of the approval; a case that moved on, or
can no longer get its offer, is named and left out, and nobody decides on his own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints import handling
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import proposals
from complaints.measures.choosing import LeftOut, Pick, picks_of
from complaints.measures.sending import Outcome
from complaints.models import Complaint, Matter, Measure
from complaints.parties.actors import Actor, stands_to
from complaints.procedure.refusals import not_yours
from complaints.tables.taking_many import take_all, why


def proposed(measure: Measure) -> list[Pick]:
    """The cases that were proposed: those chosen that nothing held back then."""
    left = {one["number"] for one in measure.left_out if one["step"] == "propose"}
    return [pick for pick in picks_of(measure.picks) if pick.number not in left]


def waiting(measures: Iterable[Measure]) -> QuerySet[Matter]:
    """Their proposals that still stand; the others fell when their case moved on."""
    return Matter.objects.filter(measure_id__in=[one.public_id for one in measures], kind="proposal", state="open")


def deciders(measure: Measure, actors: Iterable[Actor]) -> list[Actor]:
    """The jobs in which somebody may decide on this measure; none on the own."""
    return [
        actor
        for actor in actors
        if actor.may(Right.APPROVE_MEASURE)
        and actor.enterprise_id == measure.enterprise_id
        and (measure.proposed_by is None or actor.user_id != measure.proposed_by.user_id)
    ]


def approve(measure: Measure, *, cases: QuerySet[Complaint], actors: Sequence[Actor], now: datetime) -> Outcome:
    """Sends what was proposed, each case judged anew. ``measure`` is locked by the caller.

    Raises StepNotAllowed where nothing waits, it is one's own, or not one case can get its offer any more.
    """
    mine = _mine(measure, actors)
    outcome, steps = Outcome(), dict[int, tuple[Pick, Matter, Actor]]()
    matters = _matters(measure)
    seen = {case.pk: case for case in cases.filter(pk__in=list(matters))}
    for pick in proposed(measure):
        case, matter = seen.get(pick.case), matters.get(pick.case)
        actor = next((a for a in mine if case is not None and stands_to(a, case)), None)
        if matter is None or actor is None:
            outcome.left_out.append(LeftOut(pick.number, _("案件已有变化，这份请示已失效。")))
        else:
            steps[pick.case] = (pick, matter, actor)
    moves: list[tuple[int, Move, Actor]] = []
    for pk, (_pick, matter, actor) in steps.items():
        moves += [
            (pk, proposals.approve(matter_id=matter.pk), actor),
            (pk, handling.built(matter.subject, matter.data["payload"]), actor),
        ]
    results = {taken.complaint.pk: taken for taken in handling.take_each(moves, now=now, whole=True)} if moves else {}
    back: list[tuple[int, Move, Actor]] = []
    for pk, (pick, matter, actor) in steps.items():
        outcome.note(pick, results[pk], "make_offer")
        if not results[pk].is_done:
            back.append((pk, proposals.send_back(matter_id=matter.pk, text=why(results[pk])), actor))
    if not outcome.done:
        raise StepNotAllowed("nobody_left", _("没有一件还可以发送。请退回，由提请人重新选择。"))
    # The whole was decided, so nothing of it goes on waiting.
    take_all(back, now=now)
    measure.left_out = [
        one | {"step": "make_offer"} if one["step"] == "propose" else one for one in measure.left_out
    ] + [one.kept() for one in outcome.left_out]
    measure.sent_at = measure.decided_at = now
    measure.sent, measure.decided_by_id = len(outcome.done), mine[0].staff_id
    measure.save(update_fields=["left_out", "sent_at", "sent", "decided_at", "decided_by"])
    return outcome


def send_back(
    measure: Measure, *, text: str, cases: QuerySet[Complaint], actors: Sequence[Actor], now: datetime
) -> None:
    """It is a draft again, with the reason. ``measure`` is locked by the caller."""
    mine = _mine(measure, actors)
    matters = _matters(measure)
    moves = []
    for case in cases.filter(pk__in=list(matters)).order_by("pk"):
        actor = next((a for a in mine if stands_to(a, case)), None)
        if actor is not None:
            moves.append((case.pk, proposals.send_back(matter_id=matters[case.pk].pk, text=text), actor))
    take_all(moves, now=now)
    measure.left_out = [one for one in measure.left_out if one["step"] != "propose"]
    measure.returned, measure.decided_at, measure.decided_by_id = text, now, mine[0].staff_id
    measure.proposed_at = None
    measure.save(update_fields=["left_out", "returned", "decided_at", "decided_by", "proposed_at"])


def _mine(measure: Measure, actors: Sequence[Actor]) -> list[Actor]:
    if measure.proposed_at is None or measure.sent_at is not None:
        raise StepNotAllowed("nothing_open", _("没有等待批准的这一事项。"))
    if not any(actor.may(Right.APPROVE_MEASURE) for actor in actors):
        raise not_yours()
    mine = deciders(measure, actors)
    if not mine:
        raise StepNotAllowed("own_proposal", _("须由另一位人员办理，不能批准自己提出的。"))
    return mine


def _matters(measure: Measure) -> dict[int, Matter]:
    found = list(waiting([measure]).select_related("complaint"))
    sealed_fields.load_for(found)
    return {matter.complaint_id: matter for matter in found}
