"""A browser that sends exactly what it is told: any method, any Host, any path, any cookie.

Libraries put paths and headers in order before they send them, so this one speaks through http.client.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import string
import uuid
from collections.abc import Mapping
from html import unescape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode, urlsplit
from weakref import WeakSet

from tests.walls.calling import API, Answer

#: Seconds; a page that takes longer than its own limit (32 s) is a fault of the portal.
LONGEST = 60
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SESSION, CSRF = "sessionid", "csrftoken"
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_LINK = re.compile(r'(?:href|action)="(/[^"#]*)')


class Unreachable(Exception):
    """Nobody answers at the address of the portal."""


def random_word(length: int = 32) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def without(cookies: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in cookies.items() if key != name}


#: Every open line: a portal that serves a thread a line keeps a thread and its database connection as long.
_LINES: WeakSet[http.client.HTTPConnection] = WeakSet()


def hang_up_all() -> None:
    for line in list(_LINES):
        line.close()


class Browser:
    """``origin``: scheme, host and port of the portal. ``secret``: a program's token; then there are no cookies."""

    def __init__(self, origin: str, *, secret: str = "") -> None:
        self.origin, self.secret = origin, secret
        self.host = urlsplit(origin).netloc
        self.cookies: dict[str, str] = {CSRF: random_word(), "django_language": "zh-hans"}
        #: Of the last answer, as they stand in it.
        self.set_cookies: list[str] = []
        self._line: http.client.HTTPConnection | None = None

    def call(
        self,
        method: str,
        path: str,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        *,
        csrf: bool = True,
        keeps: bool = True,
    ) -> Answer:
        """The answer. ``data``: the fields of a form (for the API: of a JSON body), or bytes to send as they are;
        ``csrf``: with the token that this browser's own pages would send; ``keeps``: takes the cookies it is given."""
        head: dict[str, str | None] = {"Host": self.host, "Accept-Language": "zh-CN"}
        body = b""
        is_program = path.startswith(API)
        if self.secret:
            head["Authorization"] = f"Bearer {self.secret}"
        elif self.cookies:
            head["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method not in SAFE:
            key = uuid.uuid4().hex
            if isinstance(data, bytes):
                body = data
            elif is_program:
                body = json.dumps(dict(data or {})).encode()
                head |= {"Content-Type": "application/json", "Idempotency-Key": key}
            else:
                fields = {"idempotency_key": key, **(data or {})}
                if csrf:
                    fields["csrfmiddlewaretoken"] = self.cookies.get(CSRF, "")
                body = urlencode(fields).encode()
                head["Content-Type"] = "application/x-www-form-urlencoded"
            if csrf and not is_program:
                # Forms are read of POST alone; a program of ours says the token in a header with every method.
                head["X-CSRFToken"] = self.cookies.get(CSRF, "")
            head["Content-Length"] = str(len(body))
        head |= headers or {}
        status, answered, said = self._sent(method, path, head, body)
        self.set_cookies = [value for name, value in answered if name.lower() == "set-cookie"]
        if keeps and not self.secret:
            self._keep()
        # Of this line alone, and not of the answer.
        kept = {
            name: value for name, value in answered if name.lower() not in {"set-cookie", "connection", "keep-alive"}
        }
        return Answer(status, kept, said, path)

    def _sent(
        self, method: str, path: str, head: Mapping[str, str | None], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """A line that was kept may have been closed meanwhile: then once more on a new one."""
        for is_again in (False, True):
            if self._line is None:
                self._line = http.client.HTTPConnection(self.host, timeout=LONGEST)
                _LINES.add(self._line)
            try:
                self._line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
                for name, value in head.items():
                    if value is not None:
                        self._line.putheader(name, value)
                self._line.endheaders(body or None)
                response = self._line.getresponse()
                return response.status, response.getheaders(), response.read()
            except (OSError, http.client.HTTPException) as error:
                self.hang_up()
                if is_again or isinstance(error, TimeoutError):
                    raise Unreachable(f"{method} {path}: {error!r}") from error
        raise AssertionError

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _keep(self) -> None:
        for line in self.set_cookies:
            try:
                morsels = SimpleCookie(line)
            except CookieError:
                continue
            for name, morsel in morsels.items():
                if morsel.value and morsel["max-age"] not in ("0", 0):
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        self.cookies.setdefault(CSRF, random_word())

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        return self.call("POST", path, fields)

    def do(self, path: str, **fields: str) -> Answer:
        """Send a form, and read the page that it leads to: what that says to the person stands on no later one."""
        answer = self.post(path, **fields)
        self.follow(answer)
        return answer

    def follow(self, answer: Answer, *, most: int = 5) -> Answer:
        """The page that redirects lead to."""
        while answer.status in (301, 302, 303, 307) and most:
            answer, most = self.get(answer.location), most - 1
        return answer


def links(answer: Answer) -> list[str]:
    """Addresses of the portal on this page, each once, without query, in their order."""
    return list(dict.fromkeys(unescape(found).partition("?")[0] for found in _LINK.findall(answer.text)))


def hidden(answer: Answer) -> dict[str, str]:
    """Hidden fields of the page, by name."""
    found = {}
    for field in _HIDDEN.findall(answer.text):
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            found[name[1]] = unescape(value[1]) if value else ""
    return found
