"""What may be said of a remedy: how many of the reported remedies are true at least, and whether the list is whole.

Pure numbers. Sources: Clopper and Pearson 1934 (exact limit of a share), Wilson 1927 (interval of a share).
"""

from dataclasses import dataclass
from math import comb

from web.small_numbers import wilson

#: So large a part must be true, or on the list.
WANTED = 0.95
#: The lower limit is passed by a smaller share in one of twenty samples.
LEVEL = 0.05
#: Sizes of a sample that reaches ``WANTED`` with no, one or two bad lines in it.
SIZES = (59, 93, 124)
#: Halvings of an interval that find a share to ten digits.
_HALVINGS = 34


def lower_limit(n: int, bad: int, whole: int) -> float:
    """The one-sided 95 % limit (Clopper–Pearson) below the share of good ones among the ``whole`` from which ``n``
    were drawn, ``bad`` of them bad; 0 of nothing. Where all were looked at, the share itself.
    """
    if not n or bad >= n:
        return 0.0
    if n >= whole:
        return (n - bad) / n
    low, high = 0.0, (n - bad) / n
    for _ in range(_HALVINGS):
        p = (low + high) / 2
        # How probable it is to meet so few bad ones, if a share p is good.
        chance = sum(comb(n, k) * (1 - p) ** k * p ** (n - k) for k in range(bad + 1))
        low, high = (p, high) if chance < LEVEL else (low, p)
    return low


@dataclass(frozen=True, slots=True)
class Completeness:
    """Of ``whole`` complainants ``part`` are on the list of ``listed`` lines."""

    part: int
    whole: int
    listed: int

    @property
    def share(self) -> float:
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.part, self.whole)

    @property
    def is_refuted(self) -> bool:
        """Even the upper limit of the complainants on the list is too low."""
        return self.whole > 0 and self.interval[1] < WANTED

    @property
    def least_population(self) -> int:
        """How many are affected at least, if complainants are on the list as others are."""
        upper = self.interval[1]
        return int(self.listed / upper) if upper else self.listed
