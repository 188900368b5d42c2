"""Takes a CSV file apart, row by row, however broken it is, and says what is wrong with a row.

One broken row never swallows its neighbours, and is named by number, column, value and reason; only a file that cannot
be read at all, or lacks a column in its heading, is refused as a whole.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TextIO

from django.utils.translation import gettext as _

from web.safe_cells import safe_cell

HEADING = ("row", "column", "value", "reason")
LONGEST_VALUE = 200
MOST_SHOWN = 20
#: Reasons that are counted apart; a file of errors that are all different must not grow the memory.
MOST_REASONS = 200


class BadCell(Exception):
    """One cell that cannot be taken over; an empty column means the whole row."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


@dataclass(frozen=True, slots=True)
class BadRow:
    """A cell of a numbered row; ``row`` counts the lines of data from 1."""

    row: int
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, row: int, cell: BadCell) -> BadRow:
        return cls(row, cell.column, printable(cell.value), cell.reason)

    def __str__(self) -> str:
        return f"row {self.row}, {self.column or '-'}: {self.reason} ({self.value or '-'})"


def printable(value: str) -> str:
    """One line that every editor can show: control characters and broken bytes as escapes."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value[:LONGEST_VALUE])
    return shown + "…" if len(value) > LONGEST_VALUE else shown


class BadRows:
    """Collects: all of them into a file when one is given, the first few in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.first: list[BadRow] = []
        self.cells = 0
        self.rows = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._last = 0
        self._stream: TextIO | None = None

    def __enter__(self) -> BadRows:
        if self.path is not None:
            # The mark lets spreadsheet programs see that it is UTF-8.
            self._stream = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._stream).writerow(HEADING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, bad: BadRow) -> None:
        """The cells of a row come one after the other."""
        self.cells += 1
        self.rows += bad.row != self._last
        self._last = bad.row
        # “Same number as row 7” is one reason, whichever the row.
        kind = bad.column, re.sub(r"\d+", "…", bad.reason)
        if kind in self.reasons or len(self.reasons) < MOST_REASONS:
            self.reasons[kind] += 1
        if len(self.first) < MOST_SHOWN:
            self.first.append(bad)
        if self._stream is not None:
            csv.writer(self._stream).writerow((bad.row, bad.column, safe_cell(bad.value), bad.reason))
            self._stream.flush()


#: A line beyond this many bytes is skipped to its end without being kept.
LONGEST_LINE = 1_000_000
#: Characters of one cell. Said here, since the csv module has one limit for the whole process, and libraries raise it.
LONGEST_CELL = 131_072
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
        result, problem = _cells(_whole(lines, line, shape, heading), shape, heading)
        if result or problem is not None:
            yield Record(number, result, problem)


def _heading(path: Path, lines: _Lines, shape: Shape, needed: Sequence[str]) -> list[str]:
    first = lines.take()
    if first is None:
        raise FileRefused(f"{path.name} is empty")
    if first.problem is not None:
        raise FileRefused(f"{path.name}: the heading cannot be read: {first.problem.reason}")
    try:
        heading = [cell.strip() for cell in next(csv.reader([first.text], delimiter=shape.delimiter), [])]
    except csv.Error as problem:
        text = f"{path.name}: the first line is no heading of a CSV table; save the file as CSV in UTF-8"
        raise FileRefused(text) from problem
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
    _values, problem = _cells(text, shape, heading)
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
        if len(cell) > LONGEST_CELL:
            return {}, BadCell("", text.strip(), _("单元格过长"))
        if "\x00" in cell:
            return {}, BadCell(column, cell, _("含有不能保存的字符"))
        if not cell.isascii() and any("\ud800" <= c <= "\udfff" for c in cell):
            return {}, BadCell(column, cell, _("不是 %(encoding)s 编码") % {"encoding": shape.encoding})
    return dict(zip(heading, (cell.strip() for cell in cells), strict=True)), None
