"""Did a guidance help: complaints of its cell before and after it, beside the same category elsewhere.

Both groups are counted over the same days, from the counters, by a sweep while the guidance is open; what
is shown is said with intervals, and with what would have happened anyway taken off.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from oversight.counters.sums import TALLY
from oversight.hot_spots.cells import cell_condition
from oversight.hot_spots.hotspots import EVERY
from oversight.hot_spots.unusual import DAYS, USUAL, Ratio, against, rate_ratio
from oversight.models import DayFacet, DayRegion, Guidance, HotSpot

#: So many days before the guidance was sent, and at most so many after it, are counted.
SPAN = DAYS * USUAL
DAY = timedelta(days=1)
#: A control group of fewer cases in the eight weeks before says too little.
ENOUGH = 30
#: Guidances of one sweep.
BATCH = 200
_SQL = read_sql(__file__, tally=TALLY, day_facet=DayFacet._meta.db_table, day_region=DayRegion._meta.db_table)


@dataclass(frozen=True, slots=True)
class Control:
    """With what the cell is compared: the same category at other enterprises of the province, where the hot spot is of
    a region in its other regions of that level (``counties``, ``cities``), else of the rest of the ``country``.

    ``name`` is the province, also where it had too few. All are "" in rows of before there was a choice.
    """

    kind: str = ""
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Cases and days before and after, ``elsewhere`` of the control group; without the day of sending."""

    before: int
    after: int
    elsewhere_before: int
    elsewhere_after: int
    days_before: int
    days_after: int
    restless: float
    control_group: Control = Control()

    @property
    def own(self) -> Ratio | None:
        return rate_ratio(self.before, self.days_before, self.after, self.days_after, restless=self.restless)

    @property
    def control(self) -> Ratio | None:
        return rate_ratio(
            self.elsewhere_before, self.days_before, self.elsewhere_after, self.days_after, restless=self.restless
        )

    @property
    def beyond(self) -> Ratio | None:
        """By how much the cell changed beyond the control group."""
        if self.days_after <= 0:
            return None
        return against(
            (self.before, self.after),
            (self.elsewhere_before, self.elsewhere_after),
            restless=self.restless,
            control_restless=self.restless,
        )

    def per_week(self, count: int, days: int) -> float | None:
        return count * DAYS / days if days > 0 else None

    def kept(self) -> dict[str, Any]:
        return {
            "counts": [self.before, self.after, self.elsewhere_before, self.elsewhere_after],
            "days": [self.days_before, self.days_after],
            "restless": self.restless,
            "control": asdict(self.control_group),
        }


def effect_of(guidance: Guidance) -> Effect | None:
    """What the last sweep counted; None before the first."""
    kept = guidance.effect
    if not kept:
        return None
    counted = [*kept["counts"], *kept["days"], kept["restless"], Control(**kept.get("control", {}))]
    return Effect(*counted)


def sweep(*, now: datetime) -> int:
    """Count the guidances that are under way anew; how many."""
    stale = Q(counted_at=None) | Q(counted_at__lte=now - EVERY)
    under_way = Guidance.objects.filter(stale, state=Guidance.State.SENT).select_related("hot_spot__region")
    results = list(under_way.order_by("pk")[:BATCH])
    for guidance in results:
        # One that is closed meanwhile stands still.
        Guidance.objects.filter(pk=guidance.pk, state=Guidance.State.SENT).update(
            effect=counted(guidance, now=now).kept(), counted_at=now
        )
    return len(results)


def counted(guidance: Guidance, *, now: datetime) -> Effect:
    """Of the cell of the hot spot, at the enterprise that is guided. Whole days only: today is not over."""
    assert guidance.sent_at is not None  # noqa: S101 - a constraint of the table
    sent, today = _day(guidance.sent_at), _day(now)
    spot = guidance.hot_spot
    last = min(today - DAY, sent + SPAN * DAY)
    options: dict[str, Any] = {"sent": sent, "first": sent - SPAN * DAY, "last": last, "facet": spot.facet}
    condition, values = cell_condition("e", guidance.enterprise_id, spot.facet)
    if spot.region_id:
        within, more = cell_condition("r", spot.region_id, "")
        condition += " and " + within.replace("%(of)s", "%(region)s")
        values |= {"region": more["of"]}
    before, after = _asked(_SQL["own"].format(cell=condition), options | values)
    group, (elsewhere_before, elsewhere_after) = _elsewhere(
        spot, options | {"firm": guidance.enterprise_id, "category": spot.category}
    )
    return Effect(
        before, after, elsewhere_before, elsewhere_after, SPAN, max(0, (last - sent).days), spot.restless, group
    )


def _elsewhere(spot: HotSpot, values: dict[str, Any]) -> tuple[Control, tuple[int, int]]:
    """The control group of a cell and its counts. The eight weeks before alone choose, so that what came out cannot."""
    above = list(Region.objects.filter(pk__lte=spot.place, last__gte=spot.place).order_by("pk", "-last"))
    levels = {region.level: region for region in above}
    province = levels.get(Region.Level.PROVINCE)
    # Of a hot spot of a part of a county the county is left out: whoever lives beside it hears of it as well.
    narrowest = (levels.get(level) for level in (Region.Level.COUNTY, Region.Level.CITY, Region.Level.PROVINCE))
    without = next(filter(None, narrowest), None) if spot.region_id else None
    values |= {"without": without.pk if without else -1, "without_last": without.last if without else -1}
    kinds = {"p": "and problem = %(category)s", "o": "and object = %(category)s"}
    facet = kinds.get(spot.facet[:1], "")
    if province is not None and without != province:
        counts = _asked(_SQL["beside"].format(facet=facet), values | {"low": province.pk, "high": province.last})
        if counts[0] >= ENOUGH:
            kind = "firms" if without is None else "counties" if without.level == Region.Level.COUNTY else "cities"
            return Control(kind, province.name, province.name_en), counts
    else:
        province = None
    whole = _asked(
        _SQL["of_facet"] if spot.facet else _SQL["of_all"], values | {"country": above[0].pk if above else None}
    )
    not_elsewhere = _asked(_SQL["not_elsewhere"].format(facet=facet), values)
    return Control("country", province.name if province else "", province.name_en if province else ""), (
        max(0, whole[0] - not_elsewhere[0]),
        max(0, whole[1] - not_elsewhere[1]),
    )


def _asked(statement: str, values: dict[str, Any]) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        before, after = cursor.fetchone()
    return before, after


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
