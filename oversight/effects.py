"""Did a guidance help: complaints of its cell before and after it, beside the same category everywhere else.

The one rule: both groups are counted over the same days, from the counters, by a sweep while the guidance is open; what is
shown is said with intervals, and with what would have happened anyway taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from complaints.working_calendar import SHANGHAI
from oversight.hotspots import EVERY, cell_condition
from oversight.models import DayFacet, DayRegion, Guidance
from oversight.rollup_sums import TALLY
from oversight.unusual import DAYS, USUAL, Ratio, against, rate_ratio

#: So many days before the guidance was sent, and at most so many after it, are counted.
SPAN = DAYS * USUAL
DAY = timedelta(days=1)
#: Guidances of one sweep.
BATCH = 200

_OWN = f"""
select count(*) filter (where day < %(sent)s), count(*) filter (where day > %(sent)s) from {TALLY}
where kind = 'received' and day >= %(first)s and day <= %(last)s and day <> %(sent)s and {{cell}}
"""
_FACET = f"""
select coalesce(sum(received) filter (where day < %(sent)s), 0)::bigint, coalesce(sum(received) filter (where day > %(sent)s), 0)::bigint
from {DayFacet._meta.db_table} where facet = %(facet)s and day >= %(first)s and day <= %(last)s and day <> %(sent)s
"""
#: All complaints of a country: the widest region that holds the place.
_ALL = f"""
select coalesce(sum(received) filter (where day < %(sent)s), 0)::bigint, coalesce(sum(received) filter (where day > %(sent)s), 0)::bigint
from {DayRegion._meta.db_table} where region = (select id from authorities_region where parent_id is null
    and %(place)s between id and last limit 1) and day >= %(first)s and day <= %(last)s and day <> %(sent)s
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """Cases and days before and after; ``elsewhere``: the same of the control group. The day of sending is in neither."""

    before: int
    after: int
    elsewhere_before: int
    elsewhere_after: int
    days_before: int
    days_after: int
    restless: float

    @property
    def own(self) -> Ratio | None:
        return rate_ratio(self.before, self.days_before, self.after, self.days_after, restless=self.restless)

    @property
    def control(self) -> Ratio | None:
        return rate_ratio(self.elsewhere_before, self.days_before, self.elsewhere_after, self.days_after, restless=self.restless)

    @property
    def beyond(self) -> Ratio | None:
        """By how much the cell changed beyond the control group."""
        if self.days_after <= 0:
            return None
        return against((self.before, self.after), (self.elsewhere_before, self.elsewhere_after), restless=self.restless,
                       control_restless=self.restless)

    def per_week(self, count: int, days: int) -> float | None:
        return count * DAYS / days if days > 0 else None

    def kept(self) -> dict[str, Any]:
        return {"counts": [self.before, self.after, self.elsewhere_before, self.elsewhere_after],
                "days": [self.days_before, self.days_after], "restless": self.restless}


def effect_of(guidance: Guidance) -> Effect | None:
    """What the last sweep counted; None before the first."""
    kept = guidance.effect
    if not kept:
        return None
    before, after, elsewhere_before, elsewhere_after = kept["counts"]
    days_before, days_after = kept["days"]
    return Effect(before, after, elsewhere_before, elsewhere_after, days_before, days_after, kept["restless"])


def sweep(*, now: datetime) -> int:
    """Count the guidances that are under way anew; how many."""
    stale = Q(counted_at=None) | Q(counted_at__lte=now - EVERY)
    found = list(Guidance.objects.filter(stale, state=Guidance.State.SENT).select_related("hot_spot").order_by("pk")[:BATCH])
    for guidance in found:
        # One that is closed meanwhile stands still.
        Guidance.objects.filter(pk=guidance.pk, state=Guidance.State.SENT).update(
            effect=counted(guidance, now=now).kept(), counted_at=now)
    return len(found)


def counted(guidance: Guidance, *, now: datetime) -> Effect:
    """Of the cell of the hot spot, at the enterprise that is guided. Whole days only: today is not over."""
    assert guidance.sent_at is not None  # noqa: S101 - a constraint of the table
    sent, today = _day(guidance.sent_at), _day(now)
    spot = guidance.hot_spot
    last = min(today - DAY, sent + SPAN * DAY)
    told: dict[str, Any] = {"sent": sent, "first": sent - SPAN * DAY, "last": last, "facet": spot.facet, "place": spot.place}
    condition, values = cell_condition("e", guidance.enterprise_id, spot.facet)
    if spot.region_id:
        within, more = cell_condition("r", spot.region_id, "")
        condition += " and " + within.replace("%(of)s", "%(region)s")
        values |= {"region": more["of"]}
    with connection.cursor() as cursor:
        cursor.execute(_OWN.format(cell=condition), told | values)
        before, after = cursor.fetchone()
        cursor.execute(_FACET if spot.facet else _ALL, told)
        all_before, all_after = cursor.fetchone()
    return Effect(before, after, max(0, all_before - before), max(0, all_after - after), SPAN, max(0, (last - sent).days), spot.restless)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
