"""A register of made-up complaints in the shape of the first foreign source, whole or spoilt.

The same number of rows gives the same file; every way of spoiling a row says which column
must be named for it.
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

HEADING = [
    *("complaint_id", "opened_date", "status", "business_id", "business_name", "business_category", "naics"),
    *("business_city", "business_state", "business_zip", "practice_codes", "practice_names"),
    *("estimated_savings", "actual_savings"),
]
FIRST_DAY = date(2019, 3, 4)
FIRMS = (
    ("7001", "Blue Heron Fiber fka Gull Telephone", "Everett", "WA"),
    ("7001", "Gull Telephone", "Everett", "WA"),
    ("7002", "Mossy Rock Wireless Inc", "Chandler", "AZ"),
    ("7002", "Mossy Rock Wireless Inc.", "Chandler", "AZ"),
    ("7003", "Larch Media dba Larch Cable/Larchnet", "Spokane", "WA"),
    ("7004", "Twin Creeks Satellite", "Boise", "ID"),
    ("7005", "Twin Creeks Satellite", "Salem", "OR"),
    ("", "", "", ""),
)
Spoil = Callable[[list[str]], bytes]


def cells(number: int, *, per_day: int = 3) -> list[str]:
    source_id, name, city, state = FIRMS[number % len(FIRMS)]
    day = FIRST_DAY + timedelta(days=number // per_day)
    return [
        *(str(500_000 + number), day.isoformat(), "Closed", source_id, name, "Telecommunications", "513320"),
        *(city, state, "98201", "316", "Billing Issues|Fees", f"{number % 5 * 20}.00", "0.00"),
    ]


def line(row: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


def _set(column: str, value: str) -> Spoil:
    def spoil(row: list[str]) -> bytes:
        row[HEADING.index(column)] = value
        return line(row)

    return spoil


def _broken_bytes(row: list[str]) -> bytes:
    return line(row).replace(b"Telecommunications", b"T\xe9l\xe9com")


#: Each way to spoil a row, with the column that must be named ("" for the whole row).
SPOILS: tuple[tuple[str, str, Spoil], ...] = (
    ("a date that does not exist", "opened_date", _set("opened_date", "2019-02-30")),
    ("another form of date", "opened_date", _set("opened_date", "03/04/2019")),
    ("no date", "opened_date", _set("opened_date", "")),
    ("a date in the future", "opened_date", _set("opened_date", "2190-01-01")),
    ("a date before all registers", "opened_date", _set("opened_date", "0201-01-01")),
    ("a negative amount", "estimated_savings", _set("estimated_savings", "-20.00")),
    ("no amount", "estimated_savings", _set("estimated_savings", "twenty")),
    ("an endless amount", "estimated_savings", _set("estimated_savings", "1e400")),
    ("no number", "complaint_id", _set("complaint_id", "")),
    ("a number beyond measure", "complaint_id", _set("complaint_id", "9" * 121)),
    ("the number of the first row", "complaint_id", _set("complaint_id", "500000")),
    ("a name beyond measure", "business_name", _set("business_name", "Long " * 60)),
    ("a NUL", "business_name", _set("business_name", "Gull\0Telephone")),
    ("bytes that are no UTF-8", "business_category", _broken_bytes),
    ("columns missing", "estimated_savings", lambda row: line(row[:12])),
    ("a column too many", "", lambda row: line([*row, "more"])),
    ("a quote that is never closed", "", lambda row: line(row).replace(b"Billing", b'"Billing', 1)),
    ("a cell beyond measure", "", lambda row: line([*row[:4], "x" * 140_000, *row[5:]])),
    ("a line beyond measure", "", lambda row: line([*row[:4], "x" * 1_200_000, *row[5:]])),
)


def write(path: Path, rows: int, *, spoilt: bool = False) -> dict[int, str]:
    """Write the file; returns the spoilt rows (numbered from 1) with the column of each."""
    expected: dict[int, str] = {}
    with path.open("wb") as file:
        file.write(line(HEADING))
        for number in range(rows):
            if spoilt and number % 10 == 7:
                _name, column, spoil = SPOILS[number // 10 % len(SPOILS)]
                expected[number + 1] = column
                file.write(spoil(cells(number)))
            else:
                file.write(line(cells(number)))
    return expected
