"""Where the bytes lie (a private folder, or a bucket by setting), and whether they still are what the record says."""

import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage

from complaints.evidence.bucket import Bucket, Keys
from complaints.models.archived import ArchivedCase
from complaints.models.complaint import Complaint
from complaints.models.evidence import Evidence
from complaints.models.record import HandlingStep
from web import private_files

CHUNK = 1024 * 1024


class PrivateFolder(FileSystemStorage):
    """Files and folders that the portal can work with, also where a command of root wrote them."""

    def _save(self, name: str, content: Any) -> str:
        private_files.folder(Path(self.path(name)).parent)
        kept = super()._save(name, content)  # type: ignore[misc]
        place = Path(self.path(kept))
        private_files.leave_to_owner(place, place.parent)
        return str(kept)


def storage() -> Storage:
    """What is kept. The folder is read from the settings each time: tests have their own."""
    if (place := settings.EVIDENCE_S3) is not None:
        return Bucket(endpoint=place.endpoint, bucket=place.bucket, keys=Keys(place.key, place.secret, place.region))
    return PrivateFolder(
        location=private_files.folder(Path(settings.EVIDENCE_ROOT)),
        file_permissions_mode=private_files.file_mode() & 0o440,
        directory_permissions_mode=private_files.folder_mode(),
    )


def keep(source: IO[bytes], *, ending: str) -> tuple[str, str, int]:
    """Writes all of it under a random name; (name, SHA-256, bytes)."""
    token = secrets.token_hex(16)
    digest, size = digest_of(source)
    source.seek(0)
    return storage().save(f"{token[:2]}/{token[2:]}{ending}", File(source)), digest, size


def digest_of(source: IO[bytes]) -> tuple[str, int]:
    """(SHA-256, bytes) from the beginning to the end."""
    source.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def drop(*names: str) -> None:
    for name in filter(None, names):
        storage().delete(name)


def has_room(size: int) -> bool:
    """Whether the disk keeps its reserve after this file and its copy; a bucket has room."""
    return shutil.disk_usage(_incoming()).free - 2 * size >= settings.EVIDENCE_DISK_RESERVE_MB * CHUNK


def _incoming() -> Path:
    """Below the private folder, so that a part is never on a disk that everybody may read."""
    return private_files.folder(private_files.folder(Path(settings.EVIDENCE_ROOT)) / "incoming")


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """A file without a name, gone when it is closed."""
    handle = os.open(_incoming(), os.O_TMPFILE | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield file


#: Names in a bucket, where each part is a file of its own: any host of the portal goes on with what another began.
_IN_BUCKET = "incoming/"


def put_part(upload: UUID, content: bytes, *, at: int) -> None:
    """One part of an unfinished upload, at its place."""
    place = storage()
    if isinstance(place, Bucket):
        place.save(_part(upload, at), File(io.BytesIO(content)))
        return
    handle = private_files.opened(_part_file(upload), os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW)
    try:
        written = 0
        while written < len(content):
            written += os.pwrite(handle, content[written:], at + written)
    finally:
        os.close(handle)


@contextmanager
def put_together(upload: UUID, *, places: Iterable[int]) -> Iterator[IO[bytes]]:
    """The parts that begin at these places, as one file. Raises FileNotFoundError."""
    place = storage()
    if not isinstance(place, Bucket):
        with open(_part_file(upload), "rb") as file:
            yield file
        return
    with scratch() as file:
        for at in places:
            with place.open(_part(upload, at)) as part:
                shutil.copyfileobj(part, file)
        file.seek(0)
        yield file


def drop_parts(upload: UUID, *, places: Iterable[int]) -> None:
    place = storage()
    if isinstance(place, Bucket):
        drop(*(_part(upload, at) for at in places))
    else:
        _part_file(upload).unlink(missing_ok=True)


def old_parts(*, before: datetime) -> Iterator[tuple[UUID, int]]:
    """Of unfinished uploads: whose, and at which place, that were last written to before this moment."""
    place = storage()
    if isinstance(place, Bucket):
        for name, changed in place.listed(_IN_BUCKET):
            upload, _, at = name.removeprefix(_IN_BUCKET).partition(".")
            if changed < before:
                yield UUID(upload), int(at)
        return
    for file in _incoming().glob("*.part"):
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < before.timestamp():
                yield UUID(file.stem), 0


def _part(upload: UUID, at: int) -> str:
    return f"{_IN_BUCKET}{upload.hex}.{at:012d}"


def _part_file(upload: UUID) -> Path:
    """Where the parts of an unfinished upload are put together."""
    return _incoming() / f"{upload.hex}.part"


_PARTS = (
    ("original", "path", "sha256"),
    ("copy", "copy_path", "copy_sha256"),
    ("thumbnail", "thumbnail_path", "thumbnail_sha256"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """``what``: missing, changed, or not in the record (a digest that no entry of the case names)."""

    evidence: int
    case: str
    part: str
    path: str
    what: str


@dataclass(slots=True)
class FilesRead:
    """How many files were read so far."""

    files: int = 0


def damaged(progress: FilesRead, *, number: str = "") -> Iterator[Damaged]:
    """Every damaged file, of one case or of all; reads each file once, a chunk at a time."""
    rows = Evidence.objects.select_related("complaint").order_by("pk")
    if number:
        rows = rows.filter(complaint__number=number)
    for row in rows.iterator(chunk_size=500):
        case = row.complaint.number if row.complaint else ""
        for part, path_name, digest_name in _PARTS:
            path, wanted = getattr(row, path_name), getattr(row, digest_name)
            if path and (what := compared(path, wanted)):
                yield Damaged(evidence=row.pk, case=case, part=part, path=path, what=what)
            progress.files += bool(path)
        if row.complaint is not None and not _stands_in_record(row.complaint, row.sha256):
            yield Damaged(evidence=row.pk, case=case, part="original", path=row.path, what="not in the record")


def compared(path: str, wanted: str) -> str:
    """What is wrong with a kept file whose digest should be ``wanted``: missing, changed; empty where nothing is."""
    try:
        with storage().open(path, "rb") as file:
            result, _size = digest_of(file)
    except FileNotFoundError:
        return "missing"
    return "" if result == wanted else "changed"


def _stands_in_record(complaint: Complaint, sha256: str) -> bool:
    """The digest was written into the chain with the step that brought the file; of a moved case the archive knows."""
    if ArchivedCase.objects.filter(complaint_id=complaint.pk, returned=None).exists():
        return True
    return HandlingStep.objects.filter(complaint=complaint, body__contains=f'"{sha256}"').exists()
