"""A new phone, a new mailbox, a new password; and a way back for who lost the password.

The new address proves itself by a code, the person by the factor, and nobody learns here whose address
is known.
"""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.idempotency import KEY_FIELD
from accounts.models import BrowserSession, SecondFactor, SignInCode, User
from accounts.sign_in.changing import AddressTaken, change_contact, change_password, refuse_while_new
from accounts.sign_in.codes import asker_of, check_code, flow_of, send_code
from accounts.sign_in.contacts import Contact, known_user
from accounts.sign_in.entering import enter
from accounts.sign_in.limits import TooManyTries
from accounts.sign_in.sessions import stored_key
from accounts.sign_in.step_up import fresh_factor
from accounts.views.account import person_of
from accounts.views.forms import CodeForm, NewContactForm, NewPasswordForm, ResetForm
from accounts.views.sign_in import too_many_codes, with_next

CHANGING, RESETTING = "changing_to", "resetting"
CHANNELS = {"phone": "sms", "email": "email"}


def _send(request: HttpRequest, contact: Contact, purpose: str, *, now: datetime) -> str:
    """A code; the sentence of the refusal, or empty."""
    try:
        send_code(
            contact=contact,
            purpose=purpose,
            asker=asker_of(request, now=now),
            language=get_language() or settings.LANGUAGE_CODE,
            now=now,
        )
    except TooManyTries as wait:
        wait.told(request)
        return too_many_codes(wait.until)
    return ""


def _is_right(request: HttpRequest, contact: Contact, purpose: str, typed: str, *, now: datetime) -> bool:
    return check_code(
        contact=contact,
        purpose=purpose,
        code=typed,
        flow=flow_of(request),
        form_key=request.POST.get(KEY_FIELD, ""),
        now=now,
    )


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, kind: str) -> HttpResponse:
    """The new phone or mailbox: a code goes to it."""
    person_of(request)
    if kind not in CHANNELS:
        raise Http404
    now = timezone.now()
    form = NewContactForm(request.POST if request.method == "POST" else None, channel=CHANNELS[kind])
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        new: Contact = form.cleaned_data["address"]
        refused = _send(request, new, SignInCode.Purpose.CHANGE, now=now)
        if not refused:
            request.session[CHANGING] = [new.channel, new.address]
            return redirect("accounts:contact-code", kind)
        status = 429
        form.add_error("address", refused)
    return render(request, "accounts/contact.html", {"form": form, "kind": kind}, status=status)


@never_cache
@fresh_factor
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def contact_code(request: HttpRequest, kind: str) -> HttpResponse:
    """The code that the new one got; then it is the person's, and the old one is told."""
    user = person_of(request)
    pending = request.session.get(CHANGING)
    if not pending or pending[0] != CHANNELS.get(kind):
        return redirect("accounts:account")
    new, now = Contact(*pending), timezone.now()
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and "again" in request.POST:
        refused = _send(request, new, SignInCode.Purpose.CHANGE, now=now)
        if not refused:
            return redirect("accounts:contact-code", kind)
        status = 429
        form.add_error("code", refused)
    elif form.is_bound and form.is_valid():
        if not _is_right(request, new, SignInCode.Purpose.CHANGE, form.cleaned_data["code"], now=now):
            form.add_error("code", gettext("验证码不对或已过期，请重新获取；已填内容还在"))
        else:
            try:
                change_contact(user, new, now=now)
            except AddressTaken:
                form.add_error("code", gettext("这个号码或邮箱已有另一个账号，用它登录就能看到。要合并请打12315。"))
            else:
                request.session.pop(CHANGING, None)
                _end_others(request, user)
                messages.success(request, gettext("已更换，也告诉了原来的号码或邮箱。"), extra_tags="ok")
                return redirect("accounts:account")
    return render(
        request, "accounts/contact_code.html", {"form": form, "kind": kind, "masked": new.masked}, status=status
    )


def _end_others(request: HttpRequest, user: User) -> None:
    BrowserSession.objects.filter(user=user).exclude(session_key=stored_key(request.session.session_key)).delete()


@never_cache
@fresh_factor
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password; all other sessions end."""
    user = person_of(request)
    if not user.has_usable_password():
        raise Http404
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        change_password(user, form.cleaned_data["password"], now=timezone.now())
        update_session_auth_hash(request, user)
        _end_others(request, user)
        messages.success(request, gettext("密码已更换，其他地方都已退出。"), extra_tags="ok")
        return redirect("accounts:ways")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """The password is lost: a code to the work mailbox, if there is such a person."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        mailbox: Contact = form.cleaned_data["email"]
        refused = _send(request, mailbox, SignInCode.Purpose.RESET, now=timezone.now())
        if not refused:
            request.session[RESETTING] = mailbox.address
            return redirect("accounts:reset-code")
        status = 429
        form.add_error("email", refused)
    return render(request, "accounts/reset.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def reset_code(request: HttpRequest) -> HttpResponse:
    """The code, then the second factor as at every sign-in, then a new password."""
    address = request.session.get(RESETTING)
    if not address:
        return redirect("accounts:reset")
    mailbox, now = Contact("email", address), timezone.now()
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        user = known_user(mailbox)
        if _is_right(request, mailbox, SignInCode.Purpose.RESET, form.cleaned_data["code"], now=now) and user:
            refuse_while_new(user, now=now)
            if user.is_active and user.has_usable_password() and SecondFactor.objects.filter(user=user).exists():
                enter(request, user, now=now, how="reset")
                request.session.pop(RESETTING, None)
                return redirect(with_next("accounts:second-factor", reverse("accounts:password")))
            form.add_error("code", gettext("您还没有设置第二步验证，不能自己换密码。请联系您单位的管理员重新邀请您。"))
        else:
            form.add_error("code", gettext("验证码不对或已过期，请重新获取；已填内容还在"))
    return render(
        request,
        "accounts/reset_code.html",
        {"form": form, "masked": mailbox.masked},
        status=422 if form.is_bound else 200,
    )
