"""The days of the last twelve weeks beside what is usual of such days, and the last of these weeks beside a usual one.

What is usual of a day goes with the eight weeks before its week, by what such a day is worth (`past.Past.worth`: its
weekday; a holiday counts as a Sunday). So what is usual of the seven days of a week is together what is usual of the
week. The band is where 95 of 100 days lie whose variance is φ times their mean; φ is measured on the 26 weeks before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor, sqrt

from oversight.counters import figures
from oversight.figures import chance
from oversight.figures import figures as formulas
from oversight.figures.definitions import Period
from oversight.figures.dispersion import Dispersion, expected
from oversight.presenting.past import DAY, WEEK, Compared, Past, of_count, share_of, why_not
from web.small_numbers import ENOUGH

#: So many weeks are shown; each is compared with so many before it; so many tell how restless its days are.
WEEKS, USUAL_WEEKS, PAST_WEEKS = 12, 8, 26
#: 95 % of a normal distribution lie so many standard deviations around its mean.
NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class TrendDay:
    """``n`` cases came in. ``usual``, and from ``low`` to ``high`` what is usual: None while too little is known."""

    day: date
    n: int
    is_free: bool
    usual: float | None = None
    low: int = 0
    high: int = 0

    @property
    def is_above(self) -> bool:
        return self.usual is not None and self.n > self.high

    @property
    def is_below(self) -> bool:
        return self.usual is not None and self.n < self.low


@dataclass(frozen=True, slots=True)
class Trend:
    """``days``: of twelve weeks up to yesterday. In the last of them, ``week``, came ``n``, in the eight weeks before
    ``before``, of both of which it has by its days the part ``share``; ``known``: how restless that comparison was
    earlier, None where nothing is compared: because ``why``, and from the day ``since`` on it can be. ``sums``: what
    happened in each week, the oldest first.
    """

    days: Sequence[TrendDay]
    week: Period
    n: int
    sums: Sequence[Mapping[str, int]]
    before: int = 0
    share: float = 0.0
    known: Dispersion | None = None
    why: str = ""
    needed: int = 0
    since: date | None = None
    unknown_years: Sequence[int] = field(default_factory=tuple)

    @property
    def usual(self) -> float | None:
        """How many cases a usual week of these days brings."""
        return None if self.known is None else expected(self.before, self.share)


def last_week(today: date) -> Period:
    """The last seven whole days."""
    return Period(first=today - 7 * DAY, last=today - DAY)


def against_usual(week: Period) -> Compared:
    """A week and the eight weeks before it."""
    return Compared(week, Period(first=week.first - USUAL_WEEKS * WEEK, last=week.first - DAY))


def first_day(today: date) -> date:
    """The days of a ``Past`` that tells a trend begin here."""
    return against_usual(last_week(today)).first


def first_shown(today: date) -> date:
    """The first of the days of twelve weeks."""
    return today - WEEKS * WEEK


def of(past: Past) -> Trend | None:
    """None where only the sums of months are known. ``past`` begins on ``first_day`` or before, and ends today."""
    if past.is_monthly:
        return None
    week = last_week(past.days.last)
    compared, weeks = against_usual(week), [_earlier(week, back) for back in reversed(range(WEEKS))]
    begun, why, n = past.begun, why_not(past, compared), past.of("received", week)
    sums = [past.within(one) for one in weeks]
    years = {one.first.year for one in weeks} | {week.last.year}
    unknown = tuple(sorted(year for year in years if not past.calendar.is_known(year)))
    if begun is None or why:
        days = [_day(past, day) for one in weeks for day in _days(one)]
        since = None if begun is None else begun + compared.weeks_needed * WEEK
        return Trend(days, week, n, sums, why=why, needed=compared.weeks_needed, since=since, unknown_years=unknown)
    worth = past.worth("received", compared)
    phi = _restless(past, week, begun, worth)
    return Trend(
        [day for one in weeks for day in _beside_usual(past, one, begun, worth, phi)],
        week,
        n,
        sums,
        before=past.of("received", compared.before),
        share=share_of(worth, compared),
        known=of_count(past, "received", compared, begun, worth),
        needed=compared.weeks_needed,
        unknown_years=unknown,
    )


@dataclass(frozen=True, slots=True)
class Week:
    """At its end: so many open cases, and stages that had run out and not ended; in it so many came in and were closed,
    and shares, None where they are of too few, with how many cases each is of.
    """

    last: date
    open: int
    late: int
    received: int
    closed: int
    on_time: float | None
    settled: float | None
    on_time_of: int = 0
    settled_of: int = 0


def weeks_of(trend: Trend, open_now: int, today: Mapping[str, int], ran_out: Mapping[str, int]) -> list[Week]:
    """The oldest first. How many were open or late at the end of a week: as many as now less what happened since.
    ``today``: what came in and was closed today; ``ran_out``: RAN, as of the end of yesterday.
    """
    result = []
    n_open, late = open_now - today["received"] + today["closed"], figures.open_overdue(ran_out)
    for back, sums in enumerate(Counter(one) for one in reversed(trend.sums)):
        shares = {
            "on_time": formulas.on_time({**sums, "open_overdue": late}),
            "settled": figures.of_first_days(sums)["settled"],
        }
        of = {code: one.denominator or 0 for code, one in shares.items()}
        on_time, settled = (one.value if of[code] >= ENOUGH else None for code, one in shares.items())
        last, both = trend.week.last - back * WEEK, (sums["received"], sums["closed"])
        result.append(Week(last, n_open, late, *both, on_time, settled, of["on_time"], of["settled"]))
        n_open -= sums["received"] - sums["closed"]
        late -= figures.open_overdue(sums)
    return result[::-1]


def _earlier(week: Period, back: int) -> Period:
    return Period(first=week.first - back * WEEK, last=week.last - back * WEEK)


def _days(week: Period) -> list[Period]:
    return [Period(first=week.first + n * DAY, last=week.first + n * DAY) for n in range(7)]


def _day(past: Past, day: Period) -> TrendDay:
    return TrendDay(day.first, past.of("received", day), past.calendar.is_holiday(day.first))


def _beside_usual(
    past: Past, week: Period, begun: date, worth: Callable[[Period], float], phi: float
) -> list[TrendDay]:
    before = against_usual(week).before
    if before.first < begun:
        return [_day(past, day) for day in _days(week)]
    level, result = past.of("received", before) / worth(before), []
    for day in _days(week):
        mean = level * worth(day)
        half, plain = NORMAL * sqrt(phi * mean), _day(past, day)
        low, high = ceil(max(0.0, mean - half)), floor(mean + half)
        result.append(TrendDay(plain.day, plain.n, plain.is_free, mean, low, high))
    return result


def _restless(past: Past, week: Period, begun: date, worth: Callable[[Period], float]) -> float:
    """φ of a day beside the eight weeks before its week, from the weeks before this one."""
    squares = []
    for back in range(1, PAST_WEEKS + 1):
        one = _earlier(week, back)
        before = against_usual(one).before
        if before.first < begun:
            break
        n, whole = past.of("received", before), worth(before)
        for day in _days(one):
            own = worth(day)
            square = chance.square_of_counts(past.of("received", day), n, own / (own + whole))
            if square is not None:
                squares.append(square)
    return chance.dispersion(squares, 1).phi
