"""To whom a case may go: what routing suggested, with its reasons, and what an officer looks up.

The one rule: a suggestion is read from the stored decision as it was made; only whether the
enterprise can receive, and whether the consumer agreed, is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from authorities.models import named
from complaints.conditions import Conditions
from complaints.enterprise_forms import Choices
from complaints.handling.authority import consented
from complaints.models import Complaint, ForwardingDecision
from complaints.views.authority_desk import Desk
from enterprises import reasons
from enterprises.finding import find
from enterprises.models import Branch, Enterprise

MOST = 5
#: From this score on a suggestion is called likely, below the second unlikely.
LIKELY, POSSIBLE = 80, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One enterprise (and branch) with why, and what stands in the way."""

    rank: int
    value: str
    name: str
    entity: str
    is_enrolled: bool
    is_agreed: bool
    likelihood: str = ""
    tone: str = "neutral"
    why: list[str] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.is_enrolled and self.is_agreed

    @property
    def words(self) -> str:
        """One line for a choice."""
        said = [self.name, *([self.entity] if self.entity != self.name else [])]
        if not self.is_enrolled:
            said.append(_("未入驻或已暂停"))
        said.append(_("消费者已同意") if self.is_agreed else _("消费者还没有同意"))
        return " · ".join(said)


def latest_decision(complaint: Complaint) -> ForwardingDecision | None:
    return ForwardingDecision.objects.filter(complaint=complaint).order_by("-pk").first()


def why_words(decision: ForwardingDecision | None) -> list[str]:
    """Why routing decided so, or could not."""
    if decision is None:
        return []
    return reasons.say_all(decision.explanation.get("why", []), get_language() or "")


def suggested(complaint: Complaint, decision: ForwardingDecision | None, *,
              conditions: Conditions) -> list[Target]:
    """The ranked candidates of the decision, at most five; two queries."""
    rows = (decision.explanation.get("candidates", []) if decision else [])[:MOST]
    firms = Enterprise.objects.in_bulk([row["enterprise_id"] for row in rows])
    branches = Branch.objects.in_bulk([row["branch_id"] for row in rows if row.get("branch_id")])
    found: list[Target] = []
    for row in rows:
        firm, branch = firms.get(row["enterprise_id"]), branches.get(row.get("branch_id") or 0)
        if firm is not None:
            found.append(_target(complaint, firm, branch, conditions, rank=len(found) + 1,
                                 score=int(row.get("score") or 0),
                                 why=reasons.say_all(row.get("why", []), get_language() or "")))
    return found


def looked_up(complaint: Complaint, query: str, desk: Desk, *, conditions: Conditions,
              besides: Iterable[Target] = ()) -> list[Target]:
    """What the directory has under ``query``, without what is on the list already."""
    if not query.strip():
        return []
    known = {target.value for target in besides}
    hits = find(query, on=desk.today, region_id=complaint.service_region_id or complaint.handling_region_id)
    found = [_target(complaint, hit.enterprise, hit.branch, conditions, rank=0, score=0,
                     why=[str(why) for why in hit.why])
             for hit in hits[:2 * MOST]]
    return [target for target in found if target.value not in known]


def value_of(enterprise: Enterprise, branch: Branch | None) -> str:
    return f"{enterprise.pk}-{branch.pk if branch else ''}"


def likelihood(score: int) -> tuple[str, str]:
    """A score of routing in words, and their tone."""
    if score >= LIKELY:
        return _("把握高"), "ok"
    return (_("把握中") if score >= POSSIBLE else _("把握低")), "neutral"


def _target(complaint: Complaint, firm: Enterprise, branch: Branch | None, conditions: Conditions, *,
            rank: int, score: int, why: list[str]) -> Target:
    sure, tone = likelihood(score) if rank else ("", "neutral")
    return Target(rank=rank, value=value_of(firm, branch), name=named(branch or firm), entity=named(firm),
                  is_enrolled=firm.enrolment == Enterprise.Enrolment.ENROLLED,
                  is_agreed=consented(complaint, firm.pk, conditions=conditions), likelihood=sure, tone=tone, why=why)


def choices_of(targets: Iterable[Target]) -> Choices:
    return [(target.value, target.words) for target in targets]


def because_of(target_value: str, targets: list[Target], *, note: str) -> dict[str, Any]:
    """What is stored with an officer's choice: which rank it had and what he wrote about it."""
    rank = next((t.rank for t in targets if t.value == target_value), 0)
    return {"rule": "officer", "version": None, "confidence": "", "is_match": True, "why": [],
            "candidates": [], "rank": rank, "note": note}
