"""Behind the token of a receipt: a code to the phone of the case, and proving by it whose case this is."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.display import safe_next
from accounts.idempotency import once
from accounts.models import User
from accounts.security_log import note
from accounts.sign_in import second_phone
from accounts.sign_in.limits import TooManyTries, client_address
from accounts.views.links import asked_for_code
from complaints.links import proving
from complaints.links.tracking import KEPT_IN_SESSION, OPEN_FOR, proven
from complaints.pages.links.track import first_confirm, has_phone, station_of, unlisted
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.reading.case import TRACKING
from web.dates import moment
from web.incoming import posted


@unlisted
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, number: str) -> HttpResponse:
    """A code to the phone of the case, then the step that was wanted."""
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return redirect("complaints:track")
    home = reverse("complaints:tracked", args=[number])
    contact = proving.contact_on_file(case)
    target = safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""), otherwise=home)

    def proved() -> str:
        more: dict[str, Any] = {"phone_until": (now + OPEN_FOR).isoformat()}
        if (user := who(request)) is not None and contact is not None:
            second_phone.add(request, user, contact, now=now)
        if case.consumer is None:
            # The number is proven by that: the case finds its account, unless its page has to ask for the name.
            with suppress(StepNotAllowed):
                proving.prove(case, user=user, name="", channel=TRACKING, now=now)
        request.session[KEPT_IN_SESSION] = {**request.session[KEPT_IN_SESSION], **more}
        note("tracking_code", now=now, user=case.consumer, subject=case.number, address=client_address(request))
        return target

    why = _("这一步算您的决定，所以再用这件投诉里的手机收一个验证码。30分钟内只需一次。")
    return asked_for_code(request, contact, ("next", target), proved, home=home, why=why, now=now)


def who(request: HttpRequest) -> User | None:
    """Whose account a proven case goes to: whoever is signed in, with whatever number; no clerk of a station."""
    user = request.user
    return user if isinstance(user, User) and station_of(request, now=timezone.now()) is None else None


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("投诉里写的姓名"),
        max_length=120,
        error_messages={"required": gettext_lazy("请填投诉里写的姓名")},
        help_text=gettext_lazy("号码会换主人，所以再核对姓名。"),
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "name"}),
    )


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest, number: str) -> HttpResponse:
    """After a code to the number on file: the case belongs to the account of whoever typed it; the name where it is
    old, or was filed under another one."""
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return first_confirm(request, reverse("complaints:track"))
    home = reverse("complaints:tracked", args=[number])
    if case.consumer is not None:
        messages.success(request, _("这件投诉已归入账户：登录以后，在“我的投诉”里。"), extra_tags="ok")
        return redirect(home)
    if not has_phone(request, now=now):
        query = urlencode({"next": request.path})
        return first_confirm(request, f"{reverse('complaints:tracked-code', args=[number])}?{query}")

    def take(name: str) -> str:
        proving.prove(case, user=who(request), name=name, channel=TRACKING, now=now)
        return request.path

    form, status, address = typed_name(request, take)
    if address:
        return redirect(address)
    return render(request, "public/prove.html", {"form": form, "home": home}, status=status)


def typed_name(request: HttpRequest, take: Callable[[str], str]) -> tuple[NameForm, int, str]:
    """(the form, the status of its page, where it goes on: "" while the form is to be shown).

    ``take`` is given the name, once however often it is sent, and says where it goes on. Wrong names that it counted
    stay counted, so its refusals are caught in here.
    """
    form = NameForm(posted(request))
    status = 422 if form.is_bound else 200
    if not form.is_bound or not form.is_valid():
        return form, status, ""
    with once(request) as attempt:
        if not attempt.answered:
            try:
                attempt.reference = take(form.cleaned_data["name"])
            except TooManyTries as wait:
                status = wait.refuse(request)
                form.add_error("name", too_many_names(wait))
            except WrongInput as refusal:
                form.add_error("name", refusal.reason)
    return form, status, attempt.reference


def too_many_names(wait: TooManyTries) -> str:
    text = _("填错的次数太多了，请在%(moment)s之后再试，或者拨打12315，由工作人员核实。")
    return text % {"moment": moment(wait.until)}
