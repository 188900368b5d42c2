"""Makes the published league tables from the counters: of twelve months, of each closed quarter and of each closed month.

The one rule: what a set says can be counted from what it shows. Places follow from the intervals that are shown, under
thirty cases nobody is ranked, silence is no success, and a small number is withheld before it is written. An enterprise
stands in the table of its sector (what most complaints of the year against it are about) and of the province and city
of its registered seat; its numbers are those of the whole enterprise.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from authorities.models import Region
from complaints.models import Heartbeat
from complaints.working_calendar import SHANGHAI
from enterprises.enrolled import customers_on
from enterprises.league import ALL
from enterprises.models import Enterprise, LeagueLine, LeagueSet
from odr_portal.small_numbers import SMALL
from oversight import suppression
from oversight.leagues import RANKED_FROM, places, wilson
from oversight.models import MonthEnterprise
from oversight.suppression import Axis

#: Counted or shown differently from before gets the next number.
FORMULA = 1
#: So many closed months and quarters have tables of their own, beside that of the last twelve months.
MONTHS, QUARTERS = 12, 4
MARK = "published league"
_LOCK = 0x0F1653
_PATIENCE = "25s"
#: Of how many customers one counts the complaints.
CUSTOMERS = 100_000
_RESULTS = ("settled", "unconfirmed", "other")
_OUTCOMES = Axis.of(_RESULTS)

_COUNTED = f"""
select enterprise, coalesce(sum(ended_settled), 0), coalesce(sum(ended_unconfirmed), 0),
       coalesce(sum(ended_settled_elsewhere), 0) + coalesce(sum(ended_failed), 0),
       coalesce(sum(ended_withdrawn), 0) + coalesce(sum(ended_returned), 0),
       coalesce(sum(delivered), 0), coalesce(sum(again), 0), coalesce(sum(ended_last_day), 0)
from {MonthEnterprise._meta.db_table} where branch = 0 and month >= %s and month <= %s group by enterprise
"""  # noqa: S608
_SECTORS = """
select distinct on (enterprise_id) enterprise_id, object_category from (
    select enterprise_id, object_category, count(*) as n from complaints_complaint
    where enterprise_id is not null and status <> 'draft' and object_category <> '' and received_at >= %s and received_at < %s
    group by 1, 2) c order by enterprise_id, n desc, object_category
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted of an enterprise; nothing of it is shown as it stands."""

    settled: int = 0
    unconfirmed: int = 0
    other: int = 0
    #: Withdrawn and returned: they ended, and stand outside of the share.
    apart: int = 0
    delivered: int = 0
    again: int = 0
    last_day: int = 0

    @property
    def n(self) -> int:
        return self.settled + self.unconfirmed + self.other


def publish(*, now: datetime) -> int:
    """Make today's sets unless they stand; how many are new or have a new version."""
    day = now.astimezone(SHANGHAI).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    if Heartbeat.objects.filter(name=MARK, at__gte=midnight).exists():
        return 0
    firms = list(Enterprise.objects.filter(enrolled_by__isnull=False).select_related("domicile").order_by("pk"))
    regions, sectors = _Places.known(), _sectors(*periods(day)[0])
    made = 0
    for first, last in periods(day):
        # Each period by itself, so that no transaction is long; whoever is killed in the middle begins again.
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
                if not cursor.fetchone()[0]:
                    return made
            made += _make(first, last, firms, regions, sectors, now=now)
    Heartbeat.objects.update_or_create(name=MARK, defaults={"at": now})
    return made


def periods(day: date) -> list[tuple[date, date]]:
    """The last twelve closed months, then each closed quarter and month, the newest first."""
    last = day.replace(day=1) - timedelta(days=1)
    months = [_month(last, back) for back in range(MONTHS)]
    quarters = [(_month(end, 2)[0], end) for _, end in months if end.month % 3 == 0][:QUARTERS]
    return [(months[-1][0], last), *quarters, *months]


def _month(last: date, back: int) -> tuple[date, date]:
    end = last
    for _ in range(back):
        end = end.replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


