"""How often and how long: requests by route, tasks by name. /metrics gives the sums over all processes of this host.

Each process writes into a file of its own in METRICS_FOLDER (the way of prometheus_client for several processes), which
belongs to a place: web-0, web-1, worker-0. A lock holds the place while the process lives; whoever comes after it goes
on with its sums, so there are no more files than processes, and a worker that is exchanged takes nothing along.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from web import private_files

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

log = logging.getLogger(__name__)

#: In seconds: pages, and sweeps, of which some may take four minutes.
_OF_REQUESTS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OF_TASKS = (0.05, 0.25, 1, 5, 15, 30, 60, 240)
#: Which process this is; empty where nothing is counted.
_process = ""
#: Of this process id: its place and the file whose lock holds it.
_held: tuple[int, str, int] = (0, "", -1)
_metrics: list[tuple[Counter, Histogram, Counter, Histogram]] = []


def is_on() -> bool:
    """Whether anybody may read /metrics."""
    return bool(settings.METRICS_TOKEN or settings.METRICS_ADDRESSES)


def begin(process: str) -> None:
    """From here on this process and those made of it count, as ``process`` (web, worker, watch). What nobody goes on
    with since all of that kind ended is counted anew."""
    global _process
    if not is_on():
        return
    folder = private_files.folder(Path(settings.METRICS_FOLDER))
    for lock in folder.glob(f"{process}-*.lock"):
        handle = os.open(lock, os.O_RDWR)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in ("counter", "histogram"):
                (folder / f"{kind}_{lock.stem}.db").unlink(missing_ok=True)
        os.close(handle)
    _process = process


def request(route: str, method: str, status: int, seconds: float) -> None:
    """One answer: ``route`` and ``method`` by `route_of` and `method_of` of errors, ``seconds`` until it began."""
    if _process:
        requests, request_seconds, _tasks, _seconds = _made()
        requests.labels(route, method, f"{status // 100}xx").inc()
        request_seconds.labels(route).observe(seconds)


def task(name: str, outcome: str, seconds: float) -> None:
    """One run of a sweep: done, failed (an exception, or too long), held (it waits while the clock is not trusted)."""
    if _process:
        _requests, _seconds, tasks, task_seconds = _made()
        tasks.labels(name, outcome).inc()
        task_seconds.labels(name).observe(seconds)


def told() -> str:
    """The sums of this host in Prometheus's text form."""
    folder = Path(settings.METRICS_FOLDER)
    if not folder.is_dir():
        return ""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    try:
        return generate_latest(registry).decode()
    except OSError as error:
        # A process of a user whose files we may not read; the rest of /metrics is told all the same.
        log.error("counts of other processes cannot be read: %s", error)
        return ""


def _made() -> tuple[Counter, Histogram, Counter, Histogram]:
    if not _metrics:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.METRICS_FOLDER)
        from prometheus_client import Counter, Histogram, values

        values.ValueClass = values.MultiProcessValue(_own_place)  # type: ignore[no-untyped-call]
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


def _own_place() -> str:
    """The place of this process; taken anew by one that was made of another (fork)."""
    global _held
    if _held[0] != os.getpid():
        if _held[2] >= 0:
            os.close(_held[2])
        _held = os.getpid(), *_taken()
    return _held[1]


def _taken() -> tuple[str, int]:
    folder = Path(settings.METRICS_FOLDER)
    for nth in count():
        place = f"{_process}-{nth}"
        handle = private_files.opened(folder / f"{place}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return place, handle
    raise AssertionError
