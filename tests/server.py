"""The throw-away database of one test run. Nothing of it is left over, nothing of it is shared.

The server starts with the first test that needs a database, so a run of pure tests pays nothing. Tables belong to
portal_owner and tests work as portal_web, as the portal itself does: beside requests under the role of the steps,
as its workers do; what the test client asks for goes through the walls (database/row_security.py).

The migrated database is made once for the code that makes it; each run of tests copies its folder.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations

from accounts.keys import keyring, keys
from complaints.documents import signing
from database import request_words, roles
from database.code_lists import ListedCode
from odr_portal.processes import embedded
from tests import ROOT

DATABASE = "portal"
#: A page may take seconds, a test may not fail because the machine is busy: only a hang uses this up. Most tests are
#: one transaction, so that has no limit at all.
PATIENT = "statement_timeout=10min lock_timeout=10min transaction_timeout=0 idle_in_transaction_session_timeout=0"
PREFIX = "odr-test-"
#: What a request of somebody at work says to the database beside its view: who calls; that of anybody else says it with
#: the first of the view. Begin goes with the first statement of all, and, because here nothing ends with it, that
#: nobody calls any more with the next one (database/backend/base.py).
A_REQUEST = 1


def _sweep_leftovers() -> None:
    """Folders of runs that were killed: their process is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdecimal() and not Path(f"/proc/{process}").exists():
            shutil.rmtree(folder, ignore_errors=True)


READY = "odr-ready-"
#: Bound to the closing keys of the house, which the migrations made: a copy needs the same ones.
KEYS = "vault-keys"
MADE_OF = (
    "*/migrations/*",
    "*/models.py",
    "*/models/*.py",
    "database/columns.py",
    "database/operations.py",
    "database/roles.py",
    "odr_portal/processes/embedded.py",
    "accounts/keys/*.py",
    "accounts/roles.py",
    "complaints/procedure/sectors/*.toml",
    "complaints/procedure/sector_files.py",
    "tests/server.py",
    "requirements.txt",
)
TWO_DAYS = 2 * 24 * 3600


def _name() -> str:
    digest = hashlib.sha256(f"{sys.version}{os.geteuid()}{settings.PROVINCE}".encode())
    for file in sorted({file for pattern in MADE_OF for file in ROOT.glob(pattern) if file.is_file()}):
        if file.suffix != ".pyc":
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return READY + digest.hexdigest()[:16]


def ready_made(make: Callable[[embedded.ThrowAwayPostgres], str]) -> tuple[Path, str]:
    """The data folder to copy and its vault keys; `make` migrates an empty server and returns the keys.

    A second run that begins meanwhile waits for the first.
    """
    folder = Path(tempfile.gettempdir()) / _name()
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / KEYS).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _throw_away_old_ones()
            folder.mkdir(mode=0o711)
            server = embedded.ThrowAwayPostgres(folder)
            try:
                keys = make(server)
            finally:
                server.end()
            (folder / KEYS).write_text(keys)
            (folder / KEYS).chmod(0o600)
        os.utime(folder)
        return folder / "data", (folder / KEYS).read_text()


def copied(data: Path, to: Path) -> None:
    """With owners and modes, as a server wants its folder."""
    subprocess.run(["cp", "-a", str(data), str(to)], check=True)


def _throw_away_old_ones() -> None:
    for old in Path(tempfile.gettempdir()).glob(f"{READY}*"):
        if time.time() - old.stat().st_mtime > TWO_DAYS:
            shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def postgres_server(django_db_blocker: Any) -> Iterator[embedded.ThrowAwayPostgres]:
    _sweep_leftovers()
    with django_db_blocker.unblock():
        data, written = ready_made(_migrated)
    settings.VAULT_KEYS = keys.parse(written)
    os.environ["VAULT_KEYS"] = written
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    copied(data, folder)
    documents = folder / "documents.pem"
    documents.write_text(signing.fresh("Portal of tests", now=datetime.now(UTC)))
    documents.chmod(0o600)
    settings.DOCUMENT_KEY_FILE = os.environ["DOCUMENT_KEY_FILE"] = str(documents)
    server = embedded.ThrowAwayPostgres(folder)
    with closing(psycopg2.connect(server.dsn(user=roles.OWNER, database=DATABASE))) as owner, owner:
        request_words.lay(owner)
    try:
        yield server
    finally:
        connections.close_all()
        server.stop()


