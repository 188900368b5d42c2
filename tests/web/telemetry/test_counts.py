"""The counts of all processes of a host are one sum, whichever of them is asked and whichever ended meanwhile."""

import errno
import http.client
import json
import os
import pwd
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from odr_portal.clock_guard import run
from odr_portal.processes import running, told_counts
from oversight.portal_state import system_views
from tests import PATIENCE, ROOT, missing_in, waited
from tests.canaries import CANARIES, seen
from web.telemetry import counts

SEVERAL = """
import os, signal, sys
from web.telemetry import counts

def made(times):
    ready, told = os.pipe()
    if not (pid := os.fork()):
        for _ in range(times):
            counts.request("/a/", "GET", 200, 0.01)
        os.write(told, b".")
        signal.pause()
    os.read(ready, 1)
    return pid

counts.begin("web")
counts.request("/a/", "GET", 200, 0.01)
first, second = made(3), made(4)
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
third = made(5)
print(sorted(os.listdir(sys.argv[1])), file=sys.stderr)
print(counts.told())
for pid in (second, third):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
counts.begin("web")
print("# anew")
print(counts.told())
"""


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels in order) → value."""
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_a_process_that_was_killed_leaves_its_sums_and_the_next_one_goes_on_with_them(tmp_path: Path) -> None:
    own = {"METRICS_TOKEN": "x" * 40, "ODR_LOCAL": str(tmp_path), "DJANGO_SETTINGS_MODULE": "odr_portal.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, tmp_path / "metrics"],
        cwd=ROOT,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("# anew")
    told = samples(before)
    assert told["odr_requests_total", (("method", "GET"), ("route", "/a/"), ("status", "2xx"))] == 13
    assert told["odr_request_seconds_count", (("route", "/a/"),)] == 13
    assert told["odr_request_seconds_bucket", (("le", "0.025"), ("route", "/a/"))] == 13
    # Three lived at a time, so there are three files a kind.
    assert done.stderr.count(".lock") == 3
    assert (done.stderr.count("counter_web"), done.stderr.count("histogram_web")) == (3, 3)
    left = samples(after)
    assert left["odr_request_seconds_count", (("route", "/a/"),)] == 1, "of whom has ended nothing: counted anew"


@pytest.fixture
def counting(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """This process counts, as one that serves pages does."""
    settings.METRICS_TOKEN, settings.METRICS_FOLDER = "a-long-word", tmp_path
    monkeypatch.setattr(counts, "_metrics", [])
    monkeypatch.setattr(counts, "_held", (0, "", -1))
    monkeypatch.setattr(counts, "_process", "")
    counts.begin("web")
    yield settings
    if counts._held[2] >= 0:
        os.close(counts._held[2])


def metrics() -> str:
    answer = Client().get("/metrics", headers={"Authorization": "Bearer a-long-word"})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_answers_are_counted_by_pattern_method_and_class_and_tasks_by_outcome(counting: Any) -> None:
    client = Client()
    client.get(f"/c/{CANARIES['phone']}/?x={CANARIES['phone']}")
    client.generic(CANARIES["email"], "/readyz")
    client.get("/readyz")
    run("counters", int)
    with pytest.raises(ZeroDivisionError):
        run("counters", lambda: 1 / 0)
    told = samples(metrics())
    ways = {labels: value for (name, labels), value in told.items() if name == "odr_requests_total"}
    assert ways[("method", "GET"), ("route", "/readyz"), ("status", "2xx")] == 1
    assert ways[("method", "other"), ("route", "/readyz"), ("status", "4xx")] == 1
    assert {dict(labels)["route"] for labels in ways} <= {"/readyz", "/metrics", "/c/<str:short>/", "(no page reached)"}
    assert told["odr_tasks_total", (("outcome", "done"), ("task", "counters"))] == 1
    assert told["odr_tasks_total", (("outcome", "failed"), ("task", "counters"))] == 1
    assert told["odr_task_seconds_count", (("task", "counters"),)] == 2
    assert seen(metrics().encode(), [*CANARIES.items()]) == []


def test_a_host_without_pages_tells_its_counts_by_watch_to_whoever_may_read_them(counting: Any) -> None:
    counts.task("clocks", "done", 0.2)
    counting.WATCH_METRICS = ("127.0.0.1", 0)
    server = told_counts.begin()
    assert server is not None
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)

    def ask(path: str, **headers: str) -> tuple[int, str]:
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()

    status, text = ask("/metrics", Authorization="Bearer a-long-word")
    assert (status, samples(text)["odr_tasks_total", (("outcome", "done"), ("task", "clocks"))]) == (200, 1)
    assert ask("/metrics") == (404, "")
    assert ask("/metrics", Authorization="Bearer another") == (404, "")
    # Nobody stands in front of it: what a caller says of where it comes from is nothing.
    counting.METRICS_ADDRESSES, counting.TRUSTED_PROXIES = ["10.0.0.0/8"], 1
    assert ask("/metrics", **{"X-Forwarded-For": "10.1.2.3"}) == (404, "")
    counting.METRICS_ADDRESSES = ["127.0.0.1"]
    assert ask("/metrics")[0] == 200
    assert ask("/else", Authorization="Bearer a-long-word") == (404, "")
    counting.WATCH_METRICS = ("127.0.0.1", server.server_port)
    with pytest.raises(SystemExit, match="nobody can listen there"):
        told_counts.begin()
    server.shutdown()
    server.server_close()


def full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.django_db
def test_on_a_full_disk_pages_are_served_and_the_log_says_that_nothing_is_counted(
    counting: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The files are written as memory is: a process that met a full disk there would be killed."""
    monkeypatch.setattr(counts.os, "posix_fallocate", full)
    assert [Client().get("/readyz").status_code for _ in range(2)] == [200, 200]
    (line,) = [one for one in caplog.records if one.name == counts.__name__]
    assert not missing_in(line.getMessage(), "nothing is counted", "No space left on device")
    assert "odr_database_up 1" in metrics()


