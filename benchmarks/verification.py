"""What it costs to verify the record, beside reading its entries once; and that memory stays flat.

`python -m benchmarks.verification`: settled cases that went through the real verbs in batches, under a checkpoint of
the log. Floor: the entries alone (bodies, digests, tags, by the order of the chains) streamed through a server-side
cursor; by CPU of this process and of its server process, but for the chains by two processes, which are measured by the
clock. Memory is the growth of this process over one whole verification, at a quarter of the cases and at all of them.
"""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell
from benchmarks.world.patterns import Pattern

#: A verification may hold a few ranges of cases, whatever the size of the record.
MOST_MB = 100
CHUNK = 5000
#: So many cases take a step together.
BATCH = 100
ENTRIES = (
    "select complaint_id, audience, sequence, previous_hash, hash, tag, body from complaints_handlingstep"
    " order by complaint_id, audience, sequence"
)


def measure(*, quick: bool) -> list[Figure]:
    cases, rounds = (4_000, 5) if quick else (16_000, 20)
    zone = ZoneInfo("Asia/Shanghai")
    with ground.database("benchmark_verification") as base:
        ground.set_up(base)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from complaints.record import checkpoints
        from complaints.record.verification import verify

        key = Ed25519PrivateKey.generate()
        pattern = Pattern(datetime.now(zone))
        peaks = []
        for number in (cases // 4, cases - cases // 4):
            tell(f"verification: {number} cases are settled")
            _settle(pattern, number)
            checkpoints.seal(now=datetime.now(zone), key=key)
            base.settle()
            tracemalloc.start()
            report = verify()
            peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
            if not report.is_unbroken or report.proved != report.cases:
                raise SystemExit(f"the cases do not verify: {report.findings[:3]}")
        entries = report.entries
        tell(f"verification: {entries} entries in {report.chains} chains")
        whole, chains, floors, by_two, clocks = [], [], [], [], []
        for _ in range(rounds):
            floors.append(entries / _cpu(_stream))
            chains.append(_cpu(lambda: verify(chain_only=True)))
            whole.append(_cpu(verify))
            clocks.append(entries / _clock(_stream))
            by_two.append(entries / _clock(lambda: verify(chain_only=True, processes=2)))
    return [
        compared(
            [entries / one for one in chains],
            floors,
            benchmark="verification",
            what=f"chains and tags, {entries:,} entries, by CPU",
            unit="/s",
            floor_is="/s, streaming them",
            goal=("≥", 0.40),
        ),
        compared(
            by_two,
            clocks,
            benchmark="verification",
            what="chains and tags by two processes, by the clock",
            unit="/s",
            floor_is="/s, streaming them in one",
            goal=("≥", 0.35),
        ),
        compared(
            whole,
            chains,
            benchmark="verification",
            what="whole record: columns, texts, names, documents too, by CPU",
            unit="s",
            floor_is="s, the chains alone",
            goal=("≤", 5),
        ),
        Figure(
            benchmark="verification",
            what="memory at all entries",
            value=peaks[1],
            unit="MB",
            goal=("≤", MOST_MB),
            more={"at_a_quarter": peaks[0]},
        ),
        Figure(
            benchmark="verification",
            what="memory, all entries ÷ a quarter of them",
            value=peaks[1] / peaks[0],
            unit="×",
            goal=("≤", 1.5),
        ),
    ]


def _settle(pattern: Pattern, count: int) -> None:
    """So many cases, filed, forwarded, accepted, offered and settled, a hundred at a time."""
    from complaints import handling
    from complaints.handling.steps import authority, consumer, enterprise, offers
    from complaints.parties import actors

    staff = actors.staff_member(pattern.staff)
    because: dict[str, Any] = {"rule": "", "version": None, "confidence": "100", "why": [], "candidates": []}
    forward = authority.forward(enterprise_id=pattern.enterprise.pk, branch_id=pattern.branch.pk, because=because)
    for begun in range(0, count, BATCH):
        filed = handling.file(
            [pattern.request()] * min(BATCH, count - begun), actor=actors.consumer(pattern.chen), now=pattern.now
        )
        ids = [case.pk for case in filed]
        for move, actor in (
            (forward, actors.SYSTEM),
            (enterprise.accept_case(handler_id=pattern.staff.pk), staff),
            (offers.make_offer(**pattern.offer()), staff),
            (consumer.accept_offer(confirmed=[1, 2]), actors.consumer(pattern.chen)),
        ):
            handling.take(move, ids, actor=actor, now=pattern.now)


def _cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of this process and of its server process."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [pid] = cursor.fetchone()
    begun = time.process_time() + _of_process(pid)
    work()
    return time.process_time() + _of_process(pid) - begun


def _clock(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _of_process(pid: int) -> float:
    texts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, texts[11:13])) / os.sysconf("SC_CLK_TCK")


def _stream() -> None:
    """The rows that a walk along the chains reads, by a cursor of the server: nothing is held but one chunk."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"declare floor no scroll cursor for {ENTRIES}")
        while True:
            cursor.execute(f"fetch {CHUNK} from floor")
            if not cursor.fetchall():
                return


if __name__ == "__main__":
    sys.exit(publish("verification", measure(quick=arguments(__doc__).quick)))
