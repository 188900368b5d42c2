"""The statistics of hot spots: what docs/hot-spots.md promises, measured by simulation, and the parts by exact
arithmetic.
"""

from fractions import Fraction
from itertools import pairwise
from math import comb, exp, sqrt
from random import Random

import pytest

from oversight.hot_spots import unusual
from oversight.hot_spots.unusual import DAY_LEVEL, DAYS, FEWEST, RATE, USUAL, WEEK_LEVEL, Spread

#: The promise of the issue: the nominal rate within a third.
LOW, HIGH = RATE * 2 / 3, RATE * 4 / 3


def poisson(random: Random, mean: float) -> int:
    if mean > 30:
        return poisson(random, mean / 2) + poisson(random, mean / 2)
    limit, product, result = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        result += 1
    return result


def day_count(random: Random, mean: float, restless: float) -> int:
    """Complaints of a day: Poisson, or negative binomial with this variance over mean."""
    return poisson(random, mean if restless <= 1 else random.gammavariate(mean / (restless - 1), restless - 1))


def alarms(seed: int, *, cells: int, weeks: int, mean: float, restless: float) -> float:
    """How often a cell in which nothing changes is found, a cell and week; looked at every day as the sweep does."""
    random, span = Random(seed), DAYS * (USUAL + 1)
    days = [[day_count(random, mean / DAYS, restless) for _ in range(span)] for _ in range(cells)]
    sums = [[sum(own[span - DAYS * (back + 1) : span - DAYS * back]) for back in range(USUAL + 1)] for own in days]
    last, result = [-DAYS] * cells, 0
    for day in range(weeks * DAYS):
        for own, nine in zip(days, sums, strict=True):
            own.append(day_count(random, mean / DAYS, restless))
            end = len(own)
            for back in range(USUAL + 1):
                nine[back] += own[end - 1 - DAYS * back] - own[end - 1 - DAYS * (back + 1)]
        spreads = [Spread.of(nine[1:]) for nine in sums]
        pooled = unusual.restlessness(spreads)
        for at, (nine, spread) in enumerate(zip(sums, spreads, strict=True)):
            if (
                nine[0] >= FEWEST
                and day - last[at] >= DAYS
                and nine[0] * USUAL > spread.total
                and nine[0] >= unusual.threshold(spread.total, unusual.restlessness_at(spread.mean, pooled), WEEK_LEVEL)
            ):
                last[at] = day
                result += 1
    return result / (cells * weeks)


def doublings_found(seed: int, *, runs: int, mean: float, restless: float) -> float:
    """In what part of the runs a doubling that begins with a day is found by the look at the seventh day, at the
    latest.
    """
    random, result = Random(seed), 0
    for _run in range(runs):
        own = [day_count(random, mean / DAYS, restless) for _ in range(DAYS * (USUAL + 1))]
        for _day in range(DAYS):
            own.append(day_count(random, 2 * mean / DAYS, restless))
            nine = [sum(own[len(own) - DAYS * (back + 1) : len(own) - DAYS * back]) for back in range(USUAL + 1)]
            if nine[0] >= unusual.threshold(sum(nine[1:]), restless, WEEK_LEVEL):
                result += 1
                break
    return result / runs


def test_the_false_alarm_rate_is_what_is_promised() -> None:
    assert LOW < alarms(1, cells=300, weeks=160, mean=40, restless=1.25) < HIGH


def test_a_small_cell_is_found_less_often_by_mistake_than_promised() -> None:
    assert alarms(2, cells=300, weeks=60, mean=1, restless=1.25) < HIGH


@pytest.mark.parametrize(("mean", "restless"), [(40, 1.0), (60, 1.5)])
def test_a_real_doubling_is_found_within_seven_days(mean: float, restless: float) -> None:
    assert doublings_found(3, runs=400, mean=mean, restless=restless) >= 0.9


@pytest.mark.full
@pytest.mark.parametrize(("mean", "restless"), [(10, 1.0), (10, 1.5), (40, 1.0), (40, 1.5), (200, 1.25)])
def test_the_false_alarm_rate_at_length(mean: float, restless: float) -> None:
    assert LOW < alarms(4, cells=1000, weeks=300, mean=mean, restless=restless) < HIGH


@pytest.mark.full
@pytest.mark.parametrize("mean", [0.5, 2, 5])
def test_the_rate_of_small_cells_at_length(mean: float) -> None:
    assert alarms(5, cells=1000, weeks=300, mean=mean, restless=1.25) < HIGH


@pytest.mark.full
@pytest.mark.parametrize(("mean", "restless"), [(40, 1.0), (40, 1.1), (50, 1.25), (60, 1.5), (100, 1.5)])
def test_doublings_at_length(mean: float, restless: float) -> None:
    assert doublings_found(6, runs=4000, mean=mean, restless=restless) >= 0.9


def test_days_of_cells_that_never_change() -> None:
    """A day is looked at once; seven of them keep the promise of a week."""
    random, result, looks = Random(7), 0, 60_000
    for _look in range(looks):
        nine = [poisson(random, 12) for _ in range(USUAL + 1)]
        result += nine[0] >= unusual.threshold(sum(nine[1:]), 1.0, DAY_LEVEL)
    # Ten are expected; that few vary much, so the long bounds are those of five standard errors.
    assert abs(result - looks * DAY_LEVEL) < 5 * sqrt(looks * DAY_LEVEL)


