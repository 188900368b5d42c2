"""Requests that no browser sends, at the web server as `make run` starts it."""

import os
import secrets
import select
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import masking
from accounts.sign_in.contacts import parse_contact
from complaints.desks.case_search import number_in
from complaints.evidence.files import shown_name
from odr_portal.processes import running
from odr_portal.processes.web_worker import HEAD_WITHIN
from tests import PATIENCE
from tests.cast import World

HOST = b"Host: localhost\r\n"
#: Two workers with four threads each (odr_portal/processes/running.py).
THREADS = 8
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix=f"odr-test-{os.getpid()}-"))
    place = running.Installation(root=settings.ROOT, local=folder, sockets=folder, server_user=None, code_user=None)
    command = running.portal_programs(place, bind=f"127.0.0.1:{port}", reload=False)["web"]["command"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    own = {"SECRET_KEY": secrets.token_urlsafe(48), "ODR_LOCAL": str(folder), "DATABASE_URL": ""}
    how = {"cwd": settings.ROOT, "env": {**kept, **own, "ALLOWED_HOSTS": "localhost"}, "start_new_session": True}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    web = subprocess.Popen(shlex.split(command), **how, **silent)
    try:
        deadline = time.monotonic() + PATIENCE
        while asked(("127.0.0.1", port), b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n") == b"":
            assert time.monotonic() < deadline, "the web server does not start"
            assert web.poll() is None
        yield "127.0.0.1", port
    finally:
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()


def asked(address: tuple[str, int], raw: bytes, *, patience: float = 3) -> bytes:
    """Everything that the server says before it hangs up, or until patience ends."""
    result = b""
    with suppress(OSError), socket.create_connection(address, timeout=patience) as line:
        line.sendall(raw)
        while part := line.recv(65536):
            result += part
    return result


POST, GET = (method + b" /healthz HTTP/1.1\r\n" + HOST for method in (b"POST", b"GET"))
ODD = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a folded header": GET + b"X-A: a\r\n b\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 4\r\n\r\n",
    "a signed length": POST + b"Content-Length: +4\r\n\r\nabcd",
    "an odd chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
    "a bare line end": b"GET /healthz HTTP/1.1\nHost: localhost\nX: y\n\n",
}


@pytest.mark.parametrize("name", ODD)
def test_T89_two_readings_of_one_request_are_refused(address: tuple[str, int], name: str) -> None:
    result = asked(address, ODD[name] + SMUGGLED)
    statuses = [line.split(b" ")[1] for line in result.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    # The server's own words for a broken chunk are "500 … Bad Request"; it hangs up all the same.
    refused = {b"400", b"411", b"501", *([b"500"] if name == "an odd chunk" else [])}
    assert len(statuses) <= 1, result
    assert set(statuses) <= refused, result


def test_T89_a_long_address_and_a_forged_host_get_a_short_no(address: tuple[str, int]) -> None:
    long = asked(address, b"GET /" + b"a" * 6000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", patience=30)
    assert b" 414 " in long.split(b"\r\n")[0]
    forged = asked(address, b"GET /how/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", patience=30)
    assert b" 400 " in forged.split(b"\r\n")[0]
    assert b"evil.example" not in forged


def is_open(line: socket.socket) -> bool:
    """Whether the server still holds this connection: it has said nothing on it, and has not hung up."""
    return not select.select([line], [], [], 0)[0]


def test_T89_somebody_who_sends_a_letter_a_second_does_not_hold_up_the_others(address: tuple[str, int]) -> None:
    """A quick request is answered while more slow ones wait than there are threads, and who is slow is answered too.

    Slow ones are given up after HEAD_WITHIN. On a busy machine that may come first, and says nothing: then once more.
    """
    quick = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    passed_by = answered_late = False
    for _ in range(6):
        slow = [socket.create_connection(address, timeout=HEAD_WITHIN) for _ in range(40)]
        try:
            for line in slow:
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            first = asked(address, quick, patience=HEAD_WITHIN).split(b"\r\n")[0]
            passed_by = passed_by or (b" 200 " in first and sum(map(is_open, slow)) > THREADS)
            late = slow[-1]
            if is_open(late):
                late.sendall(b"alhost\r\nConnection: close\r\n\r\n")
                answered_late = answered_late or b" 200 " in late.recv(4096)
        except OSError:
            continue
        finally:
            for line in slow:
                line.close()
        if passed_by and answered_late:
            return
    assert passed_by, "a quick request waits for slow ones"
    assert answered_late, "who is slow is answered all the same"


LONG = 50_000
CRUEL = {
    "one letter": "a" * LONG,
    "spaces": " " * LONG + "x",
    "digits": "1" * LONG + "!",
    "hyphens": "20261101-" * (LONG // 9),
    "address": "a@" + "a." * (LONG // 2),
    "brackets": "（(" * (LONG // 2),
    "Chinese": "中国移动" * (LONG // 4),
    "marks": "a" + "\u0301" * LONG,
}


@contextmanager
def bounded(seconds: int, name: str) -> Iterator[None]:
    """A watchdog, not a measure: a pattern that explodes would run for hours."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"{name} runs on and on")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_T50_no_pattern_explodes() -> None:
    reading: list[Any] = [number_in, parse_contact, shown_name]
    reading += [masking.masked_phone, masking.masked_name, masking.masked_address]
    for read, (name, text) in product(reading, CRUEL.items()):
        with bounded(10, name):
            read(text)


def test_T50_T86_no_search_explodes_and_a_page_is_a_page_however_many_are_asked_for(
    client: Client, world: World
) -> None:
    client.force_login(world.rui)
    for path, (name, text) in product(("/find/", "/authority/cases/"), CRUEL.items()):
        with bounded(20, name):
            answer = client.get(path, {"q": text})
        assert answer.status_code in (200, 302, 400, 414, 422), (path, name)
    for extra in ({"page_size": "100000"}, {"limit": "100000"}, {"after": "x" * 5000}, {"after": "-1"}):
        assert client.get("/authority/cases/", extra).status_code in (200, 400, 404)
