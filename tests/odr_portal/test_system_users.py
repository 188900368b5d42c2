"""Four real users of the machine, as docs/operations.md says: each process starts, reads its keys and no other, and
shares its files. Needs root, to make the users; they are gone afterwards."""

import http.client
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from complaints.record import seal_keys
from database import roles
from odr_portal.processes import embedded, running
from odr_portal.processes.separation import NEEDS
from tests import PATIENCE, ROOT, waited
from tests.cast import load_directory
from tests.faults.portal import free_port
from tests.server import DATABASE, PREFIX
from web.environment import PROCESSES

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("useradd"), reason="only root makes system users"),
    pytest.mark.django_db(transaction=True),
]
NAMES = {process: f"odr-t{os.getpid()}-{process}" for process in PROCESSES}
FILES = f"odr-t{os.getpid()}-files"
#: Keeps a file as the process does, and says its name and digest; then what another process needs of it.
KEEP = "import io; from complaints.evidence import storing; print(*storing.keep(io.BytesIO(b'a'), ending='.txt')[:2])"
READ = "from complaints.evidence import storing; print(storing.compared(*{0}) or 'whole'); storing.drop({0}[0])"
BEGIN = "from complaints.tables.exporting import files; print(files.append('M', [['a']], after=0))"
GO_ON = "from complaints.tables.exporting import files; n = files.append('M', [['b']], after={0})"
FINISH = "; import datetime; files.finish('M', 'csv', ['A'], rows_in=n, who='', at=datetime.datetime.now(), query='')"
FETCH = "from complaints.tables.exporting import files; print(len(files.file_of('M', 'csv').read_bytes()) > 9)"
FETCH += "; files.remove('M')"


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


@pytest.fixture(scope="module")
def users() -> Iterator[dict[str, pwd.struct_passwd]]:
    run("groupadd", "--system", FILES)
    try:
        for process, name in NAMES.items():
            shared = [] if process == "beat" else ["--groups", FILES]
            run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", *shared, name)
        yield {process: pwd.getpwnam(name) for process, name in NAMES.items()}
    finally:
        for name in NAMES.values():
            subprocess.run(["userdel", name], check=False, capture_output=True)
        run("groupdel", FILES)


class Machine:
    """The keys, folders and environment of each process, and the way to run something as its user."""

    def __init__(self, folder: Path, users: dict[str, pwd.struct_passwd], database: str, broker: str) -> None:
        self.users = users
        self.everywhere = {
            **{"PATH": os.environ["PATH"], "SECRET_KEY": settings.SECRET_KEY},
            **{"DATABASE_URL": database, "REDIS_URL": broker, "SITE_URL": "https://odr.example.org"},
            "PROCESS_USERS": " ".join(f"{process}={name}" for process, name in NAMES.items()),
            "DJANGO_SETTINGS_MODULE": "odr_portal.settings",
            "ODR_LOCAL": str(folder / "nothing-left-behind"),
        }
        for name in ("EVIDENCE_ROOT", "EXPORT_ROOT"):
            place = folder / name.lower()
            run("install", "-d", "-m", "2770", "-g", FILES, place)
            self.everywhere[name] = str(place)
        made = {
            "VAULT_KEY_FILE": os.environ["VAULT_KEYS"].encode(),
            "DOCUMENT_KEY_FILE": Path(settings.DOCUMENT_KEY_FILE).read_bytes(),
        }
        seal_keys.make(folder / "seal")
        made["SEAL_KEY_FILE"] = (folder / "seal").read_bytes()
        self.keys: dict[str, dict[str, Path]] = {process: {} for process in users}
        self.own: dict[str, Path] = {}
        for process, user in users.items():
            self.own[process] = folder / process
            self.own[process].mkdir()
            for name, content in made.items():
                if process in NEEDS[name]:
                    place = self.own[process] / name.lower()
                    place.write_bytes(content)
                    place.chmod(0o400)
                    embedded.give(place, user)
                    self.keys[process][name] = place
            embedded.give(self.own[process], user)

    def environment(self, process: str) -> dict[str, str]:
        return self.everywhere | {name: str(place) for name, place in self.keys[process].items()}

    def start(self, process: str, *command: str, log: Any = subprocess.PIPE, **more: str) -> "subprocess.Popen[str]":
        user = self.users[process]
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid)}
        env = self.environment(process) | more
        return subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdout=log, stderr=subprocess.STDOUT, umask=0o022, **who
        )

    def ask(self, process: str, *command: str, **more: str) -> tuple[int, str]:
        """(exit code, what was said) of a command as the user of a process."""
        started = self.start(process, *command, **more)
        said, _none = started.communicate(timeout=PATIENCE)
        return started.returncode, said.strip()

    def python(self, process: str, words: str) -> str:
        code, said = self.ask(process, sys.executable, "manage.py", "shell", "--no-imports", "-c", words)
        assert code == 0, said
        return said.splitlines()[-1] if said else ""