@pytest.mark.django_db
def test_a_damaged_file_takes_nothing_else_along(
    counting: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As a power cut leaves it."""
    counts.task("clocks", "done", 0.1)
    for damage in (b"", b"\xff", b"\x00\x10\x00\x00" + b"\xff" * 5000):
        (tmp_path / "counter_web-7.db").write_bytes(damage)
        told = samples(metrics())
        assert told["odr_database_up", ()] == 1
        assert (("odr_task_seconds_count", (("task", "clocks"),)) in told) == (not damage)
        assert ("counts cannot be read" in caplog.text) == bool(damage)


def test_a_folder_that_cannot_be_used_stops_no_process(
    counting: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    counting.METRICS_FOLDER, counts._process = tmp_path / "file" / "metrics", ""
    counts.begin("web")
    counts.request("/a/", "GET", 200, 0.1)
    assert (counts._process, "nothing is counted" in caplog.text) == ("", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves files to others")
def test_what_a_command_of_root_counts_belongs_to_the_portal(counting: Any, tmp_path: Path) -> None:
    counting.PROCESS_USERS = {}
    owner = pwd.getpwnam("daemon")
    os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
    counts.task("clocks", "done", 0.1)
    assert len(list(tmp_path.iterdir())) == 3
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {owner.pw_uid}


@pytest.mark.django_db
def test_without_a_database_the_counts_are_told_all_the_same(counting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Client().get("/readyz")

    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    assert samples(metrics())["odr_database_up", ()] == 1
    monkeypatch.setattr(system_views.signs, "read", away)
    told = samples(metrics())
    assert told["odr_database_up", ()] == 0
    assert told["odr_requests_total", (("method", "GET"), ("route", "/readyz"), ("status", "2xx"))] == 1


def test_each_scrape_of_the_real_server_gives_the_sum_of_its_workers_and_each_of_its_lines_is_json(
    postgres_server: Any, django_db_setup: None, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = running.Installation(root=ROOT, local=tmp_path, sockets=tmp_path, server_user=None, code_user=None)
    command = running.portal_programs(place, bind=f"127.0.0.1:{port}", reload=False)["web"]["command"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    own = {"SECRET_KEY": secrets.token_urlsafe(48), "ODR_LOCAL": str(tmp_path), "ALLOWED_HOSTS": "localhost"}
    own |= {"METRICS_TOKEN": "a-long-word", "LOG_FORMAT": "json"}
    with (tmp_path / "log").open("wb") as log:
        web = subprocess.Popen(
            shlex.split(command), cwd=ROOT, env={**kept, **own}, stdout=log, stderr=log, start_new_session=True
        )

    def ask(path: str, **headers: str) -> tuple[int, str]:
        asked = urllib.request.Request(f"http://localhost:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    try:
        waited(lambda: ask("/healthz")[0] == 200, (tmp_path / "log").read_text, web)
        # Each by a line of its own: either worker may take it.
        address = f"/api/v1/{CANARIES['phone']}/"
        assert {ask(address)[0] for _ in range(40)} == {401}
        told = [samples(ask("/metrics", Authorization="Bearer a-long-word")[1]) for _ in range(8)]
        of = ("odr_requests_total", (("method", "GET"), ("route", "(no page reached)"), ("status", "4xx")))
        assert [one[of] for one in told] == [40] * 8
        ask("/healthz", Host=f"{CANARIES['email']}")
    finally:
        os.killpg(web.pid, signal.SIGTERM)
        web.wait()
    written = (tmp_path / "log").read_bytes()
    read = [json.loads(line) for line in written.splitlines()]
    assert {"gunicorn.error", "django.request"} <= {one["part"] for one in read}
    assert seen(written, [*CANARIES.items()]) == []
