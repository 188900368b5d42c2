"""How long things took: working minutes, working days and calendar days, by the database.

The same calendar as the clocks of the cases. Monday to Friday are counted by
division; the days of a decree are two short sorted lists that the database searches. Whose
spans they are is asked by the formulas; here they are only measured.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from complaints.procedure.working_calendar import Calendar
from database.sql_files import read_sql

#: A working day of the figures: eight hours. A message at night counts as one of the next morning.
OPENS, CLOSES = 9 * 60, 17 * 60
DAY_MINUTES = CLOSES - OPENS
_SQL = read_sql(__file__)

#: Working days from the first Monday of the calendar up to and including a day.
_WORKED = (
    "{day} / 7 * 5 + least({day} %% 7, 5)"
    " + width_bucket({day}, %(worked)s::int[]) - width_bucket({day}, %(free)s::int[])"
)
_NUMBERED = "{at}::date - date '0001-01-01' + 1"
_MINUTE = (
    "{done} * %(day_minutes)s + ({upto} - {done}) * least(greatest("
    "extract(hour from {at})::int * 60 + extract(minute from {at})::int - %(opens)s, 0), %(day_minutes)s)"
)
#: From a local time at_a or at_b to its day, to the working days up to it and before it, to its working minute.
_STEPS = {
    f"{name}_{end}": expression.format(at=f"at_{end}", day=day.format(end), upto=f"upto_{end}", done=f"done_{end}")
    for end in ("a", "b")
    for name, expression, day in (
        ("number", _NUMBERED, ""),
        ("upto", _WORKED, "day_{}"),
        ("done", _WORKED, "(day_{} - 1)"),
        ("minute", _MINUTE, ""),
    )
}


def measuring(rows: str, *, name: str) -> str:
    """A bracketed select, called ``name``: ``rows``, a select with local times at_a and at_b, with cd, wd and minutes
    from one to the other beside its columns. ``decrees`` fills its parameters.
    """
    return _SQL["lengths"].format(rows=rows, name=name, **_STEPS)


def decrees(calendar: Calendar) -> dict[str, Any]:
    """The parameters of ``measuring``: which days a decree changes, and when a working day begins."""
    worked, free = _decrees(calendar)
    return {"worked": worked, "free": free, "opens": OPENS, "day_minutes": DAY_MINUTES}


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, median and p90 of n spans as ``<unit>_mean`` …; units cd, wd, minutes. A median lies between its neighbours
    by proportion, and nine in ten took no longer than p90.
    """

    n: int
    values: dict[str, float]


NONE = Spread(0, {})


def measured(spans: QuerySet[Any, Any], *, calendar: Calendar, by_who: bool = False) -> dict[int | None, Spread]:
    """One query. ``spans``: (who, from, to); the whole stands under None, with ``by_who`` each who as well."""
    sql, params = spans.order_by().query.sql_with_params()
    names = [f"span_{number}" for number in range(len(params))]
    statement = _SQL["measured"].format(
        spans=sql % tuple(f"%({name})s" for name in names),
        **_STEPS,
        head="grouping(who), who" if by_who else "1, null",
        groups="((), (who))" if by_who else "(())",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {**dict(zip(names, params, strict=True)), "zone": str(calendar.zone), **decrees(calendar)}
        )
        rows = cursor.fetchall()
    result: dict[int | None, Spread] = {None: NONE}
    for is_group_of_all, who, n, *columns in rows:
        if n:
            result[None if is_group_of_all else who] = _spread(n, columns)
    return result


def _spread(n: int, columns: list[Any]) -> Spread:
    values: dict[str, float] = {}
    pairs = zip(columns[::2], columns[1::2], strict=True)
    for unit, (mean, quantiles) in zip(("cd", "wd", "minutes"), pairs, strict=True):
        values |= {f"{unit}_mean": mean, f"{unit}_median": quantiles[0], f"{unit}_p90": quantiles[1]}
    return Spread(n, values)


@lru_cache(maxsize=8)
def _decrees(calendar: Calendar) -> tuple[list[int], list[int]]:
    """Days that differ from Monday to Friday, as numbers: worked ones and free ones, sorted."""
    worked: list[int] = []
    free: list[int] = []
    for year in sorted(calendar.known_years):
        for number in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
            day = date.fromordinal(number)
            works = calendar.is_working(day)
            if works != (day.weekday() < 5):
                (worked if works else free).append(number)
    return worked, free
