"""Did a guidance help: complaints of its cell before and after it, beside the same category elsewhere.

Both groups are counted over the same days, from the counters, by a sweep while the guidance is open; the verdict and
what it rests on stand in `before_after`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from authorities.models import Region
from complaints.procedure.working_calendar import SHANGHAI
from database.sql_files import read_sql
from oversight.counters.sums import TALLY
from oversight.figures.dispersion import Dispersion
from oversight.hot_spots import before_after
from oversight.hot_spots.before_after import BEFORE, LOOKS, METHOD, Counts, Ratio
from oversight.hot_spots.cells import cell_condition
from oversight.hot_spots.unusual import DAYS
from oversight.models import DayFacet, DayRegion, Guidance, HotSpot, MonthFacet

DAY = timedelta(days=1)
#: Guidances of one sweep.
BATCH = 200
#: So many days after the sending are counted at the most.
AFTER = LOOKS[-1][0]
_SQL = read_sql(
    __file__,
    tally=TALLY,
    day_facet=DayFacet._meta.db_table,
    day_region=DayRegion._meta.db_table,
    month_facet=MonthFacet._meta.db_table,
)
ByDay = Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Control:
    """With what the cell is compared: the same category at other enterprises of the province, where the hot spot is of
    a region in its other regions of that level (``counties``, ``cities``), else of the rest of the ``country``.

    ``name`` is the province, also where it had too few.
    """

    kind: str = ""
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What was counted by method 2: ``looks`` at 28 and 56 whole days as far as they are over, and ``so_far``.

    ``days_before``: of the 182 days before ``first``, on which the hot spot began, those in no older one.
    ``replaces_method_1``: another conclusion was shown before.
    """

    first: date
    days_before: int
    days_after: int
    so_far: Counts
    looks: tuple[Counts, ...]
    known: Dispersion
    trend: float
    control_group: Control
    replaces_method_1: bool = False

    @property
    def verdict(self) -> str:
        return before_after.verdict(self.looks, self.known, self.trend)

    @property
    def is_success(self) -> bool:
        """Alone may be called the work of the guidance."""
        return self.verdict == before_after.BELOW

    @property
    def judged(self) -> Counts:
        """The counts that the verdict is of; so far while there is none."""
        return self.looks[-1] if self.looks else self.so_far

    @property
    def ratio(self) -> Ratio | None:
        return before_after.ratio_of(self.judged, self.known)

    def kept(self) -> dict[str, Any]:
        return {
            "method": METHOD,
            "first": self.first.isoformat(),
            "days": [self.days_before, self.days_after],
            "so_far": asdict(self.so_far),
            "looks": [asdict(look) for look in self.looks],
            "known": asdict(self.known),
            "trend": self.trend,
            "control": asdict(self.control_group),
            "replaces_method_1": self.replaces_method_1,
        }


def effect_of(guidance: Guidance) -> Effect | None:
    """What the last sweep counted by this method; None before the first."""
    kept = guidance.effect
    if not kept or kept.get("method") != METHOD:
        return None
    return Effect(
        first=date.fromisoformat(kept["first"]),
        days_before=kept["days"][0],
        days_after=kept["days"][1],
        so_far=Counts(**kept["so_far"]),
        looks=tuple(Counts(**look) for look in kept["looks"]),
        known=Dispersion(**kept["known"]),
        trend=kept["trend"],
        control_group=Control(**kept["control"]),
        replaces_method_1=kept["replaces_method_1"],
    )


def sweep(*, now: datetime) -> int:
    """Count the guidances that are under way anew, once a day, as whole days are counted; and once those that ended
    under method 1, as of their end. How many.
    """
    day = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    stale = Q(state=Guidance.State.SENT) & (Q(counted_at=None) | Q(counted_at__lt=day))
    of_method_1 = Q(state=Guidance.State.CLOSED, effect__isnull=False, effect__method__isnull=True)
    results = list(
        # Of a campaign all its enterprises are judged together (campaign_effects.py).
        Guidance.objects.filter(stale | of_method_1, campaign=None)
        .select_related("hot_spot__region")
        .order_by("pk")[:BATCH]
    )
    for guidance in results:
        # One that is closed meanwhile stands still.
        Guidance.objects.filter(pk=guidance.pk, state=guidance.state).update(
            effect=counted(guidance, now=guidance.closed_at or now).kept(), counted_at=now
        )
    return len(results)


