"""How things are measured here: alternating slices, ratios within a round, CPU beside the clock.

A figure and its floor are taken in turn in one run, since a shared machine is never twice the same;
what is compared is the median of the ratios of the rounds, shown with the lowest and the highest.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
#: Where a whole run wants the figures of one benchmark.
OUT = "BENCHMARK_OUT"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class Figure:
    """One line of the table. ``ratio`` is (median, lowest, highest) of product ÷ floor over the rounds;
    ``goal`` is (“≥” or “≤”, number) on that ratio, or on ``value`` where there is no floor."""

    benchmark: str
    what: str
    value: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    ratio: tuple[float, float, float] | None = None
    goal: tuple[str, float] | None = None
    rounds: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        seen = self.ratio[0] if self.ratio else self.value
        return seen >= self.goal[1] if self.goal[0] == "≥" else seen <= self.goal[1]


def spread(ratios: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(ratios), min(ratios), max(ratios)


def compared(product: Sequence[float], floor: Sequence[float], **known: Any) -> Figure:
    """A figure from the values of the rounds, each beside the floor of its own round."""
    ratios = [one / other for one, other in zip(product, floor, strict=True)]
    return Figure(
        value=statistics.median(product),
        floor=statistics.median(floor),
        ratio=spread(ratios),
        rounds=len(ratios),
        **known,
    )


def timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _of_threads(folder: Path) -> float:
    """CPU seconds of a process's threads that run; 0 where the kernel does not count so finely, or it has ended."""
    try:
        return sum(int((one / "schedstat").read_text().split()[0]) for one in (folder / "task").iterdir()) / 1e9
    except OSError:
        return 0.0


def tree_cpu(root: int) -> float:
    """CPU seconds of a process with its children, the ended ones included: steadier than the clock."""
    parents: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            texts = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(texts[1]), []).append(int(folder.name))
        # Whole hundredths, of ended threads too; or nanoseconds of those that run: a tenth of twenty small pages.
        seconds[int(folder.name)] = max(sum(map(int, texts[11:13])) / _TICK, _of_threads(folder))
        # What its ended children took, and theirs.
        seconds[int(folder.name)] += sum(map(int, texts[13:15])) / _TICK
    waiting, total = [root], 0.0
    while waiting:
        one = waiting.pop()
        total += seconds.get(one, 0.0)
        waiting += parents.get(one, [])
    return total


def resident() -> float:
    """Memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def machine() -> dict[str, Any]:
    """Where these figures come from."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "load_before": [round(one, 2) for one in os.getloadavg()],
    }


def tell(line: str) -> None:
    """What is going on, beside the results."""
    print(f"  {line}", file=sys.stderr, flush=True)


def arguments(about: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller tables and fewer rounds, to see that it works")
    return parser.parse_args()


def publish(name: str, figures: Sequence[Figure]) -> int:
    """Hand the figures to the whole run, or show and keep them ourselves."""
    if os.environ.get(OUT):
        Path(os.environ[OUT]).write_text(json.dumps([asdict(one) for one in figures], ensure_ascii=False))
        return 0
    sys.stdout.write(table(figures) + "\n")
    sys.stdout.write(f"\n{keep(name, machine(), figures)}\n")
    return 0


def keep(name: str, where: dict[str, Any], figures: Sequence[Figure]) -> Path:
    """The figures as a file; its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now():%Y%m%d-%H%M%S}-{name}.json"
    rows = [{**asdict(one), "met": one.met} for one in figures]
    path.write_text(json.dumps({"machine": where, "figures": rows}, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    head = ("", "figure", "product", "floor", "× (min–max)", "goal", "")
    rows = [head]
    for one in figures:
        ratio = f"{number(one.ratio[0])} ({number(one.ratio[1])}–{number(one.ratio[2])})" if one.ratio else ""
        goal = f"{one.goal[0]} {number(one.goal[1])}" if one.goal else ""
        met = "" if one.met is None else "met" if one.met else "MISSED"
        floor = f"{number(one.floor)} {one.floor_is}".strip()
        rows.append((one.benchmark, one.what, f"{number(one.value)} {one.unit}", floor, ratio, goal, met))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)
