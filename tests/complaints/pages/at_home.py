"""Chen at home: cases in which one of the consumer's steps stands open, and their addresses.

Each case is made by the real verbs, at WEDNESDAY; the pages are opened at SOON.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from complaints import handling
from complaints.handling import Answer, Promise
from complaints.handling.steps import authority, both, consumer, enterprise, mediation, offers
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from tests import given, reloaded
from tests.cast import WEDNESDAY, World

SOON = WEDNESDAY + timedelta(hours=1)
#: After the due day of ``a_complaint``'s promise, before the lapse after it.
AFTER_DUE = datetime(2026, 12, 8, 2, 0, tzinfo=UTC)


def place(case: Complaint, name: str = "") -> str:
    return f"/cases/{case.number}/" + (f"{name}/" if name else "")


def steps_of(case: Complaint) -> list[str]:
    return list(HandlingStep.objects.filter(complaint=case).order_by("pk").values_list("step", flat=True))


def at(status: S) -> Callable[[World], Complaint]:
    return lambda world: given.a_complaint(world, status=status)


#: Its one promise is due on the seventh of December.
accepted = overdue_promise = at(S.PERFORMING)


def reported(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.PERFORMING)
    move = enterprise.report_performed(obligations=[1], proof="退款流水 8842")
    return given.step(case, move, world.handler, WEDNESDAY)


def own_part(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    refused = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)
    answers = [Answer(demand=1, verdict="grant", amount="128.50"), refused]
    promises = [
        Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-20"),
        Promise(kind="transfer", what="退款", amount="128.50", days_after=3, after=1),
    ]
    given.step(case, offers.make_offer(answers=answers, promises=promises), world.handler, WEDNESDAY)
    return given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY)


def withdrawn(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    return given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY)


def unconfirmed(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    handling.sweep_clocks(now=WEDNESDAY + timedelta(days=10))
    assert (reloaded(case).status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    return case


def claimed(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    return given.step(case, both.claim_settled_elsewhere(text="电话里谈妥了。"), world.handler, WEDNESDAY)


def suggested(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.MEDIATING)
    return given.step(case, mediation.suggest_settlement(text="退还一半费用。"), world.officer, WEDNESDAY)


def asked_consent(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.TRIAGE)
    return given.step(case, authority.ask_consent(enterprise_id=world.mobile.pk), world.intake, WEDNESDAY)


def redirected(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.TRIAGE)
    move = authority.redirect(matter="consultation", body="12345", text="请拨打12345咨询。")
    return given.step(case, move, world.intake, WEDNESDAY)
