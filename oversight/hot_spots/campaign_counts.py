"""What a campaign counts at enterprises, from the counters: complaints, timeliness and settlement of its place, object
and problem.

Whoever asks may see one county or one enterprise; the counts are of all enterprises that are compared, so they are read
as the steps. Nothing of a case is read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from database.row_security import working_as_steps
from database.sql_files import read_sql
from oversight.counters.sums import TALLY
from oversight.models import Campaign, Figure

DAY = timedelta(days=1)
_SQL = read_sql(__file__, tally=TALLY)
#: [part, the rest] of each figure: of complaints their count and nothing.
Pair = tuple[int, int]
Sums = Mapping[str, Pair]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a campaign is about. ``sector`` and ``problem``: "" for all."""

    region: int
    sector: str = ""
    problem: str = ""

    @classmethod
    def of(cls, campaign: Campaign) -> "Cell":
        return cls(campaign.region_id, campaign.sector, campaign.problem)

    @property
    def values(self) -> dict[str, Any]:
        return {"region": self.region, "sector": self.sector, "problem": self.problem}


def _sums(row: tuple[int, ...]) -> Sums:
    received, in_time, late, settled, not_settled = row
    return {Figure.RECEIVED: (received, 0), Figure.IN_TIME: (in_time, late), Figure.SETTLED: (settled, not_settled)}


def between(cell: Cell, first: date, last: date, *, firms: Collection[int] | None = None) -> dict[int, Sums]:
    """By enterprise; those without any are left out. ``firms``: of these alone."""
    only = "" if firms is None else "and enterprise = any(%(firms)s)"
    values = cell.values | {"first": first, "last": last, "firms": list(firms or ())}
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(_SQL["sums"].format(firms=only), values)
        return {row[0]: _sums(row[1:]) for row in cursor.fetchall()}


def weekly(cell: Cell, call: date, *, firms: Collection[int], before: int, after: int) -> dict[int, dict[int, Sums]]:
    """By enterprise and whole week around the call: -1 is the last before it, 0 the first after it."""
    span = {"call": call, "first": call - 7 * before * DAY, "last": call + 7 * after * DAY, "firms": list(firms)}
    result: dict[int, dict[int, Sums]] = {firm: {} for firm in firms}
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(_SQL["weekly"], cell.values | span)
        for firm, week, *sums in cursor.fetchall():
            result[firm][week] = _sums(tuple(sums))
    return result


def weeks_before(day: date) -> int:
    """Of how many whole weeks before this day the portal has complaints."""
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(_SQL["began"])
        began: date | None = cursor.fetchone()[0]
    return 0 if began is None else max(0, (day - began).days // 7)


#: Undertakings count by thirteen weeks; what is counted of fewer days than the least is not told.
BASIS, LEAST = 91, 28


def value_of(figure: str, pair: Pair, days: int) -> tuple[float | None, int]:
    """(complaints in thirteen weeks, or per cent; of how many); None where there is nothing to make a share of."""
    part, rest = pair
    if figure == Figure.RECEIVED:
        return part * BASIS / days, part
    return (100 * part / (part + rest) if part + rest else None), part + rest


def value_between(cell: Cell, firm: int, figure: str, first: date, last: date) -> tuple[float | None, int]:
    """The same of an enterprise between two days."""
    sums = between(cell, first, last, firms=[firm]).get(firm)
    return value_of(figure, sums[figure] if sums else (0, 0), (last - first).days + 1)


def baseline_of(campaign: Campaign, firm: int, figure: str) -> tuple[float | None, int]:
    """Of the thirteen weeks that end before the call."""
    assert campaign.called_on is not None  # noqa: S101 - a constraint of the table
    first, last = campaign.called_on - BASIS * DAY, campaign.called_on - DAY
    return value_between(Cell.of(campaign), firm, figure, first, last)


def reaches(figure: str, value: float | None, target: float) -> bool:
    """Complaints are to fall to the target, shares to rise to it."""
    if value is None:
        return False
    return value <= target if figure == Figure.RECEIVED else value >= target
