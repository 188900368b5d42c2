"""The same in every status: the long run, in parts that both cores share."""

import pytest

from tests.walls.addresses import addresses
from tests.walls.sweep.test_matrix import report
from tests.walls.sweeping import Sweep
from tests.walls.world import World

PARTS = 6
#: In all parts together.
LEAST = 30_000


@pytest.mark.parametrize("part", range(PARTS))
def test_T01_T09_everybody_in_every_status(world: World, part: int) -> None:
    """Every sixth address; that the words of a case are met by whom they are for is a test of the matrix."""
    tally = Sweep(world, every_status=True).run(list(addresses())[part::PARTS])
    print(tally.said())
    assert not tally.wrong, report(tally)
    assert tally.checks >= LEAST / PARTS, tally.said()
