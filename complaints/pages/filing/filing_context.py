"""One screen around a form of the filing."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.masking import masked_phone
from complaints.filing import drafts, proving, screens, steps
from complaints.filing.forms import Step
from complaints.filing.held import address_of
from complaints.models.evidence import FilingDraft
from complaints.reading.file_view import files_of_draft
from web.templatetags.portal import control_id


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
