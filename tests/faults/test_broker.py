"""Valkey carries nudges only: killed, emptied or away for an hour, it costs time and never a case."""

import os

import pytest

from tests.faults.clients import Person, pick_of
from tests.faults.scenario import STALE, Scenario, valkey_away

pytestmark = pytest.mark.fault
# `make soak` lets it be away for a real hour, and so may this.
AWAY = float(os.environ.get("FAULTS_VALKEY_AWAY", "60"))


def moved_on(scenario: Scenario, number: str) -> bool:
    asked = "select status from complaints_complaint where number = %s"
    return scenario.portal.query(asked, [number]) != [("filed",)]


def test_without_the_broker_cases_are_filed_and_swept(scenario: Scenario) -> None:
    portal, person = scenario.portal, Person(scenario.portal, scenario.history, 0)
    person.sign_in()
    pick = pick_of(portal)
    number = person.file(pick)
    scenario.until(lambda: moved_on(scenario, number), "the worker swept the case")

    portal.supervisor().stopProcess("valkey")
    number = person.file(pick)
    # Not one of the broker's time-outs (2 s to connect, 5 s to answer) is waited for.
    assert max(made.seconds for made in scenario.history.requests) < 2
    assert {portal.get(page)[0] for page in ("/", "/file/", "/readyz")} == {200}
    scenario.until(lambda: portal.health()["notes"] == ["broker away, watch sweeps"], "health says so", STALE + 30)
    scenario.until(lambda: moved_on(scenario, number), "the watcher swept the case")

    portal.supervisor().startProcess("valkey")
    scenario.judge()


@pytest.mark.full
def test_f16_f17_valkey_is_killed_and_comes_back_empty(scenario: Scenario) -> None:
    """Four times while tasks run, twice without what waited in it; all eight file on."""
    cases = 60
    scenario.clocks(cases, 2, 12)
    with scenario.filing() as work:
        for name in ("valkey", "valkey", "valkey empty", "valkey", "valkey empty", "valkey"):
            work.until_acks(4)
            scenario.strike(name)
        work.until_acks(4)
    scenario.judge()
    assert scenario.lapsed() == 2 * cases


@pytest.mark.full
def test_f18_valkey_is_away_for_long(scenario: Scenario) -> None:
    """All the while people file, clocks lapse and cases go on; afterwards nobody restarts anything by hand."""
    scenario.judge(late=valkey_away(scenario, AWAY))
