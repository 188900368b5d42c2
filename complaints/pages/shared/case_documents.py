"""/cases/<ref>/documents/<id>/: an official document as PDF, for whomever it is addressed to; /court/: what a court
asks for.

The sides share the addresses; each gets what is addressed to it, and what is not there for it is a 404.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.documents import kinds, printing
from complaints.models import DocumentVersion, OfficialDocument
from complaints.pages.shared import court
from complaints.pages.shared.case_shared import meet
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading import case_documents
from complaints.reading.case import CONSUMER, CaseAccess, case_url, page_of
from complaints.reading.case_documents import readable_by


@never_cache
@login_required
@require_safe
def document(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """The newest version, or ``?version=`` an older one."""
    found = meet(request, number)
    mine = next((row for row in documents_of(found) if row.pk == pk), None)
    if found.actor is None or mine is None:
        raise Http404
    case_documents.refuse_print(mine.form, found.complaint, found, now=timezone.now())
    asked = request.GET.get("version", "")
    return newest_print(mine, number=int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else None)


def newest_print(document: OfficialDocument, *, number: int | None = None) -> HttpResponse:
    """The print of a document that the reader was found to have, or of its version ``number``; 404 where there is
    none."""
    versions = (
        DocumentVersion.objects.filter(document=document).select_related("document", "complaint").order_by("-number")
    )
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        raise Http404
    try:
        content = printing.read_print(version)
    except LookupError:
        raise Http404 from None
    return _file(content, printing.file_name(version), "application/pdf")


def documents_of(found: CaseAccess) -> list[OfficialDocument]:
    """What the reader of this case may read."""
    return readable_by(found.complaint, found.side, found.viewer)


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return answer


@never_cache
@login_required
@require_safe
def court_page(request: HttpRequest, number: str) -> HttpResponse:
    """What confirmation by a court is, what is in the package, and until when."""
    found = meet(request, number)
    version = _agreement(found)
    return render(
        request,
        "documents/court.html",
        {
            "case": found.complaint,
            "back": case_url(found.complaint, found.side),
            "document": version.document,
            "last_day": _last_day(version.document.issued_at),
            "may_print": case_documents.may_print(found.side, found.actor),
            "body_class": "" if found.side == CONSUMER else "staff",
        },
    )


@never_cache
@login_required
@require_safe
def court_file(request: HttpRequest, number: str, form: str) -> HttpResponseBase:
    """The application alone (pdf), or the archive with the agreement (zip)."""
    if form not in ("pdf", "zip"):
        raise Http404
    found = meet(request, number)
    version = _agreement(found)
    case_documents.refuse_print(kinds.AGREEMENT, found.complaint, found, now=timezone.now())
    page = page_of(found, now=timezone.now())
    try:
        made = court.package(page, version) if form == "zip" else None
    except LookupError:
        raise Http404 from None
    if made is not None:
        return _file(made.archive, f"{number}-court.zip", "application/zip")
    return _file(court.application(page, version), f"{number}-court.pdf", "application/pdf")


def _agreement(found: CaseAccess) -> DocumentVersion:
    """The newest version of the mediation agreement that stands; 404 where this reader has none."""
    mine = next(
        (row for row in documents_of(found) if row.form == kinds.AGREEMENT and row.state == OfficialDocument.ISSUED),
        None,
    )
    if mine is None or found.actor is None:
        raise Http404
    return (
        DocumentVersion.objects.filter(document=mine)
        .select_related("document__authority", "complaint")
        .order_by("-number")[0]
    )


def _last_day(issued_at: datetime) -> date:
    """Thirty days from when the agreement took effect; the day itself is not counted."""
    return issued_at.astimezone(SHANGHAI).date() + timedelta(days=30)
