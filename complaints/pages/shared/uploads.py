"""The addresses to which a browser sends a file in parts: begin, part, state, finish, cancel.

Each may be repeated, for the answer may have been lost; without JavaScript nobody comes here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from complaints.evidence import EvidenceRefused, uploads
from complaints.evidence.uploads import Holder, WrongPlace
from complaints.filing.held import held_by
from complaints.models import Upload
from complaints.pages.shared.case_shared import meet

PART, FINISH, CANCEL = "part", "finish", "cancel"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def of_draft(request: HttpRequest, draft_id: uuid.UUID, upload_id: uuid.UUID, action: str = "") -> JsonResponse:
    """/file/<draft>/uploads/<upload>/[part|finish|cancel]/ for whoever holds the draft."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        raise Http404
    user = request.user.pk if isinstance(request.user, User) else None
    return _answer(request, upload_id, Holder(draft=held.draft, user_id=user), action, now=now)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_case(request: HttpRequest, number: str, upload_id: uuid.UUID, action: str = "") -> JsonResponse:
    """/cases/<ref>/uploads/<upload>/[part|finish|cancel]/ for the sides of the case."""
    found = meet(request, number)
    if found.actor is None:
        raise Http404
    holder = Holder(complaint=found.complaint, user_id=found.viewer.user_id)
    return _answer(request, upload_id, holder, action, now=timezone.now())


def _answer(request: HttpRequest, upload_id: uuid.UUID, holder: Holder, action: str, *, now: datetime) -> JsonResponse:
    if request.method == "POST" and not action:
        return _told(lambda: _begin(request, upload_id, holder, now=now))
    upload = uploads.find(upload_id, holder, now=now)
    if upload is None:
        raise Http404
    if request.method != "POST":
        return _told(lambda: upload)
    if action == PART:
        return _told(lambda: _part(request, upload, now=now), upload)
    if action == FINISH:
        said = request.POST
        return _told(
            lambda: uploads.finish(
                upload,
                holder,
                name=said.get("name", ""),
                kind=said.get("kind", ""),
                whole=said.get("sha256", ""),
                now=now,
            ),
            upload,
        )
    uploads.cancel(upload)
    return JsonResponse({"received": 0, "is_done": False})


def _begin(request: HttpRequest, upload_id: uuid.UUID, holder: Holder, *, now: datetime) -> Upload:
    try:
        return uploads.begin(
            upload_id, holder, size=_number(request.POST.get("size", "")), name=request.POST.get("name", ""), now=now
        )
    except ValueError:
        raise Http404 from None


def _part(request: HttpRequest, upload: Upload, *, now: datetime) -> Upload:
    asked = request.GET
    return uploads.put_part(
        upload,
        request.body,
        at=_number(asked.get("at", "")),
        sha256=asked.get("sha256", ""),
        name=unquote(request.headers.get("File-Name", "")),
        now=now,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _told(action: Callable[[], Upload], known: Upload | None = None) -> JsonResponse:
    """The state as JSON: 200; 409 when the sender must look again; 422 with the sentence for the person."""
    try:
        upload = action()
    except EvidenceRefused as refusal:
        return JsonResponse({"text": str(refusal)}, status=422)
    except WrongPlace:
        if known is not None:
            known.refresh_from_db()
        return JsonResponse(_state(known), status=409)
    return JsonResponse(_state(upload))


def _state(upload: Upload | None) -> dict[str, Any]:
    if upload is None:
        return {"received": 0, "is_done": False}
    return {
        "received": upload.received,
        "size": upload.size,
        "is_done": upload.kept is not None or upload.evidence_id is not None,
    }
