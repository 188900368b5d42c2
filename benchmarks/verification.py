"""What it costs to verify the record, beside reading its entries once; and that memory stays flat.

`python -m benchmarks.verification`: settled cases, copied with chains of their own, one seal over each batch. Floor:
the entries alone (bodies and digests, by the order of the chains) streamed through a server-side cursor of the same
size; for the whole record the personal texts too. Memory is the growth of this process over one whole verification, at
a tenth of the entries and at all of them.
"""

import sys
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import multiply
from benchmarks.world.patterns import Pattern

#: A verification may hold a few chunks of rows, whatever the size of the record.
MOST_MB = 40
ENTRIES = (
    "select complaint_id, audience, sequence, step, previous_hash, hash, body from complaints_handlingstep"
    " order by complaint_id, audience, sequence"
)
TEXTS = (
    "select complaint_id, audience, sequence, kind, sealed, digest from complaints_personaltext"
    " order by complaint_id, audience, sequence"
)


def measure(*, quick: bool) -> list[Figure]:
    cases, rounds = (10_000, 5) if quick else (40_000, 9)
    zone = ZoneInfo("Asia/Shanghai")
    with ground.database("benchmark_verification") as base:
        ground.set_up(base)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from complaints.record.sealing import seal
        from complaints.record.verification import Report, _chains, _chunks, verify

        key = Ed25519PrivateKey.generate()
        pattern = Pattern(datetime.now(zone))
        pattern.settle(pattern.file())
        peaks, before = [], 1
        for number in (cases // 10, cases - cases // 10):
            tell(f"verification: copying {number} settled cases")
            multiply(base, number, first=before)
            before += number
            seal(now=datetime.now(zone), key=key)
            tracemalloc.start()
            report = verify()
            peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
            if not report.is_unbroken:
                raise SystemExit(f"the copies do not verify: {report.broken[:3]}")
        entries = report.entries
        tell(f"verification: {entries} entries in {report.chains} chains, {report.seals} seals")
        whole, both, chains, floors = [], [], [], []
        for _ in range(rounds):
            floors.append(entries / timed(lambda: _within(lambda: _stream(_chunks, ENTRIES))))
            both.append(entries / timed(lambda: _within(lambda: _stream(_chunks, ENTRIES, TEXTS))))
            chains.append(entries / timed(lambda: _within(lambda: _chains(Report(), ""))))
            whole.append(entries / timed(verify))
    return [
        compared(
            chains,
            floors,
            benchmark="verification",
            what=f"chains, {entries:,} entries",
            unit="/s",
            floor_is="/s, streaming them",
            goal=("≥", 0.35),
        ),
        compared(
            whole,
            both,
            benchmark="verification",
            what="whole record: chains, texts, names, seals",
            unit="/s",
            floor_is="/s, streaming entries and texts",
            goal=("≥", 0.35),
        ),
        Figure(
            benchmark="verification",
            what="memory at all entries",
            value=peaks[1],
            unit="MB",
            goal=("≤", MOST_MB),
            more={"at_a_tenth": peaks[0]},
        ),
        Figure(
            benchmark="verification",
            what="memory, all entries ÷ a tenth of them",
            value=peaks[1] / peaks[0],
            unit="×",
            goal=("≤", 1.5),
        ),
    ]


def _within(work: Callable[[], Any]) -> None:
    from django.db import transaction

    with transaction.atomic():
        work()


def _stream(chunks: Any, *statements: str) -> None:
    for statement in statements:
        for rows in chunks(statement, []):
            for _row in rows:
                pass


if __name__ == "__main__":
    sys.exit(publish("verification", measure(quick=arguments(__doc__).quick)))
