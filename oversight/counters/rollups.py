"""Counters that are kept with each step: folding what happened into them, and comparing them with the cases.

The entry of the record is what was written together with the step, so whatever is not folded yet is known
from it; nobody who takes a step waits for a counter. Folding compares what a case counts for now with what it counted
for (the tally) and adds the difference, so to fold a case twice does no harm.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection, transaction

from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from database.sweeping import FULL
from oversight.counters import making
from oversight.counters.facts import COLUMNS, KEY, PLACE, facts
from oversight.counters.statements import OF_DAYS
from oversight.counters.sums import ALL, SHARED, TALLY, CounterTable, adding
from oversight.figures.working_time import decrees
from oversight.models import MEASURES, RollupState

log = logging.getLogger(__name__)

#: So many entries are folded at once.
BATCH = 5_000
#: More than this waiting to be folded is an alarm.
ALARM = 10_000
#: The comparison begins at night.
FROM_HOUR = 2
#: So many cases or cells are named by a comparison.
NAMED = 50


def _listed(row: str, names: Iterable[str]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


_SQL = read_sql(
    __file__,
    tally=TALLY,
    facts_of_ids=facts("{id} = any(%(ids)s)"),
    facts_of_piece=facts(making.PIECE_OF_CASES),
    piece=making.PIECE_OF_CASES.format(id="complaint_id"),
    columns=", ".join(COLUMNS),
    fresh_columns=_listed("f", COLUMNS),
    key=", ".join(KEY),
    old_key=_listed("o", KEY),
    fresh_key=_listed("f", KEY),
    any_key=", ".join(f"coalesce(o.{name}, f.{name}) as {name}" for name in KEY),
    same_key=" and ".join(f"o.{name} = f.{name}" for name in KEY),
    key_of_gone=" and ".join(f"t.{name} = g.{name}" for name in KEY),
    was=_listed("o", COLUMNS[len(KEY) :]),
    is_now=_listed("f", COLUMNS[len(KEY) :]),
    taken_back=", ".join((*PLACE, *(f"-o.{name} as {name}" for name in MEASURES))),
    given=", ".join((*PLACE, *MEASURES)),
)
CHANGES = _SQL["changes"]
_FOLD = f"""
{adding(_SQL["tallying"])}
select count(distinct complaint_id), (select min(day) from places where {" or ".join(f"{n} <> 0" for n in OF_DAYS)})
from diff
"""


class Folded(NamedTuple):
    """How many cases counted differently from before; the first day of which a place has other numbers (OF_DAYS)."""

    cases: int
    first_day: date | None


def fold(*, now: datetime, limit: int = BATCH) -> int:
    """Fold the oldest entries that are certain; how many, 0 when nothing waits or another one folds."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not making.is_alone(cursor):
            return 0
        state = making.read_state(lock=True)
        if state.rebuilt_through is not None:
            return 0
        era, horizon = making.certain_below(cursor)
        if era != state.era:
            # The database was restored since: its entries begin anew with transaction 0, by their ids.
            state.era, state.transaction = era, 0
        cursor.execute(
            _SQL["waiting"].format(decided="and transaction < %(horizon)s"),
            {"transaction": state.transaction, "entry": state.entry, "horizon": horizon, "limit": limit},
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        folded = fold_cases(cursor, {row[0] for row in rows})
        today = _day(now)
        is_past = folded.first_day is not None and folded.first_day < today
        # Of two who fold one may be a day ahead of the other.
        if is_past or state.folded_at is None or _day(state.folded_at) != today:
            state.past = uuid4()
        state.calendar = state.calendar or making.calendar_name()
        state.transaction, state.entry, state.folded_at = rows[-1][1], rows[-1][2], now
        state.save()
    return len(rows)


def fold_cases(cursor: Any, ids: Iterable[int]) -> Folded:
    cursor.execute(_FOLD, {**decrees(current_calendar()), "ids": sorted(ids)})
    return Folded(*cursor.fetchone())


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def waiting(*, most: int = ALARM) -> int:
    """How many entries are not folded yet; at the most one more than ``most``."""
    state = making.read_state()
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from (" + _SQL["waiting"].format(decided="") + ") w",
            {"transaction": state.transaction, "entry": state.entry, "limit": most + 1},
        )
        return int(cursor.fetchone()[0])


