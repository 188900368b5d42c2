"""Quantiles from the buckets of counters: never wrong by more than a twentieth, and the same in Python and the
database.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from django.db import connection
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from oversight.counters.sums import EXACT, RATIO, bucket_of, quantile
from tests.oversight import slow_count


@such(
    values=st.lists(
        st.one_of(st.integers(0, 30), st.integers(0, 200_000), st.floats(0, 12).map(lambda x: int(2.718281828**x))),
        min_size=1,
        max_size=60,
    ),
    what=st.sampled_from(["response_minutes", "handled_wd"]),
    share=st.sampled_from([0.1, 0.5, 0.9, 0.99]),
)
@settings(max_examples=200, deadline=None)
def test_a_quantile_is_wrong_by_less_than_a_twentieth(values: list[int], what: str, share: float) -> None:
    """Whatever the distribution: few, many, all the same, long tails."""
    result = quantile(what, Counter(bucket_of(what, value) for value in values), share)
    assert result == pytest.approx(slow_count.quantile(values, share), rel=0.05, abs=1e-9)


def lognormal(random: Random, n: int) -> list[int]:
    return [int(random.lognormvariate(5, 1.6)) for _ in range(n)]


def two_humps(random: Random, n: int) -> list[int]:
    """Half within the hour and half after weeks: the median of an even number lies between the humps, where nobody
    is."""
    return [int(random.gauss(30, 6)) if at % 2 else int(random.gauss(9_000, 700)) for at in range(n)]


@pytest.mark.parametrize("shape", [lognormal, two_humps])
@pytest.mark.parametrize("n", [9, 100, 10_000, 20_001])
def test_skewed_and_two_humped_lengths_are_wrong_by_less_than_a_twentieth(
    db: None, shape: Callable[[Random, int], list[int]], n: int
) -> None:
    """As the database puts them into buckets and the pages read them, beside what it says of the lengths themselves."""
    values = [abs(value) for value in shape(Random(n), n)]
    exact = EXACT["response_minutes"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select percentile_cont(array[0.5, 0.9]) within group (order by v) from unnest(%s::int[]) v", [values]
        )
        median, nine = cursor.fetchone()[0]
        cursor.execute(
            f"select case when v <= {exact} then v else {exact} + ceil(ln(v / {exact}::float8) / ln({RATIO}::float8))"
            " end::int, count(*) from unnest(%s::int[]) v group by 1",
            [values],
        )
        buckets = dict(cursor.fetchall())
    assert n < 1000 or len(buckets) < 130
    assert quantile("response_minutes", buckets, 0.5) == pytest.approx(median, rel=0.05)
    assert quantile("response_minutes", buckets, 0.9) == pytest.approx(nine, rel=0.05)


def test_python_and_the_database_take_the_same_buckets(db: None) -> None:
    values = [*range(400), *(int(1.37**n) for n in range(20, 50))]
    for what, exact in EXACT.items():
        with connection.cursor() as cursor:
            cursor.execute(
                f"select case when v <= {exact} then v else {exact} + ceil(ln(v / {exact}::float8) /"
                f" ln({RATIO}::float8)) end::int from unnest(%s::int[]) with ordinality u (v, i) order by i",
                [values],
            )
            assert [row[0] for row in cursor.fetchall()] == [bucket_of(what, value) for value in values]
