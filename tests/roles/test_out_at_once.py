"""Who loses a job, an office or the enterprise is out with the next request, whatever the session says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.models import Complaint
from complaints.workflow import Status
from tests import given
from tests.cast import World


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


def test_T11_who_left_the_enterprise_is_out_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = _inside(world.ming)
    address = f"/enterprise/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.ming_staff.ends_on = timezone.localdate() - timedelta(days=1)
    world.ming_staff.save()
    assert client.get(address).status_code == 404


def test_T11_who_left_the_office_is_out_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.REVIEW)
    client = _inside(world.rui)
    address = f"/authority/cases/{case.number}/"
    assert client.get(address).status_code == 200
    world.rui_officer.ends_on = timezone.localdate() - timedelta(days=1)
    world.rui_officer.save()
    assert client.get(address).status_code == 404
    assert client.get("/authority/").status_code == 404


def test_T11_a_new_role_counts_with_the_next_request(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    client = _inside(world.ming)
    note = f"/enterprise/cases/{case.number}/note/"
    assert "idempotency_key" in client.get(note).content.decode()
    world.ming_staff.role = "reviewer"
    world.ming_staff.save()
    assert client.post(note, {"text": "x", "idempotency_key": "roles-0001"}).status_code == 409
