"""An odd value refuses to start, in one sentence that never shows a password."""

import os
import pwd
from pathlib import Path

import pytest
from django.conf import settings

from accounts.keys import keys
from odr_portal.processes.local import make_folder
from web import environment, servers


def test_an_address_of_a_database_and_an_odd_one_refuses_without_showing_the_password(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    closed = {"sslmode": "verify-full", "sslrootcert": str(authority)}
    for url, options, *expected in (
        ("postgresql://web:p%40ss@db.example.org:6432/portal", {}, "web", "p@ss", "db.example.org", "6432"),
        ("postgresql://web@/portal?host=/var/run/x", {}, "web", "", "/var/run/x", ""),
        ("postgres://web:a@[::1]/portal", {}, "web", "a", "::1", ""),
        (
            f"postgresql://web:a@lb1:6432,lb2:6433/portal?sslmode=verify-full&sslrootcert={authority}",
            {**closed, "target_session_attrs": "read-write"},
            *("web", "a", "lb1,lb2", "6432,6433"),
        ),
        (
            "postgresql://web@pg1,pg2/portal?target_session_attrs=prefer-standby",
            {"target_session_attrs": "prefer-standby"},
            *("web", "", "pg1,pg2", ""),
        ),
    ):
        parts = dict(zip(("USER", "PASSWORD", "HOST", "PORT"), expected, strict=True))
        assert servers.database("DATABASE_URL", url) == {"NAME": "portal", "OPTIONS": options} | parts
    odd = {
        "": "write postgresql://",
        "portal": "write postgresql://",
        "mysql://a:secret@b/c": "write postgresql://",
        "postgresql://a:secret@b": "write postgresql://",
        "postgresql://a:secret@b:many/c": "write postgresql://",
        "postgresql://a:secret@b:99999/c": "write postgresql://",
        "postgresql://a:secret@b:1,c:2,d:3:4/c": "write postgresql://",
        "postgresql://a:secret@b/c?sslmod=verify-full": "sslmod is not known",
        "postgresql://a:secret@b/c?options=-crole%3Dx": "options is not known",
        "postgresql://a:secret@b/c?password=secret": "password is not known",
        "postgresql://a:secret@b/c?sslrootcert=/no/such/ca.pem": "there is none at /no/such/ca.pem",
    }
    for url, sentence in odd.items():
        with pytest.raises(SystemExit, match=sentence) as refused:
            servers.database("DATABASE_URL", url)
        assert "secret" not in str(refused.value)


def test_odd_numbers_and_switches_refuse_and_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("0", "65536", "-1", "8k", "1.5"):
        monkeypatch.setenv("PORT", value)
        with pytest.raises(SystemExit, match="from 1 to 65535"):
            environment.number("PORT", 8000, least=1, most=65535)
    monkeypatch.setenv("DEMO", "maybe")
    with pytest.raises(SystemExit, match="write yes or no"):
        environment.yes_no("DEMO", False)
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("DEMO", "")
    assert environment.number("PORT", 8000, least=1, most=65535) == 8000
    assert environment.yes_no("DEMO", True) is True


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; everybody else runs the portal as such"
)
def test_a_folder_that_a_command_made_before_is_given_to_the_portal(tmp_path: Path) -> None:
    """Found by `make run` after `make test`: files of the platform could not be written, and no demo was loaded."""
    user = pwd.getpwnam("nobody")
    made_before, fresh = tmp_path / "exports", tmp_path / "evidence"
    made_before.mkdir()
    for folder in (made_before, fresh):
        make_folder(folder, user)
        assert folder.stat().st_uid == user.pw_uid


def test_tests_keep_nothing_among_the_files_of_make_run() -> None:
    local = str(settings.LOCAL)
    assert [place for place in (settings.EVIDENCE_ROOT, settings.EXPORT_ROOT) if place.startswith(local)] == []


def test_T77_a_file_with_keys_that_others_read_or_its_group_writes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(keys.fresh())
    for mode in (0o644, 0o620, 0o606):
        file.chmod(mode)
        with pytest.raises(keys.UnusableKeys, match="chmod 600"):
            keys.read(file)
    for mode in (0o400, 0o640, 0o600):
        file.chmod(mode)
        assert keys.read(file)
