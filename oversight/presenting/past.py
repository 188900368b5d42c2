"""The days before a comparison: how restless it was at earlier dates, and what its days are usually worth.

What is compared stands in ``Compared``; from the sums of each day before (``Past``) come φ, the part that weekdays and
holidays let expect, and whether there is enough history to compare at all (``Usual``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, repeat

from complaints.procedure.working_calendar import Calendar
from oversight.figures import chance
from oversight.figures.chance import Difference
from oversight.figures.definitions import Period
from oversight.figures.dispersion import Dispersion
from oversight.figures.figures import OF_TWO_COUNTS, Figure

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: With a shorter history nothing is compared.
WEEKS_OF_HISTORY = 17
SUNDAY, WEDNESDAY = 6, 2
COUNTS = frozenset({"received", "closed"})
#: Why nothing can be said: too little history; today is not over.
HISTORY, TODAY = "history", "today"


def length(period: Period) -> int:
    """Days, both ends included."""
    return (period.last - period.first).days + 1


@dataclass(frozen=True, slots=True)
class Compared:
    """A period and the one that it is compared with."""

    after: Period
    before: Period

    def earlier(self) -> Sequence[Compared]:
        """The same comparison at earlier dates, each a week before the next, without a day of this one."""
        return _earlier(self)

    @property
    def first(self) -> date:
        """The first day of the earliest of these, or of as much history as must be."""
        needed = self.after.last - WEEKS_OF_HISTORY * WEEK
        return min(needed, *(min(one.after.first, one.before.first) for one in self.earlier()))

    @property
    def weeks_needed(self) -> int:
        """So many weeks before its end must be known: 17, and those of both periods."""
        return max(WEEKS_OF_HISTORY, -(-(self.after.last - min(self.after.first, self.before.first) + DAY).days // 7))


@lru_cache(maxsize=200)
def _earlier(compared: Compared) -> tuple[Compared, ...]:
    periods, results, back = (compared.after, compared.before), list[Compared](), 0
    while len(results) < chance.MOST_SHIFTS:
        back += 1
        after, before = (Period(first=p.first - back * WEEK, last=p.last - back * WEEK) for p in periods)
        if not any(one.first <= other.last and other.first <= one.last for one in (after, before) for other in periods):
            results.append(Compared(after, before))
    return tuple(results)


@lru_cache(maxsize=20)
def _days(period: Period) -> Sequence[date]:
    return [period.first + n * DAY for n in range(length(period))]


@dataclass(frozen=True, slots=True)
class Past:
    """The sums of each of some ``days``, of which the last is today; ``is_monthly``: of each month, on its first day.
    ``begun``: the first of them on which anything was received.
    """

    days: Period
    calendar: Calendar
    sums: Mapping[str, Mapping[date, int]]
    is_monthly: bool = False
    _added: dict[str, list[int]] = field(default_factory=dict)
    _kinds: list[int] = field(default_factory=list)

    @property
    def begun(self) -> date | None:
        return min((day for day, n in self.sums.get("received", {}).items() if n), default=None)

    def of(self, name: str, period: Period) -> int:
        added = self._added.get(name)
        if added is None:
            added = [0, *accumulate(map(self.sums.get(name, {}).get, _days(self.days), repeat(0)))]
            self._added[name] = added
        return added[(period.last - self.days.first).days + 1] - added[(period.first - self.days.first).days]

    def within(self, period: Period) -> Mapping[str, int]:
        return {name: self.of(name, period) for name in self.sums}

    def is_enough(self, compared: Compared) -> bool:
        """Whether the days before tell how restless it was."""
        begun = self.begun
        return begun is not None and begun <= compared.after.last - compared.weeks_needed * WEEK + DAY

    def step(self, compared: Compared) -> int:
        """How many days one of the earlier comparisons is about; of months no two are of the same days twice over."""
        return chance.WEEK if self.is_monthly else length(compared.after)

    def worth(self, name: str, compared: Compared) -> Callable[[Period], float]:
        """What the days of a period are usually worth: by weekday, a holiday as a Sunday, a Saturday or Sunday that is
        worked as a Wednesday. Of all days that are over and not compared; where some weekday had none, each day is
        worth the same.
        """
        if self.is_monthly:
            return lambda period: float(length(period))
        if not self._kinds:
            self._kinds.extend(self._kind(day) for day in _days(self.days))
        sums, days = [0] * 7, [0] * 7
        counts, begun, today = self.sums.get(name, {}), self.begun or self.days.last, self.days.last
        for day, kind in zip(_days(self.days), self._kinds, strict=True):
            if begun <= day < today and not any(p.first <= day <= p.last for p in (compared.after, compared.before)):
                sums[kind] += counts.get(day, 0)
                days[kind] += 1
        if not all(sums):
            return lambda period: float(length(period))
        added = [0.0, *accumulate(sums[kind] / days[kind] for kind in self._kinds)]
        first = self.days.first
        return lambda period: added[(period.last - first).days + 1] - added[(period.first - first).days]

    def _kind(self, day: date) -> int:
        if self.calendar.is_holiday(day):
            return SUNDAY
        return WEDNESDAY if day.weekday() >= 5 and self.calendar.is_working(day) else day.weekday()


@dataclass(frozen=True, slots=True)
class Usual:
    """What the days before tell of a comparison, for which ``needed`` weeks must be known: ``why`` nothing; else of
    each count the part of both periods together that is to be expected in the later one, and φ of each figure.
    """

    why: str
    needed: int
    expected: Mapping[str, float] = field(default_factory=dict)
    dispersions: Mapping[str, Dispersion] = field(default_factory=dict)


def why_not(days: Past, compared: Compared) -> str:
    """Why nothing can be said of this comparison; "" where something can."""
    if max(compared.after.last, compared.before.last) >= days.days.last:
        return TODAY
    return "" if days.is_enough(compared) else HISTORY


def usual(days: Past, compared: Compared, figures_of: Callable[[Mapping[str, int]], Mapping[str, Figure]]) -> Usual:
    """Of all counts, and of the figures that ``figures_of`` makes of sums."""
    begun, why = days.begun, why_not(days, compared)
    if begun is None or why:
        return Usual(why, compared.weeks_needed)
    worths = {name: days.worth(name, compared) for name in COUNTS}
    return Usual(
        why,
        compared.weeks_needed,
        expected={name: share_of(worth, compared) for name, worth in worths.items()},
        dispersions=of_shares(days, figures_of, compared, begun)
        | {name: of_count(days, name, compared, begun, worth) for name, worth in worths.items()},
    )


def of_parts(whole: Past, parts: Mapping[int, Past], compared: Compared) -> dict[int, Dispersion]:
    """φ of what came in of each part; its days are worth what those of the ``whole`` are. Nothing where that has too
    little history.
    """
    begun = whole.begun
    if begun is None or why_not(whole, compared):
        return {}
    worth = whole.worth("received", compared)
    return {pk: of_count(days, "received", compared, begun, worth) for pk, days in parts.items()}


def share_of(worth: Callable[[Period], float], compared: Compared) -> float:
    """Of both periods together, the part to be expected in the later one."""
    after, before = worth(compared.after), worth(compared.before)
    return after / (after + before)


def of_count(past: Past, name: str, compared: Compared, begun: date, worth: Callable[[Period], float]) -> Dispersion:
    """φ of the comparison of a count; ``worth``: what days are worth, of the place or of a wider one."""
    squares = []
    for one in _known(past, compared, begun):
        square = chance.square_of_counts(past.of(name, one.after), past.of(name, one.before), share_of(worth, one))
        if square is not None:
            squares.append(square)
    return chance.dispersion(squares, past.step(compared))


def of_shares(
    past: Past, figures_of: Callable[[Mapping[str, int]], Mapping[str, Figure]], compared: Compared, begun: date
) -> dict[str, Dispersion]:
    """φ of each figure with a numerator and a denominator; ``figures_of`` makes them of sums."""
    squares: dict[str, list[float]] = {}
    for one in _known(past, compared, begun):
        after, before = (figures_of(past.within(period)) for period in (one.after, one.before))
        for code, figure in after.items():
            if figure.denominator is None or before[code].denominator is None:
                continue
            difference = difference_of(figure, before[code])
            squares.setdefault(code, [])
            if difference is not None:
                squares[code].append(difference.square)
    return {code: chance.dispersion(some, past.step(compared)) for code, some in squares.items()}


def difference_of(after: Figure, before: Figure) -> Difference | None:
    """Of two shares, or of two ratios of counts; None where one has nothing to count."""
    pairs = [(figure.numerator or 0, figure.denominator or 0) for figure in (after, before)]
    return (chance.of_ratios if after.code in OF_TWO_COUNTS else chance.of_shares)(*pairs)


def of_both(first: Dispersion, one: Figure, second: Dispersion, other: Figure) -> Dispersion:
    """φ of a difference of two places, each with its own: in the proportion of what each adds to the variance."""
    shares = [1 / max(figure.denominator or 0, 1) for figure in (one, other)]
    return chance.together(first, shares[0], second, shares[1])


def _known(past: Past, compared: Compared, begun: date) -> Sequence[Compared]:
    """Earlier comparisons of which all days are known; of months each with the one before it."""
    if not past.is_monthly:
        return [one for one in compared.earlier() if begun <= min(one.after.first, one.before.first)]
    results: list[Compared] = []
    end = min(compared.after.first, compared.before.first).replace(day=1) - DAY
    while len(results) < chance.MOST_SHIFTS:
        after = Period(first=end.replace(day=1), last=end)
        before = Period(first=(after.first - DAY).replace(day=1), last=after.first - DAY)
        if before.first < max(begun, past.days.first):
            break
        results.append(Compared(after, before))
        end = before.last
    return results
