"""What it costs to file through the browser, beside the same rows written by hand.

`python -m benchmarks.filing`: eight clients, the portal's web server (gthread, 2 workers of 4 threads). Timed is the
last POST alone, with session, sign-in, token against forged forms, the request key and the redirect to the receipt;
each filing is that of another person who never filed before, on tables that were analysed with some hundred cases in
them. Floors: seven statements and a commit over psycopg2; and the very rows of a filing (`world/same_rows.py`), by CPU.
Slices of all alternate; CPU is that of web and PostgreSQL, for a floor that of client and PostgreSQL.
"""

import statistics
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, tree_cpu
from benchmarks.world import floor
from benchmarks.world.clients import Clients
from benchmarks.world.people import ready_to_file
from benchmarks.world.same_rows import noted

CLIENTS = 8
#: More than the portal has ever done on a machine like this.
MOST_PER_SECOND = 450
WARM_UP = 5.0
#: Filings whose rows are played again in a round.
PLAYED = 40


def measure(*, quick: bool) -> list[Figure]:
    rounds, seconds = (5, 1.0) if quick else (11, 2.0)
    with ground.database("benchmark_filing") as base, Clients(CLIENTS, base.dsn("postgres")) as clients:
        base.run(floor.SCHEMA)
        ground.set_up(base)
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        tell("preparing people and drafts")
        ready = ready_to_file(int((rounds * seconds + WARM_UP) * MOST_PER_SECOND) + 2 * (rounds + 2) * PLAYED, now=now)
        base.settle()
        with ground.web(base) as (port, master):
            clients.give(ready, port)
            # The first requests of a worker load templates, forms and plans; nobody means those.
            clients.run("file", WARM_UP)
            clients.run("floor", 1.0)
            # On tables that are analysed with what was filed in them.
            filed = 0
            with noted(base) as notes:
                while filed < (rounds + 2) * PLAYED:
                    filed += clients.run("file", 1.0).done
            (same,) = notes
            each = same.rows / filed
            same.play(int(PLAYED * each))
            clients.run("file", 1.0)
            rates: dict[str, list[float]] = {"floor": [], "file": []}
            cpu: dict[str, list[float]] = {"floor": [], "file": []}
            web_cpu, waits, honest = [], [], []
            for _ in range(rounds):
                for what in ("floor", "file"):
                    server, web = tree_cpu(base.postmaster), tree_cpu(master)
                    done = clients.run(what, seconds)
                    spent = tree_cpu(base.postmaster) - server
                    served = tree_cpu(master) - web
                    rates[what].append(done.per_second)
                    own = done.client_cpu if what == "floor" else served
                    cpu[what].append((spent + own) / done.done * 1000)
                    if what == "file":
                        web_cpu.append(served / done.done * 1000)
                        waits += done.waits
                honest.append(same.play(int(PLAYED * each)).cpu * each * 1000)
        _check(base)
    waits.sort()
    more = {
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p95_ms": round(waits[int(len(waits) * 0.95)] * 1000, 1),
        "web_cpu_ms": round(statistics.median(web_cpu), 2),
        "rows_a_filing": round(each, 1),
        "slice_seconds": seconds,
    }
    tell(f"filing: {more}")
    return [
        compared(
            rates["file"],
            rates["floor"],
            benchmark="filing",
            what="filed at 8 clients",
            unit="/s",
            floor_is="/s, 7 statements",
            goal=("≥", 0.10),
            more=more,
        ),
        compared(
            cpu["file"],
            cpu["floor"],
            benchmark="filing",
            what="CPU a filing, web and PostgreSQL",
            unit="ms",
            floor_is="ms, 7 statements",
        ),
        compared(
            cpu["file"],
            honest,
            benchmark="filing",
            what="CPU a filing, beside its very rows",
            unit="ms",
            floor_is="ms, the same rows",
            goal=("≤", 6),
        ),
    ]


def _check(base: ground.Ground) -> None:
    """What was acknowledged is there once, and the record of it holds."""
    from complaints.models import Complaint, FilingDraft
    from complaints.record.verification import verify

    filed = FilingDraft.objects.exclude(filed_at=None).count()
    if Complaint.objects.count() != filed or not verify().is_unbroken:
        raise SystemExit("the record of what was filed does not hold")
    tell(f"{filed} complaints filed, record unbroken")


if __name__ == "__main__":
    sys.exit(publish("filing", measure(quick=arguments(__doc__).quick)))
