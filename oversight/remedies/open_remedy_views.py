"""/open/remedies/: what everybody reads of a remedy once a second person agreed, and the own check by a phone code."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import SignInCode
from accounts.public_pages import public_page
from accounts.sign_in.contacts import Contact
from accounts.views.links import asked_for_code
from accounts.views.sign_in import send
from complaints.desks import keyset
from complaints.procedure.typed_values import Phone
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Campaign, Remedy, RemedyCheck
from oversight.remedies import affected, remedy_forms
from oversight.remedies import remedying as acts
from oversight.remedies.remedy_views import RELATED, is_late

BY_PUBLICATION = keyset.Order("published_at", falling=True)
_PUBLIC = (Campaign.Publicity.PUBLISHED, Campaign.Publicity.WITHDRAWN)
#: In the session: where the code went, and what was answered; each with the number of the remedy.
ASKING, ANSWERED = "remedy_asking", "remedy_answered"


@public_page(parameters=("before", "after"), fresh=0, kept=0)
def remedies(request: HttpRequest) -> HttpResponse:
    """What is published, the newest first."""
    rows = Remedy.objects.filter(publicity=Campaign.Publicity.PUBLISHED)
    page = keyset.page_of(rows, request.GET, BY_PUBLICATION, related=RELATED)
    lines = [
        {
            "row": row,
            "url": reverse("oversight:open-remedy", args=[row.pk]),
            "about": remedy_forms.about_of(row),
            "reported": remedy_forms.reported_text(acts.newest_report(row)),
        }
        for row in page.rows
    ]
    return render(request, "open/remedies.html", {"rows": lines, **keyset.neighbours(page, request.path)})


def _remedy_or_404(pk: int, *publicity: str) -> Remedy:
    rows = Remedy.objects.filter(publicity__in=publicity, published_at__isnull=False).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


@public_page(fresh=0, kept=0)
def remedy(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them; one that was withdrawn says so instead."""
    result = _remedy_or_404(pk, *_PUBLIC)
    report, samples = acts.newest_report(result), list(result.samples.all())
    return render(
        request,
        "open/remedy.html",
        {
            "remedy": result,
            "about": remedy_forms.about_of(result),
            "tone": remedy_forms.TONES[result.state],
            "is_withdrawn": result.publicity == Campaign.Publicity.WITHDRAWN,
            "is_late": is_late(result, timezone.localdate()),
            "report": report,
            "figures": remedy_forms.figures_of(result, report, samples, is_public=True),
            "list_url": reverse("oversight:open-remedies"),
            "check_url": reverse("oversight:open-remedy-check", args=[result.pk]) if result.has_list else "",
        },
    )


class OwnNumberForm(forms.Form):
    """The phone that is looked for."""

    use_required_attribute = False
    phone = Phone(
        label=gettext_lazy("您的手机号"),
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": gettext_lazy("请填11位手机号")},
    )


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Whether the own number is on the list: the number, a code to it, the answer. Nobody asks about another's."""
    result, now = _remedy_or_404(pk, Campaign.Publicity.PUBLISHED), timezone.now()
    if result.listed_at is None:
        raise Http404
    asking = request.session.get(ASKING)
    contact = Contact("sms", asking[1]) if asking and asking[0] == pk else None
    if contact is not None and ("sent" in request.GET or "code" in request.POST or "send" in request.POST):
        return _by_code(request, result, contact, now=now)
    form = OwnNumberForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid() and result.has_list:
        number = form.cleaned_data["phone"]
        refusal = send(request, Contact("sms", number), SignInCode.Purpose.STEP, now=now)
        if not refusal:
            request.session[ASKING] = [pk, number]
            request.session.pop(ANSWERED, None)
            return redirect(f"{request.path}?sent=1")
        status = 429
        form.add_error("phone", refusal)
    answered = request.session.get(ANSWERED)
    answer = answered[1] if answered and answered[0] == pk else ""
    return render(
        request,
        "open/remedy_check.html",
        {
            "remedy": result,
            "about": remedy_forms.about_of(result),
            "form": form,
            "answer": answer,
            "is_listed": answer in (RemedyCheck.Answer.LISTED, RemedyCheck.Answer.REMEDIED),
            "is_remedied": answer == RemedyCheck.Answer.REMEDIED,
            "without_phone": (result.listed or 0) - (result.listed_phones or 0),
            "back": reverse("oversight:open-remedy", args=[pk]),
        },
        status=status,
    )


def _by_code(request: HttpRequest, result: Remedy, contact: Contact, *, now: Any) -> HttpResponseBase:
    here = reverse("oversight:open-remedy-check", args=[result.pk])

    def proved() -> str:
        request.session.pop(ASKING, None)
        try:
            request.session[ANSWERED] = [result.pk, affected.ask(result, contact.address, now=now)]
        except ReductionRefusal:
            request.session.pop(ANSWERED, None)
        return here

    why = _("验证码对了，就告诉您这个号码在不在名单里。")
    title = _("查自己在不在名单里")
    return asked_for_code(request, contact, ("sent", "1"), proved, home=here, home_text=title, why=why, now=now)