def counted(guidance: Guidance, *, now: datetime) -> Effect:
    """Of the cell of the hot spot, at the enterprise that is guided. Whole days only: today is not over."""
    assert guidance.sent_at is not None  # noqa: S101 - a constraint of the table
    sent, today = _day(guidance.sent_at), _day(now)
    spot = guidance.hot_spot
    assert spot is not None  # noqa: S101 - of a campaign none is counted here
    last = min(today - DAY, sent + AFTER * DAY)
    options: dict[str, Any] = {"first": spot.first - BEFORE * DAY, "last": max(last, spot.first), "facet": spot.facet}
    condition, values = cell_condition("e", guidance.enterprise_id, spot.facet)
    if spot.region_id:
        within, more = cell_condition("r", spot.region_id, "")
        condition += " and " + within.replace("%(of)s", "%(region)s")
        values |= {"region": more["of"]}
    own = _by_day(_SQL["own"].format(cell=condition), options | values)
    usual = _usual_days(spot)
    group, control, units = _elsewhere(
        spot, options | {"firm": guidance.enterprise_id, "category": spot.category}, usual, _sum(own, usual)
    )

    def at(days: int) -> Counts:
        after = [sent + n * DAY for n in range(1, days + 1)]
        return Counts(_sum(own, usual), _sum(own, after), _sum(control, usual), _sum(control, after), units)

    over = max(0, (last - sent).days)
    weeks = [
        _sum(own, (spot.first - (DAYS * back - n) * DAY for n in range(DAYS)))
        for back in range(before_after.WEEKS, 0, -1)
    ]
    was = guidance.effect or {}
    return Effect(
        spot.first,
        len(usual),
        over,
        at(over),
        tuple(at(days) for days, _level in LOOKS if days <= over),
        before_after.dispersion_of(weeks),
        before_after.trend_of(weeks),
        group,
        bool(was) and (was.get("method") != METHOD or was.get("replaces_method_1", False)),
    )


def _usual_days(spot: HotSpot) -> list[date]:
    """The 182 days before the hot spot began, without those of older ones of its cell."""
    start = spot.first - BEFORE * DAY
    older = HotSpot.objects.filter(
        enterprise=spot.enterprise_id, region=spot.region_id, facet=spot.facet, first__lt=spot.first, last__gte=start
    ).values_list("first", "last")
    hot = {first + n * DAY for first, last in older for n in range((last - first).days + 1)}
    return [day for n in range(BEFORE) if (day := start + n * DAY) not in hot]


def _elsewhere(
    spot: HotSpot, values: dict[str, Any], usual: list[date], own: int
) -> tuple[Control, dict[date, int], int]:
    """The control group of a cell, its counts by day, and of how many enterprises or places it is. The days before
    alone choose, so that what came out cannot.
    """
    above = list(Region.objects.filter(pk__lte=spot.place, last__gte=spot.place).order_by("pk", "-last"))
    levels = {region.level: region for region in above}
    province = own_province = levels.get(Region.Level.PROVINCE)
    # Of a hot spot of a part of a county the county is left out: whoever lives beside it hears of it as well.
    narrowest = (levels.get(level) for level in (Region.Level.COUNTY, Region.Level.CITY, Region.Level.PROVINCE))
    without = next(filter(None, narrowest), None) if spot.region_id else None
    values |= {"without": without.pk if without else -1, "without_last": without.last if without else -1}
    kinds = {"p": "and problem = %(category)s", "o": "and object = %(category)s"}
    facet = kinds.get(spot.facet[:1], "")
    if province is not None and without != province:
        kind = "firms" if without is None else "counties" if without.level == Region.Level.COUNTY else "cities"
        around = values | {
            "low": province.pk,
            "high": province.last,
            "before": spot.first,
            "level": "county" if kind == "counties" else "city",
        }
        counts = _by_day(_SQL["beside"].format(facet=facet), around)
        units = _one(_SQL["firms" if kind == "firms" else "places"].format(facet=facet), around)
        if Counts(own, 0, _sum(counts, usual), 0, units).is_controlled:
            return Control(kind, province.name, province.name_en), counts, units
    else:
        province = None
    country = above[0].pk if above else None
    whole = _by_day(_SQL["of_facet"] if spot.facet else _SQL["of_all"], values | {"country": country})
    not_elsewhere = _by_day(_SQL["not_elsewhere"].format(facet=facet), values)
    counts = {day: max(0, n - not_elsewhere.get(day, 0)) for day, n in whole.items()}
    others = values | {"before": spot.first, "own": own_province.pk if own_province else -1}
    units = _one(_SQL["provinces"], others)
    return Control("country", province.name if province else "", province.name_en if province else ""), counts, units


def _by_day(statement: str, values: dict[str, Any]) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return dict(cursor.fetchall())


def _one(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def _sum(counts: ByDay, days: Iterable[date]) -> int:
    return sum(counts.get(day, 0) for day in days)


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
