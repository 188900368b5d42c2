"""Reads the first sheet of an untrusted workbook, in a process of its own: `python -I sheet.py TYPE SECONDS … COPY
THUMBNAIL`. The cells go to COPY, a line of JSON a row; standard output says in one line how it went. Run by
`examining.py`, under the limits of `examine.py`."""

import json
import os
import runpy
import sys
from datetime import date, datetime, time, timedelta
from typing import IO, Any

#: So far a table may reach, and so long a cell may be.
MOST_LINES, MOST_COLUMNS = 20_000, 400
LONGEST_CELL = 20_000


def rows(source: IO[bytes], target: IO[bytes]) -> dict[str, Any]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(source)
    name = next(
        (
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ),
        None,
    )
    if name is None:
        return {"refused": "no_sheet"}
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None or sheet.end is None:
        return {"copy": "rows", "thumbnail": False}
    if sheet.end[0] >= MOST_LINES or sheet.end[1] >= MOST_COLUMNS:
        return {"refused": "far"}
    for number, row in enumerate(sheet.iter_rows(), start=sheet.start[0] + 1):
        # One more than is allowed: whoever reads it says so.
        cells = [_text(value)[: LONGEST_CELL + 1] for value in row]
        if any(cells):
            target.write(json.dumps([number, cells], ensure_ascii=False).encode() + b"\n")
    target.flush()
    return {"copy": "rows", "thumbnail": False}


def _text(value: Any) -> str:
    """What a person reads in the cell."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
            return value.date().isoformat() if is_day else value.strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M")
        case timedelta():
            return str(value)
    return str(value)


def main() -> dict[str, Any]:
    import python_calamine  # noqa: F401  (loaded before the limits)

    shut_in = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "examine.py"))["shut_in"]
    shut_in(int(sys.argv[2]))
    with os.fdopen(0, "rb") as source, os.fdopen(int(sys.argv[5]), "w+b") as target:
        try:
            return rows(source, target)
        except MemoryError:
            return {"refused": "memory"}
        except OSError as error:
            # More than may be written.
            return {"refused": "memory", "error": type(error).__name__}
        except Exception as error:
            return {"refused": "broken", "error": type(error).__name__}


if __name__ == "__main__":
    print(json.dumps(main()), flush=True)
