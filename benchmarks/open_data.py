"""What a file of a million rows of open data costs beside a bare COPY of the same rows, and how much memory it takes.

`python -m benchmarks.open_data [--quick]`: issues three years of months with as many rows as regions and categories of
the whole country have, then writes all months of the table as the page does, in slices that alternate with `copy … to
stdout` of a table that holds the same rows. Memory is the most that Python and its files took while a file was written.

Then issues a month of the whole country rounded, with 833,000 complaints, as the sweep does: told, held against what a
reader could find out, written. What that check finds is a lower bound; the linear programme
(tests/oversight/open_data/programme.py, with the requirements of the tests) is solved for every number from 1 to 4 of
every table of one city, and for some of the country's.
"""

import argparse
import sys
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib.util import find_spec
from random import Random
from tempfile import TemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, compared, publish, tell, timed
from database import roles

ZONE = ZoneInfo("Asia/Shanghai")
#: Fuzhou.
CITY = "350100"
MONTHS, REGIONS, CODES = 36, 280, 100
#: So many small numbers of a drawn province in each of the country's tables the programme is solved for.
DRAWN = 20


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see that all of it works")
    return parser.parse_args()


def measure(*, quick: bool) -> list[Figure]:
    rounds, months = (3, 4) if quick else (7, MONTHS)
    with ground.database("benchmark_open_data") as base:
        ground.set_up(base)
        from oversight.open_data import reading

        tell(f"open data: issuing {months} months of {REGIONS * CODES:,} rows")
        rows = sum(_issue(number) for number in range(months))
        _table()
        files = reading.newest_files("categories")
        ours, bare = [], []
        for _round in range(rounds):
            ours.append(rows / timed(lambda: _written(files)))
            bare.append(rows / timed(_copied))
        return [
            compared(
                ours,
                bare,
                benchmark="open_data",
                what=f"{rows:,} rows of open data",
                floor_is="bare COPY",
                unit="rows/s",
                goal=("≥", 0.3),
            ),
            Figure(
                benchmark="open_data",
                what=f"most memory: {len(files)} months ÷ one",
                value=_most(files) / _most(files[:1]),
                unit="×",
                goal=("≤", 1.5),
            ),
            *_rounded(quick=quick),
        ]


def _rounded(*, quick: bool) -> Iterator[Figure]:
    """A month of the whole country, and what the linear programme leaves open of its small numbers."""
    from benchmarks.world import nation_month
    from oversight.open_data import cells, issuing, rounded_tables

    month = date(2027, 1, 1)
    cases = nation_month.A_MONTH // (30 if quick else 1)
    tell(f"open data: a month of the country with {cases:,} complaints")
    nation_month.fill(month, cases=cases, province=CITY[:2] if quick else "")
    begun, cpu = time.perf_counter(), time.process_time()
    made = issuing.issue(month, now=datetime(2027, 2, 3, 11, tzinfo=ZONE))
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert made is not None
    told = sum(len(table["cells"]) for name, table in made.counted.items() if name != "money")
    yield Figure(
        benchmark="open_data",
        what=f"a month of the country rounded, checked, written: {told:,} numbers",
        value=took,
        unit="s",
        goal=("≤", 300),
        more={"cpu": round(cpu, 1), "complaints": cases},
    )
    if find_spec("highspy") is None:
        tell("open data: no linear programme without the requirements of the tests (make set-up-tests)")
        return
    city = rounded_tables.Rounding("city", {})
    cells.cells_from(*nation_month.of_city(month, CITY), by=city)
    yield _programme("every table of one city", city.counted, most=None)
    yield _programme("drawn in a drawn province of each table of the country", made.counted, most=2 if quick else DRAWN)


