"""How a case leaves the enterprise's side, and how its engagement ends.

The one rule (procedure, section 3): what an authority has received never closes on the
enterprise's side as failed; a consumer who declined onward transfer is not passed on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition.effect import Effect
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Audience, Outcome, Status
from complaints.record.record import Entry


def goes_on(file: CaseFile) -> bool:
    """Whether the case goes to the regulator when the enterprise's side ends in failure."""
    declined = file.complaint.consents.get("pass_to_regulator") is False
    return file.was_received_by_authority or not declined


def leave(
    file: CaseFile,
    *,
    result: str,
    ended_by: str,
    reason: str,
    data: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
    happened_at: datetime | None = None,
) -> Effect:
    """→review, or →closed/negotiation_failed with the one-click referral in the notice."""
    at = happened_at or file.now
    end_engagement(file, result, ended_by, at)
    offer = file.open_offer
    if offer is not None:
        file.change(offer, state="declined" if ended_by == "declined" else "withdrawn", answered_at=at)
        for obligation in file.obligations:
            if obligation.offer_id == offer.pk and obligation.state == "proposed":
                file.change(obligation, state="dropped")
    if goes_on(file):
        to_county(file)
        return Effect(to=Status.REVIEW, reason=reason, data=data or {}, texts=texts or {}, happened_at=happened_at)
    return Effect(
        to=Status.CLOSED,
        outcome=Outcome.NEGOTIATION_FAILED,
        reason=reason,
        data=(data or {}) | {"may_refer": True},
        texts=texts or {},
        happened_at=happened_at,
    )


def end_engagement(file: CaseFile, result: str, ended_by: str, at: datetime) -> None:
    """Stamp how this legal entity's time with the case ended; once."""
    engagement = file.engagement
    if engagement is not None:
        file.change(engagement, until_at=max(at, engagement.from_at), odr_result=result, ended_by=ended_by)


def nobody_has_it(file: CaseFile) -> None:
    """Handed back: who had the case is a former enterprise until somebody gets it again."""
    complaint = file.complaint
    complaint.enterprise = complaint.branch = complaint.handler = None


def note_inside(file: CaseFile, actor: Actor, step: str, data: dict[str, Any], *, reason: str = "") -> None:
    """What a change of the enterprise brings with it stands in the enterprise's own chain."""
    case = file.complaint
    file.entries.append(
        Entry(
            complaint=case,
            step=step,
            actor=actor,
            happened_at=file.now,
            written_at=file.now,
            from_status=case.status,
            to_status=case.status,
            outcome=case.outcome,
            reason=reason,
            audience=Audience.ENTERPRISE,
            data=data,
        )
    )


def to_county(file: CaseFile) -> None:
    """The authority that takes the failed cases: of the branch by its dated row, else of the
    place of business (art. 13)."""
    complaint = file.complaint
    if complaint.branch_id is not None:
        county = file.conditions.county_of(complaint.branch_id, file.today)
        if county is not None:
            complaint.handling_authority = county
            complaint.handling_region_id = county.region_id
            return
    complaint.handling_authority = file.conditions.jurisdiction.with_power(complaint.handling_region_id)


def to_authority(
    file: CaseFile,
    *,
    reason: str,
    data: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
    happened_at: datetime | None = None,
) -> Effect:
    """The authority with the power handles the case itself."""
    complaint = file.complaint
    complaint.handling_authority = file.conditions.jurisdiction.with_power(complaint.handling_region_id)
    return Effect(to=Status.REVIEW, reason=reason, data=data or {}, texts=texts or {}, happened_at=happened_at)
