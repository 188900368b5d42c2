"""Whose term is over without anybody asking: three years (policy ``identity_kept``) after the last case was closed
(PIPL art. 47). The nightly sweep erases them, unless they are unusually many: then two persons agree first."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max
from django.db.models.functions import TruncDay

from accounts import retention
from accounts.models import PersonKey, SecurityEvent, User
from complaints import models
from complaints.handling.transition import brake
from complaints.handling.transition.brake import Brake
from complaints.parties.conditions import Conditions

#: The name of the row that says that erasures wait for two persons.
WAITS = "erasures wait"
#: Of so many it is looked in one pass whether they may be erased; the next pass takes the next.
LOOKED_AT = 1000

# An account is in use while its person signs in or a program of his asks; who ever had a post is told of in the record
# of his work, and is not erased by the clock. ``destroy_after`` is set for who asked: then that day counts.
_OVER = """
with ended (person) as (
    select coalesce(u.person_key, c.consumer_key) from complaints_complaint c
    left join accounts_user u on u.id = c.consumer_id where c.status = 'closed' and c.closed_at <= %(before)s
    union
    select coalesce(u.person_key, p.person_key) from complaints_participant p
    join complaints_complaint c on c.id = p.complaint_id
    left join accounts_user u on u.id = p.person_id where c.status = 'closed' and c.closed_at <= %(before)s
), theirs as (
    select e.person, u.id as account, coalesce(u.last_login, u.created_at) as seen_at from ended e
    join accounts_personkey k on k.person = e.person and k.destroyed_at is null and k.destroy_after is null
    left join accounts_user u on u.person_key = e.person
)
select {what} from theirs t
where not exists (select from complaints_complaint c
        where c.consumer_key = t.person and (c.closed_at is null or c.closed_at > %(before)s))
    and not exists (select from complaints_complaint c
        where c.consumer_id = t.account and (c.closed_at is null or c.closed_at > %(before)s))
    and not exists (select from complaints_participant p join complaints_complaint c on c.id = p.complaint_id
        where p.person_key = t.person and (c.closed_at is null or c.closed_at > %(before)s))
    and not exists (select from complaints_participant p join complaints_complaint c on c.id = p.complaint_id
        where p.person_id = t.account and (c.closed_at is null or c.closed_at > %(before)s))
    and (t.account is null or t.seen_at <= %(before)s
        and not exists (select from enterprises_apitoken a where a.user_id = t.account and a.last_used_at > %(before)s)
        and not exists (select from authorities_officer o where o.user_id = t.account)
        and not exists (select from enterprises_staff s where s.user_id = t.account)
        and not exists (select from enterprises_stationstaff s where s.user_id = t.account)
        and not exists (select from accounts_administrator a where a.user_id = t.account))
"""


def kept_for(now: datetime) -> timedelta:
    """By the number in force. A day more, as three years may hold the 29th of February."""
    return timedelta(days=Conditions.at(now).policies.number("identity_kept", None).number + 1)


def over(*, now: datetime) -> Iterator[uuid.UUID]:
    """Whose term is over: those who asked to be erased, then the others, by person key."""
    yield from retention.due(now=now)
    with connection.cursor() as cursor:
        sql = _OVER.format(what="t.person") + " order by t.person limit %(most)s"
        cursor.execute(sql, {"before": now - kept_for(now), "most": LOOKED_AT})
        yield from [person for (person,) in cursor.fetchall()]


def is_unused(user: User | None, *, now: datetime) -> bool:
    """Whether nobody has signed in with this account for so long; asked again in the transaction that erases. Who asked
    to be erased does not wait for that."""
    if user is None or PersonKey.objects.filter(pk=user.person_key, destroy_after__isnull=False).exists():
        return True
    seen_at = User.objects.select_for_update().values_list("last_login", flat=True).get(pk=user.pk)
    return seen_at is None or seen_at <= now - kept_for(now)


def read_brake(*, now: datetime) -> Brake:
    """How many people would be erased now, and how many were on the worst day of the last thirty."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER.format(what="count(*)"), {"before": now - kept_for(now)})
        people = cursor.fetchone()[0] + len(retention.due(now=now))
    if people <= brake.ALWAYS:
        return Brake(people, 0, {}, what="erasures")
    days = (
        SecurityEvent.objects.filter(kind="person_erased", reason="term_over", at__gt=now - brake.LOOKED_BACK)
        .order_by()
        .annotate(day=TruncDay("at"))
        .values("day")
        .annotate(n=Count("pk"))
    )
    worst = days.aggregate(worst=Max("n"))["worst"] or 0
    return Brake(people, worst, brake.agreed("erasures", people, now=now), what="erasures")


def may_erase(*, now: datetime) -> bool:
    """Whether the sweep may erase now; where it waits, a row says so for the alarms."""
    if read_brake(now=now).holds:
        models.Heartbeat.objects.update_or_create(name=WAITS, defaults={"at": now})
        return False
    models.Heartbeat.objects.filter(name=WAITS).delete()
    return True
