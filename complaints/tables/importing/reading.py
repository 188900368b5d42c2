"""Takes a CSV file apart, row by row, however broken it is.

One broken row never swallows its neighbours; only a file that cannot be read at
all, or lacks a column in its heading, is refused as a whole.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from complaints.tables.importing.bad import BadCell

#: A line beyond this many bytes is skipped to its end without being kept.
LONGEST_LINE = 1_000_000
#: A quoted cell may run over so many lines before its opening quote counts as a slip.
MOST_LINES = 500


class FileRefused(Exception):
    """Nothing of the file can be taken; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the file is written; ``multiline``: quoted cells may hold line breaks."""

    encoding: str = "utf-8"
    delimiter: str = ","
    multiline: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A row by its number: its cells, or what is wrong with it."""

    number: int
    cells: dict[str, str]
    problem: BadCell | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    problem: BadCell | None = None


def records(path: Path, shape: Shape, *, needed: Sequence[str]) -> Iterator[Record]:
    """Every row that is not blank. The heading must have the ``needed`` columns."""
    lines = _Lines(path, shape)
    heading = _heading(path, lines, shape, needed)
    number = 0
    while (line := lines.take()) is not None:
        number += 1
        if line.problem is not None:
            yield Record(number, {}, line.problem)
            continue
        found, problem = _cells(_whole(lines, line, shape, heading), shape, heading)
        if found or problem is not None:
            yield Record(number, found, problem)


def _heading(path: Path, lines: _Lines, shape: Shape, needed: Sequence[str]) -> list[str]:
    first = lines.take()
    if first is None:
        raise FileRefused(f"{path.name} is empty")
    if first.problem is not None:
        raise FileRefused(f"{path.name}: the heading cannot be read: {first.problem.reason}")
    try:
        heading = [cell.strip() for cell in next(csv.reader([first.text], delimiter=shape.delimiter), [])]
    except csv.Error as problem:
        raise FileRefused(f"{path.name}: the heading cannot be read: {problem}") from problem
    missing = [name for name in needed if name not in heading]
    if missing:
        raise FileRefused(f"{path.name} has no column {', '.join(missing)} (it has: {', '.join(heading)})")
    twice = sorted({name for name in heading if name in needed and heading.count(name) > 1})
    if twice:
        raise FileRefused(f"{path.name} has the column {', '.join(twice)} twice")
    return heading


class _Lines:
    """Physical lines with a way back, so that a false start can be undone."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._lines = _decoded(path, shape)
        self._returned: deque[_Line] = deque()

    def take(self) -> _Line | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def give_back(self, lines: Sequence[_Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _decoded(path: Path, shape: Shape) -> Iterator[_Line]:
    try:
        with _opened(path) as stream:
            first = True
            while raw := stream.readline(LONGEST_LINE + 1):
                if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
                    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield _Line("", BadCell("", raw[:40].decode("ascii", "replace"), _("这一行过长")))
                    continue
                if first:
                    raw, first = raw.removeprefix(b"\xef\xbb\xbf"), False
                yield _Line(raw.decode(shape.encoding, "surrogateescape"))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield _Line("", BadCell("", path.name, _("压缩文件到此中断，后面的行无法读取")))
    except OSError as problem:
        raise FileRefused(f"{path}: {problem.strerror or problem}") from problem


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _whole(lines: _Lines, first: _Line, shape: Shape, heading: list[str]) -> str:
    """The row that starts with ``first``: more lines when a quoted cell goes on over them."""
    if not shape.multiline or first.text.count('"') % 2 == 0:
        return first.text
    taken: list[_Line] = []
    text, is_open = first.text, True
    while is_open and len(taken) < MOST_LINES and (line := lines.take()) is not None:
        taken.append(line)
        if line.problem is not None:
            break
        text += line.text
        is_open = text.count('"') % 2 == 1
    _found, problem = _cells(text, shape, heading)
    if problem is not None:
        # The quote was a slip: only the first line is bad, the others stand for themselves.
        lines.give_back(taken)
        return first.text
    return text


def _cells(text: str, shape: Shape, heading: list[str]) -> tuple[dict[str, str], BadCell | None]:
    """Cells by heading; nothing at all for a blank line."""
    try:
        rows = list(csv.reader([text], delimiter=shape.delimiter, strict=True))
    except csv.Error as problem:
        reason = _("单元格过长") if "limit" in str(problem) else _("引号没有成对，这一行无法分开")
        return {}, BadCell("", text.strip(), reason)
    cells = rows[0] if rows else []
    if not any(cell.strip() for cell in cells):
        return {}, None
    if len(cells) != len(heading):
        column = heading[len(cells)] if len(cells) < len(heading) else ""
        return {}, BadCell(
            column,
            text.strip(),
            _("应有 %(wanted)s 列，实际 %(found)s 列") % {"wanted": len(heading), "found": len(cells)},
        )
    for column, cell in zip(heading, cells, strict=True):
        if "\x00" in cell:
            return {}, BadCell(column, cell, _("含有不能保存的字符"))
        if not cell.isascii() and any("\ud800" <= c <= "\udfff" for c in cell):
            return {}, BadCell(column, cell, _("不是 %(encoding)s 编码") % {"encoding": shape.encoding})
    return dict(zip(heading, (cell.strip() for cell in cells), strict=True)), None
