"""A legal hold keeps what a term, a wish or a sweep would destroy: two persons say so, and nobody with the database
alone does."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.keys import keyring
from accounts.models import Administrator, PersonKey, User
from complaints.models import Complaint, HouseEntry
from complaints.privacy import erasing, holds, my_data
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Status
from complaints.record import house
from oversight.portal_state import signs
from tests import given
from tests.cast import WEDNESDAY, World, a_new_phone, somebody
from tests.walls.conftest import seeing_as

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PAGE = "/administration/holds/"
OVER = WEDNESDAY + 1200 * DAY


def closed(world: World) -> Complaint:
    return given.a_complaint(world, status=Status.CLOSED)


def held(case: Complaint, *, now=OVER, subject: str = "", days: int = 300) -> holds.Hold:  # type: ignore[no-untyped-def]
    said = {"subject": subject or case.number, "ground": "suit", "until": (now + days * DAY).date()}
    for person in (somebody(), somebody()):
        hold = holds.ask(**said, by=person, now=now)
    return hold


@pytest.mark.parametrize("by", ["case", "person"])
def test_a_hold_stops_erasing_until_it_ends_or_two_persons_end_it(world: World, by: str) -> None:
    case = closed(world)
    hold = held(case, subject=str(case.consumer_key) if by == "person" else "")
    with pytest.raises(StepNotAllowed, match=f"a hold \\(suit\\) stands until {hold.until}"):
        erasing.erase(case.consumer_key, now=OVER)
    with pytest.raises(StepNotAllowed):
        erasing.ask(case.consumer_key, now=OVER, reason="by_command")
    one = somebody()
    holds.release(hold.name, by=one, now=OVER)
    with pytest.raises(StepNotAllowed, match="另一位人员"):
        holds.release(hold.name, by=one, now=OVER)
    with pytest.raises(StepNotAllowed, match="a hold"):
        erasing.erase(case.consumer_key, now=OVER)
    holds.release(hold.name, by=somebody(), now=OVER)
    with pytest.raises(StepNotAllowed, match="已经结束"):
        holds.release(hold.name, by=somebody(), now=OVER)
    again = held(case)
    erasing_day = OVER + 302 * DAY
    assert again.until < erasing_day.date()
    erasing.erase(case.consumer_key, now=erasing_day)
    assert not keyring.secrets_of([case.consumer_key])


def test_what_was_restricted_is_shown_for_a_hold_and_restricted_again_after_it(world: World) -> None:
    case = closed(world)
    asked_at = WEDNESDAY + 30 * DAY
    until = erasing.ask(case.consumer_key, now=asked_at, reason="by_command")
    keys = {case.consumer_key, case.case_key}

    def shown() -> set[object]:
        with seeing_as(world.ming):
            return set(keyring.secrets_of(keys, hold=False))

    assert shown() == set()
    said = {"subject": case.number, "ground": "police", "until": (asked_at + 200 * DAY).date()}
    holds.ask(**said, by=somebody(), now=asked_at)
    assert shown() == set()
    holds.ask(**said, by=somebody(), now=asked_at)
    keyring.forget()
    assert shown() == keys
    assert holds.restrict_again(now=asked_at + 199 * DAY) == 0
    assert holds.restrict_again(now=asked_at + 202 * DAY) == 2
    keyring.forget()
    assert shown() == set()
    assert set(PersonKey.objects.filter(pk__in=keys).values_list("destroy_after", flat=True)) == {until}
    assert erasing.erase_due(now=until + DAY, limit=9) == 1


def test_a_hold_on_one_case_shows_nothing_of_the_other_cases_of_its_consumer(world: World) -> None:
    case, other = closed(world), closed(world)
    person, asked_at = case.consumer_key, WEDNESDAY + 30 * DAY
    assert other.consumer_key == person
    erasing.ask(person, now=asked_at, reason="by_command")

    def shown() -> set[object]:
        keyring.forget()
        with seeing_as(world.ming):
            return set(keyring.secrets_of({person, case.case_key, other.case_key}, hold=False))

    held(case, now=asked_at)
    assert shown() == {case.case_key}
    with pytest.raises(StepNotAllowed, match="a hold"):
        erasing.erase(person, now=asked_at + DAY)
    # One person alone shows nothing, two do.
    said = {"subject": str(person), "ground": "police", "until": (asked_at + 9 * DAY).date()}
    holds.ask(**said, by=somebody(), now=asked_at)
    assert shown() == {case.case_key}
    holds.ask(**said, by=somebody(), now=asked_at)
    assert shown() == {person, case.case_key, other.case_key}
    assert holds.restrict_again(now=asked_at + 10 * DAY) == 2
    assert shown() == {case.case_key}


def test_an_account_that_is_closed_under_a_hold_is_restricted_but_for_what_is_held(world: World) -> None:
    case, other = closed(world), closed(world)
    held(case, now=WEDNESDAY + 30 * DAY)
    my_data.close_account(world.chen, now=WEDNESDAY + 30 * DAY)
    restricted = PersonKey.objects.filter(restricted_at__isnull=False).values_list("pk", flat=True)
    assert set(restricted) == {case.consumer_key, other.case_key}


def test_one_person_keeps_for_a_week_and_what_nobody_with_a_key_wrote_is_no_hold(world: World) -> None:
    case = closed(world)
    said = {"subject": case.number, "ground": "audit", "until": (OVER + 100 * DAY).date()}
    one = somebody()
    holds.ask(**said, by=one, now=OVER)
    with pytest.raises(StepNotAllowed, match="另一位人员"):
        holds.ask(**said, by=one, now=OVER)
    with pytest.raises(StepNotAllowed, match="a hold"):
        erasing.erase(case.consumer_key, now=OVER + 6 * DAY)
    (entry,) = house.entries("hold")
    # Whoever has the database alone makes a second person of the first.
    body = entry.body.replace(str(one.person_key), str(uuid4())).replace('"sequence":1', '"sequence":2')
    planted = {"sequence": entry.sequence + 1, "step": "hold", "at": OVER, "body": body}
    HouseEntry.objects.create(**planted, previous_hash=entry.hash, hash=b"x" * 32, tag=entry.tag)
    assert json.loads(body)["by"] != str(one.person_key)
    assert [hold.is_agreed for hold in holds.standing(now=OVER)] == [False]
    # What one person asked for is over after a week: it counts no more, and may be asked for again.
    again = OVER + 8 * DAY
    holds.ask(**said, by=one, now=again)
    assert [hold.is_agreed for hold in holds.standing(now=again)] == [False]
    holds.ask(**said, by=somebody(), now=again + 8 * DAY)
    assert [hold.is_agreed for hold in holds.standing(now=again + 8 * DAY)] == [False]
    erasing.erase(case.consumer_key, now=again + 16 * DAY)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("subject", {"subject": "20261111-000000000000-0"}),
        ("subject", {"subject": str(uuid4())}),
        ("ground", {"ground": "curiosity"}),
        ("until", {"until": OVER.date()}),
        ("until", {"until": (OVER + 368 * DAY).date()}),
    ],
)
def test_bad_input_is_named_by_its_field(world: World, field: str, changed: dict[str, object]) -> None:
    said = {"subject": closed(world).number, "ground": "suit", "until": (OVER + DAY).date()}
    with pytest.raises(WrongInput) as refused:
        holds.ask(**said | changed, by=somebody(), now=OVER)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not house.entries().exists()


def administrator(kind: str) -> Client:
    user = User.objects.create_user(
        email=f"{kind}@example.com", password="x" * 20, name="管理员", own_phone=a_new_phone()
    )
    Administrator.objects.create(user=user, kind=kind, since=WEDNESDAY)
    client = Client()
    client.force_login(user)
    return client


def test_two_administrators_place_a_hold_on_its_page_are_warned_and_end_it(world: World) -> None:
    case = closed(world)
    with time_machine.travel(WEDNESDAY + DAY, tick=False):
        security, audit, system = (administrator(kind) for kind in ("security", "audit", "system"))
        assert system.get(PAGE).status_code in (403, 404)
        typed = {"subject": case.number.lower(), "ground": "suit", "until": "2027-03-01"}
        wrong = security.post(PAGE, typed | {"until": "2029-01-01", "idempotency_key": uuid4().hex})
        assert (wrong.status_code, "一年以内" in wrong.content.decode()) == (422, True)
        answer = security.post(PAGE, typed | {"idempotency_key": uuid4().hex}, follow=True).content.decode()
        assert "还要另一个人同意" in answer
        assert case.number in answer
        (hold,) = holds.standing(now=WEDNESDAY + DAY)
        agree = {"hold": hold.name, "does": "agree", "idempotency_key": uuid4().hex}
        assert "两个人已同意" in audit.post(PAGE, agree, follow=True).content.decode()
        assert "holds_end" not in signs.read(now=WEDNESDAY + DAY).alarms
    with time_machine.travel(hold_warned := WEDNESDAY + 100 * DAY, tick=False):
        assert "holds_end" in signs.read(now=hold_warned).alarms
        security, audit = (Client() for _ in range(2))
        for client, kind in ((security, "security"), (audit, "audit")):
            client.force_login(Administrator.objects.get(kind=kind).user)
            end = {"hold": hold.name, "does": "release", "idempotency_key": uuid4().hex}
            answer = client.post(PAGE, end, follow=True)
        assert "没有保全" in answer.content.decode()
        assert "Legal holds" in client.get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert [entry.step for entry in house.entries()] == ["hold", "hold", "released", "released"]
