"""A whole portal of its own for a test: `make run` in a copy of the clone; nothing of it is left over."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from tests.faults import twins

PATIENCE = 240
PROGRAMS = ("postgres", "valkey", "portal:web", "portal:worker", "portal:beat", "portal:watch")
# Back by itself within so many seconds of a machine that does nothing else.
BACK_WITHIN = 60
# Requirements, database and demo data, on a machine that does other things too.
FIRST_START = 900


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def crowded() -> float:
    """How much slower than alone this machine is at the moment."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def end_with_parent() -> None:
    """In a child: the orderly end when the tests are killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def parents() -> dict[int, int]:
    """Who is whose child, of all processes."""
    result = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            result[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return result


def descendants(process: int) -> list[int]:
    """Children, and theirs, of one process; the nearest first."""
    known, result = parents(), [process]
    for one in result:
        result += [child for child, parent in known.items() if parent == one]
    return result[1:]


class RunningPortal:
    def __init__(self, clone: Path, **settings: str) -> None:
        self.clone = clone
        self.port = free_port()
        ours = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "ODR_LOCAL", "DJANGO_SETTINGS_MODULE", "MAKEFLAGS"}
        kept = {key: value for key, value in os.environ.items() if key not in ours and not key.startswith("PYTEST")}
        # All of the clients sit at one address and run no scripts.
        many = {"CODES_PER_ADDRESS": "100000", "CODES_PER_ADDRESS_UNWORKED": "100000", "CODES_PER_HOUR": "100000"}
        many["METRICS_ADDRESSES"] = "127.0.0.1"
        self.variables = {**kept, **many, **settings, "PORT": str(self.port)}
        self.process: subprocess.Popen[str] | None = None
        self.log = clone / "run.log"

    @property
    def local(self) -> Path:
        return (self.clone / ".local").resolve()

    @property
    def settings(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.local / "environment").read_text().splitlines())

    def start(self) -> float:
        """Seconds until the first page is served."""
        begun = time.monotonic()
        said = {"stdout": self.log.open("w"), "stderr": subprocess.STDOUT, "text": True}
        # Its own group, so that a Ctrl-C can be sent as a terminal does: to all of it.
        how = {"start_new_session": True, "preexec_fn": end_with_parent}
        self.process = subprocess.Popen(["make", "run"], cwd=self.clone, env=self.variables, **said, **how)
        self.until(lambda: "Ctrl-C stops everything" in self.log.read_text(), "the portal serves", FIRST_START)
        return time.monotonic() - begun

    def until(self, condition: Any, what: str, seconds: float = PATIENCE) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError, psycopg2.Error):
                if result := condition():
                    return result
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError(f"waited in vain until {what}; the log says: {self.log.read_text()[-2000:]}")

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def health(self) -> dict[str, Any]:
        return json.loads(self.get("/healthz")[1])

    def _python(self, *arguments: Any, **more: Any) -> "subprocess.Popen[str]":
        program = [self.clone / ".venv" / "bin" / "python", *map(str, arguments)]
        return subprocess.Popen(program, cwd=self.clone, env=self.variables, text=True, stdout=subprocess.PIPE, **more)

    def manage(self, *arguments: str) -> "subprocess.Popen[str]":
        return self._python("manage.py", *arguments, stderr=subprocess.STDOUT)

    def in_clone(self, module: str, *arguments: Any) -> "subprocess.Popen[str]":
        """A program of the tests as a process of its own beside the portal, with its settings."""
        return self._python("-m", module, *arguments, preexec_fn=end_with_parent)

    def query(self, statement: str, values: Any = None) -> list[Any]:
        host = self.settings.get("DATABASE_URL", "").partition("host=")[2] or self.local / "run"
        address = f"postgresql://postgres@/portal?host={host}"
        with contextlib.closing(psycopg2.connect(address, connect_timeout=5)) as line, line.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def is_well(self, since: float) -> bool:
        """Every program runs, each gave a sign of life since then, and none lies about without a supervisor."""
        states = {f"{row['group']}:{row['name']}": row["statename"] for row in self.supervisor().getAllProcessInfo()}
        running = all(states[name if ":" in name else f"{name}:{name}"] == "RUNNING" for name in PROGRAMS)
        if not running or self.orphans():
            return False
        health, passed = self.health(), time.monotonic() - since
        return health["status"] == "ok" and all(
            health["heartbeats"].get(name, passed) < passed for name in ("beat", "watch")
        )

    def recover(self, seconds: float = BACK_WITHIN) -> float:
        """Seconds until everything is back by itself; nobody helps."""
        begun = time.monotonic()
        try:
            self.until(lambda: self.is_well(begun), "all is well again by itself", seconds * crowded())
        except AssertionError as error:
            states = {row["name"]: row["description"] for row in self.supervisor().getAllProcessInfo()}
            raise AssertionError(f"not back: {states}; {self.health()}; orphans {self.orphans()}") from error
        return time.monotonic() - begun

    def orphans(self) -> list[str]:
        """Processes of this portal that have lost their parent: they hold connections, locks and ports."""
        known = parents()
        return [line for line in self.leftovers() if known.get(int(line.partition(":")[0])) == 1]

    def supervisor(self) -> Any:
        import xmlrpc.client

        from supervisor.xmlrpc import SupervisorTransport

        sockets = self.settings["DATABASE_URL"].partition("host=")[2]
        transport = SupervisorTransport(None, None, f"unix://{sockets}/supervisor.sock")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def process_of(self, program: str) -> int:
        return int(self.supervisor().getProcessInfo(program)["pid"])

    def kill(self, program: str) -> int:
        process = self.process_of(program)
        os.kill(process, signal.SIGKILL)
        return process

    def interrupt(self) -> int:
        """Ctrl-C in the terminal."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(90)

    def leftovers(self) -> list[str]:
        """Processes whose command line or working folder is this portal's."""
        marks = (str(self.clone), str(self.local))
        results = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (folder / "cmdline").read_text().replace("\0", " ")
                where = os.readlink(folder / "cwd")
                if any(mark in line or where.startswith(mark) for mark in marks):
                    results.append(f"{folder.name}: {line}")
        return results

    def remove(self) -> None:
        """At once: the orderly end is a test of its own, and takes half a minute where a task is running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        end = time.monotonic() + 30
        # Whoever restarts others may have done so once more before it was its turn.
        while (left := self.leftovers()) and time.monotonic() < end:
            for line in left:
                with contextlib.suppress(OSError):
                    os.kill(int(line.partition(":")[0]), signal.SIGKILL)
        shutil.rmtree(self.local, ignore_errors=True)
        shutil.rmtree(self.clone, ignore_errors=True)


@contextlib.contextmanager
def a_portal(folder: Path, **settings: str) -> Iterator[RunningPortal]:
    clone = folder / "clone"
    twins.copy_of_the_clone(clone)
    # A twin is the same portal with one defence taken away; every test must be able to see that.
    if name := os.environ.get(twins.VARIABLE):
        twins.change(clone, name, next(twin for twin in twins.TWINS if twin.name == name).changes)
    portal = RunningPortal(clone, **settings)
    try:
        yield portal
    finally:
        portal.remove()
