"""Who can be given a case on a day: handlers and managers at work, with what they see and whether they are on leave.

Presence is asked for a day and by set; nobody on leave holds an open case (procedure, section 1,
Absence).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from accounts.roles import Right
from enterprises.models import Branch, Staff
from enterprises.models.work_rules import Absence
from enterprises.team.staffing import at_work, branch_subtree


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody at work. ``sees`` None: every branch. ``leave``: the one of that day, if any."""

    staff: Staff
    sees: frozenset[int] | None
    leave: Absence | None

    def may_have(self, branch_id: int | None) -> bool:
        """Whether a case of this branch lies in sight; one without a branch is headquarters'."""
        return self.sees is None or branch_id in self.sees


def worker(enterprise_id: int, day: date, *, pk: int | None = None, number: str = "") -> Worker | None:
    """The one with this id or 工号, if at work for this enterprise and able to hold a case."""
    if pk is None and not number:
        return None
    named = Q(pk=pk) if pk is not None else Q(number=number)
    staff = (
        at_work(day)
        .select_related("user")
        .filter(named, enterprise_id=enterprise_id, role__in=Right.ANSWER_CASE.posts, user__is_active=True)
        .first()
    )
    if staff is None:
        return None
    return Worker(
        staff,
        None if staff.branch_id is None else frozenset(branch_subtree([staff.branch_id])),
        Absence.objects.on(day).filter(staff=staff).select_related("deputy").first(),
    )


def workers_of(enterprise_ids: Iterable[int], day: date) -> dict[int, list[Worker]]:
    """By enterprise, in the order of their ids; three queries for all of them."""
    wanted = set(enterprise_ids)
    rows = list(
        at_work(day)
        .select_related("user")
        .filter(enterprise_id__in=wanted, role__in=Right.ANSWER_CASE.posts, user__is_active=True)
        .order_by("pk")
    )
    leaves = {
        row.staff_id: row
        for row in Absence.objects.on(day).filter(staff__enterprise_id__in=wanted).select_related("deputy")
    }
    below = _subtrees(wanted)
    found: dict[int, list[Worker]] = defaultdict(list)
    for row in rows:
        sees = None if row.branch_id is None else below[row.branch_id]
        found[row.enterprise_id].append(Worker(row, sees, leaves.get(row.pk)))
    return found


def parents_of(enterprise_ids: Iterable[int]) -> dict[int, int | None]:
    """Every branch of these enterprises and the one above it; one query."""
    return dict(Branch.objects.filter(enterprise_id__in=set(enterprise_ids)).values_list("pk", "parent_id"))


def upwards(branch_id: int | None, parents: dict[int, int | None]) -> list[int | None]:
    """The branch, those above it, nearest first, and None for headquarters at the end."""
    found: list[int | None] = []
    while branch_id is not None and branch_id not in found:
        found.append(branch_id)
        branch_id = parents.get(branch_id)
    return [*found, None]


def _subtrees(enterprise_ids: set[int]) -> dict[int, frozenset[int]]:
    parents = parents_of(enterprise_ids)
    below: dict[int, set[int]] = {pk: {pk} for pk in parents}
    for pk in parents:
        for above in upwards(pk, parents):
            if above is not None and above in below:
                below[above].add(pk)
    return {pk: frozenset(rows) for pk, rows in below.items()}
