"""Of fewer than thirty there is no share, no rank and no colour, in random worlds of few and of many cases."""

import re

import pytest

from oversight.counters import making
from tests.cast import World
from tests.oversight.test_small_numbers import pages_of, read
from tests.oversight.worlds import Walk


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "cases", "ticks"), [(5, 25, 40), (6, 90, 110)])
def test_worlds_of_few_and_of_many(seed: int, cases: int, ticks: int, world: World) -> None:
    """What is read beside thirty and more is right to be there, and is there."""
    walk = Walk(world, seed=seed, cases=cases, ticks=ticks)
    making.rebuild(now=walk.now)
    wrong, html = list[str](), ""
    for person, urls in pages_of(world):
        said, shown = read(person, urls)
        wrong, html = wrong + said, html + shown
    assert not wrong, "\n".join(wrong)
    assert "件数不足30" in html
    assert bool(re.search(r"95%区间\d", html)) is (cases > 30)
