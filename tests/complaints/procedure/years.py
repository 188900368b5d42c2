"""The calendars of the tests: the two committed years, and none."""

from __future__ import annotations

import csv
from datetime import date

from complaints.procedure.working_calendar import SHANGHAI, Calendar
from tests import ROOT

FOLDER = ROOT / "authorities" / "calendars"
Row = tuple[date, bool, str, str]


def rows(*years: int) -> list[Row]:
    results: list[Row] = []
    for year in years:
        with (FOLDER / f"cn_{year}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                results.append((date.fromisoformat(row["day"]), row["is_working"] == "1", row["name"], row["name_en"]))
    return results


CHINA = Calendar.build(rows(2025, 2026), (2025, 2026), source="国务院办公厅放假安排", version="2026.1")
NONE = Calendar.weekdays_only(SHANGHAI)

#: 2027 as it might be published, to try an import: three days off at new year, one made up.
GUESS_2027: list[Row] = [
    (date(2027, 1, 1), False, "元旦", "New Year's Day"),
    (date(2027, 1, 2), False, "元旦", "New Year's Day"),
    (date(2027, 1, 3), False, "元旦", "New Year's Day"),
    (date(2027, 1, 9), True, "调休上班（元旦）", "make-up working day (New Year's Day)"),
]
WITH_2027 = Calendar.build(
    rows(2025, 2026) + GUESS_2027, (2025, 2026, 2027), source="国务院办公厅放假安排", version="2027.1"
)
