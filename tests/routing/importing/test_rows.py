"""Bad rows are named, good ones go in; running again files nothing twice."""

import csv
import gzip
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from complaints.handling.steps import filing
from complaints.models import Complaint, HandlingStep, Heartbeat, Notice
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Status
from complaints.tables.importing.reading import LONGEST_LINE, MOST_SHOWN, Shape, records
from enterprises.models import Enterprise
from tests import PATIENCE, missing_in
from tests.routing.importing import register
from tests.routing.importing.conftest import MAPPINGS, SHARED, imported, run


def _bad(path: Path) -> dict[int, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {int(row["row"]): row["column"] for row in csv.DictReader(file)}


def test_every_bad_row_is_named_every_good_one_is_in_and_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    rows, before = 10 * len(register.SPOILS), Enterprise.objects.count()
    code, shown = imported(tmp_path, 30, spoilt=True, dry_run=True)
    assert (code, "would be filed 27, already there 0, bad 3" in shown) == (2, True)
    assert (Complaint.objects.count(), Enterprise.objects.count()) == (0, before)
    expected = register.write(tmp_path / "register.csv", rows, spoilt=True)
    code, shown = run(tmp_path / "register.csv", errors=tmp_path / "errors.csv")
    assert code == 2, shown
    assert _bad(tmp_path / "errors.csv") == expected
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.DictReader(file))
    reason = "The date is not written in an agreed form (%Y-%m-%d)"
    assert first == {"row": "8", "column": "opened_date", "value": "2019-02-30", "reason": reason}
    there = set(Complaint.objects.values_list("external_id", flat=True))
    assert there == {str(500_000 + n) for n in range(rows) if n + 1 not in expected}
    assert f"filed {len(there)}, already there 0, bad {len(expected)}" in shown


def test_a_library_that_raises_the_limit_of_csv_lets_no_longer_cell_in(tmp_path: Path) -> None:
    """The limit of the csv module is one for the whole process; frictionless raises it."""
    before = csv.field_size_limit(10_000_000)
    try:
        expected = register.write(tmp_path / "register.csv", 10 * len(register.SPOILS), spoilt=True)
        run(tmp_path / "register.csv", errors=tmp_path / "errors.csv")
    finally:
        csv.field_size_limit(before)
    assert _bad(tmp_path / "errors.csv") == expected


def test_who_is_known_gets_it_the_rest_goes_to_a_person_what_lacks_stays_absent_and_twice_files_nothing_new(
    tmp_path: Path,
) -> None:
    code, shown = imported(tmp_path, 80)
    assert code == 0, shown
    assert "routed without a person: 70 of 80 (87.5%), of these by the source's own number 20" in shown
    assert "triage: 10 × left_to_authority" in shown
    assert Complaint.objects.filter(enterprise__name="Blue Heron Fiber").count() == 20
    for rows, offices in (
        (Complaint.objects.filter(enterprise__name="Twin Creeks Satellite"), {"Idaho", "Oregon"}),
        (Complaint.objects.filter(status=Status.TRIAGE), {"Washington State"}),
    ):
        names = set(rows.values_list("handling_authority__name_en", flat=True))
        assert names == {f"{office} Attorney General" for office in offices}
    case = Complaint.objects.get(external_id="500002")
    assert {"consumer_name", "consents", "statement", "demands"} <= set(case.absent)
    assert not any(case.consents.values())
    assert (case.outcome, case.closed_at, case.demands.count()) == ("", None, 0)
    assert (case.amount, case.currency, case.language) == (Decimal("40.00"), "USD", "en")
    assert (case.channel, case.external_source, case.problem_category) == ("import", "wa_ag", "price")
    assert (case.item_name, case.object_kind) == ("Billing Issues; Fees", "service")
    assert case.received_at.isoformat() == "2019-03-04T17:00:00+00:00"

    def counts() -> list[int]:
        return [table.objects.count() for table in (Complaint, Enterprise, HandlingStep)]

    before = counts()
    code, shown = run(tmp_path / "register.csv")
    assert (code, before[0], counts()) == (0, 80, before)
    assert not missing_in(shown, "filed 0, already there 80, bad 0", "nothing new")


def test_a_limit_is_gone_on_from_there(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "register.csv.gz", "wb") as packed:
        register.write(tmp_path / "register.csv", 40)
        packed.write((tmp_path / "register.csv").read_bytes())
    assert "filed 15," in run(tmp_path / "register.csv.gz", limit=15)[1]
    assert "filed 25, already there 15" in run(tmp_path / "register.csv.gz")[1]


def test_a_row_that_the_verb_refuses_does_not_hold_up_its_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filing._open

    def picky(request, *arguments):  # type: ignore[no-untyped-def]
        if request.external_id == "500004":
            raise WrongInput("bad_text", "no", field="item_name")
        return whole(request, *arguments)

    monkeypatch.setattr(filing, "_open", picky)
    code, shown = imported(tmp_path, 10, errors=tmp_path / "errors.csv")
    assert (code, _bad(tmp_path / "errors.csv")) == (2, {5: "item_name"})
    assert Complaint.objects.count() == 9, shown
    code, shown = run(tmp_path / "register.csv", processes=0)
    assert (code, "--processes: 0" in shown) == (1, True)


