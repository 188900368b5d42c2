"""Why it came to a complaint, as the enterprise sees it itself: the causes, and which fit which problem.

The one rule: a cause is for the enterprise alone. Whatever the problem, every cause may be chosen; those that are usual
for it come first. A cause that is no longer used stays in CAUSES, so that old tags keep their words.
"""

from __future__ import annotations

#: Code → beginnings of the problem categories (complaints/procedure/categories.py) for which it is usual; none: for
#: any.
CAUSES: dict[str, tuple[str, ...]] = {
    "misleading_promotion": ("telecom.marketing", "telecom.extras", "telecom.contract", "advertising", "false_claims"),
    "billing_error": ("telecom.fees", "telecom.extras", "price", "measure"),
    "no_consent": ("telecom.extras", "telecom.marketing", "telecom.contract", "telecom.personal_data", "personal_data"),
    "unfair_terms": ("telecom.contract", "telecom.fees", "telecom.leaving", "contract"),
    "unclear_policy": (
        "telecom.fees",
        "telecom.contract",
        "telecom.leaving",
        "telecom.number",
        "price",
        "contract",
        "after_sales",
    ),
    "fault": ("telecom.broadband", "telecom.network", "telecom.device", "quality", "safety", "food_safety"),
    "slow_service": ("telecom.broadband", "telecom.support", "telecom.leaving", "after_sales"),
    "staff_conduct": (),
    "third_party": (),
    "misunderstanding": (),
    "nothing_wrong": (),
    "other": (),
}


def fitting(problem: str) -> tuple[list[str], list[str]]:
    """The causes that are usual for this problem category, in the order of the table, and all the others."""
    usual = [code for code, starts in CAUSES.items() if any(_is_below(problem, start) for start in starts)]
    return usual, [code for code in CAUSES if code not in usual]


def _is_below(problem: str, start: str) -> bool:
    return problem == start or problem.startswith(f"{start}.")
