"""What is held outside: witnesses and time stamps of the portal's own record, and what either may answer instead."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from complaints.models import Checkpoint, Complaint, OutsideHolder
from complaints.record import checkpoints, log, notes, seal_keys, stamps, witnessing
from complaints.record.notes import COSIGNS, NoteKey, Witness, Witnesses
from oversight.models import SystemCheck
from oversight.portal_state import signs
from tests import given
from tests.cast import WEDNESDAY, World
from tests.proof.answering import answering
from tests.proof.authority import Authority
from tests.proof.witnesses import witness

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
NOW = WEDNESDAY + timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def sealed(world: World, *, at: Any = NOW) -> Checkpoint:
    """A checkpoint over a new case."""
    given.filed(world, now=at - MINUTE)
    made = checkpoints.seal(now=at, key=KEY)
    assert made is not None
    return made


def note() -> notes.Note:
    newest = log.newest_checkpoint()
    assert newest is not None
    return notes.parse(newest.note)


def test_each_checkpoint_is_shown_once_and_the_cosignature_is_kept_with_it(
    world: World, settings: Any, tmp_path: Path
) -> None:
    first = sealed(world)
    with witness(tmp_path, KEY, origin=note().origin) as one:
        settings.WITNESSES = Witnesses(1, (one,))
        assert witnessing.sweep_witnesses(now=NOW) == 1
        assert note().cosigned_at(one.key) is not None
        assert witnessing.sweep_witnesses(now=NOW + MINUTE) == 0, "nothing new to show"
        # It goes on from there by a proof, over one checkpoint that the witness never saw.
        sealed(world, at=NOW + 2 * MINUTE)
        later = sealed(world, at=NOW + 3 * MINUTE)
        assert witnessing.sweep_witnesses(now=NOW + 3 * MINUTE) == 1
        assert note().size == later.size > first.size
        # The witness knows more than we remember of it.
        OutsideHolder.objects.all().delete()
        sealed(world, at=NOW + 4 * MINUTE)
        assert witnessing.sweep_witnesses(now=NOW + 4 * MINUTE) == 1
    assert [row.code for row in OutsideHolder.objects.all()] == [""]
    assert witnessing.alarms(now=NOW + 5 * MINUTE) == []


@pytest.mark.django_db(transaction=True)
def test_a_witness_that_saw_more_or_another_record_is_heard_where_it_shows_it(
    world: World, settings: Any, tmp_path: Path, superuser_connection: Any
) -> None:
    """The newest checkpoint is cut from the database, with its leaves: inside all is whole, the witness saw more."""
    sealed(world)
    with witness(tmp_path, KEY, origin=note().origin) as one:
        settings.WITNESSES = Witnesses(1, (one,))
        witnessing.sweep_witnesses(now=NOW)
        kept = note()
        sealed(world, at=NOW + MINUTE)
        witnessing.sweep_witnesses(now=NOW + MINUTE)
        seen = note()
        cut_to(superuser_connection, kept.size)
        assert note().size == kept.size
        checkpoints.seal(now=NOW + timedelta(minutes=15), key=KEY)
        assert witnessing.sweep_witnesses(now=NOW + timedelta(minutes=15)) == 0
        row = OutsideHolder.objects.get()
        assert row.code == witnessing.SAW_MORE
        assert notes.parse(row.shown).size == seen.size
        assert "witness_saw_more" in witnessing.alarms(now=NOW + timedelta(minutes=15))
        # Grown again beyond what it saw, by other entries: its proof cannot be made.
        for number in range(3):
            sealed(world, at=NOW + timedelta(minutes=16 + number))
        assert note().size > seen.size
        assert witnessing.sweep_witnesses(now=NOW + timedelta(minutes=20)) == 0
        assert OutsideHolder.objects.get().code == witnessing.SAW_OTHER
        assert "witness_saw_other" in witnessing.alarms(now=NOW + timedelta(minutes=20))


def cut_to(superuser: Any, size: int) -> None:
    """As whoever has the database cuts the end of the record: entries, leaves, tiles and checkpoints of it."""
    with superuser.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("delete from complaints_checkpoint where size > %s", [size])
        cursor.execute("delete from complaints_leaf where place >= %s", [size])
        cursor.execute("update complaints_tile set digests = substring(digests for %s * 32) where level = 0", [size])
        cursor.execute(
            "delete from complaints_handlingstep where complaint_id = (select max(id) from complaints_complaint)"
        )
        cursor.execute("set session_replication_role = origin")


def verified(*given: str) -> tuple[int, str]:
    """(exit code, what was said) of verify_record."""
    said = StringIO()
    try:
        call_command("verify_record", *given, stdout=said)
    except SystemExit as ended:
        return int(ended.code or 0), said.getvalue()
    return 0, said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_record_is_compared_with_what_the_witnesses_hold_by_hand_and_every_night(
    world: World, settings: Any, tmp_path: Path, superuser_connection: Any
) -> None:
    sealed(world)
    first, night = note(), timezone.now().replace(hour=20)
    assert verified()[0] == 3
    with witness(tmp_path, KEY, origin=first.origin) as one:
        away = Witness(NoteKey("away.example", COSIGNS, bytes(32)), "http://127.0.0.1:1")
        settings.WITNESSES = Witnesses(1, (one, away))
        witnessing.sweep_witnesses(now=NOW)
        sealed(world, at=NOW + MINUTE)
        witnessing.sweep_witnesses(now=NOW + MINUTE)
        code, said = verified()
        assert (code, "away.example showed no checkpoint" in said) == (0, True)
        assert verified("--alone")[0] == 3
        signs.sweep_record(now=night)
        assert SystemCheck.objects.get().is_sound
        # That the log was longer is known outside alone.
        cut_to(superuser_connection, first.size)
        longer = "counts more entries than are in the log"
        assert longer not in verified("--alone")[1]
        code, said = verified()
        assert (code, longer in said) == (1, True)
        signs.sweep_record(now=night + timedelta(days=1))
        assert not SystemCheck.objects.get().is_sound


def test_a_report_claims_no_more_than_was_looked_at(world: World, settings: Any, tmp_path: Path) -> None:
    sealed(world)
    number = Complaint.objects.get().number
    assert f"Case {number} is unbroken." in verified("--case", number)[1]
    # Of what others hold nothing is asked either.
    settings.WITNESSES = Witnesses(1, (Witness(NoteKey("away.example", COSIGNS, bytes(32)), "http://127.0.0.1:1"),))
    with pytest.raises(CommandError, match="not allowed with"):
        verified("--chain-only", "--anchor", str(tmp_path / "note"))
    code, said = verified("--chain-only")
    assert (code, said.endswith("Nothing else was looked at.\n"), "record is unbroken" in said) == (3, True, False)


ANSWERS = {
    "a page": (200, b"<html>welcome</html>", witnessing.ODD),
    "nothing": (200, b"", witnessing.ODD),
    "no text": (200, b"\xff\xfe", witnessing.ODD),
    "a size for ever": (409, b"0\n", witnessing.ODD),
    "a size that nobody shows": (409, b"999999999\n", witnessing.ODD),
    "no proof holds": (422, b"no\n", witnessing.ODD),
    "another record": (404, b"", witnessing.UNKNOWN),
    "another key": (403, b"", witnessing.UNKNOWN),
    "busy": (503, b"", witnessing.AWAY),
    "moved": (302, b"", witnessing.ODD),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_witness_that_lies_or_is_away_changes_nothing_and_is_named(
    world: World, settings: Any, case: tuple[int, bytes, str]
) -> None:
    sealed(world)
    status, said, code = case
    before = note().text
    key = NoteKey("liar.example", COSIGNS, bytes(32))
    with answering(lambda *_: (status, said)) as url:
        settings.WITNESSES = Witnesses(1, (Witness(key, url),))
        assert witnessing.sweep_witnesses(now=NOW) == 0
    assert note().text == before
    assert OutsideHolder.objects.get().code == code
    assert witnessing.alarms(now=NOW + 5 * MINUTE) == [], "ten minutes are allowed"
    assert witnessing.alarms(now=NOW + 11 * MINUTE) == ["witness_lag"]


def test_a_cosignature_of_another_checkpoint_or_key_is_none(world: World, settings: Any, tmp_path: Path) -> None:
    sealed(world)
    other = Ed25519PrivateKey.generate()
    mine = NoteKey("council.example/witness", COSIGNS, notes.raw_key(other))
    for body, key in ((note().body.replace("record", "recorb"), mine), (note().body, NoteKey(*_parts(mine)))):
        line = notes.signature_line(key.name, key.id + bytes(8) + other.sign(notes.cosigned_message(body, 1)))
        with answering(lambda *_, line=line: (200, line.encode())) as url:
            assert witnessing.show(Witness(mine, url), note(), old=0).code == witnessing.ODD


def _parts(key: NoteKey) -> tuple[str, int, bytes]:
    return "else.example", key.kind, key.raw


def test_as_many_as_are_needed_are_enough_and_one_that_is_away_holds_up_nobody(
    world: World, settings: Any, tmp_path: Path
) -> None:
    sealed(world)
    away = Witness(NoteKey("away.example", COSIGNS, bytes(32)), "http://127.0.0.1:1")
    with (
        witness(tmp_path / "a", KEY, origin=note().origin, name="a.example") as one,
        witness(tmp_path / "b", KEY, origin=note().origin, name="b.example") as two,
    ):
        settings.WITNESSES = Witnesses(2, (away, one, two))
        assert witnessing.sweep_witnesses(now=NOW) == 2
        assert witnessing.alarms(now=NOW + 11 * MINUTE) == []
        settings.WITNESSES = Witnesses(3, (away, one, two))
        assert witnessing.alarms(now=NOW + 11 * MINUTE) == ["witness_lag"]


def test_the_first_checkpoint_of_each_hour_gets_a_time_stamp(world: World, settings: Any, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    settings.TSA_ROOT = (authority.root,)
    asked: list[bytes] = []

    def answer(_method: str, _path: str, body: bytes) -> tuple[int, bytes]:
        asked.append(body)
        return (200, authority.answer(body)) if len(asked) > 1 else (200, b"rubbish")

    first = sealed(world)
    with answering(answer) as settings.TSA_URL:
        assert witnessing.sweep_witnesses(now=NOW) == 0
        assert OutsideHolder.objects.get().code == witnessing.ODD
        assert witnessing.sweep_witnesses(now=NOW + MINUTE) == 1
        sealed(world, at=NOW + 2 * MINUTE)
        assert witnessing.sweep_witnesses(now=NOW + 3 * MINUTE) == 0, "one an hour"
        first.refresh_from_db()
        stamps.stamped_at(bytes(first.stamp), notes.parse(first.note).body.encode())
        assert Checkpoint.objects.exclude(stamp=b"").count() == 1
        with transaction.atomic():
            assert list(log.verify_log()) == []
        assert witnessing.alarms(now=NOW + timedelta(hours=1)) == []
        sealed(world, at=NOW + timedelta(hours=1))
        assert witnessing.sweep_witnesses(now=NOW + timedelta(hours=1)) == 1


def test_nobody_is_asked_where_nobody_is_set(world: World) -> None:
    sealed(world)
    assert witnessing.sweep_witnesses(now=NOW) == 0
    assert witnessing.alarms(now=NOW + timedelta(days=1)) == []
    assert not OutsideHolder.objects.exists()
    assert seal_keys.known().first == notes.raw_key(KEY)
