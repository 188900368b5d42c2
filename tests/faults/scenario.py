"""One run of a fault: it waits for what must happen, never for a length of time, and judges at the end."""

import contextlib
import os
import random
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.keys import keys, sealing
from complaints.models import PersonalText
from complaints.models.record import FREE_KINDS, salted_text
from tests import PATIENCE
from tests.faults import checker
from tests.faults.checker import Case, ClockRow, Entry, Reminded, Rows, Text
from tests.faults.clients import CLIENTS, MARK, Filing, until
from tests.faults.history import History
from tests.faults.portal import RunningPortal, crowded, descendants

STALE = 12
LEAN = {"DEMO": "no", "HEARTBEAT_STALE_AFTER": str(STALE), "SWEEP_EVERY": "2"}
SHOWN = 40
_MARKER = re.compile(MARK + "([0-9a-f]{16})")
_CASES = """
select c.id, c.number, c.status, (select count(*) from complaints_demand d where d.complaint_id = c.id)
from complaints_complaint c where c.id > %s and c.external_source = ''
"""
_TEXTS = """
select complaint_id, kind, audience, sequence, digest, sealed, k.wrapped, k.person
from complaints_personaltext t left join accounts_personkey k
  on octet_length(sealed) > 17 and k.person = encode(substring(sealed from 2 for 16), 'hex')::uuid
where complaint_id > %s
"""
_CLOCKS = """
select id, complaint_id, clock, state, due_at, chase_at, lapsed_at, lapse_written_at, ended_at
from complaints_deadline where complaint_id > %s
"""
_ENTRIES = """
select id, complaint_id, audience, sequence, step, from_status, to_status,
  coalesce(data ->> 'clock', ''), coalesce(data ->> 'mark', ''), coalesce(data ->> 'last_day', '')
from complaints_handlingstep where complaint_id > %s
"""
_REMINDED = """
select r.deadline_id, r.mark from complaints_reminder r
join complaints_deadline d on d.id = r.deadline_id where d.complaint_id > %s
"""
_WAITING = """
select (select count(*) from complaints_complaint where status = 'filed')
  + (select count(*) from complaints_deadline where due_at <= now() and lapsed_at is null and chase_at <= now())
"""
_LEFT_OPEN = """
select pid, application_name, now() - xact_start, query from pg_stat_activity
where state like 'idle in transaction%' and xact_start < now() - interval '15 seconds'
"""


def newest_case(portal: RunningPortal) -> int:
    """Where a scenario begins: what stood before is none of its business."""
    return int(portal.query("select coalesce(max(id), 0) from complaints_complaint")[0][0])


def _opened(portal: RunningPortal, since: int) -> Iterator[tuple[int, str, str]]:
    """What people said, opened with the keys of that portal."""
    known = keys.read(portal.local / "vault" / "keys")
    field: Any = PersonalText._meta.get_field("sealed")
    for case, kind, audience, sequence, digest, sealed, wrapped, person in portal.query(_TEXTS, [since]):
        if wrapped is not None and kind in FREE_KINDS:
            secret = sealing.unwrap(bytes(wrapped), person=UUID(str(person)), keys=known)
            place = field.place_with([case, audience, sequence, kind, digest])
            yield case, kind, salted_text(sealing.open_sealed(bytes(sealed), secret=secret, place=place))[1]


def rows_since(portal: RunningPortal, since: int) -> Rows:
    texts = [
        Text(case, kind, result[1], text)
        for case, kind, text in _opened(portal, since)
        if (result := _MARKER.search(text))
    ]
    return Rows(
        at=portal.query("select now()")[0][0],
        cases=[Case(*row) for row in portal.query(_CASES, [since])],
        texts=texts,
        clocks=[ClockRow(*row) for row in portal.query(_CLOCKS, [since])],
        entries=[Entry(*row) for row in portal.query(_ENTRIES, [since])],
        reminded=[Reminded(*row) for row in portal.query(_REMINDED, [since])],
    )


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

    def filing(self, count: int = CLIENTS, *, rest: float = 0) -> Filing:
        return Filing(self.portal, self.history, seed=self.seed, count=count, rest=rest)

    def nemesis(self, *names: str, every: tuple[float, float]) -> "Nemesis":
        return Nemesis(self.portal, self.history, seed=self.seed, names=names, every=every)

    def strike(self, name: str) -> None:
        strike(self.portal, self.history, name, self.dice)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        return until(self.portal, self.history, condition, what, seconds)

    def start(self, module: str, *arguments: Any) -> "subprocess.Popen[str]":
        """A process of the scenario's own; it ends with it."""
        process = self.portal.in_clone(module, *arguments)
        self.started.append(process)
        return process

    def clocks(self, count: int, begins: float, ends: float) -> None:
        """So many cases, twice as many clocks, that fall due from now in these seconds."""
        given = self.portal.in_clone("tests.faults", "clocks", count, begins, ends).communicate(timeout=PATIENCE)[0]
        assert given.strip() == str(count), given
        self.history.event(f"{count} cases whose clocks fall due {begins} to {ends} s from now")

    def lapsed(self) -> int:
        asked = "select count(*) from complaints_deadline where complaint_id > %s and lapsed_at is not null"
        return int(self.portal.query(asked, [self.since])[0][0])

    @contextlib.contextmanager
    def sweepers(self, count: int) -> Iterator[Callable[[], None]]:
        """Sweepers of our own, without a tick between two rounds; gives what kills one of them."""
        storm, dice = self.start("tests.faults", "storm", count), self.dice

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

    def judge(self, *, late: float | None = None) -> None:
        """Wait until all is well again by itself, then raise with every broken promise, and where the history lies.
        Late: seconds, outages included.
        """
        portal, history, results = self.portal, self.history, list[str]()
        try:
            history.event(f"all is well after {portal.recover():.1f} s")
            portal.until(lambda: portal.query(_WAITING) == [(0,)], "everything that is due was swept", 60 * crowded())
        except AssertionError as error:
            results.append(f"STUCK {error}")
        rows = rows_since(portal, self.since)
        lateness = timedelta(seconds=late * crowded()) if late is not None else None
        results += checker.violations(history, rows, late=lateness, longest=checker.LONGEST_REQUEST * crowded())
        for _, _, since, query in portal.query(_LEFT_OPEN):
            results.append(f"LEAKED a transaction is open for {since}: {query[:80]}")
        verified = portal.manage("verify_record")
        given = verified.communicate(timeout=300)[0]
        # 3: whole, compared with nothing from outside.
        if verified.returncode != 3:
            results.append(f"TORN the record does not verify: {given[-1500:]}")
        seen = f"{len(rows.cases)} cases, {history.acks()} promises, {len(rows.clocks)} clocks"
        history.event(f"{seen}, {len(results)} broken")
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
