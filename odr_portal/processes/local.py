"""`make run` and `make dev`: everything the portal needs on one machine, from an empty folder to a served page.

Whatever is wrong is said in one sentence that tells what to do. Nothing here knows a rule of the field.

    python -m odr_portal.processes.local run [--reload]
    python -m odr_portal.processes.local try -- COMMAND …     a command beside a throw-away database, migrated, removed
    after
    python -m odr_portal.processes.local translations         compile the catalogues
"""

import errno
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from accounts.keys import keys
from database import roles
from odr_portal.processes import embedded, running, translations
from odr_portal.processes.running import DATABASE, ROOT, Portal, check_database, digest, say, stop
from web import environment

LEAST_FREE = 400 * 1024 * 1024
LONGEST_SOCKET_PATH = 90


def find_place() -> running.Installation:
    """As root the data lie in a folder of the service user outside the clone, and .local points there."""
    local = environment.local_folder()
    user = embedded.service_user()
    if user is not None and not os.environ.get("ODR_LOCAL") and not (local.is_dir() and not local.is_symlink()):
        target = Path("/var/lib") / f"odr-portal-{digest(str(ROOT))[:8]}"
        make_folder(target, user)
        if local.is_symlink() and local.resolve() != target:
            local.unlink()
        if not local.is_symlink():
            local.symlink_to(target)
    local = local.resolve()
    make_folder(local, user)
    sockets = local / "run"
    if len(str(sockets)) > LONGEST_SOCKET_PATH - 20:
        sockets = Path(tempfile.gettempdir()) / f"odr-portal-{digest(str(local))[:8]}"
    own = ("log", "seal", "vault", "documents", "files", "evidence", "exports", "static", "state")
    for folder in (sockets, *(local / name for name in own)):
        make_folder(folder, user)
    return running.Installation(
        root=ROOT, local=local, sockets=sockets, server_user=user, code_user=user if can_read_code(user) else None
    )


def make_folder(folder: Path, user: Any) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
    if folder.stat().st_uid == os.geteuid():
        # One that a command made here before the portal ran is the portal's as well.
        embedded.give(folder, user)
    if not os.access(folder, os.W_OK):
        raise stop(f"{folder} belongs to somebody else: run this as the user who made it, or remove it.")


def can_read_code(user: Any) -> bool:
    if user is None:
        return True
    probe = [sys.executable, "-c", "import django, web.environment"]
    try:
        return subprocess.run(probe, cwd=ROOT, capture_output=True, **embedded.as_user(user)).returncode == 0
    except OSError:
        return False


def take_lock(place: running.Installation) -> IO[str]:
    lock = (place.sockets / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise stop("The portal already runs from this folder: stop it first (Ctrl-C there).") from None
    return lock


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise stop(
                    f"Port {port} is busy: choose another one, for example `make run PORT={port + 1}`."
                ) from None
            raise stop(f"Cannot listen on {host}:{port} ({error.strerror}): choose another HOST or PORT.") from None


def check_disk(place: running.Installation) -> None:
    free = shutil.disk_usage(place.local).free
    if free < LEAST_FREE:
        raise stop(f"The disk of {place.local} is full ({free >> 20} MB left): free at least {LEAST_FREE >> 20} MB.")


def local_environment(place: running.Installation) -> dict[str, str]:
    """Addresses and secrets of this folder, made once and kept in .local/environment."""
    file = place.local / "environment"
    kept = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line) if file.exists() else {}
    password = kept.get("VALKEY_PASSWORD") or secrets.token_urlsafe(24)
    values = {
        "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_urlsafe(48),
        "VALKEY_PASSWORD": password,
        "MEDIA_ROOT": str(place.local / "files"),
        "EVIDENCE_ROOT": str(place.local / "evidence"),
        "EXPORT_ROOT": str(place.local / "exports"),
        "STATIC_ROOT": str(place.local / "static"),
        "VAULT_KEY_FILE": str(place.local / "vault" / "keys"),
    }
    if not os.environ.get("REDIS_URL"):
        values["REDIS_URL"] = f"redis+socket://:{password}@{place.sockets / 'valkey.sock'}"
    if not os.environ.get("DATABASE_URL"):
        values["DEMO"] = "yes"
        values["DATABASE_URL"] = f"postgresql://{roles.WEB}@/{DATABASE}?host={place.sockets}"
        values["DATABASE_OWNER_URL"] = f"postgresql://{roles.OWNER}@/{DATABASE}?host={place.sockets}"
    write(file, "".join(f"{key}={value}\n" for key, value in values.items()), place.code_user)
    return values


def write(file: Path, content: str, user: Any) -> None:
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")
    embedded.give(file, user)


def make_vault_keys(place: running.Installation) -> None:
    """Beside the database and not in it; who has both can read everything."""
    file = place.local / "vault" / "keys"
    is_new = not file.exists()
    kept = "" if is_new else file.read_text(encoding="utf-8")
    whole = keys.fresh() if is_new else keys.with_entry_key(kept)
    if whole != kept:
        # Beside it first: with half a file nothing that people said could be read any more.
        new = file.with_name("keys.new")
        write(new, whole, place.code_user)
        new.rename(file)
    embedded.give(file, place.code_user)


def make_seal_key(place: running.Installation) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    file = place.local / "seal" / "key.pem"
    if not file.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write(file, pem.decode(), place.code_user)
    embedded.give(file, place.code_user)


def make_document_key(place: running.Installation) -> None:
    from complaints.documents import signing

    file = place.local / "documents" / "key.pem"
    if not file.exists():
        write(file, signing.fresh("12315 ODR", now=datetime.now(UTC)), place.code_user)
    embedded.give(file, place.code_user)


