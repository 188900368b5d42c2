"""/authority/cases/<ref>/suggestion/ and agreement/: what the mediator suggests, and what both agreed to, with
promises.

The one rule: adding a row and taking one away are submits like any other, so that the pages
work without a script and keep what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording as labels
from complaints.desks.authority_desk import Desk, officer_page
from complaints.desks.authority_setting import Setting, refuse_unless_open, setting_of
from complaints.forms.enterprise_offer_form import MOST_ROWS, count_of, without_row
from complaints.handling import Move, Promise
from complaints.handling.steps import mediation, suggesting
from complaints.models import Matter
from complaints.pages.mediation.agreement_form import AgreementForm, SuggestionForm
from complaints.reading.case import page_of
from complaints.reading.case_form import take_step
from complaints.reading.mediation_facts import desk_url


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One of the two: the same words and promises, another step."""

    step: str
    form: type[SuggestionForm]
    effect: Any
    move: Callable[[Any], Move]


_SUGGESTION = _Page(
    step="suggest_settlement",
    form=SuggestionForm,
    effect=gettext_lazy("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
    move=lambda form: suggesting.suggest_settlement(text=form.cleaned_data["message"], promises=form.promises()),
)
_AGREEMENT = _Page(
    step="record_agreement",
    form=AgreementForm,
    effect=gettext_lazy("双方签字的协议。约定的事项逐项到期；没有要做的事时，案件就此办结。"),
    move=lambda form: mediation.record_agreement(
        promises=form.promises(),
        text=form.cleaned_data["message"],
        without_document=form.cleaned_data["without_document"],
    ),
)


@officer_page("GET", "POST")
def suggestion(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    return _page(request, desk, number, _SUGGESTION)


@officer_page("GET", "POST")
def agreement(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    return _page(request, desk, number, _AGREEMENT)


def _page(request: HttpRequest, desk: Desk, number: str, page: _Page) -> HttpResponseBase:
    setting = setting_of(desk, number, request.GET)
    if request.method != "POST":
        refuse_unless_open([page.step], setting)
        return _show(
            request, setting, page, _form(setting, page, first_values(setting.around.matters.get("suggestion")))
        )
    typed = request.POST.dict()
    if "add" in typed or "remove" in typed:
        return _show(request, setting, page, _form(setting, page, rearranged(typed)))
    form = page.form(request.POST, count=count_of(typed), today=desk.today)

    def moves() -> Sequence[Move] | None:
        refuse_unless_open([page.step], setting)
        return [page.move(form)] if form.is_valid() else None

    done = take_step(request, setting.found, moves, form=form, now=desk.now, to=desk_url(setting.found.complaint))
    if not done.address:
        return _show(request, setting, page, form, status=422)
    if done.is_new:
        messages.success(request, labels.label(page.step, kind="step"), extra_tags="ok")
    return redirect(done.address)


def first_values(suggested: Matter | None) -> dict[str, Any]:
    """What was suggested last, as the first words of what comes next."""
    if suggested is None:
        return {"rows": 1}
    promises = suggesting.promises_of(suggested)
    values: dict[str, Any] = {"rows": len(promises), "message": suggested.data.get("text", "")}
    for place, promise in enumerate(promises, start=1):
        values |= {f"promise-{place}-{name}": value for name, value in _typed(promise).items()}
    return values


def _typed(promise: Promise) -> dict[str, Any]:
    return {
        "kind": promise.kind,
        "what": promise.what,
        "amount": promise.amount,
        "due_on": promise.due_on,
        "owed_by": promise.owed_by,
        "last4": promise.payee_last4,
        "proof": promise.proof,
        "after": str(promise.after or ""),
        "days_after": promise.days_after,
    }


def _form(setting: Setting, page: _Page, initial: dict[str, Any]) -> SuggestionForm:
    return page.form(count=count_of(initial), today=setting.desk.today, initial=initial)


def rearranged(typed: dict[str, Any]) -> dict[str, Any]:
    """One row more, or one less; nothing is judged yet and nothing is lost."""
    if "add" in typed:
        return typed | {"rows": str(min(count_of(typed) + 1, MOST_ROWS))}
    gone = typed["remove"]
    return without_row(typed, int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 4 else 0)


def _show(
    request: HttpRequest, setting: Setting, page: _Page, form: SuggestionForm, *, status: int = 200
) -> HttpResponseBase:
    case = setting.found.complaint
    suggested = setting.around.matters.get("suggestion")
    return render(
        request,
        "authority/agreement.html",
        {
            "case": case,
            "page": page_of(setting.found, now=setting.desk.now),
            "form": form,
            "title": labels.action(page.step),
            "back": desk_url(case),
            "button": labels.action(page.step),
            "effect": page.effect,
            "is_agreement": page is _AGREEMENT,
            "is_agreed": page is _AGREEMENT and suggested is not None and suggesting.is_agreed(suggested),
            "is_prefilled": suggested is not None and request.method != "POST",
            "back_text": _("调解台"),
        },
        status=status,
    )
