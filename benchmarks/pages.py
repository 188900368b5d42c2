"""What the page of one case, the screens of a filing and the dashboard cost: statements, milliseconds, beside what
floor.

`python -m benchmarks.pages`: through all middleware but without a network. The page of a settled case as consumer,
enterprise and authority see it and the consumer's screens, in a table of 1,000,000 cases. Floor: a view that answers
nothing behind the same middleware, for the same person. The dashboard of a province and of the nation at 100,000 cases;
floor: one scan of all cases, which is what its figures would cost if they were counted by hand.
"""

import statistics
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.lists import _alternating
from benchmarks.measuring import Figure, arguments, publish, spread, tell
from benchmarks.world import watchers
from benchmarks.world.patterns import Pattern


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 9
    with ground.database("benchmark_pages") as base:
        ground.set_up(base)
        from benchmarks.world.cases import fill
        from complaints.models import Complaint

        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.settle(case)
        tell("pages: filling")
        filled = fill(5_000 if quick else 100_000)
        base.settle()
        figures = []
        scan = lambda: Complaint.objects.filter(amount__gte=10**9).count()  # noqa: E731
        for what, region in (("province", watchers.PROVINCE), ("nation", 100000000)):
            ask = watchers.page_for(watchers.officer(region), "/oversight/")
            name = f"dashboard, {what}, {filled.count:,} cases"
            figures.append(_page(name, ask, scan, "ms, one scan", rounds))
        large = 20_000 if quick else 1_000_000
        tell(f"pages: filling up to {large} cases")
        fill(large - filled.count)
        base.settle()
        asks = watchers.pages_of_a_case(pattern, case) | watchers.pages_of_a_consumer(pattern)
        for what, (person, path) in asks.items():
            ask, empty = watchers.page_for(person, path), watchers.empty_for(person)
            figures.append(_page(f"{what}, {large:,} cases", ask, empty, "ms, empty view", rounds, goal=("≤", 4)))
        return figures


def _page(what: str, ask: Any, floor: Any, floor_is: str, rounds: int, goal: tuple[str, float] | None = None) -> Figure:
    statements = watchers.queries_of(ask)
    times, floors = _alternating(ask, floor, rounds)
    ratios = [one / other for one, other in zip(times, floors, strict=True)]
    return Figure(
        benchmark="pages",
        what=f"{what}, {statements} statements",
        value=statistics.median(times),
        unit="ms",
        floor=statistics.median(floors),
        floor_is=floor_is,
        ratio=spread(ratios),
        rounds=rounds,
        goal=goal,
        more={"statements": statements},
    )


if __name__ == "__main__":
    sys.exit(publish("pages", measure(quick=arguments(__doc__).quick)))
