"""The brake: far more deadlines at once than in any hour of a month wait for two persons."""

import json
from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from accounts.models import Administrator, DecisionPart, User
from complaints import handling
from complaints.handling.transition import brake
from complaints.models import Deadline, HouseEntry
from complaints.record import house
from odr_portal.celery import app
from oversight.portal_state import signs
from tests import given
from tests.cast import World, a_new_phone, somebody
from tests.oversight.looking import page_of

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def administrator(email: str) -> User:
    user = User.objects.create_user(email=email, password="x" * 20, name="系统员", own_phone=a_new_phone())
    Administrator.objects.create(user=user, kind="system", since=timezone.now())
    return user


def lapse_at_once(world: World, number: int) -> None:
    """So many cases wait to be forwarded, and the time for that is over since a minute."""
    now = timezone.now()
    handling.file([given.a_request(world, now=now - DAY)] * number, actor=world.consumer, now=now - DAY)
    waiting = Deadline.objects.filter(clock="forwarding", lapsed_at=None, ended_at=None)
    waiting.update(due_at=now - MINUTE, chase_at=now - MINUTE)


def lapsed() -> int:
    app.tasks["complaints.tasks.sweep_clocks"]()
    return Deadline.objects.filter(clock="forwarding").exclude(lapsed_at=None).count()


LAPSES = "/administration/system/lapses/"


def agrees(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.post(LAPSES, {"idempotency_key": uuid4().hex}, follow=True).content.decode()


def test_far_more_lapses_than_in_any_hour_wait_for_two_persons(world: World) -> None:
    app.loader.import_default_modules()
    lapse_at_once(world, brake.ALWAYS)
    assert lapsed() == brake.ALWAYS
    now = timezone.now()
    Deadline.objects.exclude(lapsed_at=None).update(lapse_written_at=now - 31 * DAY)
    lapse_at_once(world, brake.ALWAYS + 1)
    assert lapsed() == brake.ALWAYS
    assert "lapses_wait" in signs.read(now=now).alarms
    one, other = administrator("one@example.com"), administrator("other@example.com")
    assert LAPSES in page_of(one, "/administration/system/")
    for _ in range(2):
        assert "您已同意" in agrees(one)
        assert lapsed() == brake.ALWAYS, "one person is not two, however often"
    assert "没有在等的" in agrees(other)
    # Those that lapsed first have waited in triage since, each by a clock of its own.
    assert lapsed() == 3 * brake.ALWAYS + 1
    assert "lapses_wait" not in signs.read(now=now).alarms
    assert "没有在等同意的期限" in agrees(other)
    assert {json.loads(entry.body)["by"] for entry in house.entries()} == {str(one.person_key), str(other.person_key)}
    # That was the worst hour now.
    assert not brake.Brake(255, 51, {}).holds
    assert brake.Brake(256, 51, {}).holds


def test_each_brake_is_a_matter_of_its_own(world: World) -> None:
    """Who asked for the last one has asked for nothing of the next, and what was decided then stays written down."""
    lapse_at_once(world, 2 * brake.ALWAYS)
    first, second = timezone.now(), timezone.now() + 25 * 60 * MINUTE
    one, other = somebody(), somebody()
    for now, people in ((first, (one, other)), (second, (other, one))):
        for user in people:
            held = brake.read(now=now)
            assert held.holds
            brake.agree(held, by=user, now=now)
        assert not brake.read(now=now).holds
    parts = DecisionPart.objects.order_by("pk").values_list("matter", "part", "user")
    matters = sorted({matter for matter, _, _ in parts})
    assert [(matters.index(matter), part, user) for matter, part, user in parts] == [
        *((0, "asked", one.pk), (0, "decided", other.pk)),
        *((1, "asked", other.pk), (1, "decided", one.pk)),
    ]


def test_two_persons_agree_to_what_they_saw_and_whoever_has_the_database_alone_to_nothing(world: World) -> None:
    lapse_at_once(world, 2 * brake.ALWAYS)
    now = timezone.now()
    for _ in range(2):
        brake.agree(brake.read(now=now), by=somebody(), now=now)
    assert not brake.read(now=now).holds
    assert brake.read(now=now + 25 * 60 * MINUTE).holds
    lapse_at_once(world, brake.ALWAYS + 1)
    assert brake.read(now=timezone.now()).holds, "more have come than they agreed to"
    before = brake.read(now=now).agreed
    body = house.entries().last().body.replace('"lapses":', '"lapses":9')
    for number in (3, 4):
        said = {"sequence": number, "step": "clock_confirmed", "at": now, "body": body}
        HouseEntry.objects.create(**said, previous_hash=b"", hash=b"x", tag=b"\x01" * 33)
    assert brake.read(now=now).agreed == before
