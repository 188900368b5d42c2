"""Who handles a case when nobody said so: rules for new ones, and handing over from whoever is not there.

The one rule: every case is given by an ``assign`` step of the system that names rule or leave in the record; whoever is
on leave gets none. A sweep that dies in the middle loses nothing: what is still with nobody is found again.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from complaints.actors import SYSTEM, Actor
from complaints.conditions import Conditions
from complaints.handling import BATCH, Effect, Move, StepNotAllowed, enterprise, take_each
from complaints.handling.casefile import CaseFile
from complaints.models import Complaint
from complaints.refusals import not_now
from complaints.workflow import ENTERPRISE_SIDE, Status
from enterprises.models import Absence, AssignmentRule, Staff
from enterprises.presence import HOLD, Worker, parents_of, upwards, workers_of

#: A sweep ends after so many batches; the next tick goes on.
MOST_BATCHES = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """To whom a case goes, and what goes into the record."""

    worker: Worker
    because: dict[str, Any]


@dataclass(slots=True)
class House:
    """Who is at work in some enterprises on a day, by which rules, with how many open cases; counts go up as cases are given."""

    day: date
    workers: dict[int, list[Worker]]
    parents: dict[int, int | None]
    rules: dict[int, list[AssignmentRule]]
    open: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, enterprise_ids: Iterable[int], day: date) -> House:
        """A fixed number of queries, however many enterprises."""
        wanted = set(enterprise_ids)
        workers = workers_of(wanted, day)
        rules: dict[int, list[AssignmentRule]] = defaultdict(list)
        for rule in AssignmentRule.objects.filter(enterprise_id__in=wanted, ended_at=None).select_related("handler"):
            rules[rule.enterprise_id].append(rule)
        load = Counter(dict(Complaint.objects.filter(
            enterprise_id__in=wanted, status__in=ENTERPRISE_SIDE, handler__isnull=False).order_by()
            .values_list("handler").annotate(n=Count("pk"))))
        return cls(day, workers, parents_of(wanted), rules, load)

    def by_rules(self, case: Complaint) -> Given | None:
        """The first rule that finds somebody who is there."""
        for rule in sorted(self.rules.get(case.enterprise_id or 0, ()), key=_order):
            if rule.branch_id not in (None, case.branch_id) or rule.category not in ("", case.problem_category):
                continue
            found = self._named(case, rule) if rule.handler_id is not None else self._freest(case)
            if found is not None:
                worker, how = found
                return Given(worker, {"why": "rule", "rule": rule.pk, "how": how})
        return None

    def instead_of(self, case: Complaint, leave: Absence | None) -> Given | None:
        """The deputy, else the nearest head; None when neither is there."""
        why = {"why": "left"} if leave is None else {"why": "leave", "leave": leave.pk}
        if leave is not None and (deputy := self._there(case, leave.deputy_id)) is not None:
            return Given(deputy, {**why, "to": "deputy"})
        head = self._nearest(case, Staff.Role.MANAGER)
        return None if head is None else Given(head, {**why, "to": "head"})

    def give(self, given: Given) -> Given:
        """Counts it, so that the next case goes to somebody else."""
        self.open[given.worker.staff.pk] += 1
        return given

    def _named(self, case: Complaint, rule: AssignmentRule) -> tuple[Worker, str] | None:
        named = self._there(case, rule.handler_id)
        if named is not None:
            return named, "named"
        away = next((w for w in self._of(case) if w.staff.pk == rule.handler_id and w.leave is not None), None)
        deputy = self._there(case, away.leave.deputy_id) if away is not None and away.leave is not None else None
        return None if deputy is None else (deputy, "deputy")

    def _freest(self, case: Complaint) -> tuple[Worker, str] | None:
        found = self._nearest(case, Staff.Role.HANDLER)
        return None if found is None else (found, "fewest")

    def _there(self, case: Complaint, staff_id: int | None) -> Worker | None:
        return next((w for w in self._of(case) if w.staff.pk == staff_id and w.leave is None and w.may_have(case.branch_id)),
                    None)

    def _nearest(self, case: Complaint, role: str) -> Worker | None:
        """Of the nearest place that has somebody in this role, who has the fewest open cases."""
        for place in upwards(case.branch_id, self.parents):
            there = [w for w in self._of(case) if w.staff.branch_id == place and w.staff.role == role and w.leave is None]
            if there:
                return min(there, key=lambda w: (self.open[w.staff.pk], w.staff.pk))
        return None

    def _of(self, case: Complaint) -> list[Worker]:
        return self.workers.get(case.enterprise_id or 0, [])


def _order(rule: AssignmentRule) -> tuple[bool, int, int]:
    """A branch's own rules before those of the whole enterprise."""
    return rule.branch_id is None, rule.position, rule.pk


def sweep_assignments(*, now: datetime) -> int:
    """Hand over what lies with somebody who is not there, then give new cases by rule. Returns how many were given."""
    day = timezone.localdate(now)
    return _sweep(left_behind(day), now, _hand_over) + _sweep(unassigned(), now, House.by_rules)


def unassigned() -> QuerySet[Complaint]:
    """New cases that some rule of their enterprise is about."""
    rules = AssignmentRule.objects.filter(
        Q(branch=None) | Q(branch=OuterRef("branch")), Q(category="") | Q(category=OuterRef("problem_category")),
        enterprise=OuterRef("enterprise"), ended_at=None)
    firms = AssignmentRule.objects.filter(ended_at=None).order_by().values("enterprise").distinct()
    return Complaint.objects.filter(Exists(rules), enterprise__in=firms, status=Status.WITH_ENTERPRISE, handler=None)


def left_behind(day: date) -> QuerySet[Complaint]:
    """Cases on the enterprise's side whose handler is on leave, has left, was switched off or handles no cases any more."""
    return Complaint.objects.filter(handler__in=away(day), status__in=ENTERPRISE_SIDE, enterprise=F("handler__enterprise"))


def away(day: date) -> QuerySet[Staff]:
    """People who hold cases and are not there to handle them."""
    on_leave = Absence.objects.on(day).filter(staff=OuterRef("pk"))
    holds = Complaint.objects.filter(handler=OuterRef("pk"), status__in=ENTERPRISE_SIDE)
    gone = Q(ends_on__lt=day) | Q(user__is_active=False) | ~Q(role__in=HOLD)
    return Staff.objects.filter(Exists(on_leave) | gone).filter(Exists(holds))


def _hand_over(house: House, case: Complaint) -> Given | None:
    leave = next((w.leave for w in house.workers.get(case.enterprise_id or 0, ()) if w.staff.pk == case.handler_id), None)
    given = house.instead_of(case, leave)
    if given is None:
        # Nobody is there to take it: somebody must be told, and the team page says so too.
        log.error("case %s lies with nobody who is at work", case.pk)
    return given


def _sweep(cases: QuerySet[Complaint], now: datetime, decide: Any) -> int:
    conditions, done = Conditions.at(now), 0
    for rows in pages_of(cases):
        house = House.of((case.enterprise_id or 0 for case in rows), timezone.localdate(now))
        moves = [(case.pk, _move(case, house.give(given)), SYSTEM) for case in rows
                 if (given := decide(house, case)) is not None]
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
    house = House.of({case.enterprise_id or 0 for case in cases}, day)
    house.rules = dict(rules)
    found = {}
    for case in cases:
        given = house.by_rules(case)
        if given is not None:
            found[case.pk] = house.give(given)
    return found
