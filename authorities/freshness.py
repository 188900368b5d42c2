"""Whether anything changed in the tables that every step reads: policies, authorities, calendars.

What is kept in memory is asked for by the state of its tables, never by its age; a change counts from the moment
it is committed, and inside its own transaction at once. Regions are not asked: an interval, once given, never moves,
and nothing else of a region is read through a policy or an authority.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from database.prepared import statement_of

State = tuple[int, int]
Row = TypeVar("Row", bound=Model)

_STATE = statement_of(
    "select changes, xmin::text::bigint from authorities_freshness", about="whether what is kept in memory holds"
)


def state() -> State:
    """How often these tables were changed as this transaction sees them, and by which transaction last; one row.

    Ask for it before reading the tables: what is read later is at least as new. Triggers count
    (authorities/migrations/0002); what is rolled back is counted again with the next change, but the number of a
    transaction, or of a part of one, never comes again.
    """
    (result,) = _STATE.ask([])
    return result[0], result[1]


def beside(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same as columns of rows that somebody asks for anyway; read it from one of them with ``state_in``."""
    shown: QuerySet[Row] = rows.annotate(
        changes=RawSQL("(select changes from authorities_freshness)", []),
        changed_by=RawSQL("(select xmin::text::bigint from authorities_freshness)", []),
    )
    return shown


def state_in(row: Any) -> State:
    """The state that came with a row of ``beside``."""
    return row.changes, row.changed_by
