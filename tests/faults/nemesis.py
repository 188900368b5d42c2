"""Who breaks things: kill -9 below this portal's own supervisor, each by its id, when a seed says so."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence

from tests import PATIENCE
from tests.faults.history import History
from tests.faults.portal import RunningPortal, crowded, descendants

Attack = Callable[[RunningPortal, str, random.Random], str]


def _end(process: int, how: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, how)


def _all_of(portal: RunningPortal, program: str) -> list[int]:
    """The master and everything below it; nothing while it does not run."""
    master = portal.process_of(program)
    return [master, *descendants(master)] if master else []


def kill(portal: RunningPortal, program: str, dice: random.Random) -> str:
    if process := portal.process_of(program):
        _end(process)
    return f"{process}"


def kill_child(portal: RunningPortal, program: str, dice: random.Random) -> str:
    """One of its children; the master has to notice."""
    if not (children := _all_of(portal, program)[1:]):
        return "none"
    process = dice.choice(children)
    _end(process)
    return f"{process}"


def kill_whole(portal: RunningPortal, program: str, dice: random.Random) -> str:
    """The master and everything below it in one blow, as when the machine loses power."""
    processes = _all_of(portal, program)
    for process in processes:
        _end(process)
    return f"{len(processes)} processes"


def freeze(portal: RunningPortal, program: str, dice: random.Random) -> str:
    """Nothing of it moves for two seconds; then it goes on as if nothing had happened."""
    processes = _all_of(portal, program)
    for process in processes:
        _end(process, signal.SIGSTOP)
    time.sleep(2)  # The length of the fault itself: nothing is waited for.
    for process in processes:
        _end(process, signal.SIGCONT)
    return f"{len(processes)} processes"


def empty(portal: RunningPortal, program: str, dice: random.Random) -> str:
    """Stopped, and back without anything that waited in it."""
    portal.supervisor().stopProcess(program)
    for file in sorted((portal.local / program).rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    portal.supervisor().startProcess(program)
    return "empty"


#: Name → what is done to which program.
ATTACKS: dict[str, tuple[Attack, str]] = {
    **{program: (kill, program) for program in ("web", "worker", "beat", "watch", "valkey", "postgres")},
    **{f"{program} child": (kill_child, program) for program in ("web", "worker")},
    **{f"{program} whole": (kill_whole, program) for program in ("web", "worker", "postgres")},
    **{f"{program} frozen": (freeze, program) for program in ("web", "worker", "watch", "valkey")},
    "postgres backend": (kill_child, "postgres"),
    "valkey empty": (empty, "valkey"),
}


def strike(portal: RunningPortal, history: History, name: str, dice: random.Random) -> None:
    """One attack, written down with what it hit."""
    attack, program = ATTACKS[name]
    try:
        hit = attack(portal, program if program in ("valkey", "postgres") else f"portal:{program}", dice)
    except Exception as error:
        # The supervisor refuses for instance to start what is just starting.
        hit = f"{type(error).__name__}: {error}"
    history.event(f"kill {name}: {hit}")


class Nemesis(threading.Thread):
    """Strikes at random until stopped; the same seed strikes in the same order."""

    def __init__(
        self,
        portal: RunningPortal,
        history: History,
        *,
        seed: int | str,
        names: Sequence[str],
        every: tuple[float, float],
    ) -> None:
        super().__init__(daemon=True)
        self.portal, self.history, self.names, self.every = portal, history, list(names), every
        self.dice = random.Random(seed)
        self.stopped = threading.Event()
        self.strikes = 0

    def run(self) -> None:
        # On a crowded machine everything needs longer to come back: else nothing would ever stand.
        while not self.stopped.wait(self.dice.uniform(*self.every) * crowded()):
            strike(self.portal, self.history, self.dice.choice(self.names), self.dice)
            self.strikes += 1

    def __enter__(self) -> "Nemesis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join(PATIENCE)
