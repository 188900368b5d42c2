"""What nobody may do though each step by itself is allowed: decide for the other side, win time, decide twice.

Fifty at once race for the steps that tests/complaints/handling/test_steps.py walks: `make test` three of them,
`make test-full` each one that moves a case.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
from django.db import connections

from accounts.roles import CASE_STAFF
from authorities.models import Policy
from complaints import handling
from complaints.handling import StepNotAllowed
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Deadline, HandlingStep
from complaints.procedure.workflow import TABLE, Role, Status
from tests import PATIENCE, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.handling.test_steps import WALKS, made
from tests.given import BECAUSE, a_complaint, refused, step


def test_T88_an_enterprise_neither_decides_for_the_consumer_nor_settles_a_case_by_saying_so(world: World) -> None:
    """Not one step that is the consumer's alone, in any status with an enterprise."""
    only = [name for name, row in TABLE.items() if row.by == frozenset({Role.CONSUMER})]
    plain = {name: handling.MOVES[name] for name in only if name in handling.MOVES}
    moves = [consumer.accept_offer(), consumer.stop_negotiating(), consumer.withdraw(reason="mistake")]
    assert {move.step for move in moves} <= plain.keys()
    for status in (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.PERFORMING):
        case = a_complaint(world, status=status)
        for move, actor in product(moves, (world.handler, world.manager)):
            refused(case, move, actor, WEDNESDAY)
        assert reloaded(case).status == status
    assert not [name for name in only if TABLE[name].by & CASE_STAFF]
    case = a_complaint(world, status=Status.NEGOTIATING)
    step(case, handling.MOVES["claim_settled_elsewhere"](text="电话里谈妥了。"), world.handler, WEDNESDAY)
    assert case.status == Status.NEGOTIATING
    refused(case, handling.MOVES["confirm_settled_elsewhere"](), world.handler, WEDNESDAY)
    promised = a_complaint(world, status=Status.PERFORMING)
    step(promised, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
    assert promised.status == Status.PERFORMING
    refused(promised, consumer.confirm_performed(obligations=[1]), world.handler, WEDNESDAY)


def test_T88_sending_a_case_back_wins_no_time(world: World) -> None:
    """The same enterprise gets it again: its ten days go on, and no clock that once ran is gone."""
    case = a_complaint(world, status=Status.WITH_ENTERPRISE)
    clocks = {row.pk: row.due_at for row in Deadline.objects.filter(complaint=case)}
    first = Deadline.objects.get(complaint=case, clock="negotiation")
    later = WEDNESDAY + timedelta(days=1)
    step(case, enterprise.return_case(reason="other", text="先退回再说"), world.handler, later)
    move = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=BECAUSE)
    step(case, move, world.intake, later)
    again = Deadline.objects.get(complaint=case, clock="negotiation", ended_at=None)
    assert again.due_at <= first.due_at + timedelta(days=1)
    assert clocks.keys() <= set(Deadline.objects.filter(complaint=case).values_list("pk", flat=True))


def test_T87_an_offer_that_was_answered_is_answered_once(world: World) -> None:
    case = a_complaint(world, status=Status.AWAITING_CONSUMER)
    step(case, consumer.decline_offer(reason="amount_too_low"), world.consumer, WEDNESDAY)
    for move in (consumer.accept_offer(), consumer.decline_offer(reason="amount_too_low")):
        refused(case, move, world.consumer, WEDNESDAY)


AT_ONCE = 50
MOVES_A_CASE = sorted(step for step, walk in WALKS.items() if walk.to and walk.to != walk.at)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Each keeps its own connection, so all are there before the race begins."""
    ready = Barrier(AT_ONCE, timeout=PATIENCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        # Each thread closes its own; none ends before the last has begun.
        list(pool.map(lambda _: (ready.wait(), connections.close_all()), range(AT_ONCE)))


def race(world: World, step: str, threads: ThreadPoolExecutor) -> tuple[int, int]:
    """How many of fifty took the step, and how often the record has it."""
    walk = WALKS[step]
    case = walk.begin(world)
    move = made(step, world, case)
    before = HandlingStep.objects.filter(complaint=case, step=step).count()
    actor, start = world.actor(walk.who), Barrier(AT_ONCE, timeout=PATIENCE)

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
