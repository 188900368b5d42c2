"""How much memory the whole of `make run` takes after a load of the demonstration, and how much CPU while nobody asks.

`python -m benchmarks.optional.small [--quick] [--minutes 60]`: a portal in a folder of its own, with the data of the
demonstration and every process of `make run`. Four people of the demonstration sign in and follow the links of their
pages (GET only); after each has had one there is half a second's pause. Memory is PSS: a page that several processes
share is counted once. CPU is that of all processes over a minute in which nobody asks, after a minute's rest.
"""

import argparse
import contextlib
import http.client
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import ground
from benchmarks.measuring import ROOT, Figure, publish, tell, tree_cpu
from odr_portal.processes import embedded

PEOPLE, PAUSE = 4, 0.5
MINUTES = 5.0
LONGEST_START = 900.0
CSRF = "c" * 32
_PERSON = re.compile(r'name="person" value="(\d+)"')
_LINK = re.compile(r'href="(/[^"#]*)')
#: What is no page: files, and other people's data as files.
_LEFT_OUT = re.compile(r"^/(static|media|account/sign-out|demo/mail)|\.(pdf|zip|csv|xlsx|json|tar)\b|language")
#: Settings that would lead to somebody else's servers.
_ELSEWHERE = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "ODR_LOCAL", "DJANGO_SETTINGS_MODULE"}


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="half a minute of load")
    parser.add_argument("--minutes", type=float, default=0.0, help=f"of load; {MINUTES:g} unless told")
    return parser.parse_args()


def measure(*, quick: bool, minutes: float = 0.0) -> list[Figure]:
    minutes = minutes or (0.5 if quick else MINUTES)
    with portal() as (port, pid):
        browsers = [Browser(port, person) for person in people(port)[:PEOPLE]]
        begun, highest, next_look = time.monotonic(), 0.0, 0.0
        while (gone := time.monotonic() - begun) < minutes * 60:
            for browser in browsers:
                browser.look()
            if gone >= next_look:
                highest, next_look = max(highest, sum(memory(pid).values())), gone + 10
            time.sleep(PAUSE)
        parts = memory(pid)
        answers = sum((browser.answers for browser in browsers), Counter[int]())
        tell(f"small: {sum(answers.values())} pages in {minutes:g} minutes, answers {dict(answers)}")
        if not answers[200] or any(status >= 500 for status in answers):
            raise SystemExit(f"pages answer {dict(answers)}")
        time.sleep(10 if quick else 60)
        before, clock = tree_cpu(pid), time.monotonic()
        time.sleep(20 if quick else 60)
        idle = (tree_cpu(pid) - before) / (time.monotonic() - clock) * 100
    known: dict[str, Any] = {"minutes": minutes, "pages": sum(answers.values()), "load": os.getloadavg()[0]}
    tell(f"small: {parts}")
    return [
        Figure(
            benchmark="optional.small",
            what=f"memory of all processes after {minutes:g} minutes of load",
            value=sum(parts.values()),
            unit="MB",
            goal=("≤", 900),
            more={**known, "highest": highest, "parts": parts},
        ),
        Figure(
            benchmark="optional.small",
            what="CPU of all processes while nobody asks",
            value=idle,
            unit="% of a core",
            goal=("≤", 2),
            more=known,
        ),
    ]


@contextlib.contextmanager
def portal() -> Iterator[tuple[int, int]]:
    """`make run` in a folder of its own; gives its port and its first process, whose children all others are."""
    folder = Path(tempfile.mkdtemp(prefix=f"odr-small-{os.getpid()}-"))
    log, port = folder / "run.log", ground.free_port()
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    # Each process of PostgreSQL is run by another user, who must get there.
    folder.chmod(0o755)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "odr_portal.processes.local", "run"],
            cwd=ROOT,
            env={**kept, "ODR_LOCAL": str(folder / "local"), "PORT": str(port)},
            stdout=stream,
            stderr=stream,
            preexec_fn=embedded.end_with_parent,
        )
    try:
        tell("small: the portal begins and loads the demonstration")
        until = time.monotonic() + LONGEST_START
        while "Ctrl-C stops everything" not in (said := log.read_text(errors="replace")):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the portal does not begin: {said[-1500:]}")
            time.sleep(0.5)
        yield port, process.pid
    except (OSError, http.client.HTTPException) as problem:
        ended = f"ended with {process.returncode}" if process.poll() is not None else "is there"
        web = (folder / "local" / "log" / "web.log").read_text(errors="replace")[-1500:]
        raise SystemExit(f"a page was not answered ({problem}); the portal {ended}; its web process: {web}") from None
    finally:
        ground.end(process, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def people(port: int) -> list[str]:
    """What the buttons of the sign-in page send, one for each person of the demonstration."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", "/account/sign-in/")
    found = _PERSON.findall(line.getresponse().read().decode())
    line.close()
    if not found:
        raise SystemExit("the portal offers nobody of the demonstration")
    # From the whole list: consumers, staff and officers stand in blocks.
    return found[:: max(1, len(found) // PEOPLE)]


class Browser:
    """One person, signed in, who follows links as they come; the same ones in each run on the same pages."""

    def __init__(self, port: int, person: str) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {"csrftoken": CSRF}
        self.answers: Counter[int] = Counter()
        self.known: list[str] = ["/"]
        self.drawn = random.Random(int(person))
        answer, _ = self.send("POST", "/account/sign-in/demo/", {"person": person, "csrfmiddlewaretoken": CSRF})
        if answer.status != 302 or "sessionid" not in self.cookies:
            raise SystemExit(f"nobody can sign in: {answer.status}")

    def send(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for attempt in (1, 2):
            try:
                self.line.request(method, path, urlencode(fields) if fields is not None else None, headers)
                answer = self.line.getresponse()
                text = answer.read().decode(errors="replace")
                break
            except (http.client.HTTPException, OSError):
                # A worker that has served its number of requests closes the line.
                self.line.close()
                if attempt == 2:
                    raise
        for given in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = given.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer, text

    def look(self) -> None:
        answer, text = self.send("GET", self.drawn.choice(self.known))
        self.answers[answer.status] += 1
        self.known = sorted({*self.known, *links(text)}) if len(self.known) < 400 else self.known


def links(page: str) -> list[str]:
    """Addresses of pages in a page."""
    return [link for link in map(unescape, _LINK.findall(page)) if not _LEFT_OUT.search(link)]


def memory(root: int) -> dict[str, float]:
    """PSS in MB of a process and all below it, by what they are."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    parts: Counter[str] = Counter()
    for pid in parents:
        above = pid
        while above != root and above in parents:
            above = parents[above]
        if above != root:
            continue
        # One that has ended meanwhile takes nothing.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            parts[named(command)] += pss(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return {name: round(value, 1) for name, value in parts.most_common()}


def pss(rollup: str) -> float:
    """MB, out of what the kernel says of one process; none for one that has just ended."""
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def named(command: str) -> str:
    """Which program of `make run` this is."""
    for part, name in (
        ("gunicorn", "web"),
        (" beat ", "beat"),
        ("celery", "worker"),
        ("manage.py watch", "watch"),
        ("supervisor", "supervisord"),
        ("valkey", "valkey"),
        ("postgres", "postgres"),
        ("odr_portal.processes.local", "make run"),
    ):
        if part in command:
            return name
    return "other"


if __name__ == "__main__":
    options = asked()
    sys.exit(publish("optional-small", measure(quick=options.quick, minutes=options.minutes)))
