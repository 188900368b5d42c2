"""Whether what came in changed, found anew from the days: docs/figures.md, "What is called a change"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tests.audit.core.record import DAY
from tests.audit.core.restless import changed, dispersion

WEEK = timedelta(days=7)
MOST_SHIFTS, WEEKS_OF_HISTORY = 52, 17
Days = tuple[date, date]
Counts = Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Change:
    """``chance`` of so large a change without any, ``by`` the logarithm of the ratio to what the days let expect; both
    None where nothing is said: of too short a history, and of a period with today in it.
    """

    after: int
    before: int
    chance: float | None = None
    by: float | None = None
    phi: float = 0.0


def length(days: Days) -> int:
    return (days[1] - days[0]).days + 1


def summed(counts: Counts, days: Days) -> int:
    return sum(counts.get(days[0] + n * DAY, 0) for n in range(length(days)))


def earlier(after: Days, before: Days) -> list[tuple[Days, Days]]:
    """The same comparison at dates before, each a week before the next, without a day of this one."""
    own, results, back = (after, before), list[tuple[Days, Days]](), 0
    while len(results) < MOST_SHIFTS:
        back += 1
        first, second = ((one[0] - back * WEEK, one[1] - back * WEEK) for one in own)
        if all(one[1] < other[0] or other[1] < one[0] for one in (first, second) for other in own):
            results.append((first, second))
    return results


def first_day(after: Days, before: Days) -> date:
    """Of what must be known to compare these."""
    every = [day for pair in earlier(after, before) for day in (pair[0][0], pair[1][0])]
    return min([after[1] - WEEKS_OF_HISTORY * WEEK, *every])


def weights(
    counts: Counts, window: Days, begun: date, after: Days, before: Days, decreed: Mapping[date, bool]
) -> Callable[[Days], float]:
    """What the days of a period are usually worth, by weekday: a holiday as a Sunday, a worked weekend as a Wednesday.
    Of all whole days that are not compared; where some kind had none each day is worth the same.
    """

    def kind(day: date) -> int:
        if decreed.get(day) is False:
            return 6
        return 2 if day.weekday() >= 5 and decreed.get(day) else day.weekday()

    sums, days = [0] * 7, [0] * 7
    for n in range((window[1] - begun).days):
        day = begun + n * DAY
        if not any(one[0] <= day <= one[1] for one in (after, before)):
            sums[kind(day)] += counts.get(day, 0)
            days[kind(day)] += 1
    if not all(sums):
        return lambda period: float(length(period))
    return lambda period: sum(sums[k] / days[k] for n in range(length(period)) for k in [kind(period[0] + n * DAY)])


def of_count(
    counts: Counts, whole: Counts, after: Days, before: Days, today: date, first: date, decreed: Mapping[date, bool]
) -> Change:
    """A count of a place; what days are worth is read from a wider one, its ``whole``. ``first``: from here on read."""
    result = Change(summed(counts, after), summed(counts, before))
    known = [day for day, n in whole.items() if n and first <= day <= today]
    needed = max(WEEKS_OF_HISTORY, -(-((after[1] - min(after[0], before[0])).days + 1) // 7))
    if not known or max(after[1], before[1]) >= today or min(known) > after[1] - needed * WEEK + DAY:
        return result
    begun = min(known)
    worth = weights(whole, (first, today), begun, after, before, decreed)

    def share(one: Days, other: Days) -> float:
        return worth(one) / (worth(one) + worth(other))

    squares = []
    for one, other in earlier(after, before):
        a, both = summed(counts, one), summed(counts, one) + summed(counts, other)
        if begun <= min(one[0], other[0]) and both:
            s = share(one, other)
            squares.append((a - s * both) ** 2 / (both * s * (1 - s)))
    phi, df = dispersion(squares, length(after))
    return Change(
        result.after, result.before, *changed(result.after, result.before, share(after, before), phi, df), phi
    )
