"""The tests, in the folders of the code that they are about."""

import subprocess
import time
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, override_settings

Row = TypeVar("Row", bound=Model)
#: The project's folder.
ROOT = Path(__file__).resolve().parent.parent
#: Seconds that a test waits for something to happen: only what never happens uses them up, not a busy machine.
PATIENCE = 300
#: The packages that the portal is made of.
_APPS = "access accounts api authorities complaints database demo enterprises odr_portal oversight routing web"
APPS = tuple(_APPS.split())


def by_commit() -> Random:
    """Dice of this commit: each looks at another part of what is too much for every run, and each can be repeated."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return Random(done.stdout.strip() if done.returncode == 0 else "no commit")


def reloaded(row: Row) -> Row:
    """The row as it stands in the database now."""
    row.refresh_from_db()
    return row


def health() -> Any:
    """What /healthz answers a program that watches the portal."""
    with override_settings(METRICS_TOKEN="a-long-word"):
        return Client().get("/healthz", headers={"Authorization": "Bearer a-long-word"})


def waited(condition: Callable[[], Any], log: Callable[[], str], *programs: "subprocess.Popen[Any]") -> Any:
    """What the condition gives once it gives something; AssertionError with the log where that takes longer than
    PATIENCE, or where one of the programs ends before."""
    until = time.monotonic() + PATIENCE
    while not (result := condition()):
        is_running = all(program.poll() is None for program in programs)
        assert (is_running, time.monotonic() < until) == (True, True), log()[-2000:]
        time.sleep(0.2)
    return result


def missing_in(where: Container[Any], *parts: Any) -> list[Any]:
    return [part for part in parts if part not in where]


def found_in(where: Container[Any], *parts: Any) -> list[Any]:
    return [part for part in parts if part in where]


def at_once(*ways: Callable[[], Any], refusal: type[Exception] | tuple[()] = ()) -> list[Any]:
    """What each of these gives that begin at the same moment, on a connection of its own: a result, or the refusal."""
    start = Barrier(len(ways), timeout=PATIENCE)

    def attempt(way: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait()
            return way()
        except refusal as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(ways)) as pool:
        return list(pool.map(attempt, ways))


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes to the database is taken back at its end: one world for several ways to go on from it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
