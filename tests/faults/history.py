"""What was done and answered, line by line; a promise counts from the moment the client saw the answer."""

import json
import threading
import time
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Sent:
    """One form with a key of its own: what it said, and what was answered first."""

    kind: str
    marker: str
    text: str
    key: str
    number: str = ""
    answers: list[str] = field(default_factory=list)

    @property
    def is_acknowledged(self) -> bool:
        return bool(self.answers)


#: One attempt: when, how many seconds it took and what came back; status 0 when nothing did.
Request = namedtuple("Request", "at seconds method path status error", defaults=("",))


class History:
    """Of one scenario; several threads write. With a file every line is kept as it comes."""

    def __init__(self, file: Path | None = None) -> None:
        self.begun = time.monotonic()
        self.sent: dict[str, Sent] = {}
        self.requests: list[Request] = []
        self.events: list[tuple[float, str]] = []
        self.broken: list[str] = []
        self._lock = threading.Lock()
        self._stream = file.open("a", encoding="utf-8") if file else None

    @property
    def clock(self) -> float:
        return round(time.monotonic() - self.begun, 3)

    def _write(self, kind: str, **what: Any) -> None:
        if self._stream:
            self._stream.write(json.dumps({"at": self.clock, "kind": kind, **what}, ensure_ascii=False) + "\n")
            self._stream.flush()

    def request(self, *, at: float, method: str, path: str, status: int, error: str = "") -> None:
        made = Request(at, round(self.clock - at, 3), method, path, status, error)
        with self._lock:
            self.requests.append(made)
            self._write("request", method=method, path=path, status=status, seconds=made.seconds, error=error)

    def sending(self, sent: Sent) -> None:
        with self._lock:
            self.sent[sent.marker] = sent
            self._write("sending", what=sent.kind, marker=sent.marker, key=sent.key, number=sent.number)

    def acknowledged(self, sent: Sent, where: str) -> None:
        with self._lock:
            sent.answers.append(where)
            self._write("acknowledged", marker=sent.marker, where=where)

    def event(self, what: str) -> None:
        with self._lock:
            self.events.append((self.clock, what))
            self._write("event", what=what)

    def violation(self, what: str) -> None:
        with self._lock:
            self.broken.append(what)
            self._write("violation", what=what)

    def acks(self, kind: str = "") -> int:
        with self._lock:
            return sum(sent.is_acknowledged for sent in self.sent.values() if kind in ("", sent.kind))

    def close(self) -> None:
        if self._stream:
            self._stream.close()
