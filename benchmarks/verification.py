"""What it costs to verify the record, beside reading its entries once; and that memory stays flat.

`python -m benchmarks.verification`: settled cases that went through the real verbs in batches, under a checkpoint of
the log. Floor: the entries alone (bodies, digests, tags, by the order of the chains) streamed through a server-side
cursor; by CPU of this process and of its server process, but for the chains by two processes, which are measured by the
clock. A second floor of the whole verification is its own rows and values, read, parsed, opened and hashed, and nothing
compared (decision 0018). Memory is the growth of this process over one whole verification, at a quarter of the cases
and at all of them.

`--million` shows instead that memory stays flat from 100,000 entries to a million (200,000 cases, most of them copies
that verify as settled ones do): each verification runs in a new process, whose own peak is told.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, compared, publish, table, tell
from benchmarks.world import bare, proved_copies
from benchmarks.world.patterns import Pattern

#: A verification may hold a few ranges of cases, whatever the size of the record.
MOST_MB = 100
CHUNK = 5000
#: How many times the CPU of reading, parsing, opening and hashing what it compares a whole verification may take.
MOST_OF_BARE = 2.5
#: So many cases take a step together.
BATCH = 100
#: For a million entries: so many batches, each of so many settled cases with so many copies of each, under a checkpoint
#: of its own; after which of them memory is looked at.
BATCHES, SETTLED, COPIES = 10, 100, 199
LOOKS = (1, 3, 10)
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
        peaks, compared_whole, nothing_compared = [], [], []
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
            if not nothing_compared:
                bare_entries, again = report.entries, bare.of(verify)
                for _ in range(rounds):
                    nothing_compared.append(_cpu(again))
                    compared_whole.append(_cpu(verify))
                del again
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
        compared(
            compared_whole,
            nothing_compared,
            benchmark="verification",
            what=f"whole record, {bare_entries:,} entries, by CPU",
            unit="s",
            floor_is="s, the same read, parsed, opened, hashed",
            goal=("≤", MOST_OF_BARE),
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


def measure_million() -> list[Figure]:
    """Peaks of new processes: all they hold, Django and the portal's code too, and what the verification adds."""
    zone = ZoneInfo("Asia/Shanghai")
    new_process = multiprocessing.get_context("spawn")
    figures = []
    with ground.database("benchmark_million") as base:
        ground.set_up(base)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from complaints.record import checkpoints

        key = Ed25519PrivateKey.generate()
        for batch in range(1, BATCHES + 1):
            settled = _settle(Pattern(datetime.now(zone)), SETTLED)
            proved_copies.multiply(base, settled, COPIES)
            checkpoints.seal(now=datetime.now(zone), key=key)
            tell(f"verification: {batch * SETTLED * (COPIES + 1)} cases are sealed; load {os.getloadavg()[0]:.1f}")
            if batch in LOOKS:
                base.settle()
                with new_process.Pool(1) as pool:
                    figures += pool.apply(_verify_apart)
    return figures


def _verify_apart() -> list[Figure]:
    """One whole verification in a process that has done nothing else, then the chains beside streaming."""
    import django

    django.setup()
    from django.db import connection

    from complaints.record.verification import verify

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [server] = cursor.fetchone()
    before = _peak("self")
    begun = time.perf_counter()
    reports = []
    seconds = _cpu(lambda: reports.append(verify()))
    [report] = reports
    if not report.is_unbroken or report.proved != report.cases:
        raise SystemExit(f"the cases do not verify: {report.findings[:3]}")
    known = {"benchmark": "verification", "rounds": 1}
    of_entries = f"{report.entries:,} entries of {report.cases:,} cases"
    more = {"before": before, "of_its_server": _peak(server), "clock_seconds": time.perf_counter() - begun}
    peak = Figure(what=f"peak of a new process, {of_entries}", value=_peak("self"), unit="MB", more=more, **known)
    tell(f"verification: {of_entries}: {peak.value:.1f} MB at most, {seconds:.1f} s of CPU, {more}")
    rounds = [(_cpu(_stream), _cpu(lambda: verify(chain_only=True))) for _ in range(3)]
    figures = [
        peak,
        compared(
            [report.entries / chains for _, chains in rounds],
            [report.entries / stream for stream, _ in rounds],
            what=f"chains and tags, {of_entries}, by CPU",
            unit="/s",
            floor_is="/s, streaming them",
            benchmark="verification",
            goal=("≥", 0.40),
        ),
        compared(
            [seconds],
            [statistics.median(chains for _, chains in rounds)],
            what=f"whole record, {of_entries}, by CPU",
            unit="s",
            floor_is="s, the chains alone",
            benchmark="verification",
            goal=("≤", 5),
        ),
    ]
    tell("\n" + table(figures))
    return figures


def _peak(process: int | str) -> float:
    """The most memory that a process has had resident, in MB."""
    [line] = [one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def _settle(pattern: Pattern, count: int) -> list[Any]:
    """So many cases, filed, forwarded, accepted, offered and settled, a hundred at a time."""
    from complaints import handling
    from complaints.handling.steps import authority, consumer, enterprise, offers
    from complaints.parties import actors

    staff = actors.staff_member(pattern.staff)
    because: dict[str, Any] = {"rule": "", "version": None, "confidence": "100", "why": [], "candidates": []}
    forward = authority.forward(enterprise_id=pattern.enterprise.pk, branch_id=pattern.branch.pk, because=because)
    settled: list[Any] = []
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
        settled += filed
    return settled


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
        # As a verification does: a million rows on a busy machine take longer than a page may.
        cursor.execute("set local transaction_timeout = 0; set local statement_timeout = 0")
        cursor.execute(f"declare floor no scroll cursor for {ENTRIES}")
        while True:
            cursor.execute(f"fetch {CHUNK} from floor")
            if not cursor.fetchall():
                return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller tables and fewer rounds, to see that it works")
    parser.add_argument("--million", action="store_true", help="the memory of a million entries instead; half an hour")
    asked = parser.parse_args()
    sys.exit(publish("verification", measure_million() if asked.million else measure(quick=asked.quick)))
