"""A person is erased: name, phone and marked words are on no page where he stood and in no table, opened with every key
that is left; and the record still verifies."""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.keys import keyring
from accounts.keys.sealed_fields import SealedText, load_for
from accounts.models import PersonKey, User
from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints.desks.case_search import matching
from complaints.handling.steps import consumer
from complaints.models import Complaint, Evidence, HandlingStep, Participant, PersonalText
from complaints.models.record import with_salt
from complaints.parties import actors
from complaints.privacy import erasing
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status as S
from complaints.record import house, record
from enterprises.models import Staff
from odr_portal.processes import embedded
from tests import given, reloaded
from tests.accounts.keys.test_dump import dump, filed, handled
from tests.canaries import CANARIES, PHONE, seen
from tests.cast import WEDNESDAY, World
from tests.complaints.filing.conftest import Town, town
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.server import as_owner
from tests.walls.conftest import seeing_as

__all__ = ["town"]
pytestmark = pytest.mark.django_db(transaction=True)

case_keys = import_module("complaints.migrations.0017_case_keys")
#: Names of those who work; they are erased by themselves.
OTHERS = ("staff name", "officer name")
WORDS = [(name, text) for name, text in CANARIES.items() if name not in OTHERS]
LATER = timedelta(days=1200)


def at_work(town: Town) -> tuple[Staff, Officer]:
    workforce, office = (
        User.objects.create_user(f"canary.{side}@example.net", "a long pass phrase", name=CANARIES[f"{side} name"])
        for side in ("staff", "officer")
    )
    place = {"enterprise": town.carrier, "branch": town.branch, "role": Role.HANDLER.post}
    carrier = Staff.objects.create(user=workforce, **place)
    county = Authority.objects.get(name="鼓楼区测试局")
    return carrier, Officer.objects.create(user=office, authority=county, role=Role.OFFICER.post)


def closed(case: Complaint) -> None:
    move = consumer.withdraw(reason=next(iter(consumer.WITHDRAW_REASONS)))
    given.step(case, move, actors.consumer(case.consumer), timezone.now() + timedelta(minutes=5))


