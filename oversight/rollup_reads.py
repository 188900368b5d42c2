"""Reading the counters: any region, enterprise, category and period in one statement, with what is not folded yet.

The one rule: a number is what the cases say at this moment. Cells say it as of the last fold, steps since then are
added (``Counters.at``), and whoever reads several things reads them again when a fold came in between (``steadily``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db import connection

from authorities.models import Region
from complaints import deadlines
from complaints.views.authority_lists import SOON_DAYS
from complaints.working_calendar import Calendar
from oversight.models import (
    MEASURES,
    SPREAD,
    DayFacet,
    DayRegion,
    MonthEnterprise,
    MonthFacet,
    MonthSpread,
)
from oversight.rollup_buckets import bucket_of
from oversight.rollup_sums import EXACT, RATIO, TALLY
from oversight.rollups import CHANGES
from oversight.scope import Period, Scope
from oversight.working_time import decrees

#: More steps than this that are not folded yet are left out; ``is_complete`` says so.
MOST_UNFOLDED = 500
EVER, NEVER = date(1, 1, 1), date(9999, 12, 31)
DAY = timedelta(days=1)
#: Names of the answer that are not measures: the same column over other days.
STANDING = {"open": "open", "overdue": "open", "due_soon": "open"}
NAMES = (*(name for name in MEASURES if name != "open"), *STANDING)
_COLUMN = {name: STANDING.get(name, name) for name in NAMES}
T = TypeVar("T")
Sums = Mapping[str, int]
#: Rows that count for days far from their own; in these words an index of the tally has them.
LASTING = " or ".join(f"{name} is not null" for name in ("open", "waiting", "ran_out", "ran_out_taken", "ran_out_ended"))


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
        if name == "overdue":
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
        return min(self.period.last, self.today - DAY).replace(day=1) if not self._ends_whole else self.period.last + DAY

    @property
    def _ends_whole(self) -> bool:
        return self.period.last < self.today and (self.period.last + DAY).day == 1


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where a scope's rows stand: months of cells (none: only single rows say it), days of cells or of the tally."""

    months: str
    days: str
    params: dict[str, Any] = field(default_factory=dict)
    #: Days have a facet instead of columns of their own.
    is_named: bool = False


def inside(regions: Sequence[Region]) -> str:
    """The condition on a row of the tally that it lies in one of these regions."""
    return "(" + " or ".join(f"region between {int(r.pk)} and {int(r.last)}" for r in regions) + ")"


