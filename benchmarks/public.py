"""What the pages of the public cost: the league of 3,000 enterprises, from memory and made anew, and its lines in the database.

`python -m benchmarks.public`: through all middleware but without a network. Floors, side by side: for the page from memory
the same page made anew (goal: at least 20 times as many); for a page of lines 50 rows of the same table by primary keys.
"""

from __future__ import annotations

import statistics
import sys
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.lists import _alternating
from benchmarks.measuring import Figure, arguments, publish, spread, tell

FIRMS = 3_000
PATH = "/open/league/"


def measure(*, quick: bool) -> list[Figure]:
    rounds = 5 if quick else 15
    with ground.database("benchmark_public") as base:
        ground.set_up(base)
        from django.core.cache import cache
        from django.test import Client

        from enterprises.models import LeagueLine, LeagueSet
        from oversight import league_making

        tell(f"public: {FIRMS} enterprises")
        _fill()
        begun = datetime.now(ZoneInfo("UTC"))
        made = league_making.publish(now=begun)
        took = (datetime.now(ZoneInfo("UTC")) - begun).total_seconds()
        base.settle()
        client = Client(SERVER_NAME="localhost")

        def anew() -> Any:
            cache.clear()
            return client.get(PATH)

        kept, uncached = _alternating(lambda: client.get(PATH), anew, rounds)
        newest = LeagueSet.objects.order_by("-last", "first", "-version")[0]
        lines = LeagueLine.objects.filter(of=newest, region=newest.country, sector="").order_by("position")
        keys = list(lines.values_list("pk", flat=True)[1000:1050])

        def page() -> Any:
            return list(lines.filter(position__gt=1000)[:50])

        def by_key() -> Any:
            return list(LeagueLine.objects.filter(pk__in=keys))

        read, floor = _alternating(page, by_key, rounds)
        return [
            Figure(benchmark="public", what="league page from memory, times the page made anew", value=statistics.median(kept), unit="ms",
                   floor=statistics.median(uncached), floor_is="ms, made anew", rounds=rounds, goal=("≥", 20),
                   ratio=spread([slow / fast for fast, slow in zip(kept, uncached, strict=True)])),
            Figure(benchmark="public", what="50 lines of the league from the middle of 3,000", value=statistics.median(read), unit="ms",
                   floor=statistics.median(floor), floor_is="ms, 50 rows by their primary keys", rounds=rounds, goal=("≤", 3),
                   ratio=spread([one / other for one, other in zip(read, floor, strict=True)])),
            Figure(benchmark="public", what=f"all {made} tables made", value=took, unit="s", rounds=1),
        ]


def _fill() -> None:
    """Twelve months of counters of each enterprise, some with few cases."""
    from authorities.models import Authority, Region
    from enterprises.models import Enterprise
    from oversight.league_making import periods
    from oversight.models import MonthEnterprise

    dice = Random(7)
    cities = list(Region.objects.filter(country="CN", level="city"))
    authority = Authority.objects.filter(has_power=True).order_by("pk").first()
    firms = Enterprise.objects.bulk_create([
        Enterprise(name=f"试验{n}号商场", domicile=dice.choice(cities), enrolment="enrolled", enrolled_by=authority) for n in range(FIRMS)])
    first, last = periods(date.today())[0]
    months = sorted({(first + timedelta(days=day)).replace(day=1) for day in range((last - first).days)})
    MonthEnterprise.objects.bulk_create([
        MonthEnterprise(enterprise=firm.pk, branch=0, month=month, ended_settled=dice.randrange(40), ended_failed=dice.randrange(20),
                        ended_unconfirmed=dice.randrange(9), delivered=60, again=dice.randrange(9), ended_last_day=dice.randrange(9))
        for firm in firms for month in months], batch_size=2000)


if __name__ == "__main__":
    sys.exit(publish("public", measure(quick=arguments(__doc__).quick)))
