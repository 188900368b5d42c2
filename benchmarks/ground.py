"""The ground a benchmark stands on: a PostgreSQL of its own, tuned as the portal's, and the portal's own web server.

Whatever happens, nothing that was started here is left running, and no folder stays. One server serves
a whole run; every benchmark works in a database of its own, copied from one that is migrated and knows the directory.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from accounts.keys import keys
from database import roles
from odr_portal.processes import embedded, running

ROOT = Path(__file__).parents[1]
#: Set by a whole run for the benchmarks that it starts.
SHARED = "BENCHMARK_GROUND"
TEMPLATE = "portal_template"


class Ground:
    """A running server in a folder. ``dsn`` gives addresses, ``variables`` what the portal's programs need."""

    def __init__(self, folder: Path, database: str = TEMPLATE) -> None:
        self.folder, self.database = folder, database

    def dsn(self, user: str = roles.WEB, database: str = "") -> str:
        return f"postgresql://{user}@/{database or self.database}?host={self.folder}"

    @property
    def postmaster(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def variables(self) -> dict[str, str]:
        return {
            "ODR_LOCAL": str(self.folder / "local"),
            "STATIC_ROOT": str(self.folder / "static"),
            "SECRET_KEY": "a-key-of-the-benchmark-that-signs-nothing-else",
            "VAULT_KEY_FILE": str(self.folder / "vault-keys"),
            "DATABASE_URL": self.dsn(),
            "DATABASE_OWNER_URL": self.dsn(roles.OWNER),
            # As the worker runs: `odr_portal.processes.running` gives it the same patience.
            "STATEMENT_TIMEOUT_MS": "25000",
            "LOG_LEVEL": "WARNING",
        }

    def manage(self, *arguments: str) -> None:
        variables = {**os.environ, **self.variables}
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=variables, check=True, stdout=subprocess.DEVNULL
        )

    def administrator(self) -> Any:
        """A connection past triggers and grants, to fill tables; autocommit."""
        connection = psycopg2.connect(self.dsn("postgres"))
        connection.autocommit = True
        return connection

    def run(self, *statements: str) -> None:
        embedded.run_statements(self.dsn("postgres"), list(statements))

    def settle(self) -> None:
        """Statistics, visibility and the write-ahead log as after a quiet night."""
        self.run("vacuum analyze", "checkpoint")


@contextlib.contextmanager
def server() -> Iterator[Ground]:
    """A PostgreSQL with the settings of `make run`, migrated and with the real directory in TEMPLATE."""
    folder = Path(tempfile.mkdtemp(prefix=f"odr-benchmark-{os.getpid()}-"))
    user = embedded.service_user()
    data = folder / "data"
    process: subprocess.Popen[bytes] | None = None
    try:
        data.mkdir(mode=0o700)
        for path in (data, folder):
            embedded.give(path, user)
        binaries = embedded.postgres_programs(user, folder)
        embedded.initialise(binaries, data, user)
        # Of `make run`, which takes a quarter of it for itself: figures stay beside those of before.
        written = embedded.postgres_settings(folder) + "shared_buffers = 128MB\n"
        (data / "postgresql.conf").write_text(written, encoding="utf-8")
        embedded.give(data / "postgresql.conf", user)
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            cwd="/",
            preexec_fn=embedded.end_with_parent,
            **embedded.as_user(user),
        )
        ground = Ground(folder)
        (folder / "vault-keys").touch(mode=0o600)
        (folder / "vault-keys").write_text(keys.fresh(), encoding="utf-8")
        embedded.wait_for_postgres(ground.dsn("postgres", "postgres"), process, folder / "log")
        administrator = ground.dsn("postgres", "postgres")
        # So that tables can be filled past the triggers that guard the record.
        fills = f"grant set on parameter session_replication_role to {roles.OWNER}"
        prepare = [*roles.cluster_statements(), fills, roles.create_database_statement(TEMPLATE)]
        embedded.run_statements(administrator, prepare)
        ground.run(*roles.database_statements(TEMPLATE))
        ground.manage("migrate", "--verbosity", "0")
        ground.manage("load_directory", "--verbosity", "0")
        ground.manage("collectstatic", "--noinput", "--verbosity", "0")
        ground.settle()
        yield ground
    finally:
        if process is not None:
            end(process, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def standing() -> Iterator[Ground]:
    """The server of the whole run, else one of its own, for all databases made within."""
    if os.environ.get(SHARED):
        yield Ground(Path(os.environ[SHARED]))
        return
    with server() as ground:
        os.environ[SHARED] = str(ground.folder)
        try:
            yield ground
        finally:
            del os.environ[SHARED]


@contextlib.contextmanager
def database(name: str) -> Iterator[Ground]:
    """A database of this benchmark, gone afterwards."""
    with standing() as root:
        administrator = root.dsn("postgres", "postgres")
        embedded.run_statements(
            administrator,
            [
                f"drop database if exists {name} with (force)",
                f"create database {name} template {TEMPLATE} owner {roles.OWNER}",
            ],
        )
        ground = Ground(root.folder, name)
        # Grants on the database itself are not copied with it.
        ground.run(f'revoke all on database "{name}" from public', f'grant connect on database "{name}" to {roles.APP}')
        try:
            yield ground
        finally:
            if "django" in sys.modules:
                from django.db import connections

                with contextlib.suppress(Exception):
                    connections.close_all()
            with contextlib.suppress(psycopg2.Error):
                embedded.run_statements(administrator, [f"drop database if exists {name} with (force)"])


def set_up(ground: Ground) -> None:
    """Django in this process, against this database."""
    os.environ.update(ground.variables)
    os.environ["DJANGO_SETTINGS_MODULE"] = "odr_portal.settings"
    import django

    django.setup()


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """This process works as who owns the tables, as commands do that are given DATABASE_OWNER_URL."""
    from django.db import connection

    before = {**connection.settings_dict, "OPTIONS": {**connection.settings_dict["OPTIONS"]}}
    connection.close()
    connection.settings_dict["USER"] = roles.OWNER
    connection.settings_dict["OPTIONS"].pop("options", None)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def end(process: subprocess.Popen[bytes], by: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@contextlib.contextmanager
def web(ground: Ground) -> Iterator[tuple[int, int]]:
    """The portal behind the command line of `make run`; gives (port, process id of the master)."""
    port = free_port()
    place = running.Installation(
        root=ROOT, local=ground.folder, sockets=ground.folder, server_user=None, code_user=None
    )
    command = running.portal_programs(place, bind=f"127.0.0.1:{port}", reload=False)["web"]["command"]
    log = ground.folder / "web.log"
    variables = {**os.environ, **ground.variables, "ALLOWED_HOSTS": "127.0.0.1"}
    variables.pop("STATEMENT_TIMEOUT_MS")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command.split(), cwd=ROOT, env=variables, stdout=stream, stderr=stream, preexec_fn=embedded.end_with_parent
        )
    try:
        wait_until_served(port, process, log)
        yield port, process.pid
    finally:
        end(process)


def wait_until_served(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        address = f"http://127.0.0.1:{port}/readyz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"the web server does not answer: {log.read_text(errors='replace')[-1500:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def key() -> str:
    return secrets.token_urlsafe(24)
