"""What /healthz says of work that waits: counts and ages, and an alarm after the minutes of the policy."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints import handling
from complaints.models import Complaint, Deadline, Heartbeat, Notice
from complaints.notices import delivery
from complaints.procedure.workflow import Status
from tests.cast import World
from tests.given import a_complaint, filed

QUEUES = {"filed cases", "due clocks", "notices", "files to scan"}


def health(client: Client) -> dict[str, Any]:
    for name in ("beat", "watch"):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})
    answer = client.get("/healthz")
    assert answer.status_code == 200
    return answer.json()


def ago(minutes: int) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def test_nothing_waits(client: Client, world: World) -> None:
    given = health(client)
    assert (given["status"], given["notes"]) == ("ok", [])
    assert given["waiting"] == {name: {"count": 0, "age": 0} for name in QUEUES}


@pytest.mark.parametrize(("minutes", "status"), [(14, "ok"), (16, "degraded")])
def test_a_filed_case_may_wait_as_long_as_the_policy_says(
    client: Client, world: World, minutes: int, status: str
) -> None:
    filed(world, now=ago(minutes))
    delivery.sweep_notices(now=timezone.now())
    given = health(client)
    assert given["status"] == status
    assert given["notes"] == (["filed cases wait too long"] if status == "degraded" else [])
    assert given["waiting"]["filed cases"]["count"] == 1
    assert minutes * 60 <= given["waiting"]["filed cases"]["age"] < minutes * 60 + 60


@pytest.mark.parametrize(("minutes", "status"), [(14, "ok"), (16, "degraded")])
def test_so_may_a_clock_that_nobody_looked_at(client: Client, world: World, minutes: int, status: str) -> None:
    case = a_complaint(world, status=Status.NEGOTIATING, now=ago(30))
    delivery.sweep_notices(now=timezone.now())
    Deadline.objects.filter(complaint=case, clock="negotiation").update(chase_at=ago(minutes))
    assert health(client)["notes"] == (["due clocks wait too long"] if status == "degraded" else [])
    handling.sweep_clocks(now=timezone.now())
    assert health(client)["waiting"]["due clocks"]["count"] == 0


@pytest.mark.parametrize("state", ["queued", "leased", "sent", "set_aside"])
def test_so_may_a_notice_and_what_was_set_aside_waits_for_a_person(client: Client, world: World, state: str) -> None:
    a_complaint(world, status=Status.WITH_ENTERPRISE, now=ago(20))
    assert Notice.objects.update(state=state)
    given = health(client)["notes"]
    assert given == (["notices wait too long"] if state in ("queued", "leased") else [])


def test_a_notice_for_tomorrow_does_not_wait(client: Client, world: World) -> None:
    a_complaint(world, status=Status.WITH_ENTERPRISE, now=ago(20))
    Notice.objects.update(send_after=timezone.now() + timedelta(days=1))
    assert health(client)["waiting"]["notices"]["count"] == 0


def test_it_tells_nothing_of_a_case(client: Client, world: World) -> None:
    case = filed(world, now=ago(20))
    text = client.get("/healthz").content.decode()
    for word in (case.number, case.item_name, "13800000001", "陈试"):
        assert word not in text
    assert Complaint.objects.count() == 1


def test_what_was_set_aside_is_counted(client: Client, world: World) -> None:
    a_complaint(world, status=Status.WITH_ENTERPRISE, now=ago(20))
    assert health(client)["notices set aside"] == 0
    number = Notice.objects.update(state="set_aside", last_error="no_address")
    assert health(client)["notices set aside"] == number > 0
