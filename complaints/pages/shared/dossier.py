"""/cases/<ref>/dossier/: ask for the dossier of a case, watch it being made, fetch it for a day.

The three sides share the page, each gets what it may see, and what one of them asked for is nobody
else's.
"""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import once
from accounts.models import User
from complaints.dossier import asking
from complaints.models import Dossier
from complaints.pages.shared.case_shared import meet
from complaints.reading.case import CONSUMER, CaseAccess, case_url


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """What a dossier is, how far mine is, and what can be fetched."""
    now = timezone.now()
    found = _met(request, number)
    user, case = cast(User, request.user), found.complaint
    here = reverse("complaints:case-dossier", args=[case.number])
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered:
                asking.ask(
                    user=user,
                    complaint=case,
                    side=found.side,
                    language=get_language() or "zh-hans",
                    site=settings.SITE_URL or f"{request.scheme}://{request.get_host()}",
                    now=now,
                )
                attempt.reference = here
        return redirect(here)
    mine = asking.newest(user=user, complaint=case, side=found.side)
    is_there = mine is not None and asking.is_there(mine, now=now)
    return render(
        request,
        "dossier/dossier.html",
        {
            "case": case,
            "back": case_url(case, found.side),
            "here": here,
            "dossier": mine,
            "is_there": is_there,
            "is_moving": mine is not None and mine.state in asking.LIVE,
            "is_grown": is_there and mine is not None and mine.entries < case.last_sequence,
            "has_failed": mine is not None and mine.state == "failed",
            "files": _files(mine, case.number) if mine is not None and is_there else [],
            "is_consumer": found.side == CONSUMER,
            "body_class": "" if found.side == CONSUMER else "staff",
        },
    )


@never_cache
@login_required
@require_safe
def download(request: HttpRequest, number: str, public_id: uuid.UUID, form: str) -> HttpResponseBase:
    """One form of it, to whoever asked."""
    now = timezone.now()
    found = _met(request, number)
    row = (
        Dossier.objects.filter(
            public_id=public_id, complaint=found.complaint, asked_by=cast(User, request.user), side=found.side
        )
        .select_related("asked_by", "complaint")
        .first()
    )
    if row is None or form not in asking.FORMS:
        raise Http404
    file = asking.fetch(row, form, now=now)
    if file is None:
        raise Http404
    ending, media_type = asking.FORMS[form]
    return FileResponse(file, as_attachment=True, filename=f"{number}.{ending}", content_type=media_type)


def _met(request: HttpRequest, number: str) -> CaseAccess:
    found = meet(request, number)
    if found.actor is None:
        # Who had the case and has it no more reads on the page what was theirs.
        raise Http404
    return found


def _files(row: Dossier, number: str) -> list[dict[str, Any]]:
    words = {
        "pdf": _("档案（PDF），供阅读和打印"),
        "zip": _("档案（ZIP），供核对和作为证据"),
        "agreement": _("和解或调解协议（PDF），供法院或司法确认"),
    }
    return [
        {
            "words": words[form],
            "size": filesizeformat(row.files[form][1]),
            "digest": row.files[form][0],
            "url": reverse("complaints:case-dossier-file", args=[number, row.public_id, form]),
        }
        for form in asking.FORMS
        if form in row.files
    ]
