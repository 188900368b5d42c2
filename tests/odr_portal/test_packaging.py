"""What lies in packaging/ says the same as the program does; `make test-install` tries it on a machine."""

import configparser
import io
import os
import pwd
import re
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler

from complaints.evidence import storing
from database import roles
from odr_portal import checks, deploy_checks
from odr_portal.backup import database as backup_database
from odr_portal.backup.archive import Unusable
from odr_portal.processes import embedded, running, separation, translations
from tests import ROOT
from tests.install.__main__ import COMPLAINT, GUIDE, parts
from web import environment, private_files, settings_file

PACKAGING = ROOT / "packaging"
SETTINGS = settings_file.parsed((PACKAGING / "portal.env").read_text().splitlines(), "portal.env")
USERS = environment.process_users("PROCESS_USERS", SETTINGS["PROCESS_USERS"].split())


class Unit(configparser.RawConfigParser):
    """One value a name: names that stand several times are joined by a space."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None)
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.text = (PACKAGING / "systemd" / name).read_text()
        self.read_string(self.text)
        found = re.findall(r"^Environment=(.*)$", self.text, flags=re.MULTILINE)
        self.variables = dict(pair.split("=", 1) for line in found for pair in line.split())


def service(process: str) -> Unit:
    return Unit(f"odr-portal-{process}.service")


@pytest.mark.parametrize("process", environment.PROCESSES)
def test_a_unit_runs_what_make_run_runs(process: str, tmp_path: Path) -> None:
    place = running.Installation(root=ROOT, local=tmp_path, sockets=tmp_path, server_user=None, code_user=None)
    ours = running.portal_programs(place, bind="here", reload=False)[process]
    unit = service(process)

    def plain(command: str) -> list[str]:
        """Without what differs by machine: where Python and files lie, and that systemd opens the socket."""
        words = [word.rpartition("/")[2] for word in command.replace(" --bind here", "").split()[1:]]
        return [word for word in words if word not in {"-s", "odr-portal-web", tmp_path.name}]

    assert plain(unit["Service"]["ExecStart"]) == plain(ours["command"])
    assert int(unit["Service"]["TimeoutStopSec"]) == int(ours["stopwaitsecs"])
    set_there = dict(pair.split("=", 1) for pair in ours.get("environment", "").replace('"', "").split(",") if pair)
    assert {name for name in set_there if not name.endswith("_FILE")} == {
        name for name in unit.variables if not name.endswith("_FILE")
    }


@pytest.mark.parametrize("process", environment.PROCESSES)
def test_a_unit_has_the_user_and_the_keys_of_its_process(process: str) -> None:
    unit = service(process)
    assert unit["Service"]["User"] == USERS[process]
    named = {name for name in unit.variables if name in separation.NEEDS}
    assert named == {name for name, readers in separation.NEEDS.items() if process in readers}
    assert not set(SETTINGS) & set(separation.NEEDS), "a key of single processes is not set for all"


def test_the_groups_are_those_that_keys_and_folders_need() -> None:
    lines = [line.split() for line in (PACKAGING / "sysusers.conf").read_text().splitlines()]
    members: dict[str, set[str]] = {}
    for kind, *names in filter(None, lines):
        if kind == "m":
            members.setdefault(names[1], set()).add(names[0])
    made = {names[0] for kind, *names in filter(None, lines) if kind == "u"}
    assert made == {*USERS.values(), "odr-admin"}
    of_processes = {frozenset(group & set(USERS.values())) for group in members.values()}
    for readers in (*separation.NEEDS.values(), separation.SHARED_BY, frozenset(USERS)):
        assert len(readers) == 1 or frozenset(USERS[process] for process in readers) in of_processes


def test_the_log_of_the_database_holds_no_statement() -> None:
    lines = (PACKAGING / "postgresql" / "portal.conf").read_text().splitlines()
    given = dict(line.split(" = ") for line in lines if not line.startswith("#"))
    assert {name: given.get(name) for name in embedded.NO_STATEMENTS} == embedded.NO_STATEMENTS


def test_the_guide_names_files_of_the_package_and_has_its_parts() -> None:
    guide = parts(GUIDE.read_text(encoding="utf-8"))
    assert COMPLAINT in [part.title for part in guide]
    commands = "\n".join(block for part in guide for block in part.blocks)
    for place in re.findall(r"/usr/share/odr-portal/(\S+)", commands):
        assert (PACKAGING / place).is_file(), place
    known = {path.stem for path in ROOT.glob("*/management/commands/*.py")} | {"check"}
    assert set(re.findall(r"odr-portal ([a-z_]+)", commands)) <= known


def test_pages_are_not_served_without_compiled_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "locale/web/en/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\nmsgid "首页"\nmsgstr "Home"\n')
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    assert [one.id for one in deploy_checks.translations_are_compiled(None)] == ["odr_portal.E008"]
    with pytest.raises(SystemExit, match="not compiled"):
        translations.refuse_to_start()
    translations.compile_newer()
    translations.refuse_to_start()
    assert deploy_checks.translations_are_compiled(None) == []


@pytest.mark.parametrize("line", ["SECRET KEY=x", "just words", "=x", "lower=x"])
def test_a_line_of_the_settings_that_is_none_is_named(line: str) -> None:
    assert settings_file.parsed(["# a remark", "", " A=1 ", 'B="1 2"', "C="], "f") == {"A": "1", "B": "1 2", "C": ""}
    with pytest.raises(environment.OddValue, match="line 2 is not NAME=VALUE"):
        settings_file.parsed(["A=1", line], "f")


def test_a_settings_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_SETTINGS", str(tmp_path / "none"))
    monkeypatch.setattr(settings_file, "sys", _NoTest)
    with pytest.raises(environment.OddValue, match="cannot be read"):
        settings_file.read()


class _NoTest:
    modules: dict[str, Any] = {}


def test_the_programs_of_the_server_are_found_where_debian_puts_them_or_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "17" / "bin" / "pg_dump"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)'\n")
    program.chmod(0o755)
    monkeypatch.setattr(backup_database, "VERSIONS", tmp_path)
    assert backup_database.program("pg_dump", version=17) == program
    with pytest.raises(Unusable, match="install the package postgresql-client-12"):
        backup_database.program("pg_dump", version=12)


@pytest.mark.django_db
def test_a_missing_role_is_told_in_words(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings.DATABASES["default"]
    options = {**here["OPTIONS"], "options": "-c role=portal_not_there"}
    settings.COMMAND = "check"
    monkeypatch.setattr(checks, "connections", ConnectionHandler({"default": {**here, "OPTIONS": options}}))
    (told,) = checks.the_database_user_is_under_row_security(None, databases=["default"])
    assert (told.id, told.hint) == ("odr_portal.E007", checks._HINT)
    assert "portal_not_there" in told.msg


@pytest.mark.django_db
def test_a_role_of_callers_that_is_missing_is_told_in_words(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade whose SQL for roles nobody ran: the login is there, and comes in."""
    settings.COMMAND = "check"
    monkeypatch.setattr(roles, "CALLERS", (*roles.CALLERS, "portal_absent"))
    told = checks.the_database_user_is_under_row_security(None, databases=["default"])
    assert {(one.id, one.msg, one.hint) for one in told} == {
        ("odr_portal.E006", "In the database the role portal_absent is missing.", checks._HINT),
        ("odr_portal.E004", "The database user portal_web cannot become portal_absent.", checks._HINT),
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves files to others")
def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(settings: Any, tmp_path: Path) -> None:
    """A command that was run as root leaves nothing that the portal cannot work with."""
    settings.PROCESS_USERS = {}
    owner = pwd.getpwnam("daemon")
    os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
    folder = private_files.folder(tmp_path / "exports" / "dossiers")
    os.close(private_files.opened(folder / "one", os.O_CREAT | os.O_WRONLY))
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    kept = Path(settings.EVIDENCE_ROOT) / storing.keep(io.BytesIO(b"x"), ending=".txt")[0]
    evidence = {kept.parent.parent, kept.parent, kept}
    assert {(path.stat().st_uid, path.stat().st_gid) for path in evidence} == {(owner.pw_uid, owner.pw_gid)}
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o400, 0o700)
    made = [tmp_path / "exports", folder, folder / "one"]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(owner.pw_uid, owner.pw_gid)}
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o700, 0o600]
