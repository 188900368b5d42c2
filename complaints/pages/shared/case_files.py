"""The files of a case or a draft, handed out: our copy, the sealed original, the thumbnail.

Who may not have it gets the same 404 as for a file that does not exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import security_log
from accounts.models import User
from accounts.sign_in.limits import client_address
from complaints import evidence
from complaints.evidence import Download
from complaints.filing.held import held_by
from complaints.models import Evidence
from complaints.pages.shared.case_shared import meet
from complaints.reading.case import AUTHORITY
from complaints.reading.file_view import is_sender
from web.errors import busy

FILE, ORIGINAL, THUMBNAIL = "file", "original", "thumbnail"
_OPENING: dict[str, Callable[[Evidence], Download]] = {
    FILE: evidence.download,
    ORIGINAL: evidence.original,
    THUMBNAIL: evidence.thumbnail,
}


@never_cache
@login_required
@require_safe
def of_case(request: HttpRequest, number: str, pk: int, form: str = FILE) -> HttpResponseBase:
    """/cases/<ref>/files/<pk>/[original|thumbnail]/; a former enterprise gets none."""
    found = meet(request, number)
    row = Evidence.objects.known_to(found.side).filter(pk=pk, complaint=found.complaint).first()
    if found.actor is None or row is None:
        raise Http404
    is_theirs = is_sender(row, found.complaint, side=found.side, user_id=found.viewer.user_id)
    if not evidence.shows_content(row, is_sender=is_theirs):
        raise Http404
    if form == ORIGINAL and not is_theirs:
        if found.side != AUTHORITY:
            raise Http404
        # It may say where and when a picture was taken.
        security_log.note(
            "reveal",
            now=timezone.now(),
            user=cast(User, request.user),
            organisation=found.viewer.organisation,
            subject=f"{found.complaint.number} file {row.pk}",
            reason="original",
            address=client_address(request),
        )
    return handed_out(request, row, form)


@never_cache
@require_safe
def of_draft(request: HttpRequest, draft_id: uuid.UUID, evidence_id: int, form: str = FILE) -> HttpResponseBase:
    """A file of a draft, for whoever holds the draft."""
    held = held_by(request, now=timezone.now(), draft_id=draft_id)
    row = Evidence.objects.filter(draft=held.draft, pk=evidence_id).first() if held else None
    if row is None or not evidence.shows_content(row, is_sender=True):
        raise Http404
    return handed_out(request, row, form)


def handed_out(request: HttpRequest, row: Evidence, form: str) -> HttpResponseBase:
    try:
        found = _OPENING[form](row)
    except FileNotFoundError:
        raise Http404 from None
    except OSError:
        # The bucket does not answer: later again.
        return busy(request)
    response = FileResponse(found.stream)
    # After the fact: FileResponse would put words of its own in their place.
    for name, value in found.headers.items():
        response.headers[name] = value
    return response
