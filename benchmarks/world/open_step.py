"""What others notice of a step that stays open, by the clock, beside the portal's own web server and watch.

`python -m benchmarks.world.open_step --minutes 10`: a command of the owner forwards a case and does not commit; so
long a person files each three seconds through the browser's last POST. Told are the longest filing beside the step and
the longest without it, before; how often a server process was seen waiting for the step (looked at each tenth of a
second); and the greatest age of an entry of somebody else that had no leaf yet (looked at each second).
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from subprocess import STDOUT, Popen
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import ROOT, Figure, publish, tell
from benchmarks.world.clients import file_one
from benchmarks.world.people import Ready, ready_to_file

EVERY = 3
#: Nothing waits longer for its leaf: the watch seals each 60 s, looks at its clock each 5 s, and a seal takes its time.
MOST_AGE, MOST_WAIT = 70, 0.3
_UNSEALED = """
select coalesce(max(extract(epoch from now() - s.written_at)), 0) from complaints_handlingstep s
join complaints_complaint c on c.id = s.complaint_id
where not exists (select from complaints_leaf l where l.entry = c.number || '|' || s.audience || '|' || s.sequence)
"""
_BLOCKED = "select count(*) from pg_stat_activity where %s = any(pg_blocking_pids(pid))"


class Looks:
    """What is seen from a connection of its own while somebody files."""

    def __init__(self, base: ground.Ground, step: int) -> None:
        self.base, self.step = base, step
        self.oldest, self.blocked, self.looked = 0.0, 0, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Looks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        with closing(self.base.administrator()) as line, line.cursor() as cursor:
            while not self._ended.wait(0.1):
                cursor.execute(_BLOCKED, [self.step])
                self.blocked += cursor.fetchone()[0]
                self.looked += 1
                if self.looked % 10 == 0:
                    cursor.execute(_UNSEALED)
                    self.oldest = max(self.oldest, float(cursor.fetchone()[0]))


@contextmanager
def _watch(base: ground.Ground) -> Iterator[None]:
    """The watch as `make run` starts it, while the broker is there: it seals and does nothing else."""
    key = base.folder / "seal-key"
    base.manage("make_seal_key", str(key))
    variables = {**os.environ, **base.variables, "SEAL_KEY_FILE": str(key)}
    command = [sys.executable, "manage.py", "watch"]
    ended = threading.Event()

    def beat() -> None:
        with closing(base.administrator()) as line, line.cursor() as cursor:
            while not ended.wait(2):
                cursor.execute(
                    "insert into complaints_heartbeat (name, at) values ('beat', now())"
                    " on conflict (name) do update set at = now()"
                )

    beats = threading.Thread(target=beat)
    beats.start()
    with (base.folder / "watch.log").open("wb") as log:
        process = Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=STDOUT)
    try:
        _wait_until(base, "select exists (select from complaints_heartbeat where name = 'watch')")
        yield
    finally:
        ground.end(process)
        ended.set()
        beats.join()


def _wait_until(base: ground.Ground, question: str, seconds: float = 240) -> None:
    with closing(base.administrator()) as line, line.cursor() as cursor:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            cursor.execute(question)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.5)
    raise SystemExit(f"never true: {question}\n{(base.folder / 'watch.log').read_text(errors='replace')[-1000:]}")


def _file_for(seconds: float, port: int, ready: list[Ready]) -> float:
    """The longest filing of so many seconds."""
    worst, end = 0.0, time.monotonic() + seconds
    with file_one(port) as file:
        while time.monotonic() < end:
            begun = time.monotonic()
            one = ready.pop()
            file(one.session, one.draft)
            worst = max(worst, time.monotonic() - begun)
            time.sleep(max(0.0, EVERY - (time.monotonic() - begun)))
    return worst


def measure(minutes: float) -> list[Figure]:
    seconds = 60 * minutes
    with ground.database("benchmark_open_step") as base:
        ground.set_up(base)
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        ready = ready_to_file(int((seconds + 60) / EVERY) + 10, now=now)
        with ground.web(base) as (port, _master), _watch(base):
            from django.db import connection, transaction

            from benchmarks.world.patterns import Pattern

            # After web and watch began: without DEMO they do not, where an address of the demonstration is used.
            pattern = Pattern(now)
            case = pattern.file()
            _wait_until(base, "select exists (select from complaints_checkpoint)")
            tell("filing without an open step")
            with Looks(base, 0) as quiet:
                without = _file_for(60, port, ready)
            tell(f"filing beside an open step for {minutes:g} minutes")
            with ground.as_owner():
                with transaction.atomic():
                    pattern.forward(case)
                    with connection.cursor() as cursor:
                        # Else the server ends it after seconds; only a command that asks for that is open so long.
                        for limit in ("idle_in_transaction_session_timeout", "transaction_timeout"):
                            cursor.execute(f"set local {limit} = 0")
                        cursor.execute("select pg_backend_pid()")
                        step = cursor.fetchone()[0]
                    with Looks(base, step) as beside:
                        worst = _file_for(seconds, port, ready)
                closed = time.monotonic()
            _wait_until(base, f"select 0 = ({_UNSEALED} and c.id = {case.pk})")
            sealed_after = time.monotonic() - closed
    more: dict[str, Any] = {
        "without": without,
        "blocked": beside.blocked,
        "looks": beside.looked,
        "oldest_without": quiet.oldest,
        "own_sealed_after": sealed_after,
        "load": os.getloadavg()[0],
    }
    tell(f"{more}")
    beside_a_step = f"beside a step that was open for {minutes:g} minutes"
    return [
        Figure(benchmark="open_step", what=f"longest filing {beside_a_step}", value=worst, unit="s", more=more),
        Figure(
            benchmark="open_step",
            what="… minus the longest without one",
            value=worst - without,
            unit="s",
            goal=("≤", MOST_WAIT),
        ),
        Figure(
            benchmark="open_step",
            what=f"processes seen waiting for it, of {beside.looked:,} looks",
            value=beside.blocked,
            unit="",
            goal=("≤", 0),
        ),
        Figure(
            benchmark="open_step",
            what="oldest entry of others without a leaf",
            value=beside.oldest,
            unit="s",
            goal=("≤", MOST_AGE),
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    sys.exit(publish("open_step", measure(parser.parse_args().minutes)))