def counted(first: date, last: date) -> dict[int, Counts]:
    """Of each enterprise, from the counters: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [first, last])
        return {row[0]: Counts(settled=row[1], unconfirmed=row[2], other=row[3], apart=row[4], delivered=row[5], again=row[6],
                               last_day=row[7]) for row in cursor.fetchall()}


def _sectors(first: date, last: date) -> dict[int, str]:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=SHANGHAI) for d in (first, last + timedelta(days=1)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', %s, true)", [_PATIENCE])
        cursor.execute(_SECTORS, [start, end])
        return dict(cursor.fetchall())


class _Places:
    """The country, provinces and cities, and which of them a seat lies in."""

    def __init__(self, rows: Sequence[Region]) -> None:
        self.rows = {row.pk: row for row in rows}
        self.country = next((row.pk for row in rows if row.level == Region.Level.COUNTRY), 0)
        self.by_level = {level: [row for row in rows if row.level == level] for level in (Region.Level.PROVINCE, Region.Level.CITY)}

    @classmethod
    def known(cls) -> _Places:
        levels = [Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY]
        return cls(list(Region.objects.filter(country="CN", level__in=levels).order_by("pk")))

    def of(self, seat: Region | None) -> list[int]:
        """The whole country, and the province and city of the seat."""
        found = [self.country]
        for rows in self.by_level.values() if seat is not None else ():
            found += [row.pk for row in rows if row.covers(seat.pk)]  # type: ignore[union-attr]
        return found


def _make(first: date, last: date, firms: Sequence[Enterprise], regions: _Places, sectors: Mapping[int, str], *, now: datetime) -> bool:
    """Whether the tables of this period differ from the version that stands; then they are its next version."""
    counts = counted(first, last)
    customers = customers_on([firm.pk for firm in firms], last)
    groups: dict[tuple[int, str], list[LeagueLine]] = defaultdict(list)
    for firm in firms:
        counts_of = counts.get(firm.pk)
        if counts_of is None or not (counts_of.n or counts_of.delivered):
            continue
        sector = sectors.get(firm.pk, ALL)
        told = _told_of(firm, counts_of, sector=sector, customers=customers[firm.pk].number if firm.pk in customers else None)
        for region in regions.of(firm.domicile):
            for group in dict.fromkeys((ALL, sector)):
                groups[region, group].append(LeagueLine(region=region, sector=group, **told))
    lines = [line for (region, sector), found in sorted(groups.items()) for line in _in_order(found)]
    digest = sha256(json.dumps([FORMULA, [_told(line) for line in lines]], default=str).encode()).hexdigest()
    newest = LeagueSet.objects.filter(first=first, last=last).order_by("-version").first()
    if newest is not None and newest.digest == digest:
        return False
    before = {line.enterprise_id: _told(line)[1:] for line in _whole(newest)} if newest else {}
    after = {line.enterprise_id: _told(line)[1:] for line in lines if (line.region, line.sector) == (regions.country, ALL)}
    made = LeagueSet.objects.create(
        first=first, last=last, version=newest.version + 1 if newest else 1, formula=FORMULA, made_at=now, country=regions.country,
        places=[[pk, regions.rows[pk].level, regions.rows[pk].name, regions.rows[pk].name_en]
                for pk in sorted({region for region, _ in groups}) if pk in regions.rows],
        sectors=sorted({sector for _, sector in groups} - {ALL}), digest=digest,
        changed=sum(before.get(pk) != after.get(pk) for pk in before.keys() | after.keys()) if newest else 0)
    for line in lines:
        line.of = made
    LeagueLine.objects.bulk_create(lines, batch_size=2000)
    # Of a version that was replaced the day and the number of changes stay; its lines would tell single outcomes.
    LeagueLine.objects.filter(of__first=first, of__last=last).exclude(of=made).delete()
    return True


def _whole(of: LeagueSet) -> Iterator[LeagueLine]:
    return LeagueLine.objects.filter(of=of, region=of.country, sector=ALL).iterator()


def _told(line: LeagueLine) -> list[Any]:
    """All that a line says, its place in the order first."""
    names = [field.attname for field in LeagueLine._meta.fields if field.attname not in ("pk", "of_id", "position")]
    return [line.position, *(str(getattr(line, name)) for name in names)]


def _told_of(firm: Enterprise, counts: Counts, *, sector: str, customers: int | None) -> dict[str, Any]:
    """What every line of this enterprise says."""
    shown = shown_counts(counts)
    ended = counts.n + counts.apart
    received = None if counts.delivered in SMALL else counts.delivered
    per = (Decimal(received * CUSTOMERS) / customers).quantize(Decimal("0.1")) if received is not None and customers else None
    return {
        "enterprise": firm, "name": firm.name, "name_en": firm.name_en, "code": firm.code, "main_sector": sector, "n": shown.n,
        "settled_least": shown.settled[0], "settled_most": shown.settled[1],
        "unconfirmed_least": shown.unconfirmed[0], "unconfirmed_most": shown.unconfirmed[1],
        "low": shown.interval and shown.interval[0], "high": shown.interval and shown.interval[1],
        "received": received, "per_customers": per,
        "last_day_share": _share(counts.last_day, ended), "again_share": _share(counts.again, counts.delivered),
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of the outcomes: each a least and a most; the interval of the share in thousandths."""

    n: int | None
    settled: tuple[int | None, int | None]
    unconfirmed: tuple[int | None, int | None]
    interval: tuple[int, int] | None


