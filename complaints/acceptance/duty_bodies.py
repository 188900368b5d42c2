"""Who has the duty where market regulation has not: a closed list, with the phone and, where a rule says it, the last
day.

A refusal on ground 1 names one of these, so that nobody is sent away without knowing where to go. They stand in the
files of the sectors (complaints/procedure/sectors/).
"""

from __future__ import annotations

from datetime import date

from complaints.acceptance.remedies import after, known_since
from complaints.models import Complaint
from complaints.procedure.categories import BODY_BY_CODE, SECTORS

#: Those that a step may name.
BODIES = tuple(BODY_BY_CODE)
PHONES: dict[str, str] = {code: body.phone for code, body in BODY_BY_CODE.items()}
#: A consumer association has no duty that ends ours, and "another body" is no answer to where to go.
WITH_A_DUTY = tuple(code for code, body in BODY_BY_CODE.items() if body.has_duty)


def phone_of(body: str) -> str:
    return PHONES.get(body, "")


def body_last_day(body: str, complaint: Complaint) -> date | None:
    """The last day on which ``body`` still takes it; None where no rule names one, or no day is known."""
    since = known_since(complaint)
    appeal = next((appeal for sector in SECTORS for appeal in sector.appeals if appeal.body == body), None)
    if appeal is None or since is None:
        return None
    return after(since, months=appeal.limit(complaint.problem_category).months)
