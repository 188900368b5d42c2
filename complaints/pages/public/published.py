"""The complaints that are shown to the public, a page at a time, as 市场监督管理投诉信息公示暂行规则 (2023) says.

What is shown is asked of the cases themselves at that moment, by the decision of the authority and the
consent of the consumer together; so a consent that is taken back hides the complaint with the same step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.keys import sealed_fields
from complaints import wording
from complaints.acceptance import publication
from complaints.desks import keyset
from complaints.models import Complaint, Demand, PersonalText
from complaints.reading.case_people import names_of_consumers
from database.row_security import working_as_steps

PAGE = 20
NEWEST = keyset.Order("closed_at", falling=True)


def page(asked: Mapping[str, str], *, enterprise_id: int | None = None) -> tuple[list[publication.Masked], str, str]:
    """The masked complaints of one page, newest first, and the keys of the pages before and after it.

    ``enterprise_id``: only those against it. Seven statements, however many complaints there are.
    """
    with working_as_steps():
        rows = Complaint.objects.filter(publication.in_state(publication.SHOWN))
        if enterprise_id is not None:
            rows = rows.filter(enterprise_id=enterprise_id)
        found = keyset.page_of(rows, asked, NEWEST, related=("enterprise", "branch"), size=PAGE)
        ids = [case.pk for case in found.rows]
        names, demands, replies = names_of_consumers(ids), _demands(ids), _replies(ids)
        return (
            [
                publication.masked(
                    case, name=names.get(case.pk, ""), demands=demands.get(case.pk, []), reply=replies.get(case.pk, "")
                )
                for case in found.rows
            ],
            found.before,
            found.after,
        )


def _demands(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for case, kind in (
        Demand.objects.filter(complaint_id__in=ids)
        .order_by("complaint_id", "ordinal")
        .values_list("complaint_id", "kind")
    ):
        found.setdefault(case, []).append(wording.label(kind, kind="demand_kind"))
    return found


def _replies(ids: list[int]) -> dict[int, str]:
    """What the enterprise said in public, the last word of each."""
    texts: Any = PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind="public_reply").order_by(
        "sequence", "pk"
    )
    rows = list(texts)
    sealed_fields.load_for(rows)
    return {row.complaint_id: row.text for row in rows}
