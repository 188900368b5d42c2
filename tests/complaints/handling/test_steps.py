"""Every step of a person, taken once through take() by who may take it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

import pytest

from authorities.models import Policy
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import (
    authority,
    both,
    casework,
    consumer,
    contact,
    documents,
    enterprise,
    jurisdiction,
    mediation,
    offers,
    parties,
    platform,
    proposals,
    supervision,
    violations,
)
from complaints.handling.transition import contact_access, undoing
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import TABLE, Outcome, Role, Status
from complaints.record.verification import verify
from tests import given
from tests.cast import WEDNESDAY, World

S, T = Status, timedelta
BECAUSE = given.BECAUSE
TEXT = "这里写明事实和理由，供核对。"
Build = Move | Callable[[World, Complaint], Move]


@dataclass
class Walk:
    """Where a step starts, who takes it, what came before (other steps of the table by name), where it leads."""

    at: Status
    who: str
    move: Build
    to: Status | None = None
    outcome: str = ""
    before: str | list[str | tuple[str, Build]] = ""
    after: timedelta = T(days=1)

    def begin(self, world: World) -> tuple[Complaint, Move]:
        """A case to which the step may be taken now, and the move."""
        case = given.a_complaint(world, status=self.at)
        for number, earlier in enumerate(self.before.split() if isinstance(self.before, str) else self.before):
            way = WALKS[earlier] if isinstance(earlier, str) else Walk(self.at, *earlier)
            given.step(case, way.made(world, case), world.actor(way.who), WEDNESDAY + T(minutes=10 + number))
        return case, self.made(world, case)

    def made(self, world: World, case: Complaint) -> Move:
        return self.move(world, case) if callable(self.move) else self.move


def matter(case: Complaint, kind: str) -> int:
    return Matter.objects.get(complaint=case, kind=kind, state="open").pk


OFFER_ALL = (
    Answer(demand=1, verdict="grant", amount="128.50", is_separable=True),
    Answer(demand=2, verdict="grant", is_separable=True),
)
REPRESENTED = given.otherwise(on_behalf_kind="agent", represented_until=date(2026, 12, 1))
WALKS: dict[str, Walk] = {
    "add_statement": Walk(S.FILED, "consumer", consumer.add_statement(text=TEXT)),
    "correct_facts": Walk(S.REVIEW, "consumer", consumer.correct_facts(text=TEXT)),
    "accept_offer": Walk(S.AWAITING_CONSUMER, "consumer", consumer.accept_offer(), S.PERFORMING),
    "ask_about_offer": Walk(S.AWAITING_CONSUMER, "consumer", consumer.ask_about_offer(text=TEXT), S.NEGOTIATING),
    "decline_offer": Walk(
        S.AWAITING_CONSUMER, "consumer", consumer.decline_offer(reason="amount_too_low"), S.NEGOTIATING
    ),
    "stop_negotiating": Walk(S.WITH_ENTERPRISE, "consumer", consumer.stop_negotiating(), S.REVIEW),
    "confirm_performed": Walk(
        S.PERFORMING,
        "consumer",
        consumer.confirm_performed(obligations=[1]),
        S.CLOSED,
        "settled",
        before="report_performed",
    ),
    "dispute_performance": Walk(
        S.PERFORMING, "consumer", consumer.dispute_performance(obligation=1, text="没有收到"), before="report_performed"
    ),
    "report_breach": Walk(
        S.PERFORMING,
        "consumer",
        consumer.report_breach(obligation=1, text="没有收到"),
        S.REVIEW,
        before="report_performed",
    ),
    "waive_obligation": Walk(S.PERFORMING, "consumer", consumer.waive_obligation(obligation=1), S.CLOSED, "settled"),
    "resume_performance": Walk(
        S.PERFORMING,
        "consumer",
        consumer.resume_performance(dates={1: "2026-12-18"}),
        S.PERFORMING,
        before=["report_performed", "report_breach", ("handler", consumer.resume_performance(dates={1: "2026-12-18"}))],
    ),
    "supply_material": Walk(S.AWAITING_MATERIAL, "consumer", both.supply_material(text="账单在此"), S.REVIEW),
    "claim_settled_elsewhere": Walk(S.NEGOTIATING, "consumer", both.claim_settled_elsewhere(text=TEXT)),
    "confirm_settled_elsewhere": Walk(
        S.NEGOTIATING,
        "handler",
        both.confirm_settled_elsewhere(),
        S.CLOSED,
        "settled_elsewhere",
        before="claim_settled_elsewhere",
    ),
    "deny_settled_elsewhere": Walk(
        S.NEGOTIATING,
        "consumer",
        both.deny_settled_elsewhere(),
        before=[("handler", both.claim_settled_elsewhere(text=TEXT))],
    ),
    "withdraw": Walk(S.NEGOTIATING, "consumer", consumer.withdraw(reason="mistake"), S.CLOSED, "withdrawn"),
    "refer_to_regulator": Walk(S.NEGOTIATING, "consumer", consumer.refer_to_regulator(), S.REVIEW, before="withdraw"),
    "agree_to_mediation": Walk(S.REVIEW, "consumer", both.agree_to_mediation()),
    "decline_mediation": Walk(S.MEDIATING, "consumer", both.decline_mediation()),
    "request_recusal": Walk(S.MEDIATING, "consumer", both.request_recusal(whom="瑞试", text=TEXT)),
    "object": Walk(S.REVIEW, "consumer", both.object_to_decision(text=TEXT), before="refuse"),
    "rate": Walk(S.CLOSED, "consumer", both.rate(overall=5, speed=4, attitude=5)),
    "give_publication_consent": Walk(S.CLOSED, "consumer", both.give_publication_consent()),
    "withdraw_publication_consent": Walk(S.FILED, "consumer", both.withdraw_publication_consent()),
    "withdraw_consent": Walk(S.FILED, "consumer", both.withdraw_consent(purpose="pass_to_regulator")),
    "give_consent": Walk(S.TRIAGE, "consumer", both.give_consent(), before="ask_consent"),
    "decline_consent": Walk(S.TRIAGE, "consumer", both.decline_consent(), S.REVIEW, before="ask_consent"),
    "undo": Walk(
        S.AWAITING_CONSUMER, "consumer", undoing.undo(), S.AWAITING_CONSUMER, before="accept_offer", after=T(hours=1)
    ),
    "accept_case": Walk(
        S.WITH_ENTERPRISE, "handler", lambda w, c: enterprise.accept_case(handler_id=w.ming_staff.pk), S.NEGOTIATING
    ),
    "assign": Walk(S.NEGOTIATING, "manager", lambda w, c: enterprise.assign(handler_id=w.lead_staff.pk)),
    "log_contact": Walk(S.NEGOTIATING, "handler", enterprise.log_contact(channel="phone", reached=True, note="已接通")),
    "ask_consumer": Walk(S.NEGOTIATING, "handler", enterprise.ask_consumer(text="哪一天？")),
    "send_message": Walk(S.PERFORMING, "handler", enterprise.send_message(text="已安排退款。")),
    "reveal_contact": Walk(S.NEGOTIATING, "handler", contact_access.reveal_contact(reason="look_call")),
    "tag_cause": Walk(S.CLOSED, "handler", enterprise.tag_cause(cause="billing_error")),
    "add_internal_note": Walk(S.NEGOTIATING, "handler", enterprise.add_internal_note(text="老客户")),
    "answer_question": Walk(
        S.AWAITING_CONSUMER,
        "handler",
        enterprise.answer_question(text="明天"),
        S.AWAITING_CONSUMER,
        before=[("consumer", consumer.ask_about_offer(text="哪天？"))],
    ),
    "make_offer": Walk(
        S.NEGOTIATING, "handler", offers.make_offer(answers=OFFER_ALL, measure_id=uuid4()), S.AWAITING_CONSUMER
    ),
    "replace_offer": Walk(
        S.AWAITING_CONSUMER,
        "handler",
        offers.replace_offer(
            answers=OFFER_ALL, promises=[Promise(kind="transfer", what="退款", amount="130", due_on="2026-12-07")]
        ),
    ),
    "report_failure": Walk(
        S.NEGOTIATING,
        "handler",
        enterprise.report_failure(reason="no_agreement", text=TEXT),
        S.REVIEW,
        before="log_contact",
    ),
    "return_case": Walk(
        S.WITH_ENTERPRISE, "handler", enterprise.return_case(reason="not_customer", text=TEXT), S.TRIAGE
    ),
    "request_return": Walk(S.NEGOTIATING, "handler", enterprise.request_return(text=TEXT)),
    "report_performed": Walk(S.PERFORMING, "handler", enterprise.report_performed(obligations=[1], proof="流水")),
    "show_payment": Walk(
        S.PERFORMING,
        "handler",
        enterprise.show_payment(obligation=1, channel="银行转账", last4="1234", paid_on="2026-11-11"),
        before="report_performed dispute_performance",
    ),
    "flag_concern": Walk(S.NEGOTIATING, "handler", enterprise.flag_concern(text=TEXT)),
    "ask_authority": Walk(S.NEGOTIATING, "handler", enterprise.ask_authority(text=TEXT)),
    "answer_instruction": Walk(S.NEGOTIATING, "handler", supervision.answer_instruction(text=TEXT), before="urge"),
    "reply_publicly": Walk(S.CLOSED, "handler", enterprise.reply_publicly(text=TEXT)),
    "propose": Walk(S.REVIEW, "officer", proposals.propose(move=authority.refuse(ground="other_law", facts=TEXT))),
    "approve": Walk(
        S.REVIEW,
        "head",
        lambda w, c: proposals.approve(matter_id=matter(c, "proposal")),
        before=[("officer", proposals.propose(move=authority.accept()))],
    ),
    "send_back": Walk(
        S.REVIEW,
        "head",
        lambda w, c: proposals.send_back(matter_id=matter(c, "proposal"), text=TEXT),
        before=[("officer", proposals.propose(move=authority.accept()))],
    ),
    "forward": Walk(
        S.TRIAGE,
        "intake",
        lambda w, c: authority.forward(enterprise_id=w.mobile.pk, branch_id=w.fuzhou.pk, because=BECAUSE),
        S.WITH_ENTERPRISE,
    ),
    "refer_to_triage": Walk(
        S.FILED, "system", authority.refer_to_triage(reason="ambiguous", explanation=BECAUSE), S.TRIAGE
    ),
    "ask_consent": Walk(S.TRIAGE, "intake", lambda w, c: authority.ask_consent(enterprise_id=w.telecom.pk)),
    "assign_authority": Walk(
        S.TRIAGE, "intake", lambda w, c: authority.assign_authority(authority_id=w.gulou.pk), S.REVIEW
    ),
    "assign_officer": Walk(S.REVIEW, "officer", lambda w, c: authority.assign_officer(officer_id=w.rui_officer.pk)),
    "return_to_intake": Walk(S.REVIEW, "officer", authority.return_to_intake(text=TEXT), S.TRIAGE),
    "dispute_jurisdiction": Walk(S.REVIEW, "officer", jurisdiction.dispute_jurisdiction(text=TEXT)),
    "designate_authority": Walk(
        S.REVIEW,
        "superior",
        lambda w, c: jurisdiction.designate_authority(authority_id=w.gulou.pk, text=TEXT),
        before="dispute_jurisdiction",
    ),
    "change_contact": Walk(S.REVIEW, "officer", contact.change_contact(how="phone", proof="LY-1", address="新地址2号")),
    "recall": Walk(S.NEGOTIATING, "officer", authority.recall(text=TEXT), S.REVIEW),
    "request_material": Walk(S.REVIEW, "officer", authority.request_material(what=TEXT), S.AWAITING_MATERIAL),
    "accept": Walk(S.REVIEW, "officer", authority.accept(), S.MEDIATING),
    "refuse": Walk(
        S.REVIEW, "officer", authority.refuse(ground="outside_duty", facts=TEXT, body="12300"), S.CLOSED, "refused"
    ),
    "redirect": Walk(
        S.TRIAGE, "intake", authority.redirect(matter="consultation", body="12345", text=TEXT), S.CLOSED, "redirected"
    ),
    "schedule_session": Walk(
        S.MEDIATING, "officer", mediation.schedule_session(at=WEDNESDAY + T(5), place="所里", mode="site")
    ),
    "record_session": Walk(S.MEDIATING, "officer", mediation.record_session(minutes=TEXT)),
    "delegate_mediation": Walk(
        S.MEDIATING, "officer", lambda world, case: mediation.delegate_mediation(body_id=given.a_body(world).pk)
    ),
    "recall_mediation": Walk(S.MEDIATING, "officer", mediation.recall_mediation(), before="delegate_mediation"),
    "decide_recusal": Walk(
        S.MEDIATING,
        "head",
        mediation.decide_recusal(decision="suspend"),
        S.MEDIATION_SUSPENDED,
        before="request_recusal",
    ),
    "order_appraisal": Walk(
        S.MEDIATING,
        "officer",
        mediation.order_appraisal(laboratory="某中心", until="2026-12-01", cost_borne_by="shared"),
        S.MEDIATION_SUSPENDED,
    ),
    "end_appraisal": Walk(S.MEDIATION_SUSPENDED, "officer", mediation.end_appraisal(result=TEXT), S.MEDIATING),
    "record_agreement": Walk(
        S.MEDIATING,
        "officer",
        mediation.record_agreement(
            promises=[Promise(kind="transfer", what="退款", amount="100", due_on="2026-12-07")], text=TEXT
        ),
        S.PERFORMING,
    ),
    "suggest_settlement": Walk(S.MEDIATING, "officer", mediation.suggest_settlement(text=TEXT)),
    "invite_respondent": Walk(S.MEDIATING, "officer", contact.invite_respondent(digest="a" * 64, channel="letter")),
    "end_invitation": Walk(S.MEDIATING, "officer", contact.end_invitation(), before="invite_respondent"),
    "answer_suggestion": Walk(
        S.MEDIATING, "consumer", mediation.answer_suggestion(agrees=True), before="suggest_settlement"
    ),
    "terminate": Walk(
        S.MEDIATING,
        "officer",
        mediation.terminate(ground="no_agreement_possible", facts=TEXT),
        S.CLOSED,
        "mediation_terminated",
        before="record_session",
    ),
    "serve_notice": Walk(
        S.REVIEW, "officer", casework.serve_notice(document="受理决定书", channel="sms", is_served=False)
    ),
    "urge": Walk(S.NEGOTIATING, "officer", supervision.urge(text=TEXT, last_day="2026-11-20")),
    "explain_overdue": Walk(S.REVIEW, "officer", supervision.explain_overdue(reason="workload"), after=T(days=20)),
    "take_up": Walk(S.REVIEW, "superior", supervision.take_up(text=TEXT)),
    "grant_return": Walk(S.NEGOTIATING, "intake", supervision.grant_return(), S.TRIAGE, before="request_return"),
    "refuse_return": Walk(S.NEGOTIATING, "intake", supervision.refuse_return(text=TEXT), before="request_return"),
    "verify_contact": Walk(
        S.REVIEW,
        "officer",
        casework.verify_contact(result="call_confirmed"),
        before=[("officer", given.otherwise(contact_verified=False))],
    ),
    "write_down_statement": Walk(
        S.REVIEW,
        "officer",
        casework.write_down_statement(text=TEXT),
        before=[("officer", given.otherwise(facts={"voice": "ab" * 32}))],
    ),
    "confirm_power": Walk(
        S.REVIEW,
        "officer",
        parties.confirm_power(seen="power_original", may_settle=True, valid_until="2026-12-31"),
        before=[("officer", REPRESENTED)],
    ),
    "refuse_power": Walk(S.REVIEW, "officer", parties.refuse_power(text=TEXT), before=[("officer", REPRESENTED)]),
    "split_report": Walk(S.REVIEW, "officer", violations.split_report(text=TEXT)),
    "refer_to_police": Walk(S.REVIEW, "officer", violations.refer_to_police(text=TEXT)),
    "record_party_gone": Walk(S.REVIEW, "officer", casework.record_party_gone(party="consumer", text=TEXT)),
    "correct_clerical_error": Walk(S.REVIEW, "officer", casework.correct_clerical_error(sequence=1, text=TEXT)),
    "draw_up_document": Walk(S.NEGOTIATING, "officer", documents.draw_up_document(form=1)),
    "void_document": Walk(
        S.REVIEW,
        "head",
        lambda w, c: documents.void_document(document_id=c.documents.get(form=5).pk, text=TEXT),
        before="accept",
    ),
    "open_lead": Walk(S.MEDIATING, "officer", violations.open_lead(text=TEXT)),
    "extend_lead": Walk(
        S.MEDIATING,
        "head",
        lambda w, c: violations.extend_lead(matter_id=matter(c, "lead"), text=TEXT),
        before="open_lead",
    ),
    "close_lead": Walk(
        S.MEDIATING,
        "officer",
        lambda w, c: violations.close_lead(
            matter_id=matter(c, "lead"), result="no_violation", second_officer_id=w.head_officer.pk, text=TEXT
        ),
        before="open_lead",
    ),
    "record_platform_number": Walk(
        S.REVIEW, "officer", platform.record_platform_number(platform_number="12315-000001")
    ),
    "answer_objection": Walk(
        S.REVIEW, "head", casework.answer_objection(upheld=False, text=TEXT), before="refuse object"
    ),
    "call_back": Walk(S.CLOSED, "officer", casework.call_back(reached=True, satisfied=True)),
    "reopen": Walk(S.CLOSED, "officer", casework.reopen(ground="clerical_error", text=TEXT), S.REVIEW),
    "publish": Walk(S.CLOSED, "officer", casework.publish(), before="give_publication_consent"),
    "withhold": Walk(S.CLOSED, "officer", casework.withhold(text=TEXT)),
    "pass_to_successor": Walk(
        S.NEGOTIATING, "system", lambda w, c: authority.pass_to_successor(enterprise_id=w.telecom.pk)
    ),
}
#: Walked by a test of their own below, or in test_mediation_bodies.py.
APART = {
    "file",
    "answer_late",
    "request_extension",
    "agree_to_extension",
    "grant_extension",
    "refuse_extension",
    "link_cases",
    "join_cases",
    "separate_case",
    "withdraw_party",
    "join_case",
    "decline_to_join",
    "answer_as_party",
    "end_power",
    "invite_body",
    "report_mediation",
}


@pytest.fixture(autouse=True)
def _one_person_suffices(world: World) -> None:
    """Approvals have tests of their own (test_two_persons)."""
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def test_every_step_of_a_person_is_walked() -> None:
    people = {row.step for row in TABLE.values() if row.by != {Role.SYSTEM}}
    assert people - set(WALKS) == APART


@pytest.mark.parametrize("step", sorted(WALKS))
def test_step_is_refused_to_strangers_and_taken_by_who_may(world: World, step: str) -> None:
    walk = WALKS[step]
    (case, move), then = walk.begin(world), WEDNESDAY + walk.after
    assert move.step == step
    # What is overdue by then lapses whoever asks.
    handling.sweep_clocks(now=then)
    last, before = HandlingStep.objects.filter(complaint=case).count(), case.status
    for who in ("stranger", "other_consumer", "far_officer"):
        with pytest.raises(StepNotAllowed):
            handling.take(move, [case.pk], actor=world.actor(who), now=then)
    assert HandlingStep.objects.filter(complaint=case).count() == last
    given.step(case, move, world.actor(walk.who), then)
    assert (case.status, case.outcome) == (walk.to or before, walk.outcome or case.outcome)
    assert HandlingStep.objects.filter(complaint=case).count() > last
    assert HandlingStep.objects.filter(complaint=case, step=step, audience=TABLE[step].audience).exists()
    assert verify(number=case.number).is_unbroken


def test_an_answer_after_silence_settles_late_and_brings_promises_back(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, given.an_offer(due_on=None), world.handler, WEDNESDAY)
    handling.sweep_clocks(now=WEDNESDAY + T(days=9))
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert case.engagements.get().odr_result == "unconfirmed"
    given.step(case, consumer.answer_late(accept=True), world.consumer, WEDNESDAY + T(days=12))
    assert (case.outcome, case.is_late) == (Outcome.SETTLED, True)
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
    given.step(one, casework.separate_case(text=TEXT), world.officer, WEDNESDAY)
    assert one.linked_group is None
