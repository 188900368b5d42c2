"""From where somebody acts in this request: the session and the device, as keyed digests that open nothing.

A session is one from signing in to signing out, whatever its cookie is renewed for; who signs in over a session that is
still open goes on in it. A device is a browser that keeps its long-lived cookie (known_browsers.py): whoever deletes it
sits at another one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.sign_in.known_browsers import browser_of

#: In a session: the mark by which it is one.
MARK = "seat"
_REQUEST: ContextVar[HttpRequest | None] = ContextVar("request_of_the_seat", default=None)


@dataclass(frozen=True, slots=True)
class Seat:
    """32 hexadecimal digits each; empty where there is none: a command, a sweep, a browser without the cookie."""

    session: str = ""
    device: str = ""


@contextmanager
def at_work_in(request: HttpRequest | None) -> Iterator[None]:
    """Until the end of the block `here` speaks of this request; None: of none."""
    token = _REQUEST.set(request)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def here() -> Seat:
    """From where the request that is served now comes; nowhere outside of one."""
    request = _REQUEST.get()
    if request is None:
        return Seat()
    token = getattr(request, "api_token", None)
    if token is not None:
        return Seat(session=_digest("token", str(token.pk)))
    browser = browser_of(request)
    session = mark_of(request.session)
    return Seat(_digest("session", session) if session else "", _digest("device", browser.mark) if browser else "")


def mark_of(session: SessionBase) -> str:
    """The mark of this session; of one that began before there were marks, its key."""
    return str(session.get(MARK) or session.session_key or "")


def _digest(kind: str, text: str) -> str:
    return salted_hmac("accounts.seat", f"{kind}\n{text}", algorithm="sha256").hexdigest()[:32]
