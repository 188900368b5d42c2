"""Dates in three forms, and rows that were sent on before they came in."""

import csv
from datetime import date
from pathlib import Path

from complaints.models import Complaint
from tests.routing.importing.conftest import run

HEADING = [
    "Date received",
    "Product",
    "Sub-product",
    "Issue",
    "Sub-issue",
    "Consumer complaint narrative",
    "Company public response",
    "Company",
    "State",
    "ZIP code",
    "Tags",
    "Consumer consent provided?",
    "Submitted via",
    "Date sent to company",
    "Company response to consumer",
    "Timely response?",
    "Consumer disputed?",
    "Complaint ID",
    "source_repo",
]


def _write(path: Path, days: list[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADING, restval="")
        writer.writeheader()
        for number, (received, sent) in enumerate(days, 1):
            writer.writerow(
                {
                    "Date received": received,
                    "Date sent to company": sent,
                    "Product": "Credit card",
                    "Issue": "Billing disputes",
                    "Company": "Heron Bank, N.A.",
                    "State": "OR",
                    "Complaint ID": str(number),
                }
            )


def test_three_forms_of_a_day_are_one_day(tmp_path: Path) -> None:
    _write(
        tmp_path / "rows.csv",
        [
            ("2021-03-04", "2021-03-05"),
            ("03/04/2021", "03/05/2021"),
            ("03/04/21", "3/5/21"),
            ("4.3.2021", "2021-03-05"),
            ("13/04/2021", ""),
        ],
    )
    code, shown = run(tmp_path / "rows.csv", mapping="cfpb")
    assert code == 2
    assert [n for n in range(1, 6) if f"row {n}, Date received" in shown] == [4, 5]
    cases = Complaint.objects.order_by("external_id")
    assert [case.external_id for case in cases] == ["1", "2", "3"]
    assert {case.received_at.date() for case in cases} == {date(2021, 3, 4)}
    assert "doubt" not in shown


def test_a_row_that_was_sent_on_before_it_came_in_goes_in_and_is_told(tmp_path: Path) -> None:
    days = [
        ("2021-03-04", "2021-03-04"),
        ("2021-03-04", "03/01/2021"),
        ("2021-03-04", ""),
        ("2021-03-04", "soon"),
        *[("2021-03-04", "2021-03-03")] * 7,
    ]
    _write(tmp_path / "rows.csv", days)
    code, shown = run(tmp_path / "rows.csv", mapping="cfpb")
    assert code == 0, shown
    assert (
        "doubt: 8 × Date sent to company lies before Date received; taken as written (rows 2, 5, 6, 7, 8, …)" in shown
    )
    assert "doubt: 1 × Date sent to company is no date; taken as written (rows 4)" in shown
    assert set(Complaint.objects.values_list("received_at__date", flat=True)) == {date(2021, 3, 4)}
    assert Complaint.objects.count() == len(days)
