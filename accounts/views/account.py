"""One's own account: my details, how I sign in, and where I am signed in.

Everything here is about the person of this session and nobody else.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.display import remember
from accounts.idempotency import once
from accounts.models import BrowserSession, SecondFactor, User
from accounts.security_log import note
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.changing import contacts_of, held_until
from accounts.sign_in.devices import shown
from accounts.sign_in.entering import DEVICE, ENTERED, PLACE, SEEN, VERIFIED, ends_of, moment
from accounts.sign_in.network import client_address
from accounts.sign_in.sessions import SessionStore, stored_key
from accounts.sign_in.step_up import fresh_factor
from accounts.views.forms import ProfileForm


def person_of(request: HttpRequest) -> User:
    """Who is here; the doors of this module ask for a session first."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name and language; the way to everything else."""
    user = person_of(request)
    form = ProfileForm(
        request.POST if request.method == "POST" else None, initial={"name": user.name, "language": user.language}
    )
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                user.name = form.cleaned_data["name"]
                user.language = form.cleaned_data["language"]
                user.save(update_fields=["name", "language"])
                attempt.reference = reverse("accounts:account")
        response = redirect(attempt.reference)
        remember(response, settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"])
        return response
    contacts = {contact.channel: contact.masked for contact in contacts_of(user)}
    return render(
        request,
        "accounts/account.html",
        {
            "form": form,
            "phone": contacts.get("sms", ""),
            "email": contacts.get("email", ""),
            "held_until": held_until(user, now=timezone.now()),
            "needs_factor": needs_second_factor(user),
            "sessions": len(open_sessions(request, user)),
        },
        status=422 if form.is_bound else 200,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD"])
def ways(request: HttpRequest) -> HttpResponse:
    """How I sign in: password, passkeys, apps, recovery codes; for consumers, the code."""
    user = person_of(request)
    return render(
        request,
        "accounts/ways.html",
        {
            "factors": SecondFactor.objects.filter(user=user).order_by("pk"),
            "has_password": user.has_usable_password(),
            "codes_left": user.recovery_codes.filter(used_at=None).count(),
            "needs_factor": needs_second_factor(user),
        },
    )


@never_cache
@require_POST
@fresh_factor
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """One passkey or app less; never the last one of somebody who needs one."""
    user = person_of(request)
    factor = get_object_or_404(SecondFactor, pk=pk, user=user)
    if needs_second_factor(user) and SecondFactor.objects.filter(user=user).count() == 1:
        raise LastFactor
    factor.delete()
    note("factor_removed", now=timezone.now(), user=user, subject=factor.kind, address=client_address(request))
    return redirect("accounts:ways")


class LastFactor(Exception):
    """Without it this person could not sign in any more."""

    refusal = True
    status = 409
    code = "last_factor"

    def __str__(self) -> str:
        return gettext("这是您最后一样验证方式。请先再设置一样，再删这一样。")


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser where this person is signed in; ``key`` names the row, and is no cookie."""

    key: str
    device: str
    place: str
    entered_at: datetime | None
    seen_at: datetime | None
    is_this: bool


def open_sessions(request: HttpRequest, user: User) -> list[OpenSession]:
    """This one first, then the ones seen last."""
    now, here = timezone.now(), stored_key(request.session.session_key)
    idle, longest = ends_of(user)
    found = []
    for row in BrowserSession.objects.filter(user=user, expire_date__gt=now):
        data = SessionStore().decode(row.session_data)
        if needs_second_factor(user) and VERIFIED not in data:
            continue
        entered, seen = moment(data, ENTERED), moment(data, SEEN)
        if row.session_key != here and ((seen and now - seen >= idle) or (entered and now - entered >= longest)):
            continue
        found.append(
            OpenSession(
                key=row.session_key,
                device=shown(data.get(DEVICE, "")),
                place=data.get(PLACE, ""),
                entered_at=entered,
                seen_at=seen,
                is_this=row.session_key == here,
            )
        )
    return sorted(found, key=lambda one: (not one.is_this, -(one.seen_at.timestamp() if one.seen_at else 0)))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where I am signed in; end one, or all others."""
    user = person_of(request)
    if request.method == "POST":
        mine = BrowserSession.objects.filter(user=user).exclude(session_key=stored_key(request.session.session_key))
        wanted = mine if "others" in request.POST else mine.filter(session_key=request.POST.get("end", "")[:40])
        if wanted.delete()[0]:
            note("session_ended", now=timezone.now(), user=user, reason="by_owner", address=client_address(request))
        return redirect("accounts:sessions")
    return render(
        request,
        "accounts/sessions.html",
        {"sessions": open_sessions(request, user), "needs_factor": needs_second_factor(user)},
    )


@never_cache
@login_required
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody who was warned says that they are still here."""
    return HttpResponse(status=204)
