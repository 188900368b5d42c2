"""What comes in as a table is counted before it is opened; what it holds comes back as it was meant."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from complaints import sheets
from complaints.sheets import SheetRefused, form_of, lines_of, pasted


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(tmp_path: Path, raw: bytes) -> list[tuple[int, list[str]]]:
    path = tmp_path / "table"
    path.write_bytes(raw)
    return list(lines_of(path, form_of(raw[:8])))


def with_part(raw: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one part exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return out.getvalue()


def test_cells_read_as_a_person_reads_them(tmp_path: Path) -> None:
    raw = workbook([["a", 12, 128.5, date(2026, 12, 7), datetime(2026, 12, 7, 15, 30), True, None, "'=1+1"], [], ["x"]])
    assert read(tmp_path, raw) == [
        (1, ["a", "12", "128.5", "2026-12-07", "2026-12-07 15:30", "TRUE", "", "=1+1"]), (3, ["x", "", "", "", "", "", "", ""])]


@pytest.mark.parametrize("raw", [b"a;b\r\n1;2\r\n", b"a,b\n1,2\n", b"\xef\xbb\xbfa\tb\n1\t2", b"a,b\n\n,\n1,2"])
def test_text_in_the_forms_in_use(tmp_path: Path, raw: bytes) -> None:
    assert [cells for _line, cells in read(tmp_path, raw)] == [["a", "b"], ["1", "2"]]


def test_a_cell_with_line_breaks_keeps_the_numbers_of_the_lines_after_it() -> None:
    assert list(pasted('n,"a\nb"\nm,c')) == [(1, ["n", "a\nb"]), (3, ["m", "c"])]


def test_a_workbook_that_grows_beyond_measure_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = workbook([["number"]])
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 1 << 20)
    assert read(tmp_path, raw)
    bomb = with_part(raw, "xl/styles.xml", b"<sst>" + b" " * (2 << 20) + b"</sst>")
    assert len(bomb) < 1 << 14 < sheets.MOST_UNPACKED
    with pytest.raises(SheetRefused, match="展开后太大"):
        read(tmp_path, bomb)
    # The directory of the file says that it is small.
    lying = bomb.replace(struct.pack("<I", (2 << 20) + 11), struct.pack("<I", 40))
    assert lying != bomb
    with pytest.raises(SheetRefused, match="展开后太大"):
        read(tmp_path, lying)


@pytest.mark.parametrize("cell", ["XFD1", "A1048576", "ZZZ9"])
def test_a_cell_far_out_is_refused(tmp_path: Path, cell: str) -> None:
    raw = workbook([["number"]])
    sheet = (f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
             f'<c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>').encode()
    with pytest.raises(SheetRefused, match="行以外"):
        read(tmp_path, with_part(raw, "xl/worksheets/sheet1.xml", sheet))


def test_too_many_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetRefused, match="太长"):
        read(tmp_path, b"a\n" * (sheets.MOST_LINES + 1))
