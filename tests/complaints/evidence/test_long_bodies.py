"""T44: a body of a gigabyte, at the web server as `make run` starts it: a short no, and memory stays flat."""

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from tests import PATIENCE
from tests.faults.portal import descendants
from tests.web.requests.test_raw_requests import HOST, address, asked

__all__ = ["address"]

GIGABYTE = 2**30
QUICK = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def memory_of_servers(port: int) -> int:
    """Resident kB of every process that listens there."""
    import os

    pages = 0
    for process in descendants(os.getpid()):
        with suppress(OSError):
            if f":{port} ".encode() in Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" "):
                pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4


@pytest.mark.parametrize("kind", [b"multipart/form-data; boundary=x", b"application/octet-stream"])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_T44_a_gigabyte_is_refused_and_memory_stays_flat(address: tuple[str, int], kind: bytes, coding: str) -> None:
    asked(address, QUICK)
    before = memory_of_servers(address[1])
    assert before > 0
    long = b"Content-Length: %d\r\n" % GIGABYTE if coding == "length" else b"Transfer-Encoding: chunked\r\n"
    head = b"POST /account/sign-in/ HTTP/1.1\r\n" + HOST + b"Content-Type: " + kind + b"\r\n" + long + b"\r\n"
    chunk = bytes(65536) if coding == "length" else b"10000\r\n" + bytes(65536) + b"\r\n"
    most = before
    with socket.create_connection(address, timeout=PATIENCE) as line:
        line.sendall(head)
        with suppress(OSError):
            for number in range(GIGABYTE // 65536):
                line.sendall(chunk)
                if number % 1024 == 0:
                    most = max(most, memory_of_servers(address[1]))
        given = b""
        with suppress(OSError):
            given = line.recv(65536)
    if coding == "length" and given:
        # The page of the 413 needs collected static files, which this bare server has not; see front/test_odd_text.py.
        assert given.split(b" ")[1] in {b"413", b"500"}
    assert most - before < 50_000, f"{most - before} kB more"
    assert b" 200 " in asked(address, QUICK).split(b"\r\n")[0]
