"""All counters anew from the cases: whole tables at a time, by the same expressions as a fold.

Pages show what was counted before until all of it is done. Who owns the tables makes new ones beside
them, on two connections at once, and puts them in their place; everybody else empties and fills those that stand.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from oversight.counters import beside as rollup_beside
from oversight.counters.facts import COLUMNS, PLACE, facts
from oversight.counters.state import calendar_name, certain_below, read_state, take_memory, take_time, wait_alone
from oversight.counters.sums import ALL, TALLY, Table, filling
from oversight.figures.working_time import decrees
from oversight.models import MEASURES, RollupState, Tally

#: Cases of one piece, and rows of the tally that are added up at once.
PIECE, ROWS = 50_000, 500_000
#: Connections that work at once where tables are made beside those that stand.
LANES = 2
PIECE_OF_CASES = "{id} > %(after)s and {id} <= %(upto)s"
_DAYS = f"""
diff as not materialized (
    select 1 as sign, complaint_id, {", ".join((*PLACE, *MEASURES))}
    from {TALLY}{{beside}}
    where day between %(first)s and %(last)s
)"""
#: The tally of some days, to be added up anew.
DAYS = _DAYS.format(beside="")
Job = Callable[[Any], None]


def rebuild(*, now: datetime, tell: Callable[[int, int], None] = lambda done, whole: None, piece: int = PIECE) -> int:
    """Make all counters anew from the cases; how many cases. One that was stopped goes on where it was.

    Steps taken meanwhile are folded afterwards. ``tell(done, whole)`` is called with each piece.
    """
    last = Complaint.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    beside, done = _begin()
    ends = [*range(done, last, piece), last] if done < last else []
    spans = list(pairwise(ends))
    for (_after, upto), _ in zip(
        spans, _run((_tallying(*span, beside) for span in spans), is_beside=bool(beside)), strict=True
    ):
        RollupState.objects.filter(pk=1).update(rebuilt_through=upto)
        tell(upto, last)
    if beside:
        _sum_up_beside()
    with transaction.atomic(), connection.cursor() as cursor:
        take_time(cursor)
        wait_alone(cursor)
        if beside:
            rollup_beside.swap(cursor)
        else:
            add_up(cursor)
        RollupState.objects.filter(pk=1).update(
            rebuilt_through=None, folded_at=now, differences=[], calendar=F("compared_calendar")
        )
    return Tally.objects.filter(kind="received").count()


def add_up(cursor: Any, tables: Sequence[Table] = ALL) -> None:
    """Tables of counters anew from the tally; whoever reads sees the old rows until the commit."""
    take_memory(cursor, by_page=True)
    for table in tables:
        cursor.execute(f"delete from {table.name}")
    for days in months_at_once(cursor):
        cursor.execute(filling(DAYS, tables) + " select 1", days)


def months_at_once(cursor: Any, *, beside: str = "", table: Table | None = None) -> list[dict[str, date]]:
    """First and last days of months in a row that hold about ``ROWS`` rows of the tally, or cells of ``table``; a cell
    lies in one.
    """
    days = f"select day, count(*) as n from {TALLY}{beside} group by 1"
    if table:
        days += f" union all select {'day' if 'day' in table.key else 'month'}, 0 from {table.name} group by 1"
    cursor.execute(f"""
        select date_trunc('month', day::timestamp)::date, sum(n)::int
        from ({days}) d
        group by 1
        order by 1
    """)
    found: list[dict[str, date]] = []
    held = 0
    for month, n in cursor.fetchall():
        if not found or held + n > ROWS:
            found.append({"first": month})
            held = 0
        found[-1]["last"], held = month.replace(day=monthrange(month.year, month.month)[1]), held + n
    return found


def _begin() -> tuple[str, int]:
    """(how the names of the tables end into which rows go, the last case that is done)."""
    with transaction.atomic(), connection.cursor() as cursor:
        wait_alone(cursor)
        state = read_state(lock=True)
        is_beside, stands = rollup_beside.may_make(cursor), rollup_beside.stands(cursor)
        if state.rebuilt_through is None or is_beside != stands:
            # What is written from now on is folded afterwards.
            state.era, state.transaction = certain_below(cursor)
            state.transaction, state.entry, state.rebuilt_through = state.transaction - 1, 2**62, 0
            state.compared_calendar, state.compared_through, state.compared_tables = calendar_name(), None, 0
            state.save()
            if is_beside:
                rollup_beside.begin(cursor)
        elif is_beside:
            # Of two pieces at once the later one may have been done first.
            cursor.execute(f"delete from {TALLY}{rollup_beside.END} where complaint_id > %s", [state.rebuilt_through])
    return rollup_beside.END if is_beside else "", state.rebuilt_through or 0


def _tallying(after: int, upto: int, beside: str) -> Job:
    def tally(cursor: Any) -> None:
        said = {**decrees(current_calendar()), "after": after, "upto": upto}
        take_memory(cursor)
        if not beside:
            wait_alone(cursor)
            cursor.execute(f"delete from {TALLY} where complaint_id > %(after)s and complaint_id <= %(upto)s", said)
        cursor.execute(f"insert into {TALLY}{beside} ({', '.join(COLUMNS)}) {facts(PIECE_OF_CASES)}", said)

    return tally


def _sum_up_beside() -> None:
    def adding(days: dict[str, date]) -> Job:
        def add(cursor: Any) -> None:
            take_memory(cursor, by_page=True)
            cursor.execute(filling(said, beside=rollup_beside.END) + " select 1", days)

        return add

    said = _DAYS.format(beside=rollup_beside.END)
    _do(lambda cursor: rollup_beside.finish(cursor, [TALLY]))
    with transaction.atomic(), connection.cursor() as cursor:
        take_time(cursor)
        rollup_beside.empty(cursor, [table.name for table in ALL])
        months = months_at_once(cursor, beside=rollup_beside.END)
    for _ in _run((adding(days) for days in months), is_beside=True):
        pass
    _do(lambda cursor: rollup_beside.finish(cursor, [table.name for table in ALL]))


def _do(job: Job) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        take_time(cursor)
        job(cursor)


def _run(jobs: Iterator[Job], *, is_beside: bool) -> Iterator[None]:
    """Each in a transaction of its own, done in their order as far as the caller hears of it."""
    if not is_beside:
        for job in jobs:
            with transaction.atomic(), connection.cursor() as cursor:
                take_time(cursor)
                job(cursor)
            yield
        return

    def apart(job: Job) -> None:
        # A thread has a connection of its own.
        with closing(connection):
            _do(job)

    with ThreadPoolExecutor(LANES) as pool:
        yield from pool.map(apart, jobs)
