"""One version of the portal, counted: run by `benchmarks.world.against` as a script in that version's folder.

Each line asked is "filings cases"; each line answered is JSON, milliseconds of CPU. It uses of `benchmarks` only what
older versions have as well.
"""

import http.client
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import tree_cpu
from benchmarks.world.clients import _file
from benchmarks.world.people import Ready, ready_to_file


class Counter:
    """CPU of this process and of its PostgreSQL backend, and how much of it goes into the flush."""

    def __init__(self) -> None:
        from django.db import connection

        from complaints.handling.transition import take

        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            self.backend = cursor.fetchone()[0]
        self.flushes, self.process, self.database = 0, 0.0, 0.0
        write = take.write

        def counted(files: Any) -> None:
            files = list(files)
            process, database = self.spent()
            write(files)
            after = self.spent()
            self.flushes += 1
            self.process += after[0] - process
            self.database += after[1] - database

        take.write = counted

    def spent(self) -> tuple[float, float]:
        """Seconds of CPU so far: of this process, of the backend."""
        nanoseconds = int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0])
        return time.process_time(), nanoseconds / 1e9


def steps(counter: Counter, pattern: Any, cases: int) -> dict[str, float]:
    counter.flushes, counter.process, counter.database = 0, 0.0, 0.0
    process, database = counter.spent()
    for _ in range(cases):
        pattern.settle(pattern.file())
    after = counter.spent()
    each = 1000 / counter.flushes
    return {
        "flush": (counter.process + counter.database) * each,
        "flush_process": counter.process * each,
        "flush_database": counter.database * each,
        "step": (after[0] - process + after[1] - database) * each,
    }


def filings(base: ground.Ground, master: int, port: int, ready: list[Ready], count: int) -> dict[str, float]:
    web, server = tree_cpu(master), tree_cpu(base.postmaster)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(count):
        one = ready.pop()
        _file(line, one.session, one.draft)
    line.close()
    web, server = (1000 * (tree_cpu(pid) - was) / count for pid, was in ((master, web), (base.postmaster, server)))
    return {"filing": web + server, "filing_web": web, "filing_database": server}


def serve(people: int) -> None:
    with ground.database("benchmark_counted") as base:
        # Else it cleans up in one version's round and not in the other's. What it learns of the tables as they grow is
        # learned before each round instead: a statement that is kept would stay planned for an empty table.
        base.run("alter system set autovacuum = off", "select pg_reload_conf()")
        ground.set_up(base)
        from benchmarks.world.patterns import Pattern

        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        ready = ready_to_file(people, now=now)
        base.settle()
        with ground.web(base) as (port, master):
            # After the web server began: without DEMO it does not, where an address of the demonstration is used.
            pattern, counter = Pattern(now), Counter()
            for line in sys.stdin:
                count, cases = map(int, line.split())
                base.run("analyze")
                answer = filings(base, master, port, ready, count) | steps(counter, pattern, cases)
                print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