def test_with_dated_the_clocks_of_each_day_are_judged_on_that_day(tmp_path: Path) -> None:
    code, shown = imported(tmp_path, 90, dated=True)
    assert code == 0, shown
    first = Complaint.objects.get(external_id="500000")
    assert (first.filed_at.isoformat(), first.status) == ("2019-03-04T17:00:00+00:00", Status.REVIEW)
    lapsed = first.deadlines.get(clock="negotiation")
    # Filed on Monday 4 March; ten working days end on Monday 18 March at midnight in Seattle, by then summer time.
    assert lapsed.lapsed_at.isoformat() == "2019-03-19T07:00:00+00:00"
    assert lapsed.lapse_written_at.isoformat() == "2019-03-19T16:00:00+00:00"
    assert lapsed.derivation["has_no_calendar"] is True
    assert Complaint.objects.get(external_id="500088").status == Status.WITH_ENTERPRISE
    assert not Notice.objects.exists()
    assert not HandlingStep.objects.filter(step="remind").exists()
    assert "nothing new" in run(tmp_path / "register.csv", dated=True)[1]
    # Beside a worker old clocks are not judged.
    Heartbeat.objects.create(name="beat", at=timezone.now())
    code, shown = run(tmp_path / "register.csv", dated=True)
    assert (code, "a worker is sweeping this database" in shown) == (1, True)


