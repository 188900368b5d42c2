"""A restore of a broken archive leaves nothing and says one sentence; one of an older state says what is missing."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management.base import CommandError
from django.test import override_settings

from accounts.keys import keys
from complaints.models import Checkpoint, Complaint, Evidence
from complaints.procedure.workflow import Status
from complaints.record import checkpoints, notes
from tests import ROOT, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.odr_portal.backup.conftest import Beside, beside, evidence_folder, portal, save, seal_key

__all__ = ["beside", "evidence_folder", "portal", "seal_key"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def saved(portal: Complaint, tmp_path: Path) -> Path:
    file = tmp_path / "portal.tar"
    save(file)
    return file


def refused(beside: Beside, file: Path, *arguments: str) -> str:
    """The one sentence; nothing is left of it."""
    before = beside.tables(), beside.files()
    with pytest.raises(CommandError) as problem:
        beside.restore(file, *arguments)
    assert (beside.tables(), beside.files()) == before
    assert beside.query(
        "select count(*) from pg_namespace where nspname in ('before_restore', 'restore_under_way')"
    ) == [(0,)]
    sentence = str(problem.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize("number", [10, pytest.param(50, marks=pytest.mark.full)])
def test_of_a_damaged_archive_nothing_is_left(saved: Path, beside: Beside, tmp_path: Path, number: int) -> None:
    """A byte at a random place, or the end cut off anywhere."""
    whole, dice, file = saved.read_bytes(), random.Random(number), tmp_path / "damaged.tar"
    end = archive_end(saved)
    for turn in range(number):
        place = dice.randrange(end)
        if turn % 2:
            file.write_bytes(whole[:place])
        else:
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :])
        refused(beside, file, "--keys", str(saved.with_name("person-keys")))


def archive_end(file: Path) -> int:
    """Where what is read of an archive ends; the rest is the filling of a tar."""
    return len(file.read_bytes().rstrip(b"\0"))


BROKEN: dict[str, tuple[str, str]] = {
    "a column of an entry": ("update complaints_handlingstep set reason = 'x' where id = {entry}", "entry"),
    "a text": (
        "update complaints_personaltext set sealed = '' where kind = 'consumer_statement'",
        "consumer_statement",
    ),
    "an entry": ("delete from complaints_handlingstep where id = {entry}", "entry"),
    "the body of an entry": ("update complaints_handlingstep set body = '{{' where id = {entry}", "entry"),
}
EVERY = ["a file that was changed", *BROKEN, "a file that is gone"]
FULL = [pytest.param(one, marks=pytest.mark.full) for one in EVERY[1:]]


@pytest.mark.parametrize("what", [EVERY[0], *FULL])
def test_of_a_broken_record_nothing_is_left_and_its_first_place_is_named(
    portal: Complaint, beside: Beside, tmp_path: Path, superuser_connection: Any, evidence_folder: Path, what: str
) -> None:
    file = tmp_path / "broken.tar"
    row = Evidence.objects.get()
    if what in BROKEN:
        statement, named = BROKEN[what]
        with superuser_connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            cursor.execute(f"select id from complaints_handlingstep where complaint_id = {portal.pk} and sequence = 2")
            cursor.execute(statement.format(entry=cursor.fetchone()[0]))
            assert cursor.rowcount > 0
    else:
        place, named = evidence_folder / row.path, row.sha256
        place.unlink()
        if "changed" in what:
            place.write_bytes("十月账单".encode())
    save(file)
    sentence = refused(beside, file)
    assert "The record in the archive is broken in" in sentence
    assert portal.number in sentence
    assert named in sentence
    # Kept when that is asked for, in an empty database, and never as if it were whole.
    with pytest.raises(CommandError, match="The restored record is broken"):
        beside.restore(file, "--keep-broken")
    assert beside.tables() > 100
    with pytest.raises(CommandError, match="--keep-broken needs an empty database"):
        beside.restore(file, "--replace", "--keep-broken")


def test_wrong_vault_keys_are_told_in_a_sentence(saved: Path, beside: Beside, settings: Any) -> None:
    ours = settings.VAULT_KEYS
    with override_settings(VAULT_KEYS=keys.parse(keys.fresh())):
        assert "do not open the keys of people" in refused(beside, saved)
    other = keys.parse(keys.fresh())
    with override_settings(VAULT_KEYS=keys.VaultKeys(wrap=ours.wrap, index=ours.index, entry=other.entry)):
        assert "not tagged with an entry key of VAULT_KEY_FILE" in refused(beside, saved)


@pytest.mark.full
def test_an_older_state_says_how_many_entries_after_which_size_are_missing(
    saved: Path, beside: Beside, world: World, seal_key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.tar"
    size = Checkpoint.objects.latest("number").size
    given.a_complaint(world, status=Status.NEGOTIATING)
    made = checkpoints.seal(now=WEDNESDAY, key=seal_key)
    assert made is not None
    lost = made.size - size
    save(newer)
    beside.restore(newer)
    warned = beside.restore(saved, "--replace", "--keys", str(tmp_path / "person-keys"))[1]
    assert f"SHORTER than it was: {lost} entries after size {size} are not here" in warned
    [(body,)] = beside.query("select body from complaints_houseentry where step = 'restored'")
    said = json.loads(body)["data"]
    assert (said["lost"], said["size"]) == (lost, size)


@pytest.mark.full
def test_a_checkpoint_that_no_key_of_the_record_signed_says_nothing_of_what_is_missing(
    saved: Path, beside: Beside, seal_key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    newest = Checkpoint.objects.latest("number")
    size, root = newest.size, bytes(newest.root)
    kept, forged, changed = (tmp_path / name for name in ("kept.txt", "forged.txt", "changed.json"))
    kept.write_text(newest.note)
    forged.write_text(notes.signed("localhost/record", size + 7, root, Ed25519PrivateKey.generate()))
    said = {"size": size + 7, "root": root.hex(), "note": newest.note}
    changed.write_text(json.dumps({"sealed_size": 0, "sealed_root": "", "newest_checkpoint": said}))
    assert "LOOK" not in beside.restore(saved, "--anchor", str(kept))[1]
    for file in (forged, changed):
        warned = beside.restore(saved, "--replace", "--anchor", str(file))[1]
        told = f"{file.name} is signed by no key that this record names"
        assert missing_in(warned, told, "If it is right all the same: The record is SHORTER", "7 entries") == []
        bodies = beside.query("select body from complaints_houseentry where step = 'restored'")
        assert [json.loads(body)["data"].get("lost") for (body,) in bodies] == [None]


@pytest.mark.full
def test_files_of_a_running_portal_stay_as_they_are_when_the_restore_fails(
    portal: Complaint, beside: Beside, tmp_path: Path, evidence_folder: Path, superuser_connection: Any
) -> None:
    good, broken = tmp_path / "good.tar", tmp_path / "broken.tar"
    save(good)
    beside.restore(good)
    row = Evidence.objects.get()
    place = tmp_path / "restored" / "evidence" / row.path
    before = beside.files(), place.read_bytes()
    (evidence_folder / row.path).unlink()
    (evidence_folder / row.path).write_bytes(b"another bill")
    save(broken)
    refused(beside, broken, "--replace")
    assert (beside.files(), place.read_bytes()) == before


@pytest.mark.full
@pytest.mark.parametrize("number", [3])
def test_what_a_killed_restore_left_is_undone_by_the_next(saved: Path, beside: Beside, number: int) -> None:
    beside.restore(saved)
    wanted = beside.tables(), beside.files()
    dice = random.Random(22)
    for _ in range(number):
        killed(beside, saved, after=dice.choice(["Restoring the database", "Restoring the files"]))
        beside.restore(saved, "--replace")
        assert (beside.tables(), beside.files()) == wanted
        assert beside.query("select to_regnamespace('restore_under_way'), to_regnamespace('before_restore')") == [
            (None, None)
        ]


def killed(beside: Beside, file: Path, *, after: str) -> None:
    """A restore in a process of its own, killed as soon as it says that it does this."""
    places = ["--evidence", str(beside.folder / "evidence"), "--files", str(beside.folder / "files")]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "restore", str(file), "--into", beside.url, "--replace", *places],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SECRET_KEY": settings.SECRET_KEY},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if after in line:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    # Its pg_restore sees the end of its input, and the server sees the end of both.
    beside.query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = 'restored' and usename = 'portal_owner'"
    )
