"""Contact data by programs: a second manager agrees, so many a day and no more, and whoever fetches many is noticed."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import SecurityEvent, User
from authorities.models import Policy
from complaints.handling.transition import contact_access
from complaints.models import Complaint
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from enterprises.models import ApiToken, Staff
from tests import given
from tests.api.conftest import Making, Program
from tests.cast import World, a_new_phone

PHONE = "13800000001"


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    return [given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now()) for _ in range(4)]


def seen(program: Program, case: Complaint) -> bool:
    consumer = program.get(f"/complaints/{case.number}/").json()["consumer"]
    assert consumer["is_masked"] is (consumer["phone"] != PHONE)
    return not consumer["is_masked"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def agreed(client: Client, row: ApiToken) -> Any:
    return client.post(f"/enterprise/tokens/{row.pk}/", {"agree": "1", "idempotency_key": uuid.uuid4().hex})


def test_T37_a_token_shows_contact_data_when_a_second_manager_has_agreed(world: World, cases: list[Complaint]) -> None:
    form = {"name": "客服系统", "scopes": ["cases:read", "contact:read"], "days": "90", "addresses": ""}
    lead = signed_in(world.lead)
    alone = form | {"scopes": ["contact:read"], "idempotency_key": uuid.uuid4().hex}
    assert lead.post("/enterprise/tokens/new/", alone).status_code == 422
    page = lead.post("/enterprise/tokens/new/", form | {"idempotency_key": uuid.uuid4().hex}).content.decode()
    program, row = Program(re.findall(r"odr_[A-Za-z0-9_-]{43}", page)[0]), ApiToken.objects.get()
    assert not seen(program, cases[0])
    assert 'name="agree"' not in lead.get(f"/enterprise/tokens/{row.pk}/").content.decode()
    assert agreed(lead, row).status_code == 409
    assert agreed(signed_in(world.ming), row).status_code == 404
    assert not seen(program, cases[0])
    second = User.objects.create_user(
        email="second@example.com", password="x" * 20, name="副主管", own_phone=a_new_phone()
    )
    Staff.objects.create(user=second, enterprise=world.mobile, role=world.lead_staff.role)
    other = signed_in(second)
    assert 'name="agree"' in other.get(f"/enterprise/tokens/{row.pk}/").content.decode()
    assert [agreed(other, row).status_code for _ in range(2)] == [302, 409]
    assert seen(program, cases[0])
    kinds = list(SecurityEvent.objects.filter(subject=row.shown).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["token_made", "token_agreed"]


def test_T37_so_many_a_day_for_a_person_with_programs_and_for_an_enterprise(
    world: World, cases: list[Complaint], program: Making
) -> None:
    Policy.objects.filter(name="contacts_a_day").update(number=2)
    Policy.objects.filter(name="contacts_a_day_enterprise").update(number=3)
    lead = program("lead")
    assert [seen(lead, case) for case in cases] == [True, True, False, False]
    # Another token of the same person, and the person at a screen, have no more.
    assert not seen(program("lead"), cases[3])
    look = contact_access.reveal_contact(reason="look_call")
    with pytest.raises(StepNotAllowed, match="您今天查看的联系方式"):
        given.step(cases[3], look, world.manager, timezone.now())
    # What was shown stays shown; a colleague has the enterprise's last one.
    assert seen(lead, cases[0])
    given.step(cases[2], look, world.handler, timezone.now())
    with pytest.raises(StepNotAllowed, match="贵单位今天"):
        given.step(cases[3], look, world.handler, timezone.now())
    given.step(cases[3], look, world.officer, timezone.now())


def test_T37_an_alarm_for_a_program_that_fetches_many_as_for_a_person(
    world: World, cases: list[Complaint], program: Making, settings: Any
) -> None:
    settings.REVEALS_A_DAY = 2
    for case in cases:
        assert seen(program("lead"), case)
    assert SecurityEvent.objects.get(kind="reveal_alert").person_key == world.lead.person_key
