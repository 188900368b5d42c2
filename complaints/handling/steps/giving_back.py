"""What is known of where a case belongs when an enterprise gives it back: kept as a decision, which triage reads first.

Whom the enterprise named stands first, with why; whoever gave the case back as not theirs is suggested no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.authority import decided
from complaints.models import Engagement, ForwardingDecision
from complaints.procedure.refusals import WrongInput

#: The verdict of such a decision: no rule made it, and routing learns nothing from it.
VERDICT = "returned"
#: How sure a target is that was typed by number, without routing having found it.
NAMED = 60
#: Sent to the right one, which has the same complaint already; or by a merger.
STILL_THEIRS = ("duplicate", "succession")

Named = tuple[int | None, int | None]


def not_oneself(file: CaseFile, named: Named) -> None:
    """Raises WrongInput where an enterprise names just whoever has the case."""
    if named[0] is not None and named == (file.complaint.enterprise_id, file.complaint.branch_id):
        raise WrongInput("bad_choice", _("请选另一家单位。"), field="target")


def keep_suggestions(file: CaseFile, *, named: Named, because: Mapping[str, Any] | None) -> None:
    """After the stage has ended. ``because``: what routing said when it was asked again (``candidates`` as it stores
    them); without it, what it said before counts."""
    last = file.latest_engagement
    if last is None:
        return
    found = (because or {}).get("candidates") or _said_before(file)
    gone = {
        (stage.enterprise_id, stage.branch_id)
        for stage in file.engagements
        if stage.odr_result == "returned" and stage.ended_by not in STILL_THEIRS
    }
    rest = [row for row in found if _target(row) not in gone | {named}]
    whose = _names(last)
    first = []
    if named[0] is not None:
        known: Mapping[str, Any] = next((row for row in found if _target(row) == named), {})
        first = [
            {
                "enterprise_id": named[0],
                "branch_id": named[1],
                "score": max(int(known.get("score") or 0), NAMED),
                "why": [{"code": "named_at_return", **whose}, *known.get("why", [])],
            }
        ]
    decided(
        file,
        VERDICT,
        {
            "rule": "",
            "version": None,
            "confidence": "",
            "is_match": False,
            "why": [{"code": "given_back", **whose}],
            "candidates": [*first, *rest],
        },
    )


def _said_before(file: CaseFile) -> list[dict[str, Any]]:
    row = ForwardingDecision.objects.filter(complaint=file.complaint).exclude(rule="officer").order_by("-pk").first()
    return list(row.explanation.get("candidates", [])) if row is not None else []


def _target(row: Mapping[str, Any]) -> Named:
    return row["enterprise_id"], row.get("branch_id")


def _names(stage: Engagement) -> dict[str, str]:
    unit = stage.branch or stage.enterprise
    return {"enterprise": unit.name, "enterprise_en": unit.name_en or unit.name}
