"""A portal with a few cases, evidence and seals, and an empty database beside it to restore into."""

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from complaints import evidence
from complaints.handling.steps import consumer
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from complaints.record import checkpoints
from database import roles
from odr_portal.processes import embedded
from tests import given
from tests.cast import WEDNESDAY, World

EMPTY = "restored"


@pytest.fixture
def seal_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def evidence_folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    settings.MEDIA_ROOT = str(tmp_path / "files")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notice.txt").write_text("公告")
    return tmp_path / "evidence"


@pytest.fixture
def portal(world: World, evidence_folder: Path, seal_key: Ed25519PrivateKey) -> Complaint:
    """Two cases in different states, one with a file, sealed twice."""
    case = given.a_complaint(world, status=Status.PERFORMING)
    upload = SimpleUploadedFile("账单.txt", "九月账单".encode())
    row = evidence.receive_for_case(upload, complaint=case, kind="receipt", uploaded_by=world.chen.pk, now=WEDNESDAY)
    given.step(case, consumer.add_statement(text="九月账单在这里。", files=[row.sha256]), world.consumer, WEDNESDAY)
    checkpoints.seal(now=WEDNESDAY, key=seal_key)
    given.a_complaint(world, status=Status.MEDIATING)
    checkpoints.seal(now=WEDNESDAY, key=seal_key)
    return case


class Beside:
    """The database to restore into, on the same server."""

    def __init__(self, server: embedded.ThrowAwayPostgres, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.url = server.dsn(user=roles.OWNER, database=EMPTY)

    def query(self, statement: str, *, user: str = "postgres") -> list[Any]:
        line = psycopg2.connect(self.server.dsn(user=user, database=EMPTY))
        with closing(line), line, line.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> int:
        return int(self.query("select count(*) from pg_class where relnamespace = 'public'::regnamespace")[0][0])

    def files(self) -> list[str]:
        """Every file and folder that lies there."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def restore(self, file: Path, *arguments: str) -> tuple[str, str]:
        """What was said, and what was warned of. Raises CommandError."""
        out, err = StringIO(), StringIO()
        places = ("--evidence", str(self.folder / "evidence"), "--files", str(self.folder / "files"))
        call_command("restore", str(file), "--into", self.url, *places, *arguments, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()


@pytest.fixture
def beside(postgres_server: embedded.ThrowAwayPostgres, tmp_path: Path) -> Iterator[Beside]:
    postgres_server.prepare(EMPTY)
    yield Beside(postgres_server, tmp_path / "restored")
    administrator = postgres_server.dsn(user="postgres", database="postgres")
    embedded.run_statements(administrator, [f"drop database {EMPTY} with (force)"])


def save(target: Path) -> tuple[str, str]:
    """What was said, and what was warned of."""
    out, err = StringIO(), StringIO()
    call_command("backup", "--to", str(target), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def quiet(what: str, size: int) -> None:
    """Nobody looks."""