def shown_counts(counts: Counts) -> Shown:
    """Withheld numbers come as the range that a reader could work out; ranked is who has thirty or more."""
    table = suppression.published({(name,): getattr(counts, name) for name in _RESULTS}, [_OUTCOMES])
    n = table.get((suppression.TOTAL,), 0)
    ranges = {name: _range(name, table, counts, n) for name in _RESULTS}
    settled = ranges["settled"]
    interval = None
    if n is not None and n >= RANKED_FROM and settled[0] is not None and settled[1] is not None:
        interval = round(1000 * wilson(settled[0], n)[0]), round(1000 * wilson(settled[1], n)[1])
    return Shown(n, settled, ranges["unconfirmed"], interval)


def _range(name: str, table: Mapping[tuple[str, ...], int | None], counts: Counts, n: int | None) -> tuple[int | None, int | None]:
    known = table.get((name,), 0)
    if known is not None:
        return known, known
    if getattr(counts, name) in SMALL:
        return SMALL[0], SMALL[-1]
    if n is None:
        return None, None
    # Large, and withheld for the sake of small ones: what is left when those take their least and their most.
    hidden = [other for other in _RESULTS if other != name and table.get((other,), 0) is None]
    rest = n - sum(table.get((other,), 0) or 0 for other in _RESULTS)
    small = [other for other in hidden if getattr(counts, other) in SMALL]
    if len(small) != len(hidden):
        return None, None
    return max(1, rest - SMALL[-1] * len(small)), rest - len(small)


def _share(part: int, whole: int) -> int | None:
    """In thousandths; None where it is withheld, says too little, or where there is nothing."""
    shown, of = suppression.share(part, whole)
    return round(1000 * shown / of) if shown is not None and of and of >= RANKED_FROM else None


def _in_order(found: Sequence[LeagueLine]) -> Iterator[LeagueLine]:
    """The ranked first, by place and then by share; the others by how much is known of them."""
    ranked = [line for line in found if line.low is not None and line.high is not None]
    intervals = [(float(line.low or 0), float(line.high or 0)) for line in ranked]
    for line, (first, last) in zip(ranked, places(intervals), strict=True):
        line.place_first, line.place_last = first, last
    ordered = sorted(found, key=lambda line: (
        line.place_first or len(found) + 1, -((line.settled_least or 0) / line.n if line.n and line.is_ranked else 0),
        -(line.n or 0), line.enterprise_id))
    for number, line in enumerate(ordered, start=1):
        line.position = number
        yield line
