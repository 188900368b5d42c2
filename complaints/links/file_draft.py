"""What the last screen of filing does, as one verb: a draft becomes cases, and those who were named are asked."""

from __future__ import annotations

from datetime import datetime

from complaints import handling
from complaints.filing import drafts
from complaints.links import joining
from complaints.models import Complaint, FilingDraft
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import AGENT, JOINT, FilingRequest


def file_draft(
    draft: FilingDraft, filing: FilingRequest, *, actor: Actor, place: str, now: datetime
) -> list[Complaint]:
    """One case a respondent; each joint complainant or principal is sent a link; the draft's text is gone.

    ``draft`` is locked by the caller and not filed yet; ``place`` is where the portal stands, without a slash at the
    end. Raises WrongInput before anything is written.
    """
    cases = handling.file([filing], actor=actor, now=now)
    if filing.on_behalf.kind in (JOINT, AGENT):
        for case in cases:
            joining.ask(case, place=place, now=now)
    drafts.mark_filed(draft, numbers=[case.number for case in cases], now=now)
    return cases
