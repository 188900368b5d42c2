"""All months of a table in one file, put together from the files as they were issued.

One month is held at a time, however many there are, and no line is made anew.
"""

from __future__ import annotations

from typing import BinaryIO

from oversight.models import DataFile, DataSet


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
