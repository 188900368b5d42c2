"""The nightly figures that stand beside an enterprise where a complaint is filed.

One set a day, in one transaction, whoever asks first; formulas as in the procedure
(section 7), so silence is never a success, and a promise counts as kept when it was confirmed in time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat

from complaints.models import Engagement, Heartbeat
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.directory.expectations import TOO_FEW
from enterprises.models import PublishedFigure
from oversight.figures.working_time import measured

#: Counted differently from before gets the next number.
FORMULA = 2
YEAR = timedelta(days=365)
#: Older sets can be counted again from the record; nobody reads them.
KEPT = timedelta(days=92)
#: The row that says when the last set was finished.
MARK = "published figures"
#: Two who ask at once wait for each other; the second finds the set there.
_LOCK = 0x0F1650
_PATIENCE = "25s"

#: How an enterprise's time with a case ended, by the day it ended; a merger ends none.
_ENDED = """
select
    e.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(*) filter (where e.odr_result = 'settled'),
    count(*) filter (where e.odr_result = 'unconfirmed'),
    percentile_cont(array[0.5, 0.9]) within group (
        order by (e.until_at at time zone %(zone)s)::date - (e.from_at at time zone %(zone)s)::date
    )
from complaints_engagement e
join complaints_complaint c on c.id = e.complaint_id
where e.until_at >= %(start)s and e.until_at < %(end)s and e.ended_by <> 'succession'
    and e.odr_result in ('settled', 'unconfirmed', 'settled_elsewhere', 'failed')
group by grouping sets ((e.enterprise_id), (e.enterprise_id, c.problem_category))
"""
#: The enterprise's obligations by their last day; one that waits for the consumer has not come due.
_PROMISED = """
select
    o.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(*) filter (where o.state = 'confirmed' and not o.is_late)
from complaints_obligation o
join complaints_complaint c on c.id = o.complaint_id
cross join lateral (
    select d.last_day, d.state
    from complaints_deadline d
    where d.obligation_id = o.id and d.clock = 'performance'
    order by d.id desc
    limit 1
) clock
where o.enterprise_id is not null and o.owed_by = 'enterprise' and o.state not in ('proposed', 'dropped', 'waived')
    and clock.last_day >= %(first)s and clock.last_day < %(day)s and clock.state <> 'paused'
group by grouping sets ((o.enterprise_id), (o.enterprise_id, c.problem_category))
"""
#: Cases closed against an enterprise, and the marks that consumers gave afterwards.
_RATED = """
select
    c.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(c.facts #> '{rating,overall}'),
    coalesce(sum((c.facts #>> '{rating,overall}')::int), 0)
from complaints_complaint c
where c.enterprise_id is not null and c.status = 'closed' and c.closed_at >= %(start)s and c.closed_at < %(end)s
group by grouping sets ((c.enterprise_id), (c.enterprise_id, c.problem_category))
"""


def publish(*, now: datetime) -> int:
    """Write today's set unless it stands; how many rows it has, 0 when it was there."""
    day = now.astimezone(SHANGHAI).date()
    if _is_done(day):
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute("select set_config('statement_timeout', %s, true)", [_PATIENCE])
        if _is_done(day):
            return 0
        rows = figures(day)
        PublishedFigure.objects.filter(day=day).delete()
        PublishedFigure.objects.bulk_create(rows, batch_size=2000)
        PublishedFigure.objects.filter(day__lt=day - KEPT).delete()
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return len(rows)


def _is_done(day: date) -> bool:
    return Heartbeat.objects.filter(name=MARK, at__gte=_midnight(day)).exists()


def figures(day: date) -> list[PublishedFigure]:
    """The set of ``day``: the year up to the end of the day before. Five statements.

    A kind of problem has a row of its own only where it may be shown.
    """
    period: dict[str, str | date] = {
        "zone": str(SHANGHAI),
        "first": day - YEAR,
        "day": day,
        "start": _midnight(day - YEAR),
        "end": _midnight(day),
    }
    found: dict[tuple[int, str], PublishedFigure] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, period)
        for enterprise, category, is_all, ended, settled, unconfirmed, days in cursor.fetchall():
            row = _row(found, enterprise, category, is_all, day)
            if row is not None:
                row.ended, row.settled, row.unconfirmed = ended, settled, unconfirmed
                row.median_days, row.p90_days = (Decimal(str(one)).quantize(Decimal("0.1")) for one in days)
        cursor.execute(_PROMISED, period)
        for enterprise, category, is_all, promised, kept in cursor.fetchall():
            row = _row(found, enterprise, category, is_all, day)
            if row is not None:
                row.promised, row.kept = promised, kept
        cursor.execute(_RATED, period)
        for enterprise, category, _is_all, closed, rated, marks in cursor.fetchall():
            if (row := found.get((enterprise, category))) is not None:
                row.closed, row.rated, row.marks = closed, rated, marks
    _respond(found, day)
    return [row for row in found.values() if not row.category or row.ended >= TOO_FEW]


def _respond(found: dict[tuple[int, str], PublishedFigure], day: date) -> None:
    """首次响应时长 as oversight.figures counts it, of each enterprise and of each of its kinds of problem."""
    first = Engagement.objects.filter(
        first_contact_at__gte=_midnight(day - YEAR),
        first_contact_at__lt=_midnight(day),
        from_at__lte=F("first_contact_at"),
    )
    kinds = first.exclude(complaint__problem_category="").annotate(
        who=Concat(
            Cast("enterprise_id", TextField()), Value(" "), "complaint__problem_category", output_field=TextField()
        )
    )
    for spans in (
        first.values_list("enterprise_id", "from_at", "first_contact_at"),
        kinds.values_list("who", "from_at", "first_contact_at"),
    ):
        for who, spread in measured(spans, calendar=current_calendar(), by_who=True).items():
            enterprise, _space, category = str(who).partition(" ")
            if who is not None and (row := found.get((int(enterprise), category))) is not None:
                row.responded = spread.n
                row.response_median, row.response_p90 = (
                    round(spread.values[f"minutes_{name}"]) for name in ("median", "p90")
                )


def _row(
    found: dict[tuple[int, str], PublishedFigure], enterprise: int, category: str, is_all: int, day: date
) -> PublishedFigure | None:
    """A case without a problem category counts among all, and has no row of its own."""
    if not is_all and not category:
        return None
    zero: dict[str, Any] = dict.fromkeys(("ended", "settled", "unconfirmed", "promised", "kept"), 0)
    return found.setdefault(
        (enterprise, category),
        PublishedFigure(
            enterprise_id=enterprise, category=category, day=day, formula=FORMULA, median_days=None, **zero
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
