"""What it costs to forward what was filed and to let overdue clocks lapse, beside a plain UPDATE of as many cases.

`python -m benchmarks.sweeps`: 100,000 cases due for each (10,000 with --quick). Floor: one UPDATE of status and head
on a table of the same columns and indexes, in slices that alternate with the sweep's; and by CPU the very rows of the
sweep's batches (`world/same_rows.py`). Beside them the same sweep one case a transaction, two sweepers at once, how
long a batch takes, and whether the last batch is slower than the median one.
"""

import importlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed, tree_cpu
from benchmarks.world.copies import STRIDE, multiply
from benchmarks.world.patterns import Pattern
from benchmarks.world.same_rows import noted
from database import roles

ROUNDS = 10
#: Cases whose rows are played again in a round.
PLAYED = 300
#: Pairs of one sweeper and two.
PAIRS = 3
ZONE = ZoneInfo("Asia/Shanghai")


def measure(*, quick: bool) -> list[Figure]:
    due = 10_000 if quick else 100_000
    alone = 20 if quick else 40
    with ground.standing():
        with ground.database("benchmark_forwarding") as base:
            ground.set_up(base)
            now = datetime.now(ZONE)
            Pattern(now).file()
            figures = _sweep(base, "forwarding", due, one_by_one=alone, now=now + timedelta(seconds=5))
        with ground.database("benchmark_lapse") as base:
            _connect(base)
            pattern = Pattern(datetime.now(ZONE) - timedelta(days=60))
            pattern.negotiate(pattern.file())
            return figures + _sweep(base, "lapse", due, one_by_one=alone, now=datetime.now(ZONE))


