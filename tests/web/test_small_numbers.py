"""What is not said of few."""

import random
from decimal import Decimal

from web.small_numbers import sum_may_be_shown, too_few


def told(payments: list[Decimal]) -> bool:
    rows = [*sorted(payments, reverse=True), Decimal(0), Decimal(0)]
    return sum_may_be_shown(len(payments), sum(payments, Decimal(0)), rows[0], rows[1])


def test_whoever_paid_the_second_most_cannot_tell_the_largest_payment_within_fifteen_per_cent() -> None:
    dice, shown = random.Random(12315), 0
    for _ in range(2000):
        payments = [Decimal(round(dice.lognormvariate(6, 1.6), 2)) + 1 for _ in range(dice.choice([3, 9, 10, 30, 80]))]
        if told(payments):
            shown += 1
            # Who knows the own payment and the sum guesses that the rest is the one other large payment.
            largest, own = sorted(payments, reverse=True)[:2]
            guess = sum(payments) - own
            assert len(payments) >= 10
            assert guess >= largest * Decimal("1.15")
    assert 400 < shown < 1600


def test_a_sum_is_held_back() -> None:
    nine, even = [Decimal(100)] * 9, [Decimal(100)] * 10
    assert (told(nine), told(even), told([])) == (False, True, True)
    assert told([Decimal(10_000), Decimal(9_000), *[Decimal("187.5")] * 8])
    assert not told([Decimal(10_000), Decimal(9_000), *[Decimal("187.4")] * 8])


def test_under_thirty_has_its_sentence_and_thirty_has_none() -> None:
    assert [too_few(n) for n in (0, 1, 29, 30, 4000)] == ["", *["件数不足30，不列比率"] * 2, "", ""]
