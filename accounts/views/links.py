"""Behind a link with a key in its address, from a text message or a letter: one button, pressed once.

Opening the page writes nothing, so whoever previews a link uses nothing up. The button opens a session that needs the
key no more. An address is read by others (histories, logs of a proxy): the same key a second time asks for a code to
the phone or mailbox that the link was sent to, and opens nothing where there is none.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.idempotency import key_of
from accounts.models import OpenedLink, SignInCode
from accounts.sign_in.codes import Use
from accounts.sign_in.contacts import Contact, parse_contact
from accounts.views.sign_in import WRONG_CODE, CodeForm, is_right, send
from database.row_security import working_as_steps
from web.incoming import posted

AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What a live link leads to. ``target``: the page; ``keep`` notes in the session that this browser may see it;
    ``contact``: where the link was sent, None where nobody knows."""

    target: str
    keep: Callable[[], None]
    contact: Contact | None


def exchanged(
    request: HttpRequest, key: str, find: Callable[[datetime], Behind | None], over: Callable[[], HttpResponse]
) -> HttpResponse:
    """``find`` looks for what the key leads to; ``over`` answers where there is nothing, or nothing any more."""
    if request.method != "POST" and AGAIN not in request.GET:
        return render(request, "accounts/open_link.html")
    now = timezone.now()
    behind = find(now)
    if behind is None:
        return over()

    def opened() -> str:
        behind.keep()
        return behind.target

    if "open" in request.POST:
        if _is_first(key, key_of(request), now=now):
            request.session.cycle_key()
            return redirect(opened())
        return redirect(f"{request.path}?{AGAIN}=1") if behind.contact else over()
    if behind.contact is None:
        return over()
    why = _("这个链接已经打开过，所以向收到它的手机或邮箱发一个验证码。")
    return asked_for_code(request, behind.contact, (AGAIN, "1"), opened, home="", why=why, now=now)


def link_page(
    of_key: Callable[..., Any], *, kept: str, page: str, over: Callable[[HttpRequest], HttpResponse]
) -> Callable[[HttpRequest, str], HttpResponse]:
    """The view of ``…/<token>/``: the key goes into the session as ``kept``, and the reader to ``page``, an address
    without it. ``of_key(key, now=…)``: the row that asks something of whoever has its ``phone``, None where it is over.
    """

    @never_cache
    @sensitive_post_parameters("code")
    @require_http_methods(["GET", "HEAD", "POST"])
    def open_link(request: HttpRequest, token: str) -> HttpResponse:
        def find(now: datetime) -> Behind | None:
            row = of_key(token, now=now)
            if row is None:
                return None
            keep = partial(request.session.__setitem__, kept, token)
            return Behind(target=reverse(page), keep=keep, contact=parse_contact(row.phone))

        return exchanged(request, token, find, lambda: over(request))

    return open_link


def _is_first(key: str, form_key: str, *, now: datetime) -> bool:
    """Whether this form opens the link, now or a moment ago. Of two forms at once one does."""
    form = _digest(form_key)
    with working_as_steps(), transaction.atomic():
        row, _is_new = OpenedLink.objects.get_or_create(
            key_digest=_digest(key), defaults={"form_digest": form, "at": now}
        )
    return row.form_digest == form


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def asked_for_code(
    request: HttpRequest,
    contact: Contact | None,
    carried: tuple[str, str],
    proved: Callable[[], str],
    *,
    home: str,
    home_text: str = "",
    why: str,
    now: datetime,
) -> HttpResponse:
    """A code to ``contact`` for half an hour; 404 without one. ``carried``: the field that goes on through the page;
    ``home``: the page to go back to, if any, and ``home_text`` what it is called, if not the complaint; ``proved``
    notes that the code was right and says where to go."""
    if contact is None:
        raise Http404
    form, status = CodeForm(posted(request)), 200
    if request.method == "POST" and "send" in request.POST:
        refusal = send(request, contact, SignInCode.Purpose.STEP, now=now)
        if not refusal:
            return redirect(f"{request.path}?{urlencode({carried[0]: carried[1], 'sent': '1'})}")
        status = 429
        form.add_error("code", refusal)
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            use = is_right(request, contact, SignInCode.Purpose.STEP, form.cleaned_data["code"], now=now)
            if use is Use.RIGHT:
                target = proved()
                request.session.cycle_key()
                return redirect(target)
            if use is Use.AGAIN:
                return redirect(home or request.path)
            form.add_error("code", WRONG_CODE)
    context = {
        "form": form,
        "carried": carried,
        "home": home,
        "home_text": home_text,
        "why": why,
        "masked": contact.masked,
        "is_sent": "sent" in request.GET or status == 422,
    }
    return render(request, "accounts/step_code.html", context, status=status)
