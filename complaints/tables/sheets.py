"""Reads a table that somebody uploads or pastes: CSV in the encodings in use, or a workbook.

How large it gets is checked before it is opened, and what cannot be read is refused by line; nothing is
guessed. Every cell comes back as it was before ``safe_cell`` touched it.
"""

import codecs
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

from django.utils.translation import gettext as _

from complaints.evidence import sheet
from complaints.evidence.examining import Unreadable, sheet_into
from web.safe_cells import plain_cell

#: A file on its way in, and a workbook when it is unpacked.
MOST_BYTES, MOST_UNPACKED = 10 * 1024 * 1024, 120 * 1024 * 1024
MOST_PARTS = 2_000
#: A cell further out makes a reader allocate all cells up to it.
MOST_LINES, MOST_COLUMNS, LONGEST_CELL = sheet.MOST_LINES, sheet.MOST_COLUMNS, sheet.LONGEST_CELL
#: Every xlsx has these parts; other workbooks have those, and a library would take them for what they are.
_NEEDED, _OTHER = {"[content_types].xml", "xl/workbook.xml"}, {"xl/workbook.bin", "content.xml", "mimetype"}
_BLOCK = 1 << 16
_CELL = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,4})\s*([0-9]{1,10})""")
_ENCODINGS = ("utf-8-sig", "gb18030")
#: What stands between a number and what belongs to it; the words of a heading may hold blanks.
_COMMA = re.compile(r"\s*[,，;；、]\s*")
_BESIDE = re.compile(r"[\s,，;；、]+")


class SheetRefused(Exception):
    """Nothing of the table can be taken; says why and what to do."""


def form_of(first_bytes: bytes) -> str:
    """``xlsx`` or ``csv``, by the first bytes: names lie."""
    if first_bytes.startswith(b"PK\x03\x04"):
        return "xlsx"
    if first_bytes.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused(_("这是旧格式的工作簿（xls）或者设了密码。请另存为xlsx或者CSV再上传。"))
    return "csv"


def lines_of(path: Path, form: str, *, most: int = MOST_LINES) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every line that is not blank; the first is the heading. Raises SheetRefused."""
    for line, cells in _workbook(path) if form == "xlsx" else _csv(path):
        if line > most:
            raise SheetRefused(_("表格太长，最多%(n)s行。请分成几份。") % {"n": most})
        if any(cells):
            yield line, cells


def pasted(text: str) -> Iterator[tuple[int, list[str]]]:
    """The same of a text that was pasted or typed: a number and what stands beside it.

    Beside it stands the second column of a table (between tabs), else whatever comes after a comma of any language, a
    semicolon or a blank: an amount may hold commas itself.
    """
    delimiter = "\t" if "\t" in text else ","
    for line, cells in _rows(io.StringIO(text, newline=""), delimiter):
        if delimiter == "\t" and len(cells) > 1:
            beside = cells[:2]
        else:
            # What was taken apart at each comma is put together again: only the first one counts.
            whole = ",".join(cells)
            beside = (_BESIDE if whole[:1].isdigit() else _COMMA).split(whole, maxsplit=1)
        if any(beside):
            yield line, beside


# --- text ---


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.readline(LONGEST_CELL))
        file.seek(0)
        yield from _rows(file, delimiter)


def _encoding(path: Path) -> str:
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise SheetRefused(_("文件的文字编码认不出来。请另存为“CSV UTF-8”或者xlsx再上传。"))


def _delimiter(heading: str) -> str:
    first = heading.split("\n", 1)[0]
    return max(("\t", ",", ";"), key=first.count)


def _rows(file: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise SheetRefused(_("第%(n)s行的引号没有成对，后面的内容分不开。") % {"n": begun}) from None
        yield begun, [_tidy(cell, begun) for cell in cells]


def _tidy(text: str, line: int) -> str:
    if "\0" in text:
        raise SheetRefused(_("第%(n)s行有不能保存的字符。") % {"n": line})
    if len(text) > LONGEST_CELL:
        raise SheetRefused(_("第%(n)s行有一格太长。") % {"n": line})
    return plain_cell(text.strip()).strip()


# --- workbooks ---


def _workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    _check_unpacked(path)
    with path.open("rb") as source, TemporaryFile() as rows:
        try:
            sheet_into(source, rows)
        except Unreadable as why:
            raise _refused(str(why)) from None
        rows.seek(0)
        for row in rows:
            number, cells = json.loads(row)
            yield number, [_tidy(cell, number) for cell in cells]


def _refused(code: str) -> SheetRefused:
    match code:
        case "far":
            return _too_far()
        case "memory" | "slow":
            return _too_large()
        case "no_sheet":
            return SheetRefused(_("工作簿里没有工作表。"))
        case "busy":
            return SheetRefused(_("现在同时上传的人多，这份工作簿还没有读。请稍后再传一次。"))
    return _not_readable()


def _too_far() -> SheetRefused:
    return SheetRefused(_("工作表里有一格在第%(n)s行以外或者太靠右。请只保留表格本身。") % {"n": MOST_LINES})


def _not_readable() -> SheetRefused:
    return SheetRefused(_("工作簿打不开，可能已损坏或者设了密码。请另存为xlsx或者CSV再上传。"))


def _check_unpacked(path: Path) -> None:
    """Unpack it block by block, keeping nothing: what a file says of its own size may be a lie."""
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > MOST_PARTS:
                raise _too_large()
            _check_form(
                {
                    name.replace("\\", "/").lstrip("/").lower()
                    for part in parts
                    for name in (part.filename, part.orig_filename)
                }
            )
            for part in parts:
                # Read to the end of what is packed, whatever the directory of the file says.
                part.file_size = 1 << 40
                left = _check_part(book, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError):
        raise _not_readable() from None


def _check_form(names: set[str]) -> None:
    if names & _OTHER or any(name.startswith("xl/worksheets/") and name.endswith(".bin") for name in names):
        raise SheetRefused(_("这份工作簿不是xlsx。请另存为xlsx或者CSV再上传。"))
    if not names >= _NEEDED:
        raise _not_readable()


def _check_part(book: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    # What it is called says nothing: any part may be named as a sheet.
    is_sheet, tail = False, b""
    with book.open(part) as stream:
        while block := stream.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise _too_large()
            is_sheet = is_sheet or b"sheetData" in tail + block
            if is_sheet:
                for result in _CELL.finditer(tail + block):
                    if int(result[2]) > MOST_LINES or _column(result[1]) > MOST_COLUMNS:
                        raise _too_far()
            tail = block[-40:]
    return left


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _too_large() -> SheetRefused:
    return SheetRefused(_("工作簿展开后太大。请只保留要填的工作表，或者分成几份。"))
