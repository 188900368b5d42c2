"""The interval of a rate: that of a count by Garwood (1936), widened by how restless such counts are. Pure numbers."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, sqrt

#: On either side of a 95 % interval.
TAIL = 0.025


def interval(count: int, phi: float) -> tuple[float, float]:
    """The 95 % interval of the mean of a count whose variance is ``phi`` times its mean; Garwood's at 1."""
    low, high = garwood(count)
    width = sqrt(max(1.0, phi))
    return max(0.0, count - (count - low) * width), count + (high - count) * width


def garwood(count: int) -> tuple[float, float]:
    """Of a Poisson count: below the first mean so many or more come in less than 2.5 % of all cases, above the second
    so many or fewer.
    """
    low = 0.0 if count == 0 else _mean_where(lambda mean: 1 - _at_most(count - 1, mean), TAIL, rises=True)
    return low, _mean_where(lambda mean: _at_most(count, mean), TAIL, rises=False)


def _mean_where(of: Callable[[float], float], share: float, *, rises: bool) -> float:
    low, high = 0.0, 10.0
    while (of(high) < share) == rises:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if (of(middle) < share) == rises else (low, middle)
    return high


def _at_most(count: int, mean: float) -> float:
    """How probable at most ``count`` is with this Poisson mean; terms from the largest on, until they tell nothing."""
    top = min(count, int(mean))
    first = exp(top * log(mean) - mean - lgamma(top + 1)) if mean else float(top == 0)
    total, term, k = first, first, top
    while k > 0 and term > total * 1e-17:
        term *= k / mean
        k -= 1
        total += term
    term, k = first, top
    while k < count and term > total * 1e-17:
        k += 1
        term *= mean / k
        total += term
    return min(total, 1.0)
