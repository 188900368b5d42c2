"""What ten times the rows in the long tables cost: lists, the page of a case, a sweep, and verification.

`python -m benchmarks.optional.long_tables [--quick] [--entries 10000000]`: the same cases are asked about twice, with a
tenth and with all of the rows in the tables that grow with every case (entries, texts, notices, clocks, reminders,
digests of what was typed). Those rows are copies, filled by SQL, of what hangs on settled cases; they hang on ids that
no case has, so nothing but the size of the tables differs. What is asked is in memory both times. By CPU of this
process and of its server process, in multiples of a view that answers nothing, which is asked just before it: between
the two sizes lie the minutes of filling, in which a machine changes by a third.
"""

import argparse
import contextlib
import statistics
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, publish, spread, tell
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


def measure(*, quick: bool, entries: int) -> list[Figure]:
    entries = entries or (200_000 if quick else 10_000_000)
    rounds, listed, settled, due = (5, 2_000, 200, 3_000) if quick else (15, 20_000, 1_000, 12_000)
    with ground.database("benchmark_long_tables") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill

        overdue = Pattern(datetime.now(ZONE) - timedelta(days=60))
        overdue.negotiate(overdue.file())
        tell(f"long tables: {due} cases with an overdue clock, {settled} settled ones, {listed} in lists")
        multiply(base, due)
        pattern = Pattern(datetime.now(ZONE))
        cases = _settle(pattern, settled)
        filled = fill(listed)
        look, times = Looks(base, pattern, cases, filled.large), {}
        for size in (entries // 10, entries):
            tell(f"long tables: filling up to {size:,} entries")
            rows, gigabytes = _fill(base, cases[0].pk, size)
            tell(f"long tables: {rows:,} rows, {gigabytes:.1f} GB with their indexes: {_sizes(base)}")
            nothing = watchers.empty_for(pattern.chen)
            times[size] = {what: _beside(nothing, ask, rounds) for what, ask in look.every().items()}
            floor = statistics.median(_alone(nothing, rounds))
            times[size]["sweep of due clocks, a batch"] = [took / floor for took in look.sweep(rounds)]
        small, large = times[entries // 10], times[entries]
        return [
            Figure(
                benchmark="optional.long_tables",
                what=f"{what}: {entries:,} entries ÷ {entries // 10:,}",
                value=statistics.median(large[what]),
                unit="× nothing, by CPU",
                floor=statistics.median(small[what]),
                floor_is="×, at a tenth",
                ratio=spread([a / b for a, b in zip(sorted(large[what]), sorted(small[what]), strict=True)]),
                goal=("≤", MOST),
                rounds=rounds,
                more={"rows": rows, "gigabytes": gigabytes, "small": small[what], "large": large[what]},
            )
            for what in small
        ]


class Looks:
    """What is asked at both sizes."""

    def __init__(self, base: ground.Ground, pattern: Pattern, cases: list[Any], enterprise: int) -> None:
        self.base, self.pattern, self.cases, self.enterprise = base, pattern, cases, enterprise

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

    def sweep(self, rounds: int) -> list[float]:
        """Batches of overdue clocks; each takes as many cases."""
        from complaints.parties.conditions import Conditions

        now = datetime.now(ZONE)
        conditions = Conditions.at(now)
        taking()._sweep_batch(now, conditions)
        done: list[int] = []
        result = [_cpu(lambda: done.append(taking()._sweep_batch(now, conditions))) for _ in range(rounds)]
        if len(set(done)) > 1 or not done[0]:
            raise SystemExit(f"the batches are not of one size: {done}")
        return result


def _alone(ask: Callable[[], Any], rounds: int) -> list[float]:
    """CPU seconds a call, of so many that ticks of the clock do not matter; before them some bring all into memory."""
    once = max(min(_cpu(ask) for _ in range(3)), 0.01)
    calls = max(1, round(0.3 / once))

    def several() -> None:
        for _ in range(calls):
            ask()

    return [_cpu(several) / calls for _ in range(rounds)]


def _beside(nothing: Callable[[], Any], ask: Callable[[], Any], rounds: int) -> list[float]:
    """The same in multiples of what ``nothing`` takes right before it."""
    floor = statistics.median(_alone(nothing, rounds))
    return [took / floor for took in _alone(ask, rounds)]


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
    asked = parser.parse_args()
    sys.exit(publish("long_tables", measure(quick=asked.quick, entries=asked.entries)))
