"""The scan of an enterprise's licence: looked into, kept and searched for malware as files of a case are. One file an
application; with a scanner configured, nobody but the applicant gets one that it has not passed."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from complaints.evidence import limits, scanning, storing
from complaints.evidence.files import shown_name
from complaints.evidence.handing_out import Download, download
from complaints.evidence.keeping import Incoming, StoredFile, examined
from complaints.models.evidence import EvidenceState
from database.row_security import nothing_held
from enterprises.models import EnrolmentApplication, EnrolmentFile


def receive(incoming: Incoming, *, application: EnrolmentApplication, now: datetime) -> EnrolmentFile:
    """Keeps it in place of an earlier one. Raises EvidenceRefused; then the earlier one stays."""
    kept = examined(incoming)
    if not kept.media_type.startswith("image/") and kept.media_type != "application/pdf":
        kept.drop()
        raise limits.refused("unknown_type", incoming.name)
    is_clean = _passes(kept, name=incoming.name)
    with transaction.atomic():
        earlier = EnrolmentFile.objects.select_for_update().filter(application=application).first()
        if earlier is not None:
            earlier.delete()
        row = EnrolmentFile.objects.create(
            application=application,
            name=shown_name(incoming.name),
            is_clean=is_clean,
            uploaded_at=now,
            **{name: value for name, value in kept.as_json().items() if name != "seconds"},
        )
    if earlier is not None:
        storing.drop(*earlier.paths)
    return row


def handed_out(row: EnrolmentFile, *, is_sender: bool) -> Download | None:
    """The file for this reader; None while it waits for the scanner. Raises FileNotFoundError."""
    if settings.EVIDENCE_SCAN and not is_sender and not row.is_clean:
        row.is_clean = _looked_at(row.path) == EvidenceState.CLEAN
        if not row.is_clean:
            return None
        row.save(update_fields=["is_clean"])
    return download(row)


def _passes(kept: StoredFile, *, name: str | None) -> bool:
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
