"""Contact data is masked for everybody at work; a look needs a reason, lasts a while, and is seen."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import SecurityEvent, User
from complaints.handling.steps import consumer
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from enterprises.models import Staff
from tests import given, missing_in, reloaded
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


def look(world: World, case: Complaint, who: str = "handler", reason: str = "look_call") -> None:
    given.step(case, contact_access.reveal_contact(reason=reason), world.actor(who), WEDNESDAY + timedelta(hours=1))


def _looks(case: Complaint) -> list[HandlingStep]:
    return list(HandlingStep.objects.filter(complaint=case, step="reveal_contact"))


def test_an_officer_looks_with_other_words_and_every_page_of_staff_is_masked_before(world: World) -> None:
    negotiating, triage, case = (
        given.a_complaint(world, status=status) for status in (S.NEGOTIATING, S.TRIAGE, S.REVIEW)
    )
    base = f"/authority/cases/{case.number}/"
    for users, place, pages in (
        (("ming", "lead"), f"/enterprise/cases/{negotiating.number}/", ("", "note/", "contact/", "reveal/")),
        (("ming", "lead"), "/enterprise/queue/", ("",)),
        (("rui",), base, ("", "accept/", "refuse/", "reveal/")),
        (("rui",), "/authority/", ("", "cases/", "notices/")),
        (("su",), "/authority/triage/", ("", f"{triage.number}/")),
    ):
        for client in (signed_in(getattr(world, user)) for user in users):
            for page in pages:
                answer = client.get(place + page)
                assert (answer.status_code, _seen(shown(answer))) == (200, set()), (place + page, users)
    client = signed_in(world.rui)
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
    assert not missing_in(own, "谁看过我的联系方式", "明试", "联系消费者")
    wednesday.shift(timedelta(minutes=31))
    assert not _seen(shown(client.get(base)))
    send(client, f"{base}reveal/", {"reason": "look_call", "text": ""})
    assert _seen(shown(client.get(base)))
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY + timedelta(hours=1))
    assert not _seen(shown(client.get(base)))


def test_who_need_not_know_is_refused(world: World) -> None:
    for status, whos in (
        (S.WITH_ENTERPRISE, ("handler", "manager")),
        (S.NEGOTIATING, ("stranger", "consumer")),
        (S.REVIEW, ("handler", "superior", "far_officer")),
    ):
        case = given.a_complaint(world, status=status)
        for who in whos:
            with pytest.raises(StepNotAllowed):
                look(world, case, who)
        assert not _looks(case)
    assert not SecurityEvent.objects.filter(kind="reveal").exists()


def test_a_look_takes_no_undo_away_and_a_refused_one_leaves_no_trace_of_success(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=1))
    look(world, case, reason="look_deliver")
    assert Matter.objects.filter(complaint=case, kind="undo", state="open").exists()
    case = given.a_complaint(world, status=S.NEGOTIATING)
    colleague = User.objects.create_user(email="co@example.com", password="x" * 20, name="同事")
    Staff.objects.create(user=colleague, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    client, base = signed_in(colleague), f"/enterprise/cases/{case.number}/"
    assert "reveal/" not in shown(client.get(base))
    assert send(client, f"{base}reveal/", {"reason": "look_call", "text": ""}).status_code == 409
    assert not _looks(case)


def test_T37_as_many_looks_as_log_rows_and_an_alert_for_who_looks_too_often(world: World, settings: Any) -> None:
    settings.REVEALS_A_DAY = 3
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(5)]
    for case in cases:
        look(world, case)
    log = SecurityEvent.objects.filter(person_key=world.ming.person_key)
    assert sorted(row.subject for row in log.filter(kind="reveal")) == sorted(case.number for case in cases)
    assert log.get(kind="reveal_alert").subject == str(world.ming.person_key)
    look(world, cases[0], "manager")
    assert SecurityEvent.objects.filter(kind="reveal_alert").count() == 1
