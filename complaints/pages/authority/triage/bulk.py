"""Distributing many cases at once: all to one target, or each to its own first suggestion, with what came of it for
each.

Every case is judged for itself, in one transaction and one flush; what was refused says why and hinders
none of the others. What came back twice is for a person to decide and goes in no batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from complaints import handling
from complaints.desks.authority_workspace import Workspace
from complaints.desks.bulk_run import BulkRun
from complaints.forms.fields import CHOOSE, Choices, StepForm, Words, set_choices
from complaints.handling import Move
from complaints.handling.steps import authority
from complaints.models import Complaint
from complaints.pages.authority.triage.targets import (
    Target,
    because_of,
    first_of,
    latest_decisions,
    ranked,
    suggested_each,
)
from complaints.pages.authority.triage.triage_forms import ask_why, read_target, why_choices
from complaints.parties.actors import Actor, stands_to
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.wording import label

#: So many cases at once.
MOST = 500
#: Each to its own first suggestion.
OWN = "own"
NOT_HERE = gettext_lazy("没有这件投诉，或者它不在您的辖区。")
NOT_YOURS = gettext_lazy("这件投诉不由您的机关分送。")
BY_HAND = gettext_lazy("已被退回两次，须人工决定，请打开逐件分送。")
NO_TARGET = gettext_lazy("没有建议的去处，请打开逐件分送。")


class BatchForm(StepForm):
    """Which cases of the list, and where to; ``all`` means the whole list, up to MOST."""

    case = forms.MultipleChoiceField(label=gettext_lazy("案件"), required=False)
    all = forms.BooleanField(label=gettext_lazy("整个列表（最多500件）"), required=False)
    target = forms.ChoiceField(
        label=gettext_lazy("送给谁"), error_messages={"required": CHOOSE, "invalid_choice": CHOOSE}
    )
    why = forms.ChoiceField(
        label=gettext_lazy("不是第一个建议的，为什么"), required=False, error_messages={"invalid_choice": CHOOSE}
    )
    note = Words(label=gettext_lazy("补充一句"), required=False, rows=1, longest=500)

    def __init__(self, data: Any = None, *, targets: Choices) -> None:
        super().__init__(data, auto_id="batch_%s")
        self.numbers: list[str] = list(dict.fromkeys(data.getlist("case") if data else []))
        self.fields["case"].choices = [(number, "") for number in self.numbers]  # type: ignore[attr-defined]
        set_choices(self, "target", [(OWN, str(_("各自的第一个建议"))), *targets])
        set_choices(self, "why", why_choices())

    @property
    def is_for_all(self) -> bool:
        return bool(self.cleaned_data.get("all"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("all") and not self.numbers:
            self.add_error("case", _("请先选中要分送的案件。"))
        if len(self.numbers) > MOST:
            self.add_error("case", _("一次最多分送500件。"))
        return said


def targets_of(suggestions: Mapping[int, Sequence[Target]]) -> Choices:
    """What the cases of a page may go to, each once, the most wanted first."""
    wanted: dict[str, tuple[int, str]] = {}
    for targets in suggestions.values():
        for target in targets:
            if target.authority_id is not None or target.is_enrolled:
                wanted[target.value] = (wanted.get(target.value, (0, ""))[0] + (target.rank == 1), target.name)
    return [(value, name) for value, (_n, name) in sorted(wanted.items(), key=lambda item: (-item[1][0], item[0]))]


def ranked_each(cases: Sequence[Complaint], workspace: Workspace, *, conditions: Conditions) -> dict[int, list[Target]]:
    """The ranked targets of each case, as many queries as for one."""
    decisions = latest_decisions(cases)
    enterprises = suggested_each(decisions, cases, conditions=conditions)
    return {case.pk: ranked(case, enterprises[case.pk], workspace, conditions=conditions) for case in cases}


def carry_out(form: BatchForm, waiting: Any, workspace: Workspace) -> BulkRun | None:
    """Distribute those of ``form`` (of the list ``waiting`` where all of it is meant); None when the form lacks a
    reason.
    """
    conditions = Conditions.at(workspace.now)
    cases, refused = _chosen(form, waiting, workspace)
    to, why, note = (form.cleaned_data[name] for name in ("target", "why", "note"))
    suggestions = ranked_each(cases, workspace, conditions=conditions)
    if to != OWN and any(first_of(suggestions[case.pk]) not in ("", to) for case in cases):
        ask_why(form, form.cleaned_data)
        if form.errors:
            return None
    moves: list[tuple[int, Move, Actor]] = []
    for case in cases:
        first = first_of(suggestions[case.pk])
        chosen = first if to == OWN else to
        actor = _actor(workspace, case)
        if case.returns >= 2:
            refused[case.number] = str(BY_HAND)
        elif not chosen:
            refused[case.number] = str(NO_TARGET)
        elif actor is None:
            refused[case.number] = str(NOT_YOURS)
        else:
            rank = next((target.rank for target in suggestions[case.pk] if target.value == chosen), 0)
            moves.append((case.pk, _move(chosen, because_of(chosen, first, rank=rank, note=note, why=why)), actor))
    refused |= _taken(moves, workspace, conditions)
    return BulkRun(
        "forward",
        [number for number, reason in refused.items() if not reason],
        [(number, reason) for number, reason in refused.items() if reason],
    )


def _chosen(form: BatchForm, waiting: Any, workspace: Workspace) -> tuple[list[Complaint], dict[str, str]]:
    """The cases that wait, and number → why not of all that were named, in the order of the form."""
    if form.is_for_all:
        cases = list(waiting.order_by("next_due_at", "pk")[:MOST])
        return cases, {case.number: "" for case in cases}
    found = {case.number: case for case in workspace.cases().filter(Q(number__in=form.numbers))}
    refused = {number: str(NOT_HERE) for number in form.numbers}
    for number, case in found.items():
        refused[number] = "" if case.status == Status.TRIAGE else _moved_on(case.status)
    return [case for number, case in found.items() if not refused[number]], refused


def _move(chosen: str, because: dict[str, Any]) -> Move:
    if chosen.startswith("a"):
        return authority.assign_authority(authority_id=int(chosen[1:]), because=because)
    enterprise_id, branch_id = read_target(chosen)
    return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)


def _actor(workspace: Workspace, case: Complaint) -> Actor | None:
    """In which office this person distributes the case."""
    return next(
        (
            actor
            for actor in workspace.actors
            if stands_to(actor, case)
            and actor.may(Right.DISTRIBUTE)
            and case.handling_authority_id in actor.authority_ids
        ),
        None,
    )


def _taken(moves: Sequence[tuple[int, Move, Actor]], workspace: Workspace, conditions: Conditions) -> dict[str, str]:
    """Number → why not; "" where it was done. A lone case is a batch as well."""
    if not moves:
        return {}
    try:
        results = handling.take_each(moves, now=workspace.now, conditions=conditions)
    except handling.StepNotAllowed as refusal:
        case = Complaint.objects.get(pk=moves[0][0])
        return {case.number: _why(refusal, case)}
    return {taken.complaint.number: _why(taken.refusal, taken.complaint) if taken.refusal else "" for taken in results}


def _why(refusal: handling.StepNotAllowed, case: Complaint) -> str:
    return _moved_on(case.status) if refusal.code == "not_now" else refusal.reason


def _moved_on(status: str) -> str:
    return _("已是“%(status)s”，不再等待分送。") % {"status": label(status, kind="status")}
