"""Makes the published league tables from the issued open data: of each of the last four quarters, and of all of them
together.

Nothing is counted here. A line says what the quarters of its enterprise say in the newest versions of the
files, added up; so whoever has the files gets the table. Places follow from the intervals that are shown, under thirty
cases nobody is ranked, silence is no success. An enterprise stands in the table of its sector and of the province and
city of its registered seat; its numbers are those of the whole enterprise.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Enterprise, LeagueLine, LeagueSet
from enterprises.models.published import ALL
from oversight.models import DataSet
from oversight.open_data import quarters, reading
from oversight.open_data.reading import FileLine, Range
from oversight.presenting.leagues import places
from web.small_numbers import ENOUGH, wilson

#: Counted or shown differently from before gets the next number; 4: 末日办结 is what the enterprise itself ended, on
#: the last day of the stage's own time; 5: of what failed it says how much the consumer let rest.
FORMULA = 5
#: So many quarters have a table of their own, beside that of all of them.
QUARTERS = 4
#: Who is ranked is known this well: the least and the most lie no further apart than this part of all.
KNOWN_TO = 10
MARK = "published league"
_LOCK = 0x0F1653
#: Of how many customers one counts the complaints.
CUSTOMERS = 100_000
PARTS, WHOLE = ("settled", "unconfirmed", "other"), "ended"


def publish(*, now: datetime) -> int:
    """Make today's sets unless they stand; how many are new or have a new version."""
    day = now.astimezone(SHANGHAI).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    if Heartbeat.objects.since(midnight, now=now).filter(name=MARK).exists():
        return 0
    read, regions = issued(), _Places.known()
    enterprises = (
        {one.code: one for one in Enterprise.objects.filter(enrolled_by__isnull=False).only("pk", "uscc")}
        if read
        else {}
    )
    made = 0
    for months in periods(list(read)):
        # Each period by itself, so that no transaction is long; whoever is killed in the middle begins again.
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
                if not cursor.fetchone()[0]:
                    return made
            made += _make(months, read, enterprises, regions, now=now)
    Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return made


def issued() -> dict[date, list[FileLine]]:
    """The lines of the last four issued quarters without a gap, by their last month, the newest first."""
    result: dict[DataSet, list[FileLine]] = {}
    for one in reading.newest_sets(upto=3 * QUARTERS + 2):
        if quarters.ends_with(one.month) and (lines := reading.table(one, "enterprise_quarters")) is not None:
            result[one] = lines
    return {one.month: result[one] for one in reading.run_of(list(result), step=3, most=QUARTERS)}


def periods(months: Sequence[date]) -> list[list[date]]:
    """All quarters together, then each by itself, the newest first; a quarter is named by its last month."""
    return [list(months), *([month] for month in months)] if len(months) > 1 else [list(months)] if months else []


class _Places:
    def __init__(self, rows: Sequence[Region]) -> None:
        self.rows = {row.pk: row for row in rows}
        self.country = next((row.pk for row in rows if row.level == Region.Level.COUNTRY), 0)
        self.by_code = {row.code: row.pk for row in rows}

    @classmethod
    def known(cls) -> _Places:
        levels = [Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY]
        return cls(list(Region.objects.filter(country="CN", level__in=levels).order_by("pk")))

    def of(self, path: str) -> list[int]:
        """The whole country, and the province and city of the seat."""
        return [self.country, *(self.by_code[code] for code in path.split("/") if code in self.by_code)]


def _make(
    months: Sequence[date],
    read: Mapping[date, Sequence[FileLine]],
    enterprises: Mapping[str, Enterprise],
    regions: _Places,
    *,
    now: datetime,
) -> bool:
    """Whether the tables of this period differ from the version that stands; then they are its next version."""
    first, last = quarters.span(months[-1])[0], quarters.span(months[0])[1]
    # The newest line of an enterprise says what it is called and where it stands.
    of_enterprise: dict[str, list[FileLine]] = defaultdict(list)
    for month in months:
        for row in read[month]:
            of_enterprise[row["enterprise"]].append(row)
    groups: dict[tuple[int, str], list[LeagueLine]] = defaultdict(list)
    for code, rows in sorted(of_enterprise.items()):
        if code not in enterprises or not any(row[WHOLE] != 0 or row["delivered"] != 0 for row in rows):
            continue
        given = line_values(rows)
        for region in regions.of(rows[0]["seat_path"]):
            for group in dict.fromkeys((ALL, rows[0]["sector"])):
                groups[region, group].append(
                    LeagueLine(region=region, sector=group, enterprise=enterprises[code], **given)
                )
    lines = [line for (region, sector), result in sorted(groups.items()) for line in _in_order(result)]
    digest = sha256(json.dumps([FORMULA, [_values(line) for line in lines]], default=str).encode()).hexdigest()
    newest = LeagueSet.objects.filter(first=first, last=last).order_by("-version").first()
    if newest is not None and newest.digest == digest:
        return False
    before: dict[int, list[Any]] = {}
    if newest is not None:
        of_country = LeagueLine.objects.filter(of=newest, region=newest.country, sector=ALL)
        before = {line.enterprise_id: _values(line)[1:] for line in of_country.iterator()}
    after = {one.enterprise_id: _values(one)[1:] for one in lines if (one.region, one.sector) == (regions.country, ALL)}
    made = LeagueSet.objects.create(
        first=first,
        last=last,
        version=newest.version + 1 if newest else 1,
        formula=FORMULA,
        made_at=now,
        country=regions.country,
        places=[
            [pk, regions.rows[pk].level, regions.rows[pk].name, regions.rows[pk].name_en]
            for pk in sorted({region for region, _ in groups})
            if pk in regions.rows
        ],
        sectors=sorted({sector for _, sector in groups} - {ALL}),
        digest=digest,
        changed=sum(before.get(pk) != after.get(pk) for pk in before.keys() | after.keys()) if newest else 0,
    )
    for line in lines:
        line.of = made
    LeagueLine.objects.bulk_create(lines, batch_size=2000)
    # Of a version that was replaced the day and the number of changes stay; what it said can be made from the files.
    LeagueLine.objects.filter(of__first=first, of__last=last).exclude(of=made).delete()
    return True


