"""What the figures of large regions cost from their counters, how fast steps are folded, and what making them anew
costs.

`python -m benchmarks.rollups [--quick] [--cases 10000000]`: fills a database twice (a tenth, then all), makes the
counters anew, and reads cells as the dashboards do, in slices that alternate with one row of a counter by primary key.
Rebuilding stands beside one scan of all cases, and by CPU beside the very rows that it made, copied to empty tables and
indexed there; folding takes cases that were filed after the rebuild.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, compared, publish, tell, timed, tree_cpu

ZONE = ZoneInfo("Asia/Shanghai")
CALLS = 10
Look = Callable[[], Any]


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to see that all of it works")
    parser.add_argument(
        "--cases", type=int, default=0, help="how many in all; 200,000 unless told (20,000 with --quick)"
    )
    return parser.parse_args()


def measure(*, quick: bool, cases: int = 0) -> list[Figure]:
    rounds, size = (5 if quick else 11), cases or (20_000 if quick else 200_000)
    figures: list[Figure] = []
    reads: dict[int, dict[str, float]] = {}
    with ground.database("benchmark_rollups") as base:
        ground.set_up(base)
        from benchmarks.world.cases import MANY, fill

        done = 0
        for upto in (size // 10, size):
            tell(f"rollups: filling up to {upto:,} cases")
            filled = fill(upto - done, is_whole=size < MANY)
            done = upto
            figures += _rebuild(base, upto)
            reads[upto] = _reads(upto, filled.busiest, rounds, figures)
        small, large = reads.values()
        figures += [
            Figure(
                benchmark="rollups",
                what=f"{what}: {size:,} ÷ {size // 10:,}",
                value=large[what] / small[what],
                unit="×",
                goal=("≤", 3 if "county" in what else 1.3),
            )
            for what in large
        ]
        more = max(2_000, size // 20)
        fill(more)
        figures += _fold(more)
    return figures


def _scan() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        return timed(lambda: cursor.execute("select count(*), sum(returns) from complaints_complaint"))


def _rebuild(base: ground.Ground, size: int) -> list[Figure]:
    from django.db import connection

    from oversight.counters import making as rollup_making

    tell("rollups: making the counters anew")
    _scan()
    scans = [_scan() for _ in range(3)]
    before = tree_cpu(base.postmaster)
    with ground.as_owner():
        seconds = timed(lambda: rollup_making.rebuild(now=datetime.now(ZONE)))
    cpu = tree_cpu(base.postmaster) - before
    base.run("vacuum (analyze) oversight_tally")
    honest = _copied(base)
    names = ("dayregion", "dayfacet", "monthfacet", "monthenterprise", "monthspread", "tally")
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_relation_size('complaints_complaint') / 1e6, "
            + ", ".join(f"pg_total_relation_size('oversight_{name}') / 1e6" for name in names)
        )
        heap, *sizes = (float(number) for number in cursor.fetchone())
    return [
        Figure(
            benchmark="rollups",
            what=f"rebuild, {size:,} cases",
            value=seconds,
            unit="s",
            floor=statistics.median(scans),
            floor_is="s, one scan of all cases",
            ratio=(seconds / statistics.median(scans), seconds / max(scans), seconds / min(scans)),
            goal=("≤", 120),
            more={"cases_per_s": size / seconds, "postgresql_cpu_s": cpu},
        ),
        Figure(
            benchmark="rollups",
            what=f"rebuild, {size:,} cases, CPU beside its very rows",
            value=cpu,
            unit="s",
            floor=honest,
            floor_is="s, the same rows copied and indexed",
            ratio=(cpu / honest,) * 3,
            goal=("≤", 4),
        ),
        Figure(
            benchmark="rollups",
            what=f"size of all counters ÷ heap of the cases, {size:,} cases",
            value=sum(sizes) / heap,
            unit="×",
            more=dict(zip(names, sizes, strict=True)),
        ),
    ]


def _copied(base: ground.Ground) -> float:
    """Seconds of PostgreSQL's CPU for the rows of all counters in empty tables, indexed when they are full."""
    from oversight.counters.sums import ALL, TALLY

    with base.administrator() as administrator, administrator.cursor() as cursor:
        cursor.execute(
            "select tablename, array_agg(indexdef) from pg_indexes where tablename = any(%s) group by tablename",
            [[TALLY, *(table.name for table in ALL)]],
        )
        tables = cursor.fetchall()
        cursor.execute("create schema same; checkpoint")
        before = tree_cpu(base.postmaster)
        for table, indexes in tables:
            cursor.execute(f"create table same.{table} (like {table}); insert into same.{table} select * from {table}")
            for index in indexes:
                cursor.execute(index.replace(f" ON public.{table} ", f" ON same.{table} "))
        spent = tree_cpu(base.postmaster) - before
        cursor.execute("drop schema same cascade")
    return spent


