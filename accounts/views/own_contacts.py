"""The own phone numbers and mailbox: a new one proves itself by a code, and every old one is told."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import SignInCode, User
from accounts.sign_in import changes, contacts
from accounts.sign_in.backend import needs_second_factor
from accounts.sign_in.codes import Use
from accounts.sign_in.own_phone import PhoneTaken
from accounts.sign_in.step_up import fresh_factor
from accounts.views import sign_in
from accounts.views.account import OTHERS_ENDED, end_others, masked, origin_of, person_of
from web.incoming import posted

CHANGING = "changing_to"
#: Which one is proved → the way there. The own phone is asked of people at work only.
OWN_PHONE, SECOND_PHONE = "own-phone", "second-phone"
CHANNELS = {"phone": "sms", "email": "email", OWN_PHONE: "sms", SECOND_PHONE: "sms"}


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, kind: str) -> HttpResponse:
    """The new phone or mailbox: a code goes to it; or the second phone is given up."""
    _asks(person_of(request), kind)
    if request.method == "POST" and kind == SECOND_PHONE and "remove" in request.POST:
        changes.end_second_phone(person_of(request), origin=origin_of(request), now=timezone.now())
        end_others(request, person_of(request))
        messages.success(request, OTHERS_ENDED, extra_tags="ok")
        return redirect("accounts:account")
    form = sign_in.NewContactForm(posted(request), channel=CHANNELS[kind])
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        new: contacts.Contact = form.cleaned_data["address"]
        refusal = sign_in.send(request, new, SignInCode.Purpose.CHANGE, now=timezone.now())
        if not refusal:
            request.session[CHANGING] = [kind, new.channel, new.address]
            return redirect(sign_in.with_next(("accounts:contact-code", kind), sign_in.next_of(request)))
        status = 429
        form.add_error("address", refusal)
    return _show_contact(request, form, kind, status=status)


def _asks(user: User, kind: str) -> None:
    if kind not in CHANNELS or (kind in (OWN_PHONE, SECOND_PHONE) and needs_second_factor(user) != (kind == OWN_PHONE)):
        raise Http404


def _show_contact(request: HttpRequest, form: sign_in.NewContactForm, kind: str, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "kind": kind,
        "next": sign_in.next_of(request),
        "is_own": kind == OWN_PHONE,
        "second_phone": masked("sms", person_of(request).second_phone) if kind == SECOND_PHONE else "",
    }
    return render(request, "accounts/contact.html", context, status=status)


@never_cache
@fresh_factor
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def contact_code(request: HttpRequest, kind: str) -> HttpResponse:
    """The code that the new one got; then it is the person's, and the old one is told."""
    user, target = person_of(request), sign_in.next_of(request)
    _asks(user, kind)
    pending = request.session.get(CHANGING)
    if not pending or pending[0] != kind:
        return redirect("accounts:account")
    new, now = contacts.Contact(*pending[1:]), timezone.now()
    form = sign_in.CodeForm(posted(request))
    status = 422 if form.is_bound else 200
    if form.is_bound and "again" in request.POST:
        refusal = sign_in.send(request, new, SignInCode.Purpose.CHANGE, now=now)
        if not refusal:
            return redirect(sign_in.with_next(("accounts:contact-code", kind), target))
        status = 429
        form.add_error("code", refusal)
    elif form.is_bound and form.is_valid():
        use = sign_in.is_right(request, new, SignInCode.Purpose.CHANGE, form.cleaned_data["code"], now=now)
        if use is Use.AGAIN:
            return redirect(target or "accounts:account")
        if use is Use.WRONG:
            form.add_error("code", sign_in.WRONG_CODE)
        elif kind == OWN_PHONE:
            return _prove_own_phone(request, user, new, target=target, now=now)
        else:
            try:
                changes.change_contact(user, new, is_second=kind == SECOND_PHONE, origin=origin_of(request), now=now)
            except changes.AddressTaken:
                form.add_error("code", gettext("这个号码或邮箱已有另一个账号，用它登录就能看到。要合并请打12315。"))
            else:
                request.session.pop(CHANGING, None)
                end_others(request, user)
                messages.success(request, gettext("已更换，也告诉了原来的号码或邮箱。"), extra_tags="ok")
                contacts.tell_proven(request, user, new, now=now)
                return redirect("accounts:account")
    context = {"form": form, "kind": kind, "masked": new.masked, "next": target}
    return render(request, "accounts/contact_code.html", context, status=status)


def _prove_own_phone(
    request: HttpRequest, user: User, new: contacts.Contact, *, target: str, now: datetime
) -> HttpResponse:
    """Another account of the house may have it: the number is shown again with the reason."""
    try:
        changes.prove_own_phone(user, new, origin=origin_of(request), now=now)
    except PhoneTaken as taken:
        form = sign_in.NewContactForm({"address": new.address}, channel="sms")
        form.add_error("address", str(taken))
        return _show_contact(request, form, OWN_PHONE, status=409)
    request.session.pop(CHANGING, None)
    end_others(request, user)
    messages.success(request, gettext("本人手机已验证。"), extra_tags="ok")
    return redirect(target or "accounts:account")
