"""Cases to attack, and a superuser who works as the portal's steps and, within ``attacked``, as himself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from complaints.evidence import storing
from complaints.handling.steps import authority, consumer, enterprise
from complaints.models import Complaint, Evidence
from complaints.procedure.workflow import Status as S
from database import roles
from tests import given
from tests.cast import WEDNESDAY, World

ENTRY, TEXT, NAME = "complaints_handlingstep", "complaints_personaltext", "complaints_recordedname"
FILE, VERSION = "complaints_evidence", "complaints_documentversion"
TEXTS = f"""select t.id, c.number, t.audience, t.sequence, t.kind from {TEXT} t
join complaints_complaint c on c.id = t.complaint_id order by t.id"""
ENTRIES = f"""select s.id, c.number, s.audience, s.sequence from {ENTRY} s
join complaints_complaint c on c.id = s.complaint_id order by s.id"""
FILES = f"select e.id, c.number, e.sha256, e.path from {FILE} e join complaints_complaint c on c.id = e.complaint_id"
VERSIONS = f"""select v.id, c.number, d.audience, v.sequence, d.reference, v.number from {VERSION} v
join complaints_officialdocument d on d.id = v.document_id join complaints_complaint c on c.id = v.complaint_id"""

WALKED = (S.FILED, S.TRIAGE, S.REVIEW, S.REVIEW, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED)


@contextmanager
def attacked() -> Iterator[None]:
    """Whatever is done in the block is undone after it."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def attack(sql: str, *values: Any) -> None:
    """As superuser, past triggers, keys and grants."""
    with connection.cursor() as cursor:
        cursor.execute("set local role none")
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql, values or None)
        cursor.execute("set local session_replication_role = origin")
        cursor.execute(f"set local role {roles.STEPS}")


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        result: list[tuple[Any, ...]] = cursor.fetchall()
        return result


def cases(world: World) -> list[Complaint]:
    """Cases at eight places of the procedure, two of each, with files, a statement and a note each."""
    made = []
    for n, status in enumerate(WALKED * 2):
        case = given.a_complaint(world, status=status, now=WEDNESDAY + timedelta(hours=n))
        at = WEDNESDAY + timedelta(hours=n + 1)
        if n % len(WALKED) == 3:
            given.step(case, authority.accept(), world.officer, at)
        if status not in (S.CLOSED, S.TRIAGE, S.FILED):
            given.step(case, consumer.add_statement(text=f"补充{n}", files=_files(case, n)), world.consumer, at)
        if status == S.NEGOTIATING:
            given.step(case, enterprise.add_internal_note(text=f"备注{n}"), world.handler, at)
        made.append(case)
    return made


def _files(case: Complaint, n: int) -> list[str]:
    """Two files of the case, each with a copy and a thumbnail, as the portal keeps them."""
    digests = []
    for part in range(2):
        kept = [
            storing.keep(BytesIO(f"{what} {n} {part}".encode()), ending=".txt") for what in ("whole", "copy", "thumb")
        ]
        (path, sha256, size), (copy, copy_sha256, copy_size), (thumb, thumb_sha256, _size) = kept
        Evidence.objects.create(
            complaint=case, name="a.txt", size=size, media_type="text/plain", sha256=sha256, path=path, copy_path=copy,
            copy_sha256=copy_sha256, copy_size=copy_size, copy_type="text/plain", thumbnail_path=thumb,
            thumbnail_sha256=thumb_sha256, uploaded_at=WEDNESDAY,
        )  # fmt: skip
        digests.append(sha256)
    return digests


@contextmanager
def put_back(path: Path) -> Iterator[None]:
    content = path.read_bytes()
    path.parent.chmod(0o700)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
