"""What a file of a million rows of open data costs beside a bare COPY of the same rows, and how much memory it takes.

`python -m benchmarks.open_data [--quick]`: issues three years of months with as many rows as regions and categories of
the whole country have, then writes all months of the table as the page does, in slices that alternate with `copy … to
stdout` of a table that holds the same rows. Memory is the most that Python and its files took while a file was written.
"""

import argparse
import sys
import tracemalloc
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, compared, publish, tell, timed

ZONE = ZoneInfo("Asia/Shanghai")
MONTHS, REGIONS, CODES = 36, 280, 100


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
        ]


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

    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table bare (region_code text, region_name text, region_name_en text, month text, by text,"
            " code text, label text, received text)"
        )
        for file in DataFile.objects.order_by("pk").iterator(chunk_size=1):
            with TemporaryFile("w+", encoding="utf-8") as out:
                out.writelines("\t".join(line.values()) + "\n" for line in reading.lines(file))
                out.seek(0)
                cursor.copy_from(out, "bare")


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
