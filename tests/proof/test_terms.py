"""Three years after the last case was closed a person is erased without asking, by the nightly sweep."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import security_log
from accounts.keys import keyring
from accounts.models import PersonKey, SecurityEvent, User
from complaints.handling.transition import brake
from complaints.models import Complaint, Heartbeat, Participant
from complaints.privacy import erasing, holds, terms
from complaints.procedure.workflow import Status
from complaints.record import clock, house
from oversight.portal_state import signs
from tests import given
from tests.cast import WEDNESDAY, World, somebody
from tests.proof.test_brake import LAPSES, administrator

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LONG_AGO = WEDNESDAY - 40 * DAY


def closed(world: World) -> Complaint:
    """A case of somebody who has not been here since."""
    case = given.a_complaint(world, status=Status.CLOSED)
    User.objects.update(created_at=LONG_AGO)
    return case


def another(case: Complaint) -> None:
    """The case becomes that of another account."""
    user = User.objects.create_user(f"{uuid4().hex}@example.org", "a long pass phrase")
    Complaint.objects.filter(pk=case.pk).update(consumer=user, consumer_key=user.person_key)
    User.objects.filter(pk=user.pk).update(created_at=LONG_AGO)


def over(case: Complaint) -> datetime:
    assert case.closed_at is not None
    return case.closed_at + 1096 * DAY


def erased() -> set[Any]:
    return set(PersonKey.objects.filter(destroyed_at__isnull=False).values_list("pk", flat=True))


def test_who_never_asked_is_erased_on_the_day_the_term_is_over_and_not_before(world: World) -> None:
    case = closed(world)
    now = over(case)
    assert erasing.erase_due(now=now - timedelta(seconds=1), limit=9) == 0
    assert erased() == set()
    assert erasing.erase_due(now=now, limit=9) == 1
    assert erased() == {world.chen.person_key, case.case_key}
    assert {entry.data["reason"] for entry in house.entries("erased")} == {"term_over"}
    assert User.objects.get(pk=world.chen.pk).phone is None
    assert given.stands(case)
    assert erasing.erase_due(now=now + DAY, limit=9) == 0


def test_without_an_account_the_key_of_the_case_counts_and_who_was_only_asked_to_join_goes_too(world: World) -> None:
    case = closed(world)
    key = uuid4()
    Complaint.objects.filter(pk=case.pk).update(consumer=None, consumer_key=key)
    keyring.secrets_of([key], make=True)
    guest = {"name": "欧托", "phone": "+8613800000009"}
    row = Participant.objects.create(complaint=case, ordinal=1, kind="joint", state=Participant.ASKED, **guest)
    assert erasing.erase_due(now=over(case) - DAY, limit=9) == 0
    assert erasing.erase_due(now=over(case), limit=9) == 2
    assert erased() >= {key, row.person_key, case.case_key}
    assert not PersonKey.objects.filter(pk=world.chen.person_key, destroyed_at__isnull=False).exists()


def still_open(case: Complaint, world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)


def closed_later(case: Complaint, world: World) -> None:
    other = given.a_complaint(world, status=Status.CLOSED)
    Complaint.objects.filter(pk=other.pk).update(closed_at=over(case) - DAY)


def takes_part_elsewhere(case: Complaint, world: World) -> None:
    other = given.a_complaint(world, status=Status.NEGOTIATING)
    another(other)
    mine = {"person": world.chen, "person_key": world.chen.person_key, "name": "陈试", "phone": "+8613800000001"}
    Participant.objects.create(complaint=other, ordinal=1, kind="joint", state=Participant.JOINED, **mine)


def signed_in_since(case: Complaint, world: World) -> None:
    User.objects.filter(pk=world.chen.pk).update(last_login=over(case) - 1095 * DAY)


def works(case: Complaint, world: World) -> None:
    Complaint.objects.filter(pk=case.pk).update(consumer=world.ming, consumer_key=world.ming.person_key)


def is_held(case: Complaint, world: World) -> None:
    now = over(case)
    for person in (somebody(), somebody()):
        holds.ask(subject=case.number, ground="suit", until=(now + 99 * DAY).date(), by=person, now=now)


def asked_for_later(case: Complaint, world: World) -> None:
    keyring.restrict([world.chen.person_key], until=over(case) + DAY, now=over(case) - 9 * DAY)


REASONS = (still_open, closed_later, takes_part_elsewhere, signed_in_since, works, is_held, asked_for_later)


@pytest.mark.parametrize("why", REASONS)
def test_who_has_a_reason_to_stay_is_not_erased(world: World, why: Any) -> None:
    case = closed(world)
    why(case, world)
    assert erasing.erase_due(now=over(case), limit=9) == 0
    assert erased() == set()


def test_by_a_clock_in_doubt_nobody_is_erased(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = closed(world)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "time_may_act", lambda: False)
        assert erasing.erase_due(now=over(case), limit=9) == 0
    assert erased() == set()
    assert erasing.erase_due(now=over(case), limit=9) == 1


def three(world: World) -> list[Complaint]:
    cases = [closed(world) for _ in range(3)]
    for case in cases[1:]:
        another(case)
    for case in cases:
        case.refresh_from_db()
    return cases


def test_a_sweep_that_is_killed_in_the_middle_goes_on_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = three(world)
    now = max(over(case) for case in cases)
    written = []

    def killed(*args: Any, **options: Any) -> None:
        written.append(options)
        if len(written) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(security_log, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.sweep_expired(now=now)
    done = erased()
    assert len(done) == 2, "one person and the case, and nothing of the second"
    assert not Heartbeat.objects.filter(name=erasing.MARK).exists()
    erasing.sweep_expired(now=now)
    assert erased() == {key for case in cases for key in (case.consumer_key, case.case_key)}
    told = [entry.data["key"] for entry in house.entries("erased")]
    assert len(told) == len(set(told)) == 6
    assert all(given.stands(case) for case in cases)


def test_unusually_many_wait_for_two_persons(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "ALWAYS", 2)
    cases = three(world)
    with time_machine.travel(max(over(case) for case in cases) + DAY, tick=False):
        now = timezone.now()
        erasing.sweep_expired(now=now)
        assert erased() == set()
        assert "erasures_wait" in signs.read(now=now).alarms
        assert set(signs.read(now=now).beats) <= {"beat", "watch"}
        one, other = administrator("one@example.com"), administrator("other@example.com")
        for person in (one, one, other):
            assert erased() == set()
            client = Client()
            client.force_login(person)
            page = client.get(LAPSES).content.decode()
            assert "现在会销毁信息的人" in page
            client.post(LAPSES, {"idempotency_key": uuid4().hex, "what": "erasures"}, follow=True)
            erasing.sweep_expired(now=now)
        assert len(erased()) == 6
        assert "erasures_wait" not in signs.read(now=now).alarms
        said = [json.loads(entry.body) for entry in house.entries("clock_confirmed")]
        assert {entry["by"] for entry in said} == {str(one.person_key), str(other.person_key)}
        assert terms.read_brake(now=now).cases == 0
    # That was the worst day now.
    worst = SecurityEvent.objects.filter(kind="person_erased").count()
    assert not brake.Brake(5 * worst, worst, frozenset(), what="erasures").holds
    assert brake.Brake(5 * worst + 1, worst, frozenset(), what="erasures").holds


def test_to_look_whose_term_is_over_takes_the_same_statements_for_nobody_and_for_many_and_compares_no_pairs(
    world: World,
) -> None:
    cases = three(world)

    def looked(now: datetime) -> tuple[int, list[Any]]:
        with CaptureQueriesContext(connection) as seen:
            assert terms.may_erase(now=now)
            people = list(terms.over(now=now))
        return len(seen), people

    last = max(over(case) for case in cases)
    looked(last)
    assert looked(last - 9 * DAY) == (10, [])
    statements, people = looked(last)
    assert (statements, len(people)) == (10, 3)
    # Each of the people with each who takes part somewhere: 350 s for 40,000 of these (docs/performance.md).
    with connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
        cursor.execute("explain " + terms._OVER.format(what="count(*)"), {"before": last})
        assert not [line for (line,) in cursor.fetchall() if "Nested Loop" in line]


def test_the_page_of_ones_data_tells_until_when_they_are_kept(world: World) -> None:
    client = Client()
    closed(world)
    now = WEDNESDAY + 9 * DAY
    with time_machine.travel(now, tick=False):
        client.force_login(world.chen)
        page = client.get("/account/privacy/").content.decode()
    until = timezone.localdate(now + 1096 * DAY)
    assert "到期自动销毁" in page
    assert f"{until.year}年{until.month}月{until.day}日" in page
    given.a_complaint(world, status=Status.NEGOTIATING)
    with time_machine.travel(now, tick=False):
        assert "到期自动销毁" not in client.get("/account/privacy/").content.decode()
