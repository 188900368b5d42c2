"""The statements by which counters are read: which rows say it of a scope, and which of their days count for a measure.

What is asked of a month is a cell of that month, and a row of the tally is read only where no cell says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from authorities.models import Region
from complaints.desks.authority_lists import SOON_DAYS
from complaints.procedure import deadlines
from complaints.procedure.working_calendar import Calendar
from oversight.counters.sums import TALLY
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import RESULTS
from oversight.models import MEASURES, DayFacet, DayRegion, MonthEnterprise, MonthFacet

EVER, NEVER = date(1, 1, 1), date(9999, 12, 31)
DAY = timedelta(days=1)
#: Names of the answer that are not measures: the same column over other days.
OPEN_NAMES = {
    "open": "open",
    "late_outside": "open",
    "late_inside": "open_inside",
    "late_twice": "open_twice",
    "due_soon": "open",
    "late_when_closed": "owing",
}
NAMES = (*(name for name in MEASURES if name not in OPEN_NAMES.values()), *OPEN_NAMES)
COLUMN_OF = {name: OPEN_NAMES.get(name, name) for name in NAMES}
#: What counts on the day on which it happened, and changes afterwards only where a case goes to another place, or what
#: was said to have ended did not.
HAPPENED = (
    *(f"ended_{result}" for result in RESULTS),
    *("received", "closed", "ended_let_rest", "in_part", "in_time", "in_time_reported", "in_time_apart", "ended_late"),
)
#: Of stages that ran out by the end of a period: those that did, those a successor had so, of both those that ended.
RAN = ("ran_out", "ran_out_taken", "ran_out_ended")
#: What the days before today tell a first page, and of which it is noticed when a day that is over changes.
OF_DAYS = (*HAPPENED, *RAN)
#: What a case is told apart by; each has cells of its own, no two of them together.
FACETS = ("problem", "object", "channel")
#: Rows that count for days far from their own; in these words an index of the tally has them.
LASTING = " or ".join(
    f"{one} is not null"
    for one in (*dict.fromkeys(OPEN_NAMES.values()), "waiting", "ran_out", "ran_out_taken", "ran_out_ended")
)


@dataclass(frozen=True, slots=True)
class Windows:
    """Which days count for which measure; both ends are in it."""

    period: Period
    today: date
    soon: date

    @classmethod
    def of(cls, period: Period, *, now: datetime, calendar: Calendar) -> Windows:
        end = deadlines.working_days(calendar.local_day(now), SOON_DAYS, calendar, rule="due_soon").due_at
        return cls(period, calendar.local_day(now), calendar.local_day(end))

    def days(self, name: str) -> tuple[date, date]:
        first, last, today = self.period.first, self.period.last, self.today
        if name == "open":
            return EVER, NEVER
        if name.startswith("late_"):
            return EVER, today
        if name == "due_soon":
            return today + DAY, self.soon
        if name == "ran_out":
            return EVER, min(last, today - DAY)
        if name in ("ran_out_taken", "ran_out_ended", "waiting"):
            return EVER, min(last, today)
        if name.startswith("promise_"):
            # A last day is over with its midnight.
            return first, min(last, today - DAY)
        return first, min(last, today) if name == "review_late" else last

    def has(self, name: str, day: date) -> bool:
        first, last = self.days(name)
        return first <= day <= last

    @property
    def whole_from(self) -> date:
        """The first whole month of the period begins here."""
        first = self.period.first
        return first if first.day == 1 else (first.replace(day=1) + 31 * DAY).replace(day=1)

    @property
    def whole_to(self) -> date:
        """Months before this day are over and lie before the end of the period."""
        return (
            min(self.period.last, self.today - DAY).replace(day=1) if not self._ends_whole else self.period.last + DAY
        )

    @property
    def _ends_whole(self) -> bool:
        return self.period.last < self.today and (self.period.last + DAY).day == 1


@dataclass(frozen=True, slots=True)
class ScopeRows:
    """Where a scope's rows stand: months of cells (none: only single rows say it), days of cells or of the tally."""

    months: str
    days: str
    params: dict[str, Any] = field(default_factory=dict)
    #: Days have a facet instead of columns of their own.
    is_named: bool = False

    @property
    def days_are_single(self) -> bool:
        """Days are rows of the tally, not cells."""
        return self.days.startswith(f"from {TALLY} ")


