"""Files of which nothing is good: told shortly and wholly, nothing of them filed, neighbours unharmed."""

import csv
from pathlib import Path

import pytest

from complaints.models import Complaint, HandlingStep
from complaints.tables.importing.reading import LONGEST_LINE, MOST_SHOWN
from tests.routing.importing import register
from tests.routing.importing.conftest import run


def _write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join([register.line(register.HEADING), *lines]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rows", [1_000, pytest.param(10_000, marks=pytest.mark.full)])
def test_where_every_row_is_bad_all_are_counted_by_reason_and_none_is_filed(tmp_path: Path, rows: int) -> None:
    # Not the number of another row, which is bad only where that row is good, and no megabytes.
    apart = {"the number of the first row", "a cell beyond measure", "a line beyond measure"}
    spoils = [spoil for what, _column, spoil in register.SPOILS if what not in apart]
    lines = [spoils[number % len(spoils)](register.cells(number)) for number in range(rows)]
    _write(tmp_path / "register.csv", lines)
    code, shown = run(tmp_path / "register.csv", errors=tmp_path / "errors.csv")
    assert code == 2, shown
    assert f"filed 0, already there 0, bad {rows:,}" in shown
    assert f"{rows} bad rows" in shown
    assert "× opened_date: The date is not written in an agreed form" in shown
    assert len(shown.splitlines()) < 30
    assert not Complaint.objects.exists()
    assert not HandlingStep.objects.exists()
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len({row["row"] for row in csv.DictReader(file)}) == rows

    _code, shown = run(tmp_path / "register.csv", dry_run=True)
    assert shown.count("\nrow ") == MOST_SHOWN, "without a file the first ones are named, and no more"


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2999-01-01", "in the future"), ("1969-12-31", "before 1970"), ("0000-00-00", "not written in an agreed form")],
)
def test_days_that_cannot_be(tmp_path: Path, day: str, reason: str) -> None:
    rows = [register.cells(number) for number in range(3)]
    rows[1][register.HEADING.index("opened_date")] = day
    _write(tmp_path / "register.csv", [register.line(row) for row in rows])
    code, shown = run(tmp_path / "register.csv")
    assert (code, Complaint.objects.count()) == (2, 2)
    assert reason in shown
    assert "row 2, opened_date" in shown


def test_one_number_twice_files_the_first(tmp_path: Path) -> None:
    rows = [register.cells(number) for number in range(40)]
    for row in rows[20:]:
        row[0] = "500003"
    _write(tmp_path / "register.csv", [register.line(row) for row in rows])
    code, shown = run(tmp_path / "register.csv")
    assert (code, Complaint.objects.count()) == (2, 20)
    assert "bad: 20 × complaint_id" in shown, "one reason, whichever the row"


def test_a_file_of_another_encoding_is_named_row_by_row(tmp_path: Path) -> None:
    rows = [register.cells(number) for number in range(12)]
    for row in rows:
        row[register.HEADING.index("business_city")] = "Éverett"
    _write(tmp_path / "register.csv", [register.line(row).decode().encode("latin-1") for row in rows])
    code, shown = run(tmp_path / "register.csv")
    assert (code, Complaint.objects.exists()) == (2, False)
    assert "bad: 12 × business_city: It is not written in utf-…" in shown


def test_a_cell_of_a_megabyte_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = [register.cells(number) for number in range(4)]
    huge = [list(row) for row in rows]
    huge[1][register.HEADING.index("business_name")] = "x" * (LONGEST_LINE + 10)
    huge[2][register.HEADING.index("business_name")] = "y" * 200_000
    _write(tmp_path / "register.csv", [register.line(row) for row in huge])
    code, shown = run(tmp_path / "register.csv")
    assert (code, Complaint.objects.count()) == (2, 2)
    assert len(shown) < 4000


def test_what_is_no_table_is_said_to_be_none_and_a_heading_alone_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_bytes(b"opened\rdate,name\n1,2\n")
    code, shown = run(tmp_path / "register.csv")
    assert code == 1
    assert "register.csv: the first line is no heading of a CSV table; save the file as CSV in UTF-8" in shown
    _write(tmp_path / "register.csv", [])
    code, shown = run(tmp_path / "register.csv")
    assert (code, "rows 0: filed 0" in shown, "nothing new" in shown) == (0, True, True)
