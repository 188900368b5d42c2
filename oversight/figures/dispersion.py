"""Tests of counts that vary more than by chance: how probable a count is, how restless a cell is, and of many looks
which ones to believe.

Pure numbers; nothing here knows what is counted. ``phi`` is the dispersion: variance over mean, 1 where a count varies
as a Poisson count does.

Sources: beta-binomial as the conditional test of two negative binomial rates (Przyborowski and Wilenski 1940 for
``phi`` 1); quantile of χ² by Wilson and Hilferty (1931); moderated variances by Smyth (2004); false discovery rate by
Benjamini and Hochberg (1995); errors of the past capped at 2.58² as in farringtonFlexible of R's package surveillance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, lgamma, sqrt
from statistics import NormalDist, fmean, median, pvariance

#: Cells are as restless as those of like size: the edges of the sizes, in cases a period.
SIZES = (0.25, 1.0, 4.0, 16.0, 64.0, 256.0)
#: A cell with fewer errors than this tells nothing of itself; it gets the dispersion and the degrees of freedom here.
FEWEST_ERRORS, COLD_PHI, COLD_DF = 4, 2.0, 4.0
#: Where less than this was expected, an error tells nothing.
LEAST_EXPECTED = 0.05
#: A squared error counts at most so many times the usual one, so that a burst of the past does not hide the next.
CAP = 2.58**2
#: The median of a mean of squared errors lies a little under its mean.
MEDIAN_TO_MEAN = 1.03
#: Errors share their usual counts with each other: so much of their number counts.
INDEPENDENT = 0.8
#: The class of a cell is worth between so many degrees of freedom.
CLASS_DF = (3.0, 100.0)
#: Where the class is worth more than this its mean is taken, else its median.
ALIKE_DF = 30.0
#: Where and with which weights a chance is averaged over what ``phi`` may be: the middles of seven equal parts, the
#: last of them cut in two as the far end weighs most.
_PARTS = 7
_NODES = (*((nth + 0.5) / _PARTS for nth in range(_PARTS - 1)), 0.905, 0.976)
_WEIGHTS = (*(1 / _PARTS for _nth in range(_PARTS - 1)), 2 / 3 / _PARTS, 1 / 3 / _PARTS)


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How restless a cell is, and how well that is known (degrees of freedom)."""

    phi: float
    df: float


COLD = Dispersion(COLD_PHI, COLD_DF)


@dataclass(frozen=True, slots=True)
class Past:
    """The forecasts of the past of one cell. ``size``: its mean count a period over all of them. ``errors``: of each,
    (squared standardised error, expected count), see `error`.
    """

    size: float
    errors: Sequence[tuple[float, float]]


def expected(usual: float, share: float) -> float:
    """The count that ``usual`` cases lead to expect, where the period has ``share`` of the exposure of both."""
    return usual * share / (1 - share)


def error(count: int, usual: int, share: float) -> tuple[float, float]:
    """(squared standardised error, expected count); the first has the mean ``phi`` where nothing changed."""
    mean = expected(usual, share)
    return (count - mean) ** 2 / max(mean / (1 - share), 1e-9), mean


def tail(count: int, usual: int, share: float, phi: float) -> float:
    """How probable ``count`` or more is, given ``count + usual``, where it has ``share`` of the exposure.

    Beta-binomial, binomial at ``phi`` 1; an equal count is counted half (mid-p). 1 for a count that is not high.
    """
    whole = count + usual
    if whole <= 0 or count <= whole * share:
        return 1.0
    shape = whole / max(phi - 1, 1e-3)
    return beta_binomial(count, whole, shape * share, shape * (1 - share), equal=0.5)