def _connect(base: ground.Ground) -> None:
    """The same process goes on in another database."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = base.database


def _sweep(base: ground.Ground, kind: str, due: int, *, one_by_one: int, now: datetime) -> list[Figure]:
    from complaints.models import Complaint
    from complaints.parties.conditions import Conditions
    from routing.forwarding import forwarding

    tell(f"{kind}: making {due} cases")
    slices = due // ROUNDS
    multiply(base, due + ROUNDS * (one_by_one + 500 + 2 * PLAYED) + PAIRS * (slices + 1000))
    with base.administrator() as administrator:
        administrator.cursor().execute(
            "create table floor_case (like complaints_complaint including all); insert into floor_case select * from"
            f" complaints_complaint where id > {STRIDE} order by id limit {due + 1}; grant select, update on floor_case"
            f" to {roles.APP}"
        )
    base.settle()
    before = "filed" if kind == "forwarding" else "negotiating"
    batches: list[float] = []
    conditions = Conditions.at(now)

    def batch() -> int:
        begun = time.perf_counter()
        if kind == "forwarding":
            done = forwarding.sweep_filed(now=now, conditions=conditions)
        else:
            done = int(taking()._sweep_batch(now, conditions))
        batches.append(time.perf_counter() - begun)
        return done

    def single() -> int:
        if kind == "forwarding":
            return forwarding.sweep_filed(now=now, limit=1, conditions=conditions)
        return taking()._sweep_batch(now, conditions)

    size, swept = batch(), 0
    with noted(base) as notes:
        # What is played ends with a whole batch.
        while swept < (ROUNDS + 1) * (PLAYED + size):
            swept += batch()
    (same,) = notes
    each = same.rows / swept
    same.play(int(PLAYED * each))
    batch()
    batches.clear()
    rates, floors, alone, cpu, floor_cpu, honest = [], [], [], [], [], []
    for number in range(ROUNDS):
        first = (number * slices + 1) * STRIDE
        work = tree_cpu(base.postmaster)
        floors.append(slices / timed(lambda first=first: _plain(base, first, first + slices * STRIDE, slices)))
        floor_cpu.append((tree_cpu(base.postmaster) - work) / slices * 1000)
        work, own, begun, done = tree_cpu(base.postmaster), time.process_time(), time.perf_counter(), 0
        while done < slices:
            done += batch()
        rates.append(done / (time.perf_counter() - begun))
        cpu.append((tree_cpu(base.postmaster) - work + time.process_time() - own) / done * 1000)
        honest.append(same.play(int(PLAYED * each)).cpu * each * 1000)
        alone.append(one_by_one / timed(lambda: _one_by_one(single, one_by_one)))
    kept = list(batches)
    ones, twos = [], []
    for _ in range(PAIRS):
        ones.append(_side_by_side(1, batch, slices // 4))
        twos.append(_side_by_side(2, batch, slices // 4))
    batches[:] = kept
    left = Complaint.objects.filter(status=before).count()
    tell(f"{kind}: {left} cases still {before}")
    milliseconds = [one * 1000 for one in batches]
    middle = statistics.median(milliseconds)
    last = statistics.median(milliseconds[-len(milliseconds) // ROUNDS :])
    more = {"batch_p50_ms": round(middle, 1), "batch_max_ms": round(max(milliseconds), 1), "due": due}
    name = f"{kind} sweep"
    return [
        compared(
            rates,
            floors,
            benchmark="sweeps",
            what=name,
            unit="/s",
            floor_is="/s, plain UPDATE",
            goal=("≥", 0.15),
            more=more,
        ),
        compared(
            rates,
            alone,
            benchmark="sweeps",
            what=f"{name}, batches",
            unit="/s",
            floor_is="/s, one by one",
            goal=("≥", 8),
        ),
        compared(
            cpu, floor_cpu, benchmark="sweeps", what=f"{name}, CPU a case", unit="ms", floor_is="ms, plain UPDATE"
        ),
        compared(
            cpu,
            honest,
            benchmark="sweeps",
            what=f"{name}, CPU a case beside its very rows",
            unit="ms",
            floor_is="ms, the same rows",
            goal=("≤", 5 if kind == "forwarding" else 3.5),
            more={"rows_a_case": round(each, 1)},
        ),
        compared(
            twos,
            ones,
            benchmark="sweeps",
            what=f"{name}, two sweepers at once",
            unit="/s",
            floor_is="/s, one",
            goal=("≥", 1.6),
        ),
        Figure(
            benchmark="sweeps",
            what=f"{name}, locks held, median batch",
            value=middle,
            unit="ms",
            goal=("≤", 150),
            more={"max_ms": max(milliseconds)},
        ),
        Figure(
            benchmark="sweeps",
            what=f"{name}, last tenth of the batches ÷ median",
            value=last / middle,
            unit="×",
            goal=("≤", 1.5),
        ),
    ]


def taking() -> Any:
    """The module; its package gives the verb of the same name."""
    return importlib.import_module("complaints.handling.transition.take")


def _plain(base: ground.Ground, first: int, last: int, expected: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "update floor_case set status = 'review', last_sequence = last_sequence + 1, last_event_at = now()"
            " where id >= %s and id < %s",
            [first, last],
        )
        if cursor.rowcount != expected:
            raise SystemExit(f"the floor changed {cursor.rowcount} rows of {expected}")


def _one_by_one(single: Callable[[], int], count: int) -> None:
    take = taking()
    kept, take.BATCH = take.BATCH, 1
    try:
        for _ in range(count):
            if single() != 1:
                raise SystemExit("nothing left to sweep one by one")
    finally:
        take.BATCH = kept


def _side_by_side(sweepers: int, batch: Callable[[], int], cases: int) -> float:
    """Cases a second of so many processes that sweep at once, each with a connection of its own."""
    from django.db import connection

    connection.close()
    done = multiprocessing.get_context("fork").Array("q", sweepers)

    def sweep(place: int) -> None:
        while sum(done) < cases and (more := batch()):
            done[place] += more
        connection.close()

    begun = time.perf_counter()
    processes = [multiprocessing.get_context("fork").Process(target=sweep, args=(n,)) for n in range(sweepers)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    seconds = time.perf_counter() - begun
    if any(one.exitcode for one in processes) or sum(done) < cases:
        raise SystemExit(f"{sweepers} sweepers took {list(done)} cases of {cases}")
    return sum(done) / seconds


if __name__ == "__main__":
    sys.exit(publish("sweeps", measure(quick=arguments(__doc__).quick)))
