"""With Valkey away filing goes on as before, the sweeps still happen, and /healthz says who does them."""

import subprocess
from pathlib import Path

import pytest

from tests.faults.portal import RunningPortal, a_portal

pytestmark = pytest.mark.fault
STALE = 8


def file_one(portal: RunningPortal) -> tuple[int, float]:
    done = subprocess.run(
        [portal.clone / ".venv" / "bin" / "python", "-m", "tests.faults.file_one"],
        cwd=portal.clone,
        env=portal.variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    number, seconds = done.stdout.split()
    return int(number), float(seconds)


def has_left_filed(portal: RunningPortal, case: int) -> bool:
    return portal.query(f"select status from complaints_complaint where id = {case}") != [("filed",)]


def test_without_the_broker_cases_are_filed_and_swept(tmp_path: Path) -> None:
    with a_portal(tmp_path, DEMO="no", HEARTBEAT_STALE_AFTER=str(STALE), SWEEP_EVERY="2") as portal:
        portal.start()
        directory = portal.manage("load_directory")
        assert directory.wait(120) == 0, directory.communicate()[0][-2000:]
        portal.until(lambda: portal.health()["status"] == "ok", "beat, broker, worker and watch live", 90)

        case, _ = file_one(portal)
        portal.until(lambda: has_left_filed(portal, case), "the worker swept the case", 60)
        pages = ["/", "/file/", "/readyz"]
        assert {portal.get(page)[0] for page in pages} == {200}

        portal.supervisor().stopProcess("valkey")
        case, seconds = file_one(portal)
        # Not one of the broker's time-outs (2 s to connect, 5 s to answer) is waited for.
        assert seconds < 2
        assert {portal.get(page)[0] for page in pages} == {200}
        portal.until(
            lambda: portal.health()["notes"] == ["broker away, watch sweeps"], "health says who sweeps", STALE + 30
        )
        portal.until(lambda: has_left_filed(portal, case), "the watcher swept the case", 60)

        portal.supervisor().startProcess("valkey")
        portal.until(lambda: portal.health()["status"] == "ok", "the workers are back", 120)