def _programme(what: str, counted: Mapping[str, Any], *, most: int | None) -> Figure:
    """The least of the values that are left of each number from 1 to 4; ``most``: of so many drawn ones in a drawn
    province of each table, where nothing outside of it moves."""
    from oversight.figures.rounding import Reader
    from oversight.figures.suppression import TOTAL, Axis
    from oversight.open_data.rounded_tables import Rounding
    from tests.oversight.open_data.programme import Programme

    tell(f"open data: the linear programme, {what}")
    begun, solved, small, left = time.perf_counter(), 0, 0, 99
    for name, table in counted.items():
        if name == "money":
            continue
        axes = [Axis(tuple(divisions)) for divisions in table["axes"]]
        version = {(row, code): (n, told) for row, code, n, told in table["cells"]}
        known = Rounding.KNOWN.get(name, ())
        keys, within, dice = Reader([version], axes, known=known).small(), "", Random(name)
        small += len(keys)
        if most is not None and keys:
            # The line of a county's row: itself, the county, the city, the province, the country.
            line = axes[0].above(dice.choice([row for row, _code in keys if row != TOTAL]))
            within = line[max(0, len(line) - 2)]
            keys = [key for key in keys if key[0] != TOTAL and within in axes[0].above(key[0])]
            keys = dice.sample(keys, min(most, len(keys)))
        programme = Programme([version], axes, known=known, within=within)
        for key in keys:
            left, solved = min(left, programme.possible(key)), solved + 1
    return Figure(
        benchmark="open_data",
        what=f"least values of a 1 to 4, {what}: {solved:,} of {small:,} solved",
        value=left,
        unit="values",
        goal=("≥", 4),
        more={"seconds": round(time.perf_counter() - begun, 1)},
    )


def _issue(number: int) -> int:
    """One month, its table as files_of makes it."""
    from oversight.models import DataFile, DataSet
    from oversight.open_data import files

    month = date(2023 + number // 12, number % 12 + 1, 1)
    rows: list[dict[str, Any]] = [
        {
            "region_code": f"{350000 + region}",
            "region_name": f"地区{region}",
            "region_name_en": f"Region {region}",
            "month": f"{month:%Y-%m}",
            "by": "problem",
            "code": f"telecom.fees.{code}",
            "label": f"问题{code}",
            "received": None if (region + code) % 3 == 0 else region * code,
            "multiple_of": 1,
            "finest": "county",
        }
        for region in range(REGIONS)
        for code in range(CODES)
    ]
    content = files.csv_of("categories", rows)
    data_set = DataSet.objects.create(month=month, version=1, made_at=datetime(2026, 1, 1, tzinfo=ZONE))
    DataFile.objects.create(
        data_set=data_set,
        name="categories.csv",
        media_type=files.CSV,
        content=content,
        size=len(content),
        rows=len(rows),
        sha256="0" * 64,
    )
    return len(rows)


def _table() -> None:
    """The same rows as a table of the database."""
    from django.db import connection

    from oversight.models import DataFile
    from oversight.open_data import reading

    # The portal itself may make no table.
    with ground.as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "create table bare (region_code text, region_name text, region_name_en text, month text, by text,"
            " code text, label text, received text, multiple_of text, finest text)"
        )
        for file in DataFile.objects.order_by("pk").iterator(chunk_size=1):
            with TemporaryFile("w+", encoding="utf-8") as out:
                out.writelines("\t".join(line.values()) + "\n" for line in reading.lines(file))
                out.seek(0)
                cursor.copy_from(out, "bare")
        cursor.execute(f"grant select on bare to {roles.WEB}")


def _written(files: list[int]) -> None:
    from oversight.open_data import reading

    with TemporaryFile() as out:
        reading.write(files, out, "categories")


def _copied() -> None:
    from django.db import connection

    with connection.cursor() as cursor, TemporaryFile() as out:
        cursor.execute("set statement_timeout = 0")
        cursor.copy_expert("copy bare to stdout with csv", out)


def _most(files: list[int]) -> int:
    tracemalloc.start()
    _written(files)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    sys.exit(publish("open_data", measure(quick=asked().quick)))
