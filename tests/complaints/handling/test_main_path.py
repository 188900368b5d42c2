"""The main job at the verbs: filed, forwarded, answered, settled, kept."""

from datetime import datetime, timedelta

from accounts.roles import Role
from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling.steps import (
    authority,
    both,
    consumer,
    enterprise,
    jurisdiction,
    mediation,
    supervision,
    violations,
)
from complaints.models import Complaint, Deadline, HandlingStep
from complaints.parties import actors
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import SHANGHAI as HERE
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World


def test_every_status_can_be_walked_to(world: World) -> None:
    for status in [s for s in S if s != S.DRAFT]:
        case = given.a_complaint(world, status=status)
        assert case.status == status
        assert (status == S.CLOSED) != Deadline.objects.filter(complaint=case, ended_at=None).exists()


def test_a_promise_is_kept_and_one_broken_before_a_mediation_does_not_block_its_end(world: World) -> None:
    case = given.a_complaint(world, status=S.PERFORMING)
    later = WEDNESDAY + timedelta(days=2)
    given.step(case, enterprise.report_performed(obligations=[1], proof="退款流水 0001"), world.handler, later)
    assert case.status == S.PERFORMING
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, later)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.SETTLED)
    assert case.engagements.get().odr_result == "settled"
    steps = " ".join(HandlingStep.objects.filter(complaint=case).values_list("step", flat=True))
    assert steps == "file forward accept_case make_offer accept_offer report_performed confirm_performed"
    case = given.a_complaint(world, status=S.PERFORMING)
    at = WEDNESDAY + timedelta(hours=1)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, at)
    given.step(case, consumer.report_breach(obligation=1, text="没有收到"), world.consumer, at)
    given.step(case, authority.accept(), world.officer, at)
    for actor in (world.consumer, world.handler):
        given.step(case, both.agree_to_mediation(), actor, at)
    promises = [handling.Promise(kind="transfer", what="退款", amount="100", due_on="2026-12-07")]
    given.step(case, mediation.record_agreement(promises=promises, text="双方同意。"), world.officer, at)
    given.step(case, enterprise.report_performed(obligations=[2], proof="流水"), world.handler, at)
    given.step(case, consumer.confirm_performed(obligations=[2]), world.consumer, at)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.MEDIATED)


def test_declined_with_a_counter_demand_then_settled_or_part_accepted_when_time_is_over(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    move = consumer.decline_offer(reason="amount_too_low", counter_demand="再退两个月")
    assert given.step(case, move, world.consumer, WEDNESDAY + timedelta(days=1)).status == S.NEGOTIATING
    given.step(case, given.an_offer(amount="180.00"), world.handler, WEDNESDAY + timedelta(days=2))
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(days=3))
    assert case.status == S.PERFORMING
    consents = {**given.a_request(world).consents, "pass_to_regulator": False}
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, consents=consents)
    move = consumer.accept_offer(separable=[1], rest="regulator")
    given.step(case, move, world.consumer, WEDNESDAY + timedelta(hours=1))
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.NEGOTIATION_FAILED)


def test_an_unanswered_demand_a_far_handler_a_stranger_and_who_returned_the_case_are_refused(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    move = handling.offers.make_offer(answers=[handling.Answer(demand=1, verdict="grant")])
    assert given.refusal(case, move, world.handler, WEDNESDAY, WrongInput).field == "answer-2"
    assert Complaint.objects.get(pk=case.pk).status == S.NEGOTIATING
    other = Branch.objects.get(name="中国移动厦门分公司")
    far = Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role=Role.HANDLER.post)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.refused(case, enterprise.accept_case(handler_id=far.pk), world.handler, WEDNESDAY, WrongInput)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.refused(case, enterprise.accept_case(handler_id=world.hua_staff.pk), world.stranger, WEDNESDAY)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    move = enterprise.return_case(reason="not_customer", text="不是本公司用户，查无此号。")
    assert (given.step(case, move, world.handler, WEDNESDAY).status, case.enterprise) == (S.TRIAGE, None)
    assert handling.allowed_steps(case, world.handler) == ()
    assert Complaint.objects.visible_to(world.ming).filter(pk=case.pk).exists()


def test_stop_negotiating_goes_to_review_and_undo_brings_back_its_status_and_its_clocks(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY).status == S.REVIEW
    assert case.engagements.get().odr_result == "failed"
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    before = {(d.clock, d.state, d.due_at) for d in case.deadlines.filter(ended_at=None)}
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=1))
    assert case.status == S.PERFORMING
    given.step(case, handling.undoing.undo(), world.consumer, WEDNESDAY + timedelta(hours=2))
    assert case.status == S.AWAITING_CONSUMER
    after = {(d.clock, d.state, d.due_at) for d in case.deadlines.filter(ended_at=None)}
    assert after == before
    assert case.offers.get().state == "open"
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=3))
    given.refused(case, handling.undoing.undo(), world.consumer, WEDNESDAY + timedelta(hours=4))
    # The promise was due, no sweep had come by yet, and the consumer pressed the wrong button.
    case = given.a_complaint(world, status=S.PERFORMING)
    late = case.obligations.get().due_on
    assert late is not None
    then = WEDNESDAY + timedelta(days=(late - WEDNESDAY.date()).days + 1)
    assert given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, then).status == S.CLOSED
    given.step(case, handling.undoing.undo(), world.consumer, then + timedelta(minutes=5))
    assert case.status == S.PERFORMING
    assert [(d.clock, d.state) for d in case.deadlines.filter(ended_at=None)] == [("performance_answer", "running")]
    assert case.next_due_at is not None
    # Found by the walk, seed 508: the consumer's part had lapsed, no sweep had come by yet, and she confirmed the other
    # part: an undo leaves a clock that began a moment before the step.
    case = given.a_complaint(world, status=S.MEDIATING)
    soon = WEDNESDAY.date() + timedelta(days=8)
    promises = [
        handling.Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on=soon),
        handling.Promise(kind="repair", what="上门检修", due_on=soon),
    ]
    given.step(case, mediation.record_agreement(text="双方同意如下。", promises=promises), world.officer, WEDNESDAY)
    handling.sweep_clocks(now=WEDNESDAY + timedelta(days=9))
    late = WEDNESDAY + timedelta(days=20)
    assert given.step(case, consumer.confirm_performed(obligations=[2]), world.consumer, late).status == S.REVIEW
    assert given.step(case, handling.undoing.undo(), world.consumer, late + timedelta(minutes=5)).status == S.REVIEW
    assert [d.state for d in case.deadlines.filter(ended_at=None, clock="review")] == ["running"]
    assert case.next_due_at is not None


