"""A bad network for the tests of clients: a line that is cut before, in the middle of, or after what is said."""

import contextlib
import random
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests import PATIENCE
from tests.complaints.notices.post_office import Server, serving


class Line:
    """``share`` of all calls are cut; where, is chosen by ``seed``. ``cuts`` counts them by kind."""

    KINDS: tuple[str, ...] = ("before", "asked", "answered", "half")

    def __init__(self, target: str, *, share: float, seed: int) -> None:
        where = urlsplit(target)
        self.target = (where.hostname or "localhost", where.port or 80)
        self.share, self.random, self.cuts, self.calls = share, random.Random(seed), Counter[str](), 0
        self.lock = threading.Lock()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def lot(self) -> str:
        """What happens to the next call; every kind comes about, whatever the dice say."""
        with self.lock:
            self.calls += 1
            kind = self.random.choice(self.KINDS) if self.random.random() < self.share else ""
            self.cuts[kind] += 1
            return kind


class _Talk(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        line: Line = self.server.line
        with contextlib.suppress(OSError):
            asked = _whole(self.request)
            kind = line.lot()
            if not asked or kind == "before":
                return
            with socket.create_connection(line.target, timeout=PATIENCE) as portal:
                head, _, body = asked.partition(b"\r\n\r\n")
                portal.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
                answer = b""
                while part := portal.recv(65536):
                    answer += part
            # "asked" and "answered": the portal did it, and nobody hears so.
            if kind in ("", "half"):
                self.request.sendall(answer if not kind else answer[: len(answer) // 2])


def _whole(sock: socket.socket) -> bytes:
    """One request: its head, and so much of a body as it says."""
    result = b""
    while b"\r\n\r\n" not in result:
        part = sock.recv(65536)
        if not part:
            return b""
        result += part
    head, _, body = result.partition(b"\r\n\r\n")
    rows = head.split(b"\r\n")
    length = next((int(row.split(b":")[1]) for row in rows if row.lower().startswith(b"content-length:")), 0)
    kept = b"\r\n".join(row for row in rows if not row.lower().startswith(b"connection:"))
    while len(body) < length:
        body += sock.recv(65536)
    return kept + b"\r\n\r\n" + body


@contextlib.contextmanager
def cut_line(target: str, *, share: float, seed: int) -> Iterator[Line]:
    made = Line(target, share=share, seed=seed)
    with serving(Server(_Talk, line=made)) as made.port:
        yield made
