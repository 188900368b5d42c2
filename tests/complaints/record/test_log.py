"""A minute later every entry lies in the log under a signed checkpoint; what nobody with a key wrote does not."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction

from accounts.keys import tags
from complaints.models import Checkpoint, Complaint, HandlingStep, HouseEntry, Leaf, NotAdmitted
from complaints.procedure.workflow import Status
from complaints.record import admission, log, notes, seal_keys
from complaints.record.checkpoints import seal
from complaints.record.notes import COSIGNS, SIGNS, NoteKey, raw_key
from complaints.record.record import TAG_KIND, canonical, chained
from tests import given, old_seals
from tests.cast import WEDNESDAY, World
from tests.proof import tree as by_the_rfc
from tests.server import DATABASE

KEY = Ed25519PrivateKey.generate()
LATER = WEDNESDAY + timedelta(minutes=10)
ORIGIN = "localhost/record"


@pytest.fixture
def sealed(world: World) -> Complaint:
    """A case of several entries in the log, with another one beside it."""
    case = given.a_complaint(world, status=Status.AWAITING_CONSUMER)
    given.a_complaint(world, status=Status.NEGOTIATING)
    assert seal(now=LATER, key=KEY) is not None
    return case


def newest() -> Checkpoint:
    found = log.newest_checkpoint()
    assert found is not None
    return found


def leaves() -> list[bytes]:
    """Of all entries in the order of the log, from the rows themselves."""
    rows = {log.entry_name(step): bytes(step.hash) for step in HandlingStep.objects.select_related("complaint")}
    rows |= {log.entry_name(entry): bytes(entry.hash) for entry in HouseEntry.objects.all()}
    named = Leaf.objects.order_by("place").values_list("entry", flat=True)
    return [by_the_rfc.leaf(f"{name}|{rows[name].hex()}".encode()) for name in named]


@pytest.mark.django_db
def test_every_entry_lies_under_the_checkpoint_in_the_order_of_its_chain(sealed: Complaint) -> None:
    checkpoint = newest()
    assert checkpoint.size == Leaf.objects.count() == HandlingStep.objects.count() + 1
    assert by_the_rfc.root(leaves()) == bytes(checkpoint.root) == log.root_at(checkpoint.size)
    for step in HandlingStep.objects.all():
        place = log.place_of(step)
        assert place is not None
        leaf = log.leaf_hash(step.complaint.number, step.audience, step.sequence, bytes(step.hash))
        proof = log.inclusion_proof(place, checkpoint.size)
        assert notes.inclusion_holds(place, checkpoint.size, leaf, proof, bytes(checkpoint.root))
    places = [log.place_of(step) for step in sealed.steps.order_by("sequence").filter(audience="parties")]
    assert places == sorted(places, key=lambda place: place or 0)


@pytest.mark.django_db
def test_the_note_is_signed_as_the_log_and_with_the_time(sealed: Complaint) -> None:
    note = notes.parse(newest().note)
    assert (note.origin, note.size, note.root) == (ORIGIN, newest().size, bytes(newest().root))
    assert note.is_signed_by(NoteKey(ORIGIN, SIGNS, raw_key(KEY)))
    assert note.cosigned_at(NoteKey(ORIGIN, COSIGNS, raw_key(KEY))) == LATER.timestamp()
    assert newest().at == LATER


@pytest.mark.django_db
def test_a_new_checkpoint_continues_the_old_one_and_takes_only_what_is_new(sealed: Complaint, world: World) -> None:
    first = newest()
    assert seal(now=LATER + timedelta(minutes=1), key=KEY) is None
    given.a_complaint(world, status=Status.NEGOTIATING)
    second = seal(now=LATER + timedelta(minutes=2), key=KEY)
    assert second is not None
    assert second.number == 2
    assert second.size == Leaf.objects.count() == HandlingStep.objects.count() + 1
    proof = log.consistency_proof(first.size, second.size)
    assert notes.consistency_holds(first.size, second.size, bytes(first.root), bytes(second.root), proof)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("said", [{}, {"form": 2}, {"form": [2, 3], "from": "x"}, {"form": 9, "promises": 1}])
def test_the_log_begins_with_every_entry_of_before_whatever_forms_of_documents_it_tells_of(
    world: World, postgres_server: Any, said: dict[str, Any]
) -> None:
    """An older entry has no form and no tag; one of now without a tag is nobody's."""
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    with closing(psycopg2.connect(postgres_server.dsn(user="postgres", database=DATABASE))) as keeper:
        first = next_entry(case)
        body = json.loads(first.body) | {"data": said}
        older = canonical({name: value for name, value in body.items() if name not in ("form", "state")})
        old = next_entry(case, body=older, hash=chained(bytes(first.previous_hash), older), tag=b"", data=said)
        write(keeper.cursor(), old)
        untagged = next_entry(given.a_complaint(world, status=Status.NEGOTIATING), tag=b"")
        write(keeper.cursor(), untagged)
        keeper.commit()
    assert seal(now=LATER, key=KEY) is not None
    refused = dict(NotAdmitted.objects.values_list("entry", "code"))
    assert refused == {log.entry_name(untagged): "tag"}
    assert Leaf.objects.filter(entry=log.entry_name(old)).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_damaged", [False, True])
def test_under_the_first_leaf_lie_the_seals_of_before_looked_at_once_more(
    world: World, superuser_connection: Any, is_damaged: bool
) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    old = old_seals.seal(now=WEDNESDAY, key=KEY)
    assert old is not None
    if is_damaged:
        with superuser_connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            cursor.execute("update complaints_seal set root = sha256(root)")
    assert seal(now=LATER, key=KEY) is not None
    assert Leaf.objects.get(place=0).entry == f"seal||{old.number}"
    assert log.place_of(case.steps.earliest("sequence")) == 1
    said = HouseEntry.objects.get().data
    assert (said["old_seals"], bool(said["old_findings"])) == (1, is_damaged)
    assert rows_found() == [], "the log itself is whole"
    with superuser_connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("update complaints_seal set root = sha256(root)")
    assert rows_found() == ["leaf 0"]


