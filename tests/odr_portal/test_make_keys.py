"""`manage.py make_keys`: every key of a portal, for those who need it and for nobody else."""

import grp
import os
import pwd
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.keys import keys
from complaints.documents import signing
from complaints.record import seal_keys
from complaints.record.notes import raw_key
from odr_portal import deploy_checks
from odr_portal.management.commands import make_keys
from odr_portal.processes import separation
from tests import ROOT

USERS = {"web": "w", "worker": "k", "beat": "b", "watch": "o"}


def make(folder: Path) -> str:
    out = StringIO()
    call_command("make_keys", str(folder), stdout=out)
    return out.getvalue()


def test_all_keys_are_made_once_and_can_be_used(settings: Any, tmp_path: Path) -> None:
    settings.PROCESS_USERS = {}
    folder = tmp_path / "keys"
    told = make(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("secret-key", "vault-keys", "document-key.pem", "seal-key.pem", separation.RECOVERY_KEY)
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert keys.read(folder / "vault-keys").entry_version == 1
    assert signing.parse((folder / "document-key.pem").read_text()).public
    key, recovery = seal_keys.read(folder / "seal-key.pem")
    assert recovery == raw_key(seal_keys.read(folder / separation.RECOVERY_KEY)[0])
    assert raw_key(key).hex() in told
    for name in ("SECRET_KEY_FILE", "VAULT_KEY_FILE", "DOCUMENT_KEY_FILE", "SEAL_KEY_FILE"):
        assert f"{name}={folder}" in told
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (folder / "document-key.pem").unlink()
    again = make(folder)
    assert again.count("made ") == 1
    assert again.count("kept ") == 3
    assert all(path.read_bytes() == text for path, text in before.items() if path.name != "document-key.pem")
    # What a run left that broke off between the two keys is taken up.
    (folder / "seal-key.pem").unlink()
    make(folder)
    assert seal_keys.read(folder / "seal-key.pem")[1] == recovery


def test_a_recovery_key_that_was_not_carried_away_is_named(settings: Any, tmp_path: Path) -> None:
    settings.VAULT_KEY_FILE, settings.SEAL_KEY_FILE = str(tmp_path / "vault-keys"), ""
    assert deploy_checks.the_recovery_key_is_elsewhere(None) == []
    (tmp_path / separation.RECOVERY_KEY).touch()
    assert [one.id for one in deploy_checks.the_recovery_key_is_elsewhere(None)] == ["odr_portal.W014"]


def groups(monkeypatch: pytest.MonkeyPatch, members: dict[str, str]) -> None:
    """A machine with these groups (name: their users, a letter each), and users w, k, b, o."""
    gids = {name: number for number, name in enumerate(members, start=500)}
    known = {letter: SimpleNamespace(pw_uid=100 + place, pw_gid=100 + place) for place, letter in enumerate("wkbo")}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: known[name])
    monkeypatch.setattr(grp, "getgrall", lambda: [SimpleNamespace(gr_gid=gid) for gid in gids.values()])
    monkeypatch.setattr(
        os, "getgrouplist", lambda name, gid: [gid, *(gids[group] for group in members if name in members[group])]
    )


def test_a_key_goes_to_a_group_of_its_readers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    groups(monkeypatch, {"everybody": "wkbo", "data": "wko", "documents": "ko"})
    given = {name: make_keys.access_of(needed_by, USERS) for name, needed_by in make_keys.READERS.items()}
    assert given == {
        "SECRET_KEY_FILE": make_keys.Access(0, 500, 0o640),
        "VAULT_KEY_FILE": make_keys.Access(0, 501, 0o640),
        "DOCUMENT_KEY_FILE": make_keys.Access(0, 502, 0o640),
        "SEAL_KEY_FILE": make_keys.Access(103, 0, 0o400),
    }
    groups(monkeypatch, {"everybody": "wkbo"})
    with pytest.raises(CommandError, match=r"No group has k, o, w and no other user"):
        make_keys.access_of(make_keys.READERS["VAULT_KEY_FILE"], USERS)
    with pytest.raises(CommandError, match="Make the users first"):
        make_keys.access_of({"web"}, USERS | {"web": "nobody-there"})


@pytest.mark.parametrize("command", ["make_keys", "make_vault_keys", "make_document_key", "make_seal_key"])
def test_keys_are_made_while_the_settings_name_them(command: str, tmp_path: Path) -> None:
    """The settings come first on most machines: what they name is not there yet."""
    named = tmp_path / "portal.env"
    place = {"make_keys": tmp_path / "all"}.get(command, tmp_path / "one")
    named.write_text(
        f'# of a machine\nSECRET_KEY_FILE={tmp_path}/secret-key\nVAULT_KEY_FILE="{tmp_path}/vault-keys"\n'
        f"DOCUMENT_KEY_FILE={tmp_path}/document\nSEAL_KEY_FILE={tmp_path}/seal\n"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", command, str(place)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_SETTINGS": str(named), "ODR_LOCAL": str(tmp_path / "none")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert place.exists()
