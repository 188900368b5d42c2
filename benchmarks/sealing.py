"""What a minute's seal costs, and what it costs others.

`python -m benchmarks.sealing`: a log of copied settled cases; then a thousand new entries a round. Measured: the seal
from its first statement to its commit, with the admission of each entry (chain, hash, tag, time); of it the part that
is the log's own (leaves, tiles, root, two signatures), which the goal is about; the look for entries out of turn, which
counts the whole record; the same two beside a step that has been open for minutes of a thousand entries each: all
entries since it began are looked at again; and filings beside a step that stays open, with a seal each second.
"""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
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
#: An entry is sealed within 70 s: the watch seals each 60 s and looks at its clock each 5 s, so a seal may take this
#: many seconds.
MOST_SEAL = 5
ZONE = ZoneInfo("Asia/Shanghai")


def measure(*, quick: bool) -> list[Figure]:
    cases, rounds, seconds, minutes = (2_000, 5, 6, 3) if quick else (20_000, 9, 30, 10)
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
        with _open_step(base):
            for _ in range(minutes):
                multiply(base, ENTRIES // each, first=before)
                before += ENTRIES // each
                late = timed(lambda: _minute(key))
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
            what=f"a seal and that look beside a step that has been open for {minutes} such minutes",
            value=late,
            unit="s",
            goal=("≤", MOST_SEAL),
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


def _minute(key: Any) -> None:
    """What the watch does for the log each minute."""
    from complaints.record import admission, checkpoints

    checkpoints.seal(now=datetime.now(ZONE), key=key)
    admission.find_out_of_turn(now=datetime.now(ZONE))


@contextmanager
def _open_step(base: ground.Ground) -> Iterator[None]:
    """What a step does that is not done yet: it has written to the record and not committed."""
    with closing(psycopg2.connect(base.dsn("postgres"))) as line, line.cursor() as cursor:
        cursor.execute("set idle_in_transaction_session_timeout = 0")
        cursor.execute("select pg_current_xact_id()")
        cursor.execute("lock table complaints_handlingstep in row exclusive mode")
        cursor.execute(
            "update complaints_complaint set last_event_at = last_event_at"
            " where id = (select min(id) from complaints_complaint)"
        )
        yield
        line.rollback()


def _filings(base: ground.Ground, pattern: Pattern, key: Any, seconds: float, *, is_open: bool) -> float:
    """The longest filing of so many seconds, with a seal each second, and a step that is under way all the while."""
    from complaints.record import checkpoints

    ended, worst = threading.Event(), 0.0

    def seals() -> None:
        from django.db import connection

        while not ended.wait(1):
            checkpoints.seal(now=datetime.now(ZONE), key=key)
        connection.close()

    with _open_step(base) if is_open else nullcontext():
        sealer = threading.Thread(target=seals)
        sealer.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            worst = max(worst, timed(pattern.file))
        ended.set()
        sealer.join()
    return worst


if __name__ == "__main__":
    sys.exit(publish("sealing", measure(quick=arguments(__doc__).quick)))
