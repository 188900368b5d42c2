"""/authority/cases/<ref>/suggestion/ and agreement/: what the mediator suggests, and what both agreed to, with
promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.desks.officer_case import OfficerCase
from complaints.forms.agreement_form import AgreementForm, SuggestionForm, promises_form, rearranged, suggestion_move
from complaints.handling import Move
from complaints.handling.steps import mediation
from complaints.pages.shared.step_pages import StepPage


def _page(
    name: str, step: str, kind: type[SuggestionForm], build: Callable[[Any], Move], explain: Any
) -> StepPage[OfficerCase]:
    """One of the two: the same words and promises, another step."""
    return StepPage(
        name=name,
        steps=(step,),
        form=lambda officer_case, data: promises_form(
            kind, data, suggested=officer_case.around.matters.get("suggestion"), today=officer_case.workspace.today
        ),
        redraw=lambda officer_case, typed: rearranged(kind, typed, today=officer_case.workspace.today),
        build=build,
        explain=explain,
        template="authority/agreement.html",
        more=_shown,
        thanks=lambda officer_case: wording.label(step, kind="step"),
    )


def _shown(officer_case: OfficerCase, form: SuggestionForm) -> dict[str, Any]:
    suggested = officer_case.around.matters.get("suggestion")
    is_agreement = isinstance(form, AgreementForm)
    return {
        "is_agreement": is_agreement,
        "is_agreed": is_agreement and suggested is not None and mediation.is_agreed(suggested),
        "is_prefilled": form.is_prefilled,
        "back_text": _("调解台"),
    }


def _agreed(form: AgreementForm) -> Move:
    return mediation.record_agreement(
        promises=form.promises(),
        text=form.cleaned_data["message"],
        without_document=form.cleaned_data["without_document"],
    )


PAGES = (
    _page(
        "suggestion",
        "suggest_settlement",
        SuggestionForm,
        suggestion_move,
        gettext_lazy("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
    ),
    _page(
        "agreement",
        "record_agreement",
        AgreementForm,
        _agreed,
        gettext_lazy("双方签字的协议。约定的事项逐项到期；没有要做的事时，案件就此办结。"),
    ),
)
