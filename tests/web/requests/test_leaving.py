"""A web process that is told to end, at the web server as the portal starts it."""

import os
import secrets
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from odr_portal.processes import running
from tests import PATIENCE
from tests.faults.portal import free_port


@contextmanager
def serving(folder: Path, *, seconds: int) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Its address and process, without a database."""
    port = free_port()
    place = running.Installation(root=settings.ROOT, local=folder, sockets=folder, server_user=None, code_user=None)
    command = running.portal_programs(place, bind=f"127.0.0.1:{port}", reload=False)["web"]["command"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    own = {"SECRET_KEY": secrets.token_urlsafe(48), "ODR_LOCAL": str(folder), "DATABASE_URL": ""}
    how = {"cwd": settings.ROOT, "env": {**kept, **own, "LEAVE_SECONDS": str(seconds)}, "start_new_session": True}
    web = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    try:
        until(f"http://127.0.0.1:{port}", 503)
        yield f"http://127.0.0.1:{port}", web
    finally:
        with suppress(ProcessLookupError):
            os.killpg(web.pid, signal.SIGKILL)
        web.wait()


def asked(address: str) -> int:
    """What /readyz answers; 0 where nobody does."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def until(address: str, wanted: int) -> None:
    end = time.monotonic() + PATIENCE
    while (status := asked(address)) != wanted:
        assert time.monotonic() < end, f"{status} instead of {wanted}"


def test_a_process_that_ends_says_so_first_and_answers_what_still_comes(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=3) as (address, web):
        told = time.monotonic()
        web.terminate()
        until(address, 404)
        with urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE) as answer:
            assert answer.status == 200
        assert web.wait(PATIENCE) == 0
        assert time.monotonic() - told >= 3


def test_behind_a_socket_that_somebody_else_holds_it_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=0) as (address, web):
        web.terminate()
        seen = set[int]()
        while status := asked(address):
            seen.add(status)
        assert web.wait(PATIENCE) == 0
        assert 404 not in seen
