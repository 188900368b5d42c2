"""Whoever has the database and no entry key writes nothing that gets a leaf, and is named within the minute."""

import json
import os
import random
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.keys import tags
from accounts.models import Administrator, User
from complaints.models import Checkpoint, Complaint, HandlingStep, Leaf, NotAdmitted
from complaints.procedure.workflow import Status
from complaints.record import admission, checkpoints, house, log, notes
from complaints.record.record import TAG_KIND, chained, stamp
from odr_portal.management.commands import watch
from oversight.portal_state import signs
from tests import given, health
from tests.cast import WEDNESDAY, World, a_new_phone
from tests.oversight.looking import page_of
from tests.proof.tampering import as_superuser, undone

KEY = Ed25519PrivateKey.generate()
LATER = WEDNESDAY + timedelta(minutes=2)


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    made = [given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY) for _ in range(4)]
    assert checkpoints.seal(now=WEDNESDAY + timedelta(minutes=1), key=KEY) is not None
    return made


def forged(case: Complaint, **changes: Any) -> HandlingStep:
    """What would come next in the parties' chain, as the portal would have written it: hashed and tagged."""
    entry = case.steps.filter(audience="parties").latest("sequence")
    said = json.loads(entry.body) | {"sequence": entry.sequence + 1, "written": stamp(LATER)}
    entry.pk, entry.transaction, entry.written_at = None, None, LATER
    entry.sequence, entry.previous_hash = said["sequence"], bytes(entry.hash)
    said |= changes.pop("said", {})
    entry.body = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    entry.hash = chained(entry.previous_hash, entry.body)
    entry.tag = tags.tag_of(TAG_KIND, entry.hash)
    for name, value in changes.items():
        setattr(entry, name, value)
    return entry


