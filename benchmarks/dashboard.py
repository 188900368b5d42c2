"""What the first page of a director costs, and its reads: statements and milliseconds beside one row of a counter by
primary key.

`python -m benchmarks.dashboard [--quick] [--cases 10000000]`: fills a database, makes the counters anew, and asks for
the pages of oversight as a director of a county, a province and the nation does, through all middleware but without a
network, with what the worker counts ahead; rounds alternate with the floor. Reads stand beside the same floor without
the page around them.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.lists import _alternating
from benchmarks.measuring import Figure, publish, spread, tell
from benchmarks.world import watchers

ZONE = ZoneInfo("Asia/Shanghai")
NATION, COUNTY = 100000000, 350102000
#: The whole first page, in milliseconds of server time.
GOAL = 40.0
PAGES = (
    "/oversight/",
    "/oversight/?period=30",
    "/oversight/?period=year",
    "/oversight/compare/",
    "/oversight/enterprises/",
    "/oversight/workload/",
    "/oversight/flow/",
    "/oversight/fairness/",
    "/oversight/further/",
    # What few cases have.
    "/authority/cases/?status=any&channel=post",
    "/authority/cases/?status=any&category=service.beauty",
)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see that all of it works")
    parser.add_argument("--cases", type=int, default=0, help="how many; 200,000 unless told (10,000 with --quick)")
    return parser.parse_args()


def measure(*, quick: bool, cases: int = 0) -> list[Figure]:
    rounds, size = (3 if quick else 9), cases or (10_000 if quick else 200_000)
    with ground.database("benchmark_dashboard") as base:
        ground.set_up(base)
        from benchmarks.world.cases import MANY, fill
        from odr_portal.processes import forking
        from oversight.counters import making as rollup_making

        tell(f"dashboard: filling {size:,} cases")
        fill(size, is_whole=size < MANY)
        with ground.as_owner():
            rollup_making.rebuild(now=datetime.now(ZONE))
        base.settle()
        _count_ahead()
        # As a web process does before it serves: what is loaded is not looked through for garbage again.
        forking.prepare()
        figures = _reads(size, rounds)
        for what, region in (("county", COUNTY), ("province", watchers.PROVINCE), ("nation", NATION)):
            person = watchers.officer(region)
            for path in PAGES:
                _count_ahead()
                ask = watchers.page_for(person, path)
                statements = watchers.queries_of(ask)
                times, floors = _alternating(ask, _by_key(), rounds)
                figures.append(
                    Figure(
                        benchmark="dashboard",
                        what=f"{path}, {what}, {size:,} cases, {statements} statements",
                        value=statistics.median(times),
                        unit="ms",
                        floor=statistics.median(floors),
                        floor_is="ms, a row by key",
                        ratio=spread([one / other for one, other in zip(times, floors, strict=True)]),
                        rounds=rounds,
                        more={"statements": statements},
                    )
                )
            whole = next(figure for figure in reversed(figures) if figure.what.startswith(f"/oversight/, {what}"))
            figures.append(
                Figure(
                    benchmark="dashboard",
                    what=f"first page whole, {what}, {size:,} cases",
                    value=whole.value,
                    unit="ms",
                    goal=("≤", GOAL),
                )
            )
            figures.append(
                Figure(
                    benchmark="dashboard",
                    what=f"statements of the first page, {what}",
                    value=float(whole.more["statements"]),
                    unit="",
                    goal=("≤", 15),
                )
            )
        return figures


def _count_ahead() -> None:
    """As the worker does once a minute."""
    from django.utils import timezone

    from oversight.presenting import ahead

    ahead.sweep(now=timezone.now())


def _by_key() -> Callable[[], Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select region, day from oversight_dayregion order by day desc offset 20 limit 1")
        key = cursor.fetchone()

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select * from oversight_dayregion where region = %s and day = %s", key)
            cursor.fetchall()

    return look


def _ended(period: Any) -> Any:
    """A day earlier, as what is compared ends yesterday."""
    return type(period)(first=period.first - timedelta(days=1), last=period.last - timedelta(days=1))


def _reads(size: int, rounds: int) -> list[Figure]:
    """What the first page reads, each alone: three periods of a place with its parts, first responses of three
    periods, and the days before.
    """
    from authorities.models import Region
    from complaints.parties.conditions import current_calendar
    from oversight.counters.reads import Counters
    from oversight.figures.definitions import Period, Scope
    from oversight.presenting.overview import days_of, wishes_of

    now = datetime.now(ZONE)
    counters, today = Counters.at(now, current_calendar()), now.date()
    periods = [
        Period(first=today - timedelta(days=gone + 6), last=today - timedelta(days=gone)) for gone in (0, 7, 364)
    ]
    results = []
    for what, pk in (("county", COUNTY), ("province", watchers.PROVINCE), ("nation", NATION)):
        place = Region.objects.get(pk=pk)
        scope, parts = Scope(regions=(place,)), list(Region.objects.filter(parent=place))
        looks: dict[str, Callable[[], Any]] = {
            "three weeks of a place and its parts": partial(
                counters.read, wishes_of(scope, parts, periods, today), by="region"
            ),
            "how restless a place and its parts were": partial(
                counters.by_day, days_of(scope, parts, [_ended(period) for period in periods], today)
            ),
            "first responses of three weeks": partial(counters.buckets_of, scope, periods, ["response_minutes"]),
        }
        for read, look in looks.items():
            times, floors = _alternating(look, _by_key(), rounds)
            results.append(
                Figure(
                    benchmark="dashboard",
                    what=f"{read}, {what}, {size:,} cases",
                    value=statistics.median(times),
                    unit="ms",
                    floor=statistics.median(floors),
                    floor_is="ms, a row by key",
                    ratio=spread([one / other for one, other in zip(times, floors, strict=True)]),
                    rounds=rounds,
                    goal=("≤", 30),
                )
            )
    return results


if __name__ == "__main__":
    options = asked()
    sys.exit(publish("dashboard", measure(quick=options.quick, cases=options.cases)))
