"""Who may stand before whom, said anew: Wilson's interval by solving its equation, places by looking at each pair."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

#: Two-sided 95 %: Phi(Z) = 0.975.
Z = 1.959963984540054
FEWEST = 30
Key = TypeVar("Key", bound=Hashable)


def interval(part: int, whole: int) -> tuple[float, float]:
    """All shares p with (part/whole - p)^2 <= Z^2 p(1-p)/whole: the roots of a quadratic (Wilson 1927)."""
    share, extra = part / whole, Z * Z / whole
    a, b, c = 1 + extra, -(2 * share + extra), share * share
    root = (b * b - 4 * a * c) ** 0.5
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))


def places(counts: Mapping[Key, tuple[int, int]]) -> dict[Key, tuple[int, int]]:
    """First and last place of everybody of thirty cases or more: ahead is only whose interval lies wholly above."""
    bands = {key: interval(part, whole) for key, (part, whole) in counts.items() if whole >= FEWEST}
    return {
        key: (
            1 + sum(other[0] > high for other in bands.values()),
            len(bands) - sum(other[1] < low for other in bands.values()),
        )
        for key, (low, high) in bands.items()
    }
