"""How often and how long: requests by route, tasks by name. /metrics gives the sums over all processes of this host.

Each process writes into a file of its own in METRICS_FOLDER (the way of prometheus_client for several processes), which
belongs to a place: web-0, web-1, worker-0. A lock holds the place while the process lives; whoever comes after it goes
on with its sums, so there are no more files than processes, and a worker that is exchanged takes nothing along.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.conf import settings

from web import private_files

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

log = logging.getLogger(__name__)

#: In seconds: pages, and sweeps, of which some may take four minutes.
_OF_REQUESTS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OF_TASKS = (0.05, 0.25, 1, 5, 15, 30, 60, 240)
#: Bytes of a file: some 10,000 sums.
_ROOM = 2 * 1024 * 1024
#: Which process this is; empty where nothing is counted.
_process = ""
#: Of this process id: its place and the file whose lock holds it.
_held: tuple[int, str, int] = (0, "", -1)
_taking = Lock()
_metrics: list[tuple[Counter, Histogram, Counter, Histogram]] = []


def is_on() -> bool:
    """Whether anybody may read /metrics."""
    return bool(settings.METRICS_TOKEN or settings.METRICS_ADDRESSES)


def begin(process: str) -> None:
    """From here on this process and those made of it count, as ``process`` (web, worker, watch). What nobody goes on
    with since all of that kind ended is counted anew. Where the folder cannot be used nothing is counted, and the log
    says so."""
    global _process
    if not is_on():
        return
    try:
        folder = private_files.folder(Path(settings.METRICS_FOLDER))
        for lock in folder.glob(f"{process}-*.lock"):
            with _held_alone(lock) as handle:
                for file in _files(lock.stem) if handle is not None else ():
                    file.unlink(missing_ok=True)
    except OSError as error:
        log.error("nothing is counted: %s", error)
        return
    _process = process


def request(route: str, method: str, status: int, seconds: float) -> None:
    """One answer: ``route`` and ``method`` by `route_of` and `method_of` of errors, ``seconds`` until it began."""
    if _counts():
        requests, request_seconds, _tasks, _seconds = _made()
        requests.labels(route, method, f"{status // 100}xx").inc()
        request_seconds.labels(route).observe(seconds)


def task(name: str, outcome: str, seconds: float) -> None:
    """One run of a sweep: done, failed (an exception, or too long), held (it waits while the clock is not trusted)."""
    if _counts():
        _requests, _seconds, tasks, task_seconds = _made()
        tasks.labels(name, outcome).inc()
        task_seconds.labels(name).observe(seconds)


def told() -> str:
    """The sums of this host in Prometheus's text form; nothing where a file is damaged, and the log says so."""
    # One that is being made has no room yet.
    files = [str(file) for file in Path(settings.METRICS_FOLDER).glob("*.db") if file.stat().st_size]
    if not files:
        return ""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    class Sums:
        def collect(self) -> Any:
            return MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]

    registry = CollectorRegistry()
    registry.register(Sums())
    try:
        return generate_latest(registry).decode()
    except (OSError, RuntimeError, ValueError, struct.error) as error:
        log.error("counts cannot be read, and begin anew when web, worker and watch are started again: %s", error)
        return ""


def _made() -> tuple[Counter, Histogram, Counter, Histogram]:
    if not _metrics:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.METRICS_FOLDER)
        from prometheus_client import Counter, Histogram, values

        values.ValueClass = values.MultiProcessValue(lambda: _held[1])  # type: ignore[no-untyped-call]
        _metrics.append(
            (
                Counter("odr_requests", "Answers by route.", ["route", "method", "status"], registry=None),
                Histogram(
                    "odr_request_seconds",
                    "Seconds until an answer began.",
                    ["route"],
                    buckets=_OF_REQUESTS,
                    registry=None,
                ),
                Counter("odr_tasks", "Runs of sweeps by outcome.", ["task", "outcome"], registry=None),
                Histogram("odr_task_seconds", "Seconds of a run.", ["task"], buckets=_OF_TASKS, registry=None),
            )
        )
    return _metrics[0]


def _counts() -> bool:
    """Whether this process counts; it has taken its place then, anew if it was made of another (fork)."""
    global _held, _process
    if not _process or _held[0] == os.getpid():
        return bool(_process)
    with _taking:
        if _held[0] != os.getpid():
            if _held[2] >= 0:
                os.close(_held[2])
            try:
                _held = os.getpid(), *_taken()
            except OSError as error:
                # A full disk, above all: no page and no sweep fails for that.
                log.error("nothing is counted: %s", error)
                _process = ""
    return bool(_process)


def _taken() -> tuple[str, int]:
    """A free place, with its files, and the open lock. Raises OSError."""
    for nth in count():
        place = f"{_process}-{nth}"
        lock = private_files.opened(Path(settings.METRICS_FOLDER) / f"{place}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for file in _files(place):
                handle = private_files.opened(file, os.O_RDWR | os.O_CREAT)
                with os.fdopen(handle):
                    # They are written as memory is: without room behind it a process would be killed.
                    os.posix_fallocate(handle, 0, _ROOM)
        except BlockingIOError:
            os.close(lock)
        except OSError:
            os.close(lock)
            raise
        else:
            return place, lock
    raise AssertionError


def _files(place: str) -> list[Path]:
    """As prometheus_client calls them."""
    return [Path(settings.METRICS_FOLDER) / f"{kind}_{place}.db" for kind in ("counter", "histogram")]


@contextmanager
def _held_alone(lock: Path) -> Iterator[int | None]:
    """None where a process lives that holds it."""
    handle = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    except BlockingIOError:
        yield None
    finally:
        os.close(handle)
