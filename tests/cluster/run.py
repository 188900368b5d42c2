"""The stage from bring-up to the table, within the namespaces that tests/cluster/__main__.py made."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import blows, bucket, engines, portal, stage
from tests.cluster.stage import GROUPS, Broken, say

#: Clocks that lapsed before they were due, and those that are due for a minute and did not.
_CLOCKS = """
select count(*) filter (where lapse_written_at < due_at),
  count(*) filter (where state = 'running' and ended_at is null and lapsed_at is null
    and greatest(due_at, chase_at) < now() - interval '60 seconds'),
  count(*) filter (where lapsed_at is not null)
from complaints_deadline
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
    portal.prepare()
    for kind in ("web", "worker", "edge"):
        for host in GROUPS[kind]:
            blows.start(host)
    stage.until("the portal is ready", portal.is_ready, 300)
    stage.until("ticks come through the broker", lambda: "beat" in portal.health()["heartbeats"], 120)


def carry_out(folder: Path, names: Sequence[str], *, twin: str = "") -> int:
    if odd := set(names) - set(blows.ALL):
        print(f"No such blow: {', '.join(sorted(odd))}. There are: {', '.join(blows.ALL)}", file=sys.stderr)
        return 1
    engines.TWIN = twin
    stage.begin_in(folder)
    begun, results, problems = time.monotonic(), list[blows.Result](), list[str]()
    try:
        bring_up()
        say(f"brought up in {time.monotonic() - begun:.0f} s")
        for name in names or blows.ALL:
            result = blows.carry_out(blows.ALL[name])
            results.append(result)
            say(f"{name}: {line(result)}")
            for sentence in result.broken[:12]:
                say(f"  {sentence}")
        problems += at_the_end()
    except Broken as broken:
        problems.append(f"BROKEN {broken}")
    finally:
        stage.down()
    print_table(results)
    for sentence in problems:
        print(sentence)
    return 1 if problems or any(result.broken for result in results) else 0


def at_the_end() -> list[str]:
    """No clock early, none missed, and the record is whole."""
    missed = lambda: int(engines.sql(_CLOCKS)[0][1])  # noqa: E731
    end = time.monotonic() + 120
    while missed() and time.monotonic() < end:
        time.sleep(2)
    early, late, lapsed = map(int, engines.sql(_CLOCKS)[0])
    say(f"clocks: {lapsed} lapsed, {early} early, {late} missed")
    problems = [f"EARLY {early} clocks lapsed before they were due"] * bool(early)
    problems += [f"MISSED {late} clocks are due and did not lapse"] * bool(late)
    ended = stage.inside(
        "client",
        portal.python("manage.py", "verify_record", "--alone"),
        cwd=portal.TREE,
        **portal.settings("client", pooled=False),
    )
    # 3: whole, compared with nothing from outside.
    say(f"verify_record: {ended.returncode}")
    if ended.returncode != 3:
        problems.append(f"TORN the record does not verify: {(ended.stdout + ended.stderr)[-600:]}")
    return problems


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
    if not results:
        return
    print(f"\n{HEAD}\n|{'---|' * 9}")
    for result in results:
        print(line(result), "" if not result.broken else f"**{'; '.join(result.broken[:3])}**")
    print(f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}.", flush=True)
