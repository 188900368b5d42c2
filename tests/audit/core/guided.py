"""Whether a guidance helped, found anew from the cases: docs/hot-spots.md, "Did it help?"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log, sqrt
from statistics import fmean, median
from typing import Any

from tests.audit.core.record import DAY, local
from tests.audit.core.restless import CAP, student_quantile, tail_t
from tests.audit.core.rows import Rows

BEFORE, WEEKS = 182, 26
LOOKS = ((28, 0.005), (56, 0.020))
UNITS, TIMES = 5, 3
ASSUMED, ASSUMED_DF = 1.5, 4.0
AS_USUAL, ONE_SIDED, ABOVE, STEEP = 1.25, 1.645, 0.025, 2.0


@dataclass(frozen=True, slots=True)
class Guided:
    """What is asked: the enterprise, on which day it was written to, and its hot spot (``place`` is where that lies;
    ``region`` only where the hot spot is of a region). ``older``: first and last days of older ones of the cell.
    """

    enterprise: int
    sent: date
    first: date
    facet: str
    region: int | None
    place: int
    older: Collection[tuple[date, date]] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Cases of the cell and of the control group before and after; the group is of so many ``units``."""

    before: int
    after: int
    control_before: int
    control_after: int
    units: int

    @property
    def is_controlled(self) -> bool:
        return self.units >= UNITS and self.control_before >= TIMES * max(1, self.before)


@dataclass(frozen=True, slots=True)
class Effect:
    days_before: int
    kind: str
    so_far: Counted
    looks: tuple[Counted, ...]
    phi: float
    df: float
    trend: float
    verdict: str
    ratio: tuple[float, float, float] | None


def of(rows: Rows, asked: Guided, today: date) -> Effect:
    """As it stands when ``today`` has begun: whole days only."""
    start = asked.first - BEFORE * DAY
    usual = [start + n * DAY for n in range(BEFORE)]
    usual = [day for day in usual if not any(first <= day <= last for first, last in asked.older)]
    over = max(0, (min(today - DAY, asked.sent + LOOKS[-1][0] * DAY) - asked.sent).days)
    here = [case.row for case in rows.cases.values() if _has(case.row, asked.facet)]
    within = set(rows.above(asked.place))

    def lies_in(row: Any, place: int | None) -> bool:
        return place is not None and place in rows.above(row.handling_region_id)

    of_cell = [row for row in here if row.enterprise_id == asked.enterprise]
    if asked.region is not None:
        of_cell = [row for row in of_cell if lies_in(row, asked.region)]
    own = _by_day(of_cell)
    kind, group, units = _control(rows, asked, here, within, lies_in, sum(own[day] for day in usual), usual)

    def at(days: int) -> Counted:
        after = [asked.sent + n * DAY for n in range(1, days + 1)]
        sums = (sum(counts[day] for day in some) for counts in (own, group) for some in (usual, after))
        return Counted(*sums, units)

    weeks = [sum(own[asked.first - (7 * back - n) * DAY] for n in range(7)) for back in range(WEEKS, 0, -1)]
    phi, df = restlessness(weeks)
    looks, trend = tuple(at(days) for days, _level in LOOKS if days <= over), slope(weeks)
    return Effect(
        len(usual),
        kind,
        at(over),
        looks,
        phi,
        df,
        trend,
        verdict(looks, phi, df, trend),
        ratio(looks[-1] if looks else at(over), phi, df),
    )


def _has(row: Any, facet: str) -> bool:
    if not facet:
        return True
    return bool((row.problem_category if facet.startswith("p:") else row.object_category) == facet[2:])


def _by_day(some: Iterable[Any]) -> Counter[date]:
    return Counter(local(row.received_at).date() for row in some)


def _control(
    rows: Rows,
    asked: Guided,
    here: Sequence[Any],
    within: Collection[int],
    lies_in: Callable[[Any, int | None], bool],
    own: int,
    usual: Sequence[date],
) -> tuple[str, Counter[date], int]:
    """The same category at others of the province, else in the rest of the country; chosen by the days before alone."""
    level = {rows.regions[pk].level: pk for pk in within}
    without = next((level[name] for name in ("county", "city", "province") if name in level), None)
    without = without if asked.region is not None else None
    others = [row for row in here if row.enterprise_id != asked.enterprise and not (without and lies_in(row, without))]
    start = asked.first - BEFORE * DAY
    province = level.get("province")
    if province is not None and without != province:
        beside = [row for row in others if lies_in(row, province)]
        counts = _by_day(beside)
        early = [row for row in beside if start <= local(row.received_at).date() < asked.first]
        if without is None:
            kind, units = "firms", len({row.enterprise_id for row in early} - {None})
        else:
            name = rows.regions[without].level
            kind = {"county": "counties", "city": "cities"}[name]
            above = {pk for row in early for pk in rows.above(row.handling_region_id)}
            units = sum(rows.regions[pk].level == name for pk in above)
        if Counted(own, 0, sum(counts[day] for day in usual), 0, units).is_controlled:
            return kind, counts, units
    months = {start.replace(day=1) + timedelta(days=31 * n) for n in range(8)}
    months = {month.replace(day=1) for month in months}
    months = {month for month in months if start <= month < asked.first}
    in_months = [row for row in here if local(row.received_at).date().replace(day=1) in months]
    above = {pk for row in in_months for pk in rows.above(row.handling_region_id)}
    provinces = {pk for pk in above if rows.regions[pk].level == "province"} - {province}
    country = next((pk for pk in within if rows.regions[pk].parent_id is None), None)
    return "country", _by_day(row for row in others if lies_in(row, country)), len(provinces)


