"""What a consumer may expect of an enterprise, from what is published of it.

No share without the number behind it, and none at all under thirty; who never answered is not counted as content.
Every count is that of its published line (league of the last four quarters), so nobody can compare two windows of days;
how long things took is of the year before and names no count. How cases of one kind of problem ended is told in
multiples of five, with the interval that allows for it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from django.db.models import F, Q

from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import LeagueLine, PublishedFigure
from enterprises.models.published import ALL
from web.small_numbers import ENOUGH, rounded_number, wilson

#: What the figures of one day are counted over.
YEAR = timedelta(days=365)
#: Older figures are not shown: better none than stale ones. Quarters come some days after their end.
NEWER_THAN, QUARTER_NEWER_THAN = timedelta(days=7), timedelta(days=200)


#: (enterprises, day, quarters that ended after, times of days after, category): the newest league line of each
#: enterprise in the whole country; how long it took, of everything and then of the category.
_PUBLISHED = CombinedQuery(
    PreparedQuery(
        lambda enterprises, on, since: (
            LeagueLine.objects.filter(
                enterprise_id__any_of=enterprises,
                sector=ALL,
                region=F("of__country"),
                of__last__lt=on,
                of__last__gt=since,
            )
            .select_related("of")
            .order_by("enterprise_id", "-of__last", "of__first", "-of__version")
            .distinct("enterprise_id")
        ),
        list,
        date,
        date,
    ),
    PreparedQuery(
        lambda enterprises, on, _quarters, since, category: (
            PublishedFigure.objects.filter(
                Q(category="") | Q(category=category), enterprise_id__any_of=enterprises, day__lte=on, day__gt=since
            )
            .order_by("enterprise_id", "category", "-day")
            .distinct("enterprise_id", "category")
        ),
        list,
        date,
        date,
        date,
        str,
    ),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """``first`` and ``day`` are the first and the last day of what is counted. A number is None where it is withheld, a
    share where there is too little."""

    first: date
    day: date
    #: Stages that ended, and how many of them were confirmed and unanswered; then as whole percents.
    ended: int | None = None
    settled_cases: int | None = None
    unconfirmed_cases: int | None = None
    settled: int | None = None
    unconfirmed: int | None = None
    promised: int | None = None
    kept_promises: int | None = None
    kept: int | None = None
    #: The mean of the marks from 1 to 5.
    rated: int | None = None
    rating: Decimal | None = None
    #: How long it took, of ``category`` where that is set, else of all; None where there are too few of them.
    category: str = ""
    median_days: int | None = None
    p90_days: int | None = None
    response_hours: int | None = None
    response_p90_hours: int | None = None

    @property
    def is_too_few(self) -> bool:
        return self.ended is not None and self.ended < ENOUGH


def expected(enterprise_ids: Collection[int], *, on: date, category: str = "") -> dict[int, Expectation]:
    """For each enterprise its newest figures; how long it took of this problem where that is enough, else of all.

    One query. An enterprise of which nothing is published is missing.
    """
    if not enterprise_ids:
        return {}
    lines, times = _PUBLISHED(sorted(enterprise_ids), on, on - QUARTER_NEWER_THAN, on - NEWER_THAN, category)
    took: dict[int, PublishedFigure] = {}
    for row in times:
        # All problems come first, so one with enough of its own takes their place.
        if row.ended >= ENOUGH:
            took[row.enterprise_id] = row
    return {line.enterprise_id: _of(line, took.get(line.enterprise_id)) for line in lines}


@dataclass(frozen=True, slots=True)
class Ended:
    """How cases against one enterprise ended from ``first`` to ``last``, of ``category`` or, where that is empty, of
    all. ``n`` of a category is a multiple of five. Shares are whole percents; ``low`` and ``high`` the 95 % interval of
    the confirmed one."""

    category: str
    first: date
    last: date
    n: int
    settled: int
    low: int
    high: int
    unconfirmed: int

    @property
    def others(self) -> int:
        """Without agreement, or agreed elsewhere."""
        return max(0, 100 - self.settled - self.unconfirmed)


def similar_ended(enterprise_id: int | None, category: str, *, on: date) -> Ended | None:
    """How the cases with this problem ended in the year before; where there are too few of them, how all did. None
    where too little is published. One query."""
    if enterprise_id is None:
        return None
    lines, times = _PUBLISHED([enterprise_id], on, on - QUARTER_NEWER_THAN, on - NEWER_THAN, category)
    row = next((one for one in times if category and one.category == category and one.ended >= ENOUGH), None)
    if row is not None:
        whole, settled, unconfirmed = (
            rounded_number(count, "ended", name, str(enterprise_id), category)
            for name, count in (("all", row.ended), ("settled", row.settled), ("unconfirmed", row.unconfirmed))
        )
        settled = min(settled, whole)
        low, high = wilson(settled, whole, rounded=2)
        shares = (settled / whole, low, high, min(unconfirmed, whole - settled) / whole)
        return Ended(category, row.day - YEAR, row.day - timedelta(days=1), whole, *(round(100 * s) for s in shares))
    for line in lines:
        all_of_them = _of(line, None)
        agreed, silent = all_of_them.settled, all_of_them.unconfirmed
        if line.n is None or line.low is None or line.high is None or agreed is None or silent is None:
            return None
        ends = round(line.low / 10), round(line.high / 10)
        return Ended("", line.of.first, line.of.last, line.n, agreed, *ends, silent)
    return None


def _of(line: LeagueLine, took: PublishedFigure | None) -> Expectation:
    settled = line.settled_least if line.settled_least == line.settled_most else None
    unconfirmed = line.unconfirmed_least if line.unconfirmed_least == line.unconfirmed_most else None
    both = settled is not None and unconfirmed is not None
    result = Expectation(
        first=line.of.first,
        day=line.of.last,
        ended=line.n,
        settled_cases=settled if both else None,
        unconfirmed_cases=unconfirmed if both else None,
        settled=_percent(settled, line.n) if both else None,
        unconfirmed=_percent(unconfirmed, line.n) if both else None,
        promised=line.promised,
        kept_promises=line.kept,
        kept=_percent(line.kept, line.promised),
        rated=line.rated,
        rating=_rating(line),
    )
    if took is None:
        return result
    return replace(
        result,
        category=took.category,
        median_days=_days(took.median_days),
        p90_days=_days(ceil(took.p90_days)) if took.p90_days is not None else None,
        response_hours=_hours(took.response_median, took.responded),
        response_p90_hours=_hours(took.response_p90, took.responded),
    )


def _rating(line: LeagueLine) -> Decimal | None:
    if line.marks is None or line.rated is None or line.rated < ENOUGH:
        return None
    return (Decimal(line.marks) / line.rated).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _days(days: Decimal | int | None) -> int | None:
    return max(1, round(days)) if days is not None else None


def _hours(minutes: int | None, n: int) -> int | None:
    """Whole working hours, begun ones too: nobody should expect less than it takes."""
    return max(1, -(-minutes // 60)) if minutes is not None and n >= ENOUGH else None


def _percent(part: int | None, whole: int | None) -> int | None:
    if part is None or whole is None or whole < ENOUGH:
        return None
    return (200 * part + whole) // (2 * whole)
