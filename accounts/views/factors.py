"""The second factor: shown at sign-in, shown again before what matters, set up, and its recovery codes.

These pages serve the person of the session, or whoever just gave the right password in this browser;
nobody else learns that they exist for anybody.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import SecondFactor, SignInCode, User
from accounts.security_log import note
from accounts.sign_in import changes, factors
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.codes import Use
from accounts.sign_in.contacts import contact_of
from accounts.sign_in.entering import VERIFIED, confirm_by_code, landing_of, person_at_second_factor, show_factor
from accounts.sign_in.limits import TooManyTries, client_address
from accounts.sign_in.step_up import fresh_factor, is_fresh
from accounts.views.account import OTHERS_ENDED, end_others, origin_of
from accounts.views.sign_in import (
    WRONG_CODE,
    CodeForm,
    FactorForm,
    NewAppForm,
    by_own_phone,
    is_right,
    next_of,
    send,
    with_next,
)
from database.row_security import working_as_steps
from web.dates import moment as moment_text
from web.incoming import posted
from web.qr import qr_code

NEW_APP = "new_app_key"


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """After the password: a passkey, the app's code, or a recovery code."""
    target = next_of(request)
    if isinstance(request.user, User):
        return HttpResponseRedirect(target or landing_of(request.user))
    user = person_at_second_factor(request)
    if user is None:
        return redirect(with_next("accounts:sign-in-password", target))
    if not SecondFactor.objects.filter(user=user).exists():
        return redirect(with_next("accounts:factor-set-up", target))
    return _ask(request, user, target=target, template="accounts/second_factor.html")


@never_cache
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Once more before something that matters; consumers, who have no factor, get a code sent."""
    target = next_of(request)
    user = request.user
    if not isinstance(user, User):
        raise Http404
    if is_fresh(request, now=timezone.now()) and request.method != "POST":
        return HttpResponseRedirect(target or landing_of(user))
    if SecondFactor.objects.filter(user=user).exists():
        return _ask(request, user, target=target, template="accounts/confirm.html")
    if needs_second_factor(user):
        return redirect(with_next("accounts:factor-set-up", target))
    return _ask_code(request, user, target=target)


def _ask(request: HttpRequest, user: User, *, target: str, template: str) -> HttpResponse:
    now, status = timezone.now(), 200
    form = FactorForm(request.POST if request.method == "POST" and "credential" not in request.POST else None)
    passkey_error = ""
    if request.method == "POST":
        status = 422
        shown: factors.UsedFactor | None = None
        if "credential" in request.POST:
            shown = factors.show_passkey(request, user, now=now)
            passkey_error = gettext("通行密钥没有通过。请再试一次，或改用验证器。")
        elif form.is_valid():
            try:
                shown = factors.show_code(user, form.cleaned_data["code"], address=client_address(request), now=now)
            except TooManyTries as wait:
                status = wait.refuse(request)
                until = moment_text(wait.until)
                form.add_error("code", gettext("试错的次数太多了，请在%(moment)s之后再试。") % {"moment": until})
            else:
                form.add_error("code", gettext("这个码不对，或已用过。请等验证器显示下一个再填。"))
        if shown is not None:
            show_factor(request, user, now=now, how=shown.how)
            is_sign_in = template == "accounts/second_factor.html"
            target = target or landing_of(user)
            target = by_own_phone(user, target) if is_sign_in else target
            if shown.how == "recovery":
                return render(request, "accounts/recovery_used.html", {"left": shown.left, "next": target})
            return HttpResponseRedirect(target)
        if passkey_error or form.data.get("code"):
            note("factor_refused", now=now, user=user, address=client_address(request))
    kinds = set(SecondFactor.objects.filter(user=user).values_list("kind", flat=True))
    if SecondFactor.Kind.APP not in kinds:
        form.fields["code"].label, form.fields["code"].help_text = gettext("恢复码"), ""
    context = {
        "form": form,
        "next": target,
        "passkey": factors.ask_for_known(request, user),
        "passkey_error": passkey_error,
        "has_app": SecondFactor.Kind.APP in kinds,
        "has_errors": bool(passkey_error),
    }
    return render(request, template, context, status=status)


def _ask_code(request: HttpRequest, user: User, *, target: str) -> HttpResponse:
    """A consumer: a fresh code to the own phone or mailbox."""
    now = timezone.now()
    contact = contact_of(user)
    if contact is None:
        raise Http404
    form = CodeForm(posted(request))
    status = 422 if form.is_bound else 200
    if request.method == "POST" and "send" in request.POST:
        refusal = send(request, contact, SignInCode.Purpose.CONFIRM, now=now)
        if not refusal:
            return redirect(f"{with_next('accounts:confirm', target)}{'&' if target else '?'}sent=1")
        status = 429
        form.add_error("code", refusal)
    elif form.is_bound and form.is_valid():
        use = is_right(request, contact, SignInCode.Purpose.CONFIRM, form.cleaned_data["code"], now=now)
        if use is Use.RIGHT:
            confirm_by_code(request, user, now=now)
        if use:
            return HttpResponseRedirect(target or landing_of(user))
        form.add_error("code", WRONG_CODE)
    return render(
        request,
        "accounts/confirm_code.html",
        {"form": form, "next": target, "masked": contact.masked, "is_sent": "sent" in request.GET or form.is_bound},
        status=status,
    )


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponseBase:
    """A new app or passkey: right after the password, or for whoever is signed in and has just confirmed."""
    if isinstance(request.user, User):
        has_any = SecondFactor.objects.filter(user=request.user).exists()
        if not has_any and needs_second_factor(request.user) and not is_fresh(request, now=timezone.now()):
            # The last one is gone and there is nothing to confirm with: only the password leads on to a new one.
            return redirect(with_next("accounts:sign-in-password", request.get_full_path()))
        return _set_up_anew(request)
    user = person_at_second_factor(request)
    if user is None:
        return redirect_to_login(request.get_full_path())
    if SecondFactor.objects.filter(user=user).exists():
        return redirect(with_next("accounts:second-factor", next_of(request)))
    return _set_up(request, user)


@fresh_factor
def _set_up_anew(request: HttpRequest) -> HttpResponse:
    """The first factor too: it makes a session fresh, so a session alone must not be enough for it."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return _set_up(request, user)


