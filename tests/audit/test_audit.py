"""The auditor agrees with the portal on random worlds; with one number wrong by one case it does not."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from django.db import connection

from authorities.models import Region
from oversight.counters import making, reads
from oversight.models import DayRegion
from tests.audit import Pair
from tests.audit.compare import AREAS, Audit, compared
from tests.audit.core import rows
from tests.cast import World, standing
from tests.oversight.worlds import Walk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_is_still_to_be_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in one transaction is never certain, so a fold would leave it."""
    monkeypatch.setattr(reads, "MOST_UNFOLDED", 100_000)


@pytest.fixture(scope="module")
def walked(directory: None, django_db_blocker: Any) -> Iterator[Walk]:
    """A small world, folded."""

    def made(world: World) -> Walk:
        walk = Walk(world, seed=4, cases=8, ticks=10)
        making.rebuild(now=walk.now)
        return walk

    with standing(django_db_blocker, made) as (_, result):
        yield result


def audited(walk: Walk, areas: Collection[str] = AREAS) -> list[Pair]:
    with connection.cursor() as cursor:
        audit = Audit(rows.read(cursor), walk.now)
    return list(compared(audit, areas))


def wrong(pairs: list[Pair]) -> list[str]:
    return [str(pair) for pair in pairs if pair.differs]


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 7, 11])
def test_a_random_world_is_counted_by_both_in_the_same_way(world: World, seed: int) -> None:
    walk = Walk(world, seed=seed, cases=36, ticks=50)
    making.rebuild(now=walk.now)
    pairs = audited(walk)
    assert wrong(pairs) == []
    some = Counter(pair.figure for pair in pairs if pair.auditor)
    assert min(some[name] for name in ("received", "settled.whole", "on_time.late", "kept.due", "misrouted")) > 0


def test_one_too_many_that_the_consumer_let_rest_turns_it_red(walked: Walk, db: None) -> None:
    one = DayRegion.objects.filter(ended_failed__gt=0).latest("region")
    DayRegion.objects.filter(pk=one.pk).update(ended_let_rest=(one.ended_let_rest or 0) + 1)
    differing = [pair for pair in audited(walked, ["figures"]) if pair.differs]
    found = {(pair.figure, pair.scope, pair.portal - pair.auditor) for pair in differing}
    assert ("settled.let_rest", f"region {Region.objects.get(pk=one.region).code}", 1) in found
    assert {(figure, n) for figure, _scope, n in found} == {("settled.let_rest", 1)}


def test_one_case_too_many_in_one_county_turns_it_red(walked: Walk, db: None) -> None:
    one = DayRegion.objects.filter(received__gt=0).latest("region")
    DayRegion.objects.filter(pk=one.pk).update(received=one.received + 1)
    differing = [pair for pair in audited(walked, ["figures"]) if pair.differs]
    found = {(pair.figure, pair.scope, pair.portal - pair.auditor) for pair in differing}
    county = f"region {Region.objects.get(pk=one.region).code}"
    assert {("received", county, 1), ("first_settled.whole", county, 1)} <= found
    assert {(figure, n) for figure, _scope, n in found} == {("received", 1), ("first_settled.whole", 1)}
