"""Which key may sign the record: handed over, added, lost, stolen; and what another key signed counts for nothing."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from complaints.models import Checkpoint
from complaints.record import house, log, seal_keys
from complaints.record.checkpoints import CannotSeal, seal
from complaints.record.notes import raw_key
from tests.cast import WEDNESDAY, World
from tests.proof.tampering import as_superuser, undone

pytestmark = pytest.mark.django_db


class Keys:
    """Files of keys, and a clock that goes on a minute a time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.minutes = folder, 0
        self.run("make_seal_key", self.file("a"), "--recovery", self.file("recovery"))
        for name in ("b", "c"):
            self.run("make_seal_key", self.file(name))

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def of(self, name: str) -> Ed25519PrivateKey:
        return seal_keys.read(self.folder / name)[0]

    def run(self, *arguments: str) -> str:
        told = StringIO()
        with time_machine.travel(WEDNESDAY + timedelta(minutes=self.minutes), tick=False):
            call_command(*arguments, stdout=told)
        return told.getvalue()

    def hand_over(self, by: str, to: str, *more: str) -> str:
        return self.run("hand_over_seal_key", "--by", self.file(by), "--to", self.file(to), *more)

    def end(self, name: str, *more: str, by: str = "recovery") -> str:
        public = raw_key(self.of(name)).hex()
        return self.run("hand_over_seal_key", "--by", self.file(by), "--end", public, *more)

    def seal(self, name: str, settings: Any) -> Checkpoint | None:
        """As a watch does that has this key; ten minutes later."""
        self.minutes += 10
        settings.SEAL_KEY_FILE = self.file(name)
        return seal(now=WEDNESDAY + timedelta(minutes=self.minutes))


@pytest.fixture
def keys(world: World, tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def faults() -> list[tuple[str, str]]:
    return [(one.code, one.row) for one in log.verify_log()]


def test_a_new_key_takes_the_place_of_the_old_one_and_nothing_is_alarmed(keys: Keys, settings: Any) -> None:
    assert keys.seal("a", settings)
    assert "from size 2 on" in keys.hand_over("a", "b")
    with pytest.raises(seal_keys.UnusableKey, match="key_replaced"):
        keys.seal("a", settings)
    assert keys.seal("b", settings)
    assert keys.seal("b", settings)
    assert faults() == []
    assert list(log.verify_log(public_key=raw_key(keys.of("a")))) == []


def test_two_watches_sign_each_with_its_own_key(keys: Keys, settings: Any) -> None:
    assert keys.seal("a", settings)
    keys.hand_over("a", "b", "--add")
    for name in ("b", "a", "b"):
        assert keys.seal(name, settings)
    assert faults() == []


def test_with_the_recovery_key_a_lost_key_is_replaced_and_a_stolen_one_ended(keys: Keys, settings: Any) -> None:
    first = keys.seal("a", settings)
    assert first is not None
    keys.hand_over("recovery", "b", "--recovered")
    assert keys.seal("a", settings), "the thief goes on signing until it is ended"
    keys.end("a")
    with pytest.raises(seal_keys.UnusableKey, match="key_revoked"):
        keys.seal("a", settings)
    assert keys.seal("b", settings)
    assert faults() == []


def test_what_a_stolen_key_signed_from_a_size_on_counts_for_nothing(keys: Keys, settings: Any) -> None:
    keys.seal("a", settings)
    keys.hand_over("a", "b", "--add")
    stolen = keys.seal("a", settings)
    assert stolen is not None
    keys.end("a", "--from-size", str(stolen.size))
    assert keys.seal("b", settings)
    assert faults() == [("key_revoked", f"checkpoint {stolen.number}")]


def test_to_end_a_key_that_had_ended_gives_it_nothing_back(keys: Keys, settings: Any) -> None:
    first = keys.seal("a", settings)
    assert first is not None
    keys.hand_over("a", "b")
    for _ in range(2):
        assert keys.seal("b", settings)
        keys.end("a")
        assert {seal_keys.known().fault(raw_key(keys.of("a")), first.size + more) for more in range(1, 9)} == {
            "key_replaced"
        }
    keys.end("a", "--from-size", str(first.size + 1))
    assert seal_keys.known().fault(raw_key(keys.of("a")), first.size + 1) == "key_revoked"
    keys.end("a")
    assert seal_keys.known().fault(raw_key(keys.of("a")), first.size + 1) == "key_revoked"


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda keys: keys.hand_over("b", "c"), "not handed over by a key that may"),
        (lambda keys: keys.hand_over("a", "c", "--recovered"), "not handed over by a key that may"),
        (lambda keys: keys.hand_over("a", "a"), "has been in use before"),
        (lambda keys: keys.end("a", by="b"), "not signed by the recovery key"),
        (lambda keys: keys.end("c"), "never signed"),
        (lambda keys: keys.end("a", "--from-size", "1"), "from a later size"),
        (lambda keys: keys.run("hand_over_seal_key", "--by", keys.file("a")), "--to FILE"),
        (lambda keys: keys.run("hand_over_seal_key", "--by", keys.file("recovery"), "--end", "x"), "64 hexadecimal"),
        (lambda keys: keys.run("make_seal_key", keys.file("a")), "never overwritten"),
    ],
)
def test_who_may_not_hand_over_is_told_why(
    keys: Keys, settings: Any, attempt: Callable[[Keys], str], said: str
) -> None:
    keys.seal("a", settings)
    before = house.entries().count()
    with pytest.raises(CommandError, match=said):
        attempt(keys)
    assert house.entries().count() == before


def test_a_key_file_that_cannot_be_used_says_why(keys: Keys, settings: Any) -> None:
    odd = keys.folder / "odd"
    for text, mode, said in (
        ("", 0o600, "is no key file"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "is no key file"),
        ((keys.folder / "a").read_text(), 0o640, "chmod 600"),
    ):
        odd.write_text(text)
        odd.chmod(mode)
        with pytest.raises(seal_keys.UnusableKey, match=said):
            keys.seal("odd", settings)
    with pytest.raises(seal_keys.UnusableKey, match="cannot be read"):
        keys.seal("nowhere", settings)
    assert not Checkpoint.objects.exists()


def test_nothing_is_handed_over_before_anything_is_sealed(keys: Keys) -> None:
    with pytest.raises(CommandError, match="Nothing is sealed yet"):
        keys.hand_over("a", "b")


@pytest.mark.django_db(transaction=True)
def test_a_damaged_log_is_not_signed_again_as_if_it_were_whole(keys: Keys, settings: Any) -> None:
    keys.seal("a", settings)
    keys.hand_over("a", "b", "--add")
    keys.seal("a", settings)
    with as_superuser():
        for statement, said in (
            (
                "update complaints_tile set digests = set_byte(digests, 0, 255 - get_byte(digests, 0))",
                "damaged at checkpoint 2",
            ),
            ("delete from complaints_tile", "damaged at checkpoint 2"),
            ("delete from complaints_leaf where place = (select max(place) from complaints_leaf)", "damaged"),
            ("delete from complaints_checkpoint", "There are leaves and no checkpoint"),
        ):
            with undone() as cursor:
                cursor.execute(statement)
                with pytest.raises(CannotSeal, match=said):
                    keys.seal("a", settings)
