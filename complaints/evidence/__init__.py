"""Evidence files: what may come in, what it is (by its bytes, never its name), where it lies, who gets which copy. The
original is sealed as it came, under its digest; others get the copy that we made ourselves."""

from complaints.evidence.handing_out import Download, download, original, shows_content, thumbnail
from complaints.evidence.keeping import receive, receive_for_case, remove, take_away
from complaints.evidence.limits import EvidenceRefused
from complaints.evidence.storing import storage

__all__ = [
    "Download",
    "EvidenceRefused",
    "download",
    "original",
    "receive",
    "receive_for_case",
    "remove",
    "shows_content",
    "storage",
    "take_away",
    "thumbnail",
]
