"""Who loses a job, an office or the enterprise is out with the next request, whatever the session says."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Administrator, User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.api.conftest import Program, token_for
from tests.cast import WEDNESDAY, World


def _inside(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.mark.parametrize("enrolment", ["suspended", "ended"])
def test_T11_staff_of_a_suspended_or_ended_enterprise_are_out_with_the_next_request(
    world: World, enrolment: str
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = _inside(world.ming)
    address = f"/enterprise/cases/{case.number}/"
    assert client.get(address).status_code == 200
    assert client.get("/enterprise/queue/").status_code == 200
    world.mobile.enrolment = enrolment
    world.mobile.ended_on = timezone.localdate()
    world.mobile.save()
    assert client.get(address).status_code == 404
    assert client.get("/enterprise/queue/").status_code == 404
    assert client.get(f"/cases/{case.number}/").status_code == 404
    assert not Complaint.objects.visible_to(world.ming).exists()
    world.mobile.enrolment = "enrolled"
    world.mobile.ended_on = None
    world.mobile.save()
    assert client.get(address).status_code == 200


def test_T11_who_left_the_office_or_the_enterprise_or_has_a_new_role_is_so_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    client = _inside(world.rui)
    address = f"/authority/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.rui_officer.ends_on = timezone.localdate() - timedelta(days=1)
    world.rui_officer.save()
    assert client.get(address).status_code == 404
    assert client.get("/authority/").status_code == 404
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = _inside(world.ming)
    note = f"/enterprise/cases/{case.number}/note/"
    assert "idempotency_key" in client.get(note).content.decode()
    world.ming_staff.role = "reviewer"
    world.ming_staff.save()
    assert client.post(note, {"text": "x", "idempotency_key": "roles-0001"}).status_code == 409
    address = f"/enterprise/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.ming_staff.ends_on = timezone.localdate() - timedelta(days=1)
    world.ming_staff.save()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("what", ["suspended", "ended", "left", "switched_off"])
def test_T11_programs_are_out_with_the_next_call(world: World, what: str) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    program = Program(token_for(world.ming, world=world, place="enterprise").secret)
    assert program.get(f"/complaints/{case.number}/").status_code == 200
    if what == "left":
        world.ming_staff.ends_on = timezone.localdate() - timedelta(days=1)
        world.ming_staff.save()
    elif what == "switched_off":
        User.objects.filter(pk=world.ming.pk).update(is_active=False)
    else:
        world.mobile.enrolment, world.mobile.ended_on = what, timezone.localdate()
        world.mobile.save()
    assert program.get(f"/complaints/{case.number}/").status_code == 401
    assert program.post(f"/complaints/{case.number}/steps/add_internal_note/", {"text": "x"}).status_code == 401


def test_T13_a_program_of_an_administrator_reads_no_case(world: World) -> None:
    keeper = User.objects.create_user(email="keeper@example.com", password="x" * 20, name="管试")
    Administrator.objects.create(user=keeper, kind="audit", since=WEDNESDAY)
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    program = Program(token_for(keeper, world=world).secret)
    assert program.get(f"/complaints/{case.number}/").status_code in (403, 404)
    assert case.number not in program.get("/complaints/").content.decode()
