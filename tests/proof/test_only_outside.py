"""What the database cannot show of itself: a record that was cut at its end, or rewritten with all keys. Whoever holds
a checkpoint or a receipt finds out, at its place; and of what stands unchanged nobody is told anything."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.keys import tags
from complaints.models import Checkpoint, Complaint, HandlingStep, Leaf
from complaints.procedure.workflow import Status
from complaints.record import anchors, checkpoints, log, notes, seal_keys, witnessing
from complaints.record.anchors import Receipt
from complaints.record.findings import Finding
from complaints.record.notes import COSIGNS, SIGNS, Note, NoteKey, Witness
from complaints.record.record import TAG_KIND, chained
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof import tree
from tests.proof.tampering import as_superuser, undone
from tests.proof.witnesses import witness

KEY = Ed25519PrivateKey.generate()
STATES = (Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.WITH_ENTERPRISE, Status.CLOSED)
MINUTES = 8


class Held:
    """What is held outside: every checkpoint and, of every entry of the parties, a receipt. The last case came after
    the newest checkpoint."""

    def __init__(self, world: World, one: Witness) -> None:
        self.witness, self.notes = one, list[Note]()
        for minute in range(MINUTES):
            now = WEDNESDAY + timedelta(minutes=minute)
            given.a_complaint(world, status=STATES[minute % 4], now=now)
            assert checkpoints.seal(now=now + timedelta(seconds=30), key=KEY) is not None
            heard = witnessing.show(one, note(), old=self.notes[-1].size if self.notes else 0)
            assert heard.code == witnessing.COSIGNED
            self.notes.append(note().with_lines(heard.lines))
        given.a_complaint(world, status=Status.NEGOTIATING, now=WEDNESDAY + timedelta(minutes=MINUTES))
        self.receipts = [
            Receipt(entry.complaint.number, entry.audience, entry.sequence, bytes(entry.hash), self.notes[-1].size)
            for entry in HandlingStep.objects.select_related("complaint").order_by("pk")
        ]


def note() -> Note:
    newest = log.newest_checkpoint()
    assert newest is not None
    return notes.parse(newest.note)


@pytest.fixture
def held(world: World, tmp_path: Path) -> Iterator[Held]:
    with witness(tmp_path, KEY, origin="localhost/record") as one:
        yield Held(world, one)


def findings(held: list[Note | Receipt]) -> set[tuple[str, str, int, str]]:
    return {_place(finding) for finding in anchors.compare(held).findings}


def _place(finding: Finding) -> tuple[str, str, int, str]:
    return finding.code, finding.case, finding.sequence, finding.row


def inside() -> list[Finding]:
    """What the log says of itself."""
    return list(log.verify_log())


# --- attacks: each leaves the database whole in itself ---------------------------------------------------------------

Chance = random.Random
#: The first size of a checkpoint that must be named, and the receipts that are.
Hit = tuple[int, set[Receipt]]


def an_older_state(cursor: Any, chance: Chance, held: Held) -> Hit:
    """As if the backup of a minute before were restored: entries, leaves, checkpoints, all of it."""
    kept = chance.choice(held.notes[:-1])
    gone = {receipt for receipt in held.receipts if _leaf_place(receipt) is None or _leaf_place(receipt) >= kept.size}
    numbers = sorted({receipt.number for receipt in gone})
    cursor.execute("delete from complaints_checkpoint where size > %s", [kept.size])
    cursor.execute("delete from complaints_leaf where place >= %s", [kept.size])
    cursor.execute("update complaints_tile set digests = substring(digests for %s)", [kept.size * 32])
    cursor.execute(
        "delete from complaints_handlingstep where complaint_id in"
        " (select id from complaints_complaint where number = any(%s))",
        [numbers],
    )
    return kept.size + 1, gone


def a_tail_cut_with_its_checkpoint(cursor: Any, chance: Chance, held: Held) -> Hit:
    """The newest entry alone goes, with its leaf, and the newest checkpoint is signed anew over what is left."""
    size = held.notes[-1].size
    cursor.execute("select entry from complaints_leaf where place = %s", [size - 1])
    number, _audience, sequence = cursor.fetchone()[0].split("|")
    cut = {r for r in held.receipts if r.number == number and r.sequence == int(sequence) and r.audience == _audience}
    _cut_entry(cursor, number, _audience, int(sequence))
    cursor.execute("delete from complaints_leaf where place = %s", [size - 1])
    cursor.execute("update complaints_tile set digests = substring(digests for %s)", [(size - 1) * 32])
    cursor.execute("update complaints_checkpoint set size = size - 1 where size = %s", [size])
    _signed_anew(cursor)
    return size, cut


def an_unsealed_entry_cut(cursor: Any, chance: Chance, held: Held) -> Hit:
    """No checkpoint covers it yet: whoever has a receipt for it alone can tell."""
    young = [receipt for receipt in held.receipts if _leaf_place(receipt) is None and receipt.audience == "parties"]
    last = max(young, key=lambda receipt: receipt.sequence)
    _cut_entry(cursor, last.number, last.audience, last.sequence)
    return 2**62, {last}


def all_rewritten_and_signed_anew(cursor: Any, chance: Chance, held: Held) -> Hit:
    """With all keys: another time in one entry, its chain hashed and tagged anew, the log and its checkpoints too."""
    old = [receipt for receipt in held.receipts if _leaf_place(receipt) is not None]
    first = chance.choice(old)
    chain = list(
        HandlingStep.objects.filter(
            complaint__number=first.number, audience=first.audience, sequence__gte=first.sequence
        ).order_by("sequence")
    )
    digest = bytes(chain[0].previous_hash)
    for entry in chain:
        body = json.loads(entry.body)
        if entry.sequence == first.sequence:
            entry.happened_at += timedelta(microseconds=chance.randrange(1, 10**6))
            entry.body = entry.body.replace(body["happened"], f"{entry.happened_at:%Y-%m-%dT%H:%M:%S.%f}Z")
        before, digest = digest, chained(digest, entry.body)
        tag = tags.tag_of(TAG_KIND, digest) if entry.tag else b""
        cursor.execute(
            "update complaints_handlingstep set body = %s, happened_at = %s, previous_hash = %s, hash = %s, tag = %s"
            " where id = %s",
            [entry.body, entry.happened_at, before, digest, tag, entry.pk],
        )
    if first.audience == "parties":
        cursor.execute("update complaints_complaint set last_hash = %s where number = %s", [digest, first.number])
    place = _leaf_place(first)
    assert place is not None
    _hashed_anew(cursor)
    _signed_anew(cursor)
    of_chain = {r for r in held.receipts if (r.number, r.audience) == (first.number, first.audience)}
    return place + 1, {receipt for receipt in of_chain if receipt.sequence >= first.sequence}


def _leaf_place(receipt: Receipt) -> Any:
    name = f"{receipt.number}|{receipt.audience}|{receipt.sequence}"
    return Leaf.objects.filter(entry=name).values_list("place", flat=True).first()


def _cut_entry(cursor: Any, number: str, audience: str, sequence: int) -> None:
    case = Complaint.objects.get(number=number)
    cursor.execute(
        "delete from complaints_handlingstep where complaint_id = %s and audience = %s and sequence = %s",
        [case.pk, audience, sequence],
    )
    if audience == "parties":
        cursor.execute(
            "update complaints_complaint set last_sequence = %s, last_hash = coalesce((select hash from"
            " complaints_handlingstep where complaint_id = %s and audience = 'parties' and sequence = %s), '')"
            " where id = %s",
            [sequence - 1, case.pk, sequence - 1, case.pk],
        )


def _leaves(cursor: Any) -> list[bytes]:
    cursor.execute(
        "select l.entry, coalesce(s.hash, h.hash) from complaints_leaf l"
        " left join complaints_complaint c on c.number = split_part(l.entry, '|', 1)"
        " left join complaints_handlingstep s on s.complaint_id = c.id and s.audience = split_part(l.entry, '|', 2)"
        "   and s.sequence::text = split_part(l.entry, '|', 3)"
        " left join complaints_houseentry h on l.entry = 'house|house|' || h.sequence order by l.place"
    )
    return [tree.leaf(f"{entry}|{bytes(digest).hex()}".encode()) for entry, digest in cursor.fetchall()]


def _hashed_anew(cursor: Any) -> None:
    cursor.execute("update complaints_tile set digests = %s where level = 0 and place = 0", [b"".join(_leaves(cursor))])


def _signed_anew(cursor: Any) -> None:
    leaves = _leaves(cursor)
    for row in Checkpoint.objects.all():
        origin, seconds, root = notes.parse(row.note).origin, int(row.at.timestamp()), tree.root(leaves[: row.size])
        body, raw = notes.body_of(origin, row.size, root), notes.raw_key(KEY)
        timed = NoteKey(origin, COSIGNS, raw).id + seconds.to_bytes(8, "big")
        timed += KEY.sign(notes.cosigned_message(body, seconds))
        text = notes.signed(origin, row.size, root, KEY) + notes.signature_line(origin, timed)
        cursor.execute("update complaints_checkpoint set root = %s, note = %s where number = %s", [root, text, row.pk])


ATTACKS: list[Callable[[Any, Chance, Held], Hit]] = [
    an_older_state,
    a_tail_cut_with_its_checkpoint,
    an_unsealed_entry_cut,
    all_rewritten_and_signed_anew,
]


def attacked(held: Held, times: int) -> None:
    with as_superuser():
        with undone():
            assert inside() == []
            assert findings([*held.notes, *held.receipts]) == set()
        for nth, attack in enumerate(ATTACKS * times):
            chance = Chance(nth)
            with undone() as cursor:
                size, receipts = attack(cursor, chance, held)
                where = (attack.__name__, nth)
                assert inside() == [], (*where, "the database shows it by itself: it belongs elsewhere")
                named = findings([*held.notes])
                assert {row for _, _, _, row in named} == {
                    f"checkpoint {one.size}" for one in held.notes if one.size >= size
                }, where
                named = findings([*held.receipts])
                wanted = {(receipt.number, receipt.sequence) for receipt in receipts}
                assert {(number, sequence) for _, number, sequence, _ in named} == wanted, where
                heard = witnessing.show(held.witness, note(), old=held.notes[-1].size)
                if attack is an_unsealed_entry_cut:
                    assert heard.code == witnessing.COSIGNED, where
                else:
                    is_shorter = note().size < held.notes[-1].size
                    assert heard.code == (witnessing.SAW_MORE if is_shorter else witnessing.SAW_OTHER), where


@pytest.mark.django_db(transaction=True)
def test_T72_what_the_database_cannot_show_of_itself_is_named_by_what_is_held_outside(held: Held) -> None:
    attacked(held, 3)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_T72_what_the_database_cannot_show_of_itself_is_named_fifty_times(held: Held) -> None:
    attacked(held, 50)


@pytest.mark.django_db(transaction=True)
def test_with_nothing_outside_none_of_it_is_named_and_a_new_entry_of_whoever_has_all_keys_never(held: Held) -> None:
    """The limits that docs/threats.md says."""
    with as_superuser():
        for nth, attack in enumerate(ATTACKS):
            with undone() as cursor:
                attack(cursor, Chance(nth), held)
                assert inside() == []
    before = note()
    case = Complaint.objects.order_by("pk").first()
    assert case is not None
    entry = HandlingStep.objects.filter(complaint=case, audience="parties").order_by("-sequence").first()
    assert entry is not None
    with as_superuser(), undone() as cursor:
        body = entry.body.replace(f'"sequence":{entry.sequence},', f'"sequence":{entry.sequence + 1},')
        digest = chained(bytes(entry.hash), body)
        columns = [f.column for f in HandlingStep._meta.concrete_fields if f.name not in _OWN]
        cursor.execute(
            f"insert into complaints_handlingstep (sequence, body, previous_hash, hash, tag, {', '.join(columns)})"
            f" select sequence + 1, %s, hash, %s, %s, {', '.join(columns)} from complaints_handlingstep where id = %s",
            [body, digest, tags.tag_of(TAG_KIND, digest), entry.pk],
        )
        made = checkpoints.seal(now=WEDNESDAY + timedelta(minutes=20), key=KEY)
        assert made is not None
        assert witnessing.show(held.witness, note(), old=before.size).code == witnessing.COSIGNED
        assert findings([*held.notes, *held.receipts]) == set()
    assert seal_keys.known().first == NoteKey("x", SIGNS, notes.raw_key(KEY)).raw


_OWN = ("id", "sequence", "body", "previous_hash", "hash", "tag", "transaction")
