"""What somebody at a desk has read of a case, and which colleagues have it open.

One row a person, case and enterprise, written by that person alone; nobody is locked out by it. Two who
have the same case open see each other here; who comes second with a step is told by ``take``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, Subquery

from accounts.keys import sealed_fields
from accounts.models import User
from complaints.models import Complaint, Engagement, Reading

#: Who opened a case longer ago is not named any more.
IS_THERE_FOR = timedelta(minutes=5)
#: So many colleagues are named.
MOST_NAMED = 5

# One statement: what was read up to where, and who else is there. Whoever only looks does not wait for the disk: a mark
# that a crash takes away is set by the next look.
_OPEN = """
with put as (
    insert into complaints_reading as r (complaint_id, user_id, enterprise_id, engagement_id, read_to, seen_at)
    select %(case)s, %(user)s, %(enterprise)s, %(engagement)s, %(read_to)s, %(now)s
    from set_config('synchronous_commit', 'off', true)
    on conflict (complaint_id, user_id, enterprise_id) do update set read_to = greatest(r.read_to, excluded.read_to),
        seen_at = excluded.seen_at, engagement_id = excluded.engagement_id)
select user_id, seen_at from complaints_reading
where complaint_id = %(case)s and enterprise_id = %(enterprise)s and user_id <> %(user)s and seen_at > %(since)s
order by seen_at desc limit %(most)s"""
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

    One statement, and one for their names where somebody is there. Only for requests that write nothing else: their
    commit waits for nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "case": complaint.pk,
                "user": user.pk,
                "enterprise": engagement.enterprise_id,
                "engagement": engagement.pk,
                "read_to": complaint.last_sequence,
                "now": now,
                "since": now - IS_THERE_FOR,
                "most": MOST_NAMED,
            },
        )
        there: list[tuple[int, datetime]] = cursor.fetchall()
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