def opened() -> Iterator[tuple[str, str]]:
    """(table and column, text) of every sealed value that any key opens: those of people, of cases and the portal's."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, SealedText)]
        if not fields:
            continue
        rows = list(model._default_manager.all())
        load_for(rows)
        for row in rows:
            for field in fields:
                yield f"{model._meta.db_table}.{field.column}", str(getattr(row, field.attname) or "")


def states() -> Iterator[tuple[str, str]]:
    """What entries carry of the state of their cases, opened with the entry keys."""
    for step in HandlingStep.objects.exclude(state=b"").select_related("complaint"):
        place = {"number": step.complaint.number, "audience": step.audience, "sequence": step.sequence}
        yield "complaints_handlingstep.state", record.canonical(record.open_state(bytes(step.state), **place))


def found_in_tables(server: embedded.ThrowAwayPostgres) -> list[str]:
    """Marked words in any table, sealed or not."""
    keyring.forget()
    inside = [f"{place}: {name}" for place, text in [*opened(), *states()] for name, word in WORDS if word in text]
    return sorted({*inside, *(f"dump: {name}" for name in seen(dump(server), WORDS))})


def pages_of(case: Complaint) -> list[tuple[str, str]]:
    number = case.number
    return [
        ("staff", f"/enterprise/cases/{number}/"),
        ("staff", "/enterprise/"),
        ("officer", f"/authority/cases/{number}/"),
        ("officer", "/authority/"),
    ]


def found_on_pages(case: Complaint, people: dict[str, User]) -> list[str]:
    results = []
    for who, address in pages_of(case):
        answer = signed_in(people[who]).get(address, follow=True)
        assert answer.status_code == 200, address
        results += [f"{address}: {name}" for name in seen(shown(answer).encode(), WORDS)]
    return results


def test_an_erased_person_is_on_no_page_and_in_no_table_opened_with_every_key(
    client: Client, town: Town, postgres_server: embedded.ThrowAwayPostgres
) -> None:
    carrier, officer = at_work(town)
    case = filed(client, town)
    handled(case, town, carrier, officer)
    closed(case)
    people = {"staff": carrier.user, "officer": officer.user}
    assert {"staff", "officer"} == {who for who, _ in pages_of(case)}
    # The search sees what is to go: each marked word, in a table or on a page.
    before = found_in_tables(postgres_server)
    missing = {name for name, _ in WORDS} - {one.rpartition(": ")[2] for one in before}
    assert not missing
    assert found_on_pages(case, people)
    assert list(matching(Complaint.objects.all(), PHONE)) == [case]
    person = case.consumer_key
    now = timezone.now() + LATER
    with time_machine.travel(now, tick=False):
        erasing.erase(person, now=now, reason="by_command")
        erasing.drop_files(now=now)
        assert found_in_tables(postgres_server) == []
        assert found_on_pages(case, people) == []
        assert not matching(Complaint.objects.all(), PHONE).exists()
    assert given.stands(case)
    assert not [path for row in Evidence.objects.filter(complaint=case) for path in row.paths]
    told = {entry.data["key"] for entry in house.entries("erased")}
    assert {str(person), str(case.case_key)} <= told


@pytest.mark.parametrize("seed", range(3))
def test_of_three_people_one_by_chance_is_gone_and_the_others_are_there(world: World, seed: int) -> None:
    """The whole of it, with fifty people: test_erase_demo.py."""
    cases, words = [], {}
    for name in ("甲试试", "乙试试", "丙试试"):
        case = given.a_complaint(world, status=S.CLOSED)
        user = User.objects.create_user(f"{uuid4().hex}@example.org", "a long pass phrase", name=name)
        PersonalText.objects.create(
            **{"complaint": case, "audience": "parties", "sequence": 900, "kind": "consumer_name"},
            **{"key_id": user.person_key, "digest": uuid4().bytes, "sealed": with_salt(b"s" * 16, name)},
        )
        Complaint.objects.filter(pk=case.pk).update(consumer=user, consumer_key=user.person_key)
        cases.append(reloaded(case))
        words[user.person_key] = name
    chosen = Random(seed).choice(cases).consumer_key
    erasing.erase(chosen, now=WEDNESDAY + LATER)
    keyring.forget()
    said = "\n".join(text for _, text in [*opened(), *states()])
    assert [name for name in words.values() if name not in said] == [words[chosen]]


def test_a_case_whose_consumer_was_erased_in_former_days_ends_with_the_migration(
    world: World, monkeypatch: pytest.MonkeyPatch, superuser_connection: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Complaint, "case_key", property(lambda case: world.ming.person_key))
        case = given.a_complaint(world, status=S.CLOSED)
    as_of_old(case, superuser_connection)
    case = reloaded(case)
    keyring.destroy([case.consumer_key], now=WEDNESDAY)
    theirs = PersonalText.objects.filter(complaint=case, key_id=world.ming.person_key)
    places = set(theirs.values_list("pk", flat=True))
    assert [row.text for row in theirs if row.text]
    with as_owner(), transaction.atomic():
        case_keys.seal_anew(apps, connection.schema_editor())
    assert not [row.text for row in PersonalText.objects.filter(pk__in=places) if row.text]
    (entry,) = [one for one in house.entries("erased") if one.data["key"] == str(case.case_key)]
    assert (entry.data["texts"], entry.data["reason"]) == (len(places), "before_the_house")
    assert not keyring.secrets_of([case.case_key], make=True)


def test_of_a_joint_case_what_others_wrote_stays_until_its_last_consumer_is_erased(world: World) -> None:
    case = given.a_complaint(world, status=S.CLOSED)
    otto = {"person": world.otto, "person_key": world.otto.person_key, "name": "欧托", "phone": "+8613800000009"}
    Participant.objects.create(complaint=case, ordinal=1, kind="joint", state=Participant.JOINED, **otto)
    theirs = PersonalText.objects.filter(complaint=case, key_id=case.case_key)
    offer = case.offers.get()
    assert theirs.exists()
    assert offer.message
    erasing.erase(case.consumer_key, now=WEDNESDAY + LATER)
    assert all(row.text for row in theirs)
    assert reloaded(offer).message == offer.message
    assert not [row for row in PersonalText.objects.filter(complaint=case, key_id=case.consumer_key) if row.text]
    assert [row.name for row in case.participants.all()] == ["欧托"]
    erasing.erase(world.otto.person_key, now=WEDNESDAY + LATER)
    assert not [row for row in theirs.all() if row.text]
    assert reloaded(offer).message == ""
    assert not keyring.secrets_of([case.case_key])
    assert given.stands(case)


def test_the_key_of_a_case_is_restricted_with_its_last_consumer_and_is_nobody_to_erase(world: World) -> None:
    case = given.a_complaint(world, status=S.CLOSED)
    for key in (case.case_key, uuid4()):
        with pytest.raises(StepNotAllowed, match="nobody has this key"):
            erasing.erase(key, now=WEDNESDAY + LATER)
    until = erasing.ask(case.consumer_key, now=WEDNESDAY + timedelta(days=9), reason="by_command")
    restricted = PersonKey.objects.filter(restricted_at__isnull=False, destroy_after=until)
    assert set(restricted.values_list("pk", flat=True)) == {case.consumer_key, case.case_key}
    with seeing_as(world.ming):
        assert not keyring.secrets_of([case.case_key])
    assert keyring.secrets_of([case.case_key])


def as_of_old(case: Complaint, superuser: Any) -> None:
    """Entries of form 1: without tag, and no text says under which key it lies."""
    with superuser.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for audience in {step.audience for step in HandlingStep.objects.filter(complaint=case)}:
            head = b""
            for step in HandlingStep.objects.filter(complaint=case, audience=audience).order_by("sequence"):
                said = json.loads(step.body)
                said.pop("form")
                said.pop("state", None)
                said["texts"] = [text[:2] for text in said["texts"]]
                body = record.canonical(said)
                before, head = head, record.chained(head, body)
                cursor.execute(
                    "update complaints_handlingstep set body = %s, previous_hash = %s, hash = %s, tag = '', state = ''"
                    " where id = %s",
                    [body, before, head, step.pk],
                )
            if audience == "parties":
                cursor.execute("update complaints_complaint set last_hash = %s where id = %s", [head, case.pk])


def texts_of(case: Complaint) -> dict[str, tuple[Any, Any]]:
    """Every sealed text that hangs on this case, by its place: what it says, and under which key it lies."""
    keyring.forget()
    results = {}
    for model in {PersonalText, *(apps.get_model("complaints", name) for name, *_ in case_keys.COLUMNS)}:
        path = "offer__complaint" if model.__name__ == "OfferAnswer" else "complaint"
        for row in model._default_manager.filter(**{path: case}):
            for field in model._meta.concrete_fields:
                if isinstance(field, SealedText):
                    owner = field.person_in(row)
                    results[f"{model.__name__} {row.pk} {field.column}"] = (getattr(row, field.attname), owner)
    return results


def test_words_of_former_days_are_sealed_anew_and_the_record_stands_before_and_after(
    world: World, monkeypatch: pytest.MonkeyPatch, superuser_connection: Any
) -> None:
    with monkeypatch.context() as patched:
        # As it was: under the key of whoever wrote it.
        patched.setattr(Complaint, "case_key", property(lambda case: world.ming.person_key))
        case = given.a_complaint(world, status=S.CLOSED)
    as_of_old(case, superuser_connection)
    before = texts_of(case)
    theirs = {place for place, (text, owner) in before.items() if owner == world.ming.person_key and text}
    assert {place.split()[0] for place in theirs} >= {"PersonalText", "Offer", "Obligation"}
    assert given.stands(case)
    with as_owner(), transaction.atomic():
        case_keys.seal_anew(apps, connection.schema_editor())
    after = texts_of(case)
    assert {place: text for place, (text, _) in after.items()} == {place: text for place, (text, _) in before.items()}
    assert {place for place, (_, owner) in after.items() if owner == reloaded(case).case_key} == theirs
    assert given.stands(case)
    # The triggers stand again.
    with pytest.raises(DatabaseError), transaction.atomic():
        PersonalText.objects.filter(complaint=case).update(sealed=b"other")
