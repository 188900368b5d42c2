"""Sweeps of rows that wait for work: batch after batch while there is a backlog, or one leased row after the other.

A row that is leased belongs to one worker for a minute; whoever is killed lets the lease run out, and another worker
goes on from where the row says. A tick ends before its time limit does.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

log = logging.getLogger(__name__)

# The time limit of a task is 30 s; one batch may take a few.
SECONDS = 20
# A smaller batch means that little or nothing is left; the next tick takes it.
FULL = 100
#: How long a row is leased; so many seconds after its beginning a sweep begins no piece; leases without a piece.
LEASE, WORKS_FOR, MOST_ATTEMPTS = timedelta(seconds=60), 12, 4
LONGEST_LEASE = timedelta(hours=1)

Row = TypeVar("Row", bound=Any)


class Sweep(Protocol):
    def __call__(self, *, now: datetime) -> int: ...


class Overtaken(Exception):
    """The lease ran out, and another worker has brought the row further, or it was dropped."""


def drain(sweep: Sweep, *, now: datetime) -> int:
    """How many rows were swept in all."""
    end = time.monotonic() + SECONDS
    total = 0
    while True:
        swept = sweep(now=now)
        total += swept
        if swept < FULL or time.monotonic() > end:
            return total


def leased(rows: QuerySet[Row], *, now: datetime, **columns: Any) -> Row | None:
    """The first of these ordered rows that nobody holds, held from now on; ``columns`` are written with the lease.

    A lease longer than any that is given was taken by a wrong clock."""
    with transaction.atomic():
        free = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LONGEST_LEASE))
        row = free.select_for_update(skip_locked=True, of=("self",)).first()
        if row is not None:
            columns |= {"leased_until": now + LEASE, "attempts": row.attempts + 1}
            for name, value in columns.items():
                setattr(row, name, value)
            row.save(update_fields=list(columns))
    return row


def work_off(
    rows: QuerySet[Row], work: Callable[[Row, Callable[[], float]], None], *, now: datetime, **columns: Any
) -> int:
    """Lease and work on one row after the other; how many. Any number of sweeps may run.

    ``work`` goes on with a row until the seconds that it is told are more than ``WORKS_FOR``. The lease of a row that
    fails runs out, and it is tried again; of an error only its kind is logged, as its words may hold somebody's data.
    """
    begun, worked = time.monotonic(), list[Any]()

    def passed() -> float:
        return time.monotonic() - begun

    while passed() < WORKS_FOR and (row := leased(rows.exclude(pk__in=worked), now=now, **columns)) is not None:
        worked.append(row.pk)
        try:
            work(row, passed)
        except Overtaken:
            log.info("%s %s was taken over by another worker", type(row).__name__, row.mark)
        except OperationalError:
            raise
        except Exception as error:
            log.error("%s %s was not worked on: %s", type(row).__name__, row.mark, type(error).__name__)
    return len(worked)


def hand_back(row: Any) -> None:
    """Not failed, only not done: whoever comes next goes on at once."""
    type(row).objects.filter(pk=row.pk).update(leased_until=None, attempts=0)


def save_progress(row: Any, *fields: str, now: datetime) -> None:
    """Write how far a leased row came; its lease begins anew."""
    row.attempts, row.leased_until = 0, now + LEASE
    row.save(update_fields=["attempts", "leased_until", *fields])
