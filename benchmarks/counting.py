"""What counting costs whoever files, and how much faster it is than filing.

`python -m benchmarks.counting [--quick]`: eight clients file through the browser as in `benchmarks.filing`; in
every second slice a folder runs beside them as the worker does, each second, until nothing certain waits. No step
writes a counter, so the floor is the same filing while nobody folds. At the end what was filed meanwhile is folded at
once.
"""

import contextlib
import statistics
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.filing import CLIENTS, MOST_PER_SECOND, WARM_UP
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.clients import Clients
from benchmarks.world.people import ready_to_file

ZONE = ZoneInfo("Asia/Shanghai")
EVERY = 1.0


def measure(*, quick: bool) -> list[Figure]:
    rounds, seconds = (5, 2.0) if quick else (9, 4.0)
    with ground.database("benchmark_counting") as base, Clients(CLIENTS, base.dsn("postgres")) as clients:
        ground.set_up(base)
        from oversight.counters import rollups

        tell("preparing people and drafts")
        # Two slices a round and one more to fold; web, clients and folder share the cores.
        ready = ready_to_file(int(((2 * rounds + 1) * seconds + WARM_UP) * MOST_PER_SECOND / 2), now=datetime.now(ZONE))
        base.settle()
        with ground.web(base) as (port, _master):
            clients.give(ready, port)
            clients.run("file", WARM_UP)
            _fold_all()
            alone, beside = [], []
            for _ in range(rounds):
                alone.append(clients.run("file", seconds).per_second)
                _fold_all()
                with _folder():
                    beside.append(clients.run("file", seconds).per_second)
                _fold_all()
            filed = clients.run("file", seconds)
        entries = rollups.waiting(most=10**9)
        took = timed(_fold_all)
        if rollups.waiting():
            raise SystemExit("something was not folded")
    tell(f"counting: {entries} entries of {filed.done} filings folded in {took:.2f} s")
    return [
        compared(
            beside,
            alone,
            benchmark="counting",
            what="filed at 8 clients with a folder beside",
            unit="/s",
            floor_is="/s, nobody folds",
            goal=("≥", 0.65),
        ),
        Figure(
            benchmark="counting",
            what=f"{filed.done} filings folded at once",
            value=filed.done / took,
            unit="/s",
            floor=statistics.median(alone),
            floor_is="/s, filed",
            ratio=(
                filed.done / took / statistics.median(alone),
                filed.done / took / max(alone),
                filed.done / took / min(alone),
            ),
            goal=("≥", 5),
            more={"entries": entries, "entries_per_s": entries / took},
        ),
    ]


def _fold_all() -> None:
    from oversight.counters import rollups

    while rollups.fold(now=datetime.now(ZONE)):
        pass


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    """Folds until the block ends, on a connection of its own."""
    from django.db import connection

    is_over = threading.Event()

    def work() -> None:
        with contextlib.closing(connection):
            while not is_over.wait(EVERY):
                _fold_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(publish("counting", measure(quick=arguments(__doc__).quick)))
