"""What a pooler in transaction mode costs: pages and filings through PgBouncer, in turns with the same ones without it.

`python -m benchmarks.optional.pooled`: needs PgBouncer (Debian's package). Two processes ask for the same pages on one
database, all middleware included, without a network: one with a connection of its own, one behind the pooler with
`DATABASE_POOLED=yes`. Two web servers take the same filings. Compared is CPU of the process or web server, of
PostgreSQL and of the pooler together.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import ROOT, Figure, arguments, compared, publish, tell, tree_cpu
from database import roles
from odr_portal.processes import embedded

CALLS, CLIENTS, PORT = 20, 8, 6432


class Behind(ground.Ground):
    """The same ground through the pooler, whose socket lies in `pooler`."""

    @property
    def variables(self) -> dict[str, str]:
        url = f"postgresql://{roles.WEB}@:{PORT}/{self.database}?host={self.folder / 'pooler'}"
        return super().variables | {"DATABASE_URL": url, "DATABASE_POOLED": "yes"}


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 11
    with ground.database("benchmark_pooled") as base:
        ground.set_up(base)
        from benchmarks.world import watchers
        from benchmarks.world.cases import fill
        from benchmarks.world.patterns import Pattern

        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        pattern = Pattern(now)
        case = pattern.file()
        pattern.settle(case)
        tell("pooled: filling")
        filled = fill(5_000 if quick else 100_000)
        base.settle()
        pages = {
            "authority's list, province": (watchers.officer(), "/authority/cases/"),
            "authority's closed cases": (watchers.officer(), "/authority/cases/?status=closed"),
            "authority's day": (watchers.officer(), "/authority/"),
            "enterprise's queue": (watchers.manager(filled.busiest), "/enterprise/queue/"),
            **watchers.pages_of_a_case(pattern, case),
            **watchers.pages_of_a_consumer(pattern),
        }
        behind = Behind(base.folder, base.database)
        with pooler(base) as pid:
            with asker(behind) as pooled, asker(base) as direct:
                figures = [
                    _page(what, {"person": person.pk, "path": path}, (pooled, direct), (base.postmaster, pid), rounds)
                    for what, (person, path) in pages.items()
                ]
            return [*figures, _filings((behind, base), (base.postmaster, pid), rounds, quick=quick, now=now)]


def _page(what: str, page: dict[str, Any], askers: tuple[Any, Any], servers: tuple[int, int], rounds: int) -> Figure:
    spent: tuple[list[float], list[float]] = ([], [])
    for ask in askers:
        ask(page)
    # Many short rounds, each the other way round: the machine moves by a third meanwhile.
    for nth in range(rounds * 3):
        for ask, times in list(zip(askers, spent, strict=True))[:: 1 if nth % 2 else -1]:
            before = sum(map(tree_cpu, servers))
            own = ask(page)
            times.append((own + sum(map(tree_cpu, servers)) - before) / CALLS * 1000)
    return compared(*spent, benchmark="pooled", what=what, unit="ms CPU", floor_is="ms, no pooler", goal=("≤", 1.1))


def _filings(
    places: tuple[ground.Ground, ground.Ground], servers: tuple[int, int], rounds: int, *, quick: bool, now: datetime
) -> Figure:
    from benchmarks.world.clients import Clients
    from benchmarks.world.people import ready_to_file

    seconds = 1.0 if quick else 2.0
    tell("pooled: preparing people and drafts")
    # Of two clients alone at one worker each files half of what the machine can.
    each = int(seconds * 600)
    ready = iter([ready_to_file(each, now=now, first=n * each) for n in range(2 * (rounds + 3))])
    spent: tuple[list[float], list[float]] = ([], [])
    with (
        ground.web(places[0]) as first,
        ground.web(places[1]) as second,
        Clients(CLIENTS, places[1].dsn("postgres")) as clients,
    ):
        for nth in range(rounds + 2):
            for (port, master), times in zip((first, second), spent, strict=True):
                clients.give(next(ready), port)
                before = sum(map(tree_cpu, (*servers, master)))
                done = clients.run("file", seconds).done
                if nth > 1:
                    times.append((sum(map(tree_cpu, (*servers, master))) - before) / done * 1000)
    return compared(*spent, benchmark="pooled", what="filing", unit="ms CPU", floor_is="ms, no pooler", goal=("≤", 1.1))


@contextlib.contextmanager
def pooler(base: ground.Ground) -> Iterator[int]:
    """PgBouncer with the settings of the reference deployment, on a socket; its process id."""
    folder, user = base.folder / "pooler", embedded.service_user()
    folder.mkdir()
    settings = {
        **{"listen_addr": "", "listen_port": PORT, "unix_socket_dir": folder, "unix_socket_mode": "0777"},
        **{"auth_type": "trust", "auth_file": folder / "users.txt", "pool_mode": "transaction"},
        **{"default_pool_size": 20, "ignore_startup_parameters": "extra_float_digits"},
    }
    said = "\n".join(f"{name} = {value}" for name, value in settings.items())
    (folder / "users.txt").write_text(f'"{roles.WEB}" ""\n')
    (folder / "pgbouncer.ini").write_text(f"[databases]\n{base.database} = host={base.folder}\n[pgbouncer]\n{said}\n")
    for path in (folder, *folder.iterdir()):
        embedded.give(path, user)
    process = subprocess.Popen(
        ["pgbouncer", "-q", folder / "pgbouncer.ini"], preexec_fn=embedded.end_with_parent, **embedded.as_user(user)
    )
    try:
        while not (folder / f".s.PGSQL.{PORT}").exists():
            if process.poll() is not None:
                raise SystemExit("PgBouncer does not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        ground.end(process)


@contextlib.contextmanager
def asker(place: ground.Ground) -> Iterator[Any]:
    """A process that asks for pages as the web server does: gives its seconds of CPU for `CALLS` times a page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.optional.pooled", "--ask"],
        cwd=ROOT,
        env={**os.environ, **place.variables},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=embedded.end_with_parent,
    )

    def ask(page: dict[str, Any]) -> float:
        pipes: Any = process
        pipes.stdin.write(json.dumps(page) + "\n")
        pipes.stdin.flush()
        answer = pipes.stdout.readline()
        if not answer:
            raise SystemExit(f"{page['path']} could not be asked for")
        return float(answer)

    try:
        yield ask
    finally:
        ground.end(process)


def answer_pages() -> None:
    """The work of `asker`, until its input ends."""
    # As the web server: the settings look whether this is loaded.
    import odr_portal.wsgi  # noqa: F401
    from accounts.models import User
    from benchmarks.world import watchers

    known: dict[str, Any] = {}
    for line in sys.stdin:
        page = json.loads(line)
        if line not in known:
            known[line] = watchers.page_for(User.objects.get(pk=page["person"]), page["path"])
        ask = known[line]
        ask()
        begun = time.process_time()
        for _ in range(CALLS):
            ask()
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--ask"]:
        answer_pages()
    else:
        sys.exit(publish("optional.pooled", measure(quick=arguments(__doc__).quick)))
