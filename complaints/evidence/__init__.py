"""Evidence files: what may come in, what it is, where it lies, who gets which copy of it.

The bytes say what a file is, never its name. The original is sealed as it came, under its digest; others get the copy
that we made ourselves, as an attachment that no browser may run or guess about."""

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
