"""What whoever came by a link reads beside the case: why a date, the files; a respondent also the official documents.

Each of them is looked for among what the page of the case lists for this link; all else is a 404.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from complaints import evidence
from complaints.desks.authority_lists import respondent_of
from complaints.models import AnswerLink, Complaint, DocumentVersion, Evidence, OfficialDocument
from complaints.pages.links.link_access import LINK, LinkAccess, read_behind
from complaints.pages.shared.case_documents import newest_print
from complaints.pages.shared.case_files import FILE, ORIGINAL, handed_out
from complaints.pages.shared.case_shared import derived
from complaints.parties import actors
from complaints.reading.case_documents import readable_by, title_of
from complaints.reading.file_view import is_sender


@read_behind
def why(request: HttpRequest, access: LinkAccess, _link: AnswerLink, case: Complaint, *, clock: str) -> HttpResponse:
    """How a date of the case was counted."""
    return derived(request, case, access.side, clock, back=access.url(case.number), is_staff=False)


@read_behind
def file(
    request: HttpRequest, access: LinkAccess, _link: AnswerLink, case: Complaint, *, pk: int, form: str = FILE
) -> HttpResponseBase:
    """A file of the parties: our copy, the thumbnail; the original of what came by the link itself."""
    row = Evidence.objects.known_to(access.side).filter(pk=pk, complaint=case).first()
    if row is None:
        raise Http404
    is_theirs = is_sender(row, case, side=access.side, user_id=None)
    if not evidence.shows_content(row, is_sender=is_theirs) or (form == ORIGINAL and not is_theirs):
        raise Http404
    return handed_out(request, row, form)


@read_behind
def document(request: HttpRequest, access: LinkAccess, link: AnswerLink, case: Complaint, *, pk: int) -> HttpResponse:
    """The words of a document as they were served, on the screen."""
    row = _addressed(access, link, case, pk)
    version = DocumentVersion.objects.filter(document=row).select_related("complaint").order_by("-number").first()
    return render(
        request,
        "answer/document.html",
        {
            "case": case,
            "row": row,
            "title": title_of(row.form),
            "home": access.url(case.number),
            "paper": version.content["paper"] if version is not None and version.content else None,
            "is_void": row.state == OfficialDocument.VOID,
            "pdf_url": access.url(case.number, "document-print", pk),
        },
    )


@read_behind
def document_print(
    _request: HttpRequest, access: LinkAccess, link: AnswerLink, case: Complaint, *, pk: int
) -> HttpResponse:
    """The same as PDF."""
    return newest_print(_addressed(access, link, case, pk))


def _addressed(access: LinkAccess, link: AnswerLink, case: Complaint, pk: int) -> OfficialDocument:
    actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
    for row in readable_by(case, access.side, actor):
        if row.pk == pk:
            return row
    raise Http404
