"""The statistics of counts, against numbers that were computed apart (with exact quantiles of χ²) and known sums."""

from collections.abc import Iterator
from fractions import Fraction
from math import comb, log

import pytest

from oversight.figures.dispersion import COLD, Dispersion, Past, error, moderated, q_values, tail, tail_t

#: The eight weeks before and the one looked at, exposed alike.
NINTH = 1 / 9


def test_the_chances_of_known_counts() -> None:
    assert tail(66, 325, NINTH, 1.25) == pytest.approx(0.001247, rel=1e-3)
    known = [
        (66, 325, NINTH, Dispersion(1.25, 30), 0.0025271),
        (66, 325, NINTH, Dispersion(2, 30), 0.0118755),
        # All others rose as well, 1.6-fold: nothing to see.
        (66, 325, 1 / 6, Dispersion(1.25, 30), 0.452137),
        # Six weeks after twenty-six.
        (312, 1040, 6 / 32, Dispersion(1.4, 30), 0.0010773),
    ]
    for count, usual, share, dispersion, chance in known:
        assert tail_t(count, usual, share, dispersion) == pytest.approx(chance, rel=1e-3), (count, dispersion)


def test_with_four_errors_the_chance_is_as_wide_as_four_errors_leave_it() -> None:
    assert tail_t(66, 325, NINTH, COLD) == pytest.approx(0.033932, rel=1e-2)


def test_where_nothing_is_restless_it_is_the_binomial_chance() -> None:
    for count, usual, share in ((7, 11, Fraction(1, 9)), (12, 40, Fraction(1, 9)), (60, 320, Fraction(1, 8))):
        whole = count + usual
        terms = [comb(whole, k) * share**k * (1 - share) ** (whole - k) for k in range(count, whole + 1)]
        assert tail(count, usual, float(share), 1.0) == pytest.approx(float(sum(terms[1:]) + terms[0] / 2), rel=0.05)


def test_a_low_count_and_no_count_are_never_unusual() -> None:
    assert tail(4, 40, NINTH, 1.5) == tail_t(0, 0, NINTH, COLD) == tail_t(4, 40, NINTH, COLD) == 1.0


def test_an_error_is_measured_by_what_chance_makes() -> None:
    # Ten expected after eighty; sixteen came. Chance makes 10 · (1 + 1/8).
    assert error(16, 80, NINTH) == (pytest.approx(36 / 11.25), pytest.approx(10.0))


def _dice(seed: int) -> Iterator[float]:
    while True:
        seed = (1103515245 * seed + 12345) % 2**31
        yield seed / 2**31


def test_a_cell_is_as_restless_as_its_own_past_drawn_towards_its_like() -> None:
    """Twelve cells in two sizes, each a little more restless than the one before; one of them had a burst."""
    dice, cells = _dice(7), []
    for nth in range(12):
        squares = [-2 * log(max(next(dice), 1e-9)) * (0.4 + 0.15 * nth) for _error in range(26)]
        if nth == 4:
            squares[3] = 80.0
        size = (3.0, 10.0)[nth % 2]
        cells.append(Past(size, [(square, size) for square in squares]))
    phi = [2.17026, 1.92602, 2.41295, 2.13382, 2.9657, 2.44963, 3.06032, 2.50685, 3.05652, 3.12854, 3.90195, 3.0365]
    result = moderated(cells)
    assert [one.phi for one in result] == pytest.approx(phi, rel=1e-5)
    assert [one.df for one in result] == pytest.approx([43.1099, 48.1426] * 6, rel=1e-5)


def test_a_cell_without_a_past_is_taken_for_restless() -> None:
    assert moderated([Past(3.0, [(1.0, 3.0)] * 3), Past(3.0, [(1.0, 0.01)] * 26)]) == [COLD, COLD]


def test_of_many_looks_the_share_of_wrong_ones_is_held() -> None:
    chances = [0.001, 0.2, 0.008, 0.039, 0.041, 0.9, 0.0001]
    assert q_values(chances) == pytest.approx([0.0035, 0.7 / 3, 0.056 / 3, 0.0574, 0.0574, 0.9, 0.0007])
    assert q_values([0.0001, 0.001], looked=1000) == [pytest.approx(0.1), pytest.approx(0.5)]
    assert q_values([]) == []
