"""/cases/find/: somebody signed in looks for what was filed with a number: the number, a code to it, and the name in
the complaint where that is asked for. Of a case nothing is shown before it is the person's own."""

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import SignInCode, User
from accounts.sign_in import second_phone
from accounts.sign_in.contacts import Contact
from accounts.views.links import asked_for_code
from accounts.views.sign_in import send
from complaints.links import proving
from complaints.pages.links.prove import typed_name
from complaints.pages.shared.case_shared import signed_in_page
from complaints.procedure.typed_values import Phone
from web.incoming import posted

#: Where the code went.
LOOKING = "finding_number"


class NumberForm(forms.Form):
    phone = Phone(
        label=gettext_lazy("投诉时留的手机号码"),
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": gettext_lazy("请填11位手机号")},
    )


@signed_in_page("GET", "POST")
def find(request: HttpRequest) -> HttpResponseBase:
    """The number; a code goes to it."""
    now, user = timezone.now(), cast(User, request.user)
    form = NumberForm(posted(request), initial={"phone": (user.phone or "").removeprefix("+86")})
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        contact = Contact("sms", form.cleaned_data["phone"])
        refusal = send(request, contact, SignInCode.Purpose.STEP, now=now)
        if not refusal:
            request.session[LOOKING] = [contact.channel, contact.address]
            return redirect(f"{reverse('complaints:case-find-code')}?sent=1")
        status = 429
        form.add_error("phone", refusal)
    return render(request, "consumer/find.html", {"form": form}, status=status)


@sensitive_post_parameters("code")
@signed_in_page("GET", "POST")
def code(request: HttpRequest) -> HttpResponseBase:
    """The code: what lies with the number is this account's now, or the name in it is asked."""
    looking = request.session.get(LOOKING)
    if not looking:
        return redirect("complaints:case-find")
    now, user, contact = timezone.now(), cast(User, request.user), Contact(*looking)

    def proved() -> str:
        request.session.pop(LOOKING, None)
        second_phone.add(request, user, contact, now=now)
        claimed = proving.contact_proven(request=request, user=user, contact=contact, now=now)
        _tell(request, claimed.found)
        is_whole = claimed.found and not claimed.waiting
        return reverse("complaints:cases" if is_whole else "complaints:case-find-name")

    why = _("验证码对了，用这个号码提交、还不在任何账户里的投诉，就归入您的账户。")
    here = reverse("complaints:case-find")
    title = _("用手机号找投诉")
    return asked_for_code(request, contact, ("sent", "1"), proved, home=here, home_text=title, why=why, now=now)


def _tell(request: HttpRequest, found: int) -> None:
    if found:
        text = ngettext("找到%(n)s件投诉，已归入您的账户。", "找到%(n)s件投诉，已归入您的账户。", found) % {"n": found}
        messages.success(request, text, extra_tags="ok")


@signed_in_page("GET", "POST")
def name(request: HttpRequest) -> HttpResponseBase:
    """The name in what is older than 90 days or was filed under another one."""
    now, user = timezone.now(), cast(User, request.user)
    kept = proving.proved_in(request, now=now)
    if kept is None:
        return redirect("complaints:case-find")
    contact, waiting = kept

    def take(typed: str) -> str:
        claimed = proving.claim(user, contact, name=typed, now=now)
        proving.keep(request, contact, claimed.waiting, now=now)
        _tell(request, claimed.found)
        return reverse("complaints:cases")

    form, status, address = typed_name(request, take)
    if address:
        return redirect(address)
    context = {"form": form, "waiting": waiting, "masked": contact.masked}
    return render(request, "consumer/find_name.html", context, status=status)
