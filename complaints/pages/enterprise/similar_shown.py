"""Similar cases of the own enterprise in the words of enterprise/_similar.html."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from complaints import wording
from complaints.models import Complaint
from complaints.settlement.similar_cases import SimilarCase, similar_to
from web.templatetags.portal import money


def similar_shown(complaint: Complaint, *, seen: Q) -> dict[str, Any]:
    """How the own cases with the same problem ended, and the few to list; ``total`` 0 where there are none."""
    found = similar_to(complaint, seen=seen)
    return {
        "total": found.total,
        "is_cut": found.is_cut,
        "median": found.median,
        "results": " · ".join(f"{wording.label(result, kind='odr_result')} {n}" for result, n in found.results.items()),
        "cases": [
            {
                "number": case.number,
                "at": case.ended_at,
                "result": wording.label(case.odr_result, kind="odr_result"),
                "answers": _answers(case),
            }
            for case in found.shown
        ],
    }


def _answers(case: SimilarCase) -> list[str]:
    return [
        " ".join(
            (
                wording.label(one.kind, kind="demand_kind"),
                wording.label(one.verdict, kind="verdict"),
                "" if one.amount is None else money(one.amount),
            )
        ).strip()
        for one in case.answers
    ]
