"""Did a guidance help: check values, and by simulation how often one without any effect is called a success.

Selection as in life: cells are looked at every week, a guidance follows the first hot spot, is sent 5 to 25 days after
it, and is judged 28 and 56 whole days after the sending by the functions that the pages use. Rates are printed.
"""

from __future__ import annotations

from itertools import accumulate
from math import exp, sqrt
from random import Random

import pytest

from oversight.figures.dispersion import Dispersion, tail
from oversight.hot_spots import before_after
from oversight.hot_spots.before_after import BELOW, EARLY, NO_CONTROL, STILL, TREND, UNCLEAR, USUAL, Counts
from tests.oversight.dashboard.test_chance import poisson

DAYS, ONSET, SOURCE_DAYS = 364, 230, 262
#: False successes that are promised at the most (statistics.md, section 10), beside two standard errors.
PROMISED = 0.025


def day_count(random: Random, mean: float, phi: float) -> int:
    return poisson(random, random.gammavariate(mean / (phi - 1), phi - 1) if phi > 1 else mean)


def means_of(random: Random, kind: str, mean: float, drift: float) -> list[float]:
    """Of each day: ``burst`` one event of 59 in a week; ``decay`` an event that fades; ``plateau`` a level that
    doubles and stays; ``chance`` nothing.
    """
    result = [mean / 7] * DAYS
    if kind == "burst":
        for n in range(7):
            result[ONSET + n] += (59 - mean) / 7 if mean < 40 else mean / 7
    if kind == "decay":
        for n in range(56):
            result[ONSET + n] += 1.5 * mean / 7 * exp(-n / 20)
    if kind == "plateau":
        result[ONSET:] = [2 * one for one in result[ONSET:]]
    if drift:
        at = random.gauss(0, drift)
        for week in range(DAYS // 7):
            at = 0.8 * at + random.gauss(0, drift * 0.6)
            for n in range(7):
                result[week * 7 + n] *= exp(at)
    return result


def found_on(counts: list[int], phi: float, kind: str) -> int | None:
    """The last day of the first week that stands out from the eight before it, as those of method 1 did."""
    added = [0, *accumulate(counts)]
    for day in range(200 if kind == "chance" else ONSET, SOURCE_DAYS):
        nine = [added[day + 1 - 7 * k] - added[day - 6 - 7 * k] for k in range(9)]
        usual = sum(nine[1:])
        if nine[0] < 5 or nine[0] * 8 <= usual * 1.2 or nine[0] < usual / 8 + 2.5 * sqrt(usual / 8 + 1):
            continue
        if tail(nine[0], usual, 1 / 9, min(phi, 1.5)) < 0.001 / 4.5:
            return day
    return None


def judged(random: Random, kind: str, mean: float, phi: float, effect: float, drift: float) -> str | None:
    """The verdict on one guidance; None where no hot spot was found. It thins what comes after the sending."""
    own = [day_count(random, one, phi) for one in means_of(random, kind, mean, drift)]
    found = found_on(own, phi, kind)
    if found is None:
        return None
    sent = found + random.randint(5, 25)
    if effect < 1:
        own[sent + 1 :] = [sum(random.random() < effect for _case in range(n)) for n in own[sent + 1 :]]
    control = [day_count(random, max(120, 5 * mean) / 7, 1.5) for _day in range(DAYS)]
    first = found - 6
    weeks = [sum(own[first - 7 * back : first - 7 * back + 7]) for back in range(26, 0, -1)]

    def at(days: int) -> Counts:
        before, after = slice(first - before_after.BEFORE, first), slice(sent + 1, sent + 1 + days)
        return Counts(sum(own[before]), sum(own[after]), sum(control[before]), sum(control[after]), 9)

    looks = [at(days) for days, _level in before_after.LOOKS]
    known = before_after.dispersion_of(weeks)
    results = [before_after.verdict(looks[: n + 1], known, before_after.trend_of(weeks)) for n in range(len(looks))]
    return BELOW if BELOW in results else results[-1]


def rates(
    seed: int, runs: int, kind: str, mean: float, phi: float, effect: float = 1, drift: float = 0
) -> dict[str, float]:
    """How often each verdict is given, of the guidances that there were; ``n``: how many."""
    random, verdicts = Random(seed), []
    for _run in range(runs):
        if (result := judged(random, kind, mean, phi, effect, drift)) is not None:
            verdicts.append(result)
    return {"n": len(verdicts)} | {one: verdicts.count(one) / max(len(verdicts), 1) for one in set(verdicts)}


def test_the_check_values_of_the_design() -> None:
    known, sure = Dispersion(1.5, 30), Dispersion(1.5, 1e6)
    few, many = Counts(15, 11, 300, 140, 9), Counts(520, 98, 3120, 950, 9)
    for counts, expected in ((few, (1.57, 0.59, 4.2)), (many, (0.62, 0.47, 0.82))):
        ratio = before_after.ratio_of(counts, sure)
        assert ratio is not None
        assert (ratio.value, ratio.low, ratio.high) == pytest.approx(expected, rel=0.01)
    assert before_after.verdict([few, few], known, 0) == UNCLEAR
    assert before_after.so_few(many, known) < 0.0005
    assert before_after.verdict([few, many], known, 0) == BELOW


def test_a_verdict_says_no_more_than_its_looks_allow() -> None:
    known = Dispersion(1.5, 30)
    same, down, up = (Counts(520, n, 3120, 950, 9) for n in (158, 110, 230))
    assert before_after.verdict([], known, 0) == EARLY
    assert before_after.verdict([same], known, 0) == EARLY, "between the looks nothing is said"
    assert before_after.so_few(down, known) > 0.0005
    assert before_after.verdict([Counts(520, 30, 3120, 475, 9)], known, 0) == BELOW
    assert before_after.verdict([Counts(520, 30, 3120, 475, 9), same], known, 0) == BELOW, "what was shown stays"
    assert before_after.verdict([same, same], known, 0) == USUAL
    assert before_after.verdict([same, up], known, 0) == STILL
    assert before_after.verdict([same, down], known, 2.1) == TREND
    assert before_after.verdict([Counts(520, 98, 3120, 950, 4)] * 2, known, 0) == NO_CONTROL
    assert before_after.verdict([Counts(520, 98, 1500, 950, 9)] * 2, known, 0) == NO_CONTROL


def test_restlessness_and_trend_of_the_weeks_before() -> None:
    steady, wild, rising = [20, 21] * 13, [5, 35] * 13, list(range(10, 36))
    assert before_after.dispersion_of(steady).phi < 1.2
    assert before_after.dispersion_of(wild).phi > 4
    assert before_after.dispersion_of([3]) == Dispersion(1.5, 4.0)
    assert abs(before_after.trend_of(steady)) < 2 < before_after.trend_of([n + n % 3 for n in rising])
    wandering = [10] * 2 + ([10] * 4 + [30] * 4) * 3
    assert before_after.dispersion_of(wandering).phi > 20, "sums of four weeks tell"


def test_a_burst_that_passes_by_itself_is_no_success() -> None:
    result = rates(1, 60, "burst", 5, 1.25)
    assert result["n"] >= 50
    assert result.get(BELOW, 0) <= 0.1
    assert rates(2, 12, "burst", 40, 1.5, effect=0.5).get(BELOW, 0) >= 0.6


#: Kind, usual a week, φ, how many cells are watched, drift: nothing helps.
NO_EFFECT = (
    *(
        ("burst", 2, 1.25, 1500, 0),
        ("burst", 5, 1.25, 1500, 0),
        ("burst", 20, 1.25, 1500, 0),
        ("burst", 20, 3, 1500, 0),
    ),
    *(("decay", 20, 1.25, 1500, 0), ("decay", 40, 2, 1500, 0), ("plateau", 20, 1.5, 1500, 0)),
    *(("chance", 20, 1.5, 12000, 0), ("chance", 20, 3, 4000, 0), ("chance", 40, 1.5, 4000, 0.12)),
)


@pytest.mark.full
@pytest.mark.parametrize(("kind", "mean", "phi", "runs", "drift"), NO_EFFECT)
def test_false_successes_at_length(
    kind: str, mean: float, phi: float, runs: int, drift: float, capsys: pytest.CaptureFixture[str]
) -> None:
    result = rates(12315, runs, kind, mean, phi, drift=drift)
    n, false = int(result.pop("n")), result.get(BELOW, 0.0)
    with capsys.disabled():
        shown = ", ".join(f"{name} {rate:.1%}" for name, rate in sorted(result.items()))
        print(f"\nno effect, {kind} {mean}/week φ {phi} drift {drift} (n {n}): success {false:.1%} of {shown}")
    assert n >= 30
    assert false <= PROMISED + 2 * sqrt(PROMISED * (1 - PROMISED) / n)


@pytest.mark.full
@pytest.mark.parametrize(("mean", "effect", "least"), [(10, 0.7, 0.3), (20, 0.7, 0.6), (40, 0.7, 0.8), (20, 0.5, 0.9)])
def test_true_falls_are_seen_at_length(
    mean: float, effect: float, least: float, capsys: pytest.CaptureFixture[str]
) -> None:
    result = rates(12315, 500, "burst", mean, 1.5, effect=effect)
    with capsys.disabled():
        print(f"\nfall to {effect:.0%}, {mean}/week: success {result.get(BELOW, 0):.0%}")
    assert result.get(BELOW, 0) >= least
