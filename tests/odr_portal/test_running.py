"""What `make run` does by itself before anybody is served."""

import os
from pathlib import Path

import pytest
from django.conf import settings

from accounts.keys import keys
from complaints.models import Complaint
from complaints.record.beside import directory
from complaints.record.comparing import Compared
from complaints.record.verification import verify
from odr_portal.processes import local
from odr_portal.processes.running import Installation, Portal
from tests import ROOT
from tests.cast import WEDNESDAY, World
from tests.proof.test_state import Superuser, cases, found, thief
from tests.proof.test_taken_over import chained_anew

__all__ = ["cases", "thief"]


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_make_run_takes_over_the_state_of_an_older_database_once(
    cases: list[Complaint], thief: Superuser, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    place = Installation(root=ROOT, local=tmp_path, sockets=tmp_path, server_user=None, code_user=None)
    portal = Portal(place, {**os.environ, "SECRET_KEY": settings.SECRET_KEY})
    assert directory.take_over(now=WEDNESDAY)
    portal.take_over_state()
    assert capfd.readouterr().out == "", "nothing here is from before"
    thief.run("update complaints_handlingstep set state = '', tag = '', body = (body::jsonb - 'state' - 'form')::text")
    chained_anew(thief)
    another_life = "select setval('complaints_event_era', last_value + 1) from complaints_event_era"
    thief.run(another_life)
    # One of them is broken; another has lost its file.
    thief.run("update complaints_complaint set status = 'review' where id = %s", cases[3].pk)
    for _ in range(2):
        portal.take_over_state()
        assert proved() == len(cases) - 2
    said = capfd.readouterr().out
    assert said.count(f"LEFT OUT case {cases[3].number}") == 1, "it is done once"
    assert "run `manage.py take_over_state` again" in said
    # After a restore once more.
    thief.run("update complaints_complaint set status = 'negotiating' where id = %s", cases[3].pk)
    thief.run(another_life)
    portal.take_over_state()
    assert proved() == len(cases) - 1
    # What broke off is tried again.
    thief.run(another_life)
    portal.variables["SECRET_KEY"] = "short"
    portal.take_over_state()
    assert "It is tried again at the next start." in capfd.readouterr().out


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_make_run_takes_over_the_directory_of_an_older_database_once(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    place = Installation(root=ROOT, local=tmp_path, sockets=tmp_path, server_user=None, code_user=None)
    portal = Portal(place, {**os.environ, "SECRET_KEY": settings.SECRET_KEY})
    for _ in range(2):
        portal.take_over_state()
        assert directory.told().whole == set(directory.COLUMNS)
    assert capfd.readouterr().out.count("rows of the directory were taken over") == 1
    assert verify().findings == []


def test_the_vault_keys_are_written_once_and_put_in_place_whole(tmp_path: Path) -> None:
    place = Installation(root=ROOT, local=tmp_path, sockets=tmp_path, server_user=None, code_user=None)
    file = tmp_path / "vault" / "keys"
    file.parent.mkdir()
    local.make_vault_keys(place)
    made, before = keys.read(file), file.stat()
    local.make_vault_keys(place)
    assert file.stat().st_mtime_ns == before.st_mtime_ns, "a start that is cut off must not cost the keys"
    # A file from before entries had tags.
    older = "".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith("entry"))
    file.write_text(older)
    with file.open() as reader:
        local.make_vault_keys(place)
        assert reader.read() == older
    newer = keys.read(file)
    assert (newer.wrap, newer.index, newer.entry_version) == (made.wrap, made.index, 1)
    assert [(path.name, path.stat().st_mode & 0o777) for path in file.parent.iterdir()] == [("keys", 0o600)]


def proved() -> int:
    """So many cases are as their entries say, in every column."""
    compared = Compared()
    assert found(compared=compared) == []
    return compared.proved
