"""python -m tests.cluster.leases SECONDS: from two processes through the pool, a thing that one at a time does.

Prints "TIMES OVERLAPS": how often either was alone with it, and how often somebody else was meanwhile. Who is at it is
asked of nothing but a file that both see and lock by the kernel, so the database judges nothing about itself.
"""

import fcntl
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from complaints.models.notices import Lease  # noqa: E402


def others_ask(end: float) -> None:
    """Other transactions of the process, by which the pool lends each session to somebody else."""
    while time.monotonic() < end:
        with transaction.atomic():
            Lease.objects.filter(name="nobody's").exists()
        time.sleep(random.random() * 0.02)
    connection.close()


def try_to_be_alone(end: float, mark: Path) -> tuple[int, int]:
    times = overlaps = 0
    with mark.open("w") as file:
        while time.monotonic() < end:
            with Lease.objects.alone("tried") as holding:
                if holding:
                    times += 1
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        time.sleep(0.05)  # Long enough for the others to come.
                        fcntl.flock(file, fcntl.LOCK_UN)
                    except BlockingIOError:
                        overlaps += 1
            time.sleep(random.random() * 0.01)
    connection.close()
    return times, overlaps


def work(seconds: float, mark: Path, out: int) -> None:
    end = time.monotonic() + seconds
    threads = [Thread(target=others_ask, args=[end]) for _ in range(3)]
    for one in threads:
        one.start()
    os.write(out, "{} {}\n".format(*try_to_be_alone(end, mark)).encode())
    for one in threads:
        one.join()


def main() -> None:
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for _ in range(2):
            child = os.fork()
            if child == 0:
                work(float(sys.argv[1]), Path(folder) / "mark", writing)
                os._exit(0)
            children.append(child)
        os.close(writing)
        with os.fdopen(reading) as said:
            found = [list(map(int, line.split())) for line in said]
        for child in children:
            os.waitpid(child, 0)
    print(*map(sum, zip(*found, strict=True)))


main()
