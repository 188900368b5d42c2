"""How long things took, kept in buckets: quantiles that are wrong by less than a twentieth.

Whole numbers have a bucket each up to ``EXACT``, so few and short spans are exact; above it a bucket is a
tenth wider than the one before and stands for its middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log

from oversight.counters.sums import EXACT, RATIO


def bucket_of(what: str, value: int) -> int:
    exact = EXACT[what]
    return value if value <= exact else exact + ceil(log(value / exact) / log(RATIO))


def middle(what: str, bucket: int) -> float:
    """What a bucket stands for: itself, or the geometric middle between its edges."""
    exact = EXACT[what]
    return float(bucket) if bucket <= exact else exact * RATIO ** (bucket - exact - 0.5)


def quantile(what: str, buckets: Mapping[int, int], share: float) -> float | None:
    """Between its two neighbours, by proportion, as the exact one is. None where nothing was counted."""
    ordered = sorted((bucket, n) for bucket, n in buckets.items() if n > 0)
    whole = sum(n for _, n in ordered)
    if not whole:
        return None
    place = (whole - 1) * share
    low = int(place)
    first, second = (_nth(what, ordered, min(nth, whole - 1)) for nth in (low, low + 1))
    return first + (second - first) * (place - low)


def _nth(what: str, ordered: list[tuple[int, int]], nth: int) -> float:
    seen = 0
    for bucket, n in ordered:
        seen += n
        if nth < seen:
            return middle(what, bucket)
    raise IndexError(nth)
