"""The table by enterprise: the same formulas in groups, intervals, and places that may be shared.

Under thirty cases nobody is ranked, and where intervals overlap nobody is ahead.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from complaints.desks.authority_lists import late_when_closed
from complaints.models.complaint import OPEN
from oversight.counters import figures as rollup_figures
from oversight.counters.reads import Counters, steadily
from oversight.counters.sums import quantile_of
from oversight.figures import figures
from oversight.figures.figures import Figure, Measure
from web.small_numbers import ENOUGH, wilson


def ratio_interval(first: int, second: int) -> tuple[float, float]:
    """The 95 % interval of one count over another that it is no part of, from Wilson's of its share of both."""
    low, high = wilson(first, first + second)
    return low / (1 - low), high / (1 - high)


@dataclass(slots=True, kw_only=True)
class EnterpriseLine:
    """One enterprise: where its open cases stand and how its stages ended; ``overdue`` by what parties know of."""

    enterprise_id: int
    name: str = ""
    open: int = 0
    overdue: int = 0
    due_soon: int = 0
    received: int = 0
    success: Figure = field(default_factory=lambda: Figure(code="settled", n=0))
    punctual: Figure = field(default_factory=lambda: Figure(code="on_time", n=0))
    kept: Figure = field(default_factory=lambda: Figure(code="kept", n=0))
    response_minutes: float | None = None
    responses: int = 0
    place: tuple[int, int] | None = None

    @property
    def is_ranked(self) -> bool:
        return self.success.n >= ENOUGH

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.success.numerator or 0, self.success.n)


def open_now(measure: Measure) -> dict[str, int]:
    """Cases as they stand now, as ``figures.standing`` says it; from the cases, in two statements."""
    cases = measure.cases().order_by()
    counts = cases.filter(OPEN).aggregate(**figures.open_counts(measure))
    return figures.standing(counts | {"late_when_closed": cases.filter(late_when_closed(measure.now)).count()})


def counted(measure: Measure) -> list[EnterpriseLine]:
    """The lines of the table from the counters: three statements or four; nothing of a case is read."""
    return steadily(lambda counters: _counted(measure, counters), now=measure.now, calendar=measure.calendar)


def _counted(measure: Measure, counters: Counters) -> list[EnterpriseLine]:
    sums = counters.sums(measure.scope, measure.period, by="enterprise", names=_NAMES) or {}
    responses = counters.responses(measure.scope, measure.period)
    results = []
    for key, counts in sorted(sums.items()):
        if not key or not any(counts.values()):
            continue
        shown = rollup_figures.headlines(counts)
        minutes = responses.get(int(key), Counter())
        results.append(
            EnterpriseLine(
                enterprise_id=int(key),
                open=counts["open"],
                overdue=counts["late_outside"],
                due_soon=counts["due_soon"],
                received=counts["received"],
                success=shown["settled"],
                punctual=shown["on_time"],
                kept=rollup_figures.kept(counts),
                responses=sum(minutes.values()),
                response_minutes=quantile_of(minutes, 0.5) if minutes.total() else None,
            )
        )
    rank(results)
    return results


_NAMES = (*rollup_figures.HEADLINES, *rollup_figures.PROMISES, "open", "late_outside", "due_soon")


def rank(results: Sequence[EnterpriseLine]) -> None:
    """Places from–to: ahead is only whose interval lies wholly above."""
    ranked = [line for line in results if line.is_ranked]
    for line, place in zip(ranked, places([line.interval for line in ranked]), strict=True):
        line.place = place


def places(intervals: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Of each the best and the worst place it may have: whose intervals overlap share theirs."""
    lowers = sorted(low for low, _ in intervals)
    uppers = sorted(high for _, high in intervals)
    return [
        (len(lowers) - bisect_right(lowers, high) + 1, len(intervals) - bisect_left(uppers, low))
        for low, high in intervals
    ]


def place_text(place: tuple[int, int] | None) -> str:
    """3, or 2–4; empty without a place."""
    if place is None:
        return ""
    first, last = place
    return str(first) if first == last else f"{first}–{last}"


#: What the table may be sorted by: (key of a line, whether the highest comes first).
SORTS: dict[str, tuple[Any, bool]] = {
    "overdue": (lambda line: line.overdue, True),
    "open": (lambda line: line.open, True),
    "soon": (lambda line: line.due_soon, True),
    "received": (lambda line: line.received, True),
    "n": (lambda line: line.success.n, True),
    "settled": (lambda line: line.success.value if line.is_ranked else None, True),
    "on_time": (lambda line: line.punctual.value if line.punctual.n >= ENOUGH else None, True),
    "kept": (lambda line: line.kept.value if line.kept.n >= ENOUGH else None, True),
    "response": (lambda line: line.response_minutes if line.responses >= ENOUGH else None, False),
}


def in_order(results: Sequence[EnterpriseLine], sort: str, *, turned: bool = False) -> list[EnterpriseLine]:
    """Sorted; whoever has too few cases for a share stands at the end, whichever way round."""
    key, falls = SORTS[sort]
    groups: dict[bool, list[EnterpriseLine]] = defaultdict(list)
    for line in sorted(results, key=lambda one: (-one.overdue, -one.open, one.enterprise_id)):
        groups[key(line) is None].append(line)
    return sorted(groups[False], key=key, reverse=falls != turned) + groups[True]
