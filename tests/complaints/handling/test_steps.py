"""Every step of a person, taken once through take() by who may take it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from authorities.models import Policy
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, both, casework, consumer, enterprise, proposals, supervision
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.workflow import TABLE, Outcome, Role, Status
from tests import given
from tests.cast import WEDNESDAY, World

S, T = Status, timedelta
SOON = WEDNESDAY + T(minutes=10)
BECAUSE = given.BECAUSE
TEXT = "这里写明事实和理由，供核对。"
Said = dict[str, Any] | Callable[[World, Complaint], dict[str, Any]]


@dataclass
class Walk:
    """Where a step starts, who takes it with what, where it leads, what came before (steps of the table, or moves)."""

    at: Status
    who: str
    said: Said = field(default_factory=dict)
    to: Status | None = None
    outcome: str = ""
    once: str | list[str | tuple[str, Move]] = ""
    after: timedelta = T(days=1)

    def begin(self, world: World) -> Complaint:
        """A case to which the step may be taken now."""
        case = given.a_complaint(world, status=self.at)
        for number, earlier in enumerate(self.once.split() if isinstance(self.once, str) else self.once):
            named = isinstance(earlier, str)
            who, move = (WALKS[earlier].who, made(earlier, world, case)) if named else earlier
            given.step(case, move(world, case) if callable(move) else move, world.actor(who), SOON + T(minutes=number))
        return case


def made(step: str, world: World, case: Complaint) -> Move:
    said = WALKS[step].said
    return handling.MOVES[step](**(said(world, case) if callable(said) else said))


def matter(case: Complaint, kind: str) -> int:
    return Matter.objects.get(complaint=case, kind=kind, state="open").pk


def to_mobile(world: World, _case: Complaint) -> dict[str, Any]:
    return {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "because": BECAUSE}


def closing_lead(world: World, case: Complaint) -> dict[str, Any]:
    said = {"matter_id": matter(case, "lead"), "result": "no_violation", "text": TEXT}
    return said | {"second_officer_id": world.head_officer.pk}


OFFER_ALL = (
    Answer(demand=1, verdict="grant", amount="128.50", is_separable=True),
    Answer(demand=2, verdict="grant", is_separable=True),
)
PROMISED = given.promises()
AGREED = [Promise(kind="transfer", what="退款", amount="130", due_on="2026-12-07")]
MEASURE = {"answers": OFFER_ALL, "promises": PROMISED, "measure_id": uuid4()}
FAILED = {"reason": "no_agreement", "text": TEXT}
REFUSED = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}
REDIRECTED = {"matter": "consultation", "body": "12345", "text": TEXT}
APPRAISAL = {"laboratory": "某中心", "until": "2026-12-01", "cost_borne_by": "shared"}
ENDED = {"ground": "no_agreement_possible", "facts": TEXT}
RESUMED = {"dates": {1: "2026-12-18"}}
PAID = {"obligation": 1, "channel": "银行转账", "last4": "1234", "paid_on": "2026-11-11"}
POWER = {"seen": "power_original", "may_settle": True, "valid_until": "2026-12-31"}
REPORTED = "report_performed"
TO_RESUME = [REPORTED, "report_breach", ("handler", consumer.resume_performance(**RESUMED))]
CLAIMED = [("handler", both.claim_settled_elsewhere(text=TEXT))]
PROPOSED = [("officer", proposals.propose(move=authority.accept()))]
REPRESENTED = [("officer", given.otherwise(on_behalf_kind="agent", represented_until=date(2026, 12, 1)))]
UNPROVEN = [("officer", given.otherwise(contact_verified=False))]
OBJECTED_TO_SIGNS = [("consumer", consumer.object_to_signs(text=TEXT))]
VOICED = [("officer", given.otherwise(facts={"voice": "ab" * 32}))]
ADDED = {"kind": "transfer", "what": "补付", "due_on": "2026-12-07"}
SHORT = [("system", given.asked_for_promise)]
ASKED = [("consumer", consumer.ask_about_offer(text="哪天？"))]
WALKS: dict[str, Walk] = {
    "add_statement": Walk(S.FILED, "consumer", {"text": TEXT}),
    "correct_facts": Walk(S.REVIEW, "consumer", {"text": TEXT}),
    "object_to_signs": Walk(S.TRIAGE, "consumer", {"text": TEXT}),
    "accept_offer": Walk(S.AWAITING_CONSUMER, "consumer", {}, S.PERFORMING),
    "let_rest": Walk(S.NEGOTIATING, "consumer", {}, S.CLOSED, "withdrawn", once=[("handler", given.a_refusal())]),
    "ask_about_offer": Walk(S.AWAITING_CONSUMER, "consumer", {"text": TEXT}, S.NEGOTIATING),
    "decline_offer": Walk(S.AWAITING_CONSUMER, "consumer", {"reason": "amount_too_low"}, S.NEGOTIATING),
    "stop_negotiating": Walk(S.WITH_ENTERPRISE, "consumer", {}, S.REVIEW),
    "confirm_performed": Walk(S.PERFORMING, "consumer", {"obligations": [1]}, S.CLOSED, "settled", once=REPORTED),
    "dispute_performance": Walk(S.PERFORMING, "consumer", {"obligation": 1, "text": "没有收到"}, once=REPORTED),
    "report_breach": Walk(S.PERFORMING, "consumer", {"obligation": 1, "text": "没有收到"}, S.REVIEW, once=REPORTED),
    "waive_obligation": Walk(S.PERFORMING, "consumer", {"obligation": 1}, S.CLOSED, "settled"),
    "resume_performance": Walk(S.PERFORMING, "consumer", RESUMED, S.PERFORMING, once=TO_RESUME),
    "supply_material": Walk(S.AWAITING_MATERIAL, "consumer", {"text": "账单在此"}, S.REVIEW),
    "claim_settled_elsewhere": Walk(S.NEGOTIATING, "consumer", {"text": TEXT}),
    "confirm_settled_elsewhere": Walk(
        S.NEGOTIATING, "handler", {}, S.CLOSED, "settled_elsewhere", once="claim_settled_elsewhere"
    ),
    "deny_settled_elsewhere": Walk(S.NEGOTIATING, "consumer", {}, once=CLAIMED),
    "withdraw": Walk(S.NEGOTIATING, "consumer", {"reason": "mistake"}, S.CLOSED, "withdrawn"),
    "refer_to_regulator": Walk(S.NEGOTIATING, "consumer", {}, S.REVIEW, once="withdraw"),
    "agree_to_mediation": Walk(S.REVIEW, "consumer"),
    "decline_mediation": Walk(S.MEDIATING, "consumer"),
    "request_recusal": Walk(S.MEDIATING, "consumer", {"whom": "瑞试", "text": TEXT}),
    "object": Walk(S.REVIEW, "consumer", {"text": TEXT}, once="refuse"),
    "rate": Walk(S.CLOSED, "consumer", {"overall": 5, "speed": 4, "attitude": 5}),
    "give_publication_consent": Walk(S.CLOSED, "consumer"),
    "withdraw_publication_consent": Walk(S.FILED, "consumer"),
    "withdraw_consent": Walk(S.FILED, "consumer", {"purpose": "pass_to_regulator"}),
    "give_consent": Walk(S.TRIAGE, "consumer", {}, once="ask_consent"),
    "decline_consent": Walk(S.TRIAGE, "consumer", {}, S.REVIEW, once="ask_consent"),
    "undo": Walk(S.AWAITING_CONSUMER, "consumer", {}, S.AWAITING_CONSUMER, once="accept_offer", after=T(hours=1)),
    "accept_case": Walk(S.WITH_ENTERPRISE, "handler", lambda w, c: {"handler_id": w.ming_staff.pk}, S.NEGOTIATING),
    "assign": Walk(S.NEGOTIATING, "manager", lambda w, c: {"handler_id": w.lead_staff.pk}),
    "log_contact": Walk(S.NEGOTIATING, "handler", {"channel": "phone", "reached": True, "note": "已接通"}),
    "ask_consumer": Walk(S.NEGOTIATING, "handler", {"text": "哪一天？"}),
    "send_message": Walk(S.PERFORMING, "handler", {"text": "已安排退款。"}),
    "reveal_contact": Walk(S.NEGOTIATING, "handler", {"reason": "look_call"}),
    "tag_cause": Walk(S.CLOSED, "handler", {"cause": "billing_error"}),
    "add_internal_note": Walk(S.NEGOTIATING, "handler", {"text": "老客户"}),
    "answer_question": Walk(S.AWAITING_CONSUMER, "handler", {"text": "明天"}, S.AWAITING_CONSUMER, once=ASKED),
    "make_offer": Walk(S.NEGOTIATING, "handler", MEASURE, S.AWAITING_CONSUMER),
    "replace_offer": Walk(S.AWAITING_CONSUMER, "handler", {"answers": OFFER_ALL, "promises": PROMISED}),
    "add_promise": Walk(S.CLOSED, "handler", ADDED, S.PERFORMING, once=SHORT),
    "report_failure": Walk(S.NEGOTIATING, "handler", FAILED, S.REVIEW, once="log_contact"),
    "return_case": Walk(S.WITH_ENTERPRISE, "handler", {"reason": "not_customer", "text": TEXT}, S.TRIAGE),
    "request_return": Walk(S.NEGOTIATING, "handler", {"text": TEXT}),
    "report_performed": Walk(S.PERFORMING, "handler", {"obligations": [1], "proof": "流水"}),
    "show_payment": Walk(S.PERFORMING, "handler", PAID, once="report_performed dispute_performance"),
    "flag_concern": Walk(S.NEGOTIATING, "handler", {"text": TEXT}),
    "ask_authority": Walk(S.NEGOTIATING, "handler", {"text": TEXT}),
    "answer_instruction": Walk(S.NEGOTIATING, "handler", {"text": TEXT}, once="urge"),
    "reply_publicly": Walk(S.CLOSED, "handler", {"text": TEXT}),
    "propose": Walk(S.REVIEW, "officer", {"move": authority.refuse(ground="other_law", facts=TEXT)}),
    "approve": Walk(S.REVIEW, "head", lambda w, c: {"matter_id": matter(c, "proposal")}, once=PROPOSED),
    "send_back": Walk(S.REVIEW, "head", lambda w, c: {"matter_id": matter(c, "proposal"), "text": TEXT}, once=PROPOSED),
    "forward": Walk(S.TRIAGE, "intake", to_mobile, S.WITH_ENTERPRISE),
    "refer_to_triage": Walk(S.FILED, "system", {"reason": "ambiguous", "explanation": BECAUSE}, S.TRIAGE),
    "ask_consent": Walk(S.TRIAGE, "intake", lambda w, c: {"enterprise_id": w.telecom.pk}),
    "assign_authority": Walk(S.TRIAGE, "intake", lambda w, c: {"authority_id": w.gulou.pk}, S.REVIEW),
    "assign_officer": Walk(S.REVIEW, "officer", lambda w, c: {"officer_id": w.rui_officer.pk}),
    "return_to_intake": Walk(S.REVIEW, "officer", {"text": TEXT}, S.TRIAGE),
    "dispute_jurisdiction": Walk(S.REVIEW, "officer", {"text": TEXT}),
    "designate_authority": Walk(
        S.REVIEW, "superior", lambda w, c: {"authority_id": w.gulou.pk, "text": TEXT}, once="dispute_jurisdiction"
    ),
    "change_contact": Walk(S.REVIEW, "officer", {"how": "phone", "proof": "LY-1", "address": "新地址2号"}),
    "recall": Walk(S.NEGOTIATING, "officer", {"text": TEXT}, S.REVIEW),
    "request_material": Walk(S.REVIEW, "officer", {"what": TEXT}, S.AWAITING_MATERIAL),
    "accept": Walk(S.REVIEW, "officer", {}, S.MEDIATING),
    "refuse": Walk(S.REVIEW, "officer", REFUSED, S.CLOSED, "refused"),
    "redirect": Walk(S.TRIAGE, "intake", REDIRECTED, S.CLOSED, "redirected"),
    "schedule_session": Walk(S.MEDIATING, "officer", {"at": WEDNESDAY + T(5), "place": "所里", "mode": "site"}),
    "record_session": Walk(S.MEDIATING, "officer", {"minutes": TEXT}),
    "delegate_mediation": Walk(S.MEDIATING, "officer", lambda w, c: {"body_id": given.a_body(w).pk}),
    "recall_mediation": Walk(S.MEDIATING, "officer", {}, once="delegate_mediation"),
    "decide_recusal": Walk(S.MEDIATING, "head", {"decision": "suspend"}, S.MEDIATION_SUSPENDED, once="request_recusal"),
    "order_appraisal": Walk(S.MEDIATING, "officer", APPRAISAL, S.MEDIATION_SUSPENDED),
    "end_appraisal": Walk(S.MEDIATION_SUSPENDED, "officer", {"result": TEXT}, S.MEDIATING),
    "record_agreement": Walk(S.MEDIATING, "officer", {"promises": AGREED, "text": TEXT}, S.PERFORMING),
    "suggest_settlement": Walk(S.MEDIATING, "officer", {"text": TEXT}),
    "invite_respondent": Walk(S.MEDIATING, "officer", {"digest": "a" * 64, "channel": "letter"}),
    "end_invitation": Walk(S.MEDIATING, "officer", {}, once="invite_respondent"),
    "answer_suggestion": Walk(S.MEDIATING, "consumer", {"agrees": True}, once="suggest_settlement"),
    "terminate": Walk(S.MEDIATING, "officer", ENDED, S.CLOSED, "mediation_terminated", once="record_session"),
    "serve_notice": Walk(S.REVIEW, "officer", {"document": "受理决定书", "channel": "sms", "is_served": False}),
    "urge": Walk(S.NEGOTIATING, "officer", {"text": TEXT, "last_day": "2026-11-20"}),
    "explain_overdue": Walk(S.REVIEW, "officer", {"reason": "workload"}, after=T(days=20)),
    "take_up": Walk(S.REVIEW, "superior", {"text": TEXT}),
    "grant_return": Walk(S.NEGOTIATING, "intake", {}, S.TRIAGE, once="request_return"),
    "refuse_return": Walk(S.NEGOTIATING, "intake", {"text": TEXT}, once="request_return"),
    "verify_contact": Walk(S.REVIEW, "officer", {"result": "call_confirmed"}, once=UNPROVEN),
    "write_down_statement": Walk(S.REVIEW, "officer", {"text": TEXT}, once=VOICED),
    "confirm_power": Walk(S.REVIEW, "officer", POWER, once=REPRESENTED),
    "refuse_power": Walk(S.REVIEW, "officer", {"text": TEXT}, once=REPRESENTED),
    "split_report": Walk(S.REVIEW, "officer", {"text": TEXT}),
    "refer_to_police": Walk(S.REVIEW, "officer", {"text": TEXT}),
    "record_party_gone": Walk(S.REVIEW, "officer", {"party": "consumer", "text": TEXT}),
    "correct_clerical_error": Walk(S.REVIEW, "officer", {"sequence": 1, "text": TEXT}),
    "draw_up_document": Walk(S.NEGOTIATING, "officer", {"form": 1}),
    "void_document": Walk(
        S.REVIEW, "head", lambda w, c: {"document_id": c.documents.get(form=5).pk, "text": TEXT}, once="accept"
    ),
    "open_lead": Walk(S.MEDIATING, "officer", {"text": TEXT}),
    "extend_lead": Walk(
        S.MEDIATING, "head", lambda w, c: {"matter_id": matter(c, "lead"), "text": TEXT}, once="open_lead"
    ),
    "close_lead": Walk(S.MEDIATING, "officer", closing_lead, once="open_lead"),
    "record_platform_number": Walk(S.REVIEW, "officer", {"platform_number": "12315-000001"}),
    "answer_signs": Walk(S.REVIEW, "officer", {"text": TEXT}, once=OBJECTED_TO_SIGNS),
    "answer_objection": Walk(S.REVIEW, "head", {"upheld": False, "text": TEXT}, once="refuse object"),
    "call_back": Walk(S.CLOSED, "officer", {"reached": True, "satisfied": True}),
    "reopen": Walk(S.CLOSED, "officer", {"ground": "clerical_error", "text": TEXT}, S.REVIEW),
    "publish": Walk(S.CLOSED, "officer", {}, once="give_publication_consent"),
    "withhold": Walk(S.CLOSED, "officer", {"text": TEXT}),
    "pass_to_successor": Walk(S.NEGOTIATING, "system", lambda w, c: {"enterprise_id": w.telecom.pk}),
}
#: Walked by a test of their own below, or in test_mediation_bodies.py.
APART = "file answer_late request_extension agree_to_extension grant_extension refuse_extension link_cases"
APART += " join_cases separate_case withdraw_party join_case decline_to_join answer_as_party end_power invite_body"
APART += " report_mediation prove_contact"


@pytest.fixture(autouse=True)
def _one_person_suffices(world: World) -> None:
    """Approvals have tests of their own (test_two_persons)."""
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def test_every_step_of_a_person_is_walked() -> None:
    people = {row.step for row in TABLE.values() if row.by != {Role.SYSTEM}}
    assert people - set(WALKS) == set(APART.split())


@pytest.mark.parametrize("step", sorted(WALKS))
def test_step_is_refused_to_strangers_and_taken_by_who_may(world: World, step: str) -> None:
    walk = WALKS[step]
    case, then = walk.begin(world), WEDNESDAY + walk.after
    move = made(step, world, case)
    assert move.step == step
    # What is overdue by then lapses whoever asks.
    handling.sweep_clocks(now=then)
    last, before = HandlingStep.objects.filter(complaint=case).count(), case.status
    for who in ("stranger", "other_consumer", "far_officer"):
        given.raised(handling.take, move, [case.pk], actor=world.actor(who), now=then)
    assert HandlingStep.objects.filter(complaint=case).count() == last
    given.step(case, move, world.actor(walk.who), then)
    assert (case.status, case.outcome) == (walk.to or before, walk.outcome or case.outcome)
    assert HandlingStep.objects.filter(complaint=case).count() > last
    assert HandlingStep.objects.filter(complaint=case, step=step, audience=TABLE[step].audience).exists()
    assert given.stands(case)


def test_an_answer_after_silence_settles_late_and_brings_promises_back(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, given.an_offer(due_on=None), world.handler, WEDNESDAY)
    given.swept(case, WEDNESDAY + T(days=9))
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert case.engagements.get().odr_result == "unconfirmed"
    given.step(case, consumer.answer_late(accept=True), world.consumer, WEDNESDAY + T(days=12))
    assert (case.status, case.is_late, case.obligations.get().state) == (S.PERFORMING, True, "reported")
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY + T(days=12))
    assert case.outcome == Outcome.SETTLED
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    handling.sweep_clocks(now=WEDNESDAY + T(days=9))
    given.step(case, consumer.answer_late(accept=True), world.consumer, WEDNESDAY + T(days=12))
    assert case.status == S.PERFORMING
    assert case.obligations.get().state == "due"


def test_extension_only_where_the_policy_allows_and_with_the_consumers_yes(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.refused(case, enterprise.request_extension(days=3, text=TEXT), world.handler, WEDNESDAY)
    Policy.objects.filter(name="extension").update(number=1)
    for grant in (True, False):
        case = given.a_complaint(world, status=S.NEGOTIATING)
        due = case.deadlines.get(clock="negotiation").last_day
        given.step(case, enterprise.request_extension(days=3, text=TEXT), world.handler, WEDNESDAY)
        if not grant:
            given.step(case, supervision.refuse_extension(text=TEXT), world.officer, WEDNESDAY)
            assert case.deadlines.get(clock="negotiation").last_day == due
            continue
        given.refused(case, supervision.grant_extension(), world.officer, WEDNESDAY)
        given.step(case, enterprise.agree_to_extension(), world.consumer, WEDNESDAY)
        given.step(case, supervision.grant_extension(), world.officer, WEDNESDAY)
        assert due == date(2026, 11, 25)
        assert case.deadlines.get(clock="negotiation").last_day == date(2026, 11, 30)


def test_cases_are_linked_joined_and_separated(world: World) -> None:
    one = given.a_complaint(world, status=S.REVIEW)
    two = given.a_complaint(world, status=S.REVIEW)
    move = casework.link_cases(numbers=[one.number, two.number])
    handling.take(move, [one.pk, two.pk], actor=world.officer, now=WEDNESDAY)
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.linked_group == two.linked_group is not None
    given.refused(one, casework.join_cases(numbers=[two.number], consents_recorded=False), world.officer, WEDNESDAY)
    given.step(one, casework.join_cases(numbers=[two.number], consents_recorded=True), world.officer, WEDNESDAY)
    assert given.step(one, casework.separate_case(text=TEXT), world.officer, WEDNESDAY).linked_group is None
