"""To whom a mediation may be handed (art. 19): the register, who is left out, and what is needed first."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from complaints.handling.steps import mediation
from complaints.models import Complaint, Deadline, Matter
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Clock, Status
from enterprises.models import MediationBody, Station
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_authority import case_at, key, now, workspace

S = Status
TOMORROW = WEDNESDAY + timedelta(days=1)


@pytest.fixture
def case(world: World) -> Complaint:
    return given.a_complaint(world, status=S.MEDIATING)


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


def test_a_body_of_the_authority_above_may_mediate_and_a_service_station_not(world: World, case: Complaint) -> None:
    Station.objects.create(code="DJK-01", name="东街口服务站", kind="mall", authority=world.gulou)
    values = {"name": "东街口服务站", "kind": "other", "legal_basis": "登记证", "region": str(world.region.pk)}
    answer = workspace(world.head_officer.user).post("/authority/mediation/bodies/", values | key())
    assert answer.status_code == 422
    assert "消费维权服务站不能受委托调解" in answer.content.decode()
    handed(case, given.a_body(world, authority=world.city, region=world.city.region), world)
    assert Matter.objects.get(complaint=case, kind="delegation").data["body"] == "鼓楼区消费者委员会"
