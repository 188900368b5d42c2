"""What a document would say if the step were taken now: for the page that asks before it is.

The same words as the issued one, put together by the same function, without a number and without effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from authorities.models import Authority
from authorities.policies import Policies
from complaints.documents import issuing, kinds
from complaints.documents.wording import Facts, Paper, paper
from complaints.models import Complaint, Demand


def preview(
    form: int,
    complaint: Complaint,
    *,
    authorities: Sequence[Authority],
    policies: Policies,
    officers: Sequence[str],
    now: datetime,
    data: Mapping[str, Any] | None = None,
    said: Mapping[str, str] | None = None,
    last_day: date | None = None,
) -> Paper:
    """``data`` and ``said`` as the step would write them (``ground``, ``body`` …; ``decision`` …), ``officers`` who
    would sign. Shown by components/paper.html. Two queries, one more for the demands."""
    issuer = kinds.issuer(authorities, complaint.handling_authority_id)
    unit = next((row.name for row in authorities if row.pk == complaint.handling_authority_id), "")
    row = complaint.branch or complaint.enterprise or complaint.picked_branch or complaint.picked_enterprise
    company = complaint.enterprise or complaint.picked_enterprise
    return paper(
        form,
        Facts(
            complaint=complaint,
            policies=policies,
            authority=issuer.name if issuer else unit,
            officers=officers,
            day=timezone.localdate(now),
            person=issuing.people({complaint.pk}).get(complaint.pk, {}),
            unit=unit,
            respondent=row.name if row else complaint.respondent_named,
            respondent_code=(company.uscc or "") if company else "",
            data=data or {},
            said=said or {},
            demands=issuing.demands_of(Demand.objects.filter(complaint=complaint)),
            last_day=last_day,
        ),
    )
