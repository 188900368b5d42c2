"""Who holds a draft, and where it goes on.

A draft is held by the key in the browser's cookie or by its
proven owner, and by nobody else.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts.models import User
from complaints.filing import drafts
from complaints.models.evidence import FilingDraft

COOKIE = "__Host-draft" if settings.HTTPS else "draft"


@dataclass(frozen=True)
class Held:
    """A draft and the key by which the browser holds it (empty: by its owner)."""

    draft: FilingDraft
    key: str = ""


def held_by(request: HttpRequest, *, now: datetime, draft_id: uuid.UUID | None = None) -> Held | None:
    """The draft of this browser's cookie, else the signed-in person's own of that id."""
    key = request.COOKIES.get(COOKIE, "")
    draft = drafts.of_key(key, now=now)
    if draft is not None and draft_id in (None, draft.pk):
        return Held(draft, key)
    if draft_id is not None and isinstance(request.user, User):
        own = drafts.of_owner(request.user.pk, draft_id, now=now)
        if own is not None:
            own.owner = request.user
        return Held(own) if own else None
    return None


def give_cookie(response: HttpResponseBase, key: str, *, seconds: float) -> None:
    response.set_cookie(
        COOKIE, key, max_age=int(seconds), httponly=True, samesite="Lax", secure=settings.HTTPS, path="/"
    )


def address_of(draft: FilingDraft, step: str) -> str:
    return reverse("complaints:file-step", args=[draft.pk, step])


def receipt_address(draft: FilingDraft) -> str:
    return reverse("complaints:receipt", args=[draft.filed_as[0]])
