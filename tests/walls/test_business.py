"""What nobody may do though each step by itself is allowed: decide for the other side, win time, decide twice."""

from datetime import timedelta

from accounts.roles import CASE_STAFF
from complaints import handling
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Complaint, Deadline
from complaints.parties.actors import Actor
from complaints.procedure.workflow import TABLE, Role, Status
from tests.cast import WEDNESDAY, World
from tests.given import BECAUSE, a_complaint, an_offer, step


def refused(case: Complaint, move: Move, actor: Actor) -> bool:
    try:
        handling.take(move, [case.pk], actor=actor, now=WEDNESDAY)
    except StepNotAllowed:
        return True
    return False


def test_T88_an_enterprise_neither_decides_for_the_consumer_nor_settles_a_case_by_saying_so(world: World) -> None:
    """Not one step that is the consumer's alone, in any status with an enterprise."""
    only = [name for name, row in TABLE.items() if row.by == frozenset({Role.CONSUMER})]
    plain = {name: handling.MOVES[name] for name in only if name in handling.MOVES}
    moves = [consumer.accept_offer(), consumer.stop_negotiating(), consumer.withdraw(reason="mistake")]
    assert {move.step for move in moves} <= plain.keys()
    for status in (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.PERFORMING):
        case = a_complaint(world, status=status)
        assert all(refused(case, move, world.handler) and refused(case, move, world.manager) for move in moves)
        case.refresh_from_db()
        assert case.status == status
    assert not [name for name in only if TABLE[name].by & CASE_STAFF]
    case = a_complaint(world, status=Status.NEGOTIATING)
    step(case, handling.MOVES["claim_settled_elsewhere"](text="电话里谈妥了。"), world.handler, WEDNESDAY)
    assert case.status == Status.NEGOTIATING
    assert refused(case, handling.MOVES["confirm_settled_elsewhere"](), world.handler)
    promised = a_complaint(world, status=Status.PERFORMING)
    step(promised, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, WEDNESDAY)
    assert promised.status == Status.PERFORMING
    assert refused(promised, consumer.confirm_performed(obligations=[1]), world.handler)


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
    assert refused(case, consumer.accept_offer(), world.consumer)
    assert refused(case, an_offer() if case.status != Status.NEGOTIATING else consumer.accept_offer(), world.consumer)