def put_in(cursor: Any, entry: HandlingStep) -> str:
    """Past every trigger; returns the name of the entry."""
    values = {field.column: getattr(entry, field.attname) for field in HandlingStep._meta.concrete_fields}
    values = {column: value for column, value in values.items() if value is not None or column == "name_id"}
    values["data"] = json.dumps(values["data"])
    cursor.execute(
        f"insert into complaints_handlingstep ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )
    return log.entry_name(entry)


def minute_later() -> dict[str, str]:
    """What a round of the watch refuses."""
    checkpoints.seal(now=LATER, key=KEY)
    admission.find_out_of_turn(now=LATER)
    return dict(NotAdmitted.objects.values_list("entry", "code"))


def has_leaf(entry: str) -> bool:
    return Leaf.objects.filter(entry=entry).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_entry_written_by_the_portal_is_admitted(cases: list[Complaint]) -> None:
    with as_superuser(), undone() as cursor:
        entry = put_in(cursor, forged(cases[0]))
        assert minute_later() == {}
        assert has_leaf(entry)


FORGERIES: dict[str, dict[str, Any]] = {
    "no tag": {"tag": b""},
    "another key": {"tag": bytes([1]) + bytes(32)},
    "a version of which there is no key": {"tag": bytes([9]) + bytes(32)},
    "an older form without tag": {"tag": b"", "said": {"form": None}},
    "old id": {"tag": b"", "pk": -7},
    "old id and old transaction": {"tag": b"", "pk": -7, "transaction": 3},
    "right tag, old transaction": {"pk": -7, "transaction": 3},
    "another text": {"body": "{}"},
    "bytes that are no text": {"body": "not json"},
    "does not follow": {"previous_hash": bytes(32)},
    "far along": {"sequence": 77},
    "tomorrow": {"said": {"written": stamp(LATER + timedelta(seconds=31))}},
    "long ago": {"said": {"written": stamp(WEDNESDAY - timedelta(days=300))}},
}


@pytest.mark.django_db(transaction=True)
def test_a_forged_entry_is_named_within_the_minute_and_never_signed(cases: list[Complaint]) -> None:
    chance = random.Random(22)
    with as_superuser():
        for how, changes in FORGERIES.items():
            with undone() as cursor:
                case = chance.choice(cases)
                entry = put_in(cursor, forged(case, **dict(changes)))
                assert minute_later().keys() == {entry}, how
                assert not has_leaf(entry), how
                named = [(one.case, one.audience, one.sequence) for one in log.verify_log()]
                assert named == [(case.number, "parties", int(entry.rpartition("|")[2]))], how


@pytest.mark.django_db(transaction=True)
def test_it_is_told_at_once_on_the_page_by_letter_and_to_whoever_watches_the_portal(
    cases: list[Complaint], client: Client
) -> None:
    assert "not_admitted" not in signs.read(now=LATER).alarms
    with as_superuser(), undone() as cursor:
        put_in(cursor, forged(cases[0], tag=b""))
        minute_later()
        assert "not_admitted" in signs.read(now=LATER).alarms
        assert "1 entries are not admitted to the record" in health().json()["notes"]
    assert watch.SEAL_EVERY + timedelta(seconds=2 * settings.SWEEP_EVERY) <= timedelta(seconds=70)


@pytest.mark.django_db(transaction=True)
def test_whoever_moves_the_horizon_of_a_checkpoint_keeps_no_entry_from_its_leaf(cases: list[Complaint]) -> None:
    with as_superuser(), undone() as cursor:
        cursor.execute("update complaints_checkpoint set horizon = horizon + 1000000")
        entry = put_in(cursor, forged(cases[0]))
        assert minute_later() == {}
        assert has_leaf(entry)


@pytest.mark.django_db(transaction=True)
def test_an_entry_of_the_house_needs_the_key_too(cases: list[Complaint]) -> None:
    with as_superuser(), undone() as cursor:
        last = house.entries().last()
        assert last is not None
        body = last.body.replace('"sequence":1,', '"sequence":2,')
        cursor.execute(
            "insert into complaints_houseentry (sequence, step, at, body, previous_hash, hash, tag)"
            " values (2, 'key_handed_over', %s, %s, %s, %s, 'x')",
            [LATER, body, bytes(last.hash), chained(bytes(last.hash), body)],
        )
        assert minute_later() == {"house|house|2": "tag"}
        assert [(one.case, one.sequence) for one in log.verify_log()] == [("house", 2)]


@pytest.mark.django_db(transaction=True)
def test_what_came_later_in_that_chain_is_admitted_and_two_persons_set_the_forged_one_aside(
    cases: list[Complaint], world: World
) -> None:
    with as_superuser(), undone() as cursor:
        bad = forged(cases[0], tag=b"")
        entry = put_in(cursor, bad)
        minute_later()
        after = put_in(cursor, forged(cases[0]))
        assert minute_later().keys() == {entry}
        assert has_leaf(after)
        said = {"entry": entry, "hash": bad.hash.hex()}
        for person, left in ((world.rui, [entry]), (world.rui, [entry]), (world.su, [])):
            house.write("set_aside", said, by=person.person_key, now=LATER)
            assert [row.entry for row, _ in log.not_admitted()] == left
        assert list(log.verify_log()) == []
        # What they saw counts for nothing; what somebody puts in its place is looked at anew.
        cursor.execute("update complaints_handlingstep set hash = sha256(hash) where hash = %s", [bad.hash])
        assert [row.entry for row, _ in log.not_admitted()] == [entry]
        assert [(one.case, one.code) for one in log.verify_log()] == [(cases[0].number, "tag")]
        assert [one.code for one in log.verify_log(number=cases[0].number)] == ["tag"]


@pytest.mark.django_db(transaction=True)
def test_what_was_set_aside_is_never_signed_even_where_it_would_be_admitted_by_now(
    cases: list[Complaint], world: World
) -> None:
    with as_superuser(), undone() as cursor:
        early = forged(cases[0], said={"written": stamp(LATER + timedelta(minutes=1))})
        entry = put_in(cursor, early)
        assert minute_later() == {entry: "dated_ahead"}
        for person in (world.rui, world.su):
            house.write("set_aside", {"entry": entry, "hash": early.hash.hex()}, by=person.person_key, now=LATER)
        for minute in (2, 3):
            assert checkpoints.seal(now=LATER + timedelta(minutes=minute * 10), key=KEY) is not None
        assert not has_leaf(entry)
        assert log.not_admitted() == []
        assert list(log.verify_log()) == []


SET_ASIDE = "/administration/system/record/"


def administrator(email: str) -> User:
    user = User.objects.create_user(email=email, password="x" * 20, name="系统员", own_phone=a_new_phone())
    Administrator.objects.create(user=user, kind="system", since=timezone.now())
    return user


@pytest.mark.django_db
def test_two_administrators_of_the_system_set_it_aside_on_a_page(cases: list[Complaint]) -> None:
    bad = forged(cases[0], tag=b"")
    with connection.cursor() as cursor:
        entry = put_in(cursor, bad)
    assert minute_later() == {entry: "tag"}
    one, other = administrator("one@example.com"), administrator("other@example.com")
    assert SET_ASIDE in page_of(one, "/administration/system/")
    assert entry in page_of(one, SET_ASIDE)
    assert "（各方可见）" in page_of(one, SET_ASIDE)
    said = {"entry": entry, "digest": bad.hash.hex()}

    def agrees(user: User, **changes: str) -> str:
        client = Client()
        client.force_login(user)
        return client.post(SET_ASIDE, said | changes | {"idempotency_key": uuid4().hex}, follow=True).content.decode()

    assert "请重新查看" in agrees(one, digest="00")
    for _ in range(2):
        assert "您已同意" in agrees(one)
        assert [row.entry for row, _ in log.not_admitted()] == [entry], "one person is not two, however often"
    assert "没有在等的" in agrees(other)
    assert log.not_admitted() == []
    assert checkpoints.seal(now=timezone.now(), key=KEY) is not None
    assert not has_leaf(entry)


# --- a leaf for it too ----------------------------------------------------------------------------------------------


def laid(cursor: Any, entry: HandlingStep) -> str:
    """A forged entry with its leaf and the hash of it in the tile, as the sealer would have laid it."""
    name, size = put_in(cursor, entry), Leaf.objects.count()
    cursor.execute("insert into complaints_leaf (place, entry) values (%s, %s)", [size, name])
    leaf = log.leaf_hash(entry.complaint.number, entry.audience, entry.sequence, bytes(entry.hash))
    cursor.execute("update complaints_tile set digests = digests || %s where level = 0 and place = 0", [leaf])
    return name


def nothing(cursor: Any, size: int) -> None:
    """No more than that."""


def checkpoint_rewritten(cursor: Any, size: int) -> None:
    """The columns of the newest checkpoint count it."""
    cursor.execute("update complaints_checkpoint set size = %s, root = %s where number = 2", [size, log.root_at(size)])


def checkpoint_of_another_key(cursor: Any, size: int) -> None:
    """One more checkpoint over it, which no key of the record signed."""
    note = notes.signed("localhost/record", size, log.root_at(size), Ed25519PrivateKey.generate())
    cursor.execute(
        "insert into complaints_checkpoint (number, size, root, at, note, stamp, horizon, ceiling, era)"
        " select 3, %s, %s, at, %s, '', horizon, ceiling, era from complaints_checkpoint where number = 2",
        [size, log.root_at(size), note],
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("then", [nothing, checkpoint_rewritten, checkpoint_of_another_key])
def test_a_leaf_that_somebody_laid_is_judged_before_it_is_signed(
    cases: list[Complaint], world: World, then: Callable[[Any, int], None]
) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY + timedelta(minutes=1))
    assert checkpoints.seal(now=LATER, key=KEY) is not None
    with as_superuser(), undone() as cursor:
        bad = forged(cases[0], tag=b"")
        entry = laid(cursor, bad)
        then(cursor, Leaf.objects.count())
        before = list(Checkpoint.objects.values_list("note", flat=True))
        for minute in range(3):
            with pytest.raises(checkpoints.CannotSeal, match="not admitted"):
                checkpoints.seal(now=LATER + timedelta(minutes=minute), key=KEY)
        assert dict(NotAdmitted.objects.values_list("entry", "code")) == {entry: "tag"}
        assert "not_admitted" in signs.read(now=LATER).alarms
        assert list(Checkpoint.objects.values_list("note", flat=True)) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "delete from complaints_checkpoint where number = 2",
        "update complaints_checkpoint set note = 'x' where number = 2",
        "update complaints_checkpoint set size = size - 1 where number = 2",
        "update complaints_checkpoint set at = at + interval '1 day' where number = 2",
    ],
)
def test_whoever_damages_a_checkpoint_stops_nobody_and_is_named(
    cases: list[Complaint], world: World, statement: str
) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY + timedelta(minutes=1))
    assert checkpoints.seal(now=LATER, key=KEY) is not None
    with as_superuser(), undone() as cursor:
        cursor.execute(statement)
        entry = put_in(cursor, forged(cases[0]))
        assert checkpoints.seal(now=LATER + timedelta(minutes=1), key=KEY) is not None
        assert has_leaf(entry)
        assert {one.row for one in log.verify_log()} == {"checkpoint 2"}