def narrowed(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The condition on a row of the tally that it is of ``scope``, which has regions; and its values."""
    said, params = [inside(scope.regions)], {"category": scope.category, "enterprise": scope.enterprise_id}
    if scope.enterprise_id:
        said.append("enterprise = %(enterprise)s")
    if scope.category:
        said.append("(problem = %(category)s or object = %(category)s)")
    return " and ".join(said), params


def _is_everywhere(scope: Scope) -> bool:
    return any(region.level == Region.Level.COUNTRY for region in scope.regions)


def _rows(scope: Scope, by: str) -> _Rows | None:
    """None where neither cells nor the tally answer: an enterprise that looks at its own categories."""
    params: dict[str, Any] = {"category": scope.category}
    key = {"": "null::text", "region": "region::text", "month": "null::text"}.get(by)
    if scope.regions and scope.branch_ids is None and (
            scope.enterprise_id or by == "enterprise" or (scope.category and by == "region")):
        if by not in ("", "month", "enterprise", "region"):
            return None
        said, params = narrowed(scope)
        said += " and enterprise is not null" if by == "enterprise" else ""
        if _is_everywhere(scope) and not scope.category and by != "region":
            of = "enterprise = %(enterprise)s" if scope.enterprise_id else "true"
            return _Rows(f"from {MonthEnterprise._meta.db_table} where branch = 0 and {of}", f"from {TALLY} where {said}", params)
        return _Rows("", f"from {TALLY} where {said}", params)
    if scope.enterprise_id or scope.is_own:
        if scope.regions or scope.category or key is None or by == "region":
            return None
        params |= {"enterprise": scope.enterprise_id, "branches": sorted(scope.branch_ids) if scope.branch_ids is not None else [0]}
        ours = "enterprise = %(enterprise)s" + (" and branch = any(%(branches)s::bigint[])" if scope.branch_ids is not None else "")
        return _Rows(f"from {MonthEnterprise._meta.db_table} where enterprise = %(enterprise)s and branch = any(%(branches)s::bigint[])",
                     f"from {TALLY} where {ours}", params)
    if not scope.regions or scope.branch_ids is not None:
        return None
    params["regions"] = sorted({region.pk for region in scope.regions})
    at = "region = any(%(regions)s::int[])"
    months, days = f"from {MonthFacet._meta.db_table} where {at}", f"from {DayRegion._meta.db_table} where {at}"
    if by in ("problem", "object", "channel") and not scope.category:
        params["facet"], params["facets"] = f"{by[0]}:", f"{by[0]};"
        of = "facet >= %(facet)s and facet < %(facets)s"
        if _is_everywhere(scope):
            return _Rows(f"{months} and {of}", f"from {DayFacet._meta.db_table} where {of}", params, is_named=True)
        return _Rows(f"{months} and {of}", f"from {TALLY} where {inside(scope.regions)} and {by} <> ''", params)
    if key is None:
        return None
    if not scope.category:
        return _Rows(f"{months} and facet = ''", days, params)
    if by == "region":
        return None
    of = f"(problem = %(category)s or object = %(category)s) and {inside(scope.regions)}"
    if _is_everywhere(scope):
        of, table = "facet in ('p:' || %(category)s, 'o:' || %(category)s)", DayFacet._meta.db_table
    else:
        table = TALLY
    return _Rows(f"{months} and facet in ('p:' || %(category)s, 'o:' || %(category)s)", f"from {table} where {of}", params)


@dataclass(slots=True)
class Counters:
    """What the counters say at one moment: how far they are folded, and what is not folded yet."""

    now: datetime
    calendar: Calendar
    position: tuple[int, int]
    folded_at: datetime | None
    is_complete: bool
    unfolded: list[dict[str, Any]]

    @classmethod
    def at(cls, now: datetime, calendar: Calendar) -> Counters:
        """One statement, a second where something waits."""
        with connection.cursor() as cursor:
            cursor.execute(_BEGUN, {"limit": MOST_UNFOLDED + 1})
            found = cursor.fetchall()
        transaction, entry, folded_at, is_rebuilt, _ = found[0]
        position, ids = (transaction, entry), sorted({row[4] for row in found if row[4] is not None})
        is_complete = len(found) <= MOST_UNFOLDED
        rows = _unfolded(ids, calendar) if ids and is_complete and is_rebuilt else []
        return cls(now, calendar, position, folded_at, is_complete and is_rebuilt, rows)

    @property
    def is_steady(self) -> bool:
        """No fold came in since."""
        return _position() == self.position

    def sums(self, scope: Scope, period: Period, *, by: str = "", names: Iterable[str] = NAMES) -> dict[str, Sums] | None:
        """Each name's number, by key: "" without ``by``, else region ids, months, problems, objects, channels or enterprises.

        ``scope`` has regions and perhaps a category or an enterprise, or is one enterprise (or branches of it). None
        where only the cases themselves can answer. One statement.
        """
        found = self.sums_of(scope, [period], by=by, names=names)
        return None if found is None else found[0]

    def sums_of(self, scope: Scope, periods: Sequence[Period], *, by: str = "",
                names: Iterable[str] = NAMES) -> list[dict[str, Sums]] | None:
        """The same for several periods, in their order, still in one statement; what stands now is read for the first only."""
        rows = _rows(scope, by)
        if rows is None:
            return None
        asked, found = tuple(names), [defaultdict[str, Counter[str]](Counter) for _ in periods]
        later = tuple("" if name in STANDING else name for name in asked)
        here = [asked, *[later if any(later) else asked] * (len(periods) - 1)]
        every = [Windows.of(period, now=self.now, calendar=self.calendar) for period in periods]
        with connection.cursor() as cursor:
            parts = []
            for number, windows in enumerate(every):
                sql, params = _summed(rows, windows, by, here[number])
                parts.append(cursor.cursor.mogrify(f"select {number}, s.* from ({sql}) s", params))
            cursor.execute(b" union all ".join(parts).decode())
            for number, key, *numbers in cursor.fetchall():
                # Single rows lie in the smallest place.
                keys = [key or ""] if by != "region" or rows.months else _places(scope, int(key))
                for one in keys:
                    found[number][one].update({name: int(n) for name, n in zip(asked, numbers, strict=True) if n})
        for sums, windows, ours in zip(found, every, here, strict=True):
            for row in self.unfolded:
                for key in _keys(scope, row, by):
                    sums[key].update({name: row[_COLUMN[name]] for name in ours
                                      if name and row[_COLUMN[name]] and windows.has(name, row["day"])})
            for key, counts in found[0].items() if "" in ours else ():
                sums[key].update({name: counts[name] for name in STANDING if counts[name]})
            if by == "":
                sums[""].update({})
        return [{key: dict.fromkeys(asked, 0) | counts for key, counts in sums.items()} for sums in found]

    def buckets(self, scope: Scope, period: Period, whats: Iterable[str] = SPREAD) -> dict[str, dict[int, int]] | None:
        """How many took how long within the period, by what and bucket; of regions or of one enterprise. One statement."""
        found = self.buckets_of(scope, [period], whats)
        return None if found is None else found[0]

    def buckets_of(self, scope: Scope, periods: Sequence[Period], whats: Iterable[str] = SPREAD) -> list[dict[str, dict[int, int]]] | None:
        """The same for several periods, in their order, still in one statement."""
        if scope.branch_ids is not None or not (scope.regions or scope.enterprise_id) or (scope.category and not scope.regions):
            return None
        names = tuple(whats)
        whose, of = ("r", sorted({r.pk for r in scope.regions})) if scope.regions else ("e", [scope.enterprise_id])
        ours, params = narrowed(scope) if scope.regions else ("enterprise = %(enterprise)s", {"enterprise": scope.enterprise_id})
        # There are buckets of a region and of an enterprise, none of both.
        has_cells = not scope.regions or not (scope.enterprise_id or scope.category)
        found: list[dict[str, Counter[int]]] = [{what: Counter() for what in names} for _ in periods]
        with connection.cursor() as cursor:
            parts = []
            for number, period in enumerate(periods):
                windows = Windows.of(period, now=self.now, calendar=self.calendar)
                begin, end = (windows.whole_from, windows.whole_to) if has_cells else (period.first, period.first)
                sql = _BUCKETS.format(ours=ours, lengths=", ".join(f"('{what}', {what}, {EXACT[what]})" for what in names),
                                      some=" or ".join(f"{what} is not null" for what in names))
                parts.append(cursor.cursor.mogrify(f"select {number}, b.* from ({sql}) b", params | {
                    "whose": whose, "of": of, "whats": list(names), "first": period.first, "from": begin, "to": end,
                    "last": period.last, "edge": begin if begin <= end else period.first}))
            cursor.execute(b" union all ".join(parts).decode())
            for number, what, bucket, n in cursor.fetchall():
                found[number][what][bucket] += n
        for counts, period in zip(found, periods, strict=True):
            for row in self.unfolded:
                if period.first <= row["day"] <= period.last:
                    for what in names:
                        if row[what] is not None:
                            counts[what][bucket_of(what, abs(row[what]))] += row["sign"] * len(_keys(scope, row, ""))
        return [{what: {bucket: n for bucket, n in some.items() if n} for what, some in counts.items()} for counts in found]

    def responses(self, scope: Scope, period: Period) -> dict[int, Counter[int]]:
        """How often each enterprise took so many working minutes to respond first; ``scope`` has regions. One statement."""
        ours, params = narrowed(scope)
        found: defaultdict[int, Counter[int]] = defaultdict(Counter)
        with connection.cursor() as cursor:
            cursor.execute(_RESPONSES.format(ours=ours), params | {"first": period.first, "last": period.last})
            for firm, minutes, n in cursor.fetchall():
                found[firm][minutes] += n
        for row in self.unfolded:
            if row["response_minutes"] is not None and period.first <= row["day"] <= period.last and counts_for(scope, row):
                found[row["enterprise"]][abs(row["response_minutes"])] += row["sign"]
        return found


def steadily(read: Callable[[Counters], T], *, now: datetime, calendar: Calendar) -> T:
    """What ``read`` makes of the counters; once more where a fold came in between its statements."""
    for _try in range(3):
        counters = Counters.at(now, calendar)
        found = read(counters)
        if counters.is_steady:
            break
    return found


def _position() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_POSITION)
        transaction, entry, *_ = cursor.fetchone()
    return transaction, entry


def _unfolded(ids: list[int], calendar: Calendar) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"with {CHANGES} select * from diff", {**decrees(calendar), "ids": ids})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


#: After a restore the entries begin anew (complaints/events.py).
_POSITION = """
select coalesce(s.transaction * (s.era = e.last_value)::int, 0), coalesce(s.entry, 0), s.folded_at, s.rebuilt_through is null
from complaints_event_era e left join oversight_rollupstate s on s.id = 1
"""
#: With the first entries behind it, each by its case.
_BEGUN = (f"with p (transaction, entry, folded_at, is_rebuilt) as materialized ({_POSITION}) select p.*, w.complaint_id from p"
          " left join lateral (select h.complaint_id from complaints_handlingstep h where (h.transaction, h.id) > (p.transaction, p.entry)"
          " order by h.transaction, h.id limit %(limit)s) w on true")
_RESPONSES = (f"select enterprise, response_minutes, count(*) from {TALLY} where {{ours}} and response_minutes is not null"
              " and day between %(first)s and %(last)s group by 1, 2")
_BUCKETS = f"""
select what, bucket, sum(n)::int from (
    select what, bucket::int, n from {MonthSpread._meta.db_table}
    where whose = %(whose)s and of = any(%(of)s::bigint[]) and what = any(%(whats)s) and month >= %(from)s and month < %(to)s
    union all
    select s.what, case when s.v <= s.exact then s.v
                        else s.exact + ceil(ln(s.v / s.exact::float8) / ln({RATIO}::float8)) end::int, 1
    from {TALLY} cross join lateral (values {{lengths}}) s (what, v, exact)
    where {{ours}} and ({{some}}) and s.v is not null and day between %(first)s and %(last)s
      and (day >= %(first)s and day < %(edge)s or day >= greatest(%(to)s, %(first)s) and day <= %(last)s)
) b group by 1, 2
"""


def _summed(rows: _Rows, windows: Windows, by: str, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The statement: whole months from their cells, days at the edges, and days since the last whole month."""
    first, whole_from, whole_to, last = windows.period.first, windows.whole_from, windows.whole_to, windows.period.last
    spans = list(dict.fromkeys(windows.days(name) for name in names if name))
    columns = list(dict.fromkeys(_COLUMN[name] for name in names if name))
    params: dict[str, Any] = rows.params | {
        "first": first, "last": last, "from": whole_from, "to": whole_to, "until": max(end for _, end in spans)}
    flags = []
    for number, (begin, end) in enumerate(spans):
        params |= {f"begin{number}": begin, f"end{number}": end}
        # What was so ever since is in the months before the period as well.
        flags.append(f"day between %(begin{number})s and %(end{number})s" + (" and not is_edge" if begin == EVER else "") + f" as w{number}")
    since = "" if any(begin == EVER for begin, _ in spans) else "and month >= %(from)s"
    numbers = ", ".join(f"sum({_COLUMN[name]}) filter (where w{spans.index(windows.days(name))})" if name else "null::int8" for name in names)
    keys = {"": "''", "region": "region::text", "enterprise": "enterprise::text"}
    key_of_month = (keys | {"month": "month::text"}).get(by, "substr(facet, 3)")
    key_of_day = (keys | {"month": "date_trunc('month', day)::date::text"}).get(by, "substr(facet, 3)" if rows.is_named else by)
    listed = ", ".join(columns)
    if not rows.months:
        parts = [f"select {key_of_day} as key, day, false as is_edge, {listed} {rows.days} and day between %(first)s and %(last)s"]
        if set(spans) - {(first, last)}:
            parts.append(f"select {key_of_day}, day, false, {listed} {rows.days} and (day < %(first)s or day > %(last)s) and ({LASTING})")
        return _added(parts, flags, numbers), params
    parts = [f"select {key_of_month} as key, month as day, false as is_edge, {listed} {rows.months} and month < %(to)s {since}",
             f"select {key_of_day}, day, false, {listed} {rows.days} and day >= %(to)s and day <= %(until)s"]
    if first < whole_from <= whole_to:
        parts.append(f"select {key_of_day}, day, true, {listed} {rows.days} and day >= %(first)s and day < %(from)s")
    return _added(parts, flags, numbers), params


def _added(parts: Sequence[str], flags: Sequence[str], numbers: str) -> str:
    return f"select key, {numbers} from (select *, {', '.join(flags)} from ({' union all '.join(parts)}) r) r group by key"


def _places(scope: Scope, region: int) -> list[str]:
    """Those of the scope's regions in which this one lies."""
    return [str(one.pk) for one in {one.pk: one for one in scope.regions}.values() if one.covers(region)]


def counts_for(scope: Scope, row: Mapping[str, Any]) -> bool:
    """Whether a row of the tally is of this scope."""
    return ((not scope.category or scope.category in (row["problem"], row["object"]))
            and (not (scope.enterprise_id or scope.is_own) or row["enterprise"] == scope.enterprise_id)
            and (scope.branch_ids is None or row["branch"] in scope.branch_ids)
            and (not scope.regions or any(one.covers(row["region"]) for one in scope.regions)))


def _keys(scope: Scope, row: Mapping[str, Any], by: str) -> list[str]:
    """Under which keys a row of the tally counts; none where it is not of this scope."""
    if not counts_for(scope, row):
        return []
    places = _places(scope, row["region"]) if scope.regions else [""]
    if by == "region":
        return places
    key = row["day"].replace(day=1).isoformat() if by == "month" else str(row[by] or "") if by else ""
    return [key] * (len(places) if key or not by else 0)
