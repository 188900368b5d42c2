"""What the page of one case and the dashboard cost: statements, milliseconds, and beside what floor.

`python -m benchmarks.pages`: the page of a settled case as consumer, enterprise and authority see it, and the
dashboard of a province, through all middleware but without a network. Floor: one case by its primary key for a case;
one scan of all cases for the dashboard, which is what its figures would cost if they were counted by hand.
"""

from __future__ import annotations

import statistics
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground, watchers
from benchmarks.lists import _alternating
from benchmarks.measuring import Figure, arguments, publish, spread, tell
from benchmarks.patterns import Pattern

COUNTY = 350102000


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 9
    with ground.database("benchmark_pages") as base:
        ground.set_up(base)
        from benchmarks.cases import fill
        from complaints.models import Complaint

        pattern = Pattern(datetime.now(ZoneInfo("Asia/Shanghai")))
        case = pattern.file()
        pattern.settle(case)
        tell("pages: filling")
        filled = fill(5_000 if quick else 100_000)
        base.settle()
        staff = watchers.manager(pattern.enterprise.pk)
        asks = {
            "case page, consumer": watchers.page_for(pattern.chen, f"/cases/{case.number}/"),
            "case page, enterprise": watchers.page_for(staff, f"/enterprise/cases/{case.number}/"),
            "case page, authority": watchers.page_for(watchers.officer(COUNTY), f"/authority/cases/{case.number}/"),
        }
        figures = []
        for what, ask in asks.items():
            figures.append(_page(what, ask, lambda: Complaint.objects.get(pk=case.pk), "ms, by key", rounds))
        scan = lambda: Complaint.objects.filter(amount__gte=10**9).count()  # noqa: E731
        for what, region in (("province", watchers.PROVINCE), ("nation", 100000000)):
            ask = watchers.page_for(watchers.officer(region), "/oversight/")
            name = f"dashboard, {what}, {filled.count:,} cases"
            figures.append(_page(name, ask, scan, "ms, one scan", rounds))
        return figures


def _page(what: str, ask: Any, floor: Any, floor_is: str, rounds: int) -> Figure:
    statements = watchers.queries_of(ask)
    times, floors = _alternating(ask, floor, rounds)
    ratios = [one / other for one, other in zip(times, floors, strict=True)]
    return Figure(
        benchmark="pages", what=f"{what}, {statements} statements", value=statistics.median(times), unit="ms",
        floor=statistics.median(floors), floor_is=floor_is, ratio=spread(ratios), rounds=rounds,
        more={"statements": statements},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(publish("pages", measure(quick=arguments(__doc__).quick)))