def _set_up(request: HttpRequest, user: User) -> HttpResponse:
    target, now = next_of(request), timezone.now()
    is_first = not SecondFactor.objects.filter(user=user).exists()
    form = NewAppForm(request.POST if request.method == "POST" and "credential" not in request.POST else None)
    passkey_error, status = "", 200
    if request.method == "POST":
        status = 422
        made: SecondFactor | None = None
        if "credential" in request.POST:
            made = factors.add_passkey(request, user, name=_name(request, gettext("通行密钥")), now=now)
            passkey_error = gettext("没有设置成功。请再试一次，或改用验证器。")
        elif form.is_valid():
            key = factors.unseal(bytes.fromhex(request.session.get(NEW_APP, "")), user=user)
            name = _name(request, gettext("验证器"))
            made = factors.add_app(user, key, form.cleaned_data["code"], name=name, now=now) if key else None
            if key and made is None and factors.is_added(user, key):
                return redirect("accounts:ways")
            form.add_error("code", gettext("这个码不对。请看验证器现在显示的6位数字；手机时间要准。"))
        if made is not None:
            return _made(request, user, made, is_first=is_first, target=target, now=now)
    context = {"next": target, "is_first": is_first, "passkey_error": passkey_error, "has_errors": bool(passkey_error)}
    return _show_set_up(request, user, form, status=status, context=context)


def _name(request: HttpRequest, otherwise: str) -> str:
    return request.POST.get("name", "").strip()[:60] or otherwise


def _show_set_up(
    request: HttpRequest, user: User, form: NewAppForm, *, status: int, context: dict[str, Any]
) -> HttpResponse:
    key = factors.unseal(bytes.fromhex(request.session.get(NEW_APP, "")), user=user)
    if key is None:
        key = factors.new_app_key()
        request.session[NEW_APP] = factors.seal(key, user=user).hex()
    return render(
        request,
        "accounts/factor_set_up.html",
        {
            **context,
            "form": form,
            "key": factors.key_text(key),
            "passkey": factors.ask_for_new(request, user),
            "qr": qr_code(factors.app_address(key, name=user.email or str(user))),
        },
        status=status,
    )


def _made(
    request: HttpRequest, user: User, factor: SecondFactor, *, is_first: bool, target: str, now: datetime
) -> HttpResponse:
    request.session.pop(NEW_APP, None)
    changes.factor_added(user, factor, origin=origin_of(request), now=now)
    end_others(request, user)
    if isinstance(request.user, User) and VERIFIED in request.session and not is_first:
        messages.success(request, OTHERS_ENDED, extra_tags="ok")
        return redirect(target or "accounts:ways")
    # Who has no more than this one device needs another way in: the codes are shown now and never again.
    codes = factors.new_recovery_codes(user, now=now)
    show_factor(request, user, now=now, how="set_up")
    target = by_own_phone(user, target or landing_of(user))
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "next": target})


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not isinstance(user, User) or not SecondFactor.objects.filter(user=user).exists():
        raise Http404
    now = timezone.now()
    if request.method != "POST":
        return render(request, "accounts/recovery_renew.html")
    with working_as_steps():
        before = list(user.recovery_codes.filter(used_at=None).values_list("code_digest", flat=True))
    codes = factors.new_recovery_codes(user, now=now)
    changes.recovery_codes_made(user, before, origin=origin_of(request), now=now)
    end_others(request, user)
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "next": ""})
