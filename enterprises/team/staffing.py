"""Who is at work for an enterprise today, and which branches that person sees: their own and those below.

Who has no job today is at no desk; nor is whose enterprise ended, or was suspended without being left its open
cases. Headquarters sees all of its enterprise; a branch never sees a sibling, nor the branch above it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.roles import Right
from enterprises.models import Branch, Enterprise, Staff

_SUBTREE = """
with recursive below as (
    select id from enterprises_branch where id = any(%s)
    union
    select child.id from enterprises_branch child join below on child.parent_id = below.id
)
select id from below order by id
"""


def at_work(day: date) -> QuerySet[Staff]:
    """The jobs that let somebody in on `day`; every door and both walls ask this anew."""
    return Staff.objects.on(day).exclude(shut_out("enterprise__"))


def shut_out(prefix: str = "") -> Q:
    """The condition that nobody of an enterprise (reached by `prefix`) gets in; database/row_security.py asks the
    same."""
    return (
        Q(**{f"{prefix}enrolment": Enterprise.Enrolment.ENDED})
        | Q(**{f"{prefix}stays_out": True})
        | Q(**{f"{prefix}enrolment": Enterprise.Enrolment.SUSPENDED, f"{prefix}finishes_cases": False})
    )


def branch_subtree(branch_ids: Iterable[int]) -> list[int]:
    """These branches and all below them, ended ones too; one query."""
    wanted = sorted(set(branch_ids))
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE, [wanted])
        return [row[0] for row in cursor.fetchall()]


def branch_ids_seen_by(staff: Staff) -> list[int] | None:
    """The branches of a job's sight; None means all of its enterprise, headquarters too."""
    if staff.branch_id is None:
        return None
    return branch_subtree([staff.branch_id])


def branches_above(branch: Branch) -> list[int]:
    """The branches that branch answers to, nearest first; one query."""
    parents = dict(Branch.objects.filter(enterprise_id=branch.enterprise_id).values_list("id", "parent_id"))
    above: list[int] = []
    parent = parents.get(branch.pk)
    while parent is not None and parent not in above:
        above.append(parent)
        parent = parents.get(parent)
    return above


def led_by(user_id: int, *, on: date) -> tuple[Enterprise, frozenset[int] | None] | None:
    """The enterprise that this manager leads and which branches of it (None: all); None for everybody else.

    Of a person who leads two, the first.
    """
    jobs = list(
        at_work(on)
        .filter(user_id=user_id, role__in=Right.LEAD_ENTERPRISE.posts)
        .select_related("enterprise")
        .order_by("id")
    )
    if not jobs:
        return None
    enterprise = jobs[0].enterprise
    roots = [job.branch_id for job in jobs if job.enterprise_id == enterprise.pk]
    if None in roots:
        return enterprise, None
    return enterprise, frozenset(branch_subtree(root for root in roots if root is not None))