def rows_found() -> list[str]:
    with transaction.atomic():
        return [one.row for one in log.verify_log()]


@pytest.mark.django_db
def test_a_quiet_hour_is_signed_every_ten_minutes(sealed: Complaint) -> None:
    made = [seal(now=LATER + timedelta(minutes=n), key=KEY) for n in range(1, 61)]
    assert [one.size for one in made if one] == [newest().size] * 6


def next_entry(case: Complaint, **changes: Any) -> HandlingStep:
    """The entry that would come next in the parties' chain, unsaved: the last one once more."""
    entry = case.steps.filter(audience="parties").latest("sequence")
    before, entry.pk = bytes(entry.hash), None
    entry.body = entry.body.replace(f'"sequence":{entry.sequence},', f'"sequence":{entry.sequence + 1},')
    entry.sequence, entry.previous_hash = entry.sequence + 1, before
    entry.hash = chained(before, entry.body)
    entry.tag = tags.tag_of(TAG_KIND, entry.hash)
    for name, value in changes.items():
        setattr(entry, name, value)
    return entry


def write(cursor: Any, entry: HandlingStep) -> None:
    """As whoever has the database writes it, past every trigger."""
    fields = [field for field in HandlingStep._meta.concrete_fields if field.name not in ("id", "transaction")]
    if entry.transaction:
        fields.append(HandlingStep._meta.get_field("transaction"))
    values = [getattr(entry, field.attname) for field in fields]
    values = [json.dumps(value) if isinstance(value, dict) else value for value in values]
    columns, places = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
    cursor.execute("set session_replication_role = replica")
    cursor.execute(f"insert into complaints_handlingstep ({columns}) values ({places})", values)


@pytest.mark.django_db(transaction=True)
def test_a_step_that_is_open_for_long_delays_only_itself(world: World, postgres_server: Any) -> None:
    """It began before the checkpoint and ends after the next: it gets a later leaf, and nobody waited for it."""
    open_case, other = (given.a_complaint(world, status=Status.NEGOTIATING) for _ in range(2))
    superuser = postgres_server.dsn(user="postgres", database=DATABASE)
    with closing(psycopg2.connect(superuser)) as slow, closing(psycopg2.connect(superuser)) as fast:
        write(slow.cursor(), next_entry(open_case, transaction=0))
        assert seal(now=LATER, key=KEY) is not None
        before = newest().size
        write(fast.cursor(), next_entry(other, transaction=0))
        fast.commit()
        assert seal(now=LATER + timedelta(minutes=1), key=KEY) is not None
        assert newest().size == before + 1
        slow.commit()
    assert seal(now=LATER + timedelta(minutes=2), key=KEY) is not None
    assert newest().size == before + 2 == HandlingStep.objects.count() + 1


@pytest.mark.django_db
def test_a_seal_of_very_many_entries_is_not_cut_short(sealed: Complaint) -> None:
    """As after a restore, or days without a watch; what a page may take is no limit to its transaction."""
    limits = ("statement_timeout", "transaction_timeout")
    for look in (lambda: seal(now=LATER, key=KEY), lambda: admission.find_out_of_turn(now=LATER)):
        with transaction.atomic(), connection.cursor() as cursor:
            for limit in limits:
                cursor.execute(f"set local {limit} = '30s'")
            look()
            assert [(cursor.execute(f"show {limit}"), cursor.fetchone())[1] for limit in limits] == [("0",), ("0",)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update complaints_leaf set place = place + 1000", "permission denied"),
        ("delete from complaints_tile", "permission denied"),
        ("update complaints_tile set digests = substring(digests for 32)", "a tile only grows"),
        ("update complaints_checkpoint set size = size + 1", "permission denied"),
        ("update complaints_checkpoint set note = 'x'", "only gets signatures and one stamp"),
        ("update complaints_checkpoint set stamp = 'x'; update complaints_checkpoint set stamp = 'y'", "one stamp"),
    ],
)
def test_the_database_lets_the_log_grow_and_nothing_else(sealed: Complaint, statement: str, said: str) -> None:
    with pytest.raises(DatabaseError, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_signatures_of_others_are_kept_with_the_checkpoint_each_once(sealed: Complaint) -> None:
    blob = NoteKey("council.example/witness", COSIGNS, bytes(32)).id + bytes(72)
    before = newest().note
    assert log.add_lines(newest(), [("council.example/witness", blob)])
    assert not log.add_lines(newest(), [("council.example/witness", blob[:4] + b"\1" * 72)])
    assert newest().note == before + notes.signature_line("council.example/witness", blob)


@pytest.mark.django_db
def test_a_second_watch_adds_its_signature_and_one_with_an_unknown_key_is_told_what_to_do(sealed: Complaint) -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(seal_keys.UnusableKey, match="hand_over_seal_key"):
        seal(now=LATER, key=other)
    seal_keys.hand_over(KEY, other, way=seal_keys.ADD, size=newest().size + 1, now=LATER)
    assert seal(now=LATER + timedelta(minutes=1), key=KEY) is not None
    assert seal(now=LATER + timedelta(minutes=1), key=other) is None
    note = notes.parse(newest().note)
    assert all(note.is_signed_by(NoteKey(ORIGIN, SIGNS, raw_key(key))) for key in (KEY, other))
