"""Access by a link to one case, for whoever has no account and was sent one: its pages, why a date, files, documents.

The token leaves the address bar with one button, into the session; a link that leads nowhere looks the same, whether it
is unknown, over, was taken back or is of the other kind. What decides asks for a code to the phone of the link first.
What is read beside the case is looked for among what the page of the case lists for this link; all else is a 404.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.security_log import note
from accounts.sign_in.limits import client_address
from accounts.views.links import Behind, asked_for_code, exchanged
from complaints import evidence
from complaints.desks.authority_lists import respondent_of
from complaints.links import answer_links
from complaints.links.tracking import OPEN_FOR
from complaints.models import AnswerLink, Complaint, DocumentVersion, Evidence, OfficialDocument
from complaints.pages.links.track import first_confirm, unlisted
from complaints.pages.shared.case_documents import newest_print
from complaints.pages.shared.case_shared import FILE, ORIGINAL, derived, handed_out
from complaints.pages.shared.step_pages import StepContext, StepPage, show_or_take
from complaints.parties import actors
from complaints.reading.case_documents import readable_by, title_of
from complaints.reading.file_view import is_sender

#: The channel of what is done by such a link.
LINK = "link"
#: Cases that one browser may have open by their links.
MOST_LINKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccess:
    """``name``: of its addresses, ``<name>-step`` and so on; ``side``: as whom one reads behind it; ``kept``: its place
    in the session; ``pages``: those of its steps; ``step_context``: how whoever has the link sees its case and acts on
    it."""

    name: str
    side: str
    kept: str
    pages: Mapping[str, StepPage[Any]]
    step_context: Callable[[HttpRequest, AnswerLink, datetime], StepContext[Any]]

    def url(self, number: str, page: str = "", *args: Any) -> str:
        """An address of the case ``number`` behind this link; the case itself without ``page``."""
        return reverse(f"complaints:{self.name}{'-' if page else ''}{page}", args=[number, *args])

    def step_url(self, number: str, name: str) -> str:
        return self.url(number, "step", name)


def _kept(request: HttpRequest, number: str, access: LinkAccess) -> dict[str, Any]:
    kept: dict[str, Any] = (request.session.get(access.kept) or {}).get(number) or {}
    return kept


@unlisted
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str, access: LinkAccess) -> HttpResponse:
    """The way to the page without the token."""

    def find(now: datetime) -> Behind | None:
        link = answer_links.of_token(token, now=now, access=access.name)
        if link is None:
            return None
        number = answer_links.case_of(link).number

        def keep() -> None:
            others = [(name, value) for name, value in request.session.get(access.kept, {}).items() if name != number]
            request.session[access.kept] = {**dict(others[1 - MOST_LINKS :]), number: {"token": token}}

        return Behind(target=access.url(number), keep=keep, contact=answer_links.phone_of(link))

    return exchanged(request, token, find, lambda: over(request))


def proven(request: HttpRequest, number: str, access: LinkAccess, *, now: datetime) -> AnswerLink | None:
    """The live link to ``number`` that this browser was opened by."""
    link = answer_links.of_token(_kept(request, number, access).get("token", ""), now=now, access=access.name)
    return link if link is not None and answer_links.case_of(link).number == number else None


def has_phone(request: HttpRequest, number: str, access: LinkAccess, *, now: datetime) -> bool:
    """Whether this browser gave a code of the link's phone within half an hour."""
    until = parse_datetime(_kept(request, number, access).get("phone_until", ""))
    return until is not None and now < until


def over(request: HttpRequest) -> HttpResponse:
    return render(request, "answer/over.html", status=404)


