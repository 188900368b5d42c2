"""How many cases will be open in some weeks, with an interval from the own errors of the past. Pure numbers
(statistics.md, section 6).

Expected is half of what the mean net flow of eight weeks would add, as a queue finds its level. The interval lies
between the 8th and the 92nd percentile of the errors that the same forecast made in up to 52 earlier weeks; of fewer
than 26 nothing is forecast. tests/oversight/dashboard/test_forecast.py measures by simulation how often it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: So many weeks are averaged, and so much of their mean is expected to go on.
BASE, PART = 8, 0.5
#: So many earlier forecasts at the most and at the least.
MOST_PAST, FEWEST_PAST = 52, 26
LOW, HIGH = 0.08, 0.92


@dataclass(frozen=True, slots=True)
class Forecast:
    """In ``weeks`` weeks: expected, and between which numbers in four cases of five."""

    weeks: int
    expected: int
    low: int
    high: int


def weeks_needed(weeks: int) -> int:
    """So many weeks of history let look ``weeks`` ahead."""
    return BASE + FEWEST_PAST + weeks - 1


def forecast(now: int, nets: Sequence[int], weeks: int) -> Forecast | None:
    """``now``: open cases; ``nets``: what came in less what was closed, week by week, the newest last. None where the
    history is too short.
    """
    errors = _errors(nets, weeks)
    if len(errors) < FEWEST_PAST:
        return None
    ordered, middle = sorted(errors), now + _expected(nets, weeks)
    low, high = (middle + _quantile(ordered, share) for share in (LOW, HIGH))
    # Where it was nearly always wrong on one side, the nearer end of the interval is expected.
    return Forecast(weeks, *(max(0, round(one)) for one in (min(max(middle, low), high), low, high)))


def _expected(nets: Sequence[int], weeks: int) -> float:
    """What the last weeks let expect to be added."""
    return PART * weeks * sum(nets[-BASE:]) / BASE


def _errors(nets: Sequence[int], weeks: int) -> list[float]:
    """What was added beside what the weeks before let expect, in each earlier week of which both are known."""
    ends = range(BASE, len(nets) - weeks + 1)
    return [sum(nets[end : end + weeks]) - _expected(nets[end - BASE : end], weeks) for end in ends][-MOST_PAST:]


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between its neighbours by proportion."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
