"""All counters anew from the cases: whole tables at a time, by the same expressions as a fold.

Pages show what was counted before until all of it is done. Who owns the tables makes new ones beside them, on two
connections at once, and puts them in their place, the same to the last index, policy and grant; everybody else empties
and fills those that stand. Only one at a time changes counters.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F, Max

from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from oversight.counters.facts import COLUMNS, PLACE, facts
from oversight.counters.sums import ALL, TALLY, CounterTable, filling
from oversight.figures.working_time import decrees
from oversight.models import MEASURES, RollupState, Tally

#: Only one folds; who comes second leaves it to the first.
_LOCK = 0x0F1652


def read_state(*, lock: bool = False) -> RollupState:
    """Whoever only looks writes nothing, before the first fold either."""
    if not lock:
        return RollupState.objects.filter(pk=1).first() or RollupState(pk=1)
    RollupState.objects.bulk_create([RollupState(pk=1)], ignore_conflicts=True)
    return RollupState.objects.select_for_update().get(pk=1)


def calendar_name() -> str:
    """What names the calendar: working days of past spans are counted by it."""
    return current_calendar().version[:200]


def is_alone(cursor: Any) -> bool:
    cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
    return bool(cursor.fetchone()[0])


def wait_alone(cursor: Any) -> None:
    cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def take_time(cursor: Any) -> None:
    """Adding up ten million cases takes longer than a step may."""
    for name in ("transaction_timeout", "statement_timeout"):
        cursor.execute(f"set local {name} = 0")


def take_memory(cursor: Any, *, by_page: bool = False) -> None:
    """Groups and joins of many rows in memory; ``by_page``: rows of many days are read page by page."""
    for given in ("work_mem = '64MB'", f"enable_indexscan = {'off' if by_page else 'on'}"):
        cursor.execute(f"set local {given}")


def certain_below(cursor: Any) -> tuple[int, int]:
    """(life of the database, transaction below which everything is decided); asked before the entries."""
    cursor.execute("select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint from complaints_event_era")
    era, below = cursor.fetchone()
    return era, below


#: The names of new tables and their indexes end so.
END = "_anew"
_NAMES = (TALLY, *(table.name for table in ALL))


def may_make(cursor: Any) -> bool:
    """Whether who is connected owns the counters (`manage.py rebuild_rollups` with DATABASE_OWNER_URL does)."""
    cursor.execute(
        "select pg_has_role(session_user, relowner, 'usage') from pg_class where oid = %s::regclass", [TALLY]
    )
    return bool(cursor.fetchone()[0])


def stands(cursor: Any) -> bool:
    """Whether tables are there beside the others, of the same columns: those of an older version are made again."""
    cursor.execute(
        """
        select count(*) filter (where b.attrelid is null) = 0
        from unnest(%s) name
        join pg_attribute a on a.attrelid = name::regclass and a.attnum > 0 and not a.attisdropped
        left join pg_attribute b
            on b.attrelid = to_regclass(name || %s) and (b.attname, b.atttypid) = (a.attname, a.atttypid)
        """,
        [list(_NAMES), END],
    )
    return bool(cursor.fetchone()[0])


def begin(cursor: Any) -> None:
    """Empty tables, guarded as those that stand."""
    for name in _NAMES:
        cursor.execute(f"drop table if exists {name}{END}")
        cursor.execute(
            f"create table {name}{END} (like {name} including defaults including constraints including storage)"
        )
        cursor.execute("select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass", [name])
        for is_on, text in zip(cursor.fetchone(), ("enable", "force"), strict=True):
            if is_on:
                cursor.execute(f"alter table {name}{END} {text} row level security")
        for statement in (*_policies(cursor, name), *_grants(cursor, name)):
            cursor.execute(statement)


def empty(cursor: Any, names: Sequence[str]) -> None:
    for name in names:
        cursor.execute(f"truncate {name}{END}")


def finish(cursor: Any, names: Sequence[str]) -> None:
    """Keys, indexes and statistics, for tables that are filled."""
    cursor.execute("set local maintenance_work_mem = '256MB'")
    for name in names:
        cursor.execute(
            """
            select c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary
            from pg_index i
            join pg_class c on c.oid = i.indexrelid
            where i.indrelid = %s::regclass
            """,
            [name],
        )
        for index, given, is_key in cursor.fetchall():
            cursor.execute(
                given.replace(f" INDEX {index} ON public.{name} ", f" INDEX {index}{END} ON public.{name}{END} ")
            )
            if is_key:
                cursor.execute(f"alter table {name}{END} add primary key using index {index}{END}")
        cursor.execute(f"analyze {name}{END}")


def swap(cursor: Any) -> None:
    """The new tables take the place of the old ones; with the commit everybody reads them."""
    cursor.execute("lock table " + ", ".join(_NAMES) + " in access exclusive mode")
    for name in _NAMES:
        cursor.execute(f"drop table {name}")
        cursor.execute(f"alter table {name}{END} rename to {name}")
        cursor.execute(
            "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = %s::regclass",
            [name],
        )
        for (index,) in cursor.fetchall():
            cursor.execute(f"alter index {index} rename to {index.removesuffix(END)}")


def _policies(cursor: Any, name: str) -> list[str]:
    cursor.execute(
        """
        select policyname, permissive, cmd, array_to_string(roles, ', '), qual, with_check
        from pg_policies
        where schemaname = 'public' and tablename = %s
        """,
        [name],
    )
    return [
        f"create policy {policy} on {name}{END} as {kind} for {command} to {who}"
        + (f" using ({using})" if using else "")
        + (f" with check ({check})" if check else "")
        for policy, kind, command, who, using, check in cursor.fetchall()
    ]


def _grants(cursor: Any, name: str) -> list[str]:
    """All that others than the owner may do, and nothing that a new table gives by default."""
    cursor.execute(
        """
        select a.grantee::regrole::text, string_agg(a.privilege_type, ', ')
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = %s::regclass and a.grantee <> c.relowner
        group by 1
        """,
        [name],
    )
    held = cursor.fetchall()
    return [
        *(f"revoke all on {name}{END} from {who}" for who, _ in held),
        *(f"grant {what} on {name}{END} to {who}" for who, what in held),
    ]


#: Cases of one piece, and rows of the tally that are added up at once.
PIECE, ROWS = 50_000, 500_000
#: Connections that work at once where tables are made beside those that stand.
LANES = 2
MOVED = "exists (select from complaints_archivedcase a where a.complaint_id = {id} and a.returned is null)"
PIECE_OF_CASES = "{id} > %(after)s and {id} <= %(upto)s and not " + MOVED
_DAYS = f"""
diff as not materialized (
    select 1 as sign, complaint_id, {", ".join((*PLACE, *MEASURES))}
    from {TALLY}{{beside}}
    where day between %(first)s and %(last)s
)"""
#: The tally of some days, to be added up anew.
DAYS = _DAYS.format(beside="")
Job = Callable[[Any], None]


def end_of_piece(after: int, last: int, piece: int = PIECE) -> int:
    """The id of the case with which the next piece ends, at most ``last``: by cases, since ids may lie far apart."""
    behind = Complaint.objects.filter(pk__gt=after, pk__lte=last).order_by("pk").values_list("pk", flat=True)
    return next(iter(behind[piece - 1 : piece]), last)


def _spans(after: int, last: int, piece: int) -> Iterator[tuple[int, int]]:
    while after < last:
        upto = end_of_piece(after, last, piece)
        yield after, upto
        after = upto


def rebuild(*, now: datetime, tell: Callable[[int, int], None] = lambda done, whole: None, piece: int = PIECE) -> int:
    """Make all counters anew from the cases; how many cases. One that was stopped goes on where it was.

    Steps taken meanwhile are folded afterwards. ``tell(done, whole)``: with each piece the id of its
    last case, and of the last of all.
    """
    last = Complaint.objects.aggregate(last=Max("pk", default=0))["last"]
    beside, done = _begin()
    spans = list(_spans(done, last, piece))
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
            swap(cursor)
        else:
            add_up(cursor)
        RollupState.objects.filter(pk=1).update(
            rebuilt_through=None, folded_at=now, differences=[], calendar=F("compared_calendar"), past=uuid4()
        )
    return Tally.objects.filter(kind="received").count()


def add_up(cursor: Any, tables: Sequence[CounterTable] = ALL) -> None:
    """Tables of counters anew from the tally; whoever reads sees the old rows until the commit."""
    take_memory(cursor, by_page=True)
    for table in tables:
        cursor.execute(f"delete from {table.name}")
    for days in months_at_once(cursor):
        cursor.execute(filling(DAYS, tables) + " select 1", days)


def months_at_once(cursor: Any, *, beside: str = "", table: CounterTable | None = None) -> list[dict[str, date]]:
    """First and last days of months in a row with about ``ROWS`` rows of the tally, or cells of ``table``."""
    days = f"select day, count(*) as n from {TALLY}{beside} group by 1"
    if table:
        days += f" union all select {'day' if 'day' in table.key else 'month'}, 0 from {table.name} group by 1"
    cursor.execute(f"""
        select date_trunc('month', day::timestamp)::date, sum(n)::int
        from ({days}) d
        group by 1
        order by 1
    """)
    results: list[dict[str, date]] = []
    held = 0
    for month, n in cursor.fetchall():
        if not results or held + n > ROWS:
            results.append({"first": month})
            held = 0
        results[-1]["last"], held = month.replace(day=monthrange(month.year, month.month)[1]), held + n
    return results


def _begin() -> tuple[str, int]:
    """(how the names of the tables end into which rows go, the last case that is done)."""
    with transaction.atomic(), connection.cursor() as cursor:
        wait_alone(cursor)
        state = read_state(lock=True)
        is_beside, was_beside = may_make(cursor), stands(cursor)
        if state.rebuilt_through is None or is_beside != was_beside:
            # What is written from now on is folded afterwards.
            state.era, state.transaction = certain_below(cursor)
            state.transaction, state.entry, state.rebuilt_through = state.transaction - 1, 2**62, 0
            state.compared_calendar, state.compared_through, state.compared_tables = calendar_name(), None, 0
            state.save()
            if is_beside:
                begin(cursor)
        elif is_beside:
            # Of two pieces at once the later one may have been done first.
            cursor.execute(f"delete from {TALLY}{END} where complaint_id > %s", [state.rebuilt_through])
    return END if is_beside else "", state.rebuilt_through or 0


def _tallying(after: int, upto: int, beside: str) -> Job:
    def tally(cursor: Any) -> None:
        values = {**decrees(current_calendar()), "after": after, "upto": upto}
        take_memory(cursor)
        if not beside:
            wait_alone(cursor)
            cursor.execute(f"delete from {TALLY} where {PIECE_OF_CASES.format(id='complaint_id')}", values)
        cursor.execute(f"insert into {TALLY}{beside} ({', '.join(COLUMNS)}) {facts(PIECE_OF_CASES)}", values)
        if beside:
            # What moved cases count for was counted while their clocks were here.
            columns, kept = ", ".join(COLUMNS), MOVED.format(id="t.complaint_id")
            cursor.execute(
                f"insert into {TALLY}{beside} ({columns}) select {columns} from {TALLY} t"
                f" where t.complaint_id > %(after)s and t.complaint_id <= %(upto)s and {kept}",
                values,
            )

    return tally


def _sum_up_beside() -> None:
    def adding(days: dict[str, date]) -> Job:
        def add(cursor: Any) -> None:
            take_memory(cursor, by_page=True)
            cursor.execute(filling(given, beside=END) + " select 1", days)

        return add

    given = _DAYS.format(beside=END)
    _do(lambda cursor: finish(cursor, [TALLY]))
    with transaction.atomic(), connection.cursor() as cursor:
        take_time(cursor)
        empty(cursor, [table.name for table in ALL])
        months = months_at_once(cursor, beside=END)
    for _ in _run((adding(days) for days in months), is_beside=True):
        pass
    _do(lambda cursor: finish(cursor, [table.name for table in ALL]))


def _do(job: Job) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        take_time(cursor)
        job(cursor)


def _run(jobs: Iterator[Job], *, is_beside: bool) -> Iterator[None]:
    """Each in a transaction of its own, done in their order as far as the caller hears of it."""
    if not is_beside:
        for job in jobs:
            _do(job)
            yield
        return

    def apart(job: Job) -> None:
        # A thread has a connection of its own.
        with closing(connection):
            _do(job)

    with ThreadPoolExecutor(LANES) as pool:
        yield from pool.map(apart, jobs)
