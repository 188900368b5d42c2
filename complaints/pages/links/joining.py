"""/cases/join/: somebody whom another one named reads what it is about, proves the phone, and says yes or no.

The token leaves the address bar with one button, into the session; a link that leads nowhere looks the same, whether it
is unknown, over or was answered. Nothing is preset, and who says no is asked nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import once
from accounts.masking import masked_name
from accounts.models import SignInCode
from accounts.sign_in.codes import Use
from accounts.sign_in.contacts import may_sign_in_by_code, parse_contact, user_for
from accounts.sign_in.entering import enter
from accounts.views.links import link_page
from accounts.views.sign_in import WRONG_CODE, is_right, send
from complaints.filing.demands import DemandsStep
from complaints.filing.people import consent_fields
from complaints.filing.screens import demands_screen
from complaints.forms.fields import set_choices
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import parties
from complaints.links import joining
from complaints.models import Complaint, Participant
from complaints.pages.filing.filing_check import errors_of
from complaints.procedure import categories
from complaints.procedure.typed_values import Choice
from complaints.reading.case import case_url
from complaints.reading.case_people import demand_text, respondent_of
from enterprises.models import Enterprise
from web.incoming import posted

TOKEN = "join_token"  # noqa: S105 - the name of a place in the session


def over(request: HttpRequest) -> HttpResponse:
    return render(request, "consumer/join_over.html", status=404)


open_link = link_page(joining.of_token, kept=TOKEN, page="complaints:join", over=over)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponseBase:
    """/cases/join/: what it is about, who asks, and the answer."""
    now = timezone.now()
    row = joining.of_token(request.session.get(TOKEN, ""), now=now)
    if row is None:
        return over(request)
    case = joining.case_of(row)
    form = JoinForm(
        posted(request),
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
    contact = parse_contact(row.phone)
    assert contact is not None  # noqa: S101 - a link goes to a phone
    refusal = send(request, contact, SignInCode.Purpose.STEP, now=now)
    if refusal:
        form.only("code")
        form.add_error("code", refusal)
        return _show(request, row, case, form, status=429)
    form.errors.clear()
    return _show(request, row, case, form, is_sent=True)


def _answer(
    request: HttpRequest, row: Participant, case: Complaint, form: JoinForm, *, now: datetime
) -> HttpResponseBase:
    """The code makes the person; the step is that person's."""
    contact = parse_contact(row.phone)
    use = contact and is_right(request, contact, SignInCode.Purpose.STEP, form.cleaned_data["code"], now=now)
    if contact is None or not use:
        form.add_error("code", WRONG_CODE)
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
    if use is Use.RIGHT and may_sign_in_by_code(user):
        enter(request, user, now=now, how="code")
    text = _("已记下：您参加这件投诉。") if form.is_yes else _("已记下：您不参加。")
    messages.success(request, text, extra_tags="ok")
    return redirect(attempt.reference)


def _show(
    request: HttpRequest, row: Participant, case: Complaint, form: JoinForm, *, status: int = 200, is_sent: bool = False
) -> HttpResponse:
    contact = parse_contact(row.phone)
    elected = [one for one in case.participants.all() if one.is_representative]
    context: dict[str, Any] = {
        "form": form,
        "errors": [] if is_sent else errors_of(form),
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
    }
    if row.kind == Participant.JOINT:
        context |= demands_screen(form)
    return render(request, "consumer/join.html", context, status=status)


YES, NO = "join", "decline"


class JoinForm(DemandsStep):
    """``kind``: Participant.JOINT or PRINCIPAL. ``enterprise_name``: who receives it, as the consents name it."""

    answer = Choice(
        label=_("您参加吗？"),
        widget=forms.RadioSelect,
        choices=((YES, _("参加")), (NO, _("不参加"))),
        error_messages={"required": _("请选择参加或不参加"), "invalid_choice": _("请选择参加或不参加")},
    )
    code = forms.CharField(
        label=_("验证码"),
        max_length=20,
        error_messages={"required": _("请获取并填写验证码"), "max_length": _("验证码是6位数字")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "w-10"}),
    )

    def __init__(self, *arguments: Any, kind: str, enterprise_name: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kind = kind
        self.fields["demand"].required = False
        self.consents: list[str] = []
        if kind == Participant.PRINCIPAL:
            self.fields["answer"].label = _("是您委托的吗？")
            set_choices(self, "answer", [(YES, _("是，我委托了他")), (NO, _("不是，我没有委托"))])
            return
        asked = consent_fields(enterprise_name)
        self.fields |= asked
        self.consents = list(asked)

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.consents]

    @property
    def is_yes(self) -> bool:
        return bool(self.cleaned_data.get("answer") == YES)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("answer") == NO:
            for name in [name for name in self.errors if name not in ("answer", "code")]:
                del self.errors[name]
        return cleaned

    def moves(self) -> Sequence[Move]:
        cleaned = self.cleaned_data
        if not self.is_yes:
            return [parties.decline_to_join()]
        ticked = set(cleaned["demand"]) if self.kind == Participant.JOINT else set()
        wanted = [
            {
                "kind": kind.code,
                "amount": cleaned[f"amount_{kind.code}"] if kind.asks_amount else None,
                "note": cleaned["note"] if kind.code == "other" else "",
            }
            for kind in categories.DEMAND_KINDS
            if kind.code in ticked
        ]
        return [parties.join_case(consents={name: cleaned[name] for name in self.consents}, demands=wanted)]
