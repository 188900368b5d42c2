"""The worker of the web server: somebody who sends slowly waits outside, and holds no thread meanwhile.

A thread is given to a request whose head is there, and for a bounded time. The server's own worker
blocks a thread from the first byte on, so that eight connections which say nothing more would stop the portal.
"""

import socket
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

from database import sessions
from odr_portal.processes import leaving

#: Seconds in which the whole head of a request must have come.
HEAD_WITHIN = 10.0
#: Seconds of silence in the middle of a body, or of an answer that nobody fetches, after which the line is cut.
SILENCE = 15.0
#: Seconds for one request from its head to the last byte of the answer: 10 MB over a poor mobile network.
WHOLE_WITHIN = 300.0
#: As far as a head is looked at; the parser refuses a longer one by itself.
HEAD_BYTES = 65536
_INCOMPLETE = object()


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """`waiting`: connection → when its head must be there; `busy`: connection → when its line is cut."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.waiting: dict[Any, float] = {}
        self.busy: dict[Any, float] = {}

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """Told to end: at once with the requests that are here, or after a moment (odr_portal/processes/leaving.py)."""
        if not leaving.begin():
            super().handle_exit(sig, frame)

    def handle(self, conn: Any) -> Any:
        seen = b"" if self.cfg.is_ssl else self._beginning(conn)
        if seen is None and conn not in self.waiting:
            # Nothing at all yet: the poller of the server's own worker wakes us.
            return _DEFER
        # The end of the line, a whole head, or too much to be one: a thread has something to do.
        if seen is not None and (not seen or len(seen) >= HEAD_BYTES or b"\r\n\r\n" in seen or b"\n\n" in seen):
            self.waiting.pop(conn, None)
            conn.data_ready = True
            return super().handle(conn)
        self.waiting.setdefault(conn, time.monotonic() + HEAD_WITHIN)
        return _INCOMPLETE

    def _beginning(self, conn: Any) -> bytes | None:
        """What has come so far, left where it is; b"" where the parser must decide, None for nothing yet."""
        if conn.initialized and conn.parser.unreader.buf.getvalue():
            return b""
        try:
            return bytes(conn.sock.recv(HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.settimeout(SILENCE)
        self.busy[conn] = time.monotonic() + WHOLE_WITHIN
        try:
            return super().handle_request(req, conn)
        finally:
            self.busy.pop(conn, None)

    def finish_request(self, conn: Any, fs: Any) -> None:
        if fs.cancelled() or fs.exception() is not None or fs.result() is not _INCOMPLETE:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Once a second: look again at heads that are coming, cut what takes too long, here and in the database."""
        super().murder_pending()
        if leaving.is_over():
            self.alive = False
        now = time.monotonic()
        sessions.cancel_overdue(now)
        for conn, until in list(self.waiting.items()):
            if now < until and self.alive:
                self.enqueue_req(conn)
            else:
                self.waiting.pop(conn, None)
                self.nr_conns -= 1
                conn.close()
        for conn, until in list(self.busy.items()):
            if now >= until:
                # The thread that reads or writes there wakes with an error and ends the request.
                conn.sock.shutdown(socket.SHUT_RDWR)
