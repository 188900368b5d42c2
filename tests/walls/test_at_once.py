"""Fifty at once: whoever comes first takes the step, and nobody takes it twice.

The steps are those that tests/complaints/handling/test_steps.py walks; `make test` races three of them,
`make test-full` each one that moves a case.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from authorities.models import Policy
from complaints import handling
from complaints.handling import StepNotAllowed
from complaints.models import HandlingStep
from complaints.procedure.workflow import TABLE
from tests.cast import WEDNESDAY, World
from tests.complaints.handling.test_steps import WALKS

AT_ONCE = 50
MOVES_A_CASE = sorted(step for step, walk in WALKS.items() if walk.to and walk.to != walk.at)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Each keeps its own connection, so all are there before the race begins."""
    ready = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        # Each thread closes its own; none ends before the last has begun.
        list(pool.map(lambda _: (ready.wait(), connections.close_all()), range(AT_ONCE)))


def race(world: World, step: str, threads: ThreadPoolExecutor) -> tuple[int, int]:
    """How many of fifty took the step, and how often the record has it."""
    walk = WALKS[step]
    case, move = walk.begin(world)
    before = HandlingStep.objects.filter(complaint=case, step=step).count()
    actor, start = world.actor(walk.who), Barrier(AT_ONCE)

    def attempt(_number: int) -> bool:
        connections["default"].ensure_connection()
        start.wait()
        try:
            handling.take(move, [case.pk], actor=actor, now=WEDNESDAY + walk.after)
        except StepNotAllowed:
            return False
        return True

    taken = sum(threads.map(attempt, range(AT_ONCE)))
    entries = HandlingStep.objects.filter(complaint=case, step=step, audience=TABLE[step].audience)
    return taken, entries.count() - before


def races(world: World, steps: Iterable[str], threads: ThreadPoolExecutor) -> dict[str, tuple[int, int]]:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    result = {step: race(world, step, threads) for step in steps}
    return {step: seen for step, seen in result.items() if seen != (1, 1)}


@pytest.mark.django_db(transaction=True)
def test_T87_of_fifty_at_once_one_takes_the_step(world: World, threads: ThreadPoolExecutor) -> None:
    assert not races(world, ("accept_case", "accept_offer", "withdraw"), threads)


@pytest.mark.django_db(transaction=True)
def test_T87_of_fifty_at_once_one_takes_each_step_that_moves_a_case(world: World, threads: ThreadPoolExecutor) -> None:
    assert {"accept", "refuse", "confirm_performed", "record_agreement"} <= set(MOVES_A_CASE)
    assert not races(world, MOVES_A_CASE, threads)
