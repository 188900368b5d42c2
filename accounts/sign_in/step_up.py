"""Showing the second factor again, if that was ten minutes ago, before exports, roles, tokens and webhooks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from accounts.display import safe_next
from accounts.models import User
from accounts.sign_in.contacts import refuse_while_new
from accounts.sign_in.entering import CONFIRMED, IS_DEMO, moment
from web.errors import answer
from web.kept import kept_text

FRESH_FOR = timedelta(minutes=10)
View = Callable[..., HttpResponseBase]


def is_fresh(request: HttpRequest, *, now: datetime) -> bool:
    """True if this session showed the factor (a consumer: a code) within ten minutes; in the demo always."""
    if settings.DEMO and request.session.get(IS_DEMO):
        return True
    shown = moment(request.session, CONFIRMED)
    return shown is not None and now - shown < FRESH_FOR


def fresh_factor(view: View) -> View:
    """Decorator: the view runs only for a signed-in person with a fresh factor, and whose phone and mailbox are not
    new of today (changing.HeldBack, 409).

    Others go to the confirm page and come back by GET. A POST is not carried out and not repeated: its texts are
    shown, to be sent again after confirming (403).
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        now = timezone.now()
        refuse_while_new(request.user, now=now)
        if is_fresh(request, now=now):
            return view(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(confirm_address(request.get_full_path()))
        # The form that was sent stands on the page that it came from.
        came_from = urlsplit(request.headers.get("Referer", "")).path
        return answer(
            request,
            "accounts/confirm_first.html",
            status=403,
            title="Confirm first",
            detail=gettext("请先再次确认是您本人，然后重新提交。"),
            kept=kept_text(request),
            confirm=confirm_address(safe_next(request, came_from, otherwise=request.path)),
        )

    return inner


def confirm_address(target: str) -> str:
    """The confirm page that leads on to this page of ours."""
    return f"{reverse('accounts:confirm')}?{urlencode({'next': target})}"
