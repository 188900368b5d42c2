"""Signing in and out, and the forms of the account.

The answer to an unknown address is the answer to a known one: no error says whether an address is known.
"""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.demo import demo_people, is_demo_person, work_of
from accounts.display import own_language, safe_next
from accounts.idempotency import KEY_FIELD
from accounts.models import SignInCode, User
from accounts.security_log import note
from accounts.sign_in import second_phone
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.codes import MoreWork, Use, asker_of, check_code, flow_of, send_code
from accounts.sign_in.contacts import Contact, may_sign_in_by_code, parse_contact, tell_proven, user_for
from accounts.sign_in.entering import VERIFIED, enter, landing_of, person_at_second_factor
from accounts.sign_in.factors import staff_user
from accounts.sign_in.limits import TooManyTries, client_address
from accounts.sign_in.own_phone import owes_phone
from database.row_security import working_as_steps
from web.dates import moment as moment_text
from web.incoming import posted

PENDING = "sign_in_contact"
WRONG_CODE = _("验证码不对或已过期，请重新获取；已填内容还在")
SHOWN_PEOPLE = 16


class AddressForm(forms.Form):
    address = forms.CharField(
        label=_("手机号或邮箱"),
        max_length=254,
        error_messages={"required": _("请填手机号或邮箱")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "username", "inputmode": "email"}),
    )

    def clean_address(self) -> Contact:
        contact = parse_contact(self.cleaned_data["address"])
        if contact is None:
            raise forms.ValidationError(_("请填11位手机号，或像 name@example.org 这样的邮箱"))
        return contact


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("验证码"),
        help_text=_("6位数字，可以粘贴。"),
        max_length=20,
        error_messages={"required": _("请填6位验证码")},
        widget=forms.TextInput(attrs={"class": "w-10", "inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class FactorForm(forms.Form):
    """The second factor by hand: six digits of the app, or a recovery code."""

    code = forms.CharField(
        label=_("验证器里的6位数字"),
        help_text=_("手机不在手边，填一个恢复码也行。"),
        max_length=40,
        error_messages={"required": _("请填6位数字，或一个恢复码")},
        widget=forms.TextInput(attrs={"class": "w-10", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class NewAppForm(forms.Form):
    """The first code of a new app, so that a mistyped key is found at once."""

    code = forms.CharField(
        label=_("验证器现在显示的6位数字"),
        max_length=40,
        error_messages={"required": _("请填验证器显示的6位数字")},
        widget=forms.TextInput(
            attrs={"class": "w-10", "inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        ),
    )


class MailboxForm(forms.Form):
    """The work e-mail of somebody who signs in with a password."""

    email = forms.CharField(
        label=_("工作邮箱"),
        max_length=254,
        error_messages={"required": _("请填工作邮箱")},
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "username"}),
    )


class PasswordForm(MailboxForm):
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请填密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "current-password"}),
    )


class NewContactForm(forms.Form):
    """The new phone or mailbox; ``channel`` is sms or email."""

    address = forms.CharField(max_length=254, error_messages={"required": _("请填新的号码或邮箱")})

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        field = self.fields["address"]
        field.label, kind = (_("新手机号"), "tel") if channel == "sms" else (_("新邮箱"), "email")
        field.widget = forms.TextInput(attrs={"class": "w-24", "autocomplete": kind, "inputmode": kind})

    def clean_address(self) -> Contact:
        contact = parse_contact(self.cleaned_data["address"])
        if contact is None or contact.channel != self.channel:
            raise forms.ValidationError(
                _("请填11位手机号") if self.channel == "sms" else _("请填像 name@example.org 这样的邮箱")
            )
        return contact


class NewPasswordForm(forms.Form):
    """A password chosen by its owner; seen as dots, so it is asked twice.

    ``asks_current``: one stands already, and no code just took its place; ``tokens``: so many may end with it.
    """

    current = forms.CharField(
        label=_("现在的密码"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请填现在的密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("新密码"),
        help_text=_("至少12个字，几个不相干的词最好记；不用大小写、符号的花样。"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请填新密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再填一次"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请再填一次新密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )

    end_tokens = forms.BooleanField(label=_("这些程序令牌也一起作废"), required=False)

    def __init__(self, *args: Any, user: User, asks_current: bool, tokens: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not asks_current:
            del self.fields["current"]
        if not tokens:
            del self.fields["end_tokens"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", _("两次填的不一样"))
        return cleaned


class ResetForm(MailboxForm):
    def clean_email(self) -> Contact:
        contact = parse_contact(self.cleaned_data["email"])
        if contact is None or contact.channel != "email":
            raise forms.ValidationError(_("请填像 name@example.org 这样的邮箱"))
        return contact


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("姓名"),
        max_length=120,
        error_messages={"required": _("请填姓名")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("通知用的语言"), choices=lambda: settings.LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        setattr(self.fields["name"], "why", _("单位和监管部门按这个姓名称呼您。"))  # noqa: B010


def next_of(request: HttpRequest) -> str:
    return safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""), otherwise="")


def with_next(name: str | tuple[str, str], target: str) -> str:
    """The address of this page (a name, or one with its argument), which leads on to ``target``."""
    page, *args = (name,) if isinstance(name, str) else name
    return reverse(page, args=args) + (f"?{urlencode({'next': target})}" if target else "")


def by_own_phone(user: User, target: str) -> str:
    """The way on after signing in: who is at work and has proved no phone yet is asked for it first."""
    return with_next(("accounts:contact", "own-phone"), target) if owes_phone(user) else target


def _demo_rows() -> list[tuple[User, str]]:
    return [(person, work_of(person)) for person in demo_people()[:SHOWN_PEOPLE]] if settings.DEMO else []


def _enter(request: HttpRequest, user: User, *, how: str, is_demo: bool = False) -> HttpResponseRedirect:
    """Sign this user in under a new session key and go on; who works here shows the second factor next."""
    target = next_of(request)
    enter(request, user, now=timezone.now(), how=how, is_demo=is_demo)
    request.session.pop(PENDING, None)
    response = HttpResponseRedirect(target or landing_of(user))
    if needs_second_factor(user) and VERIFIED not in request.session:
        response = redirect(with_next("accounts:second-factor", target))
    own_language(request, response, user)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = next_of(request)
    if isinstance(request.user, User) and request.method != "POST":
        return HttpResponseRedirect(target or landing_of(request.user))
    if person_at_second_factor(request) is not None and request.method != "POST":
        return redirect(with_next("accounts:second-factor", target))
    form = AddressForm(posted(request))
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        contact: Contact = form.cleaned_data["address"]
        refusal = send(request, contact, SignInCode.Purpose.SIGN_IN, now=timezone.now())
        if not refusal:
            request.session[PENDING] = [contact.channel, contact.address]
            return redirect(with_next("accounts:sign-in-code", target))
        status = 429
        form.add_error("address", refusal)
    return render(
        request,
        "accounts/sign_in.html",
        {"form": form, "next": target, "people": _demo_rows(), "is_ended": "ended" in request.GET},
        status=status,
    )


def send(request: HttpRequest, contact: Contact, purpose: str, *, now: datetime) -> str:
    """A code for whoever asks here; the sentence of the refusal, or empty."""
    try:
        language = get_language() or settings.LANGUAGE_CODE
        send_code(contact=contact, purpose=purpose, asker=asker_of(request, now=now), language=language, now=now)
    except TooManyTries as wait:
        wait.refuse(request)
        return too_many_codes(wait)
    return ""


def is_right(request: HttpRequest, contact: Contact, purpose: str, typed: str, *, now: datetime) -> Use:
    """Whether this is the code that this browser asked for; it is used up, and only ``Use.RIGHT`` opens a session."""
    key = request.POST.get(KEY_FIELD, "")
    return check_code(contact=contact, purpose=purpose, code=typed, flow=flow_of(request), form_key=key, now=now)


def too_many_codes(wait: TooManyTries) -> str:
    """What the asker is told, whichever of the limits it was."""
    if isinstance(wait, MoreWork):
        text = gettext("今天往这里要验证码的太多，请再点一次，浏览器要先算几秒；不行就%(moment)s之后再试，或打12315。")
        return text % {"moment": moment_text(wait.until)}
    return gettext("这个号码或这里的网络要验证码太频繁了，请在%(moment)s之后再试，或打12315。") % {
        "moment": moment_text(wait.until)
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The code; right means signed in, and a user at the first time."""
    target = next_of(request)
    pending = request.session.get(PENDING)
    if not pending:
        if isinstance(request.user, User):
            return HttpResponseRedirect(target or landing_of(request.user))
        return redirect(with_next("accounts:sign-in", target))
    contact = Contact(*pending)
    now = timezone.now()
    form = CodeForm(posted(request))
    status = 422 if form.is_bound else 200
    if request.method == "POST" and "again" in request.POST:
        refusal = send(request, contact, SignInCode.Purpose.SIGN_IN, now=now)
        if not refusal:
            return redirect(with_next("accounts:sign-in-code", target))
        status = 429
        form.add_error("code", refusal)
    elif form.is_bound and form.is_valid():
        opens = is_right(request, contact, SignInCode.Purpose.SIGN_IN, form.cleaned_data["code"], now=now)
        if opens is Use.AGAIN:
            # A double click: the first one signed in, and its answer carried the cookie.
            return HttpResponseRedirect(target or "/")
        user = user_for(contact, language=get_language() or settings.LANGUAGE_CODE) if opens else None
        if user is not None and may_sign_in_by_code(user):
            second_phone.tell_others(request, user, contact, now=now)
            response = _enter(request, user, how="code")
            tell_proven(request, user, contact, now=now)
            return response
        note("sign_in_refused", now=now, reason="wrong_code", address=client_address(request))
        form.add_error("code", WRONG_CODE)
    return render(
        request, "accounts/sign_in_code.html", {"form": form, "next": target, "masked": contact.masked}, status=status
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(posted(request))
    if form.is_bound and form.is_valid():
        user = staff_user(
            request, email=form.cleaned_data["email"], password=form.cleaned_data["password"], now=timezone.now()
        )
        if user is not None:
            return _enter(request, user, how="password", is_demo=settings.DEMO and is_demo_person(user))
        form.add_error(None, gettext("邮箱或密码不对，或试得太多。请过15分钟再试，或点“忘了密码”。"))
    context = {"form": form, "next": next_of(request)}
    return render(request, "accounts/sign_in_password.html", context, status=422 if form.is_bound else 200)


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click for the people of the demo; elsewhere this address does not exist."""
    if not settings.DEMO:
        raise Http404
    chosen = request.POST.get("person", "")
    if not re.fullmatch(r"[0-9]{1,18}", chosen):
        raise BadRequest
    with working_as_steps():
        user = get_object_or_404(demo_people(), pk=chosen)
    if not is_demo_person(user):
        raise Http404
    return _enter(request, user, how="demo", is_demo=True)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        note("signed_out", now=timezone.now(), user=request.user, address=client_address(request))
    logout(request)
    response = redirect("/")
    # What pages left in this browser; the wishes of display and language stay.
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
