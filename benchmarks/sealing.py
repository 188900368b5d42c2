"""What a minute's seal costs, and what it costs others.

`python -m benchmarks.sealing`: a log of copied settled cases; then a thousand new entries a round. Measured: the seal
from its first statement to its commit, with the admission of each entry (chain, hash, tag, time); of it the part that
is the log's own (leaves, tiles, root, two signatures), which the goal is about; the look for entries out of turn, which
counts the whole record; and filings beside a step that stays open, with a seal each second.
"""

import statistics
import sys
import threading
import time
from contextlib import closing
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, publish, tell, timed
from benchmarks.world.copies import multiply
from benchmarks.world.patterns import Pattern

ENTRIES, MOST_MS = 1000, 10
#: The longest that a filing may wait for a step that stays open, in seconds.
MOST_WAIT = 0.3
ZONE = ZoneInfo("Asia/Shanghai")


def measure(*, quick: bool) -> list[Figure]:
    cases, rounds, seconds = (2_000, 5, 6) if quick else (20_000, 9, 30)
    with ground.database("benchmark_sealing") as base:
        ground.set_up(base)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from complaints.models import HandlingStep, NotAdmitted
        from complaints.record import admission, checkpoints, log

        key = Ed25519PrivateKey.generate()
        pattern = Pattern(datetime.now(ZONE))
        pattern.settle(pattern.file())
        each = HandlingStep.objects.count()
        tell(f"sealing: copying {cases} settled cases of {each} entries")
        multiply(base, cases)
        begun = timed(lambda: checkpoints.seal(now=datetime.now(ZONE), key=key))
        standing = _size(log)
        whole, own, before = [], [], cases + 1
        for _ in range(rounds):
            multiply(base, ENTRIES // each, first=before)
            before += ENTRIES // each
            whole.append(1e3 * timed(lambda: checkpoints.seal(now=datetime.now(ZONE), key=key)))
            own.append(1e3 * _of_the_log(key, _size(log)))
        if NotAdmitted.objects.exists():
            raise SystemExit(f"copies were not admitted: {list(NotAdmitted.objects.values_list('code'))[:3]}")
        looks = [1e3 * timed(lambda: admission.find_out_of_turn(now=datetime.now(ZONE))) for _ in range(rounds)]
        waits = {is_open: _filings(base, pattern, key, seconds, is_open=is_open) for is_open in (False, True)}
    entries = ENTRIES // each * each
    return [
        Figure(
            benchmark="sealing",
            what=f"the log's part of sealing {ENTRIES:,} entries",
            value=statistics.median(own),
            unit="ms",
            goal=("≤", MOST_MS),
            rounds=rounds,
            more={"least": min(own), "most": max(own)},
        ),
        Figure(
            benchmark="sealing",
            what=f"all of it, admission and database too, {entries:,} entries on {standing:,}",
            value=statistics.median(whole),
            unit="ms",
            rounds=rounds,
            more={"least": min(whole), "most": max(whole), "first_seal_seconds": begun},
        ),
        Figure(
            benchmark="sealing",
            what=f"looking for entries out of turn among {_thousands(standing + rounds * entries)}",
            value=statistics.median(looks),
            unit="ms",
            rounds=rounds,
        ),
        Figure(
            benchmark="sealing",
            what="worst filing beside a step that stays open, minus without one",
            value=waits[True] - waits[False],
            unit="s",
            goal=("≤", MOST_WAIT),
            more={"with": waits[True], "without": waits[False], "seconds": seconds},
        ),
    ]


def _size(log: Any) -> int:
    newest = log.newest_checkpoint()
    return int(newest.size) if newest else 0


def _thousands(number: int) -> str:
    return f"{number:,}"


def _of_the_log(key: Any, size: int) -> float:
    """A thousand leaves, their tiles, the root and the note, in memory."""
    from complaints.record import log, notes, tree

    tiles = log.stored(tree.edge(size))
    hashes = [bytes([n % 256]) * 32 for n in range(ENTRIES)]

    def work() -> None:
        leaves = [tree.leaf_hash("20261130-D8NS6NDF4P86-4", "parties", n, digest) for n, digest in enumerate(hashes)]
        held = {**tiles, **tree.grown(size, tiles, leaves)}
        root = tree.Tree(size + ENTRIES, lambda level, place: held[level, place]).root()
        body = notes.body_of("odr.example/record", size + ENTRIES, root)
        key.sign(body.encode())
        key.sign(notes.cosigned_message(body, int(time.time())))

    return timed(work)


def _filings(base: ground.Ground, pattern: Pattern, key: Any, seconds: float, *, is_open: bool) -> float:
    """The longest filing of so many seconds, with a seal each second, and a step that is under way all the while."""
    from complaints.record import checkpoints

    ended, worst = threading.Event(), 0.0

    def seals() -> None:
        from django.db import connection

        while not ended.wait(1):
            checkpoints.seal(now=datetime.now(ZONE), key=key)
        connection.close()

    with closing(psycopg2.connect(base.dsn("postgres"))) as line, line.cursor() as cursor:
        if is_open:
            # What a step does that is not done yet: it has written to the record and not committed.
            cursor.execute("select pg_current_xact_id()")
            cursor.execute("lock table complaints_handlingstep in row exclusive mode")
            cursor.execute(
                "update complaints_complaint set last_event_at = last_event_at"
                " where id = (select min(id) from complaints_complaint)"
            )
        sealer = threading.Thread(target=seals)
        sealer.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            worst = max(worst, timed(pattern.file))
        ended.set()
        sealer.join()
        line.rollback()
    return worst


if __name__ == "__main__":
    sys.exit(publish("sealing", measure(quick=arguments(__doc__).quick)))
