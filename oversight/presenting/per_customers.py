"""Complaints per 100,000 customers of a quarter, by enterprise, beside those of the same sector.

Whole enterprises with all their cases, as their customers are everywhere; of those alone whose number of customers the
authority noted and that was counted within the year before the end of the quarter. The interval is Garwood's × √φ, φ
from the months before the quarter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import Q

from authorities.models import Region
from complaints.reading.case_people import label_of
from enterprises.enrolment.enrolled import customers_on
from enterprises.models import CustomerCount, Enterprise, LeagueLine
from enterprises.models.published import ALL
from oversight.figures import chance, rates
from oversight.figures.definitions import Period
from oversight.models import MonthEnterprise
from oversight.presenting.leagues import places
from web.small_numbers import ENOUGH

DAY, A_YEAR = timedelta(days=1), timedelta(days=365)
OF = 100_000
#: So many months before the quarter tell how restless an enterprise is.
MONTHS = 24
A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Rate:
    """``n`` complaints of ``count`` customers. ``rate`` and ``interval``: per 100,000, None of fewer than 30 complaints
    or where the count is older than a year. ``place``: the best and the worst that it may have in its sector, the first
    has most complaints; None where nobody else of it has a rate.
    """

    enterprise: Enterprise
    n: int
    count: CustomerCount
    is_old: bool
    rate: float | None = None
    interval: tuple[float, float] | None = None
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Sector:
    name: str
    rates: Sequence[Rate]


@dataclass(frozen=True, slots=True)
class Rates:
    """``unknown``: so many enterprises with 30 complaints in the quarter have not told their customers."""

    quarter: Period
    sectors: Sequence[Sector]
    unknown: int


def last_quarter(today: date) -> Period:
    """The last one that is over."""
    last = today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1) - DAY
    return Period(first=last.replace(month=last.month - 2, day=1), last=last)


def read(regions: Sequence[Region], today: date) -> Rates:
    """Of the enterprises with their seat in these regions; four statements."""
    quarter = last_quarter(today)
    own: defaultdict[int, dict[date, int]] = defaultdict(dict)
    seat = Q(pk__in=[])
    for region in regions:
        seat |= Q(domicile_id__gte=region.pk, domicile_id__lte=region.last)
    here = Enterprise.objects.filter(seat, enrolment__in=("enrolled", "suspended"))
    rows = MonthEnterprise.objects.filter(
        enterprise__in=here.values("pk"),
        branch=0,
        month__gte=_months_before(quarter.first, MONTHS),
        month__lte=quarter.last,
    )
    for pk, month, n in rows.values_list("enterprise", "month", "received"):
        own[pk][month] = n or 0
    of_quarter = {pk: sum(n for month, n in months.items() if month >= quarter.first) for pk, months in own.items()}
    counts = customers_on(list(own), quarter.last)
    firms = {row.pk: row for row in here.filter(pk__in=counts).only("name", "name_en")}
    sectors: dict[int, str] = dict(
        LeagueLine.objects.filter(enterprise__in=counts, sector=ALL)
        .order_by("enterprise", "-of__last", "-of__version", "region")
        .distinct("enterprise")
        .values_list("enterprise", "main_sector")
    )
    groups: defaultdict[str, list[Rate]] = defaultdict(list)
    for pk, firm in firms.items():
        groups[sectors.get(pk, "")].append(_rate(firm, of_quarter[pk], counts[pk], own[pk], quarter))
    return Rates(
        quarter,
        [Sector(str(label_of(code)), _placed(rows) if code else rows) for code, rows in sorted(groups.items())],
        sum(n >= ENOUGH for pk, n in of_quarter.items() if pk not in counts),
    )


def _rate(firm: Enterprise, n: int, count: CustomerCount, months: Mapping[date, int], quarter: Period) -> Rate:
    is_old = quarter.last - count.counted_on > A_YEAR
    if is_old or n < ENOUGH:
        return Rate(firm, n, count, is_old)
    low, high = rates.interval(n, _restless(months, quarter))
    return Rate(firm, n, count, False, OF * n / count.number, (OF * low / count.number, OF * high / count.number))


def _restless(months: Mapping[date, int], quarter: Period) -> float:
    """φ of its months before the quarter, each beside the one before it."""
    begun = min(months)
    known = [
        months.get(month, 0)
        for month in (_months_before(quarter.first, back) for back in range(1, MONTHS + 1))
        if month >= begun
    ]
    squares = [chance.square_of_counts(*pair) for pair in pairwise(known)]
    return chance.dispersion([square for square in squares if square is not None], A_MONTH).phi


def _months_before(day: date, n: int) -> date:
    """The first of the month so many before that of ``day``."""
    months = 12 * day.year + day.month - 1 - n
    return date(months // 12, months % 12 + 1, 1)


def _placed(rows: Sequence[Rate]) -> list[Rate]:
    """The most complaints per customer first; places are shared where the intervals overlap."""
    known = sorted((row for row in rows if row.interval is not None), key=lambda row: -(row.rate or 0))
    rest = [row for row in rows if row.interval is None]
    if len(known) < 2:
        return [*known, *rest]
    intervals = [row.interval for row in known if row.interval is not None]
    return [*(replace(row, place=place) for row, place in zip(known, places(intervals), strict=True)), *rest]
