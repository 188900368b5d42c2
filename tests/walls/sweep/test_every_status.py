"""The same in every status: the long run."""

from __future__ import annotations

from tests.walls.sweep.test_matrix import WORDS, report
from tests.walls.sweeping import Sweep
from tests.walls.world import World

LEAST = 30_000


def test_T01_T09_everybody_in_every_status(world: World) -> None:
    tally = Sweep(world, every_status=True).run()
    print(tally.said())
    assert not tally.wrong, report(tally)
    assert tally.checks >= LEAST, tally.said()
    assert {word for word in WORDS if word.startswith("A")} <= set(tally.met)