#: Where triggers are off, nothing counts a change of the directory, and what was read of another one would be believed.
COUNT_A_CHANGE = "update authorities_freshness set changes = changes + 1"


def _migrated(server: embedded.ThrowAwayPostgres) -> str:
    from django.core.management import call_command

    server.prepare(DATABASE)
    written = keys.fresh()
    settings.VAULT_KEYS = keys.parse(written)
    _point_at(server, roles.OWNER)
    options = connections["default"].settings_dict["OPTIONS"].pop("options", "")
    call_command("migrate", verbosity=0, interactive=False)
    connections["default"].settings_dict["OPTIONS"]["options"] = options
    connections.close_all()
    return written


def _point_at(server: embedded.ThrowAwayPostgres, user: str) -> None:
    connections["default"].close()
    # A machine that others use may take longer to answer than a page would wait; how the portal meets that is for
    # tests/faults.
    connections["default"].settings_dict["OPTIONS"]["connect_timeout"] = 30
    connections["default"].settings_dict.update(HOST=str(server.folder), PORT="", NAME=DATABASE, USER=user, PASSWORD="")


@pytest.fixture(scope="session")
def django_db_setup(postgres_server: embedded.ThrowAwayPostgres) -> None:
    _point_at(postgres_server, roles.WEB)
    connections["default"].settings_dict["OPTIONS"]["options"] += "".join(f" -c {one}" for one in PATIENT.split())
    # Programs that a test starts find the same database, and nothing of what somebody runs beside it.
    os.environ["ODR_LOCAL"] = str(postgres_server.folder / "local")
    os.environ["DATABASE_URL"] = postgres_server.dsn(user=roles.WEB, database=DATABASE)
    os.environ["DATABASE_OWNER_URL"] = postgres_server.dsn(user=roles.OWNER, database=DATABASE)
    DatabaseOperations.execute_sql_flush = _flush_as_superuser(postgres_server)  # type: ignore[method-assign]
    DatabaseOperations.sql_flush = _deleting  # type: ignore[method-assign]


@contextmanager
def as_owner() -> Iterator[None]:
    """As `migrate` works; not within a transaction."""
    connection = connections["default"]
    connection.close()
    kept = connection.settings_dict
    connection.settings_dict = kept | {"USER": roles.OWNER, "OPTIONS": kept["OPTIONS"] | {"options": ""}}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = kept


def _deleting(self: DatabaseOperations, style: Any, tables: Any, **options: Any) -> list[str]:
    """Empties them once nobody else writes. TRUNCATE would make the files of all tables and indexes anew: 240 ms of CPU
    where deleting takes 7.

    What `migrate` filled from files stays: nothing in a test may change it, and rows of the next point at it.
    """
    lists = {model._meta.db_table for model in apps.get_models() if issubclass(model, ListedCode)}
    names = [self.quote_name(table) for table in tables if table not in lists]
    deletes = "; ".join(f"delete from {name}" for name in names)
    return [f"begin; lock table {', '.join(names)} in exclusive mode; {deletes}; commit"]


def _flush_as_superuser(server: embedded.ThrowAwayPostgres) -> Any:
    """Past the triggers that guard the record and the policies that hide rows."""

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        embedded.run_statements(
            server.dsn(user="postgres", database=DATABASE),
            ["set session_replication_role = replica", *sql_list, COUNT_A_CHANGE],
        )
        keyring.forget()
        # As after the migrations: the portal's own key is always there.
        keyring.secrets_of([keyring.PORTAL], make=True)

    return execute_sql_flush


@pytest.fixture
def superuser_connection(postgres_server: embedded.ThrowAwayPostgres, db: None) -> Iterator[Any]:
    """Somebody with the keys to the server, who tampers. Sees only what was committed: use transaction=True."""
    connection = psycopg2.connect(postgres_server.dsn(user="postgres", database=DATABASE))
    connection.autocommit = True
    yield connection
    connection.close()
