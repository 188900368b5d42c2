"""A case in the words of the shapes: what the pages of the same side show, as plain values.

It is built from the page of the case (complaints/reading/case.py), so what a side may not read has
been left out before, and the person is masked there unless the caller may see it (cases.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.roles import Role
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.reading.case import ENTERPRISE, CasePage
from complaints.record.events import version_of


def picked(row: object, *names: str) -> dict[str, Any]:
    """Fields of the shape that are called as they are on the row."""
    return {name: getattr(row, name) for name in names}


def line(case: Complaint, *, external_ref: str | None) -> dict[str, Any]:
    """For a list: of a case that the reader's side has now."""
    return {
        **picked(case, "number", "status", "outcome", "reason", "was_refused_in_full", "is_overdue", "handler_id"),
        **picked(case, "received_at", "filed_at", "delivered_at", "status_since", "next_due_at", "closed_at"),
        **picked(case, "last_event_at", "object_category", "problem_category", "item_name", "amount", "currency"),
        "standing": "current",
        "engagement_result": None,
        "enterprise": case.enterprise.name if case.enterprise else None,
        "branch": case.branch.name if case.branch else None,
        "authority": case.handling_authority.name,
        "external_ref": external_ref,
        "version": version_of(case),
    }


def _former(case: Complaint, engagement: Engagement) -> dict[str, Any]:
    """Whatever became of the case is another's business: how, and when, the own time with it ended."""
    unknown = ("status", "outcome", "reason", "is_overdue", "status_since", "next_due_at", "closed_at", "authority")
    return {
        **dict.fromkeys((*unknown, "was_refused_in_full", "handler_id")),
        "standing": "former",
        "engagement_result": engagement.result,
        "last_event_at": engagement.until_at or case.filed_at,
        "delivered_at": engagement.from_at,
        "enterprise": engagement.enterprise.name,
        "branch": engagement.branch.name if engagement.branch else None,
        "version": f'"former-{engagement.pk}"',
    }


def whole(page: CasePage, *, steps: Sequence[str]) -> dict[str, Any]:
    """The case as the reader of ``page`` may have it."""
    own = page.engagements[-1] if page.side == ENTERPRISE and page.engagements else None
    shown = line(page.complaint, external_ref=own.external_ref if own else None)
    refused = page.complaint.was_refused_in_full
    if page.is_former and own is not None:
        shown |= _former(page.complaint, own)
    return shown | {
        "side": page.side,
        "consumer": page.person,
        "statement": page.statement,
        "demand_note": page.demand_note,
        "facts": page.facts,
        "demands": [
            {
                **picked(d, "ordinal", "kind", "amount", "note", "is_given_up"),
                "is_settled": d.is_settled and not refused,
            }
            for d in page.demands
        ],
        "offers": page.offers,
        "promises": page.obligations,
        "clocks": [one.row for one in page.clocks],
        "matters": list(page.matters.values()),
        "messages": [
            {
                **picked(m, "sequence", "step", "at", "side", "organisation"),
                "parts": m.parts,
                "files": [file.pk for file in m.files],
            }
            for m in page.thread
        ],
        "files": len(page.files),
        "allowed_steps": list(steps),
    }


def entry(step: HandlingStep, *, names: Mapping[str, str]) -> dict[str, Any]:
    """An entry of the record, without names and texts: their digests are in the hashed text."""
    return {
        **picked(step, "sequence", "audience", "step", "happened_at", "written_at"),
        **picked(step, "from_status", "to_status", "outcome", "reason"),
        "side": Role(step.actor_role).side,
        "role": step.actor_role,
        "organisation": names.get(step.organisation, step.organisation),
        "hash": bytes(step.hash).hex(),
        "previous_hash": bytes(step.previous_hash).hex(),
    }
