"""The portal beside django-helpdesk: the same jobs at the same number of cases, on one PostgreSQL, in turns.

`make bench-peers`, or `python -m benchmarks.peers [--quick] [--cases 10000 100000]`. Each product runs in a process and
an environment of its own; a job is what its own pages do for somebody signed in, through all middleware and without a
network. Compared is CPU, of the process and of its PostgreSQL backend together, round by round; the clock stands
beside it. Ratios are django-helpdesk ÷ the portal: 2 means that the portal takes half.
"""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import ground
from benchmarks.measuring import ROOT, Figure, keep, machine, spread, table, tell
from benchmarks.peers.serving import Told, started
from odr_portal.processes import embedded

PLACE = ROOT / ".peers" / "django-helpdesk"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SHARED = {"django", "djangorestframework", "psycopg2-binary"}
#: Calls a round; what is slow at 100,000 cases is called once.
JOBS = {"file": 20, "list": 3, "open a case": 5, "search": 2, "dashboard": 2, "report": 2}
#: Rounds in which cases are escalated.
ESCALATED = 3


def wanted() -> str:
    """The pins of the peer, with those that it shares with the portal."""
    ours = re.findall(r"^[\w-]+==[^ ;]+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    shared = [pin for pin in ours if pin.partition("==")[0] in SHARED]
    return REQUIREMENTS.read_text(encoding="utf-8") + "\n".join(shared) + "\n"


def installed() -> Path:
    """The Python of the peer, with what is wanted."""
    python, stamp, pins = PLACE / "bin" / "python", PLACE / "installed", wanted()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != pins:
        tell(f"installing django-helpdesk into {PLACE.relative_to(ROOT)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", PLACE], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", "/dev/stdin"], input=pins, text=True, check=True)
        stamp.write_text(pins, encoding="utf-8")
    return python


@contextlib.contextmanager
def peer_database(root: ground.Ground, name: str) -> Iterator[str]:
    """An empty database of its own role on the same server; its address."""
    administrator = root.dsn("postgres", "postgres")
    embedded.run_statements(administrator, ["create role peer login", f"create database {name} owner peer"])
    try:
        yield root.dsn("peer", name)
    finally:
        embedded.run_statements(administrator, [f"drop database {name} with (force)", "drop role peer"])


def compared(what: str, ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> Figure:
    """Milliseconds of CPU of both, and how many times as much theirs is, round by round; the clock in `more`."""

    def of(rounds: list[dict[str, float]], part: str) -> float:
        return round(statistics.median(one[part] for one in rounds), 3)

    ratios = {
        part: spread([their[part] / our[part] for our, their in zip(ours, theirs, strict=True)])
        for part in ("cpu", "clock")
    }
    parts = ("clock", "process", "database")
    return Figure(
        benchmark="peers",
        what=what,
        value=of(ours, "cpu"),
        unit="ms of CPU",
        floor=of(theirs, "cpu"),
        floor_is="ms, django-helpdesk",
        ratio=ratios["cpu"],
        goal=("≥", 1.0),
        rounds=len(ours),
        more={
            "clock_ratio": ratios["clock"],
            "ours": {part: of(ours, part) for part in parts},
            "theirs": {part: of(theirs, part) for part in parts},
        },
    )


def in_turns(ours: Told, theirs: Told, job: str, calls: int, rounds: int) -> tuple[list, list]:
    results: tuple[list, list] = ([], [])
    for number in range(rounds + 1):
        for product, kept in zip((ours, theirs), results, strict=True):
            seen = product.ask("time", job=job, calls=calls)
            # The first round warms up.
            if number:
                kept.append(seen)
    return results


def alone(ours: Told, size: int, rounds: int) -> list[Figure]:
    """The portal at a number of cases that the peer is not filled up to."""
    ours.ask("fill", count=size)
    figures = []
    for job, calls in JOBS.items():
        seen = [ours.ask("time", job=job, calls=calls) for _ in range(rounds + 1)][1:]
        medians = {part: statistics.median(one[part] for one in seen) for part in seen[0]}
        what = f"{job}, {size:,} cases"
        figures.append(
            Figure(
                benchmark="peers",
                what=what,
                value=medians["cpu"],
                unit="ms of CPU",
                rounds=rounds,
                more={"ours": medians},
            )
        )
        tell(f"{what}: {medians}")
    return figures


def pages(
    root: ground.Ground, python: Path, sizes: list[int], more: list[int], rounds: int, figures: list[Figure]
) -> None:
    with (
        ground.database("benchmark_peers") as base,
        peer_database(root, "benchmark_helpdesk") as address,
        started(sys.executable, "benchmarks.peers.ours", str(base.folder), base.database) as ours,
        started(python, "benchmarks.peers.django_helpdesk", address) as theirs,
    ):
        for size in sizes:
            tell(f"filling up to {size:,} cases each")
            for product in (ours, theirs):
                product.ask("fill", count=size)
            for job, calls in JOBS.items():
                figure = compared(f"{job}, {size:,} cases", *in_turns(ours, theirs, job, calls, rounds))
                tell(f"{figure.what}: {figure.value} and {figure.floor} ms, {figure.ratio} {figure.more}")
                figures.append(figure)
        for size in more:
            tell(f"filling the portal up to {size:,} cases")
            figures += alone(ours, size, rounds)


def escalating(root: ground.Ground, python: Path, size: int, due: int, figures: list[Figure]) -> None:
    """By one worker, by two at once; the same with two of django-helpdesk that do not share the queues."""
    with (
        ground.database("benchmark_peers_due") as base,
        peer_database(root, "benchmark_helpdesk_due") as address,
        contextlib.ExitStack() as stack,
    ):
        ours, theirs = (
            [stack.enter_context(started(*command)) for _ in range(2)]
            for command in (
                (sys.executable, "benchmarks.peers.ours", str(base.folder), base.database),
                (python, "benchmarks.peers.django_helpdesk", address),
            )
        )
        tell(f"{size:,} cases each, of which {due} become due at a time")
        for workers in (ours, theirs):
            workers[0].ask("prepare_due", count=size)
        for what, parts in (("one worker", ["all"]), ("two workers", ["first", "second"])):
            seen: tuple[list, list] = ([], [])
            for number in range(ESCALATED + 1):
                for workers, kept in zip((ours, theirs), seen, strict=True):
                    cost = escalate(workers, parts, due)
                    if cost["times"] != [1] * due:
                        raise SystemExit(f"{what}: not every case was escalated once")
                    if number:
                        kept.append(cost)
            figures.append(compared(f"{due} due escalated by {what}, {size:,} cases", *seen))
            tell(f"{figures[-1].what}: {figures[-1].value} and {figures[-1].floor} ms")
        both = ["all", "all"]
        for name, workers in (("the portal", ours), ("django-helpdesk", theirs)):
            times = escalate(workers, both, due)["times"]
            more = sum(one > 1 for one in times)
            figures.append(
                Figure(
                    benchmark="peers",
                    what=f"of {due} due, escalated more than once by two workers started at once: {name}",
                    value=more,
                    unit="cases",
                )
            )


def escalate(workers: list[Told], parts: list[str], due: int) -> dict[str, Any]:
    """Milliseconds of all workers, by the clock until the last has ended; how often each case was escalated."""
    workers[0].ask("made_due", count=due)
    begun = time.perf_counter()
    for worker, part in zip(workers, parts, strict=False):
        worker.send("escalate", part=part)
    answers = [worker.answer() for worker, _ in zip(workers, parts, strict=False)]
    clock = (time.perf_counter() - begun) * 1000
    sums = {name: sum(answer[name] for answer in answers) for name in ("process", "database", "cpu")}
    return {**sums, "clock": clock, "times": workers[0].ask("escalated")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and fewer, to see that it works")
    parser.add_argument("--cases", type=int, nargs="*", help="how many; 10,000 and 100,000 unless told")
    parser.add_argument("--alone", type=int, nargs="*", default=[], help="then the portal by itself up to so many")
    asked = parser.parse_args()
    begun, where, python = time.monotonic(), machine(), installed()
    sizes = asked.cases or ([3_000] if asked.quick else [10_000, 100_000])
    rounds, due = (2, 300) if asked.quick else (5, 1_000)
    figures: list[Figure] = []
    try:
        with ground.standing() as root:
            # One round more of each kind warms up, and one is by two at once.
            escalating(root, python, max(min(sizes[0], 10_000), due * (2 * ESCALATED + 3)), due, figures)
            pages(root, python, sizes, asked.alone, rounds, figures)
    finally:
        # What was measured until it was broken off stands as well.
        where["load_after"] = [round(load, 2) for load in os.getloadavg()]
        where["seconds"] = round(time.monotonic() - begun)
        sys.stdout.write(f"\n{table(figures)}\n\n{where}\n{keep('peers', where, figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
