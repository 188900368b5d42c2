"""The nightly figures that stand beside an enterprise where a complaint is filed.

One set a day, in one transaction, whoever asks first; formulas as in the procedure
(section 7), so silence is never a success, and a promise counts as kept when it was confirmed in time.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat

from complaints.models import Engagement, Heartbeat
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from enterprises.models import PublishedFigure
from oversight.figures.working_time import measured
from web.small_numbers import ENOUGH

#: Counted differently from before gets the next number.
FORMULA = 3
YEAR = timedelta(days=365)
#: Older sets can be counted again from the record; nobody reads them.
KEPT = timedelta(days=92)
#: The row that says when the last set was finished.
MARK = "published figures"
#: Two who ask at once wait for each other; the second finds the set there.
_LOCK = 0x0F1650
_PATIENCE = "25s"
_SQL = read_sql(__file__)


def publish(*, now: datetime) -> int:
    """Write today's set unless it stands; how many rows it has, 0 when it was there."""
    day = now.astimezone(SHANGHAI).date()
    if _is_done(day, now):
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute("set local statement_timeout = %s", [_PATIENCE])
        if _is_done(day, now):
            return 0
        rows = figures(day)
        PublishedFigure.objects.filter(day=day).delete()
        PublishedFigure.objects.bulk_create(rows, batch_size=2000)
        PublishedFigure.objects.filter(day__lt=day - KEPT).delete()
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return len(rows)


def _is_done(day: date, now: datetime) -> bool:
    return Heartbeat.objects.since(_midnight(day), now=now).filter(name=MARK).exists()


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
    result: dict[tuple[int, str], PublishedFigure] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SQL["ended"], period)
        for enterprise, category, is_all, ended, settled, unconfirmed, days in cursor.fetchall():
            row = _row(result, enterprise, category, is_all, day)
            if row is not None:
                row.ended, row.settled, row.unconfirmed = ended, settled, unconfirmed
                row.median_days, row.p90_days = (Decimal(str(one)).quantize(Decimal("0.1")) for one in days)
        cursor.execute(_SQL["promised"], period)
        for enterprise, category, is_all, promised, kept in cursor.fetchall():
            row = _row(result, enterprise, category, is_all, day)
            if row is not None:
                row.promised, row.kept = promised, kept
        cursor.execute(_SQL["rated"], period)
        for enterprise, category, _is_all, closed, rated, marks in cursor.fetchall():
            if (row := result.get((enterprise, category))) is not None:
                row.closed, row.rated, row.marks = closed, rated, marks
    _respond(result, day)
    return [row for row in result.values() if not row.category or row.ended >= ENOUGH]


def _respond(result: dict[tuple[int, str], PublishedFigure], day: date) -> None:
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
            if who is not None and (row := result.get((int(enterprise), category))) is not None:
                row.responded = spread.n
                row.response_median, row.response_p90 = (
                    round(spread.values[f"minutes_{name}"]) for name in ("median", "p90")
                )


def _row(
    result: dict[tuple[int, str], PublishedFigure], enterprise: int, category: str, is_all: int, day: date
) -> PublishedFigure | None:
    """A case without a problem category counts among all, and has no row of its own."""
    if not is_all and not category:
        return None
    zero: dict[str, Any] = dict.fromkeys(("ended", "settled", "unconfirmed", "promised", "kept"), 0)
    return result.setdefault(
        (enterprise, category),
        PublishedFigure(
            enterprise_id=enterprise, category=category, day=day, formula=FORMULA, median_days=None, **zero
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
