"""Forwarding by a person: to a suggested or another enterprise, or first ask the consumer.

One address takes the choice of the triage page and of its own form alike; who does not take the first suggestion says
why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from complaints.desks.officer_case import OfficerCase, refuse_unless_open
from complaints.handling import Move
from complaints.handling.steps import authority
from complaints.pages.authority.triage.targets import because_of, choices_of, first_of, looked_up, ranking
from complaints.pages.authority.triage.triage_forms import TargetForm
from complaints.pages.shared.step_pages import Data, StepPage
from complaints.procedure.workflow import Status


def _form(officer_case: OfficerCase, step: str, typed: Mapping[str, Any], data: Data = None) -> TargetForm:
    """What routing suggested, and what was looked up."""
    case, conditions = officer_case.found.complaint, officer_case.workspace.conditions
    ranked = ranking(case, officer_case.workspace, conditions=conditions)
    targets = [target for target in ranked if target.authority_id is None] + looked_up(
        case, typed.get("q", "")[:80], officer_case.workspace, conditions=conditions, besides=ranked
    )
    first = first_of(ranked) if step == "forward" and case.status == Status.TRIAGE else ""
    initial = {name: typed.get(name, "") for name in ("q", "target", "why", "note")} if data is None else None
    return TargetForm(data, targets=choices_of(targets), found=targets, first=first, initial=initial)


def _found(officer_case: OfficerCase, step: str, typed: Mapping[str, Any]) -> TargetForm | None:
    if "find" not in typed:
        return None
    refuse_unless_open([step], officer_case)
    return _form(officer_case, step, typed)


def _forward(form: TargetForm) -> Move:
    enterprise_id, branch_id = form.picked
    said = form.cleaned_data
    rank = next((target.rank for target in form.found if target.value == said["target"]), 0)
    because = because_of(said["target"], form.first, rank=rank, note=said.get("note", ""), why=said.get("why", ""))
    return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)


def _shown(officer_case: OfficerCase, form: TargetForm) -> dict[str, Any]:
    return {
        "targets": form.found,
        "nothing_found": bool(form["q"].value()) and not any(t.rank == 0 for t in form.found),
    }


PAGES: tuple[StepPage[OfficerCase], ...] = (
    StepPage(
        name="forward",
        steps=("forward",),
        form=lambda officer_case, data: _form(officer_case, "forward", _typed(officer_case, data), data),
        redraw=lambda officer_case, typed: _found(officer_case, "forward", typed),
        build=_forward,
        explain=gettext_lazy("监督企业先与消费者和解。送达即起算%(negotiation)s；本机关的审查期限暂停。"),
        template="authority/forward.html",
        more=lambda officer_case, form: {
            **_shown(officer_case, form),
            "other": "ask_consent" if "ask_consent" in officer_case.may else "",
        },
    ),
    StepPage(
        name="ask-consent",
        steps=("ask_consent",),
        form=lambda officer_case, data: _form(officer_case, "ask_consent", _typed(officer_case, data), data),
        redraw=lambda officer_case, typed: _found(officer_case, "ask_consent", typed),
        build=lambda form: authority.ask_consent(enterprise_id=form.picked[0]),
        explain=gettext_lazy("消费者点一下就能答复，%(consent)s内。不同意或者不答复的，由监管部门处理。"),
        template="authority/forward.html",
        more=_shown,
    ),
)


def _typed(officer_case: OfficerCase, data: Data) -> QueryDict:
    return officer_case.query if data is None else data
