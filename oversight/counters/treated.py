"""How stages went by how their complaint came: channel, display, whether somebody else wrote it down. From the tally as
it was last folded and the cases themselves, which alone know the display and who wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from database.sql_files import read_sql
from oversight.counters.behind import PAGE, EventPage, page_from
from oversight.counters.statements import narrowed
from oversight.counters.sums import TALLY
from oversight.figures.definitions import Period, Scope

_SQL = read_sql(__file__, tally=TALLY)
#: (Enterprise, problem).
Kind = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Came:
    """How complaints came. ``display``: "elder", "standard", or "" where nobody noted it: before it was noted, and
    where no person filled in the pages.
    """

    channel: str
    display: str
    is_elder: bool
    is_assisted: bool


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages at one enterprise with one problem that came in one way: of each figure (part, the rest)."""

    enterprise: int
    problem: str
    came: Came
    pairs: Mapping[str, tuple[int, int]]


def read(scope: Scope, period: Period, today: date) -> list[Stages]:
    """Stages that ended in the period, or had run out by its end and were still open. One statement."""
    ours, params = narrowed(scope)
    values: dict[str, Any] = params | {"first": period.first, "last": period.last, "today": today}
    with connection.cursor() as cursor:
        cursor.execute(_SQL["stages"].format(ours=ours), values)
        return [_stages(*row) for row in cursor.fetchall()]


#: Of each figure the stages that it is a share of.
WHOLE = {
    "on_time": "in_time + late",
    "settled": "settled + not_settled",
    "returned": "returned + settled + not_settled + withdrawn",
}


def listed(
    scope: Scope, period: Period, today: date, *, of: Collection[Kind], came: Collection[Came], figure: str, skip: int
) -> EventPage:
    """The stages that ``figure`` is a share of, of these kinds that came in these ways. One statement."""
    ours, params = narrowed(scope)
    firms, problems = [firm for firm, _problem in of], [problem for _firm, problem in of]
    values: dict[str, Any] = params | {"first": period.first, "last": period.last, "today": today}
    values |= {"firms": firms, "problems": problems, "limit": PAGE + 1, "offset": skip}
    values |= {"channels": [one.channel for one in came], "displays": [one.display for one in came]}
    values |= {"elder": [one.is_elder for one in came], "assisted": [one.is_assisted for one in came]}
    with connection.cursor() as cursor:
        cursor.execute(_SQL["listed"].format(ours=ours, whole=WHOLE[figure]), values)
        return page_from(cursor.fetchall(), skip)


def _stages(enterprise: int, problem: str, *rest: Any) -> Stages:
    in_time, late, settled, not_settled, returned, withdrawn = rest[4:]
    pairs = {
        "on_time": (in_time, late),
        "settled": (settled, not_settled),
        "returned": (returned, settled + not_settled + withdrawn),
    }
    return Stages(enterprise, problem, Came(*rest[:4]), pairs)