def local_servers(place: running.Installation, values: dict[str, str]) -> dict[str, dict[str, str]]:
    """The programs of PostgreSQL and Valkey, as far as no address names a real server."""
    servers: dict[str, dict[str, str]] = {}
    user, copies = place.server_user, place.local
    if not os.environ.get("DATABASE_URL"):
        data = place.local / "postgres"
        binaries = embedded.postgres_programs(user, copies)
        version = data / "PG_VERSION"
        if not version.exists():
            say("Making the database …")
            # A start that was cut off leaves half a cluster, which holds nothing yet.
            shutil.rmtree(data, ignore_errors=True)
            make_folder(data, user)
            embedded.initialise(binaries, data, user)
        elif version.read_text().strip() != "18":
            raise stop(f"{data} is of PostgreSQL {version.read_text().strip()}: move it away and start again.")
        write(data / "postgresql.conf", embedded.postgres_settings(place.sockets), user)
        servers["postgres"] = {
            "command": f"{binaries / 'postgres'} -D {data}",
            "directory": str(data),
            "stopsignal": "INT",
            "stopwaitsecs": "30",
        }
    if not os.environ.get("REDIS_URL"):
        folder = place.local / "valkey"
        make_folder(folder, user)
        settings = embedded.valkey_settings(folder, place.sockets / "valkey.sock", values["VALKEY_PASSWORD"])
        write(place.local / "valkey.conf", settings, user)
        servers["valkey"] = {
            "command": f"{embedded.valkey_program(user, copies)} {place.local / 'valkey.conf'}",
            "directory": str(folder),
            "stopwaitsecs": "20",
        }
    return servers


def interrupted(*_: object) -> None:
    # A second Ctrl-C must not cut the orderly end short.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(*, reload: bool) -> None:
    # A shell that starts us in the background ignores Ctrl-C for us; we do not.
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    host = environment.text("HOST", "127.0.0.1")
    port = environment.number("PORT", 8000, least=1, most=65535)
    place = find_place()
    lock = take_lock(place)
    check_port(host, port)
    check_disk(place)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        if os.environ.get(name):
            check_database(name, os.environ[name])
    translations.compile_newer()
    values = local_environment(place)
    make_seal_key(place)
    make_document_key(place)
    make_vault_keys(place)
    servers = local_servers(place, values)
    portal_programs = running.portal_programs(place, bind=f"{host}:{port}", reload=reload)
    settings = running.supervisor_settings(place, servers=servers, portal=portal_programs)
    write(place.local / "supervisor.conf", settings, None)
    variables = {**os.environ, **{key: value for key, value in values.items() if not os.environ.get(key)}}
    variables |= {"PORTAL_SERVERS": " ".join(servers), "PYTHONUNBUFFERED": "1", "HOME": str(place.local)}
    variables |= {"DEBUG": "yes"} if reload else {}
    if host in {"0.0.0.0", "::"} and variables.get("DEMO", "").lower() in environment.YES:  # noqa: S104
        # Asked to listen to everybody with demo data: any name of this machine will do.
        variables.setdefault("ALLOWED_HOSTS", "*")
    portal = Portal(place, variables)
    try:
        portal.start_servers()
        portal.wait_for_postgres()
        portal.migrate()
        portal.take_over_state()
        portal.load_demo()
        if not reload:
            portal.collect_static()
        # Pages first: the others start in their shade.
        portal.supervisor().startProcess("portal:web", False)
        portal.wait_until_served(host, port)
        portal.supervisor().startProcessGroup("portal", False)
        tell(portal, host, port)
        if reload:
            portal.watch_files()
        while portal.alive():
            time.sleep(0.5)
        raise stop(f"The supervisor ended by itself; see {place.local / 'log' / 'supervisor.log'}.")
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        portal.end()
        lock.close()
    say("Stopped.")


def tell(portal: Portal, host: str, port: int) -> None:
    place = portal.place
    shown = "localhost" if host in {"0.0.0.0", "127.0.0.1", "::"} else host  # noqa: S104
    say(f"\n  The portal is at   http://{shown}:{port}/\n")
    signed = portal.manage("demo_sign_ins", quiet=True) if portal.is_demo else None
    if signed is not None and signed.returncode == 0 and signed.stdout:
        say("  " + signed.stdout.strip().replace("\n", "\n  ") + "\n")
    say(f"  Data and settings  {place.local}")
    say(f"  Logs               {place.local / 'log'}/*.log")
    if place.server_user is not None and place.code_user is None:
        say(f"  {place.server_user.pw_name} may not read this folder, so web and workers run as root.")
    say("  Ctrl-C stops everything.\n")


def try_out(command: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix=f"odr-test-{os.getpid()}-"))
    server = embedded.ThrowAwayPostgres(folder)
    try:
        server.prepare(DATABASE)
        variables = {
            **os.environ,
            "ODR_LOCAL": str(folder / "local"),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "VAULT_KEYS": keys.fresh(),
            "DATABASE_URL": server.dsn(user=roles.WEB, database=DATABASE),
            "DATABASE_OWNER_URL": server.dsn(user=roles.OWNER, database=DATABASE),
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=variables, check=True)
        return subprocess.run(command, env=variables).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        server.stop()


def main(texts: list[str]) -> int:
    try:
        match texts:
            case ["run", *rest]:
                run(reload="--reload" in rest)
            case ["try", "--", *command] if command:
                return try_out(command)
            case ["translations"]:
                translations.compile_newer()
            case _:
                raise SystemExit(__doc__)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise stop("The disk is full: free some space and start again.") from None
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise stop(f"{error.filename} may not be written by this user: change that, or clone elsewhere.") from None
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
