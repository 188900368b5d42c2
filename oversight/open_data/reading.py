"""The issued files read back as numbers, and all months of a table in one file.

What pages show of longer times is added up from here and from nothing else. A withheld number stays unknown in every
sum: what can be said then is the least and the most, as any reader of the files can work it out.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, BinaryIO

from oversight.models import DataFile, DataSet
from oversight.open_data.columns import TABLES, WITHHELD


def newest_files(table: str) -> list[int]:
    """The CSV of the newest version of each month, the oldest month first. One statement."""
    newest = DataSet.objects.order_by("month", "-version").distinct("month").values("pk")
    return list(
        DataFile.objects.filter(data_set__in=newest, name=f"{table}.csv")
        .order_by("data_set__month")
        .values_list("pk", flat=True)
    )


def write(files: list[int], out: BinaryIO) -> int:
    """The lines of these files under one head; how many bytes."""
    size = 0
    for pk in files:
        content = memoryview(DataFile.objects.values_list("content", flat=True).get(pk=pk))
        size += out.write(content[_end_of_head(content) :] if size else content)
        # Else it is still there while the next one is read.
        del content
    return size


def _end_of_head(content: memoryview) -> int:
    """Names of columns hold no line break, and are shorter than this."""
    return bytes(content[:4096]).index(b"\r\n") + 2


Line = dict[str, Any]
#: Parts of a sum that may be unknown: the least and the most, None where there is no most.
Range = tuple[int, int | None]


def lines(file: DataFile) -> Iterator[dict[str, str]]:
    """The lines of a table as they stand in its CSV."""
    yield from csv.DictReader(io.StringIO(bytes(file.content).decode("utf-8-sig"), newline=""))


def newest_sets(*, upto: int = 60) -> list[DataSet]:
    """The newest version of each month, the newest month first."""
    return list(DataSet.objects.order_by("-month", "-version").distinct("month")[:upto])


def table(data_set: DataSet, name: str) -> list[Line] | None:
    """The lines of one table: counts as int, None where withheld; all else as text. None where the set has no such
    table.

    A table of an earlier shape counts as none: its numbers meant something else.
    """
    file = DataFile.objects.filter(data_set=data_set, name=f"{name}.csv").first()
    if file is None:
        return None
    counts = {column.name for column in TABLES[name].columns if column.kind == "integer"}
    names = {column.name for column in TABLES[name].columns}
    results = []
    for line in lines(file):
        if line.keys() != names:
            return None
        results.append(
            {key: None if value == WITHHELD else int(value) if key in counts else value for key, value in line.items()}
        )
    return results


def run_of(sets: Sequence[DataSet], *, step: int, most: int) -> list[DataSet]:
    """The newest of these and those right before it, each ``step`` months after the next one; at most so many."""
    results: list[DataSet] = []
    for one in sets:
        if results and one.month != back(results[-1].month, step):
            break
        results.append(one)
        if len(results) == most:
            break
    return results


def back(month: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    for _ in range(months):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def added(numbers: Iterable[int | None]) -> int | None:
    """The sum, unknown where one of them is."""
    results = list(numbers)
    return None if None in results else sum(number for number in results if number is not None)


def at_least(numbers: Iterable[int | None]) -> int:
    """What the sum is at least: a withheld number may be zero in a later version."""
    return sum(number or 0 for number in numbers)


def range_of(line: Mapping[str, Any], part: str, parts: Sequence[str], whole: str) -> Range:
    """What a part may be, from its line alone."""
    if line[part] is not None:
        return line[part], line[part]
    if line[whole] is None:
        return 0, None
    return 0, line[whole] - at_least(line[other] for other in parts)


def ranges_added(ranges: Iterable[Range]) -> Range:
    results = list(ranges)
    highest = [most for _, most in results if most is not None]
    return sum(least for least, _ in results), sum(highest) if len(highest) == len(results) else None
