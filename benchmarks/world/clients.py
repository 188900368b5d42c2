"""Eight clients, processes of their own, that file: by hand over SQL (the floor) or through the browser.

They keep their connection, start at the same moment and stop at the same moment; an answer that is not
the receipt ends the benchmark.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlencode

import psycopg2

from benchmarks.world import floor
from benchmarks.world.people import Ready

CSRF = "b" * 32
_START = 0.05


@dataclass(frozen=True)
class Slice:
    """What all clients did in one slice."""

    done: int
    seconds: float
    client_cpu: float
    waits: list[float]

    @property
    def per_second(self) -> float:
        return self.done / self.seconds


class Clients:
    """A pool of client processes; use as a context, so that they end."""

    def __init__(self, count: int, dsn: str) -> None:
        # Started fresh: a child must not share this process's database connection.
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes: list[Any] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, dsn), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)

    def __enter__(self) -> Clients:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.terminate()
            process.join(10)

    def give(self, ready: Sequence[Ready], port: int) -> None:
        """Deal the prepared drafts out."""
        count = len(self.pipes)
        for index, pipe in enumerate(self.pipes):
            pipe.send(("give", [(one.session, one.draft) for one in ready[index::count]], port))
        for pipe in self.pipes:
            pipe.recv()

    def run(self, what: str, seconds: float) -> Slice:
        begin = time.perf_counter() + _START
        for pipe in self.pipes:
            pipe.send((what, begin, begin + seconds))
        results = [pipe.recv() for pipe in self.pipes]
        for one in results:
            if isinstance(one, str):
                raise SystemExit(f"a client was refused: {one}")
        longest = max(last for _, _, _, last in results) - begin
        return Slice(
            done=sum(done for done, _, _, _ in results),
            seconds=longest,
            client_cpu=sum(cpu for _, cpu, _, _ in results),
            waits=[wait for _, _, waits, _ in results for wait in waits],
        )


def _serve(pipe: Connection, dsn: str) -> None:
    database = psycopg2.connect(dsn)
    waiting: list[tuple[str, str]] = []
    web: http.client.HTTPConnection | None = None
    while True:
        try:
            text = pipe.recv()
        except EOFError:
            return
        if text[0] == "give":
            waiting = list(reversed(text[1]))
            web = http.client.HTTPConnection("127.0.0.1", text[2], timeout=30)
            pipe.send(len(waiting))
            continue
        what, begin, end = text
        time.sleep(max(0.0, begin - time.perf_counter()))
        cpu, waits = time.process_time(), []
        try:
            while (now := time.perf_counter()) < end:
                if what == "floor":
                    with database.cursor() as cursor:
                        floor.file_one(cursor)
                    database.commit()
                elif web is not None:
                    _file(web, *waiting.pop())
                waits.append(time.perf_counter() - now)
            pipe.send((len(waits), time.process_time() - cpu, waits, time.perf_counter()))
        except Exception as problem:
            pipe.send(f"{type(problem).__name__}: {problem}")


def _file(web: http.client.HTTPConnection, session: str, draft: str) -> None:
    """The last click: the consents, the form's key, the token against forged forms."""
    agreed = {"share_with_enterprise": "yes", "pass_to_regulator": "yes", "delegated_mediation": "yes"}
    key = {"csrfmiddlewaretoken": CSRF, "idempotency_key": f"benchmark-{draft}", "file": "1"}
    body = urlencode(agreed | {"publish_masked": "no"} | key)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"sessionid={session}; csrftoken={CSRF}"}
    for attempt in (1, 2, 3):
        try:
            web.request("POST", f"/file/{draft}/check/", body, headers)
            answer = web.getresponse()
            answer.read()
            break
        except (http.client.HTTPException, OSError):
            # A worker that has served its number of requests closes the connection; the key makes trying again safe.
            web.close()
            if attempt == 3:
                raise
    if answer.status != 302 or not answer.headers.get("Location", "").endswith("/receipt/"):
        raise AssertionError(f"{answer.status} {answer.headers.get('Location')}")


@contextlib.contextmanager
def file_one(port: int) -> Iterator[Callable[[str, str], None]]:
    """A browser that files on being given session and draft."""
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        yield functools.partial(_file, web)
    finally:
        web.close()
