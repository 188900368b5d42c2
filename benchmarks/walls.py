"""What the second wall costs: the same page with and without row-level security, in turns.

`python -m benchmarks.walls`: the lists of an authority (county, province) and of an enterprise, and the page of a case
for each side, through all middleware. With: one transaction under the caller's role, and every policy. Without: the
same process lets the view run as the steps do, whose policies are `true`. What is compared is CPU, of this process and
of PostgreSQL together: it does not wait for what else the machine does. Goal of the issue: at most a tenth slower.
"""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, tree_cpu
from benchmarks.world import watchers
from benchmarks.world.patterns import Pattern

CALLS = 20


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 11
    with ground.database("benchmark_walls") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill

        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.settle(case)
        tell("walls: filling")
        filled = fill(5_000 if quick else 100_000)
        base.settle()
        size = f"{filled.count:,} cases"
        asks = {
            f"authority's list, province, {size}": (watchers.officer(), "/authority/cases/"),
            f"authority's list, county, {size}": (watchers.officer(watchers.COUNTY), "/authority/cases/"),
            f"authority's closed cases, {size}": (watchers.officer(), "/authority/cases/?status=closed"),
            f"authority's day, {size}": (watchers.officer(), "/authority/"),
            f"enterprise's queue, {size}": (watchers.manager(filled.busiest), "/enterprise/queue/"),
        } | watchers.pages_of_a_case(pattern, case)
        return [
            _figure(what, watchers.page_for(*who), rounds, base=base, goal=("≤", 1.10)) for what, who in asks.items()
        ] + [
            _figure(
                f"dashboard, {what}, {size}",
                watchers.page_for(watchers.officer(region), "/oversight/"),
                rounds,
                base=base,
            )
            for what, region in (("province", watchers.PROVINCE), ("nation", 100000000))
        ]


def _figure(what: str, ask: Callable[[], Any], rounds: int, *, base: ground.Ground, **goal: Any) -> Figure:
    looks = ask, _without(ask)
    spent: tuple[list[float], list[float]] = ([], [])
    for look in looks:
        look()
    for _ in range(rounds):
        for look, times in zip(looks, spent, strict=True):
            begun = time.process_time() + tree_cpu(base.postmaster)
            for _ in range(CALLS):
                look()
            times.append((time.process_time() + tree_cpu(base.postmaster) - begun) / CALLS * 1000)
    return compared(*spent, benchmark="walls", what=what, unit="ms CPU", floor_is="ms, without", **goal)


def _without(ask: Callable[[], Any]) -> Callable[[], Any]:
    """The same request with the middleware standing aside."""
    from database import row_security

    with_walls = row_security.opens_its_own

    def asked() -> Any:
        row_security.opens_its_own = lambda view: True
        try:
            return ask()
        finally:
            row_security.opens_its_own = with_walls

    return asked


if __name__ == "__main__":
    sys.exit(publish("walls", measure(quick=arguments(__doc__).quick)))
