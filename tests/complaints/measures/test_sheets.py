"""What comes in as a table is counted before it is opened; what it holds comes back as it was meant."""

import io
import struct
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from complaints.evidence import examining
from complaints.tables import sheets
from complaints.tables.sheets import SheetRefused, form_of, lines_of, pasted


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


def test_cells_and_text_in_the_forms_in_use_read_as_a_person_reads_them(tmp_path: Path) -> None:
    raw = workbook([["a", 12, 128.5, date(2026, 12, 7), datetime(2026, 12, 7, 15, 30), True, None, "'=1+1"], [], ["x"]])
    assert read(tmp_path, raw) == [
        (1, ["a", "12", "128.5", "2026-12-07", "2026-12-07 15:30", "TRUE", "", "=1+1"]),
        (3, ["x", "", "", "", "", "", "", ""]),
    ]
    for raw in (b"a;b\r\n1;2\r\n", b"a,b\n1,2\n", b"\xef\xbb\xbfa\tb\n1\t2", b"a,b\n\n,\n1,2"):
        assert [cells for _line, cells in read(tmp_path, raw)] == [["a", "b"], ["1", "2"]]
    with pytest.raises(SheetRefused, match="太长"):
        read(tmp_path, b"a\n" * (sheets.MOST_LINES + 1))


def test_what_is_pasted_is_read_as_a_person_means_it_whatever_stands_before_an_amount() -> None:
    number, amount = "20261118-7K3QABCDEFGH-5", "1,280.50"
    for between in (",", "\t", " ", "，", " ，", "；", "、", ";"):
        for before in ("", "编号\n", "1\n", "编号,金额\n", "1\t2\n", "1 2\n"):
            read_as = [cells for _line, cells in pasted(f"{before}{number}{between}{amount}")]
            assert read_as[-1] == [number, amount], (before, between)
    assert list(pasted('1,"1,280.50"')) == [(1, ["1", "1,280.50"])]
    assert list(pasted("Case number\n1")) == [(1, ["Case number"]), (2, ["1"])]
    assert list(pasted("编号\t金额\t备注\n1\t25\t已核对，可付")) == [(1, ["编号", "金额"]), (2, ["1", "25"])]
    assert list(pasted('n,"a\nb"\nm,c')) == [(1, ["n", "a\nb"]), (3, ["m", "c"])]


def test_a_workbook_that_grows_too_large_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_cell_far_out_is_refused_and_ones_that_do_not_say_where_they_stand_are_counted(tmp_path: Path) -> None:
    raw = workbook([["number"]])
    for cell in ("XFD1", "A1048576", "ZZZ9"):
        sheet = sheet_of(f'<row><c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row>')
        with pytest.raises(SheetRefused, match="行以外"):
            read(tmp_path, with_part(raw, "xl/worksheets/sheet1.xml", sheet))

    def meant(rows: str) -> list[tuple[int, list[str]]]:
        return read(tmp_path, with_part(raw, "xl/worksheets/sheet1.xml", sheet_of(rows)))

    assert meant("<row><c><v>1</v></c><c><v>2</v></c></row>") == [(1, ["1", "2"])]
    with pytest.raises(SheetRefused, match="行以外"):
        meant("<row>" + "<c><v>1</v></c>" * (sheets.MOST_COLUMNS + 1) + "</row>")
    with pytest.raises(SheetRefused, match="行以外"):
        meant("<row><c><v>1</v></c></row>" * (sheets.MOST_LINES + 1))
    # Each of them alone is short; what lies between them is not.
    with pytest.raises(SheetRefused, match="太大"):
        meant("<row>" + "<c><v>1</v></c>" * 16_000 + "</row>" + "<row><c><v>1</v></c></row>" * 1_000_000)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def sheet_of(rows: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def packed(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def parts_of(raw: bytes) -> dict[str, bytes | str]:
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        return {name: book.read(name) for name in book.namelist()}


def test_a_sheet_under_another_name_is_looked_at_too(tmp_path: Path) -> None:
    parts = parts_of(workbook([["number"]]))
    del parts["xl/worksheets/sheet1.xml"]
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = bytes(parts[rels]).replace(b"/xl/worksheets/sheet1.xml", b"/xl/elsewhere/part.dat")  # type: ignore[arg-type]
    near = sheet_of('<row r="1"><c r="A1"><v>1</v></c></row>')
    assert read(tmp_path, packed(parts | {"xl/elsewhere/part.dat": near}))
    with pytest.raises(SheetRefused, match="行以外"):
        read(tmp_path, packed(parts | {"xl/elsewhere/part.dat": sheet_of(FAR)}))


def test_other_forms_are_refused_and_what_every_workbook_has_must_be_there(tmp_path: Path) -> None:
    for name in ("xl/workbook.bin", "XL/Workbook.BIN", "xl/worksheets/sheet1.bin", "content.xml", "mimetype"):
        for base in ({}, parts_of(workbook([["number"]]))):
            with pytest.raises(SheetRefused, match="不是xlsx"):
                read(tmp_path, packed(base | {name: b"x"}))
    for missing in ("[Content_Types].xml", "xl/workbook.xml"):
        parts = parts_of(workbook([["number"]]))
        del parts[missing]
        with pytest.raises(SheetRefused, match="打不开"):
            read(tmp_path, packed(parts))
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    cell = '<table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="3">{cell}</table:table-row>'
    table = f'<office:spreadsheet><table:table table:name="a">{row}</table:table></office:spreadsheet>'
    names = f'xmlns:office="{office}office:1.0" xmlns:table="{office}table:1.0"'
    content = f"<office:document-content {names}><office:body>{table}</office:body></office:document-content>"
    with pytest.raises(SheetRefused, match="不是xlsx"):
        read(tmp_path, packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}))


