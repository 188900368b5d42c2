"""What a consumer may expect of an enterprise, from its published figures.

Rule: no share without the number behind it, and none at all under thirty; who never answered is
not counted as content.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from enterprises.models import PublishedFigure
from odr_portal.small_numbers import SMALL

#: Under so many a share says nothing.
TOO_FEW = 30
#: Older figures are not shown: better none than stale ones.
NEWER_THAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Expectation:
    """The year before `day`. Shares are whole percents, None where there is too little: then the counts speak."""

    category: str
    day: date
    ended: int
    median_days: int | None
    p90_days: int | None
    settled: int | None
    unconfirmed: int | None
    promised: int
    kept: int | None
    settled_cases: int
    unconfirmed_cases: int
    kept_promises: int
    #: Working hours until half, and nine of ten, had a first response; None where there are too few of them.
    responded: int
    response_hours: int | None
    response_p90_hours: int | None
    #: The mean of the marks from 1 to 5, and the share of the closed cases that was rated.
    rated: int
    rating: Decimal | None
    rated_share: int | None
    #: Whether the outcomes, the promises and the raters may be told: no number from 1 to 4, and none that is left of a whole.
    tells_outcomes: bool
    tells_promises: bool
    tells_raters: bool

    @property
    def is_too_few(self) -> bool:
        return self.ended < TOO_FEW


def expected(enterprise_ids: Collection[int], *, on: date, category: str = "") -> dict[int, Expectation]:
    """For each enterprise its newest figures: of this problem where these are enough, else of all.

    One query. An enterprise of which nothing ended within the year is missing.
    """
    if not enterprise_ids:
        return {}
    rows = (PublishedFigure.objects
            .filter(enterprise_id__in=enterprise_ids, category__in={"", category}, day__lte=on, day__gt=on - NEWER_THAN)
            .order_by("enterprise_id", "category", "-day").distinct("enterprise_id", "category"))
    found: dict[int, Expectation] = {}
    for row in rows:
        # All problems come first, so one with enough of its own takes their place.
        if not row.category or row.ended >= TOO_FEW:
            found[row.enterprise_id] = _of(row)
    return found


def _of(row: PublishedFigure) -> Expectation:
    enough, promised = row.ended >= TOO_FEW, row.promised >= TOO_FEW
    return Expectation(
        category=row.category, day=row.day, ended=row.ended, promised=row.promised,
        median_days=_days(row.median_days) if enough else None, p90_days=_days(row.p90_days) if enough else None,
        settled=_percent(row.settled, row.ended) if enough else None,
        unconfirmed=_percent(row.unconfirmed, row.ended) if enough else None,
        kept=_percent(row.kept, row.promised) if promised else None,
        settled_cases=row.settled, unconfirmed_cases=row.unconfirmed, kept_promises=row.kept,
        responded=row.responded, response_hours=_hours(row.response_median, row.responded),
        response_p90_hours=_hours(row.response_p90, row.responded), rated=row.rated,
        rating=(Decimal(row.marks) / row.rated).quantize(Decimal("0.1"), ROUND_HALF_UP) if row.rated >= TOO_FEW else None,
        rated_share=_percent(row.rated, row.closed) if row.closed else None,
        tells_outcomes=_may_be_told(row.ended, row.settled, row.unconfirmed), tells_promises=_may_be_told(row.promised, row.kept),
        tells_raters=_may_be_told(row.rated))


def _may_be_told(whole: int, *parts: int) -> bool:
    return not any(number in SMALL for number in (whole, *parts, whole - sum(parts)))


def _days(days: Decimal | None) -> int | None:
    return max(1, round(days)) if days is not None else None


def _hours(minutes: int | None, n: int) -> int | None:
    """Whole working hours, begun ones too: nobody should expect less than it takes."""
    return max(1, -(-minutes // 60)) if minutes is not None and n >= TOO_FEW else None


def _percent(part: int, whole: int) -> int:
    return (200 * part + whole) // (2 * whole)
