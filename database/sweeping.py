"""Sweeps batch after batch while there is a backlog. A tick ends before its time limit does."""

import time
from datetime import datetime
from typing import Protocol

# The time limit of a task is 30 s; one batch may take a few.
SECONDS = 20
# A smaller batch means that little or nothing is left; the next tick takes it.
FULL = 100


class Sweep(Protocol):
    def __call__(self, *, now: datetime) -> int: ...


def drain(sweep: Sweep, *, now: datetime) -> int:
    """How many rows were swept in all."""
    end = time.monotonic() + SECONDS
    total = 0
    while True:
        swept = sweep(now=now)
        total += swept
        if swept < FULL or time.monotonic() > end:
            return total