def beta_binomial(count: int, whole: int, a: float, b: float, *, equal: float = 1.0) -> float:
    """How probable ``count`` or more of ``whole`` is; of ``count`` itself the part ``equal`` is counted."""
    rest = whole - count
    term = exp(
        lgamma(whole + 1)
        - lgamma(count + 1)
        - lgamma(rest + 1)
        + lgamma(count + a)
        + lgamma(rest + b)
        - lgamma(whole + a + b)
        + lgamma(a + b)
        - lgamma(a)
        - lgamma(b)
    )
    total = equal * term
    for k in range(count, whole):
        term *= (whole - k) / (k + 1) * (k + a) / (whole - k - 1 + b)
        total += term
        if term <= total * 1e-12:
            break
    return min(total, 1.0)


def tail_t(count: int, usual: int, share: float, dispersion: Dispersion) -> float:
    """`tail` where ``phi`` is known only as well as ``df`` errors tell: averaged over phi · df / χ²(df).

    What Student's t is to the normal distribution.
    """
    whole = count + usual
    if whole <= 0 or count <= whole * share:
        return 1.0
    return sum(
        weight * tail(count, usual, share, max(1.0, dispersion.phi * dispersion.df / _chi_square(node, dispersion.df)))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    )


@cache
def _normal(node: float) -> float:
    return NormalDist().inv_cdf(1 - node)


def _chi_square(node: float, df: float) -> float:
    """What χ² with ``df`` exceeds with probability ``node`` (Wilson–Hilferty)."""
    width = 2 / (9 * df)
    return df * (1 - width + _normal(node) * sqrt(width)) ** 3


def size_of(mean: float) -> int:
    """Which of ``SIZES`` a cell of this mean belongs to."""
    return next((at for at, edge in enumerate(SIZES) if mean < edge), len(SIZES))


def moderated(cells: Sequence[Past]) -> list[Dispersion]:
    """Of each cell its own errors, capped, drawn towards those of its class of size as far as they tell less than it.

    Give cells of one kind only: they are each other's class. A cell with few errors gets `COLD`.
    """
    result = [COLD] * len(cells)
    classes: defaultdict[int, list[tuple[int, list[float]]]] = defaultdict(list)
    for at, cell in enumerate(cells):
        told = [square for square, mean in cell.errors if mean > LEAST_EXPECTED]
        if len(told) >= FEWEST_ERRORS:
            classes[size_of(cell.size)].append((at, told))
    for alike in classes.values():
        own = [sum(told) / len(told) for _at, told in alike]
        largest = [max(told) for _at, told in alike]
        base = max(1.0, median(own) * MEDIAN_TO_MEAN)
        capped = own
        for _round in range(2):
            most = [CAP * max(base, mean) for mean in own]
            capped = [
                mean if high <= limit else sum(square if square < limit else limit for square in told) / len(told)
                for (_at, told), mean, high, limit in zip(alike, own, largest, most, strict=True)
            ]
            base = max(1.0, median(capped) * MEDIAN_TO_MEAN)
        dfs = [2 * len(told) / (2 + 1 / max(cells[at].size, LEAST_EXPECTED)) * INDEPENDENT for at, told in alike]
        spread = pvariance(capped) / max(base, fmean(capped)) ** 2 - fmean(2 / df for df in dfs)
        class_df = min(max(2 / max(spread, 1e-3), CLASS_DF[0]), CLASS_DF[1])
        pool = fmean(capped) if class_df > ALIKE_DF else base
        for (at, _told), mean, df in zip(alike, capped, dfs, strict=True):
            result[at] = Dispersion(max(1.0, (class_df * pool + df * mean) / (class_df + df)), class_df + df)
    return result


def q_values(chances: Sequence[float], looked: int | None = None) -> list[float]:
    """Benjamini–Hochberg: to believe all with a q of at most this is to be wrong in at most this part of them.

    ``looked``: how many were looked at, where ``chances`` are only the smallest of theirs; the q is then at most too
    high.
    """
    n = max(looked or 0, len(chances))
    result, least = [1.0] * len(chances), 1.0
    for rank, at in sorted(enumerate(sorted(range(len(chances)), key=chances.__getitem__), 1), reverse=True):
        least = min(least, chances[at] * n / rank)
        result[at] = least
    return result
