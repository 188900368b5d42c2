"""A hard end for whatever is said over a socket.

A time-out of a socket counts from the last byte, so a server that sends one byte a
second would hold us for ever; here a clock beside it shuts the connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Limit:
    """``with Limit(seconds) as limit: … limit.holds(sock) …``; afterwards ``is_over`` says whether it was cut off."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._copy: socket.socket | None = None
        self._guard = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Limit:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._guard:
            if self._copy is not None:
                self._copy.close()
                self._copy = None

    def holds(self, sock: socket.socket) -> None:
        """A copy, for a wrapped socket has left its first object."""
        with self._guard:
            if self._copy is not None:
                self._copy.close()
            self._copy = sock.dup()
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        with self._guard:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        if self._copy is not None:
            with contextlib.suppress(OSError):
                self._copy.shutdown(socket.SHUT_RDWR)