@pytest.mark.django_db(transaction=True)
def test_a_tile_that_was_changed_above_the_last_checkpoint_that_holds_is_not_signed(
    cases: list[Complaint], world: World
) -> None:
    size = Leaf.objects.count()
    given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY + timedelta(minutes=1))
    assert checkpoints.seal(now=LATER, key=KEY) is not None
    with as_superuser(), undone() as cursor:
        cursor.execute("delete from complaints_checkpoint where number = 2")
        cursor.execute(
            "update complaints_tile set digests = set_byte(digests, %s, 255 - get_byte(digests, %s)) where level = 0",
            [size * 32, size * 32],
        )
        with pytest.raises(checkpoints.CannotSeal, match=f"damaged above {size} leaves"):
            checkpoints.seal(now=LATER + timedelta(minutes=1), key=KEY)


# --- a step that stays open -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_writes_for_over_five_minutes_is_told_of(cases: list[Complaint], world: World) -> None:
    def told(minutes: int) -> bool:
        given.a_complaint(world, status=Status.TRIAGE, now=WEDNESDAY + timedelta(minutes=minutes))
        now = LATER + timedelta(minutes=minutes)
        assert checkpoints.seal(now=now, key=KEY) is not None
        return "step_open" in signs.read(now=now + timedelta(seconds=30)).alarms

    assert not told(1)
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as open_one:
        open_one.cursor().execute("select pg_current_xact_id()")
        assert [told(minutes) for minutes in (10, 12, 16)] == [False, False, True]
    assert not told(30)
