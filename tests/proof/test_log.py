"""Whatever is done to the log, or to an entry that lies in it, is named at its place, and nothing else is."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaints.models import Checkpoint, Complaint, HandlingStep, Leaf, Tile
from complaints.procedure.workflow import Status
from complaints.record import log, notes
from complaints.record.checkpoints import seal
from complaints.record.findings import Finding
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.tampering import as_superuser, undone

KEY = Ed25519PrivateKey.generate()
STATES = (Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.PERFORMING, Status.MEDIATING)


@pytest.fixture
def minutes(world: World, request: pytest.FixtureRequest) -> list[Complaint]:
    """A case and a checkpoint each minute, so many minutes: 12 give some 80 leaves, 66 fill a tile and more."""
    cases = []
    for minute in range(getattr(request, "param", 12)):
        now = WEDNESDAY + timedelta(minutes=minute)
        cases.append(given.a_complaint(world, status=STATES[minute % 4], now=now))
        assert seal(now=now + timedelta(seconds=30), key=KEY) is not None
    return cases


def findings(**asked: Any) -> list[Finding]:
    return list(log.verify_log(**asked))


@pytest.mark.django_db
def test_a_whole_log_is_whole(minutes: list[Complaint]) -> None:
    assert findings() == []
    assert all(findings(number=case.number) == [] for case in minutes)
    assert [one.code for one in findings(public_key=bytes(32))] == ["key_unknown"]


# --- attacks: what is done with a cursor and chance, and the places that must be named ----------------------------

Chance = random.Random
Places = set[tuple[str, str, int, str]]


def place_of(finding: Finding) -> tuple[str, str, int, str]:
    return finding.case, finding.audience, finding.sequence, finding.row


def leaf_of(chance: Chance) -> Leaf:
    """Of an entry of a case."""
    return chance.choice(list(Leaf.objects.exclude(entry__startswith="house")))


def at(leaf: Leaf, *, row: bool = True) -> tuple[str, str, int, str]:
    case, audience, sequence = leaf.entry.split("|")
    return case, audience, int(sequence), f"leaf {leaf.place}" if row else ""


def flipped(raw: bytes, chance: Chance) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]


def leaf_deleted(cursor: Any, chance: Chance) -> Places:
    leaf = leaf_of(chance)
    cursor.execute("delete from complaints_leaf where place = %s", [leaf.place])
    return {("", "", 0, f"leaf {leaf.place}"), at(leaf, row=False)}


def leaf_names_another_entry(cursor: Any, chance: Chance) -> Places:
    leaf = leaf_of(chance)
    cursor.execute("update complaints_leaf set entry = entry || '9' where place = %s", [leaf.place])
    case, audience, sequence, row = at(leaf)
    return {(case, audience, int(f"{sequence}9"), row), at(leaf, row=False)}


def tile_flipped(cursor: Any, chance: Chance) -> Places:
    tile = chance.choice(list(Tile.objects.all()))
    digests = flipped(bytes(tile.digests), chance)
    cursor.execute("update complaints_tile set digests = %s where id = %s", [digests, tile.pk])
    return {("", "", 0, f"tile {tile.level}/{tile.place}")}


def tile_deleted(cursor: Any, chance: Chance) -> Places:
    tile = chance.choice(list(Tile.objects.all()))
    cursor.execute("delete from complaints_tile where id = %s", [tile.pk])
    return {("", "", 0, f"tile {tile.level}/{tile.place}")}


def checkpoint_changed(cursor: Any, chance: Chance) -> Places:
    row = chance.choice(list(Checkpoint.objects.all()))
    column = chance.choice(("size", "root", "at", "note", "stamp"))
    value: Any = {
        "size": row.size + chance.choice((-1, 1)),
        "root": flipped(bytes(row.root), chance),
        "at": row.at + timedelta(seconds=chance.choice((-1, 1)) * chance.randrange(1, 10**6)),
        "note": _letter_changed(row.note, chance),
        "stamp": chance.randbytes(40),
    }[column]
    cursor.execute(f"update complaints_checkpoint set {column} = %s where number = %s", [value, row.number])
    return {("", "", 0, f"checkpoint {row.number}")}


def _letter_changed(text: str, chance: Chance) -> str:
    place = chance.randrange(len(text))
    return text[:place] + chance.choice([letter for letter in "AZaz09\n—" if letter != text[place]]) + text[place + 1 :]


def checkpoint_deleted(cursor: Any, chance: Chance) -> Places:
    row = chance.choice(list(Checkpoint.objects.all()))
    cursor.execute("delete from complaints_checkpoint where number = %s", [row.number])
    return {("", "", 0, f"checkpoint {row.number}")}


def checkpoint_signed_by_another_key(cursor: Any, chance: Chance) -> Places:
    row = chance.choice(list(Checkpoint.objects.all()))
    note = notes.signed("localhost/record", row.size, bytes(row.root), Ed25519PrivateKey.generate())
    cursor.execute("update complaints_checkpoint set note = %s where number = %s", [note, row.number])
    return {("", "", 0, f"checkpoint {row.number}")}


def entry_deleted(cursor: Any, chance: Chance) -> Places:
    leaf = leaf_of(chance)
    _on_entry(cursor, leaf, "delete from complaints_handlingstep")
    return {at(leaf)}


def entry_written_anew(cursor: Any, chance: Chance) -> Places:
    """With a hash that fits its new text."""
    leaf = leaf_of(chance)
    _on_entry(
        cursor,
        leaf,
        "update complaints_handlingstep set body = replace(body, '\"outcome\"', '\"outc0me\"'), hash ="
        " sha256('\\x00'::bytea || previous_hash || textsend(replace(body, '\"outcome\"', '\"outc0me\"')))",
    )
    return {at(leaf)}


def entry_cut_with_its_leaf(cursor: Any, chance: Chance) -> Places:
    leaf = leaf_of(chance)
    _on_entry(cursor, leaf, "delete from complaints_handlingstep")
    cursor.execute("delete from complaints_leaf where place = %s", [leaf.place])
    return {("", "", 0, f"leaf {leaf.place}")}


def entry_put_in(cursor: Any, chance: Chance) -> Places:
    """With an old id, and as if an old transaction had written it."""
    leaf = leaf_of(chance)
    case, audience, _, _ = at(leaf)
    columns = [f.column for f in HandlingStep._meta.concrete_fields if f.name not in ("id", "sequence", "transaction")]
    _on_entry(
        cursor,
        leaf,
        f"insert into complaints_handlingstep (id, sequence, transaction, {', '.join(columns)})"
        f" select -{chance.randrange(1, 10**9)}, 77, transaction, {', '.join(columns)} from complaints_handlingstep",
    )
    return {(case, audience, 77, "")}


def _on_entry(cursor: Any, leaf: Leaf, statement: str) -> None:
    case, audience, sequence = leaf.entry.split("|")
    cursor.execute(
        f"{statement} where complaint_id = (select id from complaints_complaint where number = %s)"
        " and audience = %s and sequence = %s",
        [case, audience, sequence],
    )
    assert cursor.rowcount == 1


ATTACKS: list[Callable[[Any, Chance], Places]] = [
    *(leaf_deleted, leaf_names_another_entry, tile_flipped, tile_deleted),
    *(checkpoint_changed, checkpoint_deleted, checkpoint_signed_by_another_key),
    *(entry_deleted, entry_written_anew, entry_cut_with_its_leaf, entry_put_in),
]


def attacked(times: int) -> None:
    with as_superuser():
        with undone():
            assert findings() == []
        for nth, attack in enumerate(ATTACKS * times):
            chance = Chance(nth)
            with undone() as cursor:
                wanted = attack(cursor, chance)
                assert {place_of(one) for one in findings()} == wanted, (attack.__name__, nth)


@pytest.mark.django_db(transaction=True)
def test_each_attack_is_named_at_its_place_and_nothing_else_is(minutes: list[Complaint]) -> None:
    attacked(3)


@pytest.mark.django_db(transaction=True)
def test_a_number_that_no_checkpoint_ever_reaches_is_named_and_ends(minutes: list[Complaint]) -> None:
    last = Checkpoint.objects.latest("number")
    with as_superuser(), undone() as cursor:
        cursor.execute("update complaints_checkpoint set number = 9e15 where number = %s", [last.number])
        assert [(one.code, one.row) for one in findings()] == [("checkpoint_missing", f"checkpoint {last.number}")]


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("minutes", [66], indirect=True)
def test_each_attack_is_named_fifty_times(minutes: list[Complaint]) -> None:
    assert Leaf.objects.count() > 256
    attacked(50)


@pytest.mark.django_db(transaction=True)
def test_a_second_fault_elsewhere_is_named_too(minutes: list[Complaint]) -> None:
    with as_superuser():
        for nth in range(30):
            chance = Chance(nth)
            with undone() as cursor:
                first, second = chance.sample(ATTACKS, 2)
                wanted = first(cursor, chance) | second(cursor, chance)
                named = {place_of(one) for one in findings()}
                assert named >= wanted, (first.__name__, second.__name__, nth)
