"""A pooler that lends a session of the server for one transaction, as PgBouncer does with ``pool_mode=transaction``.

So small that it can be read: simple queries only (all that psycopg2 says), no TLS, sessions lent in turn, so that two
transactions of one client meet different sessions whenever there are two. PgBouncer itself is met in `make
test-cluster`.
"""

import queue
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_STARTUP, _SSL, _CANCEL = 196608, 80877103, 80877102
#: What a pooler takes when a client connects; it refuses everything else.
_PASSED_ON = {"user", "database", "client_encoding", "application_name", "replication"}


def _all(line: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = line.recv(size - len(parts))
        if not part:
            raise ConnectionError
        parts += part
    return parts


def _message(line: socket.socket) -> tuple[bytes, bytes]:
    """(kind, the whole message) of what comes next."""
    head = _all(line, 5)
    return head[:1], head + _all(line, struct.unpack("!I", head[1:])[0] - 4)


def _say(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


class Pooler:
    """Listens on a port of this machine; ``sessions`` of them stand to the server's socket, as ``user``."""

    def __init__(self, server: Path, *, user: str, database: str, sessions: int) -> None:
        self.server, self.begins = server, {"user": user, "database": database, "client_encoding": "UTF8"}
        self.free: queue.Queue[socket.socket] = queue.Queue()
        self.greeting = b""
        #: Of each transaction that came to its end: how often the client asked.
        self.asked: list[int] = []
        for _ in range(sessions):
            self.free.put(self._session())
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _session(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(self.server))
        words = b"".join(f"{name}\0{value}\0".encode() for name, value in self.begins.items()) + b"\0"
        line.sendall(struct.pack("!II", len(words) + 8, _STARTUP) + words)
        self.greeting = b""
        while True:
            kind, message = _message(line)
            if kind == b"E":
                raise ConnectionError(message)
            if kind == b"S":
                self.greeting += message
            if kind == b"Z":
                return line

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            while True:
                size, code = struct.unpack("!II", _all(client, 8))
                words = _all(client, size - 8)
                if code == _CANCEL:
                    return
                if code != _SSL:
                    break
                client.sendall(b"N")
            said = dict(zip(*[iter(words.decode().split("\0"))] * 2, strict=False))
            if odd := set(said) - _PASSED_ON - {""}:
                text = f"SFATAL\0C08P01\0Munsupported startup parameter: {min(odd)}\0\0".encode()
                client.sendall(_say(b"E", text))
                return
            ready = _say(b"R", struct.pack("!I", 0)) + self.greeting
            client.sendall(ready + _say(b"K", struct.pack("!II", 1, 1)) + _say(b"Z", b"I"))
            while self._lend(client):
                pass

    def _lend(self, client: socket.socket) -> bool:
        """One transaction of the client; False when it has gone."""
        kind, message = _message(client)
        if kind == b"X":
            return False
        session, asked = self.free.get(), 0
        try:
            while True:
                session.sendall(message)
                asked += 1
                state = self._answer(session, client)
                if state == b"I":
                    self.asked.append(asked)
                    break
                kind, message = _message(client)
                if kind == b"X":
                    raise ConnectionError
        except OSError:
            # Whatever it has begun is taken back with the session.
            session.close()
            session = self._session()
            return False
        finally:
            self.free.put(session)
        return True

    def _answer(self, session: socket.socket, client: socket.socket) -> bytes:
        while True:
            kind, message = _message(session)
            client.sendall(message)
            if kind == b"Z":
                return message[5:]

    def stop(self) -> None:
        self.listener.close()
        while not self.free.empty():
            self.free.get().close()


@contextmanager
def pooled(server: Path, **how: Any) -> Iterator[Pooler]:
    """Until the block ends."""
    pooler = Pooler(server, **how)
    try:
        yield pooler
    finally:
        pooler.stop()
