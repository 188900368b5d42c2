"""Reads the rows of the record for verification: by ranges of cases, so that memory stays flat, and so that a row which
cannot be read is named at its place and hides no other. Nothing is cast in SQL that a changed row could make fail."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import DatabaseError, connection, transaction

Row = tuple[Any, ...]
#: So many entries at a time, rounded up to whole cases.
BATCH = 5000
#: Times in the form in which they are hashed; a year before Christ keeps its BC.
STAMP = """replace(to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"AD'), 'AD', '')"""
#: Above every id.
END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """Cases with ids above ``low``, up to and with ``high``."""

    low: int
    high: int


def ranges(*, case_id: int | None = None) -> Iterator[Range]:
    """All cases, or one."""
    if case_id is not None:
        yield Range(case_id - 1, case_id)
        return
    low = -1
    while low < END:
        with connection.cursor() as cursor:
            cursor.execute(
                "select complaint_id from complaints_handlingstep where complaint_id > %s"
                " order by complaint_id offset %s limit 1",
                [low, BATCH],
            )
            row = cursor.fetchone()
        high = END if row is None else int(row[0])
        yield Range(low, high)
        low = high


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` of ``source`` (a table with the alias t, with joins that never drop or double its rows), in ranges of
    ``by``. ``keys``: columns that say which row it is and are never large."""

    source: str
    by: str
    columns: str
    keys: str

    def rows(self, among: Range) -> tuple[list[Row], list[Row]]:
        """The rows of the range in no order; and the keys of those that cannot be read (where those neither, the id
        alone)."""
        try:
            return fetched(self._select(self.columns), [among.low, among.high]), []
        except (DatabaseError, UnicodeDecodeError):
            return self._one_by_one(among)

    def _select(self, columns: str) -> str:
        return f"select {columns} from {self.source} where t.{self.by} > %s and t.{self.by} <= %s"  # noqa: S608

    def _one_by_one(self, among: Range) -> tuple[list[Row], list[Row]]:
        one = f"select {{}} from {self.source} where t.id = %s"  # noqa: S608
        rows: list[Row] = []
        unreadable: list[Row] = []
        for (row_id,) in fetched(self._select("t.id"), [among.low, among.high]):
            for columns, into in ((self.columns, rows), (self.keys, unreadable), ("t.id", unreadable)):
                try:
                    into += fetched(one.format(columns), [row_id])
                    break
                except (DatabaseError, UnicodeDecodeError):
                    continue
        return rows, unreadable


def fetched(sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """All rows of one statement; one that fails raises DatabaseError or UnicodeDecodeError and spoils nothing else."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Row] = cursor.fetchall()
        return rows


@dataclass(frozen=True, slots=True)
class Said:
    """What the hashed text of one entry says. ``texts``: [kind, digest] or, from form 2 on, [kind, digest, key];
    ``documents``: what ``data`` says of documents that the entry issued."""

    body: dict[str, Any]
    texts: list[list[str]]
    files: list[str]
    documents: list[dict[str, Any]]


_strings = itemgetter(
    *("case", "audience", "step", "happened", "written", "role", "organisation", "person", "name", "recorded_by")
)


def parsed(body: str) -> Said | None:
    """None for what is no text of an entry."""
    try:
        said = json.loads(body)
        texts, files = said["texts"], said["files"]
        documents = said["data"].get("documents") or []
        fits = set(map(type, _strings(said))) == {str} and isinstance(said["sequence"], int)
        fits = fits and all(isinstance(one, str) for one in files)
        fits = fits and all(len(one) in (2, 3) and all(isinstance(part, str) for part in one) for one in texts)
        fits = fits and all(isinstance(one.get("digest"), str) for one in documents)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Said(said, texts, files, documents) if fits else None
