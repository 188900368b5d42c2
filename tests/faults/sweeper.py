"""Sweepers of our own beside those of the portal: many that are killed, or one that freezes at the worst moment.

python -m tests.faults.sweeper storm COUNT      so many at once, for ever; a killed one is replaced
python -m tests.faults.sweeper freeze PATTERN   one sweep that stops itself before a statement like PATTERN
"""

import ctypes
import os
import re
import signal
import sys
import time
from typing import Any


def ready() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()


def storm(count: int) -> None:
    """Forked, so that a new one is there at once."""
    from django.db import connection

    connection.close()
    living: set[int] = set()
    while True:
        while len(living) < count:
            child = os.fork()
            if child == 0:
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
                sweep_for_ever()
            living.add(child)
        living.discard(os.wait()[0])


def sweep_for_ever() -> None:
    import logging

    from django.db import close_old_connections
    from django.utils import timezone

    from complaints import handling

    logging.disable(logging.CRITICAL)
    while True:
        try:
            handling.sweep_clocks(now=timezone.now())
        except Exception:
            close_old_connections()
        time.sleep(0.05)  # The tick of this sweeper.


def freeze(pattern: str) -> None:
    from django.db import connection
    from django.utils import timezone

    from complaints import handling

    wanted, frozen = re.compile(pattern, re.I), []

    def stop(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if not frozen and wanted.search(sql):
            frozen.append(sql)
            sys.stdout.write("frozen\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGSTOP)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(stop):
        try:
            text = f"swept {handling.sweep_clocks(now=timezone.now())}"
        except Exception as error:
            text = f"failed {type(error).__name__}"
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    ready()
    if sys.argv[1] == "storm":
        storm(int(sys.argv[2]))
    else:
        freeze(sys.argv[2])