def _values(line: LeagueLine) -> list[Any]:
    names = [field.attname for field in LeagueLine._meta.fields if field.attname not in ("pk", "of_id", "position")]
    return [line.position, *(str(getattr(line, name)) for name in names)]


def line_values(rows: Sequence[FileLine]) -> dict[str, Any]:
    """What every line of an enterprise says, from its quarters, the newest first."""
    newest, shown = rows[0], outcome_counts(rows)
    received, answered = (reading.added(row[name] for row in rows) for name in ("delivered", "answered"))
    customers = int(newest["customers"] or 0)
    return {
        "name": newest["name"],
        "name_en": newest["name_en"],
        "code": newest["enterprise"],
        "main_sector": newest["sector"],
        "n": shown.n,
        "settled_least": shown.settled[0],
        "settled_most": shown.settled[1],
        "unconfirmed_least": shown.unconfirmed[0],
        "unconfirmed_most": shown.unconfirmed[1],
        "let_rest": reading.added(row["let_rest"] for row in rows),
        "low": shown.interval and shown.interval[0],
        "high": shown.interval and shown.interval[1],
        "received": received,
        "per_customers": (
            (Decimal(received * CUSTOMERS) / customers).quantize(Decimal("0.1"))
            if received is not None and received >= ENOUGH and customers
            else None
        ),
        "last_day_share": _share(reading.added(row["last_day"] for row in rows), answered),
        "again_share": _share(reading.added(row["again"] for row in rows), received),
        "promised": reading.added(row["promised"] for row in rows),
        "kept": reading.added(row["promises_kept"] for row in rows),
        "rated": reading.added(row["rated"] for row in rows),
        "marks": reading.added(row["marks"] for row in rows),
    }


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """What may be shown of the outcomes: each a least and a most; the interval of the share in thousandths."""

    n: int | None
    settled: tuple[int | None, int | None]
    unconfirmed: tuple[int | None, int | None]
    interval: tuple[int, int] | None


def outcome_counts(rows: Sequence[FileLine]) -> OutcomeCounts:
    """A withheld number as the range that is left; ranked is who has thirty or more and is known well enough."""
    n = reading.added(row[WHOLE] for row in rows)
    settled, unconfirmed = (
        reading.ranges_added(reading.range_of(row, part, PARTS, WHOLE) for row in rows) for part in PARTS[:2]
    )
    interval = None
    if n is not None and n >= ENOUGH and settled[1] is not None and KNOWN_TO * (settled[1] - settled[0]) <= n:
        rounded = sum(row.get("multiple_of", 1) > 1 for row in rows)
        low, high = wilson(settled[0], n, rounded=rounded)[0], wilson(settled[1], n, rounded=rounded)[1]
        interval = round(1000 * low), round(1000 * high)
    return OutcomeCounts(n, _pair(settled), _pair(unconfirmed), interval)


def _pair(result: Range) -> tuple[int | None, int | None]:
    """Both or none: a number of which only the least is known is not shown."""
    return result if result[1] is not None else (None, None)


def _share(part: int | None, whole: int | None) -> int | None:
    """In thousandths; None where it is withheld, says too little, or where there is nothing."""
    return round(1000 * part / whole) if part is not None and whole is not None and whole >= ENOUGH else None


def _in_order(results: Sequence[LeagueLine]) -> Iterator[LeagueLine]:
    """The ranked first, by place and then by share; the others by their code, which is no rank."""
    ranked = [line for line in results if line.low is not None and line.high is not None]
    intervals = [(float(line.low or 0), float(line.high or 0)) for line in ranked]
    for line, (first, last) in zip(ranked, places(intervals), strict=True):
        line.place_first, line.place_last = first, last
    ordered = sorted(
        results,
        key=lambda line: (
            line.place_first or len(results) + 1,
            -((line.settled_least or 0) / line.n if line.n and line.is_ranked else 0),
            line.code,
        ),
    )
    for number, line in enumerate(ordered, start=1):
        line.position = number
        yield line
