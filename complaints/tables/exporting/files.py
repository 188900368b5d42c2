"""The file of an export: half-built rows beside it, CSV or XLSX at the end, with its mark all through.

Every cell goes through ``safe_cell`` and is written as text; nothing in the file is a
formula, a link or a number to a spreadsheet.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_range_abs

from complaints.evidence import outgoing
from web import private_files
from web.safe_cells import safe_cell

#: The mark stands in the first row and in every fiftieth after it.
MARKED_EVERY = 50
HIDDEN_SHEET = "export"
_ABOUT = ("name", "text")
#: Of the format.
LONGEST_SHEET_NAME = 31


def half_of(mark: str) -> Path:
    return folder() / f"{mark}.rows"


def file_of(mark: str, kind: str) -> Path:
    return folder() / f"{mark}.{kind}"


def upload_of(mark: str) -> Path:
    """A table that came in and has not been read yet (complaints/round_trip)."""
    return folder() / f"{mark}.upload"


def folder() -> Path:
    return private_files.folder(Path(settings.EXPORT_ROOT))


def append(mark: str, rows: Sequence[Sequence[str]], *, after: int) -> int:
    """Write rows behind the first ``after`` bytes; what a broken run left behind these is cut off.

    Returns how many bytes are good now.
    """
    content = b"".join(json.dumps(list(row), ensure_ascii=False).encode() + b"\n" for row in rows)
    _whole_half(mark, after)
    with os.fdopen(private_files.opened(half_of(mark), os.O_RDWR | os.O_CREAT), "r+b") as file:
        file.truncate(after)
        file.seek(after)
        file.write(content)
        outgoing.share_piece(half_of(mark), content, at=after)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _whole_half(mark: str, size: int) -> None:
    """So many bytes of the half-built file are here. Raises FileNotFoundError."""
    path = half_of(mark)
    outgoing.fetch_pieces(path, size=size)
    if size and (not path.exists() or path.stat().st_size < size):
        raise FileNotFoundError(f"{mark}: the half-built file is shorter than it was")


def finish(
    mark: str,
    kind: str,
    heading: Sequence[str],
    *,
    rows_in: int,
    who: str,
    at: datetime,
    query: str,
    choices: Mapping[int, Sequence[str]] | None = None,
) -> tuple[str, int]:
    """Make the file from its rows, which are so many bytes (``rows_in``). ``choices``: place of a column → the words to
    choose from there, in XLSX. Returns (SHA-256 in hexadecimal, size in bytes)."""
    _whole_half(mark, rows_in)
    path = file_of(mark, kind)
    with os.fdopen(private_files.opened(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), "w"):
        pass
    titles = [*heading, _("导出编号")]
    if kind == "csv":
        _write_csv(path, titles, _marked(mark))
    else:
        about = [("mark", mark), ("who", who), ("at", _minute(at)), ("filter", query[:30000])]
        _write_xlsx(path, titles, _marked(mark), about=about, choices=choices or {})
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    size = path.stat().st_size
    outgoing.share(path)
    return digest.hexdigest(), size


def remove(mark: str) -> None:
    outgoing.remove_all(folder(), f"{mark}.")


def remove_half(mark: str) -> None:
    outgoing.remove_all(folder(), half_of(mark).name)


def _marked(mark: str) -> Iterator[list[str]]:
    try:
        with half_of(mark).open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                cells = [safe_cell(cell) for cell in json.loads(line)]
                yield [*cells, mark if number % MARKED_EVERY == 0 else ""]
    except FileNotFoundError:
        # No case met the filter.
        return


def _write_csv(path: Path, titles: Sequence[str], rows: Iterator[list[str]]) -> None:
    # The mark tells spreadsheet programs that it is UTF-8; quotes keep a semicolon from beginning a cell.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([safe_cell(title) for title in titles])
        writer.writerows(rows)


def _minute(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _write_xlsx(
    path: Path,
    titles: Sequence[str],
    rows: Iterator[list[str]],
    *,
    about: Sequence[tuple[str, str]],
    choices: Mapping[int, Sequence[str]],
) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    book = xlsxwriter.Workbook(str(path), options)
    # No name and no program of ours in the properties.
    mark, who, when = (text for _name, text in about[:3])
    book.set_properties({"title": mark})
    sheet = book.add_worksheet(_("案件")[:LONGEST_SHEET_NAME])
    given = f"{mark} {who} {when}".replace("&", "&&")[:200]
    sheet.set_header(f"&C{given}")
    sheet.set_footer(f"&C{given}")
    bold = book.add_format({"bold": True})
    for place, title in enumerate(titles):
        sheet.write_string(0, place, safe_cell(title), bold)
    last = 0
    for last, cells in enumerate(rows, start=1):
        for place, text in enumerate(cells):
            if text:
                sheet.write_string(last, place, text)
    sheet.freeze_panes(1, 0)
    # The words to choose from stand beside what the hidden sheet says of the file, a list a column.
    hidden = book.add_worksheet(HIDDEN_SHEET)
    lists = dict(enumerate(choices.items(), start=len(_ABOUT)))
    for number in range(max([len(about), *(len(words) for _place, words in lists.values())])):
        for place, text in enumerate(about[number] if number < len(about) else ()):
            hidden.write_string(number, place, safe_cell(text))
        for place, (_column, words) in lists.items():
            if number < len(words):
                hidden.write_string(number, place, safe_cell(words[number]))
    hidden.very_hidden()
    for place, (column, words) in lists.items():
        cells = xl_range_abs(0, place, len(words) - 1, place)
        wish = {"validate": "list", "source": f"={HIDDEN_SHEET}!{cells}", "error_type": "warning"}
        if words and last:
            sheet.data_validation(1, column, last, column, wish)
    book.close()