def test_a_packed_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    register.write(tmp_path / "register.csv", 4000)
    packed = gzip.compress((tmp_path / "register.csv").read_bytes())
    (tmp_path / "register.csv.gz").write_bytes(packed[: len(packed) // 2])
    code, shown = run(tmp_path / "register.csv.gz", dry_run=True)
    assert (code, "The packed file breaks off here" in shown) == (2, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("number", "is_second", "code"),
    [(signal.SIGKILL, False, -9), (signal.SIGINT, False, 130), (signal.SIGKILL, True, 1)],
    ids=["killed", "stopped", "second killed"],
)
def test_killed_or_stopped_in_the_middle_nothing_is_lost_or_doubled(
    tmp_path: Path, number: signal.Signals, is_second: bool, code: int
) -> None:
    """``is_second``: the process that files beside the first one is killed, and the first one says so."""
    rows = 2000
    register.write(tmp_path / "register.csv", rows)
    command = [
        *(sys.executable, "manage.py", "import_complaints", tmp_path / "register.csv", "--mapping"),
        *(MAPPINGS / "wa_ag.toml", "--language", "en"),
    ]
    typed = {**os.environ, "SECRET_KEY": settings.SECRET_KEY}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=typed)
    deadline = time.monotonic() + PATIENCE
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while time.monotonic() < deadline and process.poll() is None:
        if children.read_text() if is_second else Complaint.objects.exists():
            break
        time.sleep(0.01)
    os.kill(int(children.read_text().split()[0]) if is_second else process.pid, number)
    shown = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == code, shown
    assert not is_second or "Run the same command again to go on" in shown
    # Of a batch that is being committed while its process is killed the server may say a moment later that it is in.
    _code, shown = run(tmp_path / "register.csv")
    told = re.search(r"filed ([\d,]+), already there ([\d,]+), bad 0", shown)
    assert told, shown
    filed, there = (int(number.replace(",", "")) for number in told.groups())
    assert filed + there == rows
    assert 0 < there < rows
    assert there % 500 == 0
    assert not Complaint.objects.filter(status=Status.FILED).exists()
    assert Complaint.objects.values("external_id").distinct().count() == Complaint.objects.count() == rows
    assert HandlingStep.objects.filter(step="file").count() == rows


def test_the_first_real_source(tmp_path: Path) -> None:
    file = SHARED / "wa_ag" / "cases_telecom.csv"
    if not file.exists():
        pytest.skip("the folder shared/data with the public register is not there")
    code, shown = run(file, limit=600)
    assert code == 0, shown
    assert Complaint.objects.filter(status=Status.WITH_ENTERPRISE).count() >= 560
    assert Complaint.objects.filter(enterprise__name="Ziply Fiber", respondent_named="Frontier Communications").exists()


def _read(tmp_path: Path, content: bytes, shape: Shape) -> list[tuple[int, dict[str, str] | str]]:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return [(r.number, r.problem.column if r.problem else r.cells) for r in records(path, shape, needed=["a"])]


def test_quotes_blank_lines_and_encodings_are_read_as_the_mapping_says(tmp_path: Path) -> None:
    content = b'a,b\n1,"open\n2,x\n3,"y"\n4,5" wide\n'
    expected = [(1, ""), (2, {"a": "2", "b": "x"}), (3, {"a": "3", "b": "y"}), (4, {"a": "4", "b": '5" wide'})]
    assert _read(tmp_path, content, Shape()) == expected
    assert _read(tmp_path, content, Shape(multiline=True))[:3] == expected[:3]
    content = b'a,b\r\n1,"one\r\ntwo"\r\n2,x\r\n'
    expected = [(1, {"a": "1", "b": "one\r\ntwo"}), (2, {"a": "2", "b": "x"})]
    assert _read(tmp_path, content, Shape(multiline=True)) == expected
    expected = [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": "4"})]
    assert _read(tmp_path, b"\xef\xbb\xbfa;b\n\n1;2\n;\n3;4", Shape(delimiter=";")) == expected
    content = "a,b\n1,移动\n".encode("gb18030")
    assert _read(tmp_path, content, Shape(encoding="gb18030")) == [(1, {"a": "1", "b": "移动"})]
    assert _read(tmp_path, content, Shape()) == [(1, "b")]


def _write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join([register.line(register.HEADING), *lines]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rows", [1_000, pytest.param(10_000, marks=pytest.mark.full)])
def test_where_every_row_is_bad_all_are_counted_by_reason_and_none_is_filed(tmp_path: Path, rows: int) -> None:
    # Not the number of another row, which is bad only where that row is good, and no megabytes.
    apart = {"the number of the first row", "a cell beyond measure", "a line beyond measure"}
    spoils = [spoil for what, _column, spoil in register.SPOILS if what not in apart]
    _write(tmp_path / "register.csv", [spoils[number % len(spoils)](register.cells(number)) for number in range(rows)])
    code, shown = run(tmp_path / "register.csv", errors=tmp_path / "errors.csv")
    assert code == 2, shown
    assert not missing_in(shown, f"filed 0, already there 0, bad {rows:,}", f"{rows} bad rows")
    assert "× opened_date: The date is not written in an agreed form" in shown
    assert len(shown.splitlines()) < 30
    assert not Complaint.objects.exists()
    assert not HandlingStep.objects.exists()
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len({row["row"] for row in csv.DictReader(file)}) == rows

    _code, shown = run(tmp_path / "register.csv", dry_run=True)
    assert shown.count("\nrow ") == MOST_SHOWN, "without a file the first ones are named, and no more"


def test_a_file_of_another_shape_is_refused_whole_and_a_heading_alone_is_no_mistake(tmp_path: Path) -> None:
    file, no_heading = (
        tmp_path / "register.csv",
        "the first line is no heading of a CSV table; save the file as CSV in UTF-8",
    )
    for content, reason in (
        (b"", "is empty"),
        (b"complaint_id,opened_date\n1,2019-01-01\n", "has no column business_name"),
        (b"opened\rdate,name\n1,2\n", f"register.csv: {no_heading}"),
    ):
        file.write_bytes(content)
        code, shown = run(file)
        assert (code, reason in shown) == (1, True), shown
    _write(file, [])
    code, shown = run(file)
    assert (code, "rows 0: filed 0" in shown, "nothing new" in shown) == (0, True, True)


def _changed(path: Path, count: int, *, since: int = 0, **changes: str) -> tuple[int, str]:
    """So many rows, imported; all from ``since`` on with these cells."""
    rows = [register.cells(number) for number in range(count)]
    for row in rows[since:]:
        for column, value in changes.items():
            row[register.HEADING.index(column)] = value
    _write(path, [register.line(row).decode().encode("latin-1") for row in rows])
    return run(path)


def test_days_that_cannot_be_and_a_cell_of_a_megabyte_cost_their_own_row_only(tmp_path: Path) -> None:
    rows = [register.cells(number) for number in range(7)]
    bad = (
        ("2999-01-01", "in the future"),
        ("1969-12-31", "before 1970"),
        ("0000-00-00", "not written in an agreed form"),
    )
    for row, (day, _reason) in zip(rows[1:4], bad, strict=True):
        row[register.HEADING.index("opened_date")] = day
    for row, name in zip(rows[4:6], ("x" * (LONGEST_LINE + 10), "y" * 200_000), strict=True):
        row[register.HEADING.index("business_name")] = name
    _write(tmp_path / "register.csv", [register.line(row) for row in rows])
    code, shown = run(tmp_path / "register.csv")
    assert (code, Complaint.objects.count(), len(shown) < 4000) == (2, 2, True)
    for number, (_day, reason) in enumerate(bad, 2):
        assert not missing_in(shown, reason, f"row {number}, opened_date")


def test_one_number_twice_files_the_first(tmp_path: Path) -> None:
    code, shown = _changed(tmp_path / "register.csv", 40, since=20, complaint_id="500003")
    assert (code, Complaint.objects.count()) == (2, 20)
    assert "bad: 20 × complaint_id" in shown, "one reason, whichever the row"


def test_a_file_of_another_encoding_is_named_row_by_row(tmp_path: Path) -> None:
    code, shown = _changed(tmp_path / "register.csv", 12, business_city="Éverett")
    assert (code, Complaint.objects.exists()) == (2, False)
    assert "bad: 12 × business_city: It is not written in utf-…" in shown
