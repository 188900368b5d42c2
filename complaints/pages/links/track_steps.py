"""Acting on a case by its token: say more with evidence; decide, after a code to the phone of the case.

Whoever holds the token and the phone of the case is taken for the consumer, for this case only and for
half an hour; the record shows that it came this way (channel "tracking").
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.display import safe_next
from accounts.idempotency import KEY_FIELD
from accounts.models import SignInCode, User
from accounts.security_log import note
from accounts.sign_in.codes import asker_of, check_code, flow_of, send_code
from accounts.sign_in.contacts import Contact, parse_contact
from accounts.sign_in.limits import TooManyTries, client_address
from accounts.views.sign_in import CodeForm, too_many_codes
from complaints.links.opening import KEPT_IN_SESSION, OPEN_FOR, proven
from complaints.models import Complaint, PersonalText
from complaints.pages.consumer.pages import PAGES as CONSUMERS
from complaints.pages.consumer.views import step_of
from complaints.pages.links.track import STEPS, station_of, unlisted
from complaints.parties import actors
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Audience
from complaints.reading.case import CONSUMER, TRACKING, CaseAccess
from web.errors import answer, kept_text

#: The consumer's pages that a token opens; what decides asks for a code as well.
PAGES = {name: CONSUMERS[name] for name, _step, _words in STEPS}


@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, name: str, offer: int | None = None) -> HttpResponseBase:
    """One step of the consumer, on the pages that the consumer's own account has."""
    now = timezone.now()
    case = proven(request, number, now=now)
    if case is None:
        return first_confirm(request, reverse("complaints:track"))
    if name not in PAGES or case.consumer is None:
        raise Http404
    if PAGES[name].decides and not _has_phone(request, number, now=now):
        query = urlencode({"next": request.path})
        return first_confirm(request, f"{reverse('complaints:tracked-code', args=[number])}?{query}")
    actor = actors.consumer(case.consumer, channel=TRACKING)
    if (here := station_of(request, now=now)) is not None:
        # The consumer stands at the desk with the receipt; the record names who wrote it down.
        if here.enterprise_id is not None and here.enterprise_id in (case.enterprise_id, case.picked_enterprise_id):
            raise StepNotAllowed(
                "respondents_station",
                _("本站设在被投诉企业的场所，不能代为记录。请消费者用自己的手机办理，或者拨打12315。"),
            )
        actor = replace(
            actor,
            recorded_by=actors.clerk(cast(User, request.user), here),
            recording={"how": "station", "proof": here.code},
        )
    found = CaseAccess(complaint=case, side=CONSUMER, viewer=actor, actor=actor)
    return step_of(request, found, name, offer, now=now)


def first_confirm(request: HttpRequest, address: str) -> HttpResponse:
    """To the page that must come first; what was sent is shown again, so that it is not lost."""
    kept = kept_text(request)
    if not kept:
        return redirect(address)
    return answer(
        request,
        "accounts/confirm_first.html",
        status=403,
        title="Confirm first",
        detail=_("请先再次确认是您本人，然后重新提交。"),
        kept=kept,
        confirm=address,
    )


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
    target = safe_next(request, request.POST.get("next", "") or request.GET.get("next", ""), otherwise=home)
    contact = _phone_of(case)
    if contact is None:
        raise Http404
    form, status = CodeForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST" and "send" in request.POST:
        try:
            send_code(
                contact=contact,
                purpose=SignInCode.Purpose.STEP,
                asker=asker_of(request, now=now),
                language=get_language() or settings.LANGUAGE_CODE,
                now=now,
            )
        except TooManyTries as wait:
            status = wait.told(request)
            form.add_error("code", too_many_codes(wait.until))
        else:
            return redirect(f"{request.path}?{urlencode({'next': target, 'sent': '1'})}")
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            if _is_right(request, contact, form.cleaned_data["code"], now=now):
                request.session[KEPT_IN_SESSION] = {
                    **request.session[KEPT_IN_SESSION],
                    "phone_until": (now + OPEN_FOR).isoformat(),
                }
                request.session.cycle_key()
                note("tracking_code", now=now, user=case.consumer, subject=case.number, address=client_address(request))
                return redirect(target)
            form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
    return render(
        request,
        "public/step_code.html",
        {
            "form": form,
            "carried": ("next", target),
            "home": home,
            "why": _("这一步算您的决定，所以再用这件投诉里的手机收一个验证码。30分钟内只需一次。"),
            "masked": contact.masked,
            "is_sent": "sent" in request.GET or status == 422,
        },
        status=status,
    )


def _is_right(request: HttpRequest, contact: Contact, typed: str, *, now: datetime) -> bool:
    return check_code(
        contact=contact,
        purpose=SignInCode.Purpose.STEP,
        code=typed,
        flow=flow_of(request),
        form_key=request.POST.get(KEY_FIELD, ""),
        now=now,
    )


def _has_phone(request: HttpRequest, number: str, *, now: datetime) -> bool:
    kept: dict[str, Any] = request.session.get(KEPT_IN_SESSION) or {}
    until = parse_datetime(kept.get("phone_until", ""))
    return kept.get("number") == number and until is not None and now < until


def _phone_of(case: Complaint) -> Contact | None:
    """The phone that stands in the case, else its mailbox."""
    rows = PersonalText.objects.filter(
        complaint=case, audience=Audience.PARTIES, kind__in=("consumer_phone", "consumer_email")
    )
    texts = {row.kind: row.text for row in rows}
    found = [parse_contact(texts.get(kind, "")) for kind in ("consumer_phone", "consumer_email")]
    return next((contact for contact in found if contact is not None), None)
