"""Who handles a case when nobody said so: rules for new ones, handing over from whoever is away; and who read what.

At an enterprise and at an authority alike. Each is given by a step of the system; a sweep that dies in the middle loses
nothing; what nobody can take is left to nobody (owners.py), as whoever is away has no open case.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from authorities.jurisdiction import on_leave
from authorities.models import Officer, OfficerAbsence
from complaints.assignment import call_backs
from complaints.casefile.case_file import CaseFile
from complaints.handling import BATCH, Effect, Move, StepNotAllowed, take_each
from complaints.handling.steps import authority, enterprise
from complaints.models import Complaint, Engagement, Reading
from complaints.models.complaint import OPEN
from complaints.parties import powers
from complaints.parties.actors import SYSTEM, Actor
from complaints.parties.conditions import Conditions
from complaints.parties.workforce import Assigned, Workforce
from complaints.procedure.refusals import not_now
from complaints.procedure.workflow import ENTERPRISE_SIDE, Status
from database.prepared import statement_of
from enterprises.models import Absence, AssignmentRule, Staff

#: A sweep ends after so many batches; the next tick goes on.
MOST_BATCHES = 60
#: The reason of the entry by which a case was left to nobody, as nobody was at work.
NOBODY = "nobody_there"

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
    """Cases on the enterprise's side whose handler is on leave, has left, was switched off or handles none any more."""
    return Complaint.objects.filter(
        handler__in=away(day), status__in=ENTERPRISE_SIDE, enterprise=F("handler__enterprise")
    )


def away(day: date) -> QuerySet[Staff]:
    on_leave = Absence.objects.on(day).filter(staff=OuterRef("pk"))
    holds = Complaint.objects.filter(handler=OuterRef("pk"), status__in=ENTERPRISE_SIDE)
    gone = Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=Right.ANSWER_CASE.posts)
    return Staff.objects.filter(Exists(on_leave) | gone).filter(Exists(holds))


def _hand_over(workforce: Workforce, case: Complaint) -> Assigned | None:
    leave = next(
        (w.leave for w in workforce.workers.get(case.enterprise_id or 0, ()) if w.staff.pk == case.handler_id), None
    )
    return workforce.instead_of(case, leave)


def _sweep(cases: QuerySet[Complaint], now: datetime, decide: Any) -> int:
    conditions, done = Conditions.at(now), 0
    for rows in pages_of(cases):
        workforce = Workforce.of((case.enterprise_id or 0 for case in rows), timezone.localdate(now))
        moves = []
        for case in rows:
            if (given := decide(workforce, case)) is not None:
                given = workforce.give(given)
                move = enterprise.assign(handler_id=given.worker.staff.pk, because=given.because)
                moves.append((case.pk, given_move(move, "handler_id", case.handler_id), SYSTEM))
            elif case.handler_id is not None:
                moves.append((case.pk, _to_nobody("assign", "handler_id", case.handler_id, "enterprise"), SYSTEM))
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


def given_move(
    move: Move, holder: str, before: int | None, *, because: dict[str, Any] | None = None, tells: str | None = None
) -> Move:
    """Refused under the lock when somebody was quicker. With ``because`` the entry says why and the officer is told."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if getattr(file.complaint, holder) != before:
            raise not_now(file.complaint.status)
        effect = move.carry(file, actor)
        if because is None:
            return replace(effect, tells=tells)
        return replace(effect, data={**effect.data, "because": because}, tells="authority")

    return Move(move.step, carry)


def _to_nobody(step: str, holder: str, before: int, tells: str) -> Move:
    """Whoever has the case is away, and nobody is there to take it: it is shown with nobody, and they are told."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        setattr(file.complaint, holder, None)
        return Effect(data={holder.removesuffix("_id"): None, "before": before}, reason=NOBODY, tells=tells)

    return given_move(Move(step, carry), holder, before, tells=tells)


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


def would_give(
    cases: Sequence[Complaint], rules: Mapping[int, list[AssignmentRule]], *, day: date
) -> dict[int, Assigned]:
    """Whom these cases would go to by these rules on that day; nothing is written."""
    workforce = Workforce.of({case.enterprise_id or 0 for case in cases}, day)
    workforce.rules = dict(rules)
    result = {}
    for case in cases:
        given = workforce.by_rules(case)
        if given is not None:
            result[case.pk] = workforce.give(given)
    return result


#: Who opened a case longer ago is not named any more.
IS_THERE_FOR = timedelta(minutes=5)
#: So many colleagues are named.
MOST_NAMED = 5

