"""`make run` as a newcomer meets it: it serves, it mends itself, and Ctrl-C leaves nothing behind."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests import found_in
from tests.faults.portal import a_portal

pytestmark = [pytest.mark.full, pytest.mark.fault]


def test_it_serves_mends_itself_and_leaves_nothing(tmp_path: Path) -> None:
    with a_portal(tmp_path) as portal:
        portal.start()
        assert portal.get("/readyz")[0] == 200
        assert portal.get("/")[0] == 200
        portal.until(lambda: portal.health()["status"] == "ok", "beat, broker, worker and watch live", 60)

        for program in ("valkey", "portal:worker", "portal:beat", "portal:watch", "portal:web", "postgres"):
            before = portal.kill(program)
            portal.until(lambda p=program, b=before: portal.process_of(p) not in {0, b}, f"{program} is back", 60)
        portal.until(lambda: portal.get("/readyz")[0] == 200, "the pages are back", 60)
        portal.until(lambda: portal.health()["status"] == "ok", "the heart beats again", 90)

        portal.interrupt()
        assert "Stopped." in portal.log.read_text()
        assert portal.leftovers() == []

        # The second start finds its work done. Ten seconds of a machine that has nothing else to do.
        crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert portal.start() < 10 * crowded
        portal.interrupt()
        assert portal.leftovers() == []


def test_a_wrong_setting_or_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with a_portal(tmp_path) as portal, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name, value, sentence in (
            ("PORT", "many", "PORT='many' is not usable"),
            ("PORT", port, f"Port {port} is busy: choose another one"),
            ("DATABASE_URL", "mysql://a:secret@b/c", "DATABASE_URL='mysql://…@b/c' is not usable"),
            ("DATABASE_URL", "postgresql://a:b@127.0.0.1:1/c", "DATABASE_URL cannot be reached"),
        ):
            env = {**portal.variables, name: value}
            done = subprocess.run(["make", "run"], cwd=portal.clone, env=env, capture_output=True, text=True)
            assert done.returncode != 0
            assert sentence in done.stdout + done.stderr
            assert found_in(done.stdout + done.stderr, "Traceback", "secret") == []
