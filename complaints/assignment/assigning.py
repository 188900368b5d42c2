"""Who handles a case when nobody said so: rules for new ones, and handing over from whoever is not there.

Every case is given by an ``assign`` step of the system that names rule or leave in the record; whoever is
on leave gets none. A sweep that dies in the middle loses nothing: what is still with nobody is found again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.roles import Right
from complaints.casefile.case_file import CaseFile
from complaints.handling import BATCH, Effect, Move, StepNotAllowed, take_each
from complaints.handling.steps import enterprise
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.parties.actors import SYSTEM, Actor
from complaints.parties.conditions import Conditions
from complaints.parties.workforce import Given, Workforce
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import ENTERPRISE_SIDE
from enterprises.models import Absence, AssignmentRule, Staff

#: A sweep ends after so many batches; the next tick goes on.
MOST_BATCHES = 60

log = logging.getLogger(__name__)


def sweep_assignments(*, now: datetime) -> int:
    """Hand over what lies with somebody who is not there, then give new cases by rule. Returns how many were given."""
    day = timezone.localdate(now)
    return _sweep(left_behind(day), now, _hand_over) + _sweep(unassigned(), now, Workforce.by_rules)


def unassigned() -> QuerySet[Complaint]:
    """Cases without a handler that some rule of their enterprise is about: new ones, and those that came by
    succession."""
    rules = AssignmentRule.objects.filter(
        Q(branch=None) | Q(branch=OuterRef("branch")),
        Q(category="") | Q(category=OuterRef("problem_category")),
        enterprise=OuterRef("enterprise"),
        ended_at=None,
    )
    enterprises = AssignmentRule.objects.filter(ended_at=None).order_by().values("enterprise").distinct()
    return Complaint.objects.filter(
        OPEN, Exists(rules), enterprise__in=enterprises, status__in=ENTERPRISE_SIDE, handler=None
    )


def left_behind(day: date) -> QuerySet[Complaint]:
    """Cases on the enterprise's side whose handler is on leave, has left, was switched off or handles no cases any
    more.
    """
    return Complaint.objects.filter(
        handler__in=away(day), status__in=ENTERPRISE_SIDE, enterprise=F("handler__enterprise")
    )


def away(day: date) -> QuerySet[Staff]:
    """People who hold cases and are not there to handle them."""
    on_leave = Absence.objects.on(day).filter(staff=OuterRef("pk"))
    holds = Complaint.objects.filter(handler=OuterRef("pk"), status__in=ENTERPRISE_SIDE)
    gone = Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=Right.ANSWER_CASE.posts)
    return Staff.objects.filter(Exists(on_leave) | gone).filter(Exists(holds))


def _hand_over(workforce: Workforce, case: Complaint) -> Given | None:
    leave = next(
        (w.leave for w in workforce.workers.get(case.enterprise_id or 0, ()) if w.staff.pk == case.handler_id), None
    )
    given = workforce.instead_of(case, leave)
    if given is None:
        # Nobody is there to take it: somebody must be told, and the team page says so too.
        log.error("case %s lies with nobody who is at work", case.pk)
    return given


def _sweep(cases: QuerySet[Complaint], now: datetime, decide: Any) -> int:
    conditions, done = Conditions.at(now), 0
    for rows in pages_of(cases):
        workforce = Workforce.of((case.enterprise_id or 0 for case in rows), timezone.localdate(now))
        moves = [
            (case.pk, _move(case, workforce.give(given)), SYSTEM)
            for case in rows
            if (given := decide(workforce, case)) is not None
        ]
        done += take_moves(moves, now=now, conditions=conditions)
    return done


def pages_of(cases: QuerySet[Complaint]) -> Iterator[list[Complaint]]:
    """The cases in batches by id, at most MOST_BATCHES of them."""
    last = 0
    for _round in range(MOST_BATCHES):
        rows = list(cases.filter(pk__gt=last).order_by("pk")[:BATCH])
        if not rows:
            return
        yield rows
        last = rows[-1].pk


def _move(case: Complaint, given: Given) -> Move:
    """Refused under the lock when somebody was quicker."""
    move, before = enterprise.assign(handler_id=given.worker.staff.pk, because=given.because), case.handler_id

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.complaint.handler_id != before:
            raise not_now(file.complaint.status)
        return move.carry(file, actor)

    return Move(move.step, carry)


def take_moves(moves: Sequence[tuple[int, Move, Actor]], *, now: datetime, conditions: Conditions) -> int:
    """All at once; if one case breaks the batch, each by itself."""
    if not moves:
        return 0
    try:
        return sum(taken.is_done for taken in take_each(moves, now=now, conditions=conditions, skip_locked=True))
    except StepNotAllowed:
        return 0
    except Exception:
        log.exception("a batch of %s cases could not be assigned; each is tried by itself", len(moves))
    done = 0
    for move in moves:
        try:
            done += sum(taken.is_done for taken in take_each([move], now=now, conditions=conditions, skip_locked=True))
        except StepNotAllowed:
            continue
        except Exception:
            log.exception("case %s could not be assigned", move[0])
    return done


def would_give(cases: Sequence[Complaint], rules: Mapping[int, list[AssignmentRule]], *, day: date) -> dict[int, Given]:
    """Whom these cases would go to by these rules on that day; nothing is written."""
    workforce = Workforce.of({case.enterprise_id or 0 for case in cases}, day)
    workforce.rules = dict(rules)
    found = {}
    for case in cases:
        given = workforce.by_rules(case)
        if given is not None:
            found[case.pk] = workforce.give(given)
    return found
