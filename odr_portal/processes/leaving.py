"""A web process that was told to end goes on answering for a moment, so that a balancer sends nobody more.

Meanwhile `/readyz` answers 404: HAProxy (`http-check disable-on-404`) then sends nothing new and cuts nothing off, and
any other balancer takes the host out as it does for every answer but 200.
"""

import time

from web import environment

#: Seconds that it goes on. 0, as behind a socket that somebody else holds open, which keeps requests waiting: it ends
#: with the requests that are there.
SECONDS = environment.number("LEAVE_SECONDS", 0, least=0, most=15)
_until: float | None = None


def begin() -> bool:
    """Whether the process goes on for a moment. Asked again meanwhile, it does."""
    global _until
    if _until is None and SECONDS:
        _until = time.monotonic() + SECONDS
    return _until is not None and not is_over()


def is_under_way() -> bool:
    return _until is not None


def is_over() -> bool:
    return _until is not None and time.monotonic() >= _until
