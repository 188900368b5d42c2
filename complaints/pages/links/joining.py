"""/cases/join/: somebody whom another one named reads what it is about, proves the phone, and says yes or no.

The token leaves the address bar at once, into the session; a link that leads nowhere looks the same,
whether it is unknown, over or was answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import KEY_FIELD, once
from accounts.masking import masked_name
from accounts.models import SignInCode, User
from accounts.sign_in.codes import asker_of, check_code, flow_of, send_code
from accounts.sign_in.contacts import may_sign_in_by_code, user_for
from accounts.sign_in.entering import enter
from accounts.sign_in.limits import TooManyTries
from accounts.views.sign_in import too_many_codes
from complaints.filing.screens import demands_screen
from complaints.handling import StepNotAllowed
from complaints.links import joining
from complaints.models import Complaint, Participant
from complaints.pages.links.join_forms import JoinForm
from complaints.procedure.filing_request import AGENT
from complaints.reading.case import case_url
from complaints.reading.case_people import demand_text, respondent_of
from enterprises.models import Enterprise
from web.templatetags.portal import control_id

TOKEN = "join_token"  # noqa: S105 - the name of a place in the session


@never_cache
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """/cases/join/<token>/: nothing but the way to the page without it."""
    request.session[TOKEN] = token[: joining.LONGEST_TOKEN]
    return redirect("complaints:join")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponseBase:
    """/cases/join/: what it is about, who asks, and the answer."""
    now = timezone.now()
    row = joining.of_token(request.session.get(TOKEN, ""), now=now)
    if row is None:
        return render(request, "consumer/join_over.html", status=404)
    case = joining.case_of(row)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        today=timezone.localdate(now),
        kind=row.kind,
        category=case.object_category,
        enterprise_name=_receiver(case),
    )
    if request.method != "POST":
        return _show(request, row, case, form)
    if "send" in request.POST:
        return _send_code(request, row, case, form, now=now)
    if not form.is_valid():
        return _show(request, row, case, form, status=422)
    return _answer(request, row, case, form, now=now)


def _receiver(case: Complaint) -> str:
    """Who gets to know of it; empty where the authority handles it itself."""
    entity = case.enterprise or case.picked_enterprise
    return str(entity) if entity and entity.enrolment == Enterprise.Enrolment.ENROLLED else ""


def _send_code(
    request: HttpRequest, row: Participant, case: Complaint, form: JoinForm, *, now: datetime
) -> HttpResponseBase:
    contact = joining.contact_of(row)
    assert contact is not None  # noqa: S101 - a link goes to a phone
    try:
        send_code(
            contact=contact,
            purpose=SignInCode.Purpose.STEP,
            asker=asker_of(request, now=now),
            language=get_language() or settings.LANGUAGE_CODE,
            now=now,
        )
    except TooManyTries as wait:
        form.only("code")
        form.add_error("code", too_many_codes(wait.until))
        return _show(request, row, case, form, status=wait.told(request))
    form.errors.clear()
    return _show(request, row, case, form, is_sent=True)


def _answer(
    request: HttpRequest, row: Participant, case: Complaint, form: JoinForm, *, now: datetime
) -> HttpResponseBase:
    """The code makes the person; the step is that person's."""
    contact = joining.contact_of(row)
    if contact is None or not check_code(
        contact=contact,
        purpose=SignInCode.Purpose.STEP,
        flow=flow_of(request),
        code=form.cleaned_data["code"],
        form_key=request.POST.get(KEY_FIELD, ""),
        now=now,
    ):
        form.add_error("code", _("验证码不对或已过期，请重新获取；已填内容还在"))
        return _show(request, row, case, form, status=422)
    user = user_for(contact, name=row.name, language=get_language() or settings.LANGUAGE_CODE)
    try:
        with once(request, actor=f"participant:{row.pk}") as attempt:
            if not attempt.answered:
                joining.answer(row, user, form.moves(), now=now)
                attempt.reference = case_url(case) if form.is_yes else reverse("home")
    except StepNotAllowed as refusal:
        form.add_error(None, refusal.reason)
        return _show(request, row, case, form, status=409)
    request.session.pop(TOKEN, None)
    if may_sign_in_by_code(user):
        enter(request, user, now=now, how="code")
    messages.success(
        request, _("已记下：您参加这件投诉。") if form.is_yes else _("已记下：您不参加。"), extra_tags="ok"
    )
    return redirect(attempt.reference)


def _show(
    request: HttpRequest, row: Participant, case: Complaint, form: JoinForm, *, status: int = 200, is_sent: bool = False
) -> HttpResponse:
    contact = joining.contact_of(row)
    errors = (
        []
        if is_sent
        else [
            {
                "target": "main" if name not in form.fields else control_id(form[name]),
                "label": "" if name not in form.fields else str(form[name].label).rstrip("？?。"),
                "text": str(text),
            }
            for name, found in form.errors.items()
            for text in found
        ]
    )
    elected = [one for one in case.participants.all() if one.is_representative]
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "row": row,
        "case": case,
        "is_sent": is_sent,
        "is_principal": row.kind == Participant.PRINCIPAL,
        "filer": masked_name(joining.filer_of(case)),
        "respondent": respondent_of(case) or _("由监管部门确定"),
        "until": case.represented_until,
        "demands": [demand_text(demand) for demand in case.demands.all() if demand.party is None],
        "elected": [one.name if one.pk == row.pk else masked_name(one.name) for one in elected],
        "masked": contact.masked if contact else "",
        "may_settle": case.facts.get("may_settle"),
        "is_agent": case.on_behalf_kind == AGENT,
        "is_known": isinstance(request.user, User),
    }
    if row.kind == Participant.JOINT:
        context |= demands_screen(form)
    return render(request, "consumer/join.html", context, status=status)