def narrowed(scope: Scope, row: str = "") -> tuple[str, dict[str, Any]]:
    """The condition on a row of the tally (columns reached by ``row``) that it is of ``scope``; its values."""
    texts: list[str] = []
    params = {
        "category": scope.category,
        "channel": scope.channel,
        "enterprise": scope.enterprise_id,
        "branches": sorted(scope.branch_ids or ()),
    }
    if scope.regions:
        texts.append(
            "(" + " or ".join(f"{row}region between {int(r.pk)} and {int(r.last)}" for r in scope.regions) + ")"
        )
    if scope.enterprise_id or not scope.regions:
        texts.append(f"{row}enterprise = %(enterprise)s")
    if scope.branch_ids is not None:
        texts.append(f"{row}branch = any(%(branches)s::bigint[])")
    if scope.category:
        texts.append(f"({row}problem = %(category)s or {row}object = %(category)s)")
    if scope.channel:
        texts.append(f"{row}channel = %(channel)s")
    return " and ".join(texts), params


def _is_everywhere(scope: Scope) -> bool:
    return not scope.regions or any(region.level == Region.Level.COUNTRY for region in scope.regions)


def rows_of(scope: Scope, by: str) -> ScopeRows | None:
    """None where neither cells nor the tally answer: there is nothing of nobody, and no region in what has none."""
    narrowing = bool(scope.category) + bool(scope.channel) + (by in FACETS)
    if not scope.regions and (by == "region" or not (scope.enterprise_id or scope.is_own)):
        return None
    single, params = narrowed(scope)
    single = f"from {TALLY} where {single}" + {
        "": "",
        "month": "",
        "region": "",
        "enterprise": " and enterprise is not null",
    }.get(by, f" and {by} <> ''")
    if (
        not scope.regions
        or scope.enterprise_id
        or by == "enterprise"
        or narrowing > 1
        or (narrowing and by == "region")
    ):
        if narrowing or by == "region" or not _is_everywhere(scope):
            return ScopeRows("", single, params)
        whose = "branch = 0" if scope.branch_ids is None else "branch = any(%(branches)s::bigint[])"
        whose += " and enterprise = %(enterprise)s" if scope.enterprise_id or not scope.regions else ""
        return ScopeRows(f"from {MonthEnterprise._meta.db_table} where {whose}", single, params)
    # One by one: the planner sees how many there are before it knows which.
    regions = {f"at{nth}": pk for nth, pk in enumerate(sorted({region.pk for region in scope.regions}))}
    params |= regions
    at = f"region = any(array[{', '.join(f'%({name})s::int' for name in regions)}])"
    months, days = f"from {MonthFacet._meta.db_table} where {at}", f"from {DayFacet._meta.db_table} where "
    if by in FACETS:
        params["facet"], params["facets"] = f"{by[0]}:", f"{by[0]};"
        of = "facet >= %(facet)s and facet < %(facets)s"
        if _is_everywhere(scope):
            return ScopeRows(f"{months} and {of}", days + of, params, is_named=True)
    elif narrowing:
        of = (
            "facet in ('p:' || %(category)s, 'o:' || %(category)s)" if scope.category else "facet = 'c:' || %(channel)s"
        )
    else:
        return ScopeRows(f"{months} and facet = ''", f"from {DayRegion._meta.db_table} where {at}", params)
    return ScopeRows(f"{months} and {of}", days + of if _is_everywhere(scope) else single, params)


