"""The stage from bring-up to the table, within the namespaces that tests/cluster/__main__.py made."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import back_in_time, blows, bucket, country, engines, portal, stage, twins
from tests.cluster.stage import GROUPS, Broken, say

#: Clocks that lapsed before they were due; that lapsed.
_CLOCKS = """
select count(*) filter (where lapse_written_at < due_at), count(*) filter (where lapsed_at is not null)
from complaints_deadline
"""
_WAITING = """
select (select count(*) from complaints_complaint where status = 'filed')
  + (select count(*) from complaints_deadline where due_at <= now() and lapsed_at is null and ended_at is null
     and state = 'running' and chase_at <= now())
"""


def bring_up() -> None:
    for host in stage.NUMBERS:
        stage.wire(host)
    for kind in ("etcd", "pg", "s3", "valkey", "lb"):
        for host in GROUPS[kind]:
            blows.start(host)
        if kind == "etcd":
            stage.until("etcd has a leader", engines.leader_of_etcd)
    for name in ("evidence", "backup"):
        stage.until(f"bucket {name}", lambda name=name: bucket.make(name))
    stage.until("Valkey has a primary", engines.primary_of_valkey)
    stage.until("PostgreSQL has a primary", engines.primary, 300)
    stage.until("one primary, two standbys", engines.is_whole, 300)
    back_in_time.make_stanza()
    portal.prepare()
    for kind in ("client", "web", "worker", "edge"):
        for host in GROUPS[kind]:
            blows.start(host)
    stage.until("the portal is ready", portal.is_ready, 300)
    stage.until("ticks come through the broker", lambda: "beat" in portal.health()["heartbeats"], 120)


def carry_out(folder: Path, names: Sequence[str], *, proving: bool = False) -> int:
    known = [twin.name for twin in twins.TWINS] if proving else blows.NAMES
    if not proving and list(names) == [country.NAME]:
        return _apart(folder, country.carry_out)
    if odd := set(names) - set(known):
        print(f"There is no {', '.join(sorted(odd))}. There are: {', '.join((*known, country.NAME))}", file=sys.stderr)
        return 1
    stage.begin_in(folder)
    begun, is_good = time.monotonic(), False
    try:
        bring_up()
        say(f"brought up in {time.monotonic() - begun:.0f} s")
        is_good = twins.prove_all(names) if proving else blow_each(names or blows.NAMES)
    except Broken as broken:
        say(f"BROKEN {broken}")
    finally:
        stage.down()
    return 0 if is_good else 1


def _apart(folder: Path, what: Callable[[], bool]) -> int:
    """A stage of its own, with other hosts."""
    stage.begin_in(folder)
    is_good = False
    try:
        is_good = what()
    except (Broken, subprocess.SubprocessError) as broken:
        say(f"BROKEN {broken}")
    finally:
        stage.down()
    return 0 if is_good else 1


def blow_each(names: Sequence[str]) -> bool:
    """One after the other, then what must hold at the end, and the table. Whether all held."""
    results, problems = list[blows.Result](), list[str]()
    for name in names:
        if name in blows.ALL:
            with _going_on(problems):
                results.append(blows.carry_out(blows.ALL[name]))
                say(f"{name}: {line(results[-1])}")
                problems += told(results[-1].broken)
    with _going_on(problems):
        problems += told(at_the_end())
    if blows.BACK_IN_TIME in names:
        with _going_on(problems):
            problems += told(back_in_time.carry_out())
    print_table(results)
    return not problems


@contextmanager
def _going_on(problems: list[str]) -> Iterator[None]:
    """What breaks the stage itself is a problem too; the rest is tried all the same."""
    try:
        yield
    except (Broken, subprocess.SubprocessError) as broken:
        problems += told([f"BROKEN {broken}"])
        stage.heal(blows.start)


def told(broken: list[str]) -> list[str]:
    for sentence in broken[:12]:
        say(sentence)
    return broken


def at_the_end() -> list[str]:
    """Everything that is due was swept, no clock before it was due, and the record is whole."""
    waiting = lambda: int(engines.sql(_WAITING)[0][0])  # noqa: E731
    end = time.monotonic() + 180
    while waiting() and time.monotonic() < end:
        time.sleep(2)
    early, lapsed = map(int, engines.sql(_CLOCKS)[0])
    say(f"clocks: {lapsed} lapsed, {early} of them early; {waiting()} cases and clocks wait")
    problems = [f"EARLY {early} clocks lapsed before they were due"] * bool(early)
    problems += [f"STUCK {waiting()} cases and clocks are due, and nothing sweeps them"] * bool(waiting())
    ended = portal.verifies(portal.settings("client", pooled=False))
    return problems + ([f"TORN the record does not verify: {ended}"] if ended else [])


HEAD = "| blow | struck | acknowledged | lost | doubled | silence s | slowest call s | seen by programs | load |"


def line(result: blows.Result) -> str:
    seen = result.seen
    failed = ", ".join(f"{times} × {what}" for what, times in (seen.failed() + seen.refused()).most_common(4))
    ticks = f"; ticks after {result.ticks:.0f} s" if result.ticks is not None else ""
    return (
        f"| {result.blow.title} | {result.struck} | {len(seen.acknowledged)} | {len(seen.lost())} | "
        f"{len(seen.doubled())} | {seen.silence():.1f} | {seen.slowest:.1f} | {failed or 'nothing'}"
        f"{ticks}; {', '.join(result.notes)} | {result.load:.1f} |"
    )


def print_table(results: Sequence[blows.Result]) -> None:
    print(f"\n{HEAD}\n|{'---|' * 9}")
    for result in results:
        print(line(result))
    print(f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}.", flush=True)
