"""A scanner for the tests: speaks INSTREAM, knows one piece of malware, and can fall in the middle."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from web.environment import Scanner

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class _Talk(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server: Clamd = self.server  # type: ignore[assignment]
        assert self._read(10) == b"zINSTREAM\0"
        whole = b""
        while size := struct.unpack(">I", self._read(4))[0]:
            whole += self._read(size)
            if server.falls:
                return
        server.seen.append(whole)
        self.request.sendall(server.answer or (b"stream: Eicar FOUND\0" if EICAR in whole else b"stream: OK\0"))

    def _read(self, count: int) -> bytes:
        got = b""
        while len(got) < count and (more := self.request.recv(count - len(got))):
            got += more
        return got


class Clamd(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    falls = False
    answer = b""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Talk)

    @property
    def place(self) -> Scanner:
        return Scanner(host="127.0.0.1", port=self.server_address[1])


@contextmanager
def running() -> Iterator[Clamd]:
    with Clamd() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
