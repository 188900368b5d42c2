"""kill -9 of whoever carries a table out: the next sweep goes on, no line is lost and none is done twice."""

import pytest

from tests.faults.scenario import Scenario

pytestmark = pytest.mark.fault
LINES = 600


def test_a_table_is_carried_out_once_whoever_is_killed(scenario: Scenario) -> None:
    made = scenario.start("tests.faults.tables", LINES)
    assert made.stdout
    trip = int(made.stdout.readline())

    def done() -> int:
        return int(
            scenario.portal.query(
                "select count(*) from complaints_roundtriprow where trip_id = %s and state = 'done'", [trip]
            )[0][0]
        )

    struck = []
    for program in ("worker whole", "valkey"):
        scenario.until(lambda: done() > (struck[-1] if struck else 0), "some lines more are done", 120)
        struck.append(done())
        scenario.strike(program)
    # Else the table was through before anybody was killed, and this test shows nothing.
    assert 0 < struck[0] < LINES
    scenario.until(
        lambda: scenario.portal.query("select state from complaints_roundtrip where id = %s", [trip]) == [("done",)],
        "the table is through",
        180,
    )
    assert done() == LINES
    counted = scenario.portal.query(
        "select count(*), count(distinct complaint_id) from complaints_contact where complaint_id > %s",
        [scenario.since],
    )
    assert counted == [(LINES, LINES)]
    scenario.judge()
