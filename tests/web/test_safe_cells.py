"""T47: no cell of any file of ours is a formula, and what was written can be read back."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.tables.importing.reading import BadRow, BadRows
from enterprises.directory import exchange
from enterprises.directory.exchange import export_enterprises
from enterprises.models import Enterprise
from web.safe_cells import plain_cell, safe_cell

_FORMULAS = "=1+1 +1+1 -1+1 @SUM(A1) |calc %0A=1 ＝1 ＋1+1 －1+1 ＠SUM(A1) '=1 - --5 +1.2.3 -5e3"
FORMULAS = [
    *_FORMULAS.split(),
    *("\t=1", "\r=1", "\n=1", "\0=1", " =1", "\u3000＝1", "\ufeff=1", "\u200b=1", "\u2060\u00ad =1"),
    *("=cmd|'/C calc'!A0", '=HYPERLINK("https://a.example","b")', "-2+3+cmd|' /C calc'!A0", "+86 138 0000 0001"),
]
_PLAIN = "陈试 128.50 -128.50 +8613800000001 0 2026-11-11 a=1 宽带-提速 100% it's 'quoted' (+86)"
PLAIN = ["", *_PLAIN.split()]


def test_T47_what_could_be_a_formula_gets_a_quote_and_what_is_none_stays_as_it_was() -> None:
    for text in FORMULAS:
        assert (safe_cell(text), plain_cell(safe_cell(text))) == (f"'{text}", text)
    for text in PLAIN:
        assert safe_cell(text) == text == plain_cell(text)


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n\0|%＝＋－＠ \ufeff\u200b1.a陈"), max_size=6))
def test_T47_every_text_comes_back(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


def test_T47_the_file_of_bad_rows_carries_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    with BadRows(path) as bad:
        for number, text in enumerate(FORMULAS):
            bad.add(BadRow(number, "name", text, "odd"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == len(FORMULAS)
    assert all(row[2] == f"'{text}" for row, text in zip(rows, FORMULAS, strict=True))


@pytest.mark.django_db
def test_T47_a_firm_with_the_name_of_a_formula_comes_back_from_the_file(tmp_path: Path) -> None:
    for name in ("=1+1", "＠公司", "'=1"):
        Enterprise.objects.create(name=name)
    out = io.StringIO()
    export_enterprises(out)
    path = tmp_path / "firms.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    names = {row["name"] for row in csv.DictReader(io.StringIO(out.getvalue())) if row["row"] == "enterprise"}
    assert {"'=1+1", "'＠公司", "''=1"} <= names
    assert {"=1+1", "＠公司", "'=1"} <= {row.cells["name"] for row in exchange.read(path)}
