"""Pages that may be a moment old are read from a standby (DATABASE_REPLICA_URL), behind both checks of who sees what.

No router: row-level security, prepared statements and every query ask the connection named "default", so for one answer
another connection stands there under that name. The whole answer comes from one server. What fails there, since it
wants to write or the standby is away, is made anew from the primary. Who is signed in is asked of the primary, so a
session that was ended opens nothing; and whoever has just changed something reads what stands there for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

PAGES = ("/open/", "/oversight/")
_SAFE = frozenset({"GET", "HEAD"})
#: Seconds for which nobody asks a standby that failed, and for which whoever has changed something reads the primary.
LEFT_ALONE, OWN_CHANGE = 5, 10
_own = threading.local()
_left_alone_until = 0.0


class StandbyReads:
    """Stands before the transaction of the request, which then begins on whichever server is asked. Says which in
    ``request.is_from_standby``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        global _left_alone_until
        request.is_from_standby = False  # type: ignore[attr-defined]
        if not settings.DATABASE_REPLICA or not request.path.startswith(PAGES):
            return self.get_response(request)
        cookie = f"{settings.COOKIE_PREFIX}changed"
        if request.method not in _SAFE:
            response = self.get_response(request)
            response.set_cookie(cookie, "1", max_age=OWN_CHANGE, secure=settings.HTTPS, httponly=True, samesite="Lax")
            return response
        if cookie in request.COOKIES or time.monotonic() < _left_alone_until:
            return self.get_response(request)
        getattr(request.user, "pk", None)
        with standing_in():
            request.is_from_standby = True  # type: ignore[attr-defined]
            response = self.get_response(request)
        if response.status_code >= 500:
            _left_alone_until = time.monotonic() + LEFT_ALONE
            request.is_from_standby = False  # type: ignore[attr-defined]
            response = self.get_response(request)
        return response


@contextmanager
def standing_in() -> Iterator[None]:
    """In the block the connection of this thread to the standby is the one named "default"."""
    primary: Any = connections["default"]
    standby = getattr(_own, "connection", None)
    if standby is None:
        standby = _own.connection = primary.copy()
        standby.settings_dict = primary.settings_dict | settings.DATABASE_REPLICA
    standby.close_if_unusable_or_obsolete()
    connections["default"] = standby
    try:
        yield
    finally:
        connections["default"] = primary
        standby.close_if_unusable_or_obsolete()
