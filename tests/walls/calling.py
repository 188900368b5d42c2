"""Calling an address as somebody, quickly: the whole stack of middlewares, no recording of templates.

An answer is compared only after what changes with every request (keys of forms, incident numbers), the
address itself and the mark of the chapter that it begins with are taken out; nothing else is.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.signals import got_request_exception, request_finished
from django.db import close_old_connections
from django.test import Client
from django.test.client import ClientHandler, RequestFactory
from django.utils import timezone

from complaints.filing import drafts
from complaints.filing.held import COOKIE
from complaints.links.tracking import KEPT_IN_SESSION, OPEN_FOR
from tests.walls.world import TRACKED, Person, World

_CHANGES = re.compile(
    rb'name="(?:csrfmiddlewaretoken|idempotency_key)" value="[^"]*"|(?:nonce|data-list)="[^"]*"|\b[02-9]{4}-[02-9]{4}\b'
)
#: Headers that name the moment or the request.
_OF_THE_MOMENT = {"Date", "Incident-Number", "Set-Cookie", "Expires", "Last-Modified"}
_factory = RequestFactory()
API = "/api/"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str
    error: str = ""

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def is_sign_in(self) -> bool:
        return self.status == 302 and self.location.startswith(settings.LOGIN_URL)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def compared(self) -> tuple[Any, ...]:
        """What must be the same for what is not yours and for what does not exist."""
        named = {name: value for name, value in self.headers.items() if name not in _OF_THE_MOMENT}
        headers = {name: self._without_address(value.encode()) for name, value in named.items()}
        body = self._without_address(_CHANGES.sub(b"?", self.body))
        if "Content-Length" in headers and headers["Content-Length"] == str(len(self.body)).encode():
            headers["Content-Length"] = b"?"
        return self.status, tuple(sorted(headers.items())), body

    def _without_address(self, value: bytes) -> bytes:
        if not any(letter.isdigit() for letter in self.path):
            # It names nothing, and the frame may link to it.
            return value
        for form in {self.path, quote(self.path), quote(self.path, safe=""), escape(self.path)}:
            value = value.replace(form.encode(), b"<address>")
        return value


class Caller:
    """Somebody at a browser (or nobody). The session is begun once."""

    def __init__(self, person: Person, world: World) -> None:
        self.person = person
        self.token = world.tokens.get(person.name, "")
        client = Client()
        if person.user is not None:
            client.force_login(person.user)
        if person.key == "token":
            session = client.session
            session[KEPT_IN_SESSION] = {
                "number": world.families[person.of].case(TRACKED).number,
                "digest": drafts.tracking_digest(f"{person.of}{TRACKED}{'k' * 30}"),
                "until": (timezone.now() + OPEN_FOR).isoformat(),
                # A code was given too: without one each decision leads to the page of the code, open or not.
                "phone_until": (timezone.now() + OPEN_FOR).isoformat(),
            }
            session.save()
            client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        self.cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        if person.key == "draft":
            self.cookies[COOKIE] = world.drafts[person.of][1]

    def call(
        self, method: str, path: str, data: Mapping[str, Any] | None = None, *, csrf: bool = False, **headers: str
    ) -> Answer:
        """The answer as bytes; an exception in a view is a 500 whose ``error`` names it."""
        environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if path.startswith(API):
            if self.token:
                environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
            body = dict(data or {})
            environ["HTTP_IDEMPOTENCY_KEY"] = body.pop("idempotency_key", "")
            request = _factory.generic(
                method, path, json.dumps(body) if method != "GET" else "", "application/json", **environ
            )
        elif method in {"GET", "HEAD"}:
            request = _factory.generic(method, path, QUERY_STRING="", **environ)
        else:
            request = _factory.post(path, dict(data or {}), **environ)
            request.environ["REQUEST_METHOD"] = method
        problems: list[str] = []

        def note(request: Any = None, **kwargs: Any) -> None:
            problems.append(repr(sys.exc_info()[1])[:300])

        got_request_exception.connect(note)
        try:
            response = _handler(csrf)(request.environ)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            if response.streaming:
                # The handler closes what is no stream; both must leave the world's connection open.
                request_finished.disconnect(close_old_connections)
                response.close()
                request_finished.connect(close_old_connections)
        finally:
            got_request_exception.disconnect(note)
        return Answer(response.status_code, dict(response.items()), bytes(body), path, "; ".join(problems))


@cache
def _handler(csrf: bool) -> ClientHandler:
    handler = ClientHandler(enforce_csrf_checks=csrf)
    handler.load_middleware()
    return handler