def summed(rows: ScopeRows, windows: Windows, by: str, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The statement: whole months from their cells, days at the edges, and days since the last whole month.

    What happened in the period is read from its own days only, what counts for days far from its own from all since
    ever: few columns of many rows, and many of few.
    """
    first, last = windows.period.first, windows.period.last
    spans = {name: windows.days(name) for name in names}
    lasting = [name for name in names if name in OPEN_NAMES or spans[name][0] == EVER]
    params: dict[str, Any] = rows.params | {
        "first": first,
        "last": last,
        "from": windows.whole_from,
        "to": windows.whole_to,
        "until": max((spans[name][1] for name in lasting), default=last),
    }
    # Of single rows few last, and an index has them; of cells nearly all do.
    since = "day >= %(to)s and day <= %(until)s" + (f" and ({LASTING})" if rows.days_are_single else "")
    if not rows.months:
        parts = [
            (False, [f"{rows.days} and day between %(first)s and %(last)s"]),
            (True, [f"{rows.days} and ({LASTING})"]),
        ]
    else:
        here = [f"{rows.days} and day >= greatest(%(to)s, %(first)s) and day <= %(last)s"]
        if windows.whole_from < windows.whole_to:
            here.append(f"{rows.months} and month >= %(from)s and month < %(to)s")
        if first < windows.whole_from <= windows.whole_to:
            here.append(f"{rows.days} and day >= %(first)s and day < %(from)s")
        parts = [(False, here), (True, [f"{rows.months} and month < %(to)s", f"{rows.days} and {since}"])]
    selects = []
    for is_lasting, sources in parts:
        asked = [name for name in names if (name in lasting) == is_lasting]
        if asked:
            listed = ", ".join(dict.fromkeys(COLUMN_OF[name] for name in asked))
            read = "\nunion all\n".join(f"select {_key_of(rows, by, source)}, {listed}\n{source}" for source in sources)
            numbers = ", ".join(
                (
                    _within(name, spans[name], params, is_whole=not is_lasting and spans[name] == (first, last))
                    if name in asked
                    else "null::int8"
                )
                for name in names
            )
            selects.append(f"""
                select key, {numbers}
                from ({read}) r
                group by key""")
    if len(selects) == 1:
        return selects[0], params
    named = ", ".join(f"n{number}" for number in range(len(names)))
    added = ", ".join(f"sum(n{number})" for number in range(len(names)))
    statement = f"""
        select key, {added}
        from ({" union all ".join(selects)}) s (key, {named})
        group by key"""
    return statement, params


def of_days(rows: ScopeRows, by: str, number: int, names: Sequence[str], more: str) -> str:
    """The statement of what happened on each day, or in each month where days have no cells: ``number``, key, the days
    as days after the first, of each name the sums of these days, then ``more``. ``rows`` have cells.
    """
    source, day = (rows.months, "month") if rows.days_are_single else (rows.days, "day")
    columns = [f"n{nth}" for nth, _name in enumerate(names)]
    sums = ", ".join(f"sum({COLUMN_OF[name]})::int8 as {column}" for name, column in zip(names, columns, strict=True))
    key = _key_of(rows, by, source).split(" as key")[0]
    return f"""
        select {number}, key, array_agg(nth), {", ".join(f"array_agg({column})" for column in columns)}{more}
        from (
            select ({key})::text as key, {day} - %(from)s as nth, {sums}
            {source} and {day} between %(from)s and %(until)s
            group by 1, 2
        ) of_a_day
        group by 2"""


def _within(name: str, span: tuple[date, date], params: dict[str, Any], *, is_whole: bool) -> str:
    """The sum of a measure over its own days; without looking at each day where they are those that were read."""
    edges = [] if is_whole else [(">=", span[0], EVER), ("<=", span[1], NEVER)]
    ends = [(sign, day) for sign, day, edge in edges if day != edge]
    params |= {f"d{day.toordinal()}": day for _, day in ends}
    condition = " and ".join(f"day {sign} %(d{day.toordinal()})s" for sign, day in ends)
    return f"sum({COLUMN_OF[name]})" + (f" filter (where {condition})" if condition else "")


def _key_of(rows: ScopeRows, by: str, source: str) -> str:
    """Key and day of a row of ``source``; a cell of a month stands on its first day."""
    keys = {"": "''", "region": "region", "enterprise": "enterprise"}
    if rows.months and source.startswith(rows.months):
        return f"{(keys | {'month': 'month::text'}).get(by, 'substr(facet, 3)')} as key, month as day"
    key = (keys | {"month": "date_trunc('month', day)::date::text"}).get(
        by, "substr(facet, 3)" if rows.is_named else by
    )
    return f"{key} as key, day"
