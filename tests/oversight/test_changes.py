"""Whether a change is one: the intervals are those of the books, and what never changed is rarely called a change."""

import random
from collections import Counter
from decimal import Decimal
from math import comb

import pytest
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from oversight.counters.sums import bucket_of
from oversight.figures.figures import Figure
from oversight.presenting import cards, shifts
from oversight.presenting.shifts import newcombe, of_counts, of_figures, of_medians, of_ratios, of_shares

MINUTES = "response_minutes"


def test_newcombes_interval_is_the_published_one() -> None:
    """Newcombe 1998, table II, method 10: 56/70 less 48/80, and 9/10 less 3/10."""
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe((9, 10), (3, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)


def test_what_never_changed_is_called_a_change_about_once_in_twenty() -> None:
    """Drawn a thousand times from one and the same rate, by a seed."""
    dice = random.Random(7)
    counts = sum(
        of_counts(
            sum(dice.random() < 0.04 for _ in range(1000)), sum(dice.random() < 0.04 for _ in range(1000))
        ).is_real
        for _ in range(1000)
    )
    assert 15 <= counts <= 85
    shares = 0
    for _ in range(1000):
        result = of_shares(
            (sum(dice.random() < 0.6 for _ in range(120)), 120), (sum(dice.random() < 0.6 for _ in range(90)), 90)
        )
        shares += result is not None and result.is_real
    assert 15 <= shares <= 85


def test_what_was_settled_may_be_more_than_what_came_in() -> None:
    """Of two counts neither is a part of the other: three settled in a week in which two complaints came are 150 %."""
    quiet, busy = (
        Figure(code="first_settled", n=whole, numerator=part, denominator=whole) for part, whole in ((3, 2), (80, 40))
    )
    assert cards.interval(quiet) == ("95%区间30.0～750.2%",)
    assert of_figures(busy, quiet, days=7, days_before=7) == shifts.Change(2.0, 1.5, True)
    fewer = Figure(code="first_settled", n=200, numerator=90, denominator=200)
    change = of_figures(busy, fewer, days=7, days_before=7)
    assert change.is_real
    dice, given = random.Random(9), 0
    for _ in range(1000):
        one, other = (
            (sum(dice.random() < 0.5 for _ in range(60)), sum(dice.random() < 0.5 for _ in range(50))) for _ in range(2)
        )
        result = of_ratios(one, other)
        given += result is not None and result.is_real
    assert given <= 85, "throws vary less than arrivals do, so fewer than one in twenty"


def test_a_real_doubling_is_seen() -> None:
    assert of_counts(80, 40).is_real
    assert of_counts(40, 80).is_real
    assert of_counts(3, 1).is_chance, "few cases say nothing"
    assert of_counts(60, 30, days=14, days_before=7).is_chance, "twice the days, twice the cases"
    punctual = of_shares((90, 100), (60, 100))
    assert punctual.is_real


@such(after=st.integers(0, 300), before=st.integers(0, 300))
@settings(max_examples=200, deadline=None)
def test_a_count_is_judged_as_the_sum_of_binomials_does(after: int, before: int) -> None:
    """The slow way: the two-sided tail of n throws of a coin. Close to its edge the two may differ, far from it
    never."""
    n, least = after + before, min(after, before)
    if not n:
        assert of_counts(after, before).is_chance
        return
    tail = min(1.0, 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n)
    if tail < 0.02 and n >= shifts.TOO_FEW:
        assert of_counts(after, before).is_real
    if tail > 0.12:
        assert of_counts(after, before).is_chance


def test_medians_are_apart_only_where_their_intervals_are() -> None:
    quick = Counter(bucket_of(MINUTES, 60 + n % 30) for n in range(200))
    slow = Counter(bucket_of(MINUTES, 300 + n % 60) for n in range(200))
    few = Counter(bucket_of(MINUTES, n) for n in (10, 500, 900))
    result = of_medians(MINUTES, slow, quick)
    assert result.is_real
    assert result.after > result.before
    again = of_medians(MINUTES, few, quick)
    assert again.is_chance
    assert of_medians(MINUTES, few, {}) is None


def test_a_median_lies_in_its_interval_about_95_times_in_100() -> None:
    dice, inside = random.Random(3), 0
    for _ in range(400):
        values = Counter(bucket_of(MINUTES, int(dice.expovariate(1 / 400))) for _ in range(101))
        result = shifts.median_interval(MINUTES, values)
        assert result is not None
        inside += result[0] * 0.95 <= 400 * 0.6931 <= result[1] * 1.05
    assert inside >= 400 * 0.92


def test_money_is_shown_and_never_judged() -> None:
    def money(n: int) -> Figure:
        return Figure(
            code="recovered",
            n=1,
            money={"CNY": {"confirmed": Decimal(n), "vouchers": Decimal(0), "unconfirmed": Decimal(0)}},
        )

    change = of_figures(money(900), money(100), days=7, days_before=7)
    assert (change.by, change.is_chance) == (800, None)
    assert not change.is_real
