"""Official documents of a case, what a court asks for, and the dossier.

The sides share the addresses; each gets what is addressed to it and what it may see, and what is not there for it is a
404. What a worker makes and signs (a dossier, the papers for a court, a receipt) is for whoever asked for it, for a
day.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.models import User
from complaints.documents import kinds, printing
from complaints.dossier import asking, court, papers
from complaints.models import Complaint, DocumentVersion, Dossier, OfficialDocument
from complaints.pages.shared.case_shared import meet, signed_in_page
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading import case_documents
from complaints.reading.case import CONSUMER, CaseAccess, case_url, page_of
from complaints.reading.case_documents import readable_by
from web.incoming import whole


@signed_in_page("GET")
def document(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """The newest version, or ``?version=`` an older one."""
    result = meet(request, number)
    mine = next((row for row in readable_by(result.complaint, result.side, result.viewer) if row.pk == pk), None)
    if result.actor is None or mine is None:
        raise Http404
    case_documents.refuse_print(mine.form, result.complaint, result, now=timezone.now())
    asked = request.GET.get("version", "")
    return newest_print(mine, number=whole(asked, 3))


def newest_print(document: OfficialDocument, *, number: int | None = None) -> HttpResponse:
    """The print of a document that the reader was found to have, or of its version ``number``; else 404."""
    versions = DocumentVersion.objects.filter(document=document).order_by("-number")
    versions = versions.select_related("document", "complaint")
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        raise Http404
    try:
        content = printing.read_print(version)
    except LookupError:
        raise Http404 from None
    return _file(content, printing.file_name(version), "application/pdf")


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return answer


@signed_in_page("GET")
def court_page(request: HttpRequest, number: str) -> HttpResponse:
    """What confirmation by a court is, what is in the package, and until when."""
    now = timezone.now()
    result = meet(request, number)
    version = court.agreement_of(result)
    if version is None:
        raise Http404
    context = {
        "case": result.complaint,
        "back": case_url(result.complaint, result.side),
        "document": version.document,
        # Thirty days from when the agreement took effect; the day itself is not counted.
        "last_day": version.document.issued_at.astimezone(SHANGHAI).date() + timedelta(days=30),
        "may_print": case_documents.may_print(result.side, result.actor),
        "papers": asked_papers(request.user, result.complaint, kind=Dossier.COURT, side=result.side, now=now),
        "body_class": "" if result.side == CONSUMER else "staff",
    }
    return render(request, "documents/court.html", context)


@dataclass(frozen=True, slots=True)
class AskedPapers:
    """What somebody asked a worker for last, ``row``, as a page shows it; ``files``: form, label, size, digest and url
    of each that can be fetched. ``waits_long``: nothing came of it for a while."""

    row: Dossier | None
    kind: str
    is_there: bool
    waits_long: bool
    files: list[dict[str, Any]]
    here: str

    @property
    def is_moving(self) -> bool:
        return self.row is not None and self.row.state in asking.LIVE

    @property
    def has_failed(self) -> bool:
        return self.row is not None and self.row.state == "failed"


def asked_papers(user: Any, case: Complaint, *, kind: str, side: str, now: datetime) -> AskedPapers:
    row = asking.newest(user=user, complaint=case, side=side, kind=kind)
    is_there = row is not None and asking.is_there(row, now=now)
    here = reverse(_PAGES[kind], args=[case.number])
    waits_long = row is not None and row.state in asking.LIVE and now > row.asked_at + _LONG
    files = _files(row, case.number) if row is not None and is_there else []
    return AskedPapers(row, kind, is_there, waits_long, files, here)


#: So long takes nothing but a worker that is busy, or lacks the document key.
_LONG = timedelta(minutes=5)
#: Kind → the page on which it is asked for and fetched.
_PAGES = {
    Dossier.DOSSIER: "complaints:case-dossier",
    Dossier.COURT: "complaints:case-court",
    Dossier.RECEIPT: "complaints:receipt",
}


@signed_in_page("GET", "POST")
def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """What a dossier is, how far mine is, and what can be fetched. Papers for a court and receipts are asked for here
    too (``kind``), from pages of their own."""
    now = timezone.now()
    result = _met(request, number)
    user, case = cast(User, request.user), result.complaint
    if request.method == "POST":
        kind = _wanted(request.POST.get("kind", ""), result)
        with once(request) as attempt:
            if not attempt.answered:
                asking.ask(
                    user=user,
                    complaint=case,
                    side=result.side,
                    kind=kind,
                    language=get_language() or "zh-hans",
                    site=settings.SITE_URL or f"{request.scheme}://{request.get_host()}",
                    now=now,
                )
                attempt.reference = reverse(_PAGES[kind], args=[case.number])
        return redirect(reverse(_PAGES[kind], args=[case.number]))
    mine = asked_papers(user, case, kind=Dossier.DOSSIER, side=result.side, now=now)
    row = mine.row
    if row is not None and mine.is_there and "agreement" in row.files:
        label = _agreement_label(result, now=now)
        for file in mine.files:
            file["label"] = label if file["form"] == "agreement" else file["label"]
    context = {
        "case": case,
        "back": case_url(case, result.side),
        "papers": mine,
        "is_grown": mine.is_there and row is not None and row.entries < case.last_sequence,
        "is_consumer": result.side == CONSUMER,
        "body_class": "" if result.side == CONSUMER else "staff",
    }
    return render(request, "dossier/dossier.html", context)


def _wanted(kind: str, result: CaseAccess) -> str:
    """What is asked for; 404 for what this reader cannot have."""
    if kind == Dossier.COURT:
        if court.agreement_of(result) is None:
            raise Http404
        case_documents.refuse_print(kinds.AGREEMENT, result.complaint, result, now=timezone.now())
    elif kind == Dossier.RECEIPT:
        # Who stands beside the consumer did not file.
        if result.side != CONSUMER or result.complaint.consumer_id != result.viewer.user_id:
            raise Http404
    elif kind not in ("", Dossier.DOSSIER):
        raise Http404
    return kind or Dossier.DOSSIER


@signed_in_page("GET")
def download(request: HttpRequest, number: str, public_id: uuid.UUID, form: str) -> HttpResponseBase:
    """One form of it, to whoever asked."""
    result = _met(request, number)
    mine = Dossier.objects.filter(complaint=result.complaint, asked_by=cast(User, request.user), side=result.side)
    row = mine.filter(public_id=public_id).select_related("asked_by", "complaint").first()
    if row is not None and row.kind == Dossier.COURT:
        case_documents.refuse_print(kinds.AGREEMENT, result.complaint, result, now=timezone.now())
    file = asking.fetch(row, form, now=timezone.now()) if row is not None and form in asking.FORMS else None
    if file is None:
        raise Http404
    ending, media_type = asking.FORMS[form]
    return FileResponse(file, as_attachment=True, filename=f"{number}.{ending}", content_type=media_type)


def _met(request: HttpRequest, number: str) -> CaseAccess:
    result = meet(request, number)
    if result.actor is None:
        # Who had the case and has it no more reads on the page what was theirs.
        raise Http404
    return result


def _files(row: Dossier, number: str) -> list[dict[str, Any]]:
    labels = {
        "pdf": _("档案（PDF），供阅读和打印"),
        "zip": _("档案（ZIP），供核对和作为证据"),
        "agreement": _("和解或调解协议（PDF），供法院或司法确认"),
        "court": _("全部材料（ZIP）"),
        "application": _("只要申请书（PDF）"),
        "receipt": _("收据（PDF），有平台的电子签名"),
    }
    return [
        {
            "form": form,
            "label": labels[form],
            "size": filesizeformat(row.files[form][1]),
            "digest": row.files[form][0],
            "url": reverse("complaints:case-dossier-file", args=[number, row.public_id, form]),
        }
        for form in labels
        if form in row.files
    ]


def _agreement_label(result: CaseAccess, *, now: datetime) -> str:
    """Of a paper that was made while a refusal was still called a settlement: what it is."""
    if papers.has_agreement(page_of(result, now=now)):
        return _("和解或调解协议（PDF），供法院或司法确认")
    return _("以前做成的“和解协议书”（PDF）。企业一项也没有同意，它不是和解协议，请不要使用")
