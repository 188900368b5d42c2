"""Accepting an invitation: the link of the letter, the address it went to, a name and a password.

The token leaves the address bar with one button, into the session; every kind of invitation that opens nothing
looks the same.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sign_in.contacts import Contact, known_user
from accounts.sign_in.entering import enter, landing_of
from accounts.sign_in.limits import Limit, client_address, count, waits_until
from accounts.views.links import Behind, exchanged
from database.row_security import working_as_steps
from enterprises.models.team import Invitation
from enterprises.team import team
from enterprises.team.rights import post_of
from enterprises.team.team import role_label
from enterprises.team.team_forms import AddressForm, PersonForm
from web.incoming import posted

TOKEN, ADDRESS = "invitation_token", "invitation_address"
#: Whoever holds a link may be wrong about the address so often.
WRONG_ADDRESS = Limit("wrong_invitation", 5, timedelta(hours=1))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """/account/invitation/<token>/: the way to the page without it. Of the mailbox only a digest is kept, so a second
    opening needs a new invitation."""

    def keep() -> None:
        request.session[TOKEN] = token
        request.session.pop(ADDRESS, None)

    def find(now: datetime) -> Behind | None:
        if team.open_invitation(token, now=now) is None:
            return None
        return Behind(target=reverse("enterprises:invitation"), keep=keep, contact=None)

    return exchanged(request, token, find, lambda: over(request))


def over(request: HttpRequest) -> HttpResponse:
    return render(request, "team/invitation_over.html", status=404)


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponseBase:
    """/account/invitation/: first the address, then name and password; a person we know signs in instead."""
    now = timezone.now()
    result = team.open_invitation(request.session.get(TOKEN, ""), now=now)
    if result is None:
        return over(request)
    if isinstance(request.user, User):
        return _as_somebody(request, result, request.user)
    address = request.session.get(ADDRESS, "")
    if not address:
        return _ask_address(request, result)
    known = known_user(Contact("email", address))
    if known is not None:
        # The holder of this link reads the mailbox; that an account exists is no news to them.
        way_in = "accounts:sign-in-password" if known.has_usable_password() else "accounts:sign-in"
        here = reverse("enterprises:invitation")
        return _show(request, result, None, sign_in_url=f"{reverse(way_in)}?{urlencode({'next': here})}")
    form = PersonForm(posted(request), email=address)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            try:
                with working_as_steps(), transaction.atomic():
                    user = User.objects.create_user(
                        address,
                        form.cleaned_data["password"],
                        name=form.cleaned_data["name"],
                        language=get_language() or "zh-hans",
                    )
            except IntegrityError:
                # Somebody with this address came in meanwhile: they sign in.
                return redirect("enterprises:invitation")
            _accept(request, result, user)
        return _go_on(request, user)
    return _show(request, result, form)


def _ask_address(request: HttpRequest, result: Invitation) -> HttpResponseBase:
    form = AddressForm(posted(request))
    if form.is_bound and form.is_valid():
        now, whose = timezone.now(), f"invitation {result.pk}"
        typed = form.cleaned_data["email"].strip().lower()
        if waits_until(WRONG_ADDRESS, whose, now=now) is not None:
            form.add_error("email", _("试得太多了，请过一小时再试。"))
            return _show(request, result, form)
        if team.is_addressed_to(result, typed):
            request.session[ADDRESS] = typed
            return redirect("enterprises:invitation")
        count(WRONG_ADDRESS.kind, whose, now=now)
        form.add_error("email", _("这份邀请发给另一个邮箱。"))
    return _show(request, result, form)


def _as_somebody(request: HttpRequest, result: Invitation, user: User) -> HttpResponseBase:
    """Signed in: one button; who signed in by code so far also sets a password."""
    is_mine = team.is_addressed_to(result, user.email)
    needs_password = not user.has_usable_password()
    form = PersonForm(posted(request), email=user.email or "", user=user) if is_mine and needs_password else None
    if request.method == "POST" and is_mine and (form is None or form.is_valid()):
        with transaction.atomic():
            if form is not None:
                user.set_password(form.cleaned_data["password"])
                user.name = form.cleaned_data["name"]
                with working_as_steps():
                    user.save(update_fields=["password", "name"])
            _accept(request, result, user)
        return _go_on(request, user)
    return _show(request, result, form, somebody=user, is_mine=is_mine)


def _accept(request: HttpRequest, result: Invitation, user: User) -> None:
    team.accept(result, user, now=timezone.now(), address=client_address(request))


def _go_on(request: HttpRequest, user: User) -> HttpResponseBase:
    """A new session key, and on to the second factor, without which nobody at work is in."""
    request.session.pop(TOKEN, None)
    request.session.pop(ADDRESS, None)
    enter(request, user, now=timezone.now(), how="set_up")
    return redirect(f"{reverse('accounts:factor-set-up')}?{urlencode({'next': landing_of(user)})}")


def _show(request: HttpRequest, result: Invitation, form: Any, **more: Any) -> HttpResponse:
    post = post_of(result)
    context = {
        "form": form,
        "where": post,
        "role": role_label(result.role, post),
        "until": result.expires_at,
        "by": result.invited_by.name,
        **more,
    }
    return render(request, "team/invitation.html", context, status=422 if request.method == "POST" else 200)
