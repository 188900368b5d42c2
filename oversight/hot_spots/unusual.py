"""How unusual a count is beside those before it: the levels of hot spots, and what a cell can show.

Pure numbers; nothing here knows what is counted, where, or what day it is. The tests of counts stand in
`oversight.figures.dispersion`; the method is told to people in docs/hot-spots.md, and
tests/oversight/hot_spots/test_unusual.py measures by simulation what is promised there.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log

from oversight.figures.dispersion import Dispersion, expected, tail_t

#: A count is compared with so many like it.
USUAL = 8
#: Of a thousand cells in which nothing changed, one is shown a week: the promise, for each kind of hot spot.
RATE = 0.001
#: The week that ends today is looked at every day. Seven looks at sums that overlap are worth about so many at sums
#: that do not (measured by simulation), so each look gets this part of the promise.
LOOKS_A_WEEK = 3.5
DAYS = 7
WEEK_LEVEL, DAY_LEVEL = RATE / LOOKS_A_WEEK, RATE / DAYS
#: A slow rise is a run: so many weeks together are compared with so many weeks before them.
RUNS, RUN_USUAL = (2, 3, 4, 6, 9, 13), 26
#: Runs are looked at once a week. After one that is found its cell gets no other for so many weeks.
SILENT_WEEKS = 8
#: Six lengths that overlap, looked at every week, are worth about so many looks that do not (measured by simulation).
RUN_LOOKS = 2.4
RUN_LEVEL = RATE / RUN_LOOKS
#: A smaller count is nobody's hot spot, however unusual.
FEWEST = 5
#: Of what is put before people unasked, on the first page, at most this part is wrong (false discovery rate).
BELIEVED = 0.10
#: What a cell can show is told of one that is a little restless, as most are, and known well.
COMMON = Dispersion(1.25, 30)
#: The power with which a rise is called detectable.
POWER = 0.9


def threshold(usual: int, share: float, dispersion: Dispersion, level: float) -> int:
    """The least count, ``FEWEST`` or more, whose chance is below ``level``."""
    low, high = FEWEST - 1, max(2 * FEWEST, int(expected(usual, share)) + FEWEST)
    while tail_t(high, usual, share, dispersion) >= level:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if tail_t(middle, usual, share, dispersion) < level:
            high = middle
        else:
            low = middle
    return high


def at_least(count: int, mean: float, restless: float) -> float:
    """How probable ``count`` or more is where ``mean`` is expected: negative binomial with this variance over mean."""
    if count <= 0:
        return 1.0
    excess = max(restless - 1, 0.001)
    shape = mean / excess
    ratio = excess / (1 + excess)
    term = exp(lgamma(count + shape) - lgamma(shape) - lgamma(count + 1) + count * log(ratio) - shape * log(1 + excess))
    if count > mean:
        total, k = 0.0, count
        while term > total * 1e-12:
            total += term
            term *= (k + shape) / (k + 1) * ratio
            k += 1
        return min(total, 1.0)
    below = 0.0
    for k in range(count, 0, -1):
        term *= k / ((k - 1 + shape) * ratio)
        below += term
        if term < below * 1e-12:
            break
    return max(0.0, 1 - below)


@lru_cache(maxsize=10_000)
def detectable(usual: int, share: float, dispersion: Dispersion, level: float) -> float:
    """How many times a cell must rise to be found nine times out of ten; to one digit, rounded up."""
    mean = max(expected(usual, share), 1 / USUAL)
    needed = threshold(usual, share, dispersion, level)
    low, high = 1.0, 2.0
    while at_least(needed, high * mean, dispersion.phi) < POWER:
        high *= 2
    while high - low > 0.005:
        middle = (low + high) / 2
        if at_least(needed, middle * mean, dispersion.phi) < POWER:
            low = middle
        else:
            high = middle
    return -int(-high * 10 // 1) / 10
