"""How many rows a second an import takes in, beside the same complaints written by hand in batches.

`python -m benchmarks.importing`: a register of our own making (consumer disputes of one state, enterprises unevenly
spread), through `manage.py import_complaints` as anybody runs it, and ../shared/data/wa_ag/cases_telecom.csv where it
is there. Floors: the same number of complaints as seven kinds of rows, 500 at a time, a statement a table; and the very
rows of an import (`world/same_rows.py`).
"""

import csv
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

from benchmarks import ground
from benchmarks.measuring import ROOT, Figure, arguments, compared, publish, tell, timed
from benchmarks.world import floor
from benchmarks.world.same_rows import noted

BATCH = 500
REAL = ROOT.parent / "shared" / "data" / "wa_ag" / "cases_telecom.csv"


def measure(*, quick: bool) -> list[Figure]:
    rounds, rows = (3, 500) if quick else (9, 1500)
    figures = []
    with ground.database("benchmark_importing") as base:
        base.run(floor.SCHEMA)
        register = base.folder / "register.csv"
        rates, floors = [], []
        _write(register, rows, seed=-2)
        with noted(base) as notes:
            _import(base, register, "comcast_fcc", rows)
        (same,) = notes
        # In one go: its transactions are too long to be dealt out to the rounds.
        honest = rows / same.rows / same.play(same.rows).clock
        for number in range(-1, rounds):
            _write(register, rows, seed=number)
            begun = time.perf_counter()
            _import(base, register, "comcast_fcc", rows)
            # A program that starts is not an import: its rows are what is counted.
            seconds = time.perf_counter() - begun - _start_up(base)
            hand = rows / timed(lambda: _by_hand(base, rows))
            if number >= 0:
                rates.append(rows / seconds)
                floors.append(hand)
        figures.append(
            compared(
                rates,
                floors,
                benchmark="importing",
                what=f"register of {rows} rows",
                unit="rows/s",
                floor_is="/s, 7 kinds of rows",
            )
        )
        figures.append(
            compared(
                rates,
                [honest] * len(rates),
                benchmark="importing",
                what="the register beside its very rows",
                unit="rows/s",
                floor_is="/s, the same rows",
                goal=("≥", 0.35),
            )
        )
        if REAL.exists():
            limit = 2_000 if quick else 16_000
            tell("importing: the telecom register")
            begun = time.perf_counter()
            done = _import(base, REAL, "wa_ag", limit)
            seconds = time.perf_counter() - begun
            hand = done / timed(lambda: _by_hand(base, done))
            figures.append(
                compared(
                    [done / seconds],
                    [hand],
                    benchmark="importing",
                    what=f"wa_ag, {done} rows",
                    unit="rows/s",
                    floor_is="/s, 7 kinds of rows",
                )
            )
    return figures


def _import(base: ground.Ground, file: Path, mapping: str, limit: int) -> int:
    """Through the command; how many were filed."""
    command = [
        sys.executable,
        "manage.py",
        "import_complaints",
        str(file),
        "--mapping",
        f"complaints/tables/importing/mappings/{mapping}.toml",
        "--language",
        "en",
        "--limit",
        str(limit),
    ]
    made = subprocess.run(command, cwd=ROOT, env={**os.environ, **base.variables}, capture_output=True, text=True)
    with psycopg2.connect(base.dsn("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from complaints_complaint where external_source = %s", [mapping])
        filed = int(cursor.fetchone()[0])
    connection.close()
    if made.returncode or not filed:
        raise SystemExit(f"the import ended with {made.returncode}: {made.stdout[-800:]} {made.stderr[-800:]}")
    return filed


_started: list[float] = []


def _start_up(base: ground.Ground) -> float:
    """What the same program needs before it reads a row."""
    if not _started:
        command = [sys.executable, "manage.py", "import_complaints", "--help"]
        variables = {**os.environ, **base.variables}
        _started.append(
            min(timed(lambda: subprocess.run(command, cwd=ROOT, env=variables, capture_output=True)) for _ in range(3))
        )
    return _started[0]


def _by_hand(base: ground.Ground, rows: int) -> None:
    with psycopg2.connect(base.dsn("postgres")) as connection:
        for begin in range(0, rows, BATCH):
            with connection.cursor() as cursor:
                floor.file_many(cursor, min(BATCH, rows - begin))
            connection.commit()
    connection.close()


def _write(path: Path, rows: int, *, seed: int) -> None:
    """A register as the mapping `comcast_fcc` reads it: a number, a headline, a day, a place."""
    chance = random.Random(seed)
    cities = ["Springfield", "Riverton", "Fairview", "Georgetown", "Salem", "Clinton", "Madison", "Franklin"]
    states = ["Washington", "Oregon", "Georgia", "Texas", "Ohio"]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["ticket", "complaint", "date", "time", "received_via", "city", "state", "zip", "status", "on_behalf"]
        )
        for number in range(rows):
            table.writerow(
                [
                    f"B{seed + 1:03d}{number:06d}",
                    chance.choice(["Billed twice", "Slow line", "Unknown charge"]),
                    f"2015-{chance.randrange(1, 13):02d}-{chance.randrange(1, 28):02d}",
                    "1:26:53 PM",
                    chance.choice(["Internet", "Customer Care Call"]),
                    chance.choice(cities),
                    chance.choice(states),
                    "00000",
                    "Closed",
                    "No",
                ]
            )


if __name__ == "__main__":
    sys.exit(publish("importing", measure(quick=arguments(__doc__).quick)))