def _looks(busiest: int, now: datetime) -> dict[str, Look]:
    from django.db import connection

    from authorities.models import Region
    from complaints.parties.conditions import current_calendar
    from oversight.counters import figures as rollup_figures
    from oversight.counters.reads import Counters
    from oversight.figures.definitions import Period, Scope
    from oversight.figures.figures import Measure

    calendar = current_calendar()
    today = now.date()
    month = Period(first=today - timedelta(days=29), last=today)
    year = Period(first=date(today.year - 1, today.month, 1), last=today.replace(day=1) - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "select handling_province, handling_county from complaints_complaint group by 1, 2 order by count(*) desc"
            " limit 1"
        )
        province_id, county_id = cursor.fetchone()
    nation = Scope(regions=(Region.objects.get(level="country", country="CN"),))
    province, county = (Scope(regions=(Region.objects.get(pk=pk),)) for pk in (province_id, county_id))
    counters = Counters.at(now, calendar)
    names = (
        "received",
        "closed",
        "ended_settled",
        "ended_unconfirmed",
        "ended_failed",
        "in_time",
        "response_minutes",
        "responded",
    )
    return {
        "nation, 30 days by problem": lambda: counters.sums(nation, month, by="problem", names=names),
        "province, 12 months by month": lambda: counters.sums(province, year, by="month", names=names),
        "county, 12 months by month": lambda: counters.sums(county, year, by="month", names=names),
        "the largest enterprise, 12 months": lambda: counters.sums(Scope(enterprise_id=busiest), year, names=names),
        "median and p90, province, 12 months": lambda: counters.buckets(province, year, ["response_minutes"]),
        "all figures of a province, 30 days, whole": lambda: rollup_figures.flow(
            Measure(province, month, now, calendar)
        ),
        "all figures of a province, 12 months, whole": lambda: rollup_figures.flow(
            Measure(province, year, now, calendar)
        ),
        "all figures of the nation, 12 months, whole": lambda: rollup_figures.flow(
            Measure(nation, year, now, calendar)
        ),
    }


def _reads(size: int, busiest: int, rounds: int, figures: list[Figure]) -> dict[str, float]:
    from django.db import connection

    result = {}
    with connection.cursor() as cursor:
        cursor.execute("select region, day from oversight_dayregion order by day desc offset 20 limit 1")
        key = cursor.fetchone()

        def by_key() -> None:
            cursor.execute("select * from oversight_dayregion where region = %s and day = %s", key)
            cursor.fetchall()

        for what, look in _looks(busiest, datetime.now(ZONE)).items():
            if look() is None:
                raise SystemExit(f"{what}: the counters could not say it")
            by_key()
            products, floors = [], []
            for _ in range(rounds):
                products.append(statistics.median(timed(look) * 1000 for _ in range(CALLS)))
                floors.append(statistics.median(timed(by_key) * 1000 for _ in range(CALLS)))
            result[what] = statistics.median(products)
            goal = None if what.startswith("all figures") else ("≤", 30.0)
            figures.append(
                compared(
                    products,
                    floors,
                    benchmark="rollups",
                    what=f"{what}, {size:,} cases",
                    unit="ms",
                    floor_is="ms, a row by key",
                    goal=goal,
                )
            )
    return result


def _fold(count: int) -> list[Figure]:
    from oversight.counters import rollups

    tell(f"rollups: folding {count:,} cases")
    waiting = rollups.waiting(most=10**9)
    begun = time.perf_counter()
    batches = []
    while True:
        before = time.perf_counter()
        if not rollups.fold(now=datetime.now(ZONE)):
            break
        batches.append(time.perf_counter() - before)
    seconds = time.perf_counter() - begun
    if rollups.waiting():
        raise SystemExit("something was not folded")
    return [
        Figure(
            benchmark="rollups",
            what=f"folding {waiting:,} entries of {count:,} new cases",
            value=waiting / seconds,
            unit="entries/s",
            more={"cases_per_s": count / seconds},
        ),
        Figure(benchmark="rollups", what="a batch of folding, slowest", value=max(batches), unit="s"),
    ]


if __name__ == "__main__":
    options = asked()
    sys.exit(publish("rollups", measure(quick=options.quick, cases=options.cases)))
