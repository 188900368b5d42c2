"""What an offer says: an answer to each demand and its promises; and one half written, kept until it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from accounts.models import User
from accounts.retention import delete_some
from complaints.models import Complaint, Engagement, OfferDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """To one demand (by ordinal): grant, part or refuse; a reason for the last two."""

    demand: int
    verdict: str
    amount: Decimal | str | None = None
    reason: str = ""
    is_separable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One obligation: a last day, or days after another promise (by its place, from 1)."""

    kind: str
    what: str
    amount: Decimal | str | None = None
    owed_by: str = "enterprise"
    due_on: date | str | None = None
    days_after: int | None = None
    after: int | None = None
    payee_last4: str = ""
    proof: str = ""
    demand: int | None = None


#: A draft that nobody touched for so long is thrown away by the night.
DRAFTS_KEPT = timedelta(days=30)
#: More than an offer can hold (its verb says so too); what is longer is not kept.
LONGEST_DRAFT = 60_000


def keep_draft(
    complaint: Complaint, engagement: Engagement, *, user: User, step: str, typed: Mapping[str, str], now: datetime
) -> bool:
    """Keep what was typed in place of what was kept before. False: it is too long."""
    if sum(len(name) + len(value) for name, value in typed.items()) > LONGEST_DRAFT:
        return False
    row = OfferDraft(
        complaint=complaint,
        user=user,
        enterprise_id=engagement.enterprise_id,
        engagement=engagement,
        typed={"step": step, "fields": dict(typed)},
        saved_at=now,
    )
    # One statement: two savings at once both go through, the later one counts.
    OfferDraft.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["complaint", "user", "enterprise"],
        update_fields=["engagement", "typed", "saved_at"],
    )
    return True


def kept_draft(complaint: Complaint, *, user: User, step: str) -> tuple[dict[str, Any], datetime] | None:
    """The fields as they were typed, and when; None without a draft of this step."""
    row = OfferDraft.objects.filter(complaint=complaint, user=user, enterprise=F("complaint__enterprise")).first()
    if row is None or row.typed.get("step") != step:
        return None
    return row.typed["fields"], row.saved_at


def forget_draft(complaint: Complaint, *, user: User) -> None:
    OfferDraft.objects.filter(complaint=complaint, user=user).delete()


def throw_away_old_drafts(*, now: datetime, limit: int) -> int:
    """What nobody touched for KEPT."""
    return delete_some(OfferDraft.objects.filter(saved_at__lt=now - DRAFTS_KEPT), limit=limit)
