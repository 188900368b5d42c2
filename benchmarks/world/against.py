"""What filing and steps cost beside an older version of the portal, in turns.

`git worktree add ../older COMMIT`, then `python -m benchmarks.world.against ../older`: each version has a database
server, a web server and a process of its own, which run the whole time; a round asks one and then the other, and the
next round the other first. Counted is CPU: of the web server with its PostgreSQL for the last POST of a filing (one
client, each by somebody who never filed before), and of one process with its PostgreSQL for steps of single cases:
filed, forwarded, accepted, offered, accepted. A step's flush is what `write` of the open file does, without the commit.

Shown are the medians of this version and of the older one, and the median of the ratios of the rounds with an interval
that holds the true median in 95 of 100 such runs (from the order of the ratios, no shape of their spread assumed).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from math import comb
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import ROOT, Figure, publish, tell

#: What is counted, in words, and what it may cost of before.
COUNTED = {
    "filing": ("a filing: web server and PostgreSQL", 1.05),
    "filing_web": ("… web server alone", None),
    "filing_database": ("… PostgreSQL alone", None),
    "flush": ("a step's flush: process and PostgreSQL", 1.08),
    "flush_process": ("… process alone", None),
    "flush_database": ("… PostgreSQL alone", None),
    "step": ("a whole step of one case", None),
}


class Version:
    """The program of ``tree`` in a process that counts on being asked; use as a context, so that it ends."""

    def __init__(self, tree: Path, filings: int) -> None:
        # The counting is the same for both; what it counts is imported from the version's own folder.
        variables = {**os.environ, "PYTHONPATH": str(tree)}
        command = [sys.executable, "-P", str(ROOT / "benchmarks/world/counted.py"), str(filings)]
        self.process = subprocess.Popen(
            command, cwd=tree, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Version":
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)

    def ask(self, filings: int, cases: int) -> dict[str, float]:
        """Milliseconds of CPU for each of COUNTED, of so many filings and so many cases."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{filings} {cases}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the version in {self.process.args!r} ended")
        answer: dict[str, float] = json.loads(line)
        return answer


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """The narrowest pair of ratios of the same rank from either end between which the median lies with 95 %."""
    ordered, count = sorted(ratios), len(ratios)
    rank, outside = 0, 0.0
    while rank < count // 2:
        outside += 2 * comb(count, rank) / 2**count
        if outside > 0.05:
            break
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[count - rank]


def measure(older: Path, *, rounds: int, filings: int, cases: int) -> list[Figure]:
    seen: dict[str, list[dict[str, float]]] = {"now": [], "older": []}
    most = (rounds + 1) * filings
    with Version(ROOT, most) as now, Version(older, most) as before:
        for version in (now, before):
            version.ask(filings, cases)
        for number in range(rounds):
            turns = [("now", now), ("older", before)]
            for name, version in turns if number % 2 else reversed(turns):
                seen[name].append(version.ask(filings, cases))
            tell(f"round {number + 1} of {rounds}: load {os.getloadavg()[0]:.1f}")
    figures = []
    for key, (words, most_ratio) in COUNTED.items():
        new, old = ([one[key] for one in seen[name]] for name in ("now", "older"))
        ratios = [one / other for one, other in zip(new, old, strict=True)]
        lowest, highest = interval(ratios)
        more: dict[str, Any] = {"interval": "95 % of the median", "lowest": min(ratios), "highest": max(ratios)}
        figures.append(
            Figure(
                benchmark="against",
                what=words,
                value=median(new),
                unit="ms",
                floor=median(old),
                floor_is="ms before",
                ratio=(median(ratios), lowest, highest),
                goal=("≤", most_ratio) if most_ratio else None,
                rounds=rounds,
                more=more,
            )
        )
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("older", type=Path, help="folder of the older version")
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--filings", type=int, default=60, help="of a round and version")
    parser.add_argument("--cases", type=int, default=10, help="of a round and version, five steps each")
    chosen = parser.parse_args()
    load = os.getloadavg()
    result = measure(chosen.older.resolve(), rounds=chosen.rounds, filings=chosen.filings, cases=chosen.cases)
    tell(f"load before {load[0]:.1f}, after {os.getloadavg()[0]:.1f}")
    sys.exit(publish("against", result))
