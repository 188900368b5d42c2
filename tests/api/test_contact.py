"""Contact data goes to programs that may have it, and each look leaves its trace."""

import json
from datetime import timedelta
from unittest import mock

from django.utils import timezone

from accounts.models import SecurityEvent
from complaints.models import HandlingStep
from complaints.procedure.workflow import LOOK, Status
from tests import given
from tests.api.conftest import Making
from tests.cast import World

PHONE = "13800000001"
WITHOUT = ["cases:read", "cases:write", "files:read"]


def test_without_the_scope_or_after_the_end_the_person_is_masked(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    for who in ("ming", "lead", "rui"):
        shown = program(who, scopes=WITHOUT).get(f"/complaints/{case.number}/").json()
        assert shown["consumer"]["is_masked"] is True
        assert PHONE not in json.dumps(shown)
    assert not HandlingStep.objects.filter(step=LOOK).exists()
    refused = program("ming", scopes=WITHOUT).post(
        f"/complaints/{case.number}/steps/reveal_contact/", {"reason": "look_call"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    case = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    assert PHONE not in program("lead").get(f"/complaints/{case.number}/").content.decode()


def test_after_acceptance_it_is_shown_recorded_once_a_day_and_opens_no_page(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    lead = program("lead")
    assert lead.get(f"/complaints/{case.number}/").json()["consumer"]["is_masked"] is True
    lead.post(f"/complaints/{case.number}/steps/accept_case/", {"handler_id": world.ming_staff.pk})
    for _time in range(3):
        shown = lead.get(f"/complaints/{case.number}/").json()
        assert shown["consumer"]["phone"] == PHONE
    looks = HandlingStep.objects.filter(complaint=case, step=LOOK)
    assert [(look.reason, look.audience) for look in looks] == [("look_program", "parties")]
    assert SecurityEvent.objects.filter(kind="reveal", subject=case.number).count() == 1
    tomorrow = timezone.now() + timedelta(days=1)
    with mock.patch("api.caller.timezone.now", return_value=tomorrow):
        shown = lead.get(f"/complaints/{case.number}/")
    assert shown.json()["consumer"]["phone"] == PHONE, shown.content.decode()
    assert looks.all().count() == 2
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    program("lead").get(f"/complaints/{case.number}/")
    assert program("lead", scopes=WITHOUT).get(f"/complaints/{case.number}/").json()["consumer"]["is_masked"]
