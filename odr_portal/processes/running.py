"""The portal while it runs on one machine: its processes configured and supervised, one restart after a change."""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import http.client
import io
import os
import pwd
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from database import old_series, roles
from odr_portal.processes import embedded, translations
from web import environment, servers

ROOT = environment.ROOT
DATABASE = "portal"
#: With this exit code `manage.py take_over_state` has named cases that it left out.
_LEFT_OUT = 3


def stop(sentence: str) -> SystemExit:
    return SystemExit(f"\n{sentence}")


def say(line: str) -> None:
    print(line, flush=True)


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def state_of(*patterns: str) -> str:
    """Changes when a file below the clone that matches is changed, added or removed."""
    results = sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    return digest(*(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in results))


def check_database(name: str, url: str) -> None:
    servers.database(name, url)
    try:
        psycopg2.connect(url, connect_timeout=4).close()
    except (psycopg2.Error, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise stop(f"{name} cannot be reached, correct it or start that server: {reason}") from None


class Portal:
    """The running whole: supervisord and what it looks after."""

    def __init__(self, place: Installation, variables: dict[str, str]) -> None:
        self.place = place
        self.variables = variables
        self.supervisord: subprocess.Popen[bytes] | None = None

    def start_servers(self) -> None:
        self.place.supervisor_socket.unlink(missing_ok=True)
        self.supervisord = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", self.place.local / "supervisor.conf"],
            cwd=self.place.local,
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=(self.place.local / "log" / "supervisord.err").open("wb"),
            # Ctrl-C reaches us alone; we end the others in order.
            start_new_session=True,
            preexec_fn=embedded.end_with_parent,
        )

    def wait_for_postgres(self) -> None:
        url = self.variables.get("DATABASE_URL", "")
        if "postgres" not in self.variables["PORTAL_SERVERS"].split():
            return
        administrator = f"postgresql://postgres@/postgres?host={self.place.sockets}"
        log = self.place.local / "log" / "postgres.log"
        embedded.wait_for_postgres(administrator, self.supervisord, log)
        prepared = self.place.local / "state" / "roles"
        # What an administrator says once; said again where this version has more to say.
        given = digest(*roles.cluster_statements(), *roles.database_statements(DATABASE))
        begun = self.place.local / "state" / "demo-begun"
        if begun.exists():
            # Stopped in the middle of loading: nobody was served yet, so begin again.
            embedded.run_statements(administrator, [f'drop database if exists "{DATABASE}" with (force)'])
            for stamp in (prepared, self.place.local / "state" / "migrated", begun):
                stamp.unlink(missing_ok=True)
        if not prepared.exists() or prepared.read_text() != given:
            connection = psycopg2.connect(administrator)
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", [DATABASE])
                missing = cursor.fetchone() is None
            connection.close()
            create = [roles.create_database_statement(DATABASE)] if missing else []
            embedded.run_statements(administrator, [*roles.cluster_statements(), *create])
            inside = f"postgresql://postgres@/{DATABASE}?host={self.place.sockets}"
            embedded.run_statements(inside, roles.database_statements(DATABASE))
            prepared.write_text(given)
        check_database("DATABASE_URL", url)

    def manage(self, *arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.variables,
            text=True,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            **embedded.as_user(self.place.code_user),
        )

    def once(self, name: str, state: str, *arguments: str, telling: str) -> None:
        """Run a command unless it was already done for this state of the files."""
        stamp = self.place.local / "state" / name
        if stamp.exists() and stamp.read_text() == state:
            return
        say(telling)
        done = self.manage(*arguments, quiet=True)
        if done.returncode:
            last = (done.stderr or done.stdout or "").strip().splitlines()[-1:] or ["no reason given"]
            raise stop(f"`manage.py {arguments[0]}` failed: {last[0]}")
        stamp.write_text(state)

    def migrate(self) -> None:
        if not self.variables.get("DATABASE_OWNER_URL"):
            say("DATABASE_OWNER_URL is not set, so tables are left as they are.")
            return
        state = state_of("*/migrations/*.py", "odr_portal/*/migrations/*.py", "requirements.txt") + digest(
            self.variables["DATABASE_OWNER_URL"], self.variables.get("SECRET_KEY", "")
        )
        with contextlib.closing(psycopg2.connect(self.variables["DATABASE_OWNER_URL"])) as connection:
            is_old = old_series.stands(connection)
        if is_old:
            say("The database was made by an older series of migrations: verifying it and taking it over …")
            if self.manage("adopt_migrations").returncode:
                raise stop("The database was left as it is; the reason stands above.")
        self.once("migrated", state, "migrate", "--noinput", telling="Bringing the tables up to date …")

    def take_over_state(self) -> None:
        """Once a database, and once more after each restore: cases from before entries carried a state, and a directory
        from before the house chain told of it."""
        url = self.variables.get("DATABASE_OWNER_URL")
        if not url:
            return
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("select last_value from complaints_event_era")
            state = digest(url, "directory", *map(str, cursor.fetchone() or ()))
            stamp = self.place.local / "state" / "state-taken-over"
            if stamp.exists() and stamp.read_text() == state:
                return
            cursor.execute(
                "select exists (select from complaints_handlingstep"
                " where audience = 'parties' and sequence = 1 and state = '')"
                " or exists (select from enterprises_enterprise) and not exists (select from complaints_houseentry"
                """ where step = 'directory' and body like '%"kind":"enterprise"%"whole":true%')"""
            )
            is_older = cursor.fetchone() == (True,)
        if is_older:
            say("Verifying the record and taking over what is from before: states of cases, names of firms (once) …")
            ended = self.manage("take_over_state").returncode
            if ended == _LEFT_OUT:
                say("Some cases were left out, as said above: see to them, then run `manage.py take_over_state` again.")
            elif ended:
                say("The state was not taken over; the reason stands above. It is tried again at the next start.")
                return
        stamp.write_text(state)

    @property
    def is_demo(self) -> bool:
        return self.variables.get("DEMO", "").lower() in environment.YES

    def load_demo(self) -> None:
        if not self.is_demo:
            return
        stamp = self.place.local / "state" / "demo"
        if (
            os.environ.get("DATABASE_URL")
            or stamp.exists()
            or not list(ROOT.glob("*/management/commands/load_demo.py"))
        ):
            return
        # As administrator: row-level security would show anybody else an empty table.
        connection = psycopg2.connect(f"postgresql://postgres@/{DATABASE}?host={self.place.sockets}")
        with connection.cursor() as cursor:
            cursor.execute("select exists (select from complaints_complaint)")
            row = cursor.fetchone()
        connection.close()
        if not (row and row[0]):
            say("Loading the demo data (once, about a minute) …")
            begun = self.place.local / "state" / "demo-begun"
            begun.touch()
            failed = self.manage("load_demo").returncode
            begun.unlink(missing_ok=True)
            if failed:
                say("The demo data could not be loaded; the portal starts without. Try `manage.py load_demo` later.")
                return
        stamp.touch()

    def collect_static(self) -> None:
        state = state_of("static/**/*", "requirements.txt", "web/staticfiles.py")
        texts = ("collectstatic", "--noinput", "--clear", "--verbosity", "0")
        self.once("static", state, *texts, telling="Collecting static files …")

    def supervisor(self) -> Any:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.place.supervisor_socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def wait_until_served(self, host: str, port: int, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection(host, port, timeout=5)
                connection.request("GET", "/readyz", headers={"Host": "localhost"})
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise stop(f"The web process does not answer; its log is {self.place.local / 'log' / 'web.log'}.")

    def watch_files(self) -> None:
        """For `make dev`: any changed module restarts our own programs."""
        packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
        patterns = [*(f"{package}/**/*.py" for package in packages), "locale/**/*.po"]
        before = state_of(*patterns)
        while self.alive():
            time.sleep(1)
            now = state_of(*patterns)
            if now != before:
                before = now
                translations.compile_newer()
                say("Changed: restarting.")
                for name in ("web", "worker", "beat", "watch"):
                    # Whatever cannot start because of a half-written file is tried again by the next change.
                    with contextlib.suppress(xmlrpc.client.Fault):
                        self.supervisor().stopProcess(f"portal:{name}")
                    with contextlib.suppress(xmlrpc.client.Fault):
                        self.supervisor().startProcess(f"portal:{name}", False)

    def alive(self) -> bool:
        return self.supervisord is not None and self.supervisord.poll() is None

    def end(self) -> None:
        if self.supervisord is None:
            return
        if self.alive():
            self.supervisord.send_signal(signal.SIGTERM)
        self.supervisord.wait()


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where things lie and who runs them. `server_user` owns data; `code_user` runs our own programs."""

    root: Path
    local: Path
    sockets: Path
    server_user: pwd.struct_passwd | None
    code_user: pwd.struct_passwd | None

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"


def portal_programs(place: Installation, *, bind: str, reload: bool) -> dict[str, dict[str, str]]:
    """Our own four programs; they begin when the tables are there."""
    python = sys.executable
    web = (
        f"{python} -m gunicorn odr_portal.wsgi --bind {bind} --worker-class"
        f" odr_portal.processes.web_worker.PatientWorker --workers {1 if reload else 2} --threads 4 --timeout 30"
        f" --logger-class odr_portal.processes.web_logger.WebLogger --graceful-timeout {1 if reload else 20}"
        f" --max-requests 2000 --max-requests-jitter 200 --backlog 128"
        f" --limit-request-line 4094 --no-control-socket --worker-tmp-dir {place.sockets} "
        + ("" if reload else "--preload")
    )
    worker = (
        f"{python} -m celery --quiet --app odr_portal.celery worker --concurrency 2 --without-gossip --without-mingle "
        "--without-heartbeat --optimization fair --loglevel INFO"
    )
    beat = (
        f"{python} -m celery --quiet --app odr_portal.ticks beat --loglevel INFO --pidfile= "
        f"--schedule {place.sockets / 'beat-schedule'}"
    )
    watch = f"{python} manage.py watch"
    patient = 'STATEMENT_TIMEOUT_MS="25000"'
    signing = f'DOCUMENT_KEY_FILE="{place.local / "documents" / "key.pem"}"'
    common = {"autostart": "false", "directory": str(place.root), "stopasgroup": "false", "killasgroup": "true"}
    return {
        "web": {"command": web, "stopwaitsecs": "25", **common},
        "worker": {
            "command": worker,
            # While developing nobody waits for a task: it is swept again.
            "stopwaitsecs": "2" if reload else "30",
            # The first TERM finishes what runs; what cannot finish in time goes back to the queue.
            "environment": f'{patient},{signing},REMAP_SIGTERM="SIGQUIT"',
            **common,
        },
        "beat": {"command": beat, "stopwaitsecs": "10", **common},
        "watch": {
            "command": watch,
            "stopwaitsecs": "30",
            "environment": f'{patient},{signing},SEAL_KEY_FILE="{place.local / "seal" / "key.pem"}"',
            **common,
        },
    }


def supervisor_settings(
    place: Installation, *, servers: Mapping[str, dict[str, str]], portal: Mapping[str, dict[str, str]]
) -> str:
    written = configparser.RawConfigParser()
    written["supervisord"] = {
        "nodaemon": "true",
        "logfile": str(place.local / "log" / "supervisor.log"),
        "logfile_maxbytes": "5MB",
        "pidfile": str(place.sockets / "supervisor.pid"),
        "childlogdir": str(place.local / "log"),
        "identifier": "odr-portal",
        # As root it stays root to be able to hand each program to its own user, and says so to be quiet.
        **({"user": "root"} if place.server_user else {}),
    }
    written["unix_http_server"] = {"file": str(place.supervisor_socket), "chmod": "0700"}
    written["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    written["supervisorctl"] = {"serverurl": f"unix://{place.supervisor_socket}"}
    for programs, user, first in ((servers, place.server_user, 1), (portal, place.code_user, 10)):
        for name, values in programs.items():
            section = {
                "autorestart": "true",
                # Far more patience than the default three tries: a restarting database takes its time.
                "startretries": "60",
                "startsecs": "1",
                "priority": str(first),
                "redirect_stderr": "true",
                "stdout_logfile": str(place.local / "log" / f"{name}.log"),
                "stdout_logfile_maxbytes": "5MB",
                "stdout_logfile_backups": "1",
                **({"user": user.pw_name} if user else {}),
                **values,
            }
            written[f"program:{name}"] = {key: value.replace("%", "%%") for key, value in section.items()}
    written["group:portal"] = {"programs": ",".join(portal), "priority": "10"}
    stream = io.StringIO()
    written.write(stream)
    return stream.getvalue()
