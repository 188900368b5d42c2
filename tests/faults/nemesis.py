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

Attack = Callable[[RunningPortal, random.Random], str]


def _end(process: int, how: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, how)


def _master(program: str) -> Attack:
    def attack(portal: RunningPortal, dice: random.Random) -> str:
        process = portal.process_of(program)
        if process:
            _end(process)
        return f"{process}"

    return attack


def _child(program: str) -> Attack:
    """One of its children; the master has to notice."""

    def attack(portal: RunningPortal, dice: random.Random) -> str:
        master = portal.process_of(program)
        children = descendants(master) if master else []
        if not children:
            return "none"
        process = dice.choice(children)
        _end(process)
        return f"{process} of {master}"

    return attack


def _whole(program: str) -> Attack:
    """The master and everything below it in one blow, as when the machine loses power."""

    def attack(portal: RunningPortal, dice: random.Random) -> str:
        master = portal.process_of(program)
        if not master:
            return "none"
        all_of_it = [master, *descendants(master)]
        for process in all_of_it:
            _end(process)
        return f"{len(all_of_it)} processes"

    return attack


def _freeze(program: str) -> Attack:
    """Nothing of it moves for two seconds; then it goes on as if nothing had happened."""

    def attack(portal: RunningPortal, dice: random.Random) -> str:
        master = portal.process_of(program)
        all_of_it = [master, *descendants(master)] if master else []
        for process in all_of_it:
            _end(process, signal.SIGSTOP)
        time.sleep(2)  # The length of the fault itself: nothing is waited for.
        for process in all_of_it:
            _end(process, signal.SIGCONT)
        return f"{len(all_of_it)} processes"

    return attack


def empty_valkey(portal: RunningPortal, dice: random.Random) -> str:
    """Killed, and back without anything that waited in it."""
    portal.supervisor().stopProcess("valkey")
    for file in sorted((portal.local / "valkey").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    portal.supervisor().startProcess("valkey")
    return "empty"


ATTACKS: dict[str, Attack] = {
    "web": _master("portal:web"),
    "web child": _child("portal:web"),
    "web whole": _whole("portal:web"),
    "worker": _master("portal:worker"),
    "worker child": _child("portal:worker"),
    "worker whole": _whole("portal:worker"),
    "beat": _master("portal:beat"),
    "watch": _master("portal:watch"),
    "valkey": _master("valkey"),
    "valkey empty": empty_valkey,
    "postgres": _master("postgres"),
    "postgres backend": _child("postgres"),
    "postgres whole": _whole("postgres"),
    "worker frozen": _freeze("portal:worker"),
    "watch frozen": _freeze("portal:watch"),
    "valkey frozen": _freeze("valkey"),
    "web frozen": _freeze("portal:web"),
}


def strike(portal: RunningPortal, history: History, name: str, dice: random.Random) -> None:
    """One attack, written down with what it hit."""
    try:
        hit = ATTACKS[name](portal, dice)
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
