"""kill -9 of whoever carries out a table or takes foreign records in: no line is lost and none is done twice."""

import csv
from pathlib import Path

import pytest

from tests.faults.portal import RunningPortal
from tests.faults.scenario import Scenario

pytestmark = pytest.mark.fault
LINES = 600


def count(portal: RunningPortal, what: str, *values: int) -> int:
    return int(portal.query(f"select count({what}", [*values])[0][0])


def test_a_table_is_carried_out_once_whoever_is_killed(scenario: Scenario) -> None:
    portal, made = scenario.portal, scenario.start("tests.faults", "table", LINES)
    assert made.stdout
    trip = int(made.stdout.readline())

    def done() -> int:
        return count(portal, "*) from complaints_roundtriprow where trip_id = %s and state = 'done'", trip)

    struck = []
    for program in ("worker whole", "valkey"):
        scenario.until(lambda: done() > (struck[-1] if struck else 0), "some lines more are done", 120)
        struck.append(done())
        scenario.strike(program)
    # Else the table was through before anybody was killed, and this test shows nothing.
    assert 0 < struck[0] < LINES
    state = "select state from complaints_roundtrip where id = %s"
    scenario.until(lambda: portal.query(state, [trip]) == [("done",)], "the table is through", 180)
    assert done() == LINES
    for what in ("*", "distinct complaint_id"):
        assert count(portal, f"{what}) from complaints_contact where complaint_id > %s", scenario.since) == LINES
    scenario.judge()


# More batches than commits are waited for until the import is killed, two processes with two at a time.
ROWS = 3600
FIRMS = ("Northwest Cable Inc", "Cascade Wireless LLC", "Rainier Internet Co")
HEADER = """
complaint_id opened_date status business_id business_name business_category naics business_city business_state
business_zip practice_codes practice_names estimated_savings actual_savings
"""


def made_up_rows(file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(HEADER.split())
        for number in range(1, ROWS + 1):
            enterprise = number % len(FIRMS)
            day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
            business = [enterprise + 1, FIRMS[enterprise], "Telecommunications", "", "Seattle", "WA", "98101"]
            out.writerow(
                [900_000 + number, day, "Closed", *business, "316", "Billing Issues", f"{number % 90}.00", "0.00"]
            )


def filed(portal: RunningPortal) -> int:
    return count(portal, "*) from complaints_complaint where external_source <> ''")


def test_of_foreign_records_nothing_is_lost_or_doubled(portal: RunningPortal, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    made_up_rows(file)
    texts = ("import_complaints", str(file), "--mapping", "complaints/tables/importing/mappings/wa_ag.toml")

    def ended(*arguments: str) -> None:
        process = portal.manage(*arguments)
        given = process.communicate(timeout=300)[0]
        # 3: a record that is whole and was compared with nothing from outside.
        assert process.returncode == (3 if arguments == ("verify_record",) else 0), given[-2000:]

    first = portal.manage(*texts)
    portal.until(lambda: filed(portal) >= 300, "the first rows are in")
    for program in ("portal:worker", "valkey"):
        portal.kill(program)
        seen = filed(portal)
        portal.until(lambda seen=seen: filed(portal) > seen, f"the import goes on without {program}")
    first.kill()
    first.wait()
    before = filed(portal)
    ended(*texts)
    # Else the import was over before it was killed, and this test shows nothing.
    assert 0 < before < filed(portal) == ROWS
    steps = (
        "from complaints_handlingstep s join complaints_complaint c on c.id = s.complaint_id where step = 'file' and"
        " c.external_source <> ''"
    )
    for what in (
        "distinct (external_source, external_id)) from complaints_complaint where external_source <> ''",
        f"*) {steps}",
        f"distinct s.complaint_id) {steps}",
    ):
        assert count(portal, what) == ROWS, what
    left = "*) from complaints_complaint where status = 'filed'"
    portal.until(lambda: count(portal, left) == 0, "every case has left `filed`", 120)
    portal.recover(90)
    ended(*texts)
    assert filed(portal) == ROWS
    ended("verify_record")
