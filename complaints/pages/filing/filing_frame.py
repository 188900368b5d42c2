"""What the doors of filing share: the draft in the cookie, and one screen around a form.

The one rule: a draft is held by the key in the browser's cookie or by its
proven owner, and by nobody else.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.masking import masked_phone
from accounts.models import User
from complaints.filing import drafts, proving, screens, steps
from complaints.filing.forms import Step
from complaints.models.draft import FilingDraft
from complaints.reading.file_view import files_of_draft
from web.templatetags.portal import control_id

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


def errors_of(form: Step) -> list[dict[str, str]]:
    """The summary on top; the demand rows have ids of their own."""
    found = []
    for name, errors in form.errors.items():
        bound = form[name] if name in form.fields else None
        target = "main" if bound is None else control_id(bound)
        if form.step == "demands" and name == "demand":
            target = "demand-refund"
        label = str(bound.label).rstrip("？?。") if bound is not None and name != "demand" else ""
        found += [{"target": target, "label": label, "text": str(text)} for text in errors]
    return found


def _files(draft: FilingDraft) -> dict[str, Any]:
    address = reverse("complaints:file-upload", args=[draft.pk, uuid.UUID(int=0)])
    return {"files": files_of_draft(draft), "upload_address": address}


def show(
    request: HttpRequest, draft: FilingDraft | None, form: Step, *, now: datetime, status: int = 200, **more: Any
) -> HttpResponse:
    code = form.step
    before = steps.before(code)
    back_to_check = request.GET.get("back") == "check"
    back_url = "/"
    if draft is not None and (back_to_check or before):
        back_url = address_of(draft, "check" if back_to_check else before or "")
    action = ""
    if draft is not None:
        action = address_of(draft, code) + ("?back=check" if back_to_check else "")
    context = {
        "form": form,
        "action": action,
        "draft": draft,
        "errors": errors_of(form) if form.is_bound else [],
        "number": steps.number_of(code),
        "total": len(steps.STEPS),
        "marks": screens.marks(code),
        "back_url": back_url,
        "back_to_check": back_to_check,
        "kept_until": draft.expires_at if draft is not None else None,
        "is_ending": draft is not None and draft.expires_at - now < drafts.WARNED_BEFORE,
        "is_at_station": draft is not None and drafts.station_of(draft) is not None,
        **screens.of_step(draft, form, today=timezone.localdate(now)),
        **(_files(draft) if code == "evidence" and draft is not None else {}),
        **more,
    }
    if code == "you" and draft is not None:
        phone = screens.value_of(form, "phone")
        context["is_proven"] = drafts.is_proven(draft, proving.normal(phone), screens.value_of(form, "email"))
        context["sent"] = request.GET.get("sent", "")
        context["sent_to"] = masked_phone(phone)
    return render(request, f"consumer/filing/{code}.html", context, status=status)