def restlessness(weeks: Sequence[int]) -> tuple[float, float]:
    """phi of the weeks before, and of their sums of four: a level that wanders makes long sums more restless."""
    mean = fmean(weeks)
    if not mean:
        return ASSUMED, ASSUMED_DF
    least, n = max(mean, 0.05), len(weeks)
    squares = [(week - mean) ** 2 / least * n / (n - 1) for week in weeks]
    most = CAP * max(1.25, median(squares) / 0.455)
    own, df = fmean([min(square, most) for square in squares]), 2 * (n - 1) / (2 + 1 / least)
    fours = [sum(weeks[at : at + 4]) for at in range(n % 4, n, 4)]
    middle = fmean(fours)
    wide = sum((one - middle) ** 2 for one in fours) / (len(fours) - 1) / max(middle, 0.05)
    phi = max(1.0, (ASSUMED_DF * ASSUMED + df * own + 5 * wide) / (ASSUMED_DF + 5 + df))
    return max(phi, wide) if wide > 12.8325 / 5 * phi else phi, df + ASSUMED_DF


def slope(weeks: Sequence[int]) -> float:
    """In its standard errors."""
    n, mean = len(weeks), fmean(weeks)
    xs = [at - (n - 1) / 2 for at in range(n)]
    by = sum(x * week for x, week in zip(xs, weeks, strict=True)) / sum(x * x for x in xs)
    left = sum((week - mean - by * x) ** 2 for x, week in zip(xs, weeks, strict=True))
    return by / sqrt(left / (n - 2) / sum(x * x for x in xs)) if left else 0.0


def so_few(counts: Counted, phi: float, df: float) -> float:
    """The chance of so few cases after, did nothing change beyond the control group."""
    share, wide = _share(counts), _wide(counts, phi)
    if counts.after > (counts.before + counts.after) * share:
        return 1 - tail_t(counts.after, counts.before, share, wide, df)
    return tail_t(counts.before, counts.after, 1 - share, wide, df)


def _share(counts: Counted) -> float:
    return (counts.control_after + 0.5) / (counts.control_before + counts.control_after + 1)


def _wide(counts: Counted, phi: float) -> float:
    return phi + ASSUMED * max(counts.after, 1) / max(counts.control_after, 1)


def ratio(counts: Counted, phi: float, df: float) -> tuple[float, float, float] | None:
    """How many times what the control group lets expect, with its 95 % interval."""
    if not (counts.control_before and counts.control_after and counts.before + counts.after):
        return None
    half = 0.0 if counts.before and counts.after else 0.5
    after, before = counts.after + half, counts.before + half
    by = log(after / before * counts.control_before / counts.control_after)
    own = phi / after + phi / before
    error = sqrt(own + ASSUMED / counts.control_after + ASSUMED / counts.control_before)
    wide = student_quantile(0.975, df) * error
    return exp(by), exp(by - wide), exp(by + wide)


def verdict(looks: Sequence[Counted], phi: float, df: float, trend: float) -> str:
    if not looks:
        return "early"
    if any(not counts.is_controlled for counts in looks):
        return "no_control"
    if abs(trend) > STEEP:
        return "trend"
    chances = [so_few(counts, phi, df) for counts in looks]
    if any(chance < level for chance, (_days, level) in zip(chances, LOOKS, strict=False)):
        return "below"
    if len(looks) < len(LOOKS):
        return "early"
    last, share = looks[-1], _share(looks[-1])
    after, before = max(0.5, last.after), max(0.5, last.before)
    middle = log(after / max(0.5, last.before * share / (1 - share)))
    if middle + ONE_SIDED * sqrt(_wide(last, phi) * (1 / after + 1 / before)) < log(AS_USUAL):
        return "usual"
    return "above" if 1 - chances[-1] < ABOVE else "unclear"