def test_an_officer_records_the_word_of_somebody_without_account_and_an_analyst_takes_no_step(world: World) -> None:
    case = given.filed(world, consumer_id=None, contact_verified=False)
    word = actors.on_behalf_of(None, "陈试", case.consumer_key, by=world.officer, channel="phone")
    given.step(case, consumer.add_statement(text="电话里补充：九月三日扣费。"), word, WEDNESDAY)
    assert case.contact_verified
    entry = HandlingStep.objects.get(complaint=case, step="add_statement")
    assert (entry.actor_role, entry.recorded_by is not None) == ("consumer", True)
    stranger = actors.on_behalf_of(None, "陈试", world.otto.person_key, by=world.officer, channel="phone")
    given.refused(case, consumer.add_statement(text="不是本人"), stranger, WEDNESDAY)
    case = given.a_complaint(world, status=S.REVIEW)
    analyst = actors.officer([Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)])
    assert handling.allowed_steps(case, analyst) == ()
    given.refused(case, authority.accept(), analyst, WEDNESDAY)
    assert Complaint.objects.visible_to(world.otto).filter(pk=case.pk).exists()


START = datetime(2026, 9, 7, 10, tzinfo=HERE)
TEXT = "这里写明事实和理由，供核对。"
TERMINATE = mediation.terminate(ground="other_law", facts=TEXT)
URGE = supervision.urge(text=TEXT, last_day="2026-09-10")
REFUSE = authority.refuse(ground="not_consumption", facts=TEXT)
OBJECT = both.object_to_decision(text=TEXT)
#: lapse → (status it starts from, who takes which steps first, days later, status after it)
LAPSES = {
    "lapse_material": (S.AWAITING_MATERIAL, [], 8, S.REVIEW),
    "lapse_mediation": (S.MEDIATING, [], 75, S.MEDIATING),
    "lapse_suspension": (S.MEDIATION_SUSPENDED, [], 30, S.MEDIATION_SUSPENDED),
    "lapse_notice": (S.MEDIATING, [("officer", TERMINATE)], 20, S.CLOSED),
    "lapse_jurisdiction": (S.REVIEW, [("officer", jurisdiction.dispute_jurisdiction(text=TEXT))], 14, S.REVIEW),
    "lapse_lead": (S.MEDIATING, [("officer", violations.open_lead(text=TEXT))], 40, S.MEDIATING),
    "lapse_instruction": (S.NEGOTIATING, [("officer", URGE)], 5, S.NEGOTIATING),
    "lapse_consent": (S.TRIAGE, [("intake", None)], 5, S.REVIEW),
    "lapse_settled_elsewhere": (S.NEGOTIATING, [("consumer", both.claim_settled_elsewhere(text=TEXT))], 8, S.CLOSED),
    "lapse_return": (S.NEGOTIATING, [("handler", enterprise.request_return(text=TEXT))], 3, S.NEGOTIATING),
    "lapse_objection": (S.REVIEW, [("officer", REFUSE), ("consumer", OBJECT)], 14, S.CLOSED),
}


def test_each_clock_lapses_once_and_a_claim_of_the_enterprise_falls_by_the_consumers_silence(world: World) -> None:
    for lapse in sorted(LAPSES):
        Policy.objects.filter(name__startswith="two_persons").update(number=0)
        status, steps, days, after = LAPSES[lapse]
        case = given.a_complaint(world, status=status, now=START)
        for number, (who, move) in enumerate(steps, start=1):
            taken = move or authority.ask_consent(enterprise_id=world.telecom.pk)
            given.step(case, taken, world.actor(who), START + timedelta(minutes=number))
        given.swept(case, START + timedelta(days=days))
        entry = HandlingStep.objects.get(complaint=case, step=lapse)
        assert entry.happened_at < entry.written_at
        assert case.status == after
        handling.sweep_clocks(now=START + timedelta(days=days, minutes=1))
        assert HandlingStep.objects.filter(complaint=case, step=lapse).count() == 1
        assert given.stands(case)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=START)
    given.step(case, both.claim_settled_elsewhere(text=TEXT), world.handler, START)
    assert given.swept(case, START + timedelta(days=8)).status == S.NEGOTIATING
    assert case.matters.get(kind="settled_elsewhere").state == "fallen"
