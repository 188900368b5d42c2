"""The effect of a campaign: by simulation how often one without any effect is called a success, and how often a true
one is seen.

Fifteen enterprises of a sector with a common season, each with a level of its own that wanders; the three with the
sharpest rise of the last eight weeks are called, as in life. Judged by the function that the sweep uses. Rates are
printed.
"""

from __future__ import annotations

from math import exp, log, sqrt
from random import Random

import pytest

from oversight.hot_spots import ancova
from oversight.hot_spots.ancova import BASE, CHOSE, Found, Week
from tests.oversight.dashboard.test_chance import poisson

FIRMS, CALLED, AFTER = 15, 3, 13
#: False successes that are promised at the most (statistics.md, section 10), beside two standard errors.
PROMISED = 0.025


def a_count(random: Random, mean: float, phi: float = 1.5) -> int:
    return poisson(random, random.gammavariate(mean / (phi - 1), phi - 1)) if mean > 0 else 0


def thinned(random: Random, n: int, effect: float) -> int:
    return sum(random.random() < effect for _ in range(n)) if effect < 1 else n


def a_world(random: Random, *, before: int, effect: float, size: float, share: float | None = None) -> list[list[Week]]:
    """The weeks of each enterprise, the called first. ``share``: the usual share of the part; the effect multiplies the
    rest; else they are counts, of which the effect leaves its part after the call.
    """
    sizes = [exp(random.gauss(log(size), 0.6)) for _ in range(FIRMS)]
    levels, season = [random.gauss(0, 0.15) for _ in range(FIRMS)], random.gauss(0, 0.2)
    weeks: list[list[Week]] = [[] for _ in range(FIRMS)]
    for _week in range(before + AFTER):
        season = 0.95 * season + random.gauss(0, 0.2 * sqrt(1 - 0.95**2))
        for nth in range(FIRMS):
            levels[nth] = 0.9 * levels[nth] + random.gauss(0, 0.15 * sqrt(1 - 0.81))
            if share is None:
                weeks[nth].append((a_count(random, sizes[nth] * exp(levels[nth] + season)), 0))
            else:
                whole = a_count(random, sizes[nth])
                odds = share / (1 - share) * exp(2 * levels[nth] + season)
                part = sum(random.random() < odds / (1 + odds) for _ in range(whole))
                weeks[nth].append((part, whole - part))

    def rise(one: list[Week]) -> float:
        recent, usual = one[before - CHOSE : before], one[before - CHOSE - BASE : before - CHOSE]
        if share is None:
            return (sum(n for n, _ in recent) / CHOSE) / (sum(n for n, _ in usual) / BASE + 1)
        bad = [sum(rest for _, rest in span) / max(1, sum(map(sum, span))) for span in (recent, usual)]
        return bad[0] - bad[1]

    weeks.sort(key=rise, reverse=True)
    for one in weeks[:CALLED]:
        for at in range(before, before + AFTER):
            part, rest = one[at]
            if share is None:
                one[at] = thinned(random, part, effect), 0
            else:
                kept = thinned(random, rest, effect)
                one[at] = part + rest - kept, kept
    return weeks


def found(weeks: list[list[Week]], *, before: int, after: int, is_share: bool = False) -> Found:
    result = ancova.effect(weeks[:CALLED], weeks[CALLED:], call=before, after=after, is_share=is_share)
    assert result is not None
    return result


def rates(
    n: int, *, seed: int, before: int = 80, effect: float = 1.0, size: float = 25.0, share: float | None = None
) -> dict[str, float]:
    """How often success is said at each look and at either; and where the estimates lie on average."""
    random, counts, logs = Random(seed), dict.fromkeys(("8", "13", "either"), 0), 0.0
    for _ in range(n):
        weeks = a_world(random, before=before, effect=effect, size=size, share=share)
        said = []
        for after in ancova.LOOKS:
            result = found(weeks, before=before, after=after, is_share=share is not None)
            said.append(result.low > 1 if share is not None else result.high < 1)
        logs += log(result.ratio)
        counts["8"] += said[0]
        counts["13"] += said[1]
        counts["either"] += any(said)
    told = {name: count / n for name, count in counts.items()} | {"ratio": exp(logs / n)}
    print(f"ancova before={before} effect={effect} size={size} share={share} n={n}: {told}")
    return told


def most(n: int) -> float:
    return PROMISED + 2 * sqrt(PROMISED * (1 - PROMISED) / n)


def test_a_campaign_without_effect_is_seldom_called_a_success() -> None:
    told = rates(200, seed=7)
    assert told["8"] <= most(200)
    assert told["13"] <= most(200)


def test_a_strong_effect_is_seen() -> None:
    told = rates(40, seed=8, effect=0.5)
    assert told["13"] >= 0.9
    assert 0.45 < told["ratio"] < 0.56


def test_the_same_for_all_is_no_effect() -> None:
    """Where everything falls by half nobody fell beyond the others."""
    random = Random(9)
    weeks = a_world(random, before=80, effect=1, size=40)
    halved = [one[:80] + [(thinned(random, n, 0.5), 0) for n, _ in one[80:]] for one in weeks]
    result = found(halved, before=80, after=13)
    assert result.low < 1 < result.high


def test_nothing_is_said_of_nothing() -> None:
    empty: list[list[Week]] = [[(0, 0)] * 93 for _ in range(15)]
    result = found(empty, before=80, after=13)
    assert result.low <= 1 <= result.high
    assert ancova.effect([], empty, call=80, after=13, is_share=False) is None
    assert ancova.effect(empty, [], call=80, after=13, is_share=False) is None
    assert ancova.effect(empty[:3], empty[3:], call=20, after=8, is_share=False) is None


@pytest.mark.full
@pytest.mark.parametrize(
    ("before", "size", "share"),
    [(80, 25.0, None), (52, 25.0, None), (80, 5.0, None), (80, 80.0, None), (80, 25.0, 0.8), (52, 25.0, 0.6)],
)
def test_false_success_is_as_rare_as_promised(before: int, size: float, share: float | None) -> None:
    told = rates(2000, seed=12315, before=before, size=size, share=share)
    assert told["8"] <= most(2000)
    assert told["13"] <= most(2000)


@pytest.mark.full
@pytest.mark.parametrize(("effect", "least"), [(0.8, 0.35), (0.7, 0.75), (0.5, 0.98)])
def test_a_true_effect_is_seen_as_often_as_promised(effect: float, least: float) -> None:
    told = rates(600, seed=4, effect=effect)
    assert told["13"] >= least
    assert abs(told["ratio"] / effect - 1) < 0.03
