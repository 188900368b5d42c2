"""Prints of documents as files: written once, read from then on, destroyed with the words they hold.

A print lies under the random id of its version, so a worker that was killed while writing leaves nothing
that the next one does not write over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.core.files.base import ContentFile

from complaints.documents import printing
from complaints.evidence.storing import storage
from complaints.models import DocumentVersion


def print_path(version: DocumentVersion) -> str:
    token = version.public_id.hex
    return f"documents/{token[:2]}/{token[2:]}.pdf"


def put_print(version: DocumentVersion, content: bytes) -> tuple[str, str, int]:
    """(path, SHA-256, bytes)"""
    path = print_path(version)
    storage().delete(path)
    return storage().save(path, ContentFile(content)), hashlib.sha256(content).hexdigest(), len(content)


def read_print(version: DocumentVersion) -> bytes:
    """The print, made now where no worker has come to it yet. Raises LookupError once it was destroyed."""
    if version.path:
        try:
            with storage().open(version.path, "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            pass
    return printing.print_of(version)


def damaged_prints() -> Iterable[tuple[DocumentVersion, str]]:
    """Prints that are missing or whose bytes are not those of their digest, each with what is wrong."""
    for version in (
        DocumentVersion.objects.exclude(path="").select_related("document").order_by("pk").iterator(chunk_size=200)
    ):
        try:
            with storage().open(version.path, "rb") as file:
                found = hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            yield version, "missing"
            continue
        if found != version.sha256:
            yield version, "changed"


def destroy_prints(versions: Iterable[DocumentVersion]) -> None:
    """The words and the prints are gone; numbers, digests and what was issued when stay."""
    kept = list(versions)
    for version in kept:
        storage().delete(print_path(version))
    DocumentVersion.objects.filter(pk__in=[version.pk for version in kept]).update(content=b"", path="")
