"""What came in by problem and object, and by problem and week: from the tally, as no cell of a place has these."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from django.db import connection

from database.sql_files import read_sql
from oversight.counters.reads import Counters, Wish, counts_for
from oversight.counters.statements import narrowed, rows_of
from oversight.counters.sums import TALLY
from oversight.figures.definitions import Period, Scope

DAY, WEEK = timedelta(days=1), timedelta(days=7)
_SQL = read_sql(__file__, tally=TALLY)


def crossed(scope: Scope, period: Period) -> Counter[tuple[str, str]]:
    """How many came in in the period, by problem and object, as it was last folded. One statement."""
    result = Counter[tuple[str, str]]()
    ours, params = narrowed(scope)
    with connection.cursor() as cursor:
        cursor.execute(_SQL["crossed"].format(ours=ours), params | {"days": _days(period.first, period.last)})
        for problem, thing, n in cursor.fetchall():
            result[problem or "", thing or ""] += n
    return result


def atoms(scope: Scope, period: Period) -> Counter[tuple[int, int, str]]:
    """How many came in in the period, by place, enterprise (0: none) and problem, as it was last folded. One
    statement.
    """
    result = Counter[tuple[int, int, str]]()
    ours, params = narrowed(scope)
    with connection.cursor() as cursor:
        cursor.execute(_SQL["atoms"].format(ours=ours), params | {"days": _days(period.first, period.last)})
        for region, enterprise, problem, n in cursor.fetchall():
            result[region, enterprise, problem] += n
    return result


def unfolded(counters: Counters, scope: Scope, period: Period) -> Counter[tuple[str, str]]:
    """What is to be added to that."""
    result = Counter[tuple[str, str]]()
    for row in counters.unfolded:
        if row["received"] and period.first <= row["day"] <= period.last and counts_for(scope, row):
            result[row["problem"] or "", row["object"] or ""] += row["received"]
    return result


def weeks_of(counters: Counters, scope: Scope, last: date, n_weeks: int) -> dict[str, list[int]]:
    """What came in in each of so many weeks, the newest (which ends with ``last``) first, by problem. Of the country
    from its cells, else as it was last folded. One statement.
    """
    first = last - n_weeks * WEEK + DAY
    result: defaultdict[str, list[int]] = defaultdict(lambda: [0] * n_weeks)
    rows = rows_of(scope, "problem")
    if rows is not None and rows.is_named:
        [days] = counters.by_day([(Wish(scope, Period(first=first, last=last), ("received",)), "problem")])
        for problem, sums in days.sums.items() if days is not None else ():
            for day, n in sums.get("received", {}).items():
                result[problem][(last - day).days // 7] += n
        return dict(result)
    ours, params = narrowed(scope)
    with connection.cursor() as cursor:
        cursor.execute(_SQL["weeks"].format(ours=ours), params | {"last": last, "days": _days(first, last)})
        for problem, week, n in cursor.fetchall():
            result[problem or ""][week] += n
    return dict(result)


def _days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]
