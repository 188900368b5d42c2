"""The configuration files of the processes that `make run` starts. Writes files, starts nothing."""

import configparser
import io
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

POSTGRES_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    # The promise of the receipt: what was answered is on the disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "log_min_duration_statement": "500",
    "log_destination": "stderr",
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
        f" --graceful-timeout {1 if reload else 20} --max-requests 2000 --max-requests-jitter 200 --backlog 128"
        f" --limit-request-line 4094 --no-control-socket --worker-tmp-dir {place.sockets} "
        + ("" if reload else "--preload")
    )
    worker = (
        f"{python} -m celery --app odr_portal.celery worker --concurrency 2 --without-gossip --without-mingle "
        "--optimization fair --loglevel INFO"
    )
    beat = (
        f"{python} -m celery --app odr_portal.celery beat --loglevel INFO --pidfile= "
        f"--schedule {place.sockets / 'beat-schedule'}"
    )
    watch = f"{python} manage.py watch"
    patient = 'STATEMENT_TIMEOUT_MS="25000"'
    common = {"autostart": "false", "directory": str(place.root), "stopasgroup": "false", "killasgroup": "true"}
    return {
        "web": {"command": web, "stopwaitsecs": "25", **common},
        "worker": {
            "command": worker,
            # While developing nobody waits for a task: it is swept again.
            "stopwaitsecs": "2" if reload else "30",
            # The first TERM finishes what runs; what cannot finish in time goes back to the queue.
            "environment": f'{patient},REMAP_SIGTERM="SIGQUIT"',
            **common,
        },
        "beat": {"command": beat, "stopwaitsecs": "10", **common},
        "watch": {
            "command": watch,
            "stopwaitsecs": "30",
            "environment": f'{patient},SEAL_KEY_FILE="{place.local / "seal" / "key.pem"}"',
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