# One statement: what was read up to where, and who else is there.
_OPENED = statement_of(
    """
with given as (
    select %s::bigint as complaint_id, %s::bigint as user_id, %s::bigint as enterprise_id, %s::bigint as engagement_id,
        %s::integer as read_to, %s::timestamptz as seen_at),
put as (
    insert into complaints_reading as r (complaint_id, user_id, enterprise_id, engagement_id, read_to, seen_at)
    select complaint_id, user_id, enterprise_id, engagement_id, read_to, seen_at from given
    on conflict (complaint_id, user_id, enterprise_id) do update set read_to = greatest(r.read_to, excluded.read_to),
        seen_at = excluded.seen_at, engagement_id = excluded.engagement_id)
select r.user_id, r.seen_at from given g
join complaints_reading r using (complaint_id, enterprise_id)
where r.user_id <> g.user_id and r.seen_at > %s::timestamptz
order by r.seen_at desc limit %s::integer""",
    about="who has opened this case",
)
# The newest time of the enterprise with each case; cases without one are left out.
_MARK = """
insert into complaints_reading as r (complaint_id, user_id, enterprise_id, engagement_id, read_to)
select c.id, %(user)s, e.enterprise_id, e.id, c.last_sequence
from complaints_complaint c
join lateral (select e.id, e.enterprise_id from complaints_engagement e
              where e.complaint_id = c.id and e.enterprise_id = c.enterprise_id order by e.id desc limit 1) e on true
where c.id = any(%(cases)s)
order by c.id
on conflict (complaint_id, user_id, enterprise_id) do update set read_to = greatest(r.read_to, excluded.read_to),
    engagement_id = excluded.engagement_id"""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the same enterprise who opened the case a moment ago."""

    name: str
    at: datetime


def opened(complaint: Complaint, engagement: Engagement, *, user: User, now: datetime) -> list[Colleague]:
    """``user`` has the case in front of him: remember how far it goes. Returns who else opened it within IS_THERE_FOR.
    One statement, and one for their names; only for requests that write nothing else: their commit does not wait."""
    # Whoever only looks does not wait for the disk: a mark that a crash takes away is set by the next look.
    connection.say_with_next("set local synchronous_commit = off")  # type: ignore[attr-defined]
    there: list[tuple[Any, ...]] = _OPENED.ask(
        [
            *(complaint.pk, user.pk, engagement.enterprise_id, engagement.pk, complaint.last_sequence, now),
            *(now - IS_THERE_FOR, MOST_NAMED),
        ]
    )
    if not there:
        return []
    people = User.objects.in_bulk([pk for pk, _at in there])
    sealed_fields.load_for(people.values())
    return [Colleague(people[pk].name, at) for pk, at in there if pk in people]


def mark_read(cases: Sequence[int], *, user: User) -> None:
    """``user`` has read these cases up to their newest entry; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"user": user.pk, "cases": list(cases)})


def read_to(user: User) -> Subquery:
    """For an annotation of cases: up to which entry ``user`` has read each; null where he never opened it."""
    rows = Reading.objects.filter(complaint=OuterRef("pk"), user=user).order_by("-read_to")
    return Subquery(rows.values("read_to")[:1])


def officers_away(day: date) -> QuerySet[Officer]:
    """Officers who hold open cases and are not there to handle them: on leave, left, switched off, or only reading."""
    holds = Complaint.objects.filter(OPEN, officer=OuterRef("pk"))
    gone = Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=Right.HOLD_CASE.posts)
    return Officer.objects.filter(on_leave(day) | gone).filter(Exists(holds))


def left_by_officers(day: date) -> QuerySet[Complaint]:
    """Open cases whose officer is not there. A draft has none."""
    return Complaint.objects.filter(OPEN, officer__in=officers_away(day))


@dataclass(slots=True)
class Workspaces:
    """Who is at work at some authorities on a day; open cases are counted up as they are given."""

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
        who need not stay out of it; None when nobody is there. Of a case that nobody has: there is no deputy."""
        out = powers.recused(case)
        there = [row for row in self.officers.get(case.handling_authority_id, []) if row.user_id not in out]
        leave = self._leave_of(case.officer)
        why: dict[str, Any] = {"why": "unowned" if case.officer_id is None else "left"}
        if leave is not None:
            why = {"why": "leave", "leave": leave.pk}
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
    for rows in pages_of(left_by_officers(day).select_related("officer")):
        workspaces, moves = Workspaces.of(rows, day), []
        for case in rows:
            given, before = workspaces.instead_of(case), case.officer_id or 0
            if given is None:
                moves.append((case.pk, _to_nobody("assign_officer", "officer_id", before, "authority"), SYSTEM))
                continue
            officer, because = given
            move = authority.assign_officer(officer_id=officer.pk)
            moves.append((case.pk, given_move(move, "officer_id", before, because=because), SYSTEM))
        done += take_moves(moves, now=now, conditions=conditions)
    return done + call_backs.hand_over(now=now)
