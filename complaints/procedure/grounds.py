"""Why a complaint is refused or a mediation ended, and why a negotiation failed: closed lists of the law and the ODR
rule.

Plain codes, no words (wording/reasons.py) and no judgement (review_grounds.py, termination.py).
"""

from __future__ import annotations

REFUSAL_GROUNDS = (
    "outside_duty",
    "already_handled",
    "not_consumption",
    "over_three_years",
    "material_missing",
    "identity_refused",
    "other_law",
)
TERMINATION_GROUNDS = (
    "withdrawn_or_settled",
    "party_absent",
    "no_agreement_possible",
    "no_agreement_on_cost",
    "sixty_days",
    "art_16_or_42",
    "party_gone",
    "other_law",
)
FAILURE_REASONS = ("no_agreement", "refused_with_reasons", "consumer_wants_none", "unreachable")
