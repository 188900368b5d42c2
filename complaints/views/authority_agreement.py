"""/authority/cases/<ref>/agreement/: the agreement of a mediation with its promises.

The one rule: adding a row and taking one away are submits like any other, so that the page
works without a script and keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from complaints import labels
from complaints.authority_agreement_form import AgreementForm
from complaints.enterprise_offer_form import MOST_ROWS, count_of, without_row
from complaints.handling import Move, mediation
from complaints.views.authority_desk import Desk, officer_page
from complaints.views.authority_setting import Setting, refuse_unless_open, setting_of
from complaints.views.case import AUTHORITY, case_url, page_of
from complaints.views.case_form import take_step


@officer_page("GET", "POST")
def agreement(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    setting = setting_of(desk, number, request.GET)
    if request.method != "POST":
        refuse_unless_open(["record_agreement"], setting)
        return _show(request, setting, _form(setting, {"rows": 1}))
    typed = request.POST.dict()
    if "add" in typed or "remove" in typed:
        return _show(request, setting, _form(setting, _rearranged(typed)))
    form = AgreementForm(request.POST, count=count_of(typed), today=desk.today)

    def moves() -> Sequence[Move] | None:
        refuse_unless_open(["record_agreement"], setting)
        if not form.is_valid():
            return None
        return [mediation.record_agreement(promises=form.promises(), text=form.cleaned_data["message"],
                                           without_document=form.cleaned_data["without_document"])]

    done = take_step(request, setting.found, moves, form=form, now=desk.now,
                     to=case_url(setting.found.complaint, AUTHORITY))
    if not done.address:
        return _show(request, setting, form, status=422)
    if done.is_new:
        messages.success(request, labels.label("record_agreement", kind="step"), extra_tags="ok")
    return redirect(done.address)


def _form(setting: Setting, initial: dict[str, Any]) -> AgreementForm:
    return AgreementForm(count=count_of(initial), today=setting.desk.today, initial=initial)


def _rearranged(typed: dict[str, Any]) -> dict[str, Any]:
    """One row more, or one less; nothing is judged yet and nothing is lost."""
    if "add" in typed:
        return typed | {"rows": str(min(count_of(typed) + 1, MOST_ROWS))}
    gone = typed["remove"]
    return without_row(typed, int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 4 else 0)


def _show(request: HttpRequest, setting: Setting, form: AgreementForm, *, status: int = 200) -> HttpResponseBase:
    case = setting.found.complaint
    return render(request, "authority/agreement.html", {
        "case": case, "page": page_of(setting.found, now=setting.desk.now), "form": form, "title": labels.action("record_agreement"),
        "back": case_url(case, AUTHORITY), "button": labels.action("record_agreement"),
        "effect": _("双方签字的协议。约定的事项逐项到期；没有要做的事时，案件就此办结。"),
    }, status=status)
