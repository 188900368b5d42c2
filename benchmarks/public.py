"""What the pages of the public cost: the league of 3,000 enterprises, the country, a province and one kind of problem,
from memory and made anew, and the lines of the league in the database.

`python -m benchmarks.public`: through all middleware but without a network. Floors, side by side: for the page from
memory the same page made anew (goal: at least 20 times as many); for a page of lines 50 rows of the same table by
primary keys. Pages of places are drawn from rows as long as those of a country with 26 months and every problem.
"""

import statistics
import sys
from collections import Counter, defaultdict
from datetime import date, datetime
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
        from oversight.open_data import issuing
        from oversight.published import indicator_making, league_making

        tell(f"public: {FIRMS} enterprises")
        _fill()
        begun = datetime.now(ZoneInfo("UTC"))
        for month in _ends():
            issuing.issue(month, now=begun)
        issued = (datetime.now(ZoneInfo("UTC")) - begun).total_seconds()
        made = league_making.publish(now=begun)
        took = (datetime.now(ZoneInfo("UTC")) - begun).total_seconds() - issued
        indicator_making.publish(now=begun)
        pages = {PATH: "league page", **_lengthened()}
        base.settle()
        client = Client(SERVER_NAME="localhost")

        def compared(path: str) -> tuple[list[float], list[float]]:
            def anew() -> Any:
                cache.clear()
                return client.get(path)

            assert client.get(path).status_code == 200, path
            return _alternating(lambda: client.get(path), anew, rounds)

        times = {path: compared(path) for path in pages}
        newest = LeagueSet.objects.order_by("-last", "first", "-version")[0]
        lines = LeagueLine.objects.filter(of=newest, region=newest.country, sector="").order_by("position")
        keys = list(lines.values_list("pk", flat=True)[1000:1050])

        def page() -> Any:
            return list(lines.filter(position__gt=1000)[:50])

        def by_key() -> Any:
            return list(LeagueLine.objects.filter(pk__in=keys))

        read, floor = _alternating(page, by_key, rounds)
        return [
            *(
                Figure(
                    benchmark="public",
                    what=f"{pages[path]} from memory, times the page made anew",
                    value=statistics.median(kept),
                    unit="ms",
                    floor=statistics.median(uncached),
                    floor_is="ms, made anew",
                    rounds=rounds,
                    goal=("≥", 20),
                    ratio=spread([slow / fast for fast, slow in zip(kept, uncached, strict=True)]),
                )
                for path, (kept, uncached) in times.items()
            ),
            Figure(
                benchmark="public",
                what="50 lines of the league from the middle of 3,000",
                value=statistics.median(read),
                unit="ms",
                floor=statistics.median(floor),
                floor_is="ms, 50 rows by their primary keys",
                rounds=rounds,
                goal=("≤", 3),
                ratio=spread([one / other for one, other in zip(read, floor, strict=True)]),
            ),
            Figure(
                benchmark="public",
                what="four quarters issued as open data, what must be withheld found",
                value=issued,
                unit="s",
                rounds=1,
            ),
            Figure(benchmark="public", what=f"all {made} tables made from them", value=took, unit="s", rounds=1),
        ]


def _lengthened() -> dict[str, str]:
    """Puts 26 months of every problem into the rows of the public pages; paths of pages with what they are."""
    from complaints.procedure.categories import PROBLEM_LABELS
    from oversight.models.published_models import OpenIndicators
    from oversight.open_data import reading
    from oversight.published.indicator_making import MONTHS, RUN

    dice, newest = Random(11), reading.back(date.today().replace(day=1), 1)
    months = [f"{reading.back(newest, back):%Y-%m}" for back in range(RUN - 1, -1, -1)]
    rows = list(OpenIndicators.objects.all())
    for row in rows:
        problems = {code: [dice.randrange(5, 500) for _month in months] for code in PROBLEM_LABELS}
        history = [sum(numbers) for numbers in zip(*problems.values(), strict=True)]
        row.data |= {"run": [[month, 5] for month in months], "history": history, "problems": problems}
        row.data["months"] = [list(one) for one in zip(months[-MONTHS:], history[-MONTHS:], strict=True)]
    OpenIndicators.objects.bulk_update(rows, ["data"], batch_size=200)
    province = next(row for row in rows if row.level == "province")
    problem = next(iter(PROBLEM_LABELS))
    return {
        "/open/": "page of the country",
        f"/open/?region={province.region}": "page of a province",
        f"/open/problems/{problem}/": "page of a problem",
    }


def _ends() -> list[date]:
    """The last months of the newest four quarters that are over, the oldest first."""
    from oversight.open_data import quarters, reading

    month = reading.back(date.today().replace(day=1), 1)
    while not quarters.ends_with(month):
        month = reading.back(month, 1)
    return [reading.back(month, 3 * back) for back in range(3, -1, -1)]


def _fill() -> None:
    """Counters of each enterprise in each quarter, some with few cases, and of the regions that they lie in."""
    from authorities.models import Authority, Region
    from enterprises.models import Enterprise
    from oversight.models import MonthEnterprise, MonthFacet

    dice = Random(7)
    cities = list(Region.objects.filter(country="CN", level="city").select_related("parent__parent"))
    authority = Authority.objects.filter(has_power=True).order_by("pk").first()
    enterprises = Enterprise.objects.bulk_create(
        [
            Enterprise(name=f"试验{n}号商场", domicile=dice.choice(cities), enrolment="enrolled", enrolled_by=authority)
            for n in range(FIRMS)
        ]
    )
    rows, places = [], Counter[tuple[int, date, str]]()
    for enterprise in enterprises:
        for month in _ends():
            numbers = {
                "ended_settled": dice.randrange(120),
                "ended_failed": dice.randrange(60),
                "ended_unconfirmed": dice.randrange(25),
                "delivered": 180,
                "again": dice.randrange(25),
                "in_time": dice.randrange(100, 180),
                "ran_out": dice.randrange(30),
            }
            rows.append(MonthEnterprise(enterprise=enterprise.pk, branch=0, month=month, **numbers))
            place: Region | None = enterprise.domicile
            while place is not None:
                places.update({(place.pk, month, name): n for name, n in numbers.items()})
                place = place.parent
    MonthEnterprise.objects.bulk_create(rows, batch_size=2000)
    whole: dict[tuple[int, date], dict[str, int]] = defaultdict(dict)
    for (pk, month, name), n in places.items():
        whole[pk, month][name] = n
    MonthFacet.objects.bulk_create(
        [MonthFacet(region=pk, facet="", month=month, **numbers) for (pk, month), numbers in whole.items()],
        batch_size=2000,
    )


if __name__ == "__main__":
    sys.exit(publish("public", measure(quick=arguments(__doc__).quick)))
