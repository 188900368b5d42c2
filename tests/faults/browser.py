"""A browser without a window: after a 5xx or no answer it sends the same key again, as people press again."""

import http.client
import re
import threading
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.faults.history import History

# Above the promise (10 s), so that a request that hangs is seen and not cut off.
LONGEST = 20
PAUSE = 0.15


@dataclass(slots=True)
class Answer:
    status: int
    location: str
    text: str

    @property
    def is_running(self) -> bool:
        """The first try with this key is still being carried out."""
        return self.status == 409 and "同样的请求正在办理" in self.text

    def hidden(self, name: str) -> str:
        result = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return result[1] if result else ""


class GaveUp(Exception):
    """No answer for so long that a person would have rung up."""


class Browser:
    def __init__(self, port: int, history: History, *, patience: float = 90) -> None:
        self.port, self.history, self.patience = port, history, patience
        self.cookies: dict[str, str] = {}
        self._never = threading.Event()

    def once(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Answer | None:
        """One attempt; None when the connection broke before an answer was there."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        at = self.history.clock
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self.history.request(at=at, method=method, path=path, status=0, error=type(error).__name__)
            return None
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.history.request(at=at, method=method, path=path, status=response.status)
        return Answer(response.status, response.headers.get("Location", ""), text)

    def until_answered(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Answer:
        """The first answer that is neither an error of the server nor “it is being carried out”."""
        end = time.monotonic() + self.patience
        while True:
            answer = self.once(method, path, fields)
            if answer is not None and answer.status < 500 and not answer.is_running:
                return answer
            if time.monotonic() > end:
                raise GaveUp(f"{method} {path}")
            self._never.wait(PAUSE)

    def get(self, path: str) -> Answer:
        return self.until_answered("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self.until_answered("POST", path, fields)
