"""schemathesis over the schema as every role: 400 calls in make test, 5,000 in make test-full, more in make fuzz."""

import os
from typing import Any

import pytest

from tests.api.fuzz import fuzz
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def ran(world: World, settings: Any, cases: int, start: int) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    tally = fuzz(world, cases=cases, start=start)
    print(f"\n{tally.cases} calls, {len(tally.operations)} operations, {dict(sorted(tally.statuses.items()))}")
    assert tally.cases >= cases
    # Not vacuous: some were taken, some refused by the table, some by the walls, some as nonsense.
    assert {200, 400, 401, 404, 409} <= tally.statuses.keys()
    assert tally.statuses[200] > cases // 50


def test_T46_T51_some_hundred_calls_as_every_role(world: World, settings: Any) -> None:
    ran(world, settings, 400, start=1)


@pytest.mark.full
def test_five_thousand_calls_as_every_role(world: World, settings: Any) -> None:
    ran(world, settings, 5_000, start=2)


@pytest.mark.skipif("FUZZ_CASES" not in os.environ, reason="make fuzz says how many")
def test_as_many_as_make_fuzz_says(world: World, settings: Any) -> None:
    ran(world, settings, int(os.environ["FUZZ_CASES"]), start=int(os.environ.get("FUZZ_SEED", "3")))
