"""Files that belong to no case: handed out and searched for malware as files of a case are. With a scanner configured,
nobody but the sender gets one that it has not passed."""

from typing import Any, Protocol

from django.conf import settings

from complaints.evidence import limits, scanning, storing
from complaints.evidence.handing_out import Download, FileColumns, download
from complaints.evidence.keeping import StoredFile
from complaints.models.evidence import EvidenceState
from database.row_security import nothing_held


class KeptFile(FileColumns, Protocol):
    """A row with the columns of a kept file."""

    is_clean: bool

    def save(self, *, update_fields: Any) -> None: ...


def columns_of(kept: StoredFile) -> dict[str, Any]:
    return {name: value for name, value in kept.as_json().items() if name != "seconds"}


def handed_out(row: KeptFile, *, is_sender: bool) -> Download | None:
    """The file for this reader; None while it waits for the scanner. Raises FileNotFoundError."""
    if settings.EVIDENCE_SCAN and not is_sender and not row.is_clean:
        row.is_clean = _looked_at(row.path) == EvidenceState.CLEAN
        if not row.is_clean:
            return None
        row.save(update_fields=["is_clean"])
    return download(row)


def passes(kept: StoredFile, *, name: str | None) -> bool:
    """True when the scanner says so, False when it is away; what it finds something in is not kept."""
    if not settings.EVIDENCE_SCAN:
        return False
    state = _looked_at(kept.path)
    if state in (EvidenceState.INFECTED, EvidenceState.UNSCANNABLE):
        kept.drop()
        raise limits.refused("not_clean", name)
    return state == EvidenceState.CLEAN


def _looked_at(path: str) -> EvidenceState | None:
    try:
        with nothing_held(), storing.storage().open(path, "rb") as file:
            return scanning.scanned(file).state
    except (scanning.ScannerAway, FileNotFoundError):
        return None
