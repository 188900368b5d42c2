"""Forwarding by a person: to a suggested or another enterprise, or first ask the consumer.

The one rule: one address takes the choice of the triage page and of its own form alike, and who
does not take the first suggestion says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording as labels
from complaints.desks.authority_desk import Desk, officer_page
from complaints.desks.authority_setting import Setting, refuse_unless_open, setting_of
from complaints.handling import Move
from complaints.handling.steps import authority
from complaints.pages.authority.triage.targets import Target, because_of, choices_of, first_of, looked_up, ranking
from complaints.pages.authority.triage.triage_forms import TargetForm
from complaints.procedure.workflow import Status
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step

_EFFECTS = {
    "forward": gettext_lazy("监督企业先与消费者和解。送达即起算10个工作日；本机关的审查期限暂停。"),
    "ask_consent": gettext_lazy("消费者点一下就能答复，2个工作日。不同意或者不答复的，由监管部门处理。"),
}


@officer_page("GET", "POST")
def forward(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/authority/cases/<ref>/forward/"""
    return _choose(request, desk, number, "forward")


@officer_page("GET", "POST")
def ask_consent(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/authority/cases/<ref>/ask-consent/"""
    return _choose(request, desk, number, "ask_consent")


def _choose(request: HttpRequest, desk: Desk, number: str, step: str) -> HttpResponseBase:
    setting = setting_of(desk, number, request.GET)
    said = request.POST if request.method == "POST" else request.GET
    conditions = desk.conditions
    ranked = ranking(setting.found.complaint, desk, conditions=conditions)
    targets = [target for target in ranked if target.authority_id is None] + looked_up(
        setting.found.complaint, said.get("q", "")[:80], desk, conditions=conditions, besides=ranked
    )
    first = first_of(ranked) if step == "forward" and setting.found.complaint.status == Status.TRIAGE else ""
    if request.method != "POST" or "find" in request.POST:
        refuse_unless_open([step], setting)
        typed = {name: said.get(name, "") for name in ("q", "target", "why", "note")}
        form = TargetForm(targets=choices_of(targets), first=first, initial=typed)
        return _show(request, setting, step, form, targets)
    form = TargetForm(request.POST, targets=choices_of(targets), first=first)
    case = setting.found.complaint
    was_triage = case.status == Status.TRIAGE
    to = reverse("complaints:authority-triage") if was_triage and step == "forward" else case_url(case, AUTHORITY)

    def moves() -> Sequence[Move] | None:
        refuse_unless_open([step], setting)
        return [_move(step, form, ranked)] if form.is_valid() else None

    done = take_step(request, setting.found, moves, form=form, to=to, now=desk.now)
    if not done.address:
        return _show(request, setting, step, form, targets, status=422)
    if done.is_new:
        messages.success(
            request,
            _("%(number)s：%(step)s") % {"number": case.number, "step": labels.label(step, kind="step")},
            extra_tags="ok",
        )
    return redirect(done.address)


def _move(step: str, form: TargetForm, ranked: list[Target]) -> Move:
    enterprise_id, branch_id = form.picked
    if step == "ask_consent":
        return authority.ask_consent(enterprise_id=enterprise_id)
    said = form.cleaned_data
    rank = next((target.rank for target in ranked if target.value == said["target"]), 0)
    because = because_of(said["target"], form.first, rank=rank, note=said.get("note", ""), why=said.get("why", ""))
    return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)


def _show(
    request: HttpRequest, setting: Setting, step: str, form: TargetForm, targets: list[Target], *, status: int = 200
) -> HttpResponseBase:
    case = setting.found.complaint
    shown: dict[str, Any] = {
        "case": case,
        "page": page_of(setting.found, now=setting.desk.now),
        "form": form,
        "title": labels.action(step),
        "effect": _EFFECTS[step],
        "back": case_url(case, AUTHORITY),
        "button": labels.action(step),
        "targets": targets,
        "nothing_found": bool(form["q"].value()) and not any(t.rank == 0 for t in targets),
        "other": "ask_consent" if step == "forward" and "ask_consent" in setting.may else "",
    }
    return render(request, "authority/forward.html", shown, status=status)
