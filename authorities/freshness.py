"""Whether anything changed in the tables that every step reads: policies, authorities, calendars.

Rule: what is kept in memory is asked for by the state of its tables, never by its age; a change counts from the moment
it is committed, and inside its own transaction at once. Regions are not asked: an interval, once given, never moves, and
nothing else of a region is read through a policy or an authority.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

State = tuple[Any, ...]

# Every insert and update gives a row a newer transaction number than any that stood there, and within one transaction a
# newer command number; so for the same number of rows the sums only grow. What was rolled back never comes again.
_STATE = """
select p.*, a.*, c.* from
  (select count(*), sum(xmin::text::bigint), sum(cmin::text::bigint) from authorities_policy) p,
  (select count(*), sum(xmin::text::bigint), sum(cmin::text::bigint) from authorities_authority) a,
  (select count(*), sum(xmin::text::bigint), sum(cmin::text::bigint) from authorities_calendarversion) c
"""


def state() -> State:
    """The state of these tables as this transaction sees them; one query.

    Ask for it before reading the tables: what is read later is at least as new.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        found: State = cursor.fetchone()
    return found
