"""Whether a number of a report changed since the month or quarter before, judged by the issued files alone.

How restless a number is (φ) comes from the same comparison in earlier months, read from the files of those months; so
whoever has the files can work it out again. Days are not told there: a month is to bring more than another as far as it
has more days, or more working days, whichever explains more of the difference. A rounded number adds 8 to the variance
of its count (oversight/figures/rounding.py). docs/figures.md has what is measured of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeVar

from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import Calendar
from oversight.figures import chance
from oversight.figures.chance import Difference, Verdict
from oversight.figures.definitions import Period
from oversight.figures.dispersion import Dispersion
from oversight.models import DataSet
from oversight.open_data import reading
from oversight.presenting import shifts
from oversight.presenting.past import HISTORY, WEEKS_OF_HISTORY, length
from oversight.presenting.shifts import Change
from web.small_numbers import ENOUGH

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: So many earlier months are read at the most.
MOST_EARLIER = 24
#: What a rounded number adds to the variance of its count.
OF_ROUNDING = 8
Number = int | None
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Run:
    """Months (or quarters) without a gap, the newest first: the one that is told, the one before it, earlier ones."""

    sets: Sequence[DataSet]
    spans: Sequence[Period]
    calendar: Calendar

    @classmethod
    def of(cls, now: DataSet | None, before: DataSet | None, *, step: int) -> Run | None:
        """``step``: 1 for months, 3 for quarters. None without a period before."""
        if now is None or before is None:
            return None
        last = reading.back(before.month, step)
        older = [one for one in reading.newest_sets() if one.month <= last]
        earlier = reading.run_of(older, step=step, most=MOST_EARLIER) if older and older[0].month == last else []
        sets = [now, before, *earlier]
        return cls(sets, [span_of(one, step) for one in sets], current_calendar())

    @property
    def is_enough(self) -> bool:
        """Whether the files reach back 17 weeks."""
        return self.spans[-1].first <= self.spans[0].last - WEEKS_OF_HISTORY * WEEK + DAY

    def share(self, after: int, before: int) -> float:
        """Of both newest together, the part to be expected in the later: by days or by working days, whichever lies
        nearer to what came; what came itself where it lies between."""
        parts = []
        for days in (length, self._working_days):
            one, other = (days(span) for span in self.spans[:2])
            parts.append(one / (one + other))
        came = after / (after + before) if after + before else parts[0]
        return min(max(came, min(parts)), max(parts))

    def of_counts(self, numbers: Sequence[Number]) -> Change | None:
        """``numbers`` of one thing in each period; None where one of the newest two is withheld, or nothing came."""
        now, before, *earlier = numbers
        if now is None or before is None or not now + before:
            return None
        if not self.is_enough:
            return Change(now, before, None, HISTORY, WEEKS_OF_HISTORY)
        squares = []
        for (after, one), (then, other) in pairwise(zip(earlier, map(length, self.spans[2:]), strict=True)):
            square = (
                None if after is None or then is None else chance.square_of_counts(after, then, one / (one + other))
            )
            if square is not None:
                squares.append(square)
        share = self.share(now, before)
        known = chance.dispersion(squares, chance.WEEK)
        change = shifts.of_counts(now, before, known, share)
        if not self.is_rounded:
            return change
        verdict = chance.judged(self._rounded(chance.of_counts(now, before, share), now, before), known)
        return replace(change, verdict=verdict)

    def of_shares(self, numbers: Sequence[tuple[Number, Number]]) -> Change | None:
        """(part, whole) of one share in each period; None where one of the newest two is withheld or under thirty."""
        now, before, *earlier = numbers
        newest = _between(now, before)
        differences = [_between(after, then) for after, then in pairwise(earlier)]
        if newest is None or min(now[1] or 0, before[1] or 0) < ENOUGH:
            return None
        after, then = ((part or 0) / (whole or 1) for part, whole in (now, before))
        if not self.is_enough:
            return Change(after, then, None, HISTORY, WEEKS_OF_HISTORY)
        known: Dispersion = chance.dispersion([one.square for one in differences if one is not None], chance.WEEK)
        return Change(after, then, chance.judged(self._rounded(newest, now[1] or 1, before[1] or 1), known))

    def _working_days(self, span: Period) -> int:
        return sum(self.calendar.is_working(span.first + n * DAY) for n in range(length(span)))

    @property
    def is_rounded(self) -> bool:
        return any(one.multiple_of > 1 for one in self.sets[:2])

    def _rounded(self, difference: Difference, *wholes: int) -> Difference:
        if not self.is_rounded:
            return difference
        return replace(difference, variance=difference.variance + sum(OF_ROUNDING / max(n, 1) ** 2 for n in wholes))


def span_of(data_set: DataSet, step: int) -> Period:
    """The days of the months that end with that of the set."""
    after = (data_set.month + 31 * DAY).replace(day=1)
    return Period(first=reading.back(data_set.month, step - 1), last=after - DAY)


def _between(after: tuple[Number, Number], before: tuple[Number, Number]) -> Difference | None:
    if None in (*after, *before):
        return None
    return chance.of_shares((after[0] or 0, after[1] or 0), (before[0] or 0, before[1] or 0))


def frozen(changes: Mapping[K, Change | None]) -> dict[K, dict[str, Any]]:
    """Of many at once (only what is surely a change is named); as it is kept with the figures of a report."""
    known = {key: change for key, change in changes.items() if change is not None}
    return {key: _kept(change) for key, change in shifts.many(known).items()}


def _kept(change: Change) -> dict[str, Any]:
    verdict = change.verdict
    return {
        "why": change.why,
        "needed": change.needed,
        **({} if verdict is None else {name: round(n, 5) for name, n in asdict(verdict).items()}),
    }


def read(now: float, before: float, kept: Mapping[str, Any]) -> Change:
    """What was kept, with the two numbers that stand beside it."""
    verdict = Verdict(**{name: kept[name] for name in ("p", "by", "low", "high")}) if "p" in kept else None
    return Change(now, before, verdict, kept["why"], kept["needed"])


def attach(lines: Iterable[dict[str, Any]], kept: Mapping[str, dict[str, Any]], key: str = "code") -> None:
    """Beside each line what is said of its change."""
    for line in lines:
        if line[key] in kept:
            line["change"] = kept[line[key]]
