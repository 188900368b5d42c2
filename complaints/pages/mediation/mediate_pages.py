"""What the body to which a mediation was handed may do by its link: one page a step.

It plans and records sessions, suggests and reports; an agreement and the end of a mediation are the authority's.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from complaints.forms.agreement_form import SuggestionForm, promises_form, rearranged, suggestion_move
from complaints.handling.steps import mediation
from complaints.pages.authority.forms import SessionForm
from complaints.pages.mediation.mediate_forms import HeldSessionForm, ResultForm
from complaints.pages.shared.step_pages import StepPage, plain, table, verb
from complaints.reading.case import CasePage

PAGES: dict[str, StepPage[CasePage]] = table(
    StepPage(
        name="session",
        steps=("schedule_session",),
        title=gettext_lazy("约定调解会"),
        button=gettext_lazy("通知双方"),
        form=lambda page, data: SessionForm(data, now=page.now),
        build=verb("schedule_session", "at", "place", "mode"),
        explain=gettext_lazy("双方都会收到时间、地点和方式；再约一次，前一次就作废。"),
    ),
    StepPage(
        name="minutes",
        steps=("record_session",),
        title=gettext_lazy("记录一次调解"),
        button=gettext_lazy("记录"),
        form=lambda page, data: HeldSessionForm(data, now=page.now, planned=page.matters.get("session")),
        build=lambda form: mediation.record_session(
            at=form.cleaned_data["at"],
            place=form.cleaned_data["place"],
            mode=form.cleaned_data["mode"],
            minutes=form.cleaned_data["minutes"],
            present=tuple(form.cleaned_data["present"]),
            files=form.digests,
        ),
        explain=gettext_lazy("写进案件记录，双方和监管部门都看得到，不能修改。"),
    ),
    StepPage(
        name="suggestion",
        steps=("suggest_settlement",),
        title=gettext_lazy("提出调解方案"),
        button=gettext_lazy("提出方案"),
        form=lambda page, data: promises_form(
            SuggestionForm, data, suggested=page.matters.get("suggestion"), today=page.today
        ),
        redraw=lambda page, typed: rearranged(SuggestionForm, typed, today=page.today),
        build=suggestion_move,
        explain=gettext_lazy("双方都会收到通知，各自答复同意或者不同意。答复同意还不是协议；没有约束力。"),
    ),
    StepPage(
        name="result",
        steps=("report_mediation",),
        title=gettext_lazy("报告调解结果"),
        button=gettext_lazy("报告给监管部门"),
        form=plain(ResultForm),
        build=lambda form: mediation.report_mediation(
            result=form.cleaned_data["result"], text=form.cleaned_data["text"], files=form.digests
        ),
        explain=gettext_lazy("报告之后，由监管部门记录协议或者决定终止调解；在那之前可以再报告一次，以新的为准。"),
    ),
)
