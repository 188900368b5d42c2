"""Signing in and out.

The answer to an unknown address is the answer to a known one.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.demo import demo_people, is_demo_person, work_of
from accounts.display import own_language, safe_next
from accounts.models import SignInCode, User
from accounts.security_log import note
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.codes import asker_of, check_code, flow_of, send_code
from accounts.sign_in.contacts import Contact, may_sign_in_by_code, user_for
from accounts.sign_in.entering import VERIFIED, enter, person_at_the_door
from accounts.sign_in.landing import landing_of
from accounts.sign_in.limits import TooManyTries
from accounts.sign_in.network import client_address
from accounts.sign_in.passwords import staff_user
from accounts.views.forms import AddressForm, CodeForm, PasswordForm
from web.dates import moment as moment_words

PENDING = "sign_in_contact"
SHOWN_PEOPLE = 16


def next_of(request: HttpRequest) -> str:
    """Where to go afterwards, if it is one of our pages; else empty."""
    return safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""), otherwise="")


def with_next(name: str, target: str) -> str:
    """The address of this page, which leads on to ``target``."""
    return reverse(name) + (f"?{urlencode({'next': target})}" if target else "")


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
    """Phone or e-mail, then a code goes out."""
    target = next_of(request)
    if isinstance(request.user, User) and request.method != "POST":
        return HttpResponseRedirect(target or landing_of(request.user))
    if person_at_the_door(request) is not None and request.method != "POST":
        return redirect(with_next("accounts:second-factor", target))
    form = AddressForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        contact: Contact = form.cleaned_data["address"]
        try:
            _send(request, contact)
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error("address", too_many_codes(wait.until))
        else:
            request.session[PENDING] = [contact.channel, contact.address]
            return redirect(with_next("accounts:sign-in-code", target))
    return render(
        request, "accounts/sign_in.html", {"form": form, "next": target, "people": _demo_rows()}, status=status
    )


def _send(request: HttpRequest, contact: Contact) -> None:
    now = timezone.now()
    send_code(
        contact=contact,
        purpose=SignInCode.Purpose.SIGN_IN,
        language=get_language() or settings.LANGUAGE_CODE,
        asker=asker_of(request, now=now),
        now=now,
    )


def too_many_codes(until: datetime) -> str:
    """What the asker is told, whichever of the limits it was."""
    return gettext("这个号码或这里的网络要验证码太频繁了，请在%(moment)s之后再试，或打12315。") % {
        "moment": moment_words(until)
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
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and "again" in request.POST:
        try:
            _send(request, contact)
        except TooManyTries as wait:
            form.add_error("code", too_many_codes(wait.until))
            status = wait.told(request)
        else:
            return redirect(with_next("accounts:sign-in-code", target))
    elif form.is_bound and form.is_valid():
        is_right = check_code(
            contact=contact,
            purpose=SignInCode.Purpose.SIGN_IN,
            code=form.cleaned_data["code"],
            flow=flow_of(request),
            form_key=request.POST.get("idempotency_key", ""),
            now=now,
        )
        user = user_for(contact, language=get_language() or settings.LANGUAGE_CODE) if is_right else None
        if user is not None and may_sign_in_by_code(user):
            return _enter(request, user, how="code")
        note("sign_in_refused", now=now, reason="wrong_code", address=client_address(request))
        form.add_error("code", gettext("验证码不对或已过期，请重新获取；已填内容还在"))
    return render(
        request, "accounts/sign_in_code.html", {"form": form, "next": target, "masked": contact.masked}, status=status
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_password(request: HttpRequest) -> HttpResponse:
    """Staff: e-mail and password."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        user = staff_user(
            request, email=form.cleaned_data["email"], password=form.cleaned_data["password"], now=timezone.now()
        )
        if user is not None:
            return _enter(request, user, how="password", is_demo=settings.DEMO and is_demo_person(user))
        form.add_error(None, gettext("邮箱或密码不对，或试得太多。请过15分钟再试，或点“忘了密码”。"))
    return render(
        request,
        "accounts/sign_in_password.html",
        {"form": form, "next": next_of(request)},
        status=422 if form.is_bound else 200,
    )


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click for the people of the demo; elsewhere this address does not exist."""
    if not settings.DEMO:
        raise Http404
    user = get_object_or_404(demo_people(), pk=request.POST.get("person", "0"))
    return _enter(request, user, how="demo", is_demo=True)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here."""
    if isinstance(request.user, User):
        note("signed_out", now=timezone.now(), user=request.user, address=client_address(request))
    logout(request)
    return redirect("/")
