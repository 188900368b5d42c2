"""The nightly figures that stand beside an enterprise where a complaint is filed.

The one rule: one set a day, in one transaction, whoever asks first; formulas as in the procedure
(section 7), so silence is never a success, and a promise counts as kept when it was confirmed in time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from complaints.models import Heartbeat
from complaints.working_calendar import SHANGHAI
from enterprises.expectations import TOO_FEW
from enterprises.models import PublishedFigure

#: Counted differently from before gets the next number.
FORMULA = 1
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
select e.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
       count(*) filter (where e.odr_result = 'settled'), count(*) filter (where e.odr_result = 'unconfirmed'),
       percentile_cont(0.5) within group (order by
           (e.until_at at time zone %(zone)s)::date - (e.from_at at time zone %(zone)s)::date)
from complaints_engagement e join complaints_complaint c on c.id = e.complaint_id
where e.until_at >= %(start)s and e.until_at < %(end)s and e.ended_by <> 'succession'
  and e.odr_result in ('settled', 'unconfirmed', 'settled_elsewhere', 'failed')
group by grouping sets ((e.enterprise_id), (e.enterprise_id, c.problem_category))
"""
#: The enterprise's promises by their last day; one that waits for the consumer has not come due.
_PROMISED = """
select o.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
       count(*) filter (where o.state = 'confirmed' and not o.is_late)
from complaints_obligation o join complaints_complaint c on c.id = o.complaint_id
cross join lateral (
    select d.last_day, d.state from complaints_deadline d
    where d.obligation_id = o.id and d.clock = 'performance' order by d.id desc limit 1) clock
where o.enterprise_id is not null and o.owed_by = 'enterprise' and o.state not in ('proposed', 'dropped', 'waived')
  and clock.last_day >= %(first)s and clock.last_day < %(day)s and clock.state <> 'paused'
group by grouping sets ((o.enterprise_id), (o.enterprise_id, c.problem_category))
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
    """The set of ``day``: the year up to the end of the day before. Two statements.

    A kind of problem has a row of its own only where it may be shown.
    """
    period: dict[str, str | date] = {"zone": str(SHANGHAI), "first": day - YEAR, "day": day,
              "start": _midnight(day - YEAR), "end": _midnight(day)}
    found: dict[tuple[int, str], PublishedFigure] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, period)
        for firm, category, is_all, ended, settled, unconfirmed, median in cursor.fetchall():
            row = _row(found, firm, category, is_all, day)
            if row is not None:
                row.ended, row.settled, row.unconfirmed = ended, settled, unconfirmed
                row.median_days = Decimal(str(median)).quantize(Decimal("0.1"))
        cursor.execute(_PROMISED, period)
        for firm, category, is_all, promised, kept in cursor.fetchall():
            row = _row(found, firm, category, is_all, day)
            if row is not None:
                row.promised, row.kept = promised, kept
    return [row for row in found.values() if not row.category or row.ended >= TOO_FEW]


def _row(found: dict[tuple[int, str], PublishedFigure], firm: int, category: str, is_all: int,
         day: date) -> PublishedFigure | None:
    """A case without a problem category counts among all, and has no row of its own."""
    if not is_all and not category:
        return None
    zero: dict[str, Any] = dict.fromkeys(("ended", "settled", "unconfirmed", "promised", "kept"), 0)
    return found.setdefault((firm, category), PublishedFigure(
        enterprise_id=firm, category=category, day=day, formula=FORMULA, median_days=None, **zero))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
