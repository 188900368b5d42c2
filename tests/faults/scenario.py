"""One run of a fault: it waits for what must happen, never for a length of time, and judges at the end."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import PATIENCE
from tests.faults import standing
from tests.faults.clients import CLIENTS, Filing, filing
from tests.faults.history import History
from tests.faults.nemesis import Nemesis, strike
from tests.faults.portal import RunningPortal, crowded, descendants

STALE = 12
LEAN = {"DEMO": "no", "HEARTBEAT_STALE_AFTER": str(STALE), "SWEEP_EVERY": "2"}
SHOWN = 40


@dataclass
class Scenario:
    portal: RunningPortal
    history: History
    since: int
    seed: int
    file: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def dice(self) -> random.Random:
        return random.Random(self.seed)

    def filing(self, count: int = CLIENTS, *, rest: float = 0) -> contextlib.AbstractContextManager[Filing]:
        return filing(self.portal, self.history, seed=self.seed, count=count, rest=rest)

    def nemesis(self, *names: str, every: tuple[float, float]) -> Nemesis:
        return Nemesis(self.portal, self.history, seed=self.seed, names=names, every=every)

    def strike(self, name: str) -> None:
        strike(self.portal, self.history, name, self.dice)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        """What does not come is written down, so that the judge can say why; with something broken nobody waits."""
        try:
            return self.portal.until(lambda: self.history.broken or condition(), what, seconds * crowded())
        except AssertionError as error:
            self.history.violation(f"STUCK {str(error).partition(';')[0]}")
            return None

    def start(self, module: str, *arguments: Any) -> "subprocess.Popen[str]":
        """A process of the scenario's own; it ends with it."""
        process = self.portal.in_clone(module, *arguments)
        self.started.append(process)
        return process

    def clocks(self, count: int, begins: float, ends: float) -> None:
        """So many cases, twice as many clocks, that fall due from now in these seconds."""
        given = self.portal.in_clone("tests.faults.seed", count, begins, ends).communicate(timeout=PATIENCE)[0]
        assert given.strip() == str(count), given
        self.history.event(f"{count} cases whose clocks fall due {begins} to {ends} s from now")

    def lapsed(self) -> int:
        asked = "select count(*) from complaints_deadline where complaint_id > %s and lapsed_at is not null"
        return int(self.portal.query(asked, [self.since])[0][0])

    @contextlib.contextmanager
    def sweepers(self, count: int) -> Iterator[Callable[[], None]]:
        """Sweepers of our own, without a tick between two rounds; gives what kills one of them."""
        storm, dice = self.start("tests.faults.sweeper", "storm", count), self.dice

        def kill_one() -> None:
            if children := descendants(storm.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(dice.choice(children), signal.SIGKILL)

        self.until(lambda: len(descendants(storm.pid)) >= count, "the sweepers sweep")
        try:
            yield kill_one
        finally:
            self.end()

    def end(self) -> None:
        """Whatever this scenario started is over, frozen or not."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)
            if process.stdout:
                process.stdout.close()
        self.started.clear()

    def judge(self, *, late: float | None = None, first: list[str] | None = None) -> None:
        """Raise with every broken promise, and where the history lies."""
        results = [*(first or []), *standing.judge(self.portal, self.history, self.since, late=late)]
        if results:
            shown = "\n".join(results[:SHOWN])
            raise AssertionError(f"{len(results)} broken, seed {self.seed}, history {self.file}\n{shown}")


def valkey_away(scenario: Scenario, seconds: float) -> float:
    """Nobody nudges for so long, and everything goes on; returns how late a clock may be."""
    scenario.portal.supervisor().stopProcess("valkey")
    end, due = time.monotonic() + seconds, 0
    # An hour need not be an hour at full speed.
    rest = min(30.0, seconds / 60)
    with scenario.filing(2, rest=rest) as work:
        while time.monotonic() < end:
            scenario.clocks(40, 0, 10)
            due += 80
            work.until_acks(2)
            scenario.until(lambda due=due: scenario.lapsed() >= due, "the watcher sweeps", STALE + 60)
            work.stopped.wait(rest)
    scenario.portal.supervisor().startProcess("valkey")
    return STALE + 60
