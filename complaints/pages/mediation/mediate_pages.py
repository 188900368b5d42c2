"""What the body to which a mediation was handed may do by its link: one form a step.

The one rule: it plans and records sessions, suggests and reports; an agreement and the end of a mediation are the
authority's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from complaints.forms.enterprise_offer_form import count_of
from complaints.forms.fields import StepForm
from complaints.handling import Move
from complaints.handling.steps import mediation, suggesting
from complaints.models import Matter
from complaints.pages.authority.forms import SessionForm
from complaints.pages.mediation.agreement_form import SuggestionForm
from complaints.pages.mediation.mediate_forms import HeldSessionForm, ResultForm
from complaints.parties.conditions import current_calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: what it asks, what follows, the form and the move. ``has_rows``: promises, one row more or less at a
    time.
    """

    name: str
    step: str
    title: Any
    button: Any
    effect: Any
    form: Callable[[Mapping[str, Matter], Any, Any, datetime], StepForm]
    move: Callable[[Any], Move]
    has_rows: bool = False


def _suggestion_form(matters: Mapping[str, Matter], data: Any, files: Any, now: datetime) -> StepForm:
    return SuggestionForm(
        data, count=1 if data is None else count_of(data.dict()), today=current_calendar().local_day(now)
    )


PAGES: dict[str, Page] = {
    page.name: page
    for page in (
        Page(
            name="session",
            step="schedule_session",
            title=gettext_lazy("约定调解会"),
            button=gettext_lazy("通知双方"),
            effect=gettext_lazy("双方都会收到时间、地点和方式；再约一次，前一次就作废。"),
            form=lambda matters, data, files, now: SessionForm(data, now=now),
            move=lambda form: mediation.schedule_session(
                at=form.cleaned_data["at"], place=form.cleaned_data["place"], mode=form.cleaned_data["mode"]
            ),
        ),
        Page(
            name="minutes",
            step="record_session",
            title=gettext_lazy("记录一次调解"),
            button=gettext_lazy("记录"),
            effect=gettext_lazy("写进案件记录，双方和监管部门都看得到，不能修改。"),
            form=lambda matters, data, files, now: HeldSessionForm(
                data, files, now=now, planned=matters.get("session")
            ),
            move=lambda form: mediation.record_session(
                at=form.cleaned_data["at"],
                place=form.cleaned_data["place"],
                mode=form.cleaned_data["mode"],
                minutes=form.cleaned_data["minutes"],
                present=tuple(form.cleaned_data["present"]),
                files=form.digests,
            ),
        ),
        Page(
            name="suggestion",
            step="suggest_settlement",
            title=gettext_lazy("提出调解方案"),
            button=gettext_lazy("提出方案"),
            effect=gettext_lazy("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
            form=_suggestion_form,
            has_rows=True,
            move=lambda form: suggesting.suggest_settlement(
                text=form.cleaned_data["message"], promises=form.promises()
            ),
        ),
        Page(
            name="result",
            step="report_mediation",
            title=gettext_lazy("报告调解结果"),
            button=gettext_lazy("报告给监管部门"),
            effect=gettext_lazy("报告之后，由监管部门记录协议或者决定终止调解；在那之前可以再报告一次，以新的为准。"),
            form=lambda matters, data, files, now: ResultForm(data, files),
            move=lambda form: mediation.report_mediation(
                result=form.cleaned_data["result"], text=form.cleaned_data["text"], files=form.digests
            ),
        ),
    )
}
