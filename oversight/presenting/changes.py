"""Whether a number really changed, or only as numbers do by chance.

A change is said to be one only where the 95 % interval of the difference leaves out "no change";
everything else lies within chance, and is told so. Sums of money have no interval here and are never judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

from oversight.counters.buckets import quantile
from oversight.figures.figures import OF_TWO_COUNTS, Figure
from oversight.presenting.leagues import Z, wilson

#: Lengths of time, and which number of their spread stands for them; without their buckets a difference cannot be
#: judged.
LENGTHS = {"first_response": "minutes_median", "acceptance": "minutes_median", "handling_time": "wd_mean"}
#: Fewer than this on both sides together, and no difference is worth a word.
TOO_FEW = 5


@dataclass(frozen=True, slots=True)
class Change:
    """From ``before`` to ``after``; ``is_chance`` is None where that cannot be judged."""

    after: float
    before: float
    is_chance: bool | None

    @property
    def by(self) -> float:
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """By how much of what was before; None where nothing was."""
        return self.by / self.before if self.before else None

    @property
    def is_real(self) -> bool:
        return self.is_chance is False and self.by != 0


def of_counts(after: int, before: int, *, days: int = 1, days_before: int = 1) -> Change:
    """Two counts over so many days: of both together, the later has its share of the days unless something changed."""
    both = after + before
    low, high = wilson(after, both)
    usual = days / (days + days_before)
    return Change(after, before, both < TOO_FEW or low <= usual <= high)


def of_shares(after: tuple[int, int], before: tuple[int, int]) -> Change | None:
    """(part, whole) twice, by Newcombe's interval of the difference of two shares; None where one has nothing to
    count."""
    if not after[1] or not before[1]:
        return None
    low, high = newcombe(after, before)
    return Change(after[0] / after[1], before[0] / before[1], low <= 0 <= high)


def of_ratios(after: tuple[int, int], before: tuple[int, int]) -> Change | None:
    """(count, count) twice, the first no part of the second: by the interval of how many times one ratio is the other
    (its logarithm).
    """
    if not after[1] or not before[1]:
        return None
    # Half a case more in each, as nothing has no logarithm.
    (one, of), (other, of_other) = ((part + 0.5, whole + 0.5) for part, whole in (after, before))
    half = Z * sqrt(1 / one + 1 / of + 1 / other + 1 / of_other)
    return Change(after[0] / after[1], before[0] / before[1], abs(log(one / of) - log(other / of_other)) <= half)


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """95 % interval of one share less another (Newcombe 1998, method 10: from the two Wilson intervals)."""
    p, q = one[0] / one[1], other[0] / other[1]
    (low, high), (other_low, other_high) = wilson(*one), wilson(*other)
    return p - q - sqrt((p - low) ** 2 + (other_high - q) ** 2), p - q + sqrt((high - p) ** 2 + (q - other_low) ** 2)


def median_interval(what: str, buckets: Mapping[int, int]) -> tuple[float, float] | None:
    """95 % interval of a median, from the order of the values whatever their distribution; None without any."""
    n = sum(buckets.values())
    if n <= 0:
        return None
    half = Z / (2 * sqrt(n))
    low, high = (quantile(what, buckets, min(1.0, max(0.0, 0.5 + side * half))) or 0.0 for side in (-1, 1))
    return low, high


def of_medians(what: str, after: Mapping[int, int], before: Mapping[int, int]) -> Change | None:
    """Two medians; within chance where their intervals overlap."""
    one, other = median_interval(what, after), median_interval(what, before)
    if one is None or other is None:
        return None
    return Change(
        quantile(what, after, 0.5) or 0.0, quantile(what, before, 0.5) or 0.0, one[0] <= other[1] and other[0] <= one[1]
    )


def of_figures(after: Figure, before: Figure, *, days: int, days_before: int) -> Change | None:
    """The change of a share, of a mark, a length of time or a sum (never judged), else of a count; None where there is
    nothing to compare.
    """
    if after.denominator is not None and before.denominator is not None:
        compared = of_ratios if after.code in OF_TWO_COUNTS else of_shares
        return compared((after.numerator or 0, after.denominator), (before.numerator or 0, before.denominator))
    if after.code == "rating":
        marks, then = after.spread.get("mean"), before.spread.get("mean")
        return None if marks is None or then is None else Change(marks, then, None)
    if after.code in LENGTHS:
        name = LENGTHS[after.code]
        now, then = after.spread.get(name), before.spread.get(name)
        return None if now is None or then is None else Change(float(now), float(then), None)
    if after.money or before.money or after.code == "recovered":
        sums = [float(figure.money.get("CNY", {}).get("confirmed", 0)) for figure in (after, before)]
        return Change(sums[0], sums[1], None)
    return of_counts(after.n, before.n, days=days, days_before=days_before)
