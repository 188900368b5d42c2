"""The door of a link to one case: for whoever has no account and was sent one.

The token leaves the address bar at once, into the session; a link that leads nowhere looks the same,
whether it is unknown, over or was taken back, or led through the other door. What decides asks for a code to the phone
of the link first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import KEY_FIELD
from accounts.models import SignInCode
from accounts.security_log import note
from accounts.sign_in.codes import asker_of, check_code, flow_of, send_code
from accounts.sign_in.limits import TooManyTries, client_address
from accounts.views.sign_in import CodeForm, too_many_codes
from complaints.links import answer_links
from complaints.links.opening import OPEN_FOR
from complaints.models import AnswerLink
from complaints.pages.links.track import unlisted
from complaints.pages.links.track_steps import first_confirm
from complaints.pages.shared.step_pages import StepContext, StepPage, show_or_take

#: The channel of what is done by such a link.
LINK = "link"
#: Cases that one browser may have open by their links.
MOST_LINKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccess:
    """``name``: of its addresses, ``<name>-step`` and so on; ``side``: as whom one reads behind it; ``kept``: its place
    in the session; ``pages``: those of its steps; ``step_context``: how whoever has the link sees its case and acts on
    it.
    """

    name: str
    side: str
    kept: str
    pages: Mapping[str, StepPage[Any]]
    step_context: Callable[[HttpRequest, AnswerLink, datetime], StepContext[Any]]

    def url(self, number: str, page: str = "", *args: Any) -> str:
        """An address of the case ``number`` behind this door; the case itself without ``page``."""
        return reverse(f"complaints:{self.name}{'-' if page else ''}{page}", args=[number, *args])

    def step_url(self, number: str, name: str) -> str:
        return self.url(number, "step", name)


def _kept(request: HttpRequest, number: str, access: LinkAccess) -> dict[str, Any]:
    found: dict[str, Any] = (request.session.get(access.kept) or {}).get(number) or {}
    return found


@unlisted
@require_safe
def open_link(request: HttpRequest, token: str, access: LinkAccess) -> HttpResponse:
    """Nothing but the way to the page without the token."""
    link = answer_links.of_token(token, now=timezone.now(), access=access.name)
    if link is None:
        return over(request)
    number = answer_links.case_of(link).number
    kept: dict[str, Any] = {
        name: value for name, value in request.session.get(access.kept, {}).items() if name != number
    }
    newest = dict(list(kept.items())[1 - MOST_LINKS :])
    request.session[access.kept] = {**newest, number: {"token": token}}
    return redirect(access.url(number))


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
    """A page behind a door that only shows something: ``view(request, door, link, case, **rest of the address)``."""

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
    contact = answer_links.phone_of(link)
    wanted = request.POST.get("for", "") or request.GET.get("for", "")
    if wanted not in access.pages:
        wanted = ""
    home = access.url(number)
    if contact is None:
        raise Http404
    here = f"{request.path}?for={wanted}"
    form, status = CodeForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST" and "send" in request.POST:
        try:
            send_code(
                contact=contact,
                purpose=SignInCode.Purpose.STEP,
                asker=asker_of(request, now=now),
                language=get_language() or settings.LANGUAGE_CODE,
                now=now,
            )
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error("code", too_many_codes(wait.until))
        else:
            return redirect(f"{here}&sent=1")
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            if check_code(
                contact=contact,
                purpose=SignInCode.Purpose.STEP,
                code=form.cleaned_data["code"],
                flow=flow_of(request),
                form_key=request.POST.get(KEY_FIELD, ""),
                now=now,
            ):
                kept = request.session[access.kept]
                request.session[access.kept] = {
                    **kept,
                    number: {**kept[number], "phone_until": (now + OPEN_FOR).isoformat()},
                }
                request.session.cycle_key()
                note("tracking_code", now=now, subject=number, address=client_address(request))
                return redirect(access.step_url(number, wanted) if wanted else home)
            form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
    return render(
        request,
        "public/step_code.html",
        {
            "form": form,
            "carried": ("for", wanted),
            "home": home,
            "why": _("这一步算您的决定，所以向收到链接的手机发一个验证码。30分钟内只需一次。"),
            "masked": contact.masked,
            "is_sent": "sent" in request.GET or status == 422,
        },
        status=status,
    )
