"""A service outside that takes whatever is posted to it: a collector of traces, a receiver of reports."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest


class Outside:
    """``posted``: (path, body) of each call, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.posted: Queue[tuple[str, bytes]] = Queue()


@pytest.fixture
def outside() -> Iterator[Outside]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            result.posted.put((self.path, gzip.decompress(body) if is_packed else body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    result = Outside(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield result
    server.shutdown()
    server.server_close()
