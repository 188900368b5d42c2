"""/answer/case/<ref>/…: what a respondent without account reads beside its case: why a date, the files, the official documents.

The one rule: each of them is looked for among what the page of the case lists for this link; all else is a 404.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from complaints import actors, answering, evidence
from complaints.models import AnswerLink, Complaint, DocumentVersion, Evidence, OfficialDocument
from complaints.views.answer import DOOR, LINK
from complaints.views.authority_lists import respondent_of
from complaints.views.case import ENTERPRISE
from complaints.views.case_documents import newest_print
from complaints.views.case_files import FILE, ORIGINAL, handed_out
from complaints.views.case_shared import derived
from complaints.views.documents_told import readable_by, title_of
from complaints.views.file_view import is_sender
from complaints.views.link_door import over, proven
from complaints.views.track import unlisted


@unlisted
@require_safe
def why(request: HttpRequest, number: str, clock: str) -> HttpResponse:
    """How a date of the case was counted."""
    link = proven(request, number, DOOR, now=timezone.now())
    if link is None:
        return over(request)
    case = answering.case_of(link)
    with answering.reading(link):
        return derived(request, case, ENTERPRISE, clock, back=DOOR.url(number), is_staff=False)


@unlisted
@require_safe
def file(request: HttpRequest, number: str, pk: int, form: str = FILE) -> HttpResponseBase:
    """A file of the parties: our copy, the thumbnail; the original of what came by the link itself."""
    link = proven(request, number, DOOR, now=timezone.now())
    if link is None:
        return over(request)
    case = answering.case_of(link)
    with answering.reading(link):
        row = Evidence.objects.known_to(ENTERPRISE).filter(pk=pk, complaint=case).first()
        if row is None:
            raise Http404
        is_theirs = is_sender(row, case, side=ENTERPRISE, user_id=None)
        if not evidence.shows_content(row, is_sender=is_theirs) or (form == ORIGINAL and not is_theirs):
            raise Http404
        return handed_out(request, row, form)


@unlisted
@require_safe
def document(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The words of a document as they were served, on the screen."""
    link = proven(request, number, DOOR, now=timezone.now())
    if link is None:
        return over(request)
    case = answering.case_of(link)
    with answering.reading(link):
        row = _addressed(link, case, pk)
        version = DocumentVersion.objects.filter(document=row).select_related("complaint").order_by("-number").first()
        return render(request, "answer/document.html", {
            "case": case, "row": row, "title": title_of(row.form), "home": DOOR.url(number),
            "paper": version.content["paper"] if version is not None and version.content else None,
            "is_void": row.state == OfficialDocument.VOID, "pdf_url": DOOR.url(number, "document-print", pk)})


@unlisted
@require_safe
def document_print(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The same as PDF."""
    link = proven(request, number, DOOR, now=timezone.now())
    if link is None:
        return over(request)
    case = answering.case_of(link)
    with answering.reading(link):
        return newest_print(_addressed(link, case, pk))


def _addressed(link: AnswerLink, case: Complaint, pk: int) -> OfficialDocument:
    actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
    for row in readable_by(case, ENTERPRISE, actor):
        if row.pk == pk:
            return row
    raise Http404
