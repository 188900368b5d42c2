"""How unusual a count is beside eight like it: the statistics of hot spots, and of before and after.

Pure numbers; nothing here knows what is counted, where, or what day it is. The method is told to people
in docs/hot-spots.md, and tests/oversight/hot_spots/test_unusual.py measures by simulation what is promised there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt

#: A count is compared with so many like it.
USUAL = 8
#: Of a thousand cells in which nothing changed, one is shown a week: the promise, for each kind of hot spot.
RATE = 0.001
#: The week that ends today is looked at every day. Seven looks at sums that overlap are worth about so many at sums
#: that do not (measured by simulation), so each look gets this part of the promise.
LOOKS_A_WEEK = 4.5
DAYS = 7
WEEK_LEVEL, DAY_LEVEL = RATE / LOOKS_A_WEEK, RATE / DAYS
#: A smaller count is nobody's hot spot, however unusual.
FEWEST = 5
#: Cells are as restless as those of like size: the upper edges of the sizes, in cases a week (or a day).
SIZES = (0.25, 1.0, 4.0, 16.0, 64.0, 256.0)
#: Where few cells tell how restless they are, so many further ones with this restlessness stand beside them.
ASSUMED, ASSUMED_CELLS = 1.25, 5
#: A spread this many times the usual one comes by chance once in a thousand (χ², 7 degrees of freedom, over 7).
ODD_SPREAD = 24.32 / 7
#: The power with which a rise is called detectable.
POWER = 0.9
#: 97.5 % of the normal distribution lie below.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Spread:
    """Eight usual counts, added up: ``total``, and the sum of their ``squares``."""

    total: int
    squares: int

    @classmethod
    def of(cls, counts: Sequence[int]) -> Spread:
        return cls(sum(counts), sum(count * count for count in counts))

    @property
    def mean(self) -> float:
        return self.total / USUAL

    @property
    def variance(self) -> float:
        return (self.squares - self.total * self.total / USUAL) / (USUAL - 1)


def size_of(mean: float) -> int:
    """Which of ``SIZES`` a cell of this mean belongs to."""
    return next((at for at, edge in enumerate(SIZES) if mean < edge), len(SIZES))


def restlessness(cells: Iterable[Spread]) -> dict[int, float]:
    """Variance over mean of the cells of each size, at least 1 (Poisson), to two digits.

    Cells whose spread stands out (they had a burst among the eight) are left out, in two rounds, so that yesterday's
    hot spots do not hide today's.
    """
    by_size: defaultdict[int, list[Spread]] = defaultdict(list)
    for cell in cells:
        if cell.total:
            by_size[size_of(cell.mean)].append(cell)
    return {size: _pooled(result) for size, result in by_size.items()}


def _pooled(cells: list[Spread]) -> float:
    result, kept = 1.0, cells
    for last in (False, False, True):
        mean = sum(cell.mean for cell in kept)
        beside = ASSUMED_CELLS * mean / len(kept) if kept else 0.0
        result = (
            max(1.0, (sum(cell.variance for cell in kept) + ASSUMED * beside) / (mean + beside)) if mean else ASSUMED
        )
        if not last:
            kept = [cell for cell in cells if cell.variance <= ODD_SPREAD * result * cell.mean] or kept
    return round(result, 2)


def restlessness_at(mean: float, result: dict[int, float]) -> float:
    """What ``restlessness`` found for cells of this mean; the assumed one where none tells."""
    return result.get(size_of(mean), ASSUMED)


def chance(count: int, usual: int, restless: float) -> float:
    """How probable so high a count is, if it is one of nine alike of which the other eight add up to ``usual``.

    The nine together are given; how they fall on the nine is then beta-binomial, exactly where each is negative
    binomial (binomial where ``restless`` is 1), whatever the true mean. Mid-p: an equal count is counted half.
    """
    whole = count + usual
    if count <= 0 or whole <= 0:
        return 1.0
    shape = whole / ((USUAL + 1) * max(restless - 1, 0.001))
    others = USUAL * shape
    if count <= whole / (USUAL + 1):
        # Nobody asks how probable a low count is.
        return 1.0
    first = exp(
        lgamma(whole + 1)
        - lgamma(count + 1)
        - lgamma(usual + 1)
        + lgamma(count + shape)
        - lgamma(shape)
        + lgamma(usual + others)
        - lgamma(others)
        - lgamma(whole + shape + others)
        + lgamma(shape + others)
    )
    total, term = first / 2, first
    for k in range(count, whole):
        term *= (whole - k) / (k + 1) * (k + shape) / (whole - k - 1 + others)
        total += term
        if term < total * 1e-12:
            break
    return min(total, 1.0)


@lru_cache(maxsize=100_000)
def threshold(usual: int, restless: float, level: float) -> int:
    """The least count, ``FEWEST`` or more, whose chance is below ``level``."""
    low, high = FEWEST - 1, max(2 * FEWEST, usual // USUAL + FEWEST)
    while chance(high, usual, restless) >= level:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if chance(middle, usual, restless) < level:
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
def detectable(usual: int, restless: float, level: float) -> float:
    """How many times a cell must rise to be found nine times out of ten; to one digit, rounded up."""
    mean = max(usual / USUAL, 1 / USUAL)
    needed = threshold(usual, restless, level)
    low, high = 1.0, 2.0
    while at_least(needed, high * mean, restless) < POWER:
        high *= 2
    while high - low > 0.005:
        middle = (low + high) / 2
        if at_least(needed, middle * mean, restless) < POWER:
            low = middle
        else:
            high = middle
    return -int(-high * 10 // 1) / 10


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as often as before, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_fall(self) -> bool:
        return self.high < 1

    @property
    def is_rise(self) -> bool:
        return self.low > 1


def rate_ratio(before: int, days_before: int, after: int, days_after: int, *, restless: float = 1.0) -> Ratio | None:
    """Rate after over before, log-normal, widened by restlessness; None without days. A zero adds half a case."""
    error = _error(before, after, restless)
    if days_before <= 0 or days_after <= 0 or error is None:
        return None
    extra = 0.0 if before and after else 0.5
    return _around(log((after + extra) / days_after) - log((before + extra) / days_before), error)


def against(
    cell: tuple[int, int], control: tuple[int, int], *, restless: float = 1.0, control_restless: float = 1.0
) -> Ratio | None:
    """By how much the cell, (before, after), changed beyond its control group. None without counts."""
    errors = _error(*cell, restless), _error(*control, control_restless)
    if errors[0] is None or errors[1] is None or not all(control):
        return None
    extra = 0.0 if all(cell) else 0.5
    change = log((cell[1] + extra) / (cell[0] + extra)) - log(control[1] / control[0])
    return _around(change, sqrt(errors[0] ** 2 + errors[1] ** 2))


def _error(before: int, after: int, restless: float) -> float | None:
    if before + after <= 0:
        return None
    extra = 0.0 if before and after else 0.5
    return sqrt(restless * (1 / (before + extra) + 1 / (after + extra)))


def _around(change: float, error: float) -> Ratio:
    return Ratio(exp(change), exp(change - Z * error), exp(change + Z * error))
