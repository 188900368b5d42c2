"""What the scanner objects to is held back from others, and the record of each case that has the file says so: which
file, why, and when. Verdict and entries come into being together."""

from contextlib import suppress
from datetime import datetime

from complaints.evidence import scanning
from complaints.evidence.handing_out import verdict_of
from complaints.evidence.uploads import throw_away_expired
from complaints.handling.steps import keeping
from complaints.handling.transition.take import take
from complaints.models import Evidence
from complaints.parties.actors import SYSTEM
from complaints.procedure.refusals import StepNotAllowed


def sweep_evidence(*, now: datetime) -> int:
    """How many files were judged and uploads thrown away."""
    return throw_away_expired(now=now) + sweep_scans(now=now)


def sweep_scans(*, now: datetime) -> int:
    """How many files got a verdict. Ends early when the scanner is away."""
    return scanning.sweep_scans(now=now, hold_back=_hold_back)


def _hold_back(rows: list[Evidence], now: datetime) -> None:
    for row in rows:
        move = keeping.hold_back_file(audience=row.audience, **verdict_of(row))
        # Refused where the record says so already.
        with suppress(StepNotAllowed):
            take(move, [row.complaint_id or 0], actor=SYSTEM, now=now)
