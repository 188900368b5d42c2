"""Who sees what at the enterprise's side: strangers 404 everywhere, former ones only their own time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from complaints.handling.steps import authority, consumer, enterprise
from complaints.handling.transition import contact_access
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Staff
from tests import found_in, given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import address, send, shown, signed_in

S = Status
LATER = WEDNESDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


def test_another_branch_sees_nothing_and_headquarters_all_masked_and_an_ended_job_opens_nothing(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    other = Branch.objects.create(enterprise=world.mobile, name="中国移动别处分公司")
    away = User.objects.create_user(email="away@example.com", password="x" * 20, name="别处")
    Staff.objects.create(user=away, enterprise=world.mobile, branch=other, role="handler")
    client = signed_in(away)
    assert client.get(address(case)).status_code == 404
    assert case.number not in shown(client.get("/enterprise/queue/"))
    assert client.get("/enterprise/queue/").status_code == 200
    head = signed_in(world.lead)
    assert head.get(address(case)).status_code == 200
    assert case.number in shown(head.get("/enterprise/queue/"))
    page = shown(signed_in(world.ming).get("/enterprise/queue/"))
    assert "陈**" in page
    assert not found_in(page, "陈试", "13800000001")
    world.ming_staff.ends_on = WEDNESDAY.date()
    world.ming_staff.save(update_fields=["ends_on"])
    assert signed_in(world.ming).get(address(case)).status_code == 404
    assert signed_in(world.ming).get("/enterprise/queue/").status_code == 404


def test_the_number_is_masked_before_acceptance_and_for_others_and_who_files_is_no_party(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    page = shown(signed_in(world.ming).get(address(case)))
    assert not found_in(page, "13800000001", "陈试")
    assert "陈**" in page
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, LATER)
    assert "13800000001" not in shown(signed_in(world.ming).get(address(case)))
    given.step(case, contact_access.reveal_contact(reason="look_call"), world.handler, LATER)
    assert "13800000001" in shown(signed_in(world.ming).get(address(case)))
    colleague = User.objects.create_user(email="co@example.com", password="x" * 20, name="同事")
    Staff.objects.create(user=colleague, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    assert "13800000001" not in shown(signed_in(colleague).get(address(case)))
    # Hua complains about the other carrier as a consumer: at her own desk it is not there.
    case = given.filed(world, consumer_id=world.hua.pk)
    client = signed_in(world.hua)
    assert client.get(address(case)).status_code == 404
    assert case.number not in shown(client.get("/enterprise/queue/"))


def test_a_former_enterprise_reads_its_own_time_without_contact_and_nothing_of_the_next_one(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY + timedelta(hours=2))
    given.step(case, authority.return_to_intake(text="应由另一家答复。"), world.officer, WEDNESDAY + timedelta(hours=3))
    case.consents = {**case.consents, "entities": [world.telecom.pk]}
    case.save(update_fields=["consents"])
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, move, world.intake, WEDNESDAY + timedelta(hours=4))
    move = enterprise.accept_case(handler_id=world.hua_staff.pk)
    given.step(case, move, world.stranger, WEDNESDAY + timedelta(hours=5))
    client = signed_in(world.ming)
    page = shown(client.get(address(case)))
    assert "已不由贵单位办理" in page
    assert "三个月合计全部退还" not in page.split("已不由贵单位办理")[0]
    assert not found_in(page, "13800000001", "138****0001", "陈试", "华试", "可以做的步骤")
    assert case.number not in shown(client.get("/enterprise/queue/"))
    assert case.number in shown(client.get("/enterprise/queue/?view=past"))
    typed = {"text": "还想说一句话。", "channel": "phone", "reached": "yes", "note": "谈过"}
    for slug in ("contact", "offer", "return", "concern"):
        assert client.get(address(case, slug)).status_code == 302
        response = send(client, address(case, slug), typed | {"reason": "other", "target": "none"})
        assert response.status_code == 409
    assert signed_in(world.hua).get(address(case)).status_code == 200
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是我们的用户。"), world.handler, WEDNESDAY)
    case.consents = {**case.consents, "entities": [world.telecom.pk]}
    case.save(update_fields=["consents"])
    move = authority.forward(enterprise_id=world.telecom.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, move, world.intake, WEDNESDAY + timedelta(hours=1))
    move = enterprise.accept_case(handler_id=world.hua_staff.pk)
    given.step(case, move, world.stranger, WEDNESDAY + timedelta(hours=2))

    page = shown(signed_in(world.ming).get("/enterprise/queue/?view=past"))
    assert case.number in page
    assert not found_in(page, "华试", "协商中")
    assert "已退回" in page
    # Nor on its own page of the case: who answers now, how much was written since.
    own = shown(signed_in(world.ming).get(address(case)))
    assert "共3条" in own
    assert world.telecom.name not in own
    for who in ("mine", "none"):
        assert case.number not in shown(signed_in(world.ming).get(f"/enterprise/queue/?view=past&handler={who}"))
