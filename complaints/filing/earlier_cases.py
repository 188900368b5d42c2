"""What this consumer complained about before, at the same enterprise: the same account, or the same phone.

One statement, and only cases that the reader's own desk has had; phones are compared by digest, never
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from complaints.models import Complaint, Engagement, PersonDigest

#: So many are listed; whoever has more is told so.
MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCase:
    """Another case of the same person, as far as the enterprise had it. ``odr_result`` "" while it has it."""

    number: str
    item: str
    filed_at: datetime
    status: str
    outcome: str
    odr_result: str
    ended_at: datetime | None


def earlier_cases(complaint: Complaint, *, seen: Q) -> list[EarlierCase]:
    """Newest first, at most MOST + 1. ``seen``: the engagements of the reader's desk (``Workspace.engagements()``)."""
    phones = PersonDigest.objects.filter(complaint=complaint, kind="phone").values("digest")
    by_phone = PersonDigest.objects.filter(kind="phone", digest__in=phones).order_by().values("complaint_id")
    by_account = Complaint.objects.filter(consumer_key=complaint.consumer_key).order_by().values("pk")
    rows = (
        Engagement.objects.filter(seen, complaint_id__in=by_phone.union(by_account))
        .exclude(complaint=complaint)
        .order_by("-complaint__filed_at", "-complaint_id", "-pk")
        .values_list(
            "complaint__number",
            "complaint__item_name",
            "complaint__filed_at",
            "complaint__status",
            "complaint__outcome",
            "odr_result",
            "until_at",
        )[: 3 * MOST]
    )
    found: dict[str, EarlierCase] = {}
    for number, item, filed_at, status, outcome, result, until in rows:
        # A case that came back is told once, by the newest time.
        found.setdefault(
            number,
            EarlierCase(
                number=number,
                item=item,
                filed_at=filed_at,
                status=status,
                outcome=outcome,
                odr_result=result,
                ended_at=until,
            ),
        )
    return list(found.values())[: MOST + 1]
