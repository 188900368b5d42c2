"""kill -9 of worker, Valkey and import while foreign records go in: nothing is lost, nothing stands twice."""

import csv
from pathlib import Path

import pytest

from tests.faults.portal import RunningPortal

pytestmark = pytest.mark.fault
ROWS = 2500
FIRMS = ("Northwest Cable Inc", "Cascade Wireless LLC", "Rainier Internet Co")
HEADER = (
    *("complaint_id", "opened_date", "status", "business_id", "business_name", "business_category", "naics"),
    *("business_city", "business_state", "business_zip", "practice_codes", "practice_names"),
    *("estimated_savings", "actual_savings"),
)


def made_up_rows(file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(HEADER)
        for number in range(1, ROWS + 1):
            enterprise = number % len(FIRMS)
            day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
            business = [enterprise + 1, FIRMS[enterprise], "Telecommunications", "", "Seattle", "WA", "98101"]
            out.writerow(
                [900_000 + number, day, "Closed", *business, "316", "Billing Issues", f"{number % 90}.00", "0.00"]
            )


def test_nothing_is_lost_or_doubled(portal: RunningPortal, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    made_up_rows(file)
    texts = ("import_complaints", str(file), "--mapping", "complaints/tables/importing/mappings/wa_ag.toml")

    first = portal.manage(*texts)
    portal.until(lambda: filed(portal) >= 300, "the first rows are in")
    portal.kill("portal:worker")
    seen = filed(portal)
    portal.until(lambda: filed(portal) > seen, "the import goes on without the worker")
    portal.kill("valkey")
    later = filed(portal)
    portal.until(lambda: filed(portal) > later, "the import goes on without Valkey")
    first.kill()
    first.wait()
    before = filed(portal)

    again = portal.manage(*texts)
    given = again.communicate(timeout=300)[0]
    assert again.returncode == 0, given[-2000:]
    # Else the import was over before it was killed, and this test shows nothing.
    assert 0 < before < filed(portal) == ROWS

    foreign = (
        "select count(distinct (external_source, external_id)) from complaints_complaint where external_source <> ''"
    )
    assert portal.query(foreign) == [(ROWS,)]
    steps = (
        "select count(*), count(distinct s.complaint_id) from complaints_handlingstep s join complaints_complaint c "
        "on c.id = s.complaint_id where step = 'file' and c.external_source <> ''"
    )
    assert portal.query(steps) == [(ROWS, ROWS)]
    left = "select count(*) from complaints_complaint where status = 'filed'"
    portal.until(lambda: portal.query(left) == [(0,)], "every case has left `filed`", 120)
    portal.recover(90)

    portal.manage(*texts).communicate(timeout=300)
    assert filed(portal) == ROWS
    verified = portal.manage("verify_record")
    given = verified.communicate(timeout=300)[0]
    assert verified.returncode == 0, given[-2000:]


def filed(portal: RunningPortal) -> int:
    return int(portal.query("select count(*) from complaints_complaint where external_source <> ''")[0][0])
