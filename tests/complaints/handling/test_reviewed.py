"""Situations that a second pair of eyes found: each once went wrong."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.roles import Role
from authorities.calendar import import_year
from authorities.models import Authority, Officer, Policy
from complaints import handling
from complaints.handling import Answer, Promise
from complaints.handling.steps import (
    authority,
    both,
    casework,
    consumer,
    enterprise,
    mediation,
    offers,
    supervision,
    violations,
)
from complaints.handling.transition import lapses
from complaints.handling.transition.recounting import recount_piece
from complaints.models import Complaint, Deadline, HandlingStep, Notice
from complaints.parties import actors
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Clock, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI as HERE
from tests import given, reloaded
from tests.cast import World

S, T = Status, timedelta


def at(day: int, hour: int = 10, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=HERE)


def live(case: Complaint, clock: str) -> Deadline | None:
    return case.deadlines.filter(clock=clock, ended_at=None).first()


def walk(world: World, case: Complaint, now: datetime, *steps: tuple[Any, ...]) -> Complaint:
    """Each step is a person, and one or more moves of the same."""
    for number, (who, move) in enumerate((who, move) for who, *moves in steps for move in moves):
        given.step(case, move, world.actor(who), now + T(minutes=number))
    return case


def walked(world: World, status: S, day: int, *steps: tuple[Any, ...]) -> Complaint:
    """A case that came to the status on that day of November; the steps are taken on the next day."""
    return walk(world, given.a_complaint(world, status=status, now=at(day)), at(day + 1), *steps)


def forwarded(world: World, who: str = "officer") -> tuple[str, handling.Move]:
    return who, authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)


def taken_on(world: World) -> tuple[str, handling.Move]:
    return "handler", enterprise.accept_case(handler_id=world.ming_staff.pk)


def report(*numbers: int) -> tuple[str, handling.Move]:
    return "handler", enterprise.report_performed(obligations=list(numbers), proof="流水")


def confirm(*numbers: int) -> tuple[str, handling.Move]:
    return "consumer", consumer.confirm_performed(obligations=list(numbers))


OFFERED, ACCEPTED = ("handler", given.an_offer()), ("consumer", consumer.accept_offer())
BREACH = ("consumer", consumer.report_breach(obligation=1, text="没有收到"))
RECUSAL = ("consumer", both.request_recusal(whom="瑞试", text="有利害关系。"))
GONE = ("officer", casework.record_party_gone(party="consumer", text="去世"))
SECOND = Answer(demand=2, verdict="grant")
PART = [Answer(demand=1, verdict="part", amount="10", reason="按实际多扣的月份计算。"), SECOND]
IN_TURN = [
    Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-10"),
    Promise(kind="transfer", what="退款", amount="10", days_after=3, after=1),
    Promise(kind="service_change", what="退订", days_after=4, after=1),
]
OFFERED_IN_TURN = ("handler", offers.make_offer(answers=PART, promises=IN_TURN))
ALL = [
    Answer(demand=1, verdict="grant", amount="128.50", is_separable=True),
    Answer(demand=2, verdict="grant", is_separable=True),
]
BOTH = [
    Promise(kind="transfer", what="退款", amount="128.50", due_on="2026-12-07", demand=1),
    Promise(kind="service_change", what="退订", due_on="2026-12-08", demand=2),
]
OFFERED_BOTH = ("handler", offers.make_offer(answers=ALL, promises=BOTH))


def test_a_breach_settled_anew_ends_well_and_an_agreement_settles_anew_what_was_promised(world: World) -> None:
    steps = [report(1), BREACH, forwarded(world), taken_on(world), OFFERED, ACCEPTED, report(2), confirm(2)]
    case = walked(world, S.PERFORMING, 11, *steps)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.SETTLED)
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(2))
    promises = [Promise(kind="transfer", what="退款", amount="100", due_on="2027-01-15")]
    agreed = [("consumer", both.agree_to_mediation()), ("handler", both.agree_to_mediation())]
    agreed += [("officer", mediation.record_agreement(text="双方同意。", promises=promises))]
    walk(world, case, at(3), OFFERED_BOTH, ACCEPTED, report(1), BREACH, ("officer", authority.accept()), *agreed)
    assert given.swept(case, at(20, month=12)).status == S.PERFORMING


def test_silence_in_a_supervised_settlement_and_an_unmet_part_go_to_the_authority(world: World) -> None:
    case = walked(world, S.NEGOTIATING, 2, OFFERED_IN_TURN, ACCEPTED)
    for day in (12, 30):
        handling.sweep_clocks(now=at(day))
    assert (reloaded(case).status, case.reason) == (S.REVIEW, "consumer_part_unmet")
    assert case.engagements.get().odr_result != "failed"
    case = walked(world, S.REVIEW, 2, forwarded(world), taken_on(world), OFFERED, ACCEPTED, report(1))
    assert given.swept(case, at(16)).status == S.REVIEW
    assert case.engagements.get().odr_result == "unconfirmed"


def test_the_rest_given_to_the_regulator_stays_and_accepted_promises_outlive_a_second_offer(world: World) -> None:
    accepted = ("consumer", consumer.accept_offer(separable=[1], rest="regulator"))
    case = walked(world, S.NEGOTIATING, 11, OFFERED_BOTH, accepted, report(1), confirm(1))
    assert case.status == S.REVIEW
    accepted = ("consumer", consumer.accept_offer(separable=[1], rest="go_on"))
    done = Promise(kind="service_change", what="退订", is_done=True, proof="已于11月11日退订")
    second = ("handler", offers.make_offer(answers=[SECOND], promises=[done]))
    both_done = ("consumer", consumer.accept_offer(confirmed=[3]))
    case = walked(world, S.NEGOTIATING, 11, OFFERED_BOTH, accepted, second, both_done)
    assert case.status == S.PERFORMING
    assert (walk(world, case, at(13), report(1), confirm(1)).status, case.outcome) == (S.CLOSED, Outcome.SETTLED)
    # Nothing was said of the first part, and the second is confirmed with the acceptance.
    case = walked(world, S.NEGOTIATING, 11, OFFERED_BOTH, accepted, report(1))
    for day in range(12, 24):
        handling.sweep_clocks(now=at(day))
    case = walk(world, reloaded(case), at(24), second, both_done)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)


def test_no_offer_outlives_its_case_and_a_refused_replacement_leaves_it_standing(world: World) -> None:
    claimed = ("handler", both.claim_settled_elsewhere(text="已线下和解"))
    referred = ("consumer", both.confirm_settled_elsewhere(), consumer.refer_to_regulator())
    case = walked(world, S.AWAITING_CONSUMER, 11, claimed, referred, forwarded(world), taken_on(world), OFFERED)
    assert case.status == S.AWAITING_CONSUMER
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=at(11))
    past = [Promise(kind="transfer", what="退款", amount="1", due_on="2020-01-01")]
    bad, good = offers.replace_offer(answers=ALL, promises=past), enterprise.send_message(text="请稍等")
    other = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    done = handling.take_each([(case.pk, bad, world.handler), (other.pk, good, world.handler)], now=at(12))
    assert [taken.is_done for taken in done] == [False, True]
    assert case.offers.get().state == "open"
    assert given.step(case, consumer.accept_offer(), world.consumer, at(12, 12)).status == S.PERFORMING


def test_nobody_decides_about_himself_and_no_recusal_ends_an_appraisal(world: World) -> None:
    case = walked(world, S.MEDIATING, 2, RECUSAL)
    for decision in ("suspend", "grant", "refuse"):
        move = mediation.decide_recusal(decision=decision, text="理由不成立，驳回。")
        given.refused(case, move, world.officer, at(3, 12))
    office = Officer.objects.create(user=world.rui, authority=world.gulou, role=Role.APPROVER.post)
    case = walked(world, S.MEDIATING, 2, RECUSAL)
    given.refused(case, mediation.decide_recusal(decision="grant"), actors.officer([office]), at(4))
    appraisal = mediation.order_appraisal(laboratory="某中心", until="2026-11-20", cost_borne_by="shared")
    refusal = mediation.decide_recusal(decision="refuse", text="理由不成立，予以驳回。")
    case = walked(world, S.MEDIATING, 2, RECUSAL, ("officer", appraisal), ("head", refusal))
    assert case.status == S.MEDIATION_SUSPENDED
    walk(world, case, at(10), ("officer", mediation.end_appraisal(result="合格")))
    assert live(case, "mediation").state == "running"
    taken = authority.assign_officer(officer_id=world.rui_officer.pk)
    redirected = authority.redirect(matter="consultation", body="12345", text="属于咨询。")
    objection = both.object_to_decision(text="我不同意这个决定。")
    case = walked(world, S.REVIEW, 2, ("officer", taken, redirected), ("consumer", objection))
    given.refused(case, casework.answer_objection(upheld=False, text="维持"), world.officer, at(4))
    walk(world, case, at(4), ("head", casework.answer_objection(upheld=False, text="维持原决定")))


def test_an_heir_comes_forward_or_both_sides_are_told(world: World) -> None:
    case = walked(world, S.NEGOTIATING, 2, GONE, OFFERED)
    assert given.swept(case, at(17)).status == S.AWAITING_CONSUMER, "a dead consumer's clocks stand still"
    walk(world, case, at(18), ACCEPTED)
    assert given.swept(case, at(5, month=12)).status == S.PERFORMING
    assert live(case, "heirs") is None
    case = walked(world, S.NEGOTIATING, 2, OFFERED, GONE)
    assert given.swept(case, at(10, month=12)).status != S.AWAITING_CONSUMER
    assert Notice.objects.filter(complaint=case, addressee="enterprise").exists()


def test_one_bad_case_does_not_stop_the_clocks_of_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = given.a_complaint(world, status=S.NEGOTIATING, now=at(2))
    good = given.a_complaint(world, status=S.NEGOTIATING, now=at(2))
    honest = lapses.LAPSES[Clock.NEGOTIATION]

    def trap(file: Any, clock: Any) -> Any:
        if file.complaint.pk == bad.pk:
            raise RuntimeError("this case is broken")
        return honest(file, clock)

    monkeypatch.setitem(lapses.LAPSES, Clock.NEGOTIATION, trap)
    assert given.swept(good, at(20)).status == S.REVIEW
    monkeypatch.setitem(lapses.LAPSES, Clock.NEGOTIATION, honest)
    assert given.swept(bad, at(20, 11)).status == S.REVIEW


def test_a_second_termination_starts_its_notice_anew(world: World) -> None:
    Policy.objects.filter(name="two_persons.terminate").update(number=0)
    end = mediation.terminate(ground="other_law", facts="依法应当终止调解的其他情形。")
    reopened = casework.reopen(ground="clerical_error", text="文书写错")
    case = walked(world, S.MEDIATING, 2, ("officer", end, reopened, authority.accept(), end))
    assert case.outcome == Outcome.MEDIATION_TERMINATED
    assert case.deadlines.filter(clock="notice", ended_at=None).count() == 1


def test_an_undo_takes_back_nothing_of_others_nor_what_the_enterprise_confirmed(world: World) -> None:
    other = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    case = walked(world, S.NEGOTIATING, 11, ("consumer", consumer.stop_negotiating()))
    move = casework.link_cases(numbers=[case.number, other.number])
    handling.take(move, [case.pk, other.pk], actor=world.officer, now=at(12, 11))
    assert reloaded(case).linked_group is not None
    assert given.step(case, handling.undoing.undo(), world.consumer, at(12, 12)).status == S.NEGOTIATING
    assert Complaint.objects.get(pk=case.pk).linked_group is not None
    sent = ("consumer", enterprise.report_performed(obligations=[1], proof="快递单号"))
    case = walked(world, S.NEGOTIATING, 2, OFFERED_IN_TURN, ACCEPTED, sent, ("handler", confirm(1)[1]))
    given.refused(case, handling.undoing.undo(), world.consumer, at(3, 12))


def test_a_case_goes_up_by_a_superior_to_its_own_officers_and_the_county_acts_for_its_office(world: World) -> None:
    case = given.a_complaint(world, status=S.TRIAGE, now=at(2))
    given.refused(case, supervision.take_up(text="本局办理"), world.officer, at(3))
    review = walked(world, S.REVIEW, 2, ("superior", supervision.take_up(text="情况重大，提级办理")))
    assert review.handling_authority_id == world.city.pk
    case = given.a_complaint(world, status=S.REVIEW, now=at(2))
    given.refused(case, authority.accept(officer_id=world.far_officer.pk), world.officer, at(3), WrongInput)
    case = given.a_complaint(world, status=S.TRIAGE, now=at(11))
    given.refused(case, forwarded(world)[1], actors.SYSTEM, at(11, 12))
    office = Authority.objects.get(name="鼓楼区东街市场监督管理所")
    assigned = authority.assign_authority(authority_id=office.pk)
    case = walked(world, S.TRIAGE, 2, ("intake", assigned), ("head", authority.accept()))
    assert case.status == S.MEDIATING


def test_the_review_clock_begins_with_the_county_a_return_keeps_it_and_a_hidden_one_stays_hidden(world: World) -> None:
    case = given.a_complaint(world, status=S.TRIAGE, now=at(2))
    walk(world, case, at(24), ("intake", authority.assign_authority(authority_id=world.gulou.pk)))
    assert live(case, "review").last_day == date(2026, 12, 3)
    case = given.a_complaint(world, status=S.REVIEW, now=at(11))
    before = live(case, "review")
    back = enterprise.return_case(reason="wrong_branch", enterprise_id=world.mobile.pk, branch_id=None)
    walk(world, case, at(12), forwarded(world), ("handler", back))
    after = live(case, "review")
    assert (after.pk, after.state) == (before.pk, "paused")
    case = given.a_complaint(world, status=S.MEDIATING, now=at(14, month=12))
    walk(world, case, at(14, 11, month=12), ("officer", violations.open_lead(text="涉嫌虚假宣传")))
    import_year([(date(2027, 1, 1), False, "元旦", "New Year")], year=2027, source="试验通知", now=at(20, month=12))
    recount_piece(0, now=at(22, month=12), years=frozenset({2027}))
    counted = HandlingStep.objects.filter(complaint=case, step="recompute_clock", data__clock="lead")
    assert set(counted.values_list("audience", flat=True)) == {"authority"}


def test_a_disputed_payment_is_not_reported_again_and_a_contact_before_the_delivery_is_none(world: World) -> None:
    case = given.a_complaint(world, status=S.PERFORMING, now=at(11))
    walk(world, case, at(12), report(1), ("consumer", consumer.dispute_performance(obligation=1, text="没有收到")))
    given.refused(case, report(1)[1], world.handler, at(12, 12))
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    move = enterprise.log_contact(channel="phone", reached=False, note="没接", at=at(10))
    given.refused(case, move, world.handler, at(12), WrongInput)


def test_consent_by_brand_is_to_the_first_entity_only(world: World) -> None:
    case = given.filed(world, respondents=(RespondentRequest(named="移动"),), now=at(11))
    back = enterprise.return_case(reason="wrong_entity", text="不是本公司的用户。")
    walk(world, case, at(11), forwarded(world, "system"), ("handler", back))
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
    given.refused(case, move, world.intake, at(12))
