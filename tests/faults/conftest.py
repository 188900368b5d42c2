"""One portal for all scenarios, started once; a scenario judges only what it made itself."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import PATIENCE
from tests.faults.history import History
from tests.faults.portal import RunningPortal, a_portal
from tests.faults.scenario import LEAN, Scenario, newest_case


@pytest.fixture(scope="session")
def one_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """Lean: no demo data, the directory loaded, ticks every other second."""
    with a_portal(tmp_path_factory.mktemp("portal"), **LEAN) as portal:
        portal.start()
        directory = portal.manage("load_directory")
        assert directory.wait(PATIENCE) == 0, directory.communicate()[0][-2000:]
        yield portal


@pytest.fixture
def portal(one_portal: RunningPortal) -> RunningPortal:
    one_portal.recover()
    return one_portal


@pytest.fixture
def scenario(portal: RunningPortal, tmp_path: Path) -> Iterator[Scenario]:
    """The promises from here on; its history stays in pytest's folder of the test."""
    file = tmp_path / "history.jsonl"
    history = History(file)
    made = Scenario(portal, history, newest_case(portal), random.SystemRandom().randrange(10**6), file)
    try:
        yield made
    finally:
        made.end()
        history.close()
