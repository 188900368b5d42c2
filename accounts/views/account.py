"""One's own account: my details, how I sign in, where I am signed in; a new phone, mailbox or password.

Everything here is about the person of this session; a new address proves itself by a code, the person by the factor.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.display import remember
from accounts.idempotency import once
from accounts.models import BrowserSession, SecondFactor, SignInCode, User
from accounts.security_log import note
from accounts.sign_in import changes, contacts
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.codes import Use
from accounts.sign_in.entering import BY_RESET, DEVICE, ENTERED, PLACE, SEEN, VERIFIED, ends_of, enter, moment, shown
from accounts.sign_in.factors import is_own_password
from accounts.sign_in.limits import TooManyTries, client_address, network_of, place_of
from accounts.sign_in.sessions import SessionStore, stored_key
from accounts.sign_in.step_up import fresh_factor
from accounts.views import sign_in
from database.row_security import working_as_steps
from web.dates import moment as moment_text
from web.errors import Refusal
from web.incoming import posted

RESETTING = "resetting"
OTHERS_ENDED = gettext_lazy("已更改，其他设备都已退出，也告诉了您的每个号码和邮箱。")


def person_of(request: HttpRequest) -> User:
    """Who is here; the pages of this module ask for a session first."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    form = sign_in.ProfileForm(posted(request), initial={"name": user.name, "language": user.language})
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
    context = {
        "form": form,
        "phone": masked("sms", user.phone),
        "email": masked("email", user.email),
        "own_phone": masked("sms", user.own_phone),
        "second_phone": masked("sms", user.second_phone),
        "held_until": contacts.held_until(user, now=timezone.now()),
        "needs_factor": needs_second_factor(user),
        "sessions": len(open_sessions(request, user)),
    }
    return render(request, "accounts/account.html", context, status=422 if form.is_bound else 200)


def masked(channel: str, address: str | None) -> str:
    return contacts.Contact(channel, address).masked if address else ""


@never_cache
@login_required
@require_http_methods(["GET", "HEAD"])
def ways(request: HttpRequest) -> HttpResponse:
    """How I sign in: password, passkeys, apps, recovery codes; for consumers, the code."""
    user = person_of(request)
    context = {
        "factors": SecondFactor.objects.filter(user=user).order_by("pk"),
        "has_password": user.has_usable_password(),
        "codes_left": user.recovery_codes.filter(used_at=None).count(),
        "needs_factor": needs_second_factor(user),
    }
    return render(request, "accounts/ways.html", context)


@never_cache
@require_POST
@fresh_factor
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """One passkey or app less; never the last one of somebody who needs one."""
    user = person_of(request)
    factor = get_object_or_404(SecondFactor, pk=pk, user=user)
    if needs_second_factor(user) and SecondFactor.objects.filter(user=user).count() == 1:
        raise LastFactor
    changes.remove_factor(user, factor, origin=origin_of(request), now=timezone.now())
    end_others(request, user)
    messages.success(request, OTHERS_ENDED, extra_tags="ok")
    return redirect("accounts:ways")