@pytest.fixture
def machine(
    users: dict[str, pwd.struct_passwd], postgres_server: embedded.ThrowAwayPostgres, transactional_db: None
) -> Iterator[Machine]:
    """PostgreSQL lets the four and the tests in by peer alone; a Valkey beside it."""
    load_directory()
    # Not below the folder of pytest, which each run shuts for other users.
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    data, port = postgres_server.folder / "data", free_port()
    kept = {name: (data / name).read_text() for name in ("pg_hba.conf", "pg_ident.conf")}
    lines = [f"portal {name} {roles.WEB}" for process, name in NAMES.items() if process != "beat"]
    lines += [f"portal root {name}" for name in (roles.WEB, roles.OWNER, "postgres")]
    mode = postgres_server.folder.stat().st_mode
    valkey = subprocess.Popen(
        [embedded.valkey_program(None, folder), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "w" * 32],
        stdout=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=embedded.end_with_parent,
    )
    try:
        (data / "pg_ident.conf").write_text("\n".join(lines) + "\n")
        (data / "pg_hba.conf").write_text("local all all peer map=portal\n")
        postgres_server.process.send_signal(signal.SIGHUP)
        postgres_server.folder.chmod(0o711)
        broker = f"redis://:{'w' * 32}@127.0.0.1:{port}/0"
        yield Machine(folder, users, postgres_server.dsn(user=roles.WEB, database=DATABASE), broker)
    finally:
        for name, text in kept.items():
            (data / name).write_text(text)
        postgres_server.process.send_signal(signal.SIGHUP)
        postgres_server.folder.chmod(mode)
        valkey.terminate()
        valkey.wait()
        shutil.rmtree(folder)


def test_T77_each_process_starts_as_its_user_reads_its_keys_alone_and_shares_its_files(machine: Machine) -> None:
    for process in PROCESSES:
        for owner, places in machine.keys.items():
            for name, place in places.items():
                code, said = machine.ask(process, "cat", str(place))
                assert (code == 0) == (owner == process), f"{process} {name} of {owner}: {said}"
    assert "OperationalError" in machine.ask("web", sys.executable, *_as_superuser(machine))[1]
    assert until_served(machine) == 200
    # Beat says nothing; it opens its schedule once it was let start.
    for process, sign in (("worker", "ready."), ("beat", "beat-schedule")):
        until_seen(machine, process, sign)
    code, said = machine.ask("watch", sys.executable, "manage.py", "watch", "--once")
    assert (code, "could not" in said) == (0, False), said
    name, digest = machine.python("web", KEEP).split()
    assert machine.python("worker", READ.format((name, digest))) == "whole"
    assert not (Path(machine.everywhere["EVIDENCE_ROOT"]) / name).exists()
    after = machine.python("worker", BEGIN)
    machine.python("watch", GO_ON.format(after) + FINISH)
    assert machine.python("web", FETCH) == "True"
    assert not list(Path(machine.everywhere["EXPORT_ROOT"]).iterdir())


def test_T77_a_key_or_folder_that_another_user_reaches_stops_the_process_and_is_named(machine: Machine) -> None:
    seal = machine.keys["watch"]["SEAL_KEY_FILE"]
    watch = (sys.executable, "manage.py", "watch", "--once")
    shutil.chown(seal, group=FILES)
    seal.chmod(0o440)
    assert machine.ask("web", "cat", str(seal))[0] == 0
    code, said = machine.ask("watch", *watch)
    wanted = f"{NAMES['web']} (web) can read SEAL_KEY_FILE"
    assert (code, wanted in said) == (1, True), said
    check = (sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert wanted in machine.ask("watch", *check)[1]
    code, said = machine.ask("web", sys.executable, "-c", "import odr_portal.wsgi", SEAL_KEY_FILE=str(seal))
    assert (code, "web needs no SEAL_KEY_FILE" in said) == (1, True), said
    seal.chmod(0o400)
    code, said = machine.ask("worker", *watch)
    assert (code, f"watch runs as {NAMES['worker']}" in said) == (1, True), said
    Path(machine.everywhere["EVIDENCE_ROOT"]).chmod(0o700)
    code, said = machine.ask("watch", *watch)
    assert (code, f"{NAMES['web']} (web) cannot work in EVIDENCE_ROOT" in said) == (1, True), said
    assert "EVIDENCE_ROOT does not hand its group down" in said


def _as_superuser(machine: Machine) -> tuple[str, ...]:
    url = machine.everywhere["DATABASE_URL"].replace(roles.WEB, "postgres")
    return ("-c", f"import psycopg2; psycopg2.connect({url!r})")


def _program(machine: Machine, process: str, port: int = 0) -> list[str]:
    """The command line of `make run`."""
    own = machine.own[process]
    place = running.Installation(root=ROOT, local=own, sockets=own, server_user=None, code_user=None)
    return running.portal_programs(place, bind=f"127.0.0.1:{port}", reload=False)[process]["command"].split()


def until_served(machine: Machine) -> int:
    """The status of /readyz, once the web server answers."""
    port, log = free_port(), machine.own["web"] / "log"

    def answered() -> int:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/readyz", headers={"Host": "odr.example.org"})
            return connection.getresponse().status
        return 0

    with log.open("w") as stream:
        web = machine.start("web", *_program(machine, "web", port), log=stream)
    try:
        return int(waited(answered, log.read_text, web))
    finally:
        web.terminate()
        web.wait()


def until_seen(machine: Machine, process: str, sign: str) -> None:
    """In the log of the process, or as a file beside it."""
    log = machine.own[process] / "log"
    with log.open("w") as stream:
        program = machine.start(process, *_program(machine, process), log=stream)
    try:
        waited(lambda: sign in f"{log.read_text()} {list(log.parent.iterdir())}", log.read_text, program)
    finally:
        program.terminate()
        program.wait()
