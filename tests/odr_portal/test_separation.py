"""A system user a process: nothing starts where a key is open to others, and the page says what is not separated."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.core.management import call_command
from django.test import Client

from odr_portal import celery
from odr_portal.processes import separation
from tests import ROOT
from web import environment

SECRET = "a-key-for-tests-that-signs-nothing-0123456789ABCDEF"
ME = pwd.getpwuid(os.geteuid()).pw_name
#: Users that every Linux has, and none of them in a group of another.
OTHERS = [name for name in ("daemon", "bin", "sys", "games", "man") if name != ME][:4]


class File:
    """A file that holds a key, by what the kernel asks."""

    def __init__(self, mode: int, owner: str, group: str = "root") -> None:
        self.st_mode, self.st_uid = mode, pwd.getpwnam(owner).pw_uid
        self.st_gid = pwd.getpwnam(group).pw_gid


def test_who_can_read_a_file_is_judged_as_the_kernel_does() -> None:
    web, watch = OTHERS[:2]
    for file, readers in (
        (File(0o400, watch), {watch}),
        (File(0o640, watch, web), {watch, web}),
        (File(0o040, watch, web), {web}),
        (File(0o604, watch), {watch, web}),
        (File(0o004, watch), {web}),
        (File(0o000, watch), set()),
    ):
        assert {user for user in (web, watch) if separation.can_read(user, file)} == readers  # type: ignore[arg-type]
    assert separation.can_read("root", File(0o000, watch))  # type: ignore[arg-type]
    assert not separation.can_read("nobody-of-this-machine", File(0o644, watch))  # type: ignore[arg-type]


def test_T77_shared_users_wrong_users_and_keys_that_are_open_or_needless_are_named(
    settings: Any, tmp_path: Path
) -> None:
    seal = tmp_path / "seal.pem"
    seal.touch(0o600)
    settings.DOCUMENT_KEY_FILE = settings.VAULT_KEY_FILE = settings.SEAL_KEY_FILE = ""
    settings.EVIDENCE_ROOT = settings.EXPORT_ROOT = str(tmp_path / "not-there-yet")
    settings.PROCESS_USERS = dict(zip(environment.PROCESSES, (ME, *OTHERS), strict=False))
    assert separation.found("web") == separation.found() == []
    assert separation.found("watch") == [f"watch runs as {ME}, and PROCESS_USERS says {OTHERS[2]}."]
    settings.PROCESS_USERS |= {"beat": ME}
    assert separation.found() == [f"web and beat are one system user, {ME}: give each its own."]
    settings.PROCESS_USERS |= {"beat": OTHERS[1]}
    settings.SEAL_KEY_FILE = str(seal)
    # It belongs to the user of the pages.
    assert separation.found("web") == [
        "web needs no SEAL_KEY_FILE: take it out of its environment.",
        f"{ME} (web) can read SEAL_KEY_FILE and needs no such key: see its owner and mode.",
    ]
    settings.PROCESS_USERS |= {"web": OTHERS[3], "watch": ME}
    assert separation.found("watch") == []
    seal.chmod(0o604)
    assert len(separation.found("watch")) == 3, "web, worker and beat"


@pytest.mark.django_db
def test_T77_each_process_looks_when_it_starts(settings: Any) -> None:
    settings.PROCESS_USERS = dict(zip(environment.PROCESSES, OTHERS, strict=True))
    assert celery.app.main == "odr_portal"
    for signal, process in ((signals.worker_init, "worker"), (signals.beat_init, "beat")):
        with pytest.raises(SystemExit, match=f"PROCESS_USERS: {process} runs as"):
            signal.send(sender=None)
    with pytest.raises(SystemExit, match="PROCESS_USERS: watch runs as"):
        call_command("watch", once=True)
    said = " ".join(f"{process}={user}" for process, user in settings.PROCESS_USERS.items())
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "odr_portal.settings", "SECRET_KEY": SECRET, "PROCESS_USERS": said}
    env = {name: value for name, value in env.items() if not name.startswith(("PYTEST", "DJANGO_ALLOW"))}
    web = [sys.executable, "-c", "import odr_portal.wsgi"]
    done = subprocess.run(web, cwd=ROOT, env=env, capture_output=True, text=True)
    assert "PROCESS_USERS: web runs as" in done.stderr
    for odd in ("web=a", "web=a worker=b beat=c watch=", "odr", "web=a worker=b beat=c watch=d watch=e"):
        with pytest.raises(SystemExit, match="all four"):
            environment.process_users("PROCESS_USERS", odd.split())


@pytest.mark.django_db
def test_the_page_of_the_record_says_where_processes_are_not_separated(client: Client, settings: Any) -> None:
    for settings.HTTPS, settings.PROCESS_USERS, told in (
        (False, {}, "本地安装：没有分开"),
        (True, {}, "没有分开：没有给每个进程"),
        (True, dict.fromkeys(environment.PROCESSES, ME), ""),
    ):
        page = client.get("/open/record/").content.decode()
        assert ("没有分开" in page) == bool(told)
        assert told in page
