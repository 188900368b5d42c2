"""Rows of entries as verification reads them (verification.py): what stands in which place, and whether the columns say
what was hashed."""

from collections.abc import Iterator
from typing import Any

from complaints.record.findings import Finding, Report
from complaints.record.record import said_in
from complaints.record.walking import Read, Row, Said, hashed_stamp

PREVIOUS, HASH, TAG, BODY, COLUMNS_FROM, HAPPENED, WRITTEN, DATA, NAME = 3, 4, 5, 6, 7, 14, 15, 16, 17
ID, STATE = 19, 20
#: How many columns the keys of an entry are that cannot be read; the last is its hash.
UNREADABLE = 4
#: Columns of an entry, in the order of ``_columns``, and what the hashed text calls them.
_COLUMNS = {
    "complaint_id": "case",
    "audience": "audience",
    "sequence": "sequence",
    "step": "step",
    "actor_role": "role",
    "organisation": "organisation",
    "from_status": "from",
    "to_status": "to",
    "outcome": "outcome",
    "reason": "reason",
    "happened_at": "happened",
    "written_at": "written",
}


def told(
    report: Report, rows: list[Row], said: list[Said | None], names: dict[int, str], consumer_keys: dict[int, str]
) -> Iterator[Read]:
    """Entries whose hashed text can be read; columns that say something else are named."""
    for row, one in zip(rows, said, strict=True):
        if len(row) == UNREADABLE:
            continue
        pk, audience, sequence = row[:3]
        if one is None:
            report.add(Finding("unreadable", names[pk], audience, sequence, "entry", "body"))
            continue
        stands, told = _columns(names[pk], row), tuple(map(one.body.get, _COLUMNS.values()))
        if stands != told:
            for column, value, wanted in zip(_COLUMNS, stands, told, strict=True):
                if value != wanted:
                    report.add(Finding("column", names[pk], audience, sequence, "entry", column))
        if not _is_same(row[DATA], one.body["data"]):
            report.add(Finding("column", names[pk], audience, sequence, "entry", "data"))
        yield Read(names[pk], pk, consumer_keys.get(pk, ""), audience, sequence, one, row[NAME], row[NAME + 1])


def _columns(number: str, row: Row) -> tuple[Any, ...]:
    times = hashed_stamp(row[HAPPENED]), hashed_stamp(row[WRITTEN])
    return (number, row[1], row[2], *row[COLUMNS_FROM:HAPPENED], *times)


def _is_same(written: str, said: Any) -> bool:
    if written == "{}":
        return bool(said == {})
    try:
        return bool(said_in(written) == said)
    except (ValueError, RecursionError):
        return False
