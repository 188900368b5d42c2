"""What ten times the rows in the long tables cost: lists, the page of a case, a sweep, and verification.

`python -m benchmarks.optional.long_tables [--quick] [--entries 10000000]`: the same cases stand in two databases of one
server, with all of the rows in the tables that grow with every case (entries, texts, notices, clocks, reminders,
digests of what was typed) and with a tenth of them. Those rows are copies, filled by SQL, of what hangs on settled
cases; they hang on ids that no case has, so nothing but the size of the tables differs. What is asked is in memory both
times. Two processes ask in turns, so whatever the machine does it does to both. By CPU of a process and of its server
process.
"""

import argparse
import contextlib
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, compared, publish, tell
from benchmarks.sweeps import taking
from benchmarks.verification import _cpu, _settle
from benchmarks.world import watchers
from benchmarks.world.copies import multiply
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
TABLES = ("handlingstep", "personaltext", "persondigest", "notice", "deadline", "reminder")
#: Above the id of every case.
NOBODY = 10**12
#: So many times the time at a tenth of the rows.
MOST = 1.1
COUNTY = 350102000
#: So long one asks before the other one does: ticks of the clock do not matter then.
SECONDS = 0.3
SWEEP = "sweep of due clocks, a batch"


def measure(*, quick: bool, entries: int) -> list[Figure]:
    entries, rounds = entries or (200_000 if quick else 10_000_000), 5 if quick else 15
    figures: list[Figure] = []
    with ground.standing(), asked(entries // 10, quick=quick) as small, asked(entries, quick=quick) as large:
        tell("long tables: asking in turns")
        for what in large.names:
            pairs = [(large.ask(what), small.ask(what)) for _ in range(rounds)]
            figures.append(
                compared(
                    [pair[0] for pair in pairs],
                    [pair[1] for pair in pairs],
                    benchmark="optional.long_tables",
                    what=f"{what}: {entries:,} entries ÷ {entries // 10:,}",
                    unit="ms",
                    floor_is="ms, at a tenth",
                    goal=("≤", MOST),
                    more={"rows": large.rows, "gigabytes": large.gigabytes, "pairs": pairs},
                )
            )
    return figures


class Asked:
    """A process that asks about a database with so many entries. ``names``: what it can be asked; ``rows`` and
    ``gigabytes`` of the long tables."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.names, self.rows, self.gigabytes = pipe.recv()

    def ask(self, what: str) -> float:
        """Milliseconds of CPU a call."""
        self.pipe.send(what)
        return float(self.pipe.recv()) * 1000


@contextlib.contextmanager
def asked(entries: int, *, quick: bool) -> Iterator[Asked]:
    # Each has settings and a connection of its own.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, entries, quick), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Asked(ours)
        ours.send("")
        process.join(60)
    finally:
        process.kill()


def _answer(pipe: Connection, entries: int, quick: bool) -> None:
    """In the process: fills a database of its own, and measures what it is asked until nothing is."""
    listed, settled, due = (2_000, 200, 3_000) if quick else (20_000, 1_000, 12_000)
    with ground.database(f"benchmark_long_tables_{entries}") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill

        overdue = Pattern(datetime.now(ZONE) - timedelta(days=60))
        overdue.negotiate(overdue.file())
        tell(f"long tables: {due} cases with an overdue clock, {settled} settled ones, {listed} in lists")
        multiply(base, due)
        pattern = Pattern(datetime.now(ZONE))
        cases = _settle(pattern, settled)
        looks = Looks(base, pattern, cases, fill(listed).large)
        tell(f"long tables: filling up to {entries:,} entries")
        rows, gigabytes = _fill(base, cases[0].pk, entries)
        tell(f"long tables: {rows:,} rows, {gigabytes:.1f} GB with their indexes: {_sizes(base)}")
        asks = looks.every()
        # The first time brings all into memory.
        once = {what: max(min(_cpu(ask) for _ in range(3)), 0.01) for what, ask in asks.items()}
        calls = {what: max(1, round(SECONDS / seconds)) for what, seconds in once.items()}
        pipe.send(([*asks, SWEEP], rows, gigabytes))
        while what := pipe.recv():
            pipe.send(looks.sweep() if what == SWEEP else _several(asks[what], calls[what]))


def _several(ask: Callable[[], Any], calls: int) -> float:
    """CPU seconds a call."""

    def all_of_them() -> None:
        for _ in range(calls):
            ask()

    return _cpu(all_of_them) / calls


class Looks:
    """What is asked at both sizes."""

    def __init__(self, base: ground.Ground, pattern: Pattern, cases: list[Any], enterprise: int) -> None:
        self.base, self.pattern, self.cases, self.enterprise = base, pattern, cases, enterprise
        self.batch = 0

    def every(self) -> dict[str, Callable[[], Any]]:
        from complaints.record.verification import verify

        case = self.cases[len(self.cases) // 2]
        staff, officer = watchers.manager(self.pattern.enterprise.pk), watchers.officer(COUNTY)
        pages = {
            "authority's list": (watchers.officer(), "/authority/cases/"),
            "enterprise's queue": (watchers.manager(self.enterprise), "/enterprise/queue/"),
            "case page, consumer": (self.pattern.chen, f"/cases/{case.number}/"),
            "case page, enterprise": (staff, f"/enterprise/cases/{case.number}/"),
            "case page, authority": (officer, f"/authority/cases/{case.number}/"),
        }
        asks = {what: watchers.page_for(person, path) for what, (person, path) in pages.items()}
        return {**asks, "verification of one case": lambda: verify(number=case.number), **self.of_entries()}

    def of_entries(self) -> dict[str, Callable[[], Any]]:
        """The whole verification, of the settled cases among all the rows."""
        from django.db import transaction

        from complaints.record import verification
        from complaints.record.erasures import Erased
        from complaints.record.walking import Range

        known = frozenset(name for (name,) in verification.fetched(verification._KNOWN))
        walk = verification._Walk(known, chain_only=False, erased=Erased(), aside=set())
        ids = sorted(case.pk for case in self.cases)

        def walked() -> None:
            with transaction.atomic():
                verification._prepare(is_alone=True)
                report = verification._found(walk, [Range(ids[0] - 1, ids[-1])])
            if not report.is_unbroken or report.cases != len(ids):
                raise SystemExit(f"the cases do not verify: {report.findings[:3]}")

        return {f"verification, {len(ids)} cases": walked}

    def sweep(self) -> float:
        """CPU seconds of a batch of overdue clocks; each takes as many cases."""
        from complaints.parties.conditions import Conditions

        now = datetime.now(ZONE)
        conditions, done = Conditions.at(now), list[int]()
        result = _cpu(lambda: done.append(taking()._sweep_batch(now, conditions)))
        self.batch = self.batch or done[0]
        if done != [self.batch] or not self.batch:
            raise SystemExit(f"the batches are not of one size: {self.batch}, {done}")
        return result


def _fill(base: ground.Ground, pattern: int, entries: int) -> tuple[int, float]:
    """Copies of what hangs on one settled case, until there are so many entries. All rows, and gigabytes."""
    with contextlib.closing(base.administrator()) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica; set synchronous_commit = off")
        cursor.execute("set maintenance_work_mem = '512MB'")
        names = [f"complaints_{name}" for name in TABLES]
        cursor.execute("select count(*), coalesce(max(complaint_id), 0) from complaints_handlingstep")
        standing, last = cursor.fetchone()
        cursor.execute("select count(*) from complaints_handlingstep where complaint_id = %s", [pattern])
        (each,) = cursor.fetchone()
        first, copies = max(last, NOBODY) + 1, max(0, (entries - standing) // each)
        cursor.execute(
            "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
            " where not indisunique and indrelid = any(%s::regclass[])",
            [names],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"drop index {name}")
        for name in names:
            _copy(cursor, name, pattern, first, copies)
        for _name, definition in indexes:
            cursor.execute(definition)
        for name in names:
            cursor.execute(f"vacuum (analyze) {name}")
        cursor.execute("checkpoint")
        cursor.execute("select sum(pg_total_relation_size(t)) from unnest(%s::regclass[]) t", [names])
        gigabytes = float(cursor.fetchone()[0]) / 1e9
        cursor.execute("select sum(reltuples) from pg_class where oid = any(%s::regclass[])", [names])
        return int(cursor.fetchone()[0]), gigabytes


def _sizes(base: ground.Ground) -> str:
    """Rows and MB of each table, and MB of its indexes."""
    with contextlib.closing(base.administrator()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select format('%%s %%s rows %%s MB + %%s MB', t, c.reltuples::bigint, pg_table_size(c.oid) / 1000000,"
            " pg_indexes_size(c.oid) / 1000000)"
            " from unnest(%s::text[]) t join pg_class c on c.oid = ('complaints_' || t)::regclass",
            [list(TABLES)],
        )
        return "; ".join(line for (line,) in cursor.fetchall())


def _copy(cursor: Any, table: str, pattern: int, first: int, copies: int) -> None:
    """Rows of a table that hang on the case ``pattern``, so many times, each on another id."""
    cursor.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped", [table]
    )
    columns = [name for (name,) in cursor.fetchall()]
    typed = "sha256(convert_to(g.n::text || t.id::text, 'UTF8'))"
    own = {
        "id": f"nextval(pg_get_serial_sequence('{table}', 'id'))",
        "complaint_id": "g.n",
        # Nothing waits to be sealed or counted.
        "transaction": "1",
        "digest": typed if table.endswith("persondigest") else "t.digest",
        # Only the size counts here: each reminder is that of a clock which nobody has.
        "deadline_id": "g.n * 100 + t.id",
    }
    values = ", ".join(own.get(name, f't."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    of_case = (
        "t.complaint_id = %s"
        if "complaint_id" in columns
        else ("t.deadline_id in (select id from complaints_deadline where complaint_id = %s)")
    )
    cursor.execute(
        f"insert into {table} ({named}) select {values} from generate_series(%s::bigint, %s::bigint) as g(n)"
        f" cross join {table} t where {of_case}",
        [first, first + copies - 1, pattern],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200,000 entries, to see that it works")
    parser.add_argument("--entries", type=int, default=0, help="so many in the long run; ten million unless told")
    typed = parser.parse_args()
    sys.exit(publish("long_tables", measure(quick=typed.quick, entries=typed.entries)))
