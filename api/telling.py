"""A case in the words of the shapes: what the pages of the same side show, as plain values.

It is built from the page of the case (complaints/reading/case.py), so what a side may not read has
been left out before, and the person is masked there unless the caller may see it (cases.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.roles import Role
from complaints.models import Complaint, Engagement, HandlingStep
from complaints.reading.case import ENTERPRISE, CasePage
from complaints.reading.case_settlement import ObligationView, OfferView
from complaints.record.events import version_of


def line(case: Complaint, *, external_ref: str | None) -> dict[str, Any]:
    """For a list: of a case that the reader's side has now."""
    return {
        "number": case.number,
        "standing": "current",
        "status": case.status,
        "outcome": case.outcome,
        "reason": case.reason,
        "engagement_result": None,
        "is_overdue": case.is_overdue,
        "received_at": case.received_at,
        "filed_at": case.filed_at,
        "delivered_at": case.delivered_at,
        "status_since": case.status_since,
        "next_due_at": case.next_due_at,
        "closed_at": case.closed_at,
        "last_event_at": case.last_event_at,
        "object_category": case.object_category,
        "problem_category": case.problem_category,
        "item_name": case.item_name,
        "amount": case.amount,
        "currency": case.currency,
        "enterprise": case.enterprise.name if case.enterprise else None,
        "branch": case.branch.name if case.branch else None,
        "authority": case.handling_authority.name,
        "handler_id": case.handler_id,
        "external_ref": external_ref,
        "version": version_of(case),
    }


def _former(case: Complaint, engagement: Engagement) -> dict[str, Any]:
    """Whatever became of the case is another's business: how, and when, the own time with it ended."""
    ended = engagement.until_at or case.filed_at
    return {
        "standing": "former",
        "status": None,
        "outcome": None,
        "reason": None,
        "engagement_result": engagement.odr_result,
        "is_overdue": None,
        "status_since": None,
        "next_due_at": None,
        "closed_at": None,
        "last_event_at": ended,
        "delivered_at": engagement.from_at,
        "enterprise": engagement.enterprise.name,
        "branch": engagement.branch.name if engagement.branch else None,
        "authority": None,
        "handler_id": None,
        "version": f'"former-{engagement.pk}"',
    }


def whole(page: CasePage, *, steps: Sequence[str]) -> dict[str, Any]:
    """The case as the reader of ``page`` may have it."""
    own = page.engagements[-1] if page.side == ENTERPRISE and page.engagements else None
    told = line(page.complaint, external_ref=own.external_ref if own else None)
    if page.is_former and own is not None:
        told |= _former(page.complaint, own)
    return told | {
        "side": page.side,
        "consumer": {
            "name": page.person.name,
            "phone": page.person.phone,
            "email": page.person.email,
            "address": page.person.address,
            "is_masked": page.person.is_masked,
        },
        "statement": page.statement,
        "demand_note": page.demand_note,
        "facts": [{"name": fact.key, "value": fact.value} for fact in page.facts],
        "demands": [
            {
                "ordinal": d.ordinal,
                "kind": d.kind,
                "amount": d.amount,
                "note": d.note,
                "is_settled": d.is_settled,
                "is_given_up": d.is_given_up,
            }
            for d in page.demands
        ],
        "offers": [_offer(offer) for offer in page.offers],
        "promises": [_promise(promise) for promise in page.obligations],
        "clocks": [
            {
                "clock": c.row.clock,
                "state": c.row.state,
                "due_at": c.row.due_at,
                "last_day": c.row.last_day,
                "owed_by": c.row.owed_by,
                "is_provisional": c.row.is_provisional,
            }
            for c in page.clocks
        ],
        "matters": [
            {
                "id": m.pk,
                "kind": m.kind,
                "subject": m.subject,
                "opened_by": m.opened_by,
                "opened_at": m.opened_at,
                "until_at": m.until_at,
            }
            for m in page.matters.values()
        ],
        "messages": [
            {
                "sequence": m.sequence,
                "step": m.step,
                "at": m.at,
                "side": m.side,
                "organisation": m.organisation,
                "parts": [{"label": part.label, "text": part.text} for part in m.parts],
                "files": [file.pk for file in m.files],
            }
            for m in page.thread
        ],
        "files": len(page.files),
        "allowed_steps": list(steps),
    }


def _offer(offer: OfferView) -> dict[str, Any]:
    return {
        "number": offer.number,
        "state": offer.state_code,
        "made_at": offer.at,
        "message": offer.message,
        "answers": [
            {
                "demand": a.ordinal,
                "verdict": a.verdict_code,
                "amount": a.amount,
                "text": a.text,
                "is_separable": a.is_separable,
            }
            for a in offer.answers
        ],
        "promises": [_promise(promise) for promise in offer.obligations],
    }


def _promise(promise: ObligationView) -> dict[str, Any]:
    return {
        "ordinal": promise.ordinal,
        "kind": promise.row.kind,
        "what": promise.what,
        "amount": promise.amount,
        "owed_by": promise.owed_by,
        "due_on": promise.due_on,
        "state": promise.state_code,
        "is_overdue": promise.is_overdue,
    }


def entry(step: HandlingStep, *, names: Mapping[str, str]) -> dict[str, Any]:
    """An entry of the record, without names and texts: their digests are in the hashed text."""
    return {
        "sequence": step.sequence,
        "audience": step.audience,
        "step": step.step,
        "happened_at": step.happened_at,
        "written_at": step.written_at,
        "side": Role(step.actor_role).side,
        "role": step.actor_role,
        "organisation": names.get(step.organisation, step.organisation),
        "from_status": step.from_status,
        "to_status": step.to_status,
        "outcome": step.outcome,
        "reason": step.reason,
        "hash": bytes(step.hash).hex(),
        "previous_hash": bytes(step.previous_hash).hex(),
    }