# --- the parts ---


@pytest.mark.parametrize(("count", "usual"), [(5, 0), (7, 11), (12, 40), (60, 320), (9, 8)])
def test_where_nothing_is_restless_the_chance_is_the_binomial_one(count: int, usual: int) -> None:
    whole, share = count + usual, Fraction(1, USUAL + 1)
    terms = [comb(whole, k) * share**k * (1 - share) ** (whole - k) for k in range(count, whole + 1)]
    exact = float(sum(terms[1:]) + terms[0] / 2)
    assert unusual.chance(count, usual, 1.0) == pytest.approx(exact, rel=0.05)


def test_the_chance_is_the_beta_binomial_one_also_of_a_whole_country() -> None:
    """Against products of whole numbers: with shapes 2 and 16 the beta-binomial is a sum of binomial coefficients."""
    count, usual = 9, 9
    whole = count + usual
    restless = 1 + whole / ((USUAL + 1) * 2)
    terms = [
        Fraction(comb(k + 1, k) * comb(whole - k + 15, whole - k), comb(whole + 17, whole))
        for k in range(count, whole + 1)
    ]
    assert unusual.chance(count, usual, restless) == pytest.approx(float(sum(terms[1:]) + terms[0] / 2), rel=1e-9)
    assert unusual.chance(64_000, 8 * 64_000, 1.0) > 0.4
    assert unusual.chance(66_000, 8 * 64_000, 1.0) < 1e-9


@pytest.mark.parametrize("restless", [1.0, 1.3, 2.5])
@pytest.mark.parametrize("usual", [0, 3, 40, 320, 5000])
def test_the_threshold_is_the_least_count_that_is_unusual(usual: int, restless: float) -> None:
    result = unusual.threshold(usual, restless, WEEK_LEVEL)
    assert unusual.chance(result, usual, restless) < WEEK_LEVEL or result == FEWEST
    assert result == FEWEST or unusual.chance(result - 1, usual, restless) >= WEEK_LEVEL
    assert result >= unusual.threshold(usual, 1.0, WEEK_LEVEL)


def test_restlessness_is_pooled_by_size_and_old_bursts_are_left_out() -> None:
    random = Random(8)
    calm = [Spread.of([day_count(random, 10, 1.4) for _ in range(USUAL)]) for _ in range(600)]
    wild = [Spread.of([day_count(random, 100, 3.0) for _ in range(USUAL)]) for _ in range(600)]
    bursts = [Spread.of([10] * 7 + [400]) for _ in range(6)]
    result = unusual.restlessness([*calm, *wild, *bursts])
    assert unusual.restlessness_at(10, result) == pytest.approx(1.4, abs=0.12)
    assert unusual.restlessness_at(100, result) == pytest.approx(3.0, abs=0.3)
    assert unusual.restlessness_at(1e6, result) == unusual.ASSUMED


def test_the_smaller_a_cell_the_larger_the_rise_that_it_can_show() -> None:
    rises = [unusual.detectable(usual * USUAL, 1.0, WEEK_LEVEL) for usual in (1, 2, 5, 10, 20, 40, 80, 160)]
    assert all(before > after for before, after in pairwise(rises))
    assert rises[5] <= 2.0 < rises[3]


@pytest.mark.parametrize(("mean", "restless"), [(3.0, 1.0), (12.0, 1.5), (90.0, 2.0)])
def test_a_detectable_rise_is_detected(mean: float, restless: float) -> None:
    random, usual = Random(9), round(mean * USUAL)
    rise, needed = unusual.detectable(usual, restless, WEEK_LEVEL), unusual.threshold(usual, restless, WEEK_LEVEL)
    seen = sum(day_count(random, mean * rise, restless) >= needed for _ in range(3000)) / 3000
    assert seen >= unusual.POWER - 0.02
    assert unusual.at_least(needed, mean * (rise - 0.2), restless) < unusual.POWER


def test_the_interval_of_a_ratio_holds_what_it_promises() -> None:
    random, held = Random(10), 0
    for _run in range(2000):
        ratio = unusual.rate_ratio(day_count(random, 200, 1.5), 56, day_count(random, 50, 1.5), 28, restless=1.5)
        assert ratio is not None
        held += ratio.low <= 0.5 <= ratio.high
    assert 0.93 <= held / 2000 <= 0.97


def test_a_change_that_came_everywhere_is_no_effect() -> None:
    everywhere = unusual.against((100, 50), (10_000, 5_000))
    alone = unusual.against((100, 40), (10_000, 10_000))
    assert not everywhere.is_fall
    assert everywhere.value == pytest.approx(1.0)
    assert alone.is_fall
    assert unusual.against((0, 0), (10, 10)) is None
    assert unusual.rate_ratio(10, 56, 3, 0) is None
    nothing_after = unusual.rate_ratio(20, 56, 0, 56)
    assert 0 < nothing_after.low < nothing_after.high < 1
