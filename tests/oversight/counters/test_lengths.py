"""How long things took, read from buckets: how wrong a median may be, and of how many "nine in ten within" is true."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from oversight.counters.sums import EXACT, RATIO, bucket_of, quantile, within
from oversight.presenting import lengths
from tests.audit.core import counting

LENGTHS = st.one_of(st.integers(0, 30), st.integers(0, 200_000), st.floats(0, 12).map(lambda x: int(2.718281828**x)))


@such(
    values=st.lists(LENGTHS, min_size=1, max_size=60),
    what=st.sampled_from(["response_minutes", "handled_wd"]),
    share=st.sampled_from([0.1, 0.5, 0.9, 0.99]),
)
@settings(max_examples=200, deadline=None)
def test_a_quantile_is_wrong_by_one_in_a_hundred_at_the_most(values: list[int], what: str, share: float) -> None:
    """Whatever the distribution: few, many, all the same, long tails."""
    result = quantile(what, Counter(bucket_of(what, value) for value in values), share)
    assert result == pytest.approx(counting.quantile(values, share), rel=0.0101, abs=1e-9)


def lognormal(random: Random, n: int) -> list[int]:
    return [int(random.lognormvariate(5, 1.6)) for _ in range(n)]


def two_humps(random: Random, n: int) -> list[int]:
    """Half within the hour and half after weeks: the median of an even number lies between, where nobody is."""
    return [int(random.gauss(30, 6)) if at % 2 else int(random.gauss(9_000, 700)) for at in range(n)]


def bucketed(values: str, exact: int) -> str:
    """SQL: the lengths that ``values`` selects as v, and their buckets as the database counts them."""
    return (
        f"select case when v <= {exact} then v else {exact} + ceil(ln(v / {exact}::float8) / ln({RATIO}::float8))"
        f" end::int {values}"
    )


def lumpy(random: Random, n: int) -> list[int]:
    """Answers on the hour, and most of them on the last morning."""
    return [random.choice([60, 480, 1920, 1920, 1920]) for _ in range(n)]


def just_short(random: Random, n: int) -> list[int]:
    """Not quite nine in ten at once, the others on the last day: no number between is true of nine in ten."""
    return [30 if random.random() < 0.89 else 4800 for _ in range(n)]


def says_nine_in_ten(values: list[int], buckets: Counter[int]) -> None:
    """What the page says, read off its text: in minutes, or in hours with one decimal."""
    nine = within("response_minutes", buckets, 0.9)
    assert nine is not None
    text, unit = lengths.time_within(nine)
    said = Decimal(text.replace(",", "")) * (1 if unit == "分钟" else 60)
    assert 10 * sum(value <= said for value in values) >= 9 * len(values), (said, sorted(values))
    # And no more than a bucket and a rounding beyond what is needed.
    assert said <= Decimal(counting.within(values, 0.9)) * Decimal("1.021") + 6


@such(values=st.lists(LENGTHS, min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_is_said_to_hold_for_nine_in_ten_is_true_of_nine_in_ten(values: list[int]) -> None:
    says_nine_in_ten(values, Counter(bucket_of("response_minutes", value) for value in values))


@pytest.mark.parametrize("shape", [lognormal, two_humps, lumpy, just_short])
def test_skewed_and_lumpy_lengths_are_wrong_by_one_in_a_hundred_and_nine_in_ten_lie_within(
    db: None, shape: Callable[[Random, int], list[int]]
) -> None:
    """As the database puts them into buckets and the pages read them, beside what it says of the lengths themselves."""
    quantiles = "select percentile_cont(array[0.5, 0.9]) within group (order by v) from unnest(%s::int[]) v"
    grouped = bucketed(", count(*) from unnest(%s::int[]) v group by 1", EXACT["response_minutes"])
    for n in (9, 100, 10_000, 20_001):
        values = [abs(value) for value in shape(Random(n), n)]
        with connection.cursor() as cursor:
            cursor.execute(quantiles, [values])
            exact = cursor.fetchone()[0]
            cursor.execute(grouped, [values])
            buckets = dict(cursor.fetchall())
        assert n < 1000 or len(buckets) < 450
        result = [quantile("response_minutes", buckets, share) for share in (0.5, 0.9)]
        assert result == pytest.approx(exact, rel=0.0101), n
        if n < 1000:
            says_nine_in_ten(values, Counter(buckets))


def test_python_and_the_database_take_the_same_buckets(db: None) -> None:
    values = [*range(400), *(int(1.37**n) for n in range(20, 50))]
    for what, exact in EXACT.items():
        with connection.cursor() as cursor:
            cursor.execute(bucketed("from unnest(%s::int[]) with ordinality u (v, i) order by i", exact), [values])
            assert [row[0] for row in cursor.fetchall()] == [bucket_of(what, value) for value in values]
