"""Cases of officers who are not there: handed over to the deputy, else to a head, else to whoever may hold cases.

Every case is given by an ``assign_officer`` step of the system that names the leave or the leaving in the
record; what nobody can take is an alarm, and is found again by the next sweep.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.roles import Right
from authorities.jurisdiction import on_leave
from authorities.models import Officer, OfficerAbsence
from complaints.assignment import call_backs
from complaints.assignment.assigning import pages_of, take_moves
from complaints.casefile.case_file import CaseFile
from complaints.handling import Effect, Move
from complaints.handling.steps import authority
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.parties import powers
from complaints.parties.actors import SYSTEM, Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import Status

log = logging.getLogger(__name__)


def away(day: date) -> QuerySet[Officer]:
    """Officers who hold open cases and are not there to handle them: on leave, left, switched off, or only reading."""
    holds = Complaint.objects.filter(OPEN, officer=OuterRef("pk"))
    gone = Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=Right.HOLD_CASE.posts)
    return Officer.objects.filter(on_leave(day) | gone).filter(Exists(holds))


def left_behind(day: date) -> QuerySet[Complaint]:
    """Open cases whose officer is not there. A draft has none."""
    return Complaint.objects.filter(OPEN, officer__in=away(day))


@dataclass(slots=True)
class Workspaces:
    """Who is at work at some authorities on a day, and how many open cases they have; counts go up as cases are
    given."""

    day: date
    officers: dict[int, list[Officer]]
    leaves: dict[int, OfficerAbsence]
    open: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, cases: Iterable[Complaint], day: date) -> Workspaces:
        """Three queries, however many cases."""
        rows = list(cases)
        officers: dict[int, list[Officer]] = defaultdict(list)
        at_work = Officer.objects.on(day).filter(
            ~Q(on_leave(day)),
            authority_id__in={case.handling_authority_id for case in rows},
            role__in=Right.HOLD_CASE.posts,
            user__is_active=True,
        )
        for officer in at_work.order_by("pk"):
            officers[officer.authority_id].append(officer)
        leaves = {
            leave.officer_id: leave
            for leave in (
                OfficerAbsence.objects.on(day)
                .filter(officer__user__in={case.officer.user_id for case in rows if case.officer})
                .select_related("officer", "deputy")
            )
        }
        load = Counter(
            dict(
                Complaint.objects.filter(OPEN, officer__in=[o.pk for rows in officers.values() for o in rows])
                .order_by()
                .values_list("officer")
                .annotate(n=Count("pk"))
            )
        )
        return cls(day, officers, leaves, load)

    def instead_of(self, case: Complaint) -> tuple[Officer, dict[str, Any]] | None:
        """The deputy, else the head with the fewest, else a handler, else intake, which triage comes to first, of those
        who need not stay out of it; None when nobody is there."""
        out = powers.recused(case)
        there = [row for row in self.officers.get(case.handling_authority_id, []) if row.user_id not in out]
        leave = self._leave_of(case.officer)
        why: dict[str, Any] = {"why": "left"} if leave is None else {"why": "leave", "leave": leave.pk}
        deputy = leave.deputy if leave is not None else None
        if deputy is not None:
            chosen = next((row for row in there if row.user_id == deputy.user_id), None)
            if chosen is not None:
                return self._give(chosen), {**why, "to": "deputy"}
        rights = [Right.LEAD_AUTHORITY, Right.DECIDE_CASE]
        rights.insert(0 if case.status == Status.TRIAGE else len(rights), Right.DISTRIBUTE)
        for right in rights:
            able = [row for row in there if row.role in right.posts]
            if able:
                word = "head" if right == Right.LEAD_AUTHORITY else "colleague"
                return self._give(min(able, key=lambda row: (self.open[row.pk], row.pk))), {**why, "to": word}
        return None

    def _leave_of(self, officer: Officer | None) -> OfficerAbsence | None:
        if officer is None:
            return None
        return next(
            (
                leave
                for leave in self.leaves.values()
                if leave.officer.user_id == officer.user_id and leave.officer.authority_id == officer.authority_id
            ),
            None,
        )

    def _give(self, officer: Officer) -> Officer:
        self.open[officer.pk] += 1
        return officer


def sweep_officers(*, now: datetime) -> int:
    """Hand over what lies with officers who are not there: cases, then call-backs. Returns how many moved."""
    conditions, day, done = Conditions.at(now), timezone.localdate(now), 0
    for rows in pages_of(left_behind(day).select_related("officer")):
        workspaces, moves = Workspaces.of(rows, day), []
        for case in rows:
            given = workspaces.instead_of(case)
            if given is None:
                # Nobody is there to take it: somebody must be told, and the team page says so too.
                log.error("case %s lies with no officer who is at work", case.pk)
                continue
            moves.append((case.pk, _move(case, *given), SYSTEM))
        done += take_moves(moves, now=now, conditions=conditions)
    return done + call_backs.hand_over(now=now)


def _move(case: Complaint, officer: Officer, because: dict[str, Any]) -> Move:
    """Refused under the lock when somebody was quicker; the entry says why, and who gets the case is told."""
    move, before = authority.assign_officer(officer_id=officer.pk), case.officer_id

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.complaint.officer_id != before:
            raise not_now(file.complaint.status)
        effect = move.carry(file, actor)
        return replace(effect, data={**effect.data, "because": because}, tells="authority")

    return Move(move.step, carry)
