"""Files below EXPORT_ROOT, made for somebody or taken in for hours: with a bucket they lie there, so that any host goes
on with what another began and serves what another made; what lies in the folder is then a copy to work with.

Paths are those of the folder, whichever it is. Raises BucketAway (an OSError) where the bucket does not answer.
"""

import io
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File

from complaints.evidence.bucket import Bucket
from complaints.evidence.storing import storage
from web import private_files

_IN_BUCKET = "outgoing/"


def _bucket() -> Bucket | None:
    place = storage() if settings.EVIDENCE_S3 is not None else None
    return place if isinstance(place, Bucket) else None


def _name(path: Path) -> str:
    return _IN_BUCKET + path.relative_to(settings.EXPORT_ROOT).as_posix()


def share(path: Path) -> None:
    """What was written there is there for every host."""
    if (bucket := _bucket()) is not None:
        with path.open("rb") as file:
            bucket.save(_name(path), File(file))
        path.unlink()


def opened(path: Path) -> BinaryIO:
    """Raises FileNotFoundError."""
    bucket = _bucket()
    return path.open("rb") if bucket is None else bucket.open(_name(path)).file  # type: ignore[return-value]


def fetched(path: Path) -> bool:
    """Whether it is there; then it lies in the folder too."""
    if path.exists() or _bucket() is None:
        return path.exists()
    half = path.with_name(f"{path.name}.part")
    try:
        source = opened(path)
    except FileNotFoundError:
        return False
    with source, os.fdopen(private_files.opened(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        shutil.copyfileobj(source, file)
    half.rename(path)
    return True


def share_piece(path: Path, content: bytes, *, at: int) -> None:
    """A piece of a file that grows, by the place where it begins; the folder has the whole."""
    if (bucket := _bucket()) is not None:
        bucket.save(_name(path.with_name(f"{path.name}.{at:012d}")), File(io.BytesIO(content)))


def fetch_pieces(path: Path, *, size: int) -> None:
    """So many bytes of a file that grows lie in the folder, whoever wrote them. Raises FileNotFoundError."""
    if _bucket() is None or (path.exists() and path.stat().st_size >= size):
        return
    with os.fdopen(private_files.opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        while file.tell() < size:
            with opened(path.with_name(f"{path.name}.{file.tell():012d}")) as piece:
                shutil.copyfileobj(piece, file)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if (bucket := _bucket()) is not None:
        bucket.delete(_name(path))


def remove_all(folder: Path, beginning: str) -> None:
    """Every file of the folder whose name begins so."""
    for path in folder.glob(f"{beginning}*"):
        path.unlink(missing_ok=True)
    if (bucket := _bucket()) is not None:
        for name, _at in list(bucket.listed(_name(folder / beginning))):
            bucket.delete(name)


def forget_copies(folder: Path, *, before: datetime) -> None:
    """With a bucket: what is left in the folder of a host that did not end what it began."""
    if _bucket() is None:
        return
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