class LastFactor(Refusal):
    """Without it this person could not sign in any more."""

    def __init__(self) -> None:
        super().__init__("last_factor", gettext("这是您最后一样验证方式。请先再设置一样，再删这一样。"))


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser where this person is signed in; ``key`` names the row, and is no cookie."""

    key: str
    device: str
    place: str
    entered_at: datetime | None
    seen_at: datetime | None
    is_this: bool


@working_as_steps()
def open_sessions(request: HttpRequest, user: User) -> list[OpenSession]:
    """This one first, then the ones seen last."""
    now, here = timezone.now(), stored_key(request.session.session_key)
    idle, longest = ends_of(user)
    results = []
    for row in BrowserSession.objects.filter(user=user, expire_date__gt=now):
        data = SessionStore().decode(row.session_data)
        if needs_second_factor(user) and VERIFIED not in data:
            continue
        entered, seen = moment(data, ENTERED), moment(data, SEEN)
        if row.session_key != here and ((seen and now - seen >= idle) or (entered and now - entered >= longest)):
            continue
        results.append(
            OpenSession(
                key=row.session_key,
                device=shown(data.get(DEVICE, "")),
                place=data.get(PLACE, ""),
                entered_at=entered,
                seen_at=seen,
                is_this=row.session_key == here,
            )
        )
    return sorted(results, key=lambda one: (not one.is_this, -(one.seen_at.timestamp() if one.seen_at else 0)))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    if request.method == "POST" and "everything" in request.POST:
        changes.end_everything(user, reason="by_owner", address=client_address(request), now=timezone.now())
        logout(request)
        return redirect(f"{reverse('accounts:sign-in')}?ended=1")
    if request.method == "POST":
        mine = BrowserSession.objects.filter(user=user).exclude(session_key=stored_key(request.session.session_key))
        wanted = mine if "others" in request.POST else mine.filter(session_key=request.POST.get("end", "")[:40])
        with working_as_steps():
            ended = wanted.delete()[0]
        if ended:
            note("session_ended", now=timezone.now(), user=user, reason="by_owner", address=client_address(request))
        return redirect("accounts:sessions")
    context = {
        "sessions": open_sessions(request, user),
        "needs_factor": needs_second_factor(user),
        "tokens": list(changes.tokens_of(user, now=timezone.now())),
    }
    return render(request, "accounts/sessions.html", context)


@never_cache
@login_required
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def origin_of(request: HttpRequest) -> changes.Origin:
    return changes.Origin(place=place_of(request), address=client_address(request))


@working_as_steps()
def end_others(request: HttpRequest, user: User) -> None:
    """Every other browser of this person is signed out."""
    BrowserSession.objects.filter(user=user).exclude(session_key=stored_key(request.session.session_key)).delete()


@never_cache
@fresh_factor
@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password, against the one that stands; all other sessions end, and the programs' tokens if wished."""
    user, now = person_of(request), timezone.now()
    if not (user.has_usable_password() or needs_second_factor(user)):
        raise Http404
    tokens = list(changes.tokens_of(user, now=now))
    asks_current = user.has_usable_password() and not request.session.get(BY_RESET)
    form = sign_in.NewPasswordForm(posted(request), user=user, asks_current=asks_current, tokens=len(tokens))
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            is_owner = not asks_current or is_own_password(
                user, form.cleaned_data["current"], address=client_address(request), now=now
            )
        except TooManyTries as wait:
            status, is_owner = wait.refuse(request), False
            until = moment_text(wait.until)
            form.add_error("current", gettext("试错的次数太多了，请在%(moment)s之后再试。") % {"moment": until})
        else:
            if not is_owner:
                form.add_error("current", gettext("现在的密码不对。"))
        if is_owner:
            changes.change_password(user, form.cleaned_data["password"], origin=origin_of(request), now=now)
            if form.cleaned_data.get("end_tokens"):
                rows = changes.tokens_of(user, now=now)
                changes.end_tokens(rows, user=user, address=client_address(request), now=now)
            update_session_auth_hash(request, user)
            request.session.pop(BY_RESET, None)
            end_others(request, user)
            messages.success(request, gettext("密码已更换，其他地方都已退出。"), extra_tags="ok")
            return redirect("accounts:ways")
    return render(request, "accounts/password.html", {"form": form, "tokens": tokens}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, key: str) -> HttpResponse:
    """Behind the link of a letter: what was changed and one button that undoes it. Only the button changes anything."""
    now = timezone.now()
    change = changes.of_key(key, now=now)
    if change is None:
        return render(request, "accounts/undo_over.html", status=404)
    if request.method == "POST":
        changes.undo(change, address=client_address(request), now=now)
        return redirect("accounts:undo", key)
    context = {
        "change": change,
        "what": changes.words_of(change.kind, json.loads(change.before)),
        "network": network_of(change.address),
        "until": change.at + changes.UNDONE_WITHIN,
        "has_password": change.user.has_usable_password(),
    }
    return render(request, "accounts/undo.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """The password is lost: a code to the work mailbox, if there is such a person."""
    form = sign_in.ResetForm(posted(request))
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        mailbox: contacts.Contact = form.cleaned_data["email"]
        refusal = sign_in.send(request, mailbox, SignInCode.Purpose.RESET, now=timezone.now())
        if not refusal:
            request.session[RESETTING] = mailbox.address
            return redirect("accounts:reset-code")
        status = 429
        form.add_error("email", refusal)
    return render(request, "accounts/reset.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def reset_code(request: HttpRequest) -> HttpResponse:
    """The code, then the second factor as at every sign-in, then a new password."""
    address = request.session.get(RESETTING)
    if not address:
        return redirect("accounts:reset")
    mailbox, now = contacts.Contact("email", address), timezone.now()
    form = sign_in.CodeForm(posted(request))
    if form.is_bound and form.is_valid():
        user = contacts.known_user(mailbox)
        use = sign_in.is_right(request, mailbox, SignInCode.Purpose.RESET, form.cleaned_data["code"], now=now)
        if use is Use.AGAIN:
            return redirect("accounts:second-factor")
        if use is Use.RIGHT and user:
            contacts.refuse_while_new(user, now=now)
            if user.may_sign_in and needs_second_factor(user) and SecondFactor.objects.filter(user=user).exists():
                enter(request, user, now=now, how="reset")
                request.session.pop(RESETTING, None)
                return redirect(sign_in.with_next("accounts:second-factor", reverse("accounts:password")))
            form.add_error("code", gettext("您还没有设置第二步验证，不能自己换密码。请联系您单位的管理员重新邀请您。"))
        else:
            form.add_error("code", sign_in.WRONG_CODE)
    context = {"form": form, "masked": mailbox.masked}
    return render(request, "accounts/reset_code.html", context, status=422 if form.is_bound else 200)
