"""For how long a browser that gave the token of a case may see it without giving it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from complaints.links.tracking import case_of_digest
from complaints.models import Complaint

OPEN_FOR = timedelta(minutes=30)
KEPT_IN_SESSION = "tracked"


def open_until(request: HttpRequest) -> datetime | None:
    """Until when this browser may look without the token again."""
    kept: dict[str, Any] = request.session.get(KEPT_IN_SESSION) or {}
    return parse_datetime(kept.get("until", ""))


def proven(request: HttpRequest, number: str, *, now: datetime) -> Complaint | None:
    """The case whose token this browser gave within half an hour."""
    kept = request.session.get(KEPT_IN_SESSION) or {}
    until = parse_datetime(kept.get("until", ""))
    if kept.get("number") != number or until is None or now >= until:
        return None
    return case_of_digest(number=number, digest=kept["digest"], now=now)