def sweep_comparison(*, now: datetime) -> int:
    """One piece of the nightly comparison; 0 when it was done today, or when it is not night yet."""
    state = making.read_state()
    done = state.compared_at is not None and _day(state.compared_at) == _day(now)
    if state.compared_through is None and (done or now.astimezone(SHANGHAI).hour < FROM_HOUR):
        return 0
    return FULL if _compare_some(now=now) else 0


def compare(*, now: datetime) -> list[str]:
    """Count all cases again and name what differs: numbers of cases, then cells; an alarm, and mended at once."""
    while _compare_some(now=now):
        pass
    return making.read_state().differences


def _compare_some(*, now: datetime) -> bool:
    """The next piece of cases, then a table each; False when it was the last. Unfolded steps are no difference."""
    last = Complaint.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic(), connection.cursor() as cursor:
        making.take_time(cursor)
        making.wait_alone(cursor)
        state = making.read_state(lock=True)
        if state.rebuilt_through is not None:
            return False
        if state.compared_through is None:
            state.compared_through, state.compared_tables, state.differences = 0, 0, []
            state.compared_calendar = making.calendar_name()
        if state.compared_through < last:
            upto = making.end_of_piece(state.compared_through, last)
            result = _odd_cases(cursor, state, upto)
            state.compared_through = upto
        else:
            table = ALL[state.compared_tables]
            result = _odd_cells(cursor, table)
            state.compared_tables += 1
            state.past = uuid4() if result else state.past
        if result and making.calendar_name() != state.calendar:
            log.info("%s were counted anew by another calendar", len(result))
        elif result:
            log.error("counters differed from the cases: %s", ", ".join(result[:NAMED]))
            state.differences = [*state.differences, *result][:NAMED]
        is_last = state.compared_tables == len(ALL)
        if is_last:
            state.compared_through, state.compared_tables, state.compared_at = None, 0, now
            state.calendar = state.compared_calendar
        state.save()
    return not is_last


def _odd_cases(cursor: Any, state: RollupState, upto: int) -> list[str]:
    """Numbers of the cases that count for something else than what was tallied; they are folded again."""
    odd = differing(cursor, after=state.compared_through or 0, upto=upto)
    cursor.execute(
        """
        select distinct complaint_id
        from complaints_handlingstep
        where complaint_id = any(%s) and (transaction, id) > (%s, %s)
        """,
        [odd, state.transaction, state.entry],
    )
    wrong = sorted(set(odd) - {row[0] for row in cursor.fetchall()})
    if wrong:
        fold_cases(cursor, wrong)
        state.past = uuid4()
    return list(Complaint.objects.filter(pk__in=wrong).order_by("pk").values_list("number", flat=True))


def differing(cursor: Any, *, after: int, upto: int) -> list[int]:
    """Cases behind ``after``, up to ``upto``, that count for something else than what was tallied, folded or not."""
    cursor.execute(_SQL["differing"], {**decrees(current_calendar()), "after": after, "upto": upto})
    return [row[0] for row in cursor.fetchall()]


def _odd_cells(cursor: Any, table: CounterTable) -> list[str]:
    """Keys of the cells that are not the sum of the tally; the table is added up anew."""
    numbers = MEASURES if table.values else ("n",)
    columns = ", ".join((*table.key, *numbers))
    key = " || ' ' || ".join(f"{name}::text" for name in table.key)
    stands = f"""
        select {columns}
        from {table.name}
        where {"day" if "day" in table.key else "month"} between %(first)s and %(last)s
            and num_nonnulls({", ".join(f"nullif({n}, 0)" for n in numbers)}) > 0"""
    making.take_memory(cursor, by_page=True)
    results: list[str] = []
    for days in making.months_at_once(cursor, table=table):
        cursor.execute(
            f"""
            with {making.DAYS}, {SHARED},
            sums as materialized ({table.sums}),
            stands as materialized ({stands})
            select distinct {key}
            from (
                (select {columns} from sums except all select {columns} from stands)
                union all
                (select {columns} from stands except all select {columns} from sums)
            ) d
            order by 1
            limit {NAMED}
            """,
            days,
        )
        results += [f"{table.name} {row[0]}" for row in cursor.fetchall()]
    if results:
        making.add_up(cursor, [table])
    return results[:NAMED]


def alarms() -> list[str]:
    """What somebody must see to, in words for whoever looks after the portal; nothing of a case."""
    state = making.read_state()
    results = [] if waiting() <= ALARM else [f"more than {ALARM} steps are not counted yet"]
    return results + (["counters differed from the cases"] if state.differences else [])
