"""Who calls the API: the token, its person, the moment of the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from enterprises.models.programs import ApiToken


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks by which token, and when; ``kept`` is what was found out about that in this call."""

    user: User
    token: ApiToken
    now: datetime
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def caller(request: Request) -> Caller:
    """One moment for the whole call."""
    known: Caller | None = getattr(request._request, "_caller", None)
    if known is None:
        token: Any = request.auth
        known = Caller(token.user, token, timezone.now())
        request._request._caller = known  # type: ignore[attr-defined]
    return known
