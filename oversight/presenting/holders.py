"""Who holds what is late or due soon: enterprises, authorities and officers, with how much each has.

The one thing on the first page that is read from cases: these are few, and an index has them.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import BigIntegerField, Case, Count, F, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce

from authorities.models import Officer, Region
from complaints.desks.authority_lists import (
    INSIDE,
    SOON_DAYS,
    at_an_authority,
    at_an_enterprise,
    late,
    late_clocks,
    late_outside,
)
from complaints.models.complaint import LEVEL_COLUMNS, OPEN, Complaint
from complaints.procedure import deadlines
from database.prepared import PreparedValues
from database.sql_files import read_sql
from oversight.figures.definitions import Scope
from oversight.figures.figures import Measure
from oversight.presenting.overview import Overview
from web.languages import named

#: So many who hold late cases are named.
HOLDERS = 8
#: So many officers are shown; all of them stand on the page of the workload.
HANDS = 6
#: Nobody yet has a case that lies with an authority.
NOBODY = 0
#: More late cases than this are gone through once in so many seconds.
MANY, KEPT = 10_000, 60
_SQL = read_sql(__file__, holders=HOLDERS, hands=HANDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who must act on late cases, or on some that are due soon: an enterprise, an authority, or one officer.

    ``officer_id`` is None where an authority gave it to nobody yet; ``place`` is said of officers only.
    """

    enterprise_id: int | None
    authority_id: int | None
    officer_id: int | None
    name: str
    name_en: str
    place: str = ""
    overdue: int
    due_soon: int
    open: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Burning:
    """Holders and hands, most late first, as of ``at``; ``late_holders``: how many have something late, ``late``: how
    much together. A case that an enterprise has may be late with it and, by what only authorities know, with them."""

    at: datetime
    holders: Sequence[Holder]
    late_holders: int
    late: int
    hands: Sequence[Holder]


def burning(measure: Measure, seen: Overview, *, with_hands: bool) -> Burning:
    """Who holds what is late or due soon, and what each officer has. One statement, two where officers are asked for.

    More than MANY cases, as what was ``seen`` says, are gone through once a minute: of the country that is a tenth of a
    second, and nobody acts on its first eight holders by the second. What only authorities know of is asked for only
    where some of it is late.
    """
    open_now = seen.whole.open_now
    with_inside = seen.at != measure.now or open_now["late_inside"] > 0
    if open_now["overdue"] + open_now["due_soon"] <= MANY or with_hands:
        return _burning(measure, with_hands=with_hands, with_inside=with_inside)
    scope = measure.scope
    given = repr((sorted(region.pk for region in scope.regions), scope.enterprise_id, scope.category, scope.channel))
    key = "holders:" + sha256(given.encode()).hexdigest()
    result: Burning | None = cache.get(key)
    if result is None:
        result = _burning(measure, with_hands=False, with_inside=with_inside)
        cache.set(key, result, KEPT)
    return result


def _burning(measure: Measure, *, with_hands: bool, with_inside: bool) -> Burning:
    end = deadlines.working_days(
        measure.calendar.local_day(measure.now), SOON_DAYS, measure.calendar, rule="due_soon"
    ).due_at
    place = next(iter(measure.scope.regions), None)
    if place is not None and place.level in LEVEL_COLUMNS and measure.scope == Scope(regions=(place,)):
        rows = _of_one(place.level, with_hands, with_inside)(place.pk, measure.now, end)
    else:
        with connection.cursor() as cursor:
            cursor.execute(*_shown(measure.cases(), measure.now, end, with_hands=with_hands, with_inside=with_inside))
            rows = cursor.fetchall()
    held: list[Holder] = []
    busiest: list[tuple[int, Holder]] = []
    late_holders = late_in_all = 0
    for firm, office, who, n, every, since, soon, *of_kind, name, name_en in rows:
        holder = Holder(
            enterprise_id=firm,
            authority_id=office,
            officer_id=who or None,
            name=name,
            name_en=name_en,
            overdue=n,
            due_soon=soon,
            open=every,
            since=since,
        )
        if who is None:
            held.append(holder)
            late_holders, late_in_all = of_kind
        else:
            busiest.append((who, holder))
    officers = [who for who, _holder in busiest if who]
    people = Officer.objects.select_related("user", "authority").in_bulk(officers) if officers else {}
    hands = [
        replace(
            holder,
            name=people[who].user.name if who in people else "",
            place=named(people[who].authority) if who in people else named(holder),
        )
        for who, holder in busiest
    ]
    return Burning(measure.now, held, late_holders, late_in_all, hands)


@functools.cache
def _of_one(level: str, with_hands: bool, with_inside: bool) -> PreparedValues:
    """Of a place with a column of its own, not narrowed: what most who look ask for."""

    def build(pk: int, now: datetime, end: datetime) -> Any:
        cases = Complaint.objects.filter(Scope(regions=(Region(pk=pk, level=level),)).cases())
        return _shown(cases, now, end, with_hands=with_hands, with_inside=with_inside)

    return PreparedValues(build, int, datetime, datetime)


def _shown(cases: QuerySet[Complaint], now: datetime, end: datetime, **which: bool) -> tuple[str, tuple[Any, ...]]:
    """The statement of the first of them, and its values."""
    counted, values = _counted(cases, now, end, **which).query.sql_with_params()
    return _SQL["shown"].format(counted=counted), values


def _counted(
    cases: QuerySet[Complaint], now: datetime, end: datetime, *, with_hands: bool, with_inside: bool
) -> QuerySet[Any, Any]:
    """Who has how much of what is late or due until ``end``, by firm, office and officer; some stand there twice."""
    at_enterprise = at_an_enterprise()
    cases = cases.order_by()
    nobody = Cast(Value(None), BigIntegerField())
    is_late, is_soon = Q(next_due_at__lte=now), Q(next_due_at__gt=now, next_due_at__lte=end)
    counts = {
        "late": Count("pk", filter=is_late),
        "all": Count("pk"),
        "since": Min("next_due_at"),
        "soon": Count("pk", filter=is_soon),
    }
    rows = (
        cases.filter(OPEN, next_due_at__lte=end)
        .values(
            firm=Case(When(at_enterprise, then=F("enterprise_id"))),
            office=Case(When(~at_enterprise, then=F("handling_authority_id"))),
            who=nobody,
        )
        .annotate(**counts)
    )
    more: list[QuerySet[Any, Any]] = []
    if with_inside:
        # That is theirs, whoever has the case; one that is late with them anyway is counted there.
        others = cases.filter(OPEN).filter(at_enterprise | Q(next_due_at=None) | Q(next_due_at__gt=now))
        more.append(
            late_clocks(now, INSIDE)
            .filter(complaint__in=others)
            .order_by()
            .values(firm=nobody, office=F("complaint__handling_authority_id"), who=nobody)
            .annotate(
                late=Count("complaint", distinct=True),
                all=Count("complaint", distinct=True),
                since=Min("due_at"),
                soon=Value(0),
            )
        )
    if with_hands:
        is_late_here = late(now) if with_inside else late_outside(now)
        more.append(
            cases.filter(at_an_authority())
            .values(
                firm=nobody,
                office=F("handling_authority_id"),
                who=Coalesce("officer_id", Value(NOBODY), output_field=IntegerField()),
            )
            .annotate(**counts | {"late": Count("pk", filter=is_late_here)})
        )
    return rows.union(*more, all=True) if more else rows
