"""Hands a file out: to whom which copy, and under headers that keep it harmless. The sealed original is for its sender
and the authority; before a configured scanner has passed a file, nobody but its sender gets it."""

from dataclasses import dataclass
from datetime import UTC
from typing import IO, Any, Protocol

from accounts.keys import row_tags
from complaints.evidence.files import disposition, name_as
from complaints.evidence.storing import storage
from complaints.models.evidence import Evidence, EvidenceState

_OPEN = frozenset({EvidenceState.CLEAN, EvidenceState.UNCHECKED})
#: The scanner has judged, and what it found keeps the file from others.
HELD = frozenset({EvidenceState.INFECTED, EvidenceState.UNSCANNABLE})


@dataclass(frozen=True)
class Download:
    """An opened file and the headers that keep it harmless."""

    stream: IO[bytes]
    headers: dict[str, str]


def shows_content(evidence: Evidence, *, is_sender: bool) -> bool:
    """Whether the content may be handed to this reader at all: to nobody where its state is none that we wrote."""
    is_open = evidence.state in _OPEN or (is_sender and evidence.state != EvidenceState.INFECTED)
    return is_open and row_tags.stands(evidence)


def verdict_of(evidence: Evidence) -> dict[str, str]:
    """Which file is held back, why, what the scanner said and when: for the entry ``hold_back_file`` of the record."""
    found = evidence.scanned_at.astimezone(UTC).isoformat() if evidence.scanned_at else ""
    verdict = {"why": str(evidence.state), "finding": evidence.finding, "scanner": "clamd", "found": found}
    return {"sha256": evidence.sha256} | verdict


class FileColumns(Protocol):
    """What is handed out: the columns of a kept file."""

    @property
    def name(self) -> Any: ...

    media_type: str
    path: str
    copy_type: str
    copy_path: str


def download(evidence: FileColumns) -> Download:
    """Our copy, where there is one (pictures, recordings); else the file itself. Raises FileNotFoundError."""
    if evidence.copy_path:
        return _opened(evidence.copy_path, evidence.copy_type, name_as(evidence.name, evidence.copy_type))
    return original(evidence)


def original(evidence: FileColumns) -> Download:
    """The file as it came, byte for byte: what its digest in the record is of. Raises FileNotFoundError."""
    return _opened(evidence.path, evidence.media_type, name_as(evidence.name, evidence.media_type))


def thumbnail(evidence: Evidence) -> Download:
    """A small picture that we made. Raises FileNotFoundError where there is none."""
    if not evidence.thumbnail_path:
        raise FileNotFoundError
    return _opened(evidence.thumbnail_path, "image/jpeg", "thumbnail.jpg")


def _opened(path: str, media_type: str, name: str) -> Download:
    if not path:
        # Erased with its person: the row stands for what the record names.
        raise FileNotFoundError
    return Download(
        stream=storage().open(path, "rb"),
        headers={
            "Content-Type": "text/plain; charset=utf-8" if media_type == "text/plain" else media_type,
            "Content-Disposition": disposition(name),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        },
    )
