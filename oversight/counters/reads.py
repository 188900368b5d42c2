"""Reading the counters: any region, enterprise, category and period in one statement, with what is not folded yet.

A number is what the cases say at this moment. Cells say it as of the last fold, steps since then are
added (``Counters.at``), and whoever reads several things reads them again when a fold came in between (``steadily``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from complaints.procedure.working_calendar import Calendar
from database.prepared import Statement, statement_of
from database.sql_files import read_sql
from oversight.counters.rollups import CHANGES
from oversight.counters.statements import (
    COLUMN_OF,
    NAMES,
    OF_DAYS,
    OPEN_NAMES,
    Windows,
    narrowed,
    of_days,
    rows_of,
    summed,
)
from oversight.counters.sums import EXACT, RATIO, TALLY, bucket_of
from oversight.figures.definitions import Period, Scope
from oversight.figures.working_time import decrees
from oversight.models import SPREAD, WIDE, DaySpread, MonthSpread

#: More steps than this that are not folded yet are left out; ``is_complete`` says so.
MOST_UNFOLDED = 500
_SQL = read_sql(
    __file__, tally=TALLY, day_spread=DaySpread._meta.db_table, month_spread=MonthSpread._meta.db_table, ratio=RATIO
)
#: Of the values of a prepared statement.
_TYPES = {int: "bigint", date: "date"}
_NAMED = re.compile(r"%\((\w+)\)s")
T = TypeVar("T")
Sums = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wish:
    """Numbers of one scope within one period."""

    scope: Scope
    period: Period
    names: tuple[str, ...]


@dataclass(slots=True)
class DaySums:
    """What happened on each day (of each month, on its first day, where ``is_monthly``): by key, name and day."""

    is_monthly: bool
    sums: dict[str, dict[str, Counter[date]]] = field(default_factory=dict)

    def add(self, key: str, day: date, numbers: Iterable[tuple[str, int | None]]) -> None:
        own = self.sums.setdefault(key, {})
        for name, n in numbers:
            if n:
                own.setdefault(name, Counter())[day.replace(day=1) if self.is_monthly else day] += int(n)


@dataclass(slots=True)
class Counters:
    """What the counters say at one moment: how far they are folded, and what is not folded yet."""

    now: datetime
    calendar: Calendar
    position: tuple[int, int]
    folded_at: datetime | None
    is_complete: bool
    unfolded: list[dict[str, Any]]
    past: UUID | None

    @classmethod
    def at(cls, now: datetime, calendar: Calendar) -> Counters:
        """One statement, a second where something waits."""
        result = _asked([(_SQL["begun"], {"limit": MOST_UNFOLDED + 1})], is_kept=True)
        transaction, entry, folded_at, is_rebuilt, past, _ = result[0]
        position, ids = (transaction, entry), sorted({row[-1] for row in result if row[-1] is not None})
        is_complete = len(result) <= MOST_UNFOLDED
        rows = _unfolded(ids, calendar) if ids and is_complete and is_rebuilt else []
        return cls(now, calendar, position, folded_at, is_complete and is_rebuilt, rows, past)

    @property
    def is_steady(self) -> bool:
        """No fold came in since."""
        with connection.cursor() as cursor:
            cursor.execute(_SQL["position"])
            return tuple(cursor.fetchone()[:2]) == self.position

    @property
    def name_of_folded(self) -> str:
        """As long as this is the same, so are the rows of the tally of the days before today: they change by a fold,
        and the first of a day and those that change an earlier one give the past another name.
        """
        today = self.calendar.local_day(self.now)
        is_of_today = self.folded_at is not None and self.calendar.local_day(self.folded_at) >= today
        return repr((self.past, today, "" if self.past and is_of_today else self.position))

    def name_of_past(self, scope: Scope) -> str:
        """As long as this is the same, so are the sums (OF_DAYS) of the places of ``scope`` on each day before
        today. "" where nobody can say so: of less than places, or as nothing was folded today, or as a step waits that
        changes some.
        """
        today, waiting = self.calendar.local_day(self.now), Counter[tuple[int, date, str]]()
        if scope != Scope(regions=scope.regions) or not scope.regions or self.past is None or self.folded_at is None:
            return ""
        if self.calendar.local_day(self.folded_at) < today:
            return ""
        for row in self.unfolded:
            if row["day"] < today and counts_for(scope, row):
                waiting.update({(row["region"], row["day"], name): row[name] or 0 for name in OF_DAYS})
        return "" if any(waiting.values()) else str(self.past)

    def sums(
        self, scope: Scope, period: Period, *, by: str = "", names: Iterable[str] = NAMES
    ) -> dict[str, Sums] | None:
        """Each name's number, by key: "" without ``by``, else region ids, months, problems, objects, channels or
        enterprises.

        ``scope`` has regions and perhaps a category, a channel or an enterprise, or is one enterprise (or branches of
        it). None where only the cases themselves can answer. One statement.
        """
        result = self.sums_of(scope, [period], by=by, names=names)
        return None if result is None else result[0]

    def sums_of(
        self, scope: Scope, periods: Sequence[Period], *, by: str = "", names: Iterable[str] = NAMES
    ) -> list[dict[str, Sums]] | None:
        """The same for several periods, in one statement; what stands now is read for the first only."""
        asked = tuple(names)
        later = tuple(name for name in asked if name not in OPEN_NAMES) or asked
        result = self.read(
            [Wish(scope, period, asked if number == 0 else later) for number, period in enumerate(periods)], by=by
        )
        if result is None or later == asked:
            return result
        stands = {key: {name: sums[name] for name in asked if name in OPEN_NAMES} for key, sums in result[0].items()}
        nothing = dict.fromkeys(asked, 0)
        return [
            {key: {**nothing, **sums.get(key, {}), **stands.get(key, {})} for key in dict.fromkeys([*sums, *stands])}
            for sums in result
        ]

    def read(self, wishes: Sequence[Wish], *, by: str = "") -> list[dict[str, Sums]] | None:
        """What each wish asks for, by key, in one statement; None where only the cases themselves can answer one."""
        most = max(len(wish.names) for wish in wishes)
        every = [
            (wish, rows_of(wish.scope, by), Windows.of(wish.period, now=self.now, calendar=self.calendar))
            for wish in wishes
        ]
        results = [defaultdict[str, Counter[str]](Counter) for _ in wishes]
        parts = []
        for number, (wish, rows, windows) in enumerate(every):
            if rows is None:
                return None
            sql, params = summed(rows, windows, by, wish.names)
            parts.append((f"select {number}, s.*{', null::int8' * (most - len(wish.names))} from ({sql}) s", params))
        for number, key, *numbers in _asked(parts, is_kept=by in ("", "region") and _are_whole(wishes)):
            wish, rows, _windows = every[number]
            # Single rows lie in the smallest place.
            keys = [str(key or "")] if by != "region" or (rows and rows.months) else _places(wish.scope, int(key))
            for one in keys:
                results[number][one].update({name: int(n) for name, n in zip(wish.names, numbers, strict=False) if n})
        for sums, (wish, _rows, windows) in zip(results, every, strict=True):
            for row in self.unfolded:
                for key in _keys(wish.scope, row, by):
                    sums[key].update(
                        {
                            name: row[COLUMN_OF[name]]
                            for name in wish.names
                            if row[COLUMN_OF[name]] and windows.has(name, row["day"])
                        }
                    )
            if by == "":
                sums[""].update({})
        return [
            {key: dict.fromkeys(wish.names, 0) | counts for key, counts in sums.items()}
            for sums, wish in zip(results, wishes, strict=True)
        ]

    def by_day(self, wishes: Sequence[tuple[Wish, str]]) -> list[DaySums | None]:
        """What happened on each day of each wish's period; beside the wish stands ``by`` ("" or "region"). Where days
        have no cells each month stands on its first day; None where months have none either. Of measures only that
        count on their own day. One statement.
        """
        every = [(wish, by, rows_of(wish.scope, by)) for wish, by in wishes]
        most = max(len(wish.names) for wish, _by in wishes)
        results: list[DaySums | None] = [
            DaySums(rows.days_are_single) if rows and rows.months else None for _wish, _by, rows in every
        ]
        parts = [
            (
                of_days(rows, by, number, wish.names, ", null::int8[]" * (most - len(wish.names))),
                rows.params | {"from": wish.period.first, "until": wish.period.last},
            )
            for number, (wish, by, rows) in enumerate(every)
            if rows is not None and rows.months
        ]
        for number, key, nths, *columns in _asked(parts) if parts else ():
            wish = wishes[number][0]
            days = [wish.period.first + timedelta(days=nth) for nth in nths]
            if (result := results[number]) is not None:
                result.sums[key] = {
                    name: Counter({day: n for day, n in zip(days, numbers, strict=True) if n})
                    for name, numbers in zip(wish.names, columns, strict=False)
                }
        for result, (wish, by) in zip(results, wishes, strict=True):
            for row in self.unfolded:
                if result is not None and wish.period.first <= row["day"] <= wish.period.last:
                    for key in _keys(wish.scope, row, by):
                        result.add(key, row["day"], ((name, row[COLUMN_OF[name]]) for name in wish.names))
        return results

    def by_week(
        self, scope: Scope, last: date, n_weeks: int, *, by: str, keys: Sequence[str], names: Sequence[str]
    ) -> dict[str, dict[str, list[int]]]:
        """What happened in each of ``n_weeks`` weeks, the newest (which ends with ``last``) first, by key and name; of
        the enterprises, problems or regions ``keys``, as it was last folded. Nothing where neither days nor single rows
        say it. One statement.
        """
        ours, params = narrowed(scope)
        kind = "bigint" if by == "enterprise" else "text"
        sums = ", ".join(f"sum({COLUMN_OF[name]})" for name in names)
        params |= {"last": last, "from": last - timedelta(days=7 * n_weeks - 1), "keys": list(keys)}
        results = {key: {name: [0] * n_weeks for name in names} for key in keys}
        if not keys:
            return {}
        if by == "region":
            [days] = self.by_day([(Wish(scope, Period(first=params["from"], last=last), tuple(names)), by)])
            for key, counts in days.sums.items() if days is not None and not days.is_monthly else ():
                for name, of_days in counts.items():
                    for day, n in of_days.items() if key in results else ():
                        results[key][name][(last - day).days // 7] += n
            return results
        with connection.cursor() as cursor:
            cursor.execute(
                f"select {by}::text, (%(last)s - day) / 7, {sums} from {TALLY}"
                f" where {ours} and {by} = any(%(keys)s::{kind}[]) and day between %(from)s and %(last)s group by 1, 2",
                params,
            )
            for key, week, *numbers in cursor.fetchall():
                for name, number in zip(names, numbers, strict=True):
                    results[key][name][week] = int(number or 0)
        return results

    def buckets(self, scope: Scope, period: Period, whats: Iterable[str] = SPREAD) -> dict[str, dict[int, int]] | None:
        """How many took how long in the period, by what and bucket; of regions or an enterprise. One statement."""
        result = self.buckets_of(scope, [period], whats)
        return None if result is None else result[0]

    def buckets_of(
        self, scope: Scope, periods: Sequence[Period], whats: Iterable[str] = SPREAD
    ) -> list[dict[str, dict[int, int]]] | None:
        """The same for several periods, in their order, still in one statement."""
        if not (scope.regions or scope.enterprise_id):
            return None
        names = tuple(whats)
        whose, of = ("r", sorted({r.pk for r in scope.regions})) if scope.regions else ("e", [scope.enterprise_id])
        ours, params = narrowed(scope)
        # There are buckets of a region and of an enterprise, none of both or of less.
        has_cells = not (
            scope.category or scope.channel or scope.branch_ids is not None or (scope.regions and scope.enterprise_id)
        )
        is_wide = has_cells and bool(scope.regions) and all(region.level in WIDE for region in scope.regions)
        results: list[dict[str, Counter[int]]] = [{what: Counter() for what in names} for _ in periods]
        parts = []
        for number, period in enumerate(periods):
            windows = Windows.of(period, now=self.now, calendar=self.calendar)
            begin, end = (windows.whole_from, windows.whole_to) if has_cells else (period.first, period.first)
            values = {
                "whose": whose,
                "of": of,
                "whats": list(names),
                "first": period.first,
                "from": begin,
                "to": end,
                "last": period.last,
                "edge": begin if begin <= end else period.first,
            }
            parts.append((f"select {number}, b.* from ({_buckets(ours, names, is_wide=is_wide)}) b", params | values))
        for number, what, bucket, n in _asked(parts):
            results[number][what][bucket] += n
        for counts, period in zip(results, periods, strict=True):
            for row in self.unfolded:
                if period.first <= row["day"] <= period.last:
                    for what in names:
                        if row[what] is not None:
                            counts[what][bucket_of(what, abs(row[what]))] += row["sign"] * len(_keys(scope, row, ""))
        return [{what: {at: n for at, n in some.items() if n} for what, some in counts.items()} for counts in results]

    def responses(self, scope: Scope, period: Period) -> dict[int, Counter[int]]:
        """How often each enterprise first responded in so many working minutes, in regions. One statement."""
        ours, params = narrowed(scope)
        result: defaultdict[int, Counter[int]] = defaultdict(Counter)
        with connection.cursor() as cursor:
            cursor.execute(_SQL["responses"].format(ours=ours), params | {"first": period.first, "last": period.last})
            for enterprise, minutes, n in cursor.fetchall():
                result[enterprise][minutes] += n
        for row in self.unfolded:
            if (
                row["response_minutes"] is not None
                and period.first <= row["day"] <= period.last
                and counts_for(scope, row)
            ):
                result[row["enterprise"]][abs(row["response_minutes"])] += row["sign"]
        return result


def steadily(read: Callable[[Counters], T], *, now: datetime, calendar: Calendar) -> T:
    """What ``read`` makes of the counters; once more where a fold came in between its statements."""
    for _try in range(3):
        counters = Counters.at(now, calendar)
        result = read(counters)
        if counters.is_steady:
            break
    return result


def _asked(parts: Sequence[tuple[str, Mapping[str, Any]]], *, is_kept: bool = False) -> list[tuple[Any, ...]]:
    """The rows of several statements as one; ``is_kept``: prepared, as planning it takes longer than reading."""
    with connection.cursor() as cursor:
        if not is_kept:
            cursor.execute(b" union all ".join(cursor.cursor.mogrify(*part) for part in parts).decode())
            return list(cursor.fetchall())
        values = [params[name] for sql, params in parts for name in _NAMED.findall(sql)]
        types = iter([_TYPES[type(value)] for value in values])
        sql = _NAMED.sub(lambda _name: f"%s::{next(types)}", " union all ".join(sql for sql, _params in parts))
        return _statement(sql).ask_by(cursor, values)


@lru_cache(maxsize=256)
def _statement(sql: str) -> Statement:
    return statement_of(sql, about="counters")


def _are_whole(wishes: Sequence[Wish]) -> bool:
    return all(wish.scope == Scope(regions=wish.scope.regions) for wish in wishes)


def _unfolded(ids: list[int], calendar: Calendar) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"with {CHANGES} select * from diff", {**decrees(calendar), "ids": ids})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _buckets(ours: str, whats: Sequence[str], *, is_wide: bool) -> str:
    """Whole months from their cells; at the edges cells of days for wide regions, else case by case."""
    if is_wide:
        return _SQL["buckets"].format(days=_SQL["days_of_wide"])
    lengths = ", ".join(f"('{what}', {what}, {EXACT[what]})" for what in whats)
    has_one = " or ".join(f"{what} is not null" for what in whats)
    return _SQL["buckets"].format(days=_SQL["days_of_cases"].format(lengths=lengths, ours=ours, has_one=has_one))


def _places(scope: Scope, region: int) -> list[str]:
    return [str(one.pk) for one in {one.pk: one for one in scope.regions}.values() if one.covers(region)]


def counts_for(scope: Scope, row: Mapping[str, Any]) -> bool:
    """Whether a row of the tally is of this scope."""
    return (
        (not scope.category or scope.category in (row["problem"], row["object"]))
        and (not scope.channel or scope.channel == row["channel"])
        and (not (scope.enterprise_id or scope.is_own) or row["enterprise"] == scope.enterprise_id)
        and (scope.branch_ids is None or row["branch"] in scope.branch_ids)
        and (not scope.regions or any(one.covers(row["region"]) for one in scope.regions))
    )


def _keys(scope: Scope, row: Mapping[str, Any], by: str) -> list[str]:
    """Under which keys a row of the tally counts; none where it is not of this scope."""
    if not counts_for(scope, row):
        return []
    places = _places(scope, row["region"]) if scope.regions else [""]
    if by == "region":
        return places
    key = row["day"].replace(day=1).isoformat() if by == "month" else str(row[by] or "") if by else ""
    return [key] * (len(places) if key or not by else 0)