def read_behind(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page behind a link that only shows something: ``view(request, access, link, case, **rest of the address)``."""

    @unlisted
    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, number: str, access: LinkAccess, **rest: Any) -> HttpResponseBase:
        link = proven(request, number, access, now=timezone.now())
        if link is None:
            return over(request)
        case = answer_links.case_of(link)
        with answer_links.reading(link):
            return view(request, access, link, case, **rest)

    return shown


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str, access: LinkAccess) -> HttpResponseBase:
    """One question, what follows from it, one button."""
    now = timezone.now()
    link, page = proven(request, number, access, now=now), access.pages.get(name)
    if link is None:
        return over(request)
    if page is None:
        raise Http404
    if page.decides and answer_links.phone_of(link) is None:
        return render(request, "answer/no_phone.html", {"home": access.url(number), "asked": page}, status=403)
    if page.decides and not has_phone(request, number, access, now=now):
        return first_confirm(request, f"{access.url(number, 'code')}?for={name}")
    at = access.step_context(request, link, now)
    with answer_links.reading(link):
        return show_or_take(at, page)


def masked(link: AnswerLink) -> str:
    contact = answer_links.phone_of(link)
    return contact.masked if contact is not None else ""


@unlisted
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, number: str, access: LinkAccess) -> HttpResponse:
    """A code to the phone of the link, then the step that was wanted."""
    now = timezone.now()
    link = proven(request, number, access, now=now)
    if link is None:
        return over(request)
    wanted = request.POST.get("for", "") or request.GET.get("for", "")
    if wanted not in access.pages:
        wanted = ""
    home = access.url(number)

    def proved() -> str:
        kept = request.session[access.kept]
        mine = {**kept[number], "phone_until": (now + OPEN_FOR).isoformat()}
        request.session[access.kept] = {**kept, number: mine}
        note("tracking_code", now=now, subject=number, address=client_address(request))
        return access.step_url(number, wanted) if wanted else home

    why = _("这一步算您的决定，所以向收到链接的手机发一个验证码。30分钟内只需一次。")
    return asked_for_code(request, answer_links.phone_of(link), ("for", wanted), proved, home=home, why=why, now=now)


@read_behind
def why(request: HttpRequest, access: LinkAccess, _link: AnswerLink, case: Complaint, *, clock: str) -> HttpResponse:
    return derived(request, case, access.side, clock, back=access.url(case.number), is_staff=False)


@read_behind
def file(
    request: HttpRequest, access: LinkAccess, _link: AnswerLink, case: Complaint, *, pk: int, form: str = FILE
) -> HttpResponseBase:
    """A file of the parties: our copy, the thumbnail; the original of what came by the link itself."""
    row = get_object_or_404(Evidence.objects.known_to(access.side), pk=pk, complaint=case)
    is_theirs = is_sender(row, case, side=access.side, user_id=None)
    if not evidence.shows_content(row, is_sender=is_theirs) or (form == ORIGINAL and not is_theirs):
        raise Http404
    return handed_out(request, row, form)


@read_behind
def document(request: HttpRequest, access: LinkAccess, link: AnswerLink, case: Complaint, *, pk: int) -> HttpResponse:
    """The words of a document as they were served, on the screen."""
    row = _addressed(access, link, case, pk)
    version = DocumentVersion.objects.filter(document=row).select_related("complaint").order_by("-number").first()
    context = {
        "case": case,
        "row": row,
        "title": title_of(row.form),
        "home": access.url(case.number),
        "paper": version.content["paper"] if version is not None and version.content else None,
        "is_void": row.state == OfficialDocument.VOID,
        "pdf_url": access.url(case.number, "document-print", pk),
    }
    return render(request, "answer/document.html", context)


@read_behind
def document_print(
    _request: HttpRequest, access: LinkAccess, link: AnswerLink, case: Complaint, *, pk: int
) -> HttpResponse:
    return newest_print(_addressed(access, link, case, pk))


def _addressed(access: LinkAccess, link: AnswerLink, case: Complaint, pk: int) -> OfficialDocument:
    actor = actors.respondent(case, organisation=respondent_of(case), person_key=link.person_key, channel=LINK)
    for row in readable_by(case, access.side, actor):
        if row.pk == pk:
            return row
    raise Http404
