"""The others of a case, on the consumer's page alone: linked cases against others.

The one rule: it is asked for the consumer's page and for no other; an enterprise never learns of another's case.
"""

from __future__ import annotations

from dataclasses import dataclass

from complaints import labels
from complaints.models import Complaint
from complaints.views.case import case_url
from complaints.views.consumer_cases import respondent_of
from odr_portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class Sibling:
    """A case of the same person about the same matter, against somebody else."""

    number: str
    respondent: str
    status: str
    url: str


def siblings_of(complaint: Complaint, user: User) -> list[Sibling]:
    """One query where there are any, none where there are not."""
    if complaint.linked_group is None:
        return []
    rows = (Complaint.objects.visible_to(user).filter(linked_group=complaint.linked_group, consumer_id=complaint.consumer_id)
            .exclude(pk=complaint.pk).select_related("enterprise", "branch", "picked_enterprise", "picked_branch"))
    return [Sibling(row.number, respondent_of(row), labels.label(row.outcome or row.status, kind="outcome" if row.outcome else "status"),
                    case_url(row)) for row in rows.order_by("pk")]
