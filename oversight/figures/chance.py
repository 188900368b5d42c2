"""Whether something changed between two periods, or only as such numbers do: by how restless they were before.

The same comparison is made again at up to 52 earlier dates, each a week before the next. The mean of their squared
errors is the dispersion φ (variance over what chance alone makes; 1 = chance alone), which widens the interval of the
comparison that is asked about; as φ is known only as well as so many earlier comparisons tell, the interval is
Student's. Pure numbers: nothing here knows what is counted. docs/figures.md tells people, and
tests/oversight/dashboard/test_chance.py measures by simulation what is promised there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt
from statistics import median

from oversight.figures.dispersion import CAP, COLD, Dispersion

#: The comparison is made again at so many earlier dates at the most.
MOST_SHIFTS = 52
#: Of overlapping comparisons each is worth about so much of one that overlaps none (measured by simulation).
WORTH = 0.7
WEEK = 7
#: The median of χ² with one degree of freedom.
MEDIAN = 0.455
#: What lies beyond chance: a change that would be seen once in twenty times without any.
LEVEL = 0.05
#: A rise that ought to be seen, in words: a third.
RISE = 1.3


@dataclass(frozen=True, slots=True)
class Difference:
    """How far apart two numbers are, and the variance of that by chance alone (φ = 1)."""

    by: float
    variance: float

    @property
    def square(self) -> float:
        """The squared error in standard deviations, 1 on average where nothing changes and only chance works."""
        return self.by * self.by / self.variance


@dataclass(frozen=True, slots=True)
class Verdict:
    """``p``: how often so large a difference would come without any; the difference with its 95 % interval, on the
    scale on which it was taken (counts: the logarithm of the ratio to what was to be expected).
    """

    p: float
    by: float
    low: float
    high: float


def of_counts(after: int, before: int, share: float = 0.5) -> Difference:
    """The logarithm of the ratio of two counts to that of their exposures; ``share``: of both together, the part to be
    expected in the later period. Half a case is added to each, as nothing has no logarithm.
    """
    one, other = after + 0.5, before + 0.5
    return Difference(log(one / other) - log(share / (1 - share)), 1 / one + 1 / other)


def square_of_counts(after: int, before: int, share: float = 0.5) -> float | None:
    """(a − b)² ÷ (a + b), or its like for unequal exposures; None without a case."""
    both = after + before
    return (after - share * both) ** 2 / (both * share * (1 - share)) if both else None


def of_shares(after: tuple[int, int], before: tuple[int, int]) -> Difference | None:
    """(part, whole) twice: the difference of the shares, its variance from both together; None where one is empty."""
    if not after[1] or not before[1]:
        return None
    pooled = (after[0] + before[0] + 1) / (after[1] + before[1] + 2)
    by = after[0] / after[1] - before[0] / before[1]
    return Difference(by, pooled * (1 - pooled) * (1 / after[1] + 1 / before[1]))


def of_ratios(after: tuple[int, int], before: tuple[int, int]) -> Difference | None:
    """(count, count) twice, the first no part of the second: the logarithm of the quotient of both ratios."""
    if not after[1] or not before[1]:
        return None
    (one, of), (other, of_other) = ((part + 0.5, whole + 0.5) for part, whole in (after, before))
    return Difference(log(one / of) - log(other / of_other), 1 / one + 1 / of + 1 / other + 1 / of_other)


def dispersion(squares: Sequence[float], days: int) -> Dispersion:
    """φ of a comparison of periods of ``days`` days, from its squared errors at earlier dates; before anything is
    measured 2.0, as surely as four degrees of freedom tell (two sources were measured: 1.94 and 3.26).
    """
    if not squares:
        return COLD
    cap = CAP * max(median(squares) / MEDIAN, 1.0)
    worth = max(1.0, WORTH * len(squares) * min(1.0, WEEK / days))
    mean = sum(min(one, cap) for one in squares) / len(squares)
    return Dispersion(max(1.0, (COLD.df * COLD.phi + worth * mean) / (COLD.df + worth)), COLD.df + worth)


def judged(difference: Difference, known: Dispersion) -> Verdict:
    error = sqrt(known.phi * difference.variance)
    half = student_quantile(1 - LEVEL / 2, known.df) * error
    p = min(1.0, 2 * student_tail(abs(difference.by) / error, known.df))
    return Verdict(p, difference.by, difference.by - half, difference.by + half)


def one_sided(difference: Difference, known: Dispersion, *, up: bool) -> float:
    """How often a difference so far up (else: down) would come without any."""
    t = difference.by / sqrt(known.phi * difference.variance)
    tail = student_tail(abs(t), known.df)
    return tail if (t > 0) == up else 1 - tail


def together(one: Dispersion, first: float, other: Dispersion, second: float) -> Dispersion:
    """Of a difference of two numbers each of which has a dispersion of its own; ``first`` and ``second``: what each
    adds to the variance by chance alone. Degrees of freedom by Satterthwaite (1946).
    """
    parts = (one.phi * first, other.phi * second)
    whole = sum(parts)
    return Dispersion(whole / (first + second), whole * whole / (parts[0] ** 2 / one.df + parts[1] ** 2 / other.df))


def cases_to_see(known: Dispersion) -> int:
    """About so many in each period show a rise of three tenths; to half of its first digit (150, 200, 250 …)."""
    needed = known.phi * (1 + 1 / RISE) * (student_quantile(1 - LEVEL / 2, known.df) / log(RISE)) ** 2
    step = 10 ** (len(str(int(needed))) - 1) / 2
    return int(round(needed / step) * step)


def student_tail(t: float, df: float) -> float:
    """How probable a value above ``t`` (0 or more) is in Student's distribution."""
    return _incomplete_beta(df / (df + t * t), df / 2, 0.5) / 2


@lru_cache(maxsize=1000)
def student_quantile(share: float, df: float) -> float:
    """Below which this share (a half or more) of Student's distribution lies."""
    low, high = 0.0, 2.0
    while student_tail(high, df) > 1 - share:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, df) > 1 - share else (low, middle)
    return high


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    d = 1 / (1 - (a + b) * x / (a + 1))
    c, result = 1.0, d
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / (1 + term * d), 1 + term / c
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    first = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    return first * result / a
