"""Compares every kept file with the digest that its row, and for the original the record, holds.

A damaged file is named exactly, by case and number; nothing is mended here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from complaints.evidence.storing import digest_of, storage
from complaints.models.complaint import Complaint
from complaints.models.evidence import Evidence
from complaints.models.record import HandlingStep

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


def damaged(look: FilesRead, *, number: str = "") -> Iterator[Damaged]:
    """Every damaged file, of one case or of all; reads each file once, a chunk at a time."""
    rows = Evidence.objects.select_related("complaint").order_by("pk")
    if number:
        rows = rows.filter(complaint__number=number)
    for row in rows.iterator(chunk_size=500):
        case = row.complaint.number if row.complaint else ""
        for part, path_name, digest_name in _PARTS:
            path, wanted = getattr(row, path_name), getattr(row, digest_name)
            if path and (what := _compared(path, wanted)):
                yield Damaged(evidence=row.pk, case=case, part=part, path=path, what=what)
            look.files += bool(path)
        if row.complaint is not None and not _stands_in_record(row.complaint, row.sha256):
            yield Damaged(evidence=row.pk, case=case, part="original", path=row.path, what="not in the record")


def _compared(path: str, wanted: str) -> str:
    try:
        with storage().open(path, "rb") as file:
            found, _size = digest_of(file)
    except FileNotFoundError:
        return "missing"
    return "" if found == wanted else "changed"


def _stands_in_record(complaint: Complaint, sha256: str) -> bool:
    """The digest was written into the chain with the step that brought the file."""
    return HandlingStep.objects.filter(complaint=complaint, body__contains=f'"{sha256}"').exists()
