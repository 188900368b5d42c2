"""A day at a desk, played by hands that know the keys: what is pressed, opened and waited for is counted.

A key is one press, Tab too; of words that have to be written only the letters are counted, apart. A load is a page that
the browser opens. Server time is the CPU time of the web process in requests, in seconds; PostgreSQL's is not in it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from django.core.signals import request_finished, request_started


class Hands:
    """Somebody at a page. Each ``with hands.doing(what)`` is one case."""

    def __init__(self, page: Any) -> None:
        self.page, self.what = page, ""
        self.cases: Counter[str] = Counter()
        self.counts: dict[str, Counter[str]] = {}
        page.on("framenavigated", lambda frame: self.count("loads") if frame == page.main_frame else None)

    def count(self, name: str, by: float = 1) -> None:
        if self.what:
            self.counts.setdefault(self.what, Counter())[name] += by  # type: ignore[assignment]

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        self.what = what
        self.cases[what] += 1
        here, request = local(), {"start": request_started, "end": request_finished}

        def began(**kwargs: Any) -> None:
            here.at = time.thread_time()

        def ended(**kwargs: Any) -> None:
            self.count("server", time.thread_time() - getattr(here, "at", time.thread_time()))

        request["start"].connect(began)
        request["end"].connect(ended)
        try:
            yield
            self.page.wait_for_load_state()
        finally:
            request["start"].disconnect(began)
            request["end"].disconnect(ended)
            self.what = ""

    def press(self, *keys: str) -> None:
        for key in keys:
            self.count("keys")
            self.page.keyboard.press(key)

    def leave(self, *keys: str) -> None:
        """Keys of which the last leads to another page."""
        self.press(*keys[:-1])
        with self.page.expect_navigation(wait_until="load"):
            self.press(keys[-1])

    def type(self, text: str) -> None:
        self.count("letters", len(text))
        self.page.keyboard.type(text)

    def to_cursor(self, selector: str) -> None:
        """Nothing is typed before the page has put the cursor there: on a slow machine that is after its load."""
        self.page.locator(f"{selector}:focus").wait_for()

    def to(self, selector: str) -> None:
        """By Tab, as far as it takes."""
        for _ in range(400):
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"{self.page.url}: no Tab leads to {selector}")

    def write(self, selector: str, text: str) -> None:
        self.to(selector)
        self.type(text)

    def choose(self, selector: str, value: str) -> None:
        """The option of a list by its arrows."""
        self.to(selector)
        for _ in range(30):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{selector} does not offer {value}")

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each kind of work: what one case cost on average."""
        for what, n in self.cases.items():
            counts = self.counts.get(what, Counter())
            yield {
                "what": what,
                "cases": n,
                **{name: round(counts[name] / n, 1) for name in ("keys", "letters", "loads")},
                "server": round(counts["server"] / n, 3),
            }
