"""Whether anything changed in the tables that every step reads: policies, authorities, calendars.

What is kept in memory is asked for by the state of its tables, never by its age. Regions are not asked: an interval,
once given, never moves.
"""

from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

State = tuple[int, int]
Row = TypeVar("Row", bound=Model)


def state() -> State:
    """How often these tables were changed as this transaction sees them, and by which transaction last; one row. Ask
    for it before reading the tables. Triggers count (authorities/migrations/0002); what is rolled back is counted
    again, but the number of a transaction never comes again."""
    with connection.cursor() as cursor:
        cursor.execute("select changes, xmin::text::bigint from authorities_freshness")
        result: State = cursor.fetchone()
    return result


def beside(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same as columns of rows that somebody asks for anyway; read it from one of them with ``told_by``."""
    shown: QuerySet[Row] = rows.annotate(
        changes=RawSQL("(select changes from authorities_freshness)", []),
        changed_by=RawSQL("(select xmin::text::bigint from authorities_freshness)", []),
    )
    return shown


def told_by(row: Any) -> State:
    """The state that came with a row of ``beside``."""
    return row.changes, row.changed_by
