"""Mediation: what stops it and what does not, what both say to a suggestion, and on which grounds it ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, Policy
from complaints.handling import Promise
from complaints.handling.steps import authority, both, consumer, mediation, proposals
from complaints.models import Complaint, Deadline, HandlingStep, Matter, Obligation
from complaints.parties import actors
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Clock
from complaints.procedure.workflow import Status as S
from enterprises.models import MediationBody, Station
from tests import given, reloaded
from tests.cast import WEDNESDAY, World, a_new_phone
from tests.complaints.pages.at_the_authority import case_at, key, now, workspace

TEXT = "这里写明事实和理由，供核对。"
REFUND = Promise(kind="original_channel", what="退还多扣费用", amount="128.50", due_on="2026-12-07")


@pytest.fixture(autouse=True)
def _one_person_suffices(world: World) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


@pytest.fixture
def case(world: World) -> Complaint:
    return given.a_complaint(world, status=S.MEDIATING)


def at(days: int) -> Any:
    return WEDNESDAY + timedelta(days=days)


def said(case: Complaint, kind: str) -> Matter:
    return Matter.objects.filter(complaint=case, kind=kind).order_by("-pk")[0]


def refused(case: Complaint, move: Any, who: Any, days: int = 1) -> str:
    return given.refused(case, move, who, at(days))


def session(days: int = 3) -> Any:
    return mediation.schedule_session(at=at(days), place="所里201室", mode="site")


def ended(ground: str) -> Any:
    return mediation.terminate(ground=ground, facts=TEXT)


def test_a_session_needs_both_consents_and_set_again_is_the_only_one(world: World, case: Complaint) -> None:
    given.step(case, both.decline_mediation(), world.consumer, at(1))
    assert refused(case, session(), world.officer) == "no_consent"
    assert refused(case, mediation.record_session(minutes=TEXT), world.officer) == "no_consent"
    assert refused(case, mediation.suggest_settlement(text=TEXT), world.officer) == "no_consent"
    case = given.step(given.a_complaint(world, status=S.MEDIATING), session(3), world.officer, at(1))
    given.step(case, session(5), world.officer, at(2))
    assert [m.state for m in Matter.objects.filter(complaint=case, kind="session").order_by("pk")] == ["fallen", "open"]
    given.step(case, mediation.record_session(minutes=TEXT), world.officer, at(5))
    assert said(case, "session").state == "done"
    kept = HandlingStep.objects.get(complaint=case, step="record_session").data
    assert (kept["mode"], kept["present"]) == ("site", ["consumer", "enterprise"])


def test_a_recusal_stops_the_sessions_and_is_owed_within_three_working_days(world: World, case: Complaint) -> None:
    due = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION).due_at
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, at(1))
    agreement = mediation.record_agreement(promises=(), text=TEXT)
    for move in (session(), mediation.suggest_settlement(text=TEXT), agreement):
        assert refused(case, move, world.officer) == "recusal_open"
    sixty = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    assert (sixty.state, sixty.due_at) == ("running", due)
    assert Deadline.objects.get(complaint=case, clock=Clock.SUSPENSION).last_day == date(2026, 11, 17)
    given.step(case, mediation.decide_recusal(decision="suspend"), world.actor("head"), at(2))
    assert Deadline.objects.get(complaint=case, clock=Clock.SUSPENSION).last_day == date(2026, 11, 17), "not longer"
    given.step(case, mediation.decide_recusal(decision="refuse", text=TEXT), world.actor("head"), at(3))
    assert (case.status, Deadline.objects.get(complaint=case, clock=Clock.SUSPENSION).state) == (S.MEDIATING, "met")


def test_who_was_named_is_recused_and_decides_mediates_and_signs_no_more(world: World, case: Complaint) -> None:
    """Neither the officer of the case nor whoever is named."""
    given.step(case, both.request_recusal(whom="长试", text=TEXT), world.consumer, at(1))
    assert refused(case, mediation.decide_recusal(decision="grant"), world.actor("head")) == "own_recusal"
    Complaint.objects.filter(pk=case.pk).update(officer=world.rui_officer)
    assert refused(case, mediation.decide_recusal(decision="grant"), world.officer) == "own_recusal"
    case = given.a_complaint(world, status=S.MEDIATING)
    Complaint.objects.filter(pk=case.pk).update(officer=world.rui_officer)
    given.step(case, both.request_recusal(whom="办案的那位", text=TEXT), world.consumer, at(1))
    given.step(case, mediation.decide_recusal(decision="grant"), world.actor("head"), at(2))
    assert reloaded(case).officer is None
    ends = (mediation.record_agreement(promises=(), text=TEXT), ended("other_law"))
    talks = (session(), mediation.record_session(minutes=TEXT), mediation.suggest_settlement(text=TEXT))
    for move in (*talks, *ends, proposals.propose(move=ended("other_law"))):
        assert refused(case, move, world.officer, 2) == "recused", move.step
    again = authority.assign_officer(officer_id=world.rui_officer.pk)
    assert refused(case, again, world.actor("head"), 2) == "recused"
    given.step(case, mediation.record_session(minutes=TEXT), world.actor("head"), at(2))
    case = given.a_complaint(world, status=S.MEDIATING)
    Complaint.objects.filter(pk=case.pk).update(officer=world.head_officer)
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, at(1))
    user = User.objects.create_user(email="third@example.com", password="x" * 20, name="三试", own_phone=a_new_phone())
    third = Officer.objects.create(user=user, authority=world.gulou, role=Role.APPROVER.post)
    given.step(case, mediation.decide_recusal(decision="grant"), actors.officer([third]), at(2))
    assert reloaded(case).officer == world.head_officer
    assert refused(case, mediation.record_session(minutes=TEXT), world.officer, 2) == "recused"
    given.step(case, mediation.record_session(minutes=TEXT), world.actor("head"), at(2))
    case = given.a_complaint(world, status=S.MEDIATING)
    Policy.objects.filter(name="two_persons.terminate").update(number=1)
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, at(1))
    given.step(case, mediation.decide_recusal(decision="grant"), world.actor("head"), at(2))
    given.step(case, proposals.propose(move=ended("other_law")), world.actor("head"), at(2))
    assert refused(case, proposals.approve(), world.officer, 2) == "recused"
    assert said(case, "proposal").state == "open"


def test_an_appraisal_ends_later_stops_the_sixty_days_and_the_rest_is_kept(world: World, case: Complaint) -> None:
    move = mediation.order_appraisal(laboratory="某中心", until=at(1).date(), cost_borne_by="shared")
    assert given.refusal(case, move, world.officer, at(1), WrongInput).field == "until"
    assert Deadline.objects.get(complaint=case, clock=Clock.MEDIATION).derivation["strict_day"] == "2027-01-10"
    move = mediation.order_appraisal(laboratory="某中心", until=at(30).date(), cost_borne_by="shared")
    given.step(case, move, world.officer, at(10))
    paused = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    assert (paused.state, paused.remaining) == ("paused", 50)
    given.step(case, mediation.end_appraisal(result=TEXT), world.officer, at(25))
    running = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    assert (running.state, running.derivation["strict_day"]) == ("running", "2027-01-25")
    assert not Deadline.objects.filter(complaint=case, clock=Clock.SUSPENSION, ended_at=None).exists()


def test_both_say_yes_to_a_suggestion_and_a_new_one_replaces_it(world: World, case: Complaint) -> None:
    past = Promise(kind="apology", what="道歉", due_on="2026-11-01")
    given.refused(case, mediation.suggest_settlement(text=TEXT, promises=[past]), world.officer, at(1), WrongInput)
    given.step(case, mediation.suggest_settlement(text=TEXT), world.officer, at(1))
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, at(2))
    given.step(case, mediation.suggest_settlement(text="另一个方案。"), world.officer, at(3))
    assert mediation.answers_of(said(case, "suggestion")) == {}
    old = Matter.objects.get(complaint=case, kind="suggestion", state="fallen")
    late = mediation.answer_suggestion(agrees=True, matter_id=old.pk)
    assert refused(case, late, world.consumer, 4) == "suggestion_changed"
    assert Matter.objects.filter(complaint=case, kind="suggestion", state="open").count() == 1
    case = given.a_complaint(world, status=S.MEDIATING)
    given.step(case, mediation.suggest_settlement(text=TEXT, promises=[REFUND]), world.officer, at(1))
    assert not Obligation.objects.filter(complaint=case).exists(), "nothing is owed by a suggestion"
    given.step(case, mediation.answer_suggestion(agrees=False), world.consumer, at(2))
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, at(3))
    assert refused(case, mediation.answer_suggestion(agrees=True), world.consumer, 4) == "already_answered"
    assert not mediation.is_agreed(said(case, "suggestion"))
    matter = said(case, "suggestion")
    assert mediation.promises_of(matter)[0].what == REFUND.what
    move = mediation.record_agreement(promises=mediation.promises_of(matter), text=TEXT)
    given.step(case, move, world.officer, at(4))
    assert (case.status, said(case, "suggestion").state) == (S.PERFORMING, "done")
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.stop_negotiating(), world.consumer, at(1))
    given.step(case, authority.accept(), world.officer, at(2))
    given.step(case, both.agree_to_mediation(), world.consumer, at(2))
    given.step(case, both.agree_to_mediation(), world.handler, at(2))
    given.step(case, mediation.suggest_settlement(text=TEXT), world.officer, at(3))
    given.step(case, mediation.answer_suggestion(agrees=True), world.handler, at(3))
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, at(3))
    assert mediation.is_agreed(said(case, "suggestion"))
    assert refused(case, mediation.answer_suggestion(agrees=True), world.stranger, 3) == "not_yours"


def test_a_ground_ends_it_with_its_facts_alone_and_sixty_days_at_their_end(world: World, case: Complaint) -> None:
    grounds = "withdrawn_or_settled party_absent no_agreement_possible no_agreement_on_cost party_gone"
    for ground in grounds.split():
        assert refused(case, ended(ground), world.officer) == "no_such_facts"
    assert refused(case, ended("sixty_days"), world.officer) == "not_sixty_days"
    assert given.step(case, ended("sixty_days"), world.officer, at(62)).outcome == "mediation_terminated"
    suggested = (mediation.suggest_settlement(text=TEXT), world.officer, at(1))
    cost_open = mediation.order_appraisal(laboratory="某中心", until=at(9).date(), cost_borne_by="later")
    for ground, *before in (
        ("withdrawn_or_settled", (both.claim_settled_elsewhere(text=TEXT), world.consumer, at(1))),
        ("party_absent", (both.decline_mediation(), world.consumer, at(1))),
        ("party_absent", (session(1), world.officer, WEDNESDAY + timedelta(hours=1))),
        ("no_agreement_possible", (mediation.record_session(minutes=TEXT), world.officer, at(1))),
        ("no_agreement_possible", suggested, (mediation.answer_suggestion(agrees=False), world.consumer, at(1))),
        ("no_agreement_on_cost", (cost_open, world.officer, at(1))),
    ):
        case = given.a_complaint(world, status=S.MEDIATING)
        for move, actor, moment in before:
            given.step(case, move, actor, moment)
        given.step(case, ended(ground), world.officer, at(2))
        assert (case.outcome, case.reason) == ("mediation_terminated", ground)
        assert Deadline.objects.get(complaint=case, clock=Clock.NOTICE).last_day == date(2026, 11, 24), "7 working days"


TOMORROW = WEDNESDAY + timedelta(days=1)


def handed(case: Complaint, body: MediationBody, world: World) -> Complaint:
    return given.step(case, mediation.delegate_mediation(body_id=body.pk), world.officer, TOMORROW)


def test_a_mediation_is_handed_over_and_taken_back_while_the_sixty_days_run(world: World, case: Complaint) -> None:
    due = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION).due_at
    handed(case, given.a_body(world), world)
    assert given.raised(handed, case, given.a_body(world, name="另一个协会"), world).code == "already_open"
    move = mediation.record_session(minutes="双方到场。", present=("consumer", "body"))
    given.step(case, move, world.officer, TOMORROW)
    given.step(case, mediation.recall_mediation(text="进展慢。"), world.officer, TOMORROW + timedelta(days=9))
    clock = Deadline.objects.get(complaint=case, clock=Clock.MEDIATION)
    assert (clock.state, clock.due_at) == ("running", due)
    assert Matter.objects.get(complaint=case, kind="delegation").state == "done"


def test_it_takes_both_consents_and_a_body_that_may_mediate_here(world: World, case: Complaint) -> None:
    for said in [{"delegated_mediation": False}, {"delegated_mediation": None}, {"mediation_consumer": False}]:
        Complaint.objects.filter(pk=case.pk).update(consents={**case.consents, **said})
        assert given.raised(handed, case, given.a_body(world), world).code == "no_consent"
    case = given.a_complaint(world, status=S.MEDIATING)
    far = world.far_officer.authority
    for columns in (
        {"ends_on": date(2026, 11, 10)},
        {"region": far.region, "authority": far},
        {"enterprise": world.mobile},
        {"name": f"{world.mobile.name}客户联合会"},
    ):
        MediationBody.objects.all().delete()
        with pytest.raises(WrongInput) as caught:
            handed(case, given.a_body(world, **columns), world)
        assert caught.value.field == "body_id"
    case = given.a_complaint(world, status=S.MEDIATING)
    Station.objects.create(code="DJK-01", name="东街口服务站", kind="mall", authority=world.gulou)
    values = {"name": "东街口服务站", "kind": "other", "legal_basis": "登记证", "region": str(world.region.pk)}
    answer = workspace(world.head_officer.user).post("/authority/mediation/bodies/", values | key())
    assert (answer.status_code, "消费维权服务站不能受委托调解" in answer.content.decode()) == (422, True)
    handed(case, given.a_body(world, authority=world.city, region=world.city.region), world)
    assert Matter.objects.get(complaint=case, kind="delegation").data["body"] == "鼓楼区消费者委员会"


def test_the_head_keeps_the_register(world: World) -> None:
    head, officer = workspace(world.head_officer.user), workspace(world.rui)
    values = {"name": "鼓楼区消费者委员会", "kind": "association", "legal_basis": "消费者权益保护法第三十六条"}
    values |= {"region": str(world.region.pk)}
    assert officer.post("/authority/mediation/bodies/", values | key()).status_code == 405
    same = values | key()
    assert head.post("/authority/mediation/bodies/", same).status_code == 302
    assert head.post("/authority/mediation/bodies/", same).status_code == 302
    twice = head.post("/authority/mediation/bodies/", {**values, "legal_basis": "登记证"} | key())
    assert (twice.status_code, "已经登记过" in twice.content.decode()) == (422, True)
    body = MediationBody.objects.get()
    assert "鼓楼区消费者委员会" in officer.get("/authority/mediation/bodies/").content.decode()
    assert head.post("/authority/mediation/bodies/", {**values, "legal_basis": ""} | key()).status_code == 422
    case = case_at(world, S.MEDIATING)
    assert "鼓楼区消费者委员会" in officer.get(f"/authority/cases/{case.number}/delegate/").content.decode()
    assert officer.post(f"/authority/mediation/bodies/{body.pk}/end/", key()).status_code == 404
    far = workspace(world.far_officer.user)
    assert far.post(f"/authority/mediation/bodies/{body.pk}/end/", key()).status_code == 404
    assert head.post(f"/authority/mediation/bodies/{body.pk}/end/", key()).status_code == 302
    mediation_bodies = MediationBody.objects.filter(pk=body.pk)
    mediation_bodies.update(starts_on=None, ends_on=timezone.localdate(now()) - timedelta(days=1))
    assert "名册里没有可以委托的组织" in officer.get(f"/authority/cases/{case.number}/delegate/").content.decode()
