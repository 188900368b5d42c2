"""Where the bytes lie: a private folder by default, a bucket by setting; and the folder for what is still coming in.

A file is written once under a random name and never changed; no address of the site leads to it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage

from complaints.evidence.bucket import Bucket, Keys

CHUNK = 1024 * 1024


def storage() -> Storage:
    """What is kept. The folder is read from the settings each time: tests have their own."""
    if (place := settings.EVIDENCE_S3) is not None:
        return Bucket(endpoint=place.endpoint, bucket=place.bucket, keys=Keys(place.key, place.secret, place.region))
    return FileSystemStorage(
        location=Path(settings.EVIDENCE_ROOT), file_permissions_mode=0o400, directory_permissions_mode=0o700
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
    folder = Path(settings.EVIDENCE_ROOT) / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """A file without a name, gone when it is closed."""
    handle = os.open(_incoming(), os.O_TMPFILE | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield file


def part_files() -> Iterator[tuple[Path, float]]:
    """All unfinished ones, and when each was last written to (seconds since 1970)."""
    for place in _incoming().glob("*.part"):
        with suppress(FileNotFoundError):
            yield place, place.stat().st_mtime


def part_file(upload: UUID) -> Path:
    """Where the parts of an unfinished upload are put together."""
    return _incoming() / f"{upload.hex}.part"