def test_one_long_text_in_many_cells_does_not_fill_the_memory(tmp_path: Path) -> None:
    parts = parts_of(workbook([["number"]]))
    types, rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    strings = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    more = {types: f'<Override PartName="/xl/sharedStrings.xml" ContentType="{strings}"/></Types>'}
    more[rels] = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rId9"/></Relationships>'
    for part, element in more.items():
        end = element[element.rindex("</") :].encode()
        parts[part] = bytes(parts[part]).replace(end, element.encode())  # type: ignore[arg-type]
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"><si><t>{"x" * (1 << 20)}</t></si></sst>'
    parts["xl/worksheets/sheet1.xml"] = sheet_of('<row r="1">' + '<c t="s"><v>0</v></c>' * 390 + "</row>")
    with pytest.raises(SheetRefused, match="太大"):
        read(tmp_path, packed(parts))


def test_a_library_that_falls_takes_nobody_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises, and a panic is no Exception, it raises in the child."""
    raw = workbook([["number"]])
    script = tmp_path / "falls.py"
    falls = {"import os; os.abort()": "太大", "raise BaseException": "太大", "import os; os._exit(3)": "打不开"}
    for text, given in falls.items():
        script.write_text(text)
        monkeypatch.setattr(examining, "SHEET_SCRIPT", script)
        with pytest.raises(SheetRefused, match=given):
            read(tmp_path, raw)


BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
#: What a document type of its own may ask a reader of XML for.
DOCTYPES = {
    "a billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{BILLION}]>',
    "a file of ours": '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE x [<!ENTITY l9 SYSTEM "http://127.0.0.1:9/secret">]>',
    "a type elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x" [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
}


@pytest.mark.parametrize("name", DOCTYPES)
def test_T42_T60_no_entity_of_a_workbook_is_read_or_grows(tmp_path: Path, name: str) -> None:
    """XLSX is XML. In the sheet and in the texts beside it: the file is refused, or the entity stays unread."""
    raw = workbook([["number"]])
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>before&l9;after</t></is></c></row>'
    sheet = DOCTYPES[name].encode() + sheet_of(cell)
    try:
        shown = read(tmp_path, with_part(raw, "xl/worksheets/sheet1.xml", sheet))
    except SheetRefused:
        shown = []
    text = str(shown)
    assert "root:" not in text
    assert "hahaha" not in text
    assert len(text) < 200
    with pytest.raises(SheetRefused):
        read(tmp_path, with_part(raw, "xl/workbook.xml", DOCTYPES[name].encode() + b"<workbook>&l9;</workbook>"))


def test_T42_a_workbook_of_too_many_parts_is_refused_unopened(tmp_path: Path) -> None:
    parts = parts_of(workbook([["number"]]))
    with pytest.raises(SheetRefused, match="太大"):
        read(tmp_path, packed(parts | {f"xl/media/{n}.bin": b"" for n in range(sheets.MOST_PARTS)}))
