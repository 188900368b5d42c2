"""Contact data is masked for everybody at work; a look needs a reason, lasts a while, and is seen."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import SecurityEvent, User
from complaints.handling.steps import consumer
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

S = Status
PHONE, NAME, STREET = "13800000001", "陈试", "某路1号"


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WEDNESDAY + timedelta(hours=1), tick=False) as clock:
        yield clock


def _seen(page: str) -> set[str]:
    return {word for word in (PHONE, NAME, STREET) if word in page}


def _looks(case: Complaint) -> list[HandlingStep]:
    return list(HandlingStep.objects.filter(complaint=case, step="reveal_contact"))


def test_an_officer_looks_with_other_words_and_every_page_of_staff_is_masked_before(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    base = f"/enterprise/cases/{case.number}/"
    for address in ("/enterprise/queue/", base, f"{base}note/", f"{base}contact/", f"{base}reveal/"):
        for user in (world.ming, world.lead):
            page = signed_in(user).get(address)
            assert page.status_code == 200
            assert not _seen(shown(page)), (address, user.name)
    case = given.a_complaint(world, status=S.REVIEW)
    base = f"/authority/cases/{case.number}/"
    for address in (
        "/authority/",
        "/authority/cases/",
        "/authority/notices/",
        base,
        f"{base}accept/",
        f"{base}refuse/",
        f"{base}reveal/",
    ):
        page = signed_in(world.rui).get(address)
        assert page.status_code == 200, address
        assert not _seen(shown(page)), address
    case = given.a_complaint(world, status=S.TRIAGE)
    for address in ("/authority/triage/", f"/authority/triage/{case.number}/"):
        assert not _seen(shown(signed_in(world.su).get(address))), address
    case = given.a_complaint(world, status=S.REVIEW)
    base, client = f"/authority/cases/{case.number}/", signed_in(world.rui)
    assert send(client, f"{base}reveal/", {"reason": "look_other", "text": ""}).status_code == 422
    assert not _looks(case)
    assert send(client, f"{base}reveal/", {"reason": "look_other", "text": "登记文书地址"}).status_code == 302
    assert _seen(shown(client.get(base))) == {PHONE, NAME, STREET}
    assert "登记文书地址" in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_a_handler_looks_and_it_stands_in_the_record_and_a_former_one_sees_nothing(
    world: World, wednesday: time_machine.Traveller
) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    base, client = f"/enterprise/cases/{case.number}/", signed_in(world.ming)
    before = case.last_event_at
    assert f'href="{base}reveal/"' in shown(client.get(base))
    assert send(client, f"{base}reveal/", {"reason": "look_call", "text": ""}).status_code == 302
    assert _seen(shown(client.get(base))) == {PHONE, NAME, STREET}
    assert not _seen(shown(signed_in(world.lead).get(base)))
    entry = _looks(case)[0]
    assert (entry.audience, entry.reason, entry.from_status) == ("parties", "look_call", entry.to_status)
    assert reloaded(case).last_event_at == before
    assert verify(number=case.number).is_unbroken
    own = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    for text in ("谁看过我的联系方式", "明试", "联系消费者"):
        assert text in own
    wednesday.shift(timedelta(minutes=31))
    assert not _seen(shown(client.get(base)))
    case = given.a_complaint(world, status=S.NEGOTIATING)
    base, client = f"/enterprise/cases/{case.number}/", signed_in(world.ming)
    send(client, f"{base}reveal/", {"reason": "look_call", "text": ""})
    assert _seen(shown(client.get(base)))
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY + timedelta(hours=1))
    assert not _seen(shown(client.get(base)))


@pytest.mark.parametrize(
    ("status", "who"),
    [
        (S.WITH_ENTERPRISE, "handler"),
        (S.WITH_ENTERPRISE, "manager"),
        (S.NEGOTIATING, "stranger"),
        (S.NEGOTIATING, "consumer"),
        (S.REVIEW, "handler"),
        (S.REVIEW, "superior"),
        (S.REVIEW, "far_officer"),
    ],
)
def test_who_need_not_know_is_refused(world: World, status: Status, who: str) -> None:
    case = given.a_complaint(world, status=status)
    with pytest.raises(StepNotAllowed):
        given.step(
            case, contact_access.reveal_contact(reason="look_call"), world.actor(who), WEDNESDAY + timedelta(hours=1)
        )
    assert not _looks(case)
    assert not SecurityEvent.objects.filter(kind="reveal").exists()


def test_a_look_takes_no_undo_away_and_a_refused_one_leaves_no_trace_of_success(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=1))
    move = contact_access.reveal_contact(reason="look_deliver")
    given.step(case, move, world.handler, WEDNESDAY + timedelta(hours=1))
    assert Matter.objects.filter(complaint=case, kind="undo", state="open").exists()
    case = given.a_complaint(world, status=S.NEGOTIATING)
    colleague = User.objects.create_user(email="co@example.com", password="x" * 20, name="同事")
    world.ming_staff.__class__.objects.create(
        user=colleague, enterprise=world.mobile, branch=world.fuzhou, role="handler"
    )
    client: Client = signed_in(colleague)
    base = f"/enterprise/cases/{case.number}/"
    assert "reveal/" not in shown(client.get(base))
    assert send(client, f"{base}reveal/", {"reason": "look_call", "text": ""}).status_code == 409
    assert not _looks(case)


def test_T37_as_many_looks_as_log_rows_and_an_alert_for_who_looks_too_often(world: World, settings: Any) -> None:
    settings.REVEALS_A_DAY = 3
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(5)]
    for case in cases:
        move = contact_access.reveal_contact(reason="look_call")
        given.step(case, move, world.handler, WEDNESDAY + timedelta(hours=1))
    log = SecurityEvent.objects.filter(person_key=world.ming.person_key)
    assert log.filter(kind="reveal").count() == len(cases)
    assert set(log.filter(kind="reveal").values_list("subject", flat=True)) == {case.number for case in cases}
    assert log.get(kind="reveal_alert").subject == str(world.ming.person_key)
    move = contact_access.reveal_contact(reason="look_call")
    given.step(cases[0], move, world.manager, WEDNESDAY + timedelta(hours=1))
    assert SecurityEvent.objects.filter(kind="reveal_alert").count() == 1
