"""Every due clock lapses once and never early, whoever sweeps, whoever dies, whoever freezes in the middle."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import PATIENCE
from tests.faults.scenario import Scenario

pytestmark = pytest.mark.fault


@contextmanager
def nobody_sweeps(scenario: Scenario) -> Iterator[None]:
    """Neither the beat nor the watch, which steps in for it, so that our own sweeper is the first however long it takes
    to begin."""
    names = ("portal:beat", "portal:watch")
    for name in names:
        scenario.portal.supervisor().stopProcess(name)
    try:
        yield
    finally:
        for name in names:
            scenario.portal.supervisor().startProcess(name)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("update complaints_deadline ", id="before-anything-is-written"),
        pytest.param("update complaints_complaint ", id="after-new-clocks-are-written", marks=pytest.mark.full),
    ],
)
def test_f24_a_sweeper_freezes_inside_its_transaction(scenario: Scenario, statement: str) -> None:
    """Its locks are taken away, others finish its work, and when it thaws it commits nothing."""
    with nobody_sweeps(scenario):
        scenario.clocks(30, -10, -5)
        frozen = scenario.start("tests.faults", "freeze", statement)
        assert frozen.stdout
        assert frozen.stdout.readline().strip() == "frozen"
    assert scenario.lapsed() == 0
    scenario.clocks(20, -10, -5)
    scenario.until(lambda: scenario.lapsed() >= 40, "others sweep what the frozen one does not hold")
    scenario.until(lambda: scenario.lapsed() >= 100, "others sweep also what it held")

    os.kill(frozen.pid, signal.SIGCONT)
    given = frozen.stdout.read()
    assert frozen.wait(PATIENCE) == 0
    assert "failed" in given or "swept 0" in given, given
    scenario.judge()
    assert scenario.lapsed() == 100


@pytest.mark.full
def test_f25_sweepers_are_killed_and_postgres_crashes(scenario: Scenario) -> None:
    """Three sweepers, each killed within the second, while PostgreSQL crashes three times."""
    cases, dice, rhythm = 150, scenario.dice, threading.Event()
    scenario.clocks(cases, 4, 20)
    with scenario.sweepers(3) as kill_one:
        for share in (0.3, 0.6, 0.9):
            while scenario_lapsed(scenario) < share * 2 * cases:
                kill_one()
                # Time to begin something: who is killed at birth leaves nothing half done.
                rhythm.wait(dice.uniform(0.1, 0.35))
            scenario.strike("postgres whole")
        scenario.until(lambda: scenario.lapsed() >= 2 * cases, "every clock has lapsed")
    # Three outages of a few seconds each.
    scenario.judge(late=60)
    assert scenario.lapsed() == 2 * cases


def scenario_lapsed(scenario: Scenario) -> int:
    """With the database away in between."""
    results: list[int] = []
    scenario.until(lambda: results.append(scenario.lapsed()) or True, "the database counts")
    return results[0] if results else 10**6


@pytest.mark.full
def test_two_sweepers_and_three_beats(scenario: Scenario) -> None:
    """More of them than needed do no harm: nothing twice, nothing early."""
    cases = 120
    for number in range(2):
        schedule = scenario.file.with_name(f"beat-{number}")
        scenario.start(
            "celery", "--app", "odr_portal.ticks", "beat", "--loglevel", "ERROR", "--pidfile=", "--schedule", schedule
        )
    with scenario.sweepers(2):
        scenario.clocks(cases, 2, 12)
        scenario.until(lambda: scenario.lapsed() >= 2 * cases, "every clock has lapsed")
    scenario.judge(late=20)
    assert scenario.lapsed() == 2 * cases


@pytest.mark.full
def test_everything_is_killed_while_people_file_and_clocks_run_out(scenario: Scenario) -> None:
    cases = 100
    names = ("web", "web child", "worker", "worker child", "worker whole", "beat", "watch", "valkey", "postgres whole")
    scenario.clocks(cases, 3, 20)
    with scenario.filing() as work:
        with scenario.nemesis(*names, every=(0.5, 1.5)) as nemesis:
            scenario.until(lambda: nemesis.strikes >= 14, "fourteen were killed")
        work.until_acks(8)
    scenario.judge()
    assert scenario.lapsed() == 2 * cases
