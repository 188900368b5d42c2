"""The receipt: proof and calm, right after filing and whenever one comes back.

The tracking token is shown for 30 minutes, in the browser that filed, and never again; the case keeps its digest only.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from complaints.dossier import receipts
from complaints.filing import drafts
from complaints.filing.held import HeldDraft, held_by
from complaints.models import Complaint, Dossier
from complaints.pages.shared.case_documents import asked_papers
from complaints.reading.case import CONSUMER
from database.row_security import show
from web.qr import qr_code


@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponseBase:
    result = _receipt(request, number, now=timezone.now())
    return result if isinstance(result, HttpResponseBase) else render(request, "consumer/filing/receipt.html", result)


@never_cache
@require_safe
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """/cases/<number>/receipt.pdf: the same on paper at once, for who prints elsewhere or keeps files. Who serves pages
    has no document key, so the paper says that it is not signed."""
    now = timezone.now()
    result = _receipt(request, number, now=now)
    if isinstance(result, HttpResponseBase):
        return result
    return HttpResponse(
        receipts.paper(result, at=now, is_signed=False),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{number}-receipt.pdf"'},
    )


def _receipt(request: HttpRequest, number: str, *, now: datetime) -> dict[str, Any] | HttpResponseBase:
    """What the receipt says; the way to sign in, or Http404, for whoever it is not for."""
    held = held_by(request, now=now)
    if held is not None and number not in held.draft.filed_as:
        held = None
    shown = show(drafts.tracking_digest(_token(held)), number=number) if held is not None else None
    own = receipts.of_person(request.user)
    visible = Complaint.objects.filter(number__in=held.draft.filed_as) if held else own
    case = receipts.found(visible, number)
    if case is None:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        raise Http404
    token, track_page = "", request.build_absolute_uri("/track/")
    if held is not None and shown is not None and shown.case == case.pk and _is_shown(held, now=now):
        token = _token(held)
    said = receipts.contents(case, visible, token=token, track_page=track_page, now=now)
    is_own = isinstance(request.user, User) and case.consumer_id == request.user.pk
    signed = asked_papers(request.user, case, kind=Dossier.RECEIPT, side=CONSUMER, now=now) if is_own else None
    qr = qr_code(said["track_url"]) if token else None
    return said | {"qr": qr, "is_own": is_own, "signed": signed, "folds_menu": True}


def _token(held: HeldDraft) -> str:
    return drafts.tracking_token(held.draft, held.key or str(held.draft.pk))


def _is_shown(held: HeldDraft, *, now: datetime) -> bool:
    """The token is shown again until half an hour is over."""
    return held.draft.filed_at is not None and now < held.draft.filed_at + drafts.RECEIPT_FOR
