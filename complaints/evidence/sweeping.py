"""What the sweeps do for files: the search for malware, and uploads that nobody finished.

Both are rows, so a sweep that dies loses nothing.
"""

from __future__ import annotations

from datetime import datetime

from complaints.evidence.scanning import sweep_scans
from complaints.evidence.uploads import throw_away_expired


def sweep_evidence(*, now: datetime) -> int:
    """How many files were judged and uploads thrown away."""
    return throw_away_expired(now=now) + sweep_scans(now=now)
