"""Makes the indicators of the public page from the issued open data: the country, each province, city and county.

Nothing is counted here. Each number is a sum of numbers that stand in the newest versions of the files, so whoever has
the files gets the page, and the page never tells more than they do. What came in is of the last twelve issued months,
what became of stages at enterprises of the last four issued quarters.

``data`` of a row: a number is an int, or [at least] where a month of it is withheld, or null where nothing can be said.
``received``; ``months`` and ``categories`` as [name, received]; ``settled``, ``on_time`` and ``kept`` as [part by part,
in all]; ``response``: [hours within which half had a first response, how many had one], null under thirty;
``recovered`` in yuan; ``quarters``: the first and the last of them; ``multiple_of``: 5 where a set of them is rounded.
For what is usual of a number, and for the pages of problems: ``run``, up to 26 months as [name, multiple of], the
oldest first; ``history`` and ``problems`` (by code): what was received in each of them, null where withheld.
``untold``: of the months of ``run`` those that were issued without rows of such places, as there were too few cases;
then all of them is null. ``coarse``: of those months [name, finest places] where that is not the county.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.procedure.working_calendar import SHANGHAI
from oversight.models import DataSet
from oversight.models.published_models import OpenIndicators
from oversight.open_data import quarters, reading
from web.small_numbers import ENOUGH

#: Counted or shown differently from before gets the next number.
FORMULA = 5
MONTHS, QUARTERS = 12, 4
#: Of these a row is made.
LEVELS = (Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY, Region.Level.COUNTY)
#: The newest month, the one before it, and those from which reports know how restless such numbers are.
RUN = 2 + 24
#: What is of no category that is named.
OTHER = "other"
MARK = "published indicators"
_LOCK = 0x0F1654
#: Parts that make a whole, and the whole, by the columns of the files.
WHOLES: Mapping[str, tuple[str, ...]] = {
    "settled": ("settled", "unconfirmed", "other", "ended"),
    "on_time": ("in_time", "late", "due"),
    "kept": ("promises_kept", "promises_not_kept", "promised"),
}
#: What is read of the lines of months.
COLUMNS = ("received", "recovered", "recovered_n")
FileLine = Mapping[str, Any]
#: The line of a place that a set tells nothing of.
_UNTOLD: FileLine = defaultdict(lambda: None)


def publish(*, now: datetime) -> int:
    """Make today's set unless it stands; of how many regions."""
    day = now.astimezone(SHANGHAI).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    if Heartbeat.objects.since(midnight, now=now).filter(name=MARK).exists():
        return 0
    rows = made(now=now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        OpenIndicators.objects.all().delete()
        OpenIndicators.objects.bulk_create(rows)
        Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return len(rows)


@dataclass(slots=True)
class _Read:
    #: The newest twelve of ``run`` are ``months``; of those at these places of it problems are not known.
    run: list[DataSet] = field(default_factory=list)
    untold: set[int] = field(default_factory=set)
    months: list[date] = field(default_factory=list)
    quarters: list[DataSet] = field(default_factory=list)
    #: Of each region and month what ``COLUMNS`` say: of all counties the whole lines would be some hundred megabytes.
    by_month: dict[str, dict[date, FileLine]] = field(default_factory=lambda: defaultdict(dict))
    by_quarter: dict[str, dict[date, FileLine]] = field(default_factory=lambda: defaultdict(dict))
    multiple_of: int = 1
    objects: dict[str, dict[str, list[int | None]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    #: By region and problem, in each month of ``run``.
    problems: dict[str, dict[str, list[int | None]]] = field(default_factory=lambda: defaultdict(dict))


def made(*, now: datetime) -> list[OpenIndicators]:
    """A row for the country and for each province, city and county of which something was issued."""
    regions = {row.code: row for row in Region.objects.filter(country="CN", level__in=LEVELS).select_related("parent")}
    country = next((row for row in regions.values() if row.level == Region.Level.COUNTRY), None)
    read = _read(reading.newest_sets(), regions)
    if country is None or not read.months:
        return []
    # All of them: the most frequent cannot be picked where some are withheld.
    named = sorted(read.objects.get(country.code, {}))
    there = sorted({country.code} | read.by_month.keys() | read.by_quarter.keys(), key=lambda code: regions[code].pk)
    return [
        OpenIndicators(
            region=region.pk,
            level=region.level,
            parent=region.parent_id,
            name=region.name,
            name_en=region.name_en,
            first=read.months[0],
            last=(read.months[-1] + timedelta(days=31)).replace(day=1) - timedelta(days=1),
            formula=FORMULA,
            made_at=now,
            data=_data_of(region, read, named),
        )
        for region in (regions[code] for code in there)
    ]


def _read(sets: Sequence[DataSet], regions: Iterable[str]) -> _Read:
    result, known = _Read(), set(regions)
    tables = {
        one.pk: {
            line["region_code"]: {name: line[name] for name in COLUMNS}
            for line in lines
            if line["region_code"] in known
        }
        for one in sets[:RUN]
        if (lines := reading.table(one, "regions")) is not None
    }
    result.run = reading.run_of([one for one in sets if one.pk in tables], step=1, most=RUN)[::-1]
    result.months = [one.month for one in result.run[-MONTHS:]]
    for place, one in enumerate(result.run):
        for code, line in tables[one.pk].items():
            result.by_month[code][one.month] = line
        categories = reading.table(one, "categories")
        if categories is None:
            result.untold.add(place)
        is_shown = one.month in result.months
        if is_shown:
            result.multiple_of = max(result.multiple_of, one.multiple_of)
        for line in categories or ():
            code = line["region_code"]
            if code in known and line["by"] == "problem":
                numbers = result.problems[code].setdefault(line["code"], [0] * len(result.run))
                numbers[place] = line["received"]
            elif code in known and is_shown and line["by"] == "object" and "." in line["code"]:
                result.objects[code][line["code"]].append(line["received"])
    of_quarters = {
        one.pk: lines
        for one in sets[: QUARTERS * 3 + 2]
        if quarters.ends_with(one.month) and (lines := reading.table(one, "region_quarters")) is not None
    }
    for one in reversed(reading.run_of([one for one in sets if one.pk in of_quarters], step=3, most=QUARTERS)):
        result.quarters.append(one)
        result.multiple_of = max(result.multiple_of, one.multiple_of)
        for line in of_quarters[one.pk]:
            if line["region_code"] in known:
                result.by_quarter[line["region_code"]][one.month] = line
    return result


def _data_of(region: Region, read: _Read, named: Sequence[str]) -> dict[str, Any]:
    code, level = region.code, region.level
    of_region, of_quarters = read.by_month.get(code, {}), read.by_quarter.get(code, {})
    # A line that is missing says that nothing came, but where a set has no such lines.
    untold = {one.month for one in read.run if not one.tells(level)}
    history: list[int | None] = [
        of_region[one.month]["received"] if one.month in of_region else None if one.month in untold else 0
        for one in read.run
    ]
    of_months = history[-MONTHS:]
    nothing = [None for month in read.months if month in untold]
    objects = {name: [*read.objects.get(code, {}).get(name, []), *nothing] for name in named}
    by_quarter: list[FileLine] = [
        of_quarters.get(one.month, _UNTOLD) for one in read.quarters if one.month in of_quarters or not one.tells(level)
    ]
    received = reading.added(of_months)
    exact = [reading.added(objects[name]) for name in named]
    known = reading.added(exact)
    rest = received - known if received is not None and known is not None else None
    return {
        "received": shown(of_months),
        "months": [[f"{month:%Y-%m}", n] for month, n in zip(read.months, of_months, strict=True)],
        "categories": [*([name, shown(objects[name])] for name in named), [OTHER, rest]],
        **{name: [reading.added(line[one] for line in by_quarter) for one in parts] for name, parts in WHOLES.items()},
        "response": _response(by_quarter),
        "recovered": _recovered(
            of_region.get(month, _UNTOLD) for month in read.months if month in of_region or month in untold
        ),
        "multiple_of": read.multiple_of,
        "run": [[f"{one.month:%Y-%m}", one.multiple_of] for one in read.run],
        "history": history,
        "problems": {
            name: [
                None if place in read.untold or read.run[place].month in untold else n
                for place, n in enumerate(numbers)
            ]
            for name, numbers in sorted(read.problems.get(code, {}).items())
        },
        "untold": [f"{one.month:%Y-%m}" for one in read.run if one.month in untold],
        "coarse": [[f"{one.month:%Y-%m}", one.finest] for one in read.run if one.finest != DataSet.FINEST[0]],
        "quarters": [quarters.mark(read.quarters[at].month) for at in (0, -1)] if read.quarters else [],
    }


def shown(numbers: Sequence[int | None]) -> int | list[int] | None:
    """The sum; what it is at least where some are withheld, if that is more than nothing."""
    exact, least = reading.added(numbers), reading.at_least(numbers)
    return exact if exact is not None else [least] if least else None


def _response(lines: Sequence[FileLine]) -> list[int] | None:
    """The shortest of the times within which half of the first responses came, as the shown numbers prove it."""
    whole = reading.added(line["responded"] for line in lines)
    if whole is None or whole < ENOUGH:
        return None
    within = 0
    for hours, column in zip(quarters.HOURS, quarters.CLASSES, strict=False):
        within += reading.at_least(line[column] for line in lines)
        if 2 * within >= whole:
            return [hours, whole]
    return None


def _recovered(lines: Iterable[FileLine]) -> int | None:
    """Whole yuan, where no month is withheld and thirty or more promises were paid."""
    results = list(lines)
    n = reading.added(line["recovered_n"] for line in results)
    if n is None or n < ENOUGH or any(line["recovered"] is None for line in results):
        return None
    return int(sum(Decimal(line["recovered"] or 0) for line in results))
