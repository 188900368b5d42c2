"""Who has the duty where market regulation has not: a closed list, with the phone and, for 12300, the last day.

The one rule: a refusal on ground 1 names one of these, so that nobody is sent away without knowing where to go; what
stands here is what the bodies themselves publish (facts.md 1.2). Names: ``labels_reasons.BODIES``.
"""

from __future__ import annotations

from datetime import date

from complaints.acceptance.ways_left import after, known_since, telecom_months
from complaints.models import Complaint

#: Code → phone. The hotline of the government (12345) puts through to those that have none of their own.
PHONES: dict[str, str] = {
    "12300": "12300",
    "12345": "12345",
    "court": "12368",
    "arbitration": "12348",
    "police": "110",
    "labour": "12333",
    "finance": "12378",
    "securities": "12386",
    "post": "12305",
    "transport": "12328",
    "housing": "12345",
    "health": "12345",
    "education": "12345",
    "agriculture": "12316",
    "tobacco": "12313",
    "environment": "12369",
    "energy": "12398",
    "association": "12315",
    "other": "",
}
#: A consumer association has no duty that ends ours, and "another body" is no answer to where to go.
WITH_A_DUTY = tuple(code for code in PHONES if code not in ("association", "other"))


def phone_of(body: str) -> str:
    return PHONES.get(body, "")


def last_day(body: str, complaint: Complaint) -> date | None:
    """The last day on which ``body`` still takes it: 12300 five months for fees, two years for all else (MIIT Order 35,
    art. 11); None where no day is known."""
    since = known_since(complaint)
    return after(since, months=telecom_months(complaint)) if body == "12300" and since is not None else None
