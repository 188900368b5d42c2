"""Who is at work for an enterprise today, which branches they see, and who can be given a case.

Who has no job today is in no workspace; nor is whose enterprise ended, or was suspended without being left its open
cases. Headquarters sees all of its enterprise; a branch sees itself and those below. Nobody on leave gets a case.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.roles import Right
from enterprises.models import Branch, Enterprise, Staff
from enterprises.models.team import Absence, TwoPersons

_SUBTREE = """
with recursive below as (
    select id from enterprises_branch where id = any(%s)
    union
    select child.id from enterprises_branch child join below on child.parent_id = below.id
)
select id from below order by id
"""


def at_work(day: date) -> QuerySet[Staff]:
    """The jobs that let somebody in on `day`; every entry point and row security ask this anew."""
    return Staff.objects.on(day).exclude(shut_out("enterprise__"))


def shut_out(prefix: str = "") -> Q:
    """The condition that nobody of an enterprise (reached by `prefix`) gets in; as database/row_security.py asks."""
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
    """The branches that a job sees; None means all of its enterprise, headquarters too."""
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
    """The (first) enterprise that this manager leads and which branches of it (None: all); None for everybody else."""
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


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody at work. ``sees`` None: every branch. ``leave``: the one of that day, if any."""

    staff: Staff
    sees: frozenset[int] | None
    leave: Absence | None

    def may_have(self, branch_id: int | None) -> bool:
        """Whether the job sees a case of this branch; one without a branch is headquarters'."""
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
    result: dict[int, list[Worker]] = defaultdict(list)
    for row in rows:
        sees = None if row.branch_id is None else below[row.branch_id]
        result[row.enterprise_id].append(Worker(row, sees, leaves.get(row.pk)))
    return result


def parents_of(enterprise_ids: Iterable[int]) -> dict[int, int | None]:
    """Every branch of these enterprises and the one above it; one query."""
    return dict(Branch.objects.filter(enterprise_id__in=set(enterprise_ids)).values_list("pk", "parent_id"))


def upwards(branch_id: int | None, parents: dict[int, int | None]) -> list[int | None]:
    """The branch, those above it, nearest first, and None for headquarters at the end."""
    results: list[int | None] = []
    while branch_id is not None and branch_id not in results:
        results.append(branch_id)
        branch_id = parents.get(branch_id)
    return [*results, None]


def _subtrees(enterprise_ids: set[int]) -> dict[int, frozenset[int]]:
    parents = parents_of(enterprise_ids)
    below: dict[int, set[int]] = {pk: {pk} for pk in parents}
    for pk in parents:
        for above in upwards(pk, parents):
            if above is not None and above in below:
                below[above].add(pk)
    return {pk: frozenset(rows) for pk, rows in below.items()}


def setting_for(enterprise_id: int, branch_id: int | None) -> TwoPersons | None:
    """The setting in force where this branch works; one query where there is none, two where branches differ."""
    rows = {row.branch_id: row for row in TwoPersons.objects.filter(enterprise_id=enterprise_id, ended_at=None)}
    if not rows:
        return None
    own = rows.keys() - {None}
    places = upwards(branch_id, parents_of([enterprise_id])) if own and branch_id is not None else [branch_id, None]
    return _together([rows[place] for place in dict.fromkeys(places) if place in rows])


def _together(rows: Sequence[TwoPersons]) -> TwoPersons | None:
    """One row as it is; of several what they come to, which is no row of the database."""
    if len(rows) < 2:
        return rows[0] if rows else None
    amounts = [row.offers_above for row in rows if row.offers_above is not None]
    return TwoPersons(
        enterprise_id=rows[0].enterprise_id,
        branch_id=rows[0].branch_id,
        offers_above=min(amounts, default=None),
        refusals=any(row.refusals for row in rows),
        failures=any(row.failures for row in rows),
        returns=any(row.returns for row in rows),
    )
