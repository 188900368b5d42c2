"""Two handlers at the same case: one is first, the other is told who and what, and loses no word."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connections

from accounts.models import User
from accounts.roles import Role
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from tests import given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import OFFER, address, send, shown, signed_in
from tests.walls.forms import forms_of

S = Status
NOON = WEDNESDAY + timedelta(hours=3)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def wang(world: World) -> User:
    user = User.objects.create_user("wang@example.com", "a long pass phrase", name="王强")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role=Role.HANDLER.post)
    return user


def opened(client: Any, case: Complaint, step: str) -> str:
    """The version that the form of this step carries."""
    forms = [form for form in forms_of(shown(client.get(address(case, step)))) if "version" in form.values]
    return forms[0].values["version"]


def test_who_comes_second_with_an_acceptance_is_told_who_was_first(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    first, second = signed_in(wang(world)), signed_in(world.ming)
    versions = [opened(client, case, "accept") for client in (first, second)]
    values = {"handler": str(world.ming_staff.pk)}
    assert send(first, address(case, "accept"), values | {"version": versions[0]}).status_code == 302
    answer = send(second, address(case, "accept"), values | {"version": versions[1]})
    assert (answer.status_code, "现在是“协商和解中”" in shown(answer)) == (409, True)
    assert "王强 11月11日 13:00：受理投诉。" in shown(answer)
    assert HandlingStep.objects.filter(complaint=case, step="accept_case").count() == 1
    # The number of the state, the choices: nothing to copy for somebody who comes second with one press.
    assert versions[1] not in shown(answer)
    assert "您写的内容还在" not in shown(answer)


def test_a_step_on_a_case_that_moved_on_waits_for_a_second_look_and_keeps_the_text(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client, text = signed_in(world.ming), "谈了三次，账单的差额谈不拢。"
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过"), world.handler, NOON)
    version = opened(client, case, "failure")
    given.step(case, consumer.add_statement(text="我同意只退一半。"), world.consumer, NOON + timedelta(seconds=1))
    values = {"reason": "no_agreement", "text": text}
    answer = send(client, address(case, "failure"), values | {"version": version})
    assert answer.status_code == 409
    page = shown(answer)
    assert not missing_in(page, "案件刚有变化：消费者 11月11日 13:00：补充说明。", text)
    assert Complaint.objects.get(pk=case.pk).status == S.NEGOTIATING
    # Seen, and sent once more.
    newer = next(form.values["version"] for form in forms_of(page) if "version" in form.values)
    assert newer != version
    assert send(client, address(case, "failure"), values | {"version": newer}).status_code == 302
    assert Complaint.objects.get(pk=case.pk).status == S.REVIEW


def spoken_since(world: World, step: str) -> tuple[Complaint, Any, str]:
    """Ming opened the page of a step; a minute later the consumer wrote."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    version = opened(client, case, step)
    given.step(case, consumer.add_statement(text="我同意只退一半。"), world.consumer, NOON + timedelta(seconds=1))
    return case, client, version


NEWS = "案件刚有变化：消费者 11月11日 13:00：补充说明。"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"anyway": ""}, "还没有与消费者联系的记录"),
        ({"preview": "1"}, "消费者会看到"),
        ({"answer-1": ""}, "还没有答复第1项诉求"),
    ],
)
def test_what_the_offer_lacks_hides_no_news(world: World, said: dict[str, str], what: str) -> None:
    """A page that asks for a second press for another reason tells the news too, and is then sent as it stands."""
    case, client, version = spoken_since(world, "offer")
    answer = send(client, address(case, "offer"), OFFER | said | {"version": version})
    assert answer.status_code == 409
    page = shown(answer)
    assert not missing_in(page, NEWS, what)
    newer = next(form.values["version"] for form in forms_of(page) if "version" in form.values)
    assert send(client, address(case, "offer"), OFFER | {"version": newer}).status_code == 302


@pytest.mark.parametrize(
    ("step", "more"),
    [
        ("offer", {"add": "1"}),
        ("offer", {"use": "1"}),
        ("offer", {"save": "1"}),
        ("request-return", {"search": "1", "q": "移动"}),
    ],
)
def test_a_page_that_is_only_rearranged_keeps_what_its_reader_knew(
    world: World, step: str, more: dict[str, str]
) -> None:
    case, client, version = spoken_since(world, step)
    page = shown(send(client, address(case, step), OFFER | more | {"version": version}))
    assert [form.values["version"] for form in forms_of(page) if "version" in form.values] == [version]
    text = {"text": "号码不是在福州开的户，请转开户地。", "target": "", "reason": "other"}
    answer = send(client, address(case, step), OFFER | text | {"version": version})
    assert (answer.status_code, NEWS in shown(answer)) == (409, True)


def test_a_form_with_a_mistake_tells_the_news_too_and_a_note_is_not_held_up(world: World) -> None:
    case, client, version = spoken_since(world, "failure")
    answer = send(client, address(case, "failure"), {"reason": "", "text": "", "version": version})
    assert (answer.status_code, NEWS in shown(answer)) == (409, True)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.ming)
    version = opened(client, case, "note")
    given.step(case, consumer.add_statement(text="还有一张。"), world.consumer, NOON)
    assert send(client, address(case, "note"), {"text": "已查计费系统。", "version": version}).status_code == 302


def test_two_who_hand_a_case_on_see_each_other(world: World) -> None:
    """Handing on stands in the enterprise's own chain."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    staff = Staff.objects.get(user=wang(world))
    version = opened(signed_in(world.ming), case, "assign")
    with time_machine.travel(NOON + timedelta(seconds=30), tick=False):
        lead = signed_in(world.lead)
        assert send(lead, address(case, "assign"), {"handler": str(staff.pk)}).status_code == 302
        typed = {"handler": str(world.lead_staff.pk), "version": version}
        answer = send(signed_in(world.ming), address(case, "assign"), typed)
    assert (answer.status_code, "主管 11月11日 13:00：" in shown(answer)) == (409, True)
    assert Complaint.objects.get(pk=case.pk).handler_id == staff.pk


@pytest.mark.parametrize(
    "version", ["", "x", "1", "1.", "-1.5", "99999999999999.1", "1.99999999999999", "0.99999999999"]
)
def test_an_odd_version_hinders_nobody(world: World, version: str) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    typed = {"handler": str(world.ming_staff.pk), "version": version}
    answer = send(signed_in(world.ming), address(case, "accept"), typed)
    assert answer.status_code in (302, 409)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_accepts_and_the_other_hears_who_it_was(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    clients = [signed_in(wang(world)), signed_in(world.ming)]
    version, start = opened(clients[0], case, "accept"), Barrier(2)

    def press(client: Any) -> Any:
        try:
            connections["default"].ensure_connection()
            start.wait()
            return send(client, address(case, "accept"), {"handler": str(world.ming_staff.pk), "version": version})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, clients))
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    refused = next(shown(answer) for answer in answers if answer.status_code == 409)
    winner = HandlingStep.objects.select_related("name").get(complaint=case, step="accept_case").name
    assert f"{winner.name} 11月11日 13:00：受理投诉。" in refused
