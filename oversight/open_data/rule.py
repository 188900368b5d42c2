"""Whether an issued set keeps the rule of what is published, and what its next version says where it does not.

A set is judged by its files alone. It breaks the rule where it has a table or a column that is not told
by months any more, as that could be compared with the quarters, or where a count from 1 to 4 stands in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from oversight.models import DataFile, DataSet
from oversight.open_data import reading
from oversight.open_data.columns import OF_QUARTERS, TABLES
from oversight.open_data.quarters import ends_with
from web.small_numbers import SMALL

#: Told by months before stages of enterprises were told by quarters.
WORDS = "更早的版本按月公布了企业阶段的结果，和季度数字比较能推算出1到4的数。请改用本版，不要再用更早的版本。"
#: Sums that are no counts of cases.
_AMOUNTS = frozenset({"marks"})


def wrong_in(data_set: DataSet) -> list[str]:
    """What breaks the rule in this set: names of tables and columns, and cells with a small number. Empty where it
    keeps it.
    """
    found: list[str] = []
    tables = [name for name in TABLES if name not in OF_QUARTERS or ends_with(data_set.month)]
    for file in data_set.files.filter(name__endswith=".csv").order_by("pk"):
        name = file.name.removesuffix(".csv")
        if name not in tables:
            found.append(name)
            continue
        found += _columns(name, file)
        found += _small(name, file)
    return found


def broken() -> Iterator[tuple[DataSet, list[str]]]:
    """The newest version of each month that breaks the rule, the oldest month first."""
    for data_set in DataSet.objects.order_by("month", "-version").distinct("month"):
        if wrong := wrong_in(data_set):
            yield data_set, wrong


def _columns(name: str, file: DataFile) -> list[str]:
    known = {column.name for column in TABLES[name].columns}
    said = next(csv.reader(io.StringIO(bytes(file.content).decode("utf-8-sig"), newline="")), [])
    return [f"{name}.{column}" for column in said if column not in known]


def _small(name: str, file: DataFile) -> list[str]:
    counts = [
        column.name for column in TABLES[name].columns if column.kind == "integer" and column.name not in _AMOUNTS
    ]
    key = TABLES[name].key
    return [
        f"{name} {' '.join(line.get(one, '') for one in key)} {column}"
        for line in reading.lines(file)
        for column in counts
        if (said := line.get(column, "")).isdigit() and int(said) in SMALL
    ]
