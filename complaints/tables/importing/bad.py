"""What is wrong with a row, and the file in which it is told.

A bad row is named by number, column, value and reason, and nothing of it goes in;
the good rows beside it do.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

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
