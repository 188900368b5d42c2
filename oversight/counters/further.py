"""What no counter has: the money that is lost by problem, how much of what comes in against enrolled enterprises they
get to settle, what consumers say of the portal itself, and what enterprises say it came from, over several of them
together. From the cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy

from complaints.models.settlement import MONEY_KINDS
from database.row_security import working_as_steps
from database.sql_files import read_sql
from oversight.counters.behind import PAGE, EventPage, page_from
from oversight.figures.definitions import Scope
from oversight.figures.figures import VOUCHER, Measure
from web.small_numbers import ENOUGH

#: A cause is told where so many enterprises named it: no single one's tags are seen by others.
FEWEST_FIRMS = 3
_SQL = read_sql(__file__)


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one problem ``n`` complaints that name a loss: their sum and median, and what was paid back and confirmed."""

    problem: str
    n: int
    total: Decimal
    median: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Passed:
    """Of ``n`` complaints against an enrolled enterprise it got ``got`` to settle."""

    enterprise_id: int
    n: int
    got: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Of ``closed`` complaints that came in one way ``n`` said how the portal was: the ``total`` of their marks (1 to
    5), ``good`` of them 4 or 5.
    """

    channel: str
    display: str
    closed: int
    n: int
    total: int
    good: int


@dataclass(frozen=True, slots=True)
class Cause:
    """``firms`` enterprises said of ``n`` stages that they came from this."""

    cause: str
    n: int
    firms: int


def losses(measure: Measure) -> list[Loss]:
    """The largest sum first. One statement."""
    values = {"kinds": sorted(MONEY_KINDS - {VOUCHER})}
    return [Loss(*row) for row in _rows("money", measure, values)]


def passed(measure: Measure) -> list[Passed]:
    """Who has most complaints first. One statement."""
    return [Passed(*row) for row in _rows("odr", measure, {})]


def marks(measure: Measure) -> list[Marks]:
    """What consumers said of the portal itself. One statement."""
    return [Marks(*row) for row in _rows("portal", measure, {})]


#: Lists of cases behind these numbers, and of which moment and which cases they are.
WHAT: Mapping[str, Any] = {
    "lost": gettext_lazy("写明人民币损失的投诉"),
    "against": gettext_lazy("针对入驻企业的投诉"),
    "passed": gettext_lazy("送达过企业的投诉"),
    "portal_rated": gettext_lazy("给平台评了分的投诉"),
}
_WHICH = {
    "lost": ("c.received_at", ("received", "lost")),
    "against": ("c.received_at", ("received", "against")),
    "passed": ("c.received_at", ("received", "against", "passed")),
    "portal_rated": ("c.closed_at", ("closed", "rated")),
}


#: How a list calls complaints whose problem is not known.
NO_PROBLEM = "none"


def listed(measure: Measure, what: str, *, problem: str = "", skip: int = 0) -> EventPage:
    """The cases behind a number: ``what`` is one of WHAT; of one ``problem`` where it is given. One statement."""
    moment, names = _WHICH[what]
    start, end = measure.within
    ours, params = _condition(measure.scope)
    # The braces of a path are doubled in the file, as the others are filled in here.
    texts = [_SQL[name].replace("{{", "{").replace("}}", "}") for name in names]
    if problem:
        texts.append("coalesce(nullif(c.problem_category, ''), %(none)s) = %(problem)s")
    values = params | {
        "start": start,
        "end": end,
        "problem": problem,
        "none": NO_PROBLEM,
        "limit": PAGE + 1,
        "offset": skip,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL["listed"].format(ours=ours, moment=moment, which=" and ".join(texts)), values)
        return page_from(cursor.fetchall(), skip)


def causes(measure: Measure) -> list[Cause]:
    """The most frequent first. Tags are the enterprises' own, which no policy shows to authorities: read as the steps,
    and only what several named together, often enough; nothing of one. One statement.
    """
    if measure.scope.enterprise_id:
        return []
    with working_as_steps():
        return [Cause(*row) for row in _rows("causes", measure, {"fewest": ENOUGH, "firms": FEWEST_FIRMS})]


def _rows(name: str, measure: Measure, values: dict[str, Any]) -> list[Any]:
    start, end = measure.within
    ours, params = _condition(measure.scope)
    with connection.cursor() as cursor:
        cursor.execute(_SQL[name].format(ours=ours), values | params | {"start": start, "end": end})
        return list(cursor.fetchall())


def _condition(scope: Scope) -> tuple[str, dict[str, Any]]:
    """That a complaint ``c`` is of this scope, which has regions."""
    regions = " or ".join(f"c.handling_region_id between {int(r.pk)} and {int(r.last)}" for r in scope.regions)
    texts = [f"({regions or 'false'})"]
    if scope.enterprise_id:
        texts.append("coalesce(c.enterprise_id, c.picked_enterprise_id) = %(enterprise)s")
    if scope.category:
        texts.append("(c.problem_category = %(category)s or c.object_category = %(category)s)")
    if scope.channel:
        texts.append("c.channel = %(channel)s")
    params = {"enterprise": scope.enterprise_id, "category": scope.category, "channel": scope.channel}
    return " and ".join(texts), params
