"""Who is at work in an enterprise, by which rules cases are given there, and to whom one goes.

It reads once for many cases and writes nothing; whoever gives a case writes the step (assigning.py; a succession,
handling/steps/authority.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count

from accounts.roles import Right
from complaints.models import Complaint
from complaints.procedure.workflow import ENTERPRISE_SIDE
from enterprises.models import Absence, AssignmentRule
from enterprises.team.staffing import Worker, parents_of, upwards, workers_of


@dataclass(frozen=True, slots=True)
class Assigned:
    """To whom a case goes, and what goes into the record."""

    worker: Worker
    because: dict[str, Any]


@dataclass(slots=True)
class Workforce:
    """Who is at work in some enterprises on a day, by which rules, with how many open cases (counted up as given)."""

    day: date
    workers: dict[int, list[Worker]]
    parents: dict[int, int | None]
    rules: dict[int, list[AssignmentRule]]
    open: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, enterprise_ids: Iterable[int], day: date) -> Workforce:
        """A fixed number of queries, however many enterprises."""
        wanted = set(enterprise_ids)
        workers = workers_of(wanted, day)
        rules: dict[int, list[AssignmentRule]] = defaultdict(list)
        for rule in AssignmentRule.objects.filter(enterprise_id__in=wanted, ended_at=None).select_related("handler"):
            rules[rule.enterprise_id].append(rule)
        held = Complaint.objects.filter(enterprise_id__in=wanted, status__in=ENTERPRISE_SIDE, handler__isnull=False)
        load = Counter(dict(held.order_by().values_list("handler").annotate(n=Count("pk"))))
        return cls(day, workers, parents_of(wanted), rules, load)

    def by_rules(self, case: Complaint) -> Assigned | None:
        """The first rule that finds somebody who is there."""
        # A branch's own rules before those of the whole enterprise.
        rules = sorted(
            self.rules.get(case.enterprise_id or 0, ()), key=lambda r: (r.branch_id is None, r.position, r.pk)
        )
        for rule in rules:
            if rule.branch_id not in (None, case.branch_id) or rule.category not in ("", case.problem_category):
                continue
            if rule.handler_id is not None:
                worker, how = self._named(case, rule)
            else:
                worker, how = self._nearest(case, Right.GET_NEW_CASE), "fewest"
            if worker is not None:
                return Assigned(worker, {"why": "rule", "rule": rule.pk, "how": how})
        return None

    def instead_of(self, case: Complaint, leave: Absence | None) -> Assigned | None:
        """The deputy, else the nearest head; None when neither is there."""
        why = {"why": "left"} if leave is None else {"why": "leave", "leave": leave.pk}
        if leave is not None and (deputy := self.there(case, leave.deputy_id)) is not None:
            return Assigned(deputy, {**why, "to": "deputy"})
        head = self._nearest(case, Right.LEAD_ENTERPRISE)
        return None if head is None else Assigned(head, {**why, "to": "head"})

    def somebody(self, case: Complaint) -> Assigned | None:
        """Whoever answers for a case that must not be without a handler: a head, else a handler of the nearest place,
        else whoever of the enterprise is at work."""
        there = [w for w in self._of(case) if w.leave is None]
        result = (
            self._nearest(case, Right.LEAD_ENTERPRISE)
            or self._nearest(case, Right.GET_NEW_CASE)
            or min(there, key=lambda w: (self.open[w.staff.pk], w.staff.pk), default=None)
        )
        return None if result is None else Assigned(result, {"why": "succession"})

    def give(self, given: Assigned) -> Assigned:
        """Counts it, so that the next case goes to somebody else."""
        self.open[given.worker.staff.pk] += 1
        return given

    def _named(self, case: Complaint, rule: AssignmentRule) -> tuple[Worker | None, str]:
        named = self.there(case, rule.handler_id)
        if named is not None:
            return named, "named"
        away = next((w for w in self._of(case) if w.staff.pk == rule.handler_id and w.leave is not None), None)
        deputy = self.there(case, away.leave.deputy_id) if away is not None and away.leave is not None else None
        return deputy, "deputy"

    def there(self, case: Complaint, staff_id: int | None) -> Worker | None:
        """This one, if at work, not on leave, and able to have the case."""
        return next(
            (w for w in self._of(case) if w.staff.pk == staff_id and w.leave is None and w.may_have(case.branch_id)),
            None,
        )

    def _nearest(self, case: Complaint, right: Right) -> Worker | None:
        """Of the nearest place that has somebody with this right, who has the fewest open cases."""
        for place in upwards(case.branch_id, self.parents):
            may = [w for w in self._of(case) if w.staff.role in right.posts and w.leave is None]
            there = [w for w in may if w.staff.branch_id == place]
            if there:
                return min(there, key=lambda w: (self.open[w.staff.pk], w.staff.pk))
        return None

    def _of(self, case: Complaint) -> list[Worker]:
        return self.workers.get(case.enterprise_id or 0, [])
