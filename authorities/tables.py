"""Reads the CSV tables that people hand in or that come with the project, in UTF-8 or GB 18030.

Lines that start with # are comments; a bad row is named by line and column, never guessed.
"""

import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path


class TableError(Exception):
    """A table cannot be read; says where and why."""


def text_of(path: Path) -> str:
    """The text of a file in one of the two encodings in use."""
    return decoded(path.read_bytes(), name=path.name)


def decoded(raw: bytes, *, name: str) -> str:
    """The same of what was handed in."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(f"{name}: neither UTF-8 nor GB 18030 text")


def rows_of(
    path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped cells of each row; missing optional cells are empty."""
    return rows_in(text_of(path), name=path.name, required=required, optional=optional)


def rows_in(
    text: str, *, name: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """The same of a text that was read already."""
    reader = csv.reader(text.splitlines(keepends=True))
    heading: list[str] = []
    for cells in reader:
        if not cells or cells[0].startswith("#") or not any(c.strip() for c in cells):
            continue
        if not heading:
            heading = [cell.strip() for cell in cells]
            missing = [column for column in required if column not in heading]
            if missing:
                raise TableError(f"{name}: no column {', '.join(missing)}")
            continue
        if len(cells) > len(heading):
            raise TableError(f"{name} line {reader.line_num}: {len(cells)} cells under {len(heading)} headings")
        row = dict.fromkeys((*required, *optional), "")
        row.update(zip(heading, (cell.strip() for cell in cells), strict=False))
        yield reader.line_num, row
    if not heading:
        raise TableError(f"{name}: empty")


def day_or_none(text: str, *, where: str) -> dt.date | None:
    """A day written YYYY-MM-DD, or nothing."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise TableError(f"{where}: {text!r} is no day (YYYY-MM-DD)") from None


def flag(text: str, *, where: str) -> bool:
    if text not in {"0", "1"}:
        raise TableError(f"{where}: {text!r} is neither 1 nor 0")
    return text == "1"
