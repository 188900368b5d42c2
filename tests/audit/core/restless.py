"""The statistics of hot spots, changes and guidance written anew: chances of counts that vary more than by chance.

``phi`` is variance over mean. The formulas are those of docs/hot-spots.md and docs/figures.md, computed in another way
where there is one: tails are summed term by term from logarithms, Student's distribution is integrated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import atan, cos, exp, lgamma, log, pi, sqrt
from statistics import NormalDist, fmean, median

#: A squared error of the past counts at most so many times the usual one (2.58 standard deviations).
CAP = 2.58**2
#: phi 1 is taken as this, so that one formula does for both.
LEAST_PHI = 1.001
#: What phi may be: by which chances of chi-square its degrees of freedom are asked, and with which weights.
NODES = [(n + 0.5) / 7 for n in range(6)] + [0.905, 0.976]
WEIGHTS = [1 / 7] * 6 + [2 / 21, 1 / 21]
#: Where nothing was measured.
COLD = (2.0, 4.0)
SIZES = (0.25, 1, 4, 16, 64, 256)


def term(k: int, n: int, a: float, b: float) -> float:
    """Beta-binomial: the chance of just ``k`` of ``n``."""
    choose = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(choose + lgamma(k + a) + lgamma(n - k + b) - lgamma(n + a + b) + lgamma(a + b) - lgamma(a) - lgamma(b))


def tail(count: int, usual: int, share: float, phi: float) -> float:
    """``count`` or more of both, where the newest has this share of the exposure; mid-p; 1 where it is no rise."""
    n = count + usual
    if not n or count <= n * share:
        return 1.0
    shape = n / (max(phi, LEAST_PHI) - 1)
    a, b = shape * share, shape * (1 - share)
    result = term(count, n, a, b) / 2
    for k in range(count + 1, n + 1):
        more = term(k, n, a, b)
        result += more
        if more < 1e-14 * result:
            break
    return min(1.0, result)


def chi_square(node: float, df: float) -> float:
    """What chi-square exceeds with this chance, by the cube of a normal variable (Wilson and Hilferty 1931)."""
    return df * (1 - 2 / (9 * df) + NormalDist().inv_cdf(1 - node) * sqrt(2 / (9 * df))) ** 3


def tail_t(count: int, usual: int, share: float, phi: float, df: float) -> float:
    """The same where phi is known only as well as ``df`` tell: averaged over phi * df / chi-square."""
    n = count + usual
    if not n or count <= n * share:
        return 1.0
    mixed = ((weight, phi * df / chi_square(node, df)) for node, weight in zip(NODES, WEIGHTS, strict=True))
    return sum(weight * tail(count, usual, share, max(1.0, one)) for weight, one in mixed)


def student_tail(t: float, df: float) -> float:
    """The chance of more than ``t``: Student's density with tan for its argument, by Simpson's rule."""
    steps, low, high = 2000, atan(t / sqrt(df)), pi / 2
    width = (high - low) / steps
    scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(pi)
    heights = [max(0.0, cos(low + n * width)) ** (df - 1) for n in range(steps + 1)]
    return scale * width / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))


def student_quantile(share: float, df: float) -> float:
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, df) > 1 - share else (low, middle)
    return (low + high) / 2


def size_of(mean: float) -> int:
    return sum(mean >= edge for edge in SIZES)


def moderated(cells: Sequence[tuple[float, Sequence[tuple[float, float]]]]) -> list[tuple[float, float]]:
    """(phi, degrees of freedom) of each of some cells that are alike: (mean count, [(squared error, expected)]).

    The own errors, capped, are drawn towards those of the cells of like size, as far as those lie together (Smyth
    2004). Under four errors tell nothing.
    """
    result = [COLD] * len(cells)
    classes: defaultdict[int, list[tuple[int, list[float]]]] = defaultdict(list)
    for at, (mean, errors) in enumerate(cells):
        told = [square for square, expected in errors if expected > 0.05]
        if len(told) >= 4:
            classes[size_of(mean)].append((at, told))
    for members in classes.values():
        own = [fmean(told) for _at, told in members]
        capped, usual = own, max(1.0, 1.03 * median(own))
        for _ in range(2):
            capped = [fmean([min(s, CAP * max(usual, m)) for s in t]) for (_at, t), m in zip(members, own, strict=True)]
            usual = max(1.0, 1.03 * median(capped))
        dfs = [0.8 * 2 * len(told) / (2 + 1 / max(cells[at][0], 0.05)) for at, told in members]
        middle = fmean(capped)
        apart = fmean([(one - middle) ** 2 for one in capped]) / max(usual, middle) ** 2 - fmean([2 / df for df in dfs])
        of_class = min(100.0, max(3.0, 2 / max(apart, 0.001)))
        towards = middle if of_class > 30 else usual
        for (at, _told), phi, df in zip(members, capped, dfs, strict=True):
            result[at] = max(1.0, (of_class * towards + df * phi) / (of_class + df)), of_class + df
    return result


def q_values(chances: Sequence[float], looked: int) -> list[float]:
    """Of each the least share of false ones among all that are as sure (Benjamini and Hochberg 1995)."""
    n, ordered = max(looked, len(chances)), sorted(chances)
    return [
        min([1.0, *(other * n / (rank + 1) for rank, other in enumerate(ordered) if other >= chance)])
        for chance in chances
    ]


def dispersion(squares: Sequence[float], days: int) -> tuple[float, float]:
    """(phi, degrees of freedom) of a comparison of periods of so many days, from its errors at earlier dates."""
    if not squares:
        return COLD
    most = CAP * max(1.0, median(squares) / 0.455)
    worth = max(1.0, 0.7 * len(squares) * min(1.0, 7 / days))
    mean = fmean([min(square, most) for square in squares])
    return max(1.0, (COLD[0] * COLD[1] + worth * mean) / (COLD[1] + worth)), COLD[1] + worth


def changed(after: int, before: int, share: float, phi: float, df: float) -> tuple[float, float]:
    """(chance, logarithm of the ratio to what the days let expect) of two counts."""
    by = log((after + 0.5) / (before + 0.5)) - log(share / (1 - share))
    error = sqrt(phi * (1 / (after + 0.5) + 1 / (before + 0.5)))
    return min(1.0, 2 * student_tail(abs(by) / error, df)), by
