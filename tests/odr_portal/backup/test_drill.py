"""A backup that is restored beside the portal: proved and told, or its fault is; and nothing of it is left."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from complaints.models import Complaint
from odr_portal.backup import database, drill
from oversight.models import RestoreDrill
from oversight.portal_state import signs, system_views
from tests import ROOT
from tests.odr_portal.backup.conftest import save

pytestmark = pytest.mark.django_db(transaction=True)
full = pytest.mark.full


@pytest.fixture
def room() -> Iterator[Path]:
    """Where drills work: whoever runs the server may come through, and its path is short enough for a socket."""
    place = Path(tempfile.mkdtemp(prefix="odr-room-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def backups(portal: Complaint, tmp_path: Path) -> Path:
    place = tmp_path / "backups"
    place.mkdir()
    save(place)
    return place


def carry_out(place: Path, room: Path, *more: str) -> tuple[str, str]:
    """The result as its row has it, and what was said."""
    out = StringIO()
    try:
        call_command("restore_drill", str(place), "--in", str(room), *more, stdout=out, stderr=StringIO())
    except CommandError as error:
        if not RestoreDrill.objects.exists():
            raise
        out.write(str(error))
    assert list(room.iterdir()) == [], "something of it is left"
    row = RestoreDrill.objects.first()
    return (row.result if row else "", out.getvalue())


def test_a_good_archive_comes_back_whole_and_the_page_says_so(backups: Path, room: Path) -> None:
    newest = max(backups.glob("*.tar"))
    result, said = carry_out(backups, room, "--json")
    assert result == "sound", said
    assert json.loads(said)["result"] == "sound"
    row = RestoreDrill.objects.get()
    assert (row.backup, row.cases) == (newest.name, Complaint.objects.count())
    assert row.as_of is not None
    assert abs(row.at - row.as_of) < timedelta(minutes=5)
    assert row.rows == sum(json.loads(said)["rows"].values()) > row.entries > row.cases
    read = signs.read(now=row.at)
    assert not {"drill_failed", "drill_old"} & set(read.alarms)
    lines = dict(system_views.shown(read)["groups"])["备份"]
    assert [line["value"] for line in lines] == ["恢复成功，记录没有断开", newest.name, f"{row.rows:,}"]
    assert "drill_old" in signs.read(now=row.at + signs.UNDRILLED + timedelta(seconds=1)).alarms
    assert "odr_restore_drill_sound 1\n" in system_views.written(read)
    for change in ("update oversight_restoredrill set result = 'sound'", "delete from oversight_restoredrill"):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_place_that_does_not_do_is_told_first(backups: Path, room: Path) -> None:
    long = room / ("long" * 20)
    with pytest.raises(CommandError, match="is no folder"):
        carry_out(backups, long)
    long.mkdir()
    with pytest.raises(CommandError, match="too long a path"):
        carry_out(backups, long)
    assert not RestoreDrill.objects.exists()


@full
def test_without_a_backup_or_with_an_old_one_it_does_not_do(
    backups: Path, room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, said = carry_out(tmp_path / "nothing", room)
    assert (result, "There is no archive in" in said) == ("missing", True)
    assert "drill_failed" in signs.read(now=RestoreDrill.objects.get().at).alarms
    monkeypatch.setattr(drill, "OLD_ARCHIVE", timedelta())
    assert carry_out(backups, room)[0] == "old"
    # Whoever names an archive means it.
    assert carry_out(max(backups.glob("*.tar")), room)[0] == "sound"


def test_a_damaged_archive_and_one_without_its_keys_are_told(backups: Path, room: Path, settings: Any) -> None:
    file, keys = max(backups.glob("*.tar")), backups / "person-keys"
    kept = keys.read_bytes()
    keys.unlink()
    result, said = carry_out(backups, room)
    assert (result, "There is no person-keys" in said) == ("refused", True)
    keys.write_bytes(kept)
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    result, said = carry_out(backups, room)
    assert (result, "was changed or damaged" in said) == ("refused", True)


@full
def test_a_broken_record_and_the_record_of_another_portal_are_told(
    portal: Complaint, room: Path, tmp_path: Path, superuser_connection: Any
) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    save(place)
    with superuser_connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("delete from complaints_checkpoint")
    assert carry_out(place, room)[0] == "other"
    for file in place.iterdir():
        file.unlink()
    with superuser_connection.cursor() as cursor:
        cursor.execute("update complaints_handlingstep set reason = 'x' where sequence = 1")
    save(place)
    result, said = carry_out(place, room)
    assert (result, "The record is broken in" in said) == ("broken", True)


@full
def test_two_at_once_and_what_a_killed_one_left(backups: Path, room: Path) -> None:
    left = room / "odr-restore-drill-killed"
    (left / "data").mkdir(parents=True)
    with closing(database.connect(os.environ["DATABASE_OWNER_URL"])) as other:
        database.query(other, "select pg_try_advisory_lock(%s)", drill._LOCK)
        with pytest.raises(CommandError, match="Another drill is under way"):
            call_command("restore_drill", str(backups), "--in", str(room))
        assert not RestoreDrill.objects.exists()
    assert carry_out(backups, room)[0] == "sound"


@full
def test_a_full_disk_is_told(backups: Path, room: Path, settings: Any) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root lays a small disk over a folder")
    mount = 'mount -t tmpfs -o size=30m tmpfs "$1" && exec "$0" manage.py restore_drill "$2" --in "$1" --json'
    line = ["unshare", "--mount", "sh", "-c", mount, sys.executable, str(room), str(backups)]
    env = {**os.environ, "SECRET_KEY": settings.SECRET_KEY}
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, env=env)
    if "mount:" in done.stderr or "unshare" in done.stderr:
        pytest.skip("mounts are forbidden here")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert RestoreDrill.objects.get().result == "full", done.stderr
