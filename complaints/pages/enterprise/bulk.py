"""One step for many cases of the queue: assign, accept, mark as read, each with what came of it for every case.

Every case is judged for itself, in one transaction and one flush; what was refused says why and hinders
none of the others. A number that this desk does not hold is not there, whoever else has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import handling
from complaints.assignment import assigning
from complaints.desks.bulk_run import BulkRun
from complaints.desks.enterprise_workspace import Workspace
from complaints.desks.keyset import BY_DUE
from complaints.desks.queue_lists import QueueFilter, Rows
from complaints.forms.fields import CHOOSE, Choices, StepForm
from complaints.handling import Move
from complaints.handling.steps import enterprise
from complaints.models import Complaint
from complaints.parties.actors import Actor, stands_to
from complaints.reading.case_people import handler_words
from complaints.wording import label

#: So many cases at once.
MOST = 500
NOT_HERE = gettext_lazy("没有这件投诉，或者它不在贵单位办理。")


class BulkForm(StepForm):
    """What is to be done with the chosen cases of a page; ``all`` means the whole list, up to MOST."""

    do = forms.ChoiceField(
        label=gettext_lazy("步骤"),
        choices=[("accept", ""), ("assign", ""), ("read", ""), ("export", ""), ("measure", "")],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    case = forms.MultipleChoiceField(label=gettext_lazy("案件"), required=False)
    all = forms.BooleanField(label=gettext_lazy("整个列表（最多500件）"), required=False)
    handler = forms.ChoiceField(label=gettext_lazy("交给谁"), required=False, error_messages={"invalid_choice": CHOOSE})

    def __init__(self, data: Any = None, *, workspace: Workspace, form: QueueFilter | None = None) -> None:
        super().__init__(data, auto_id="bulk_%s")
        self.numbers: list[str] = list(dict.fromkeys(data.getlist("case") if data else []))
        self.fields["case"].choices = [(number, "") for number in self.numbers]  # type: ignore[attr-defined]
        people = form.people if form else _people(workspace)
        mine = {str(pk) for pk in workspace.staff_ids}
        self.me = next((int(value) for value, _words in people if value in mine), None)
        kept = _("各自的处理人") if self.me is None else _("各自的处理人，没有的由我")
        self.fields["handler"].choices = [("", kept), *people]  # type: ignore[attr-defined]

    @property
    def names(self) -> dict[int, str]:
        """Who may be named as the one who has a case."""
        return {int(value): words.partition(" · ")[0] for value, words in self.fields["handler"].choices if value}  # type: ignore[attr-defined]

    @property
    def is_for_all(self) -> bool:
        return bool(self.cleaned_data.get("all"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("all") and not self.numbers:
            self.add_error("case", _("请先选中要办的案件。"))
        if said.get("do") == "assign" and not said.get("handler") and "handler" not in self.errors:
            self.add_error("handler", _("请选一位处理人。"))
        return said


def _people(workspace: Workspace) -> Choices:
    return [(str(person.pk), handler_words(person)) for person in workspace.choices.people]


def carry_out(form: BulkForm, cases: Rows, workspace: Workspace) -> BulkRun:
    """Take the step on those of ``cases`` that were chosen; the others are named as not there."""
    do, numbers = form.cleaned_data["do"], form.numbers
    if form.is_for_all:
        found = list(cases.order_by(BY_DUE.field, "pk")[:MOST])
        numbers = [case.number for case in found]
    else:
        found = list(cases.filter(number__in=numbers))
    refused = {number: str(NOT_HERE) for number in numbers} | dict.fromkeys((case.number for case in found), "")
    if do != "read":
        refused |= _taken(found, do, workspace, form)
    done = [number for number in numbers if not refused[number]]
    ids = [case.pk for case in found if not refused[case.number]]
    if ids:
        assigning.mark_read(ids, user=workspace.user)
    return BulkRun(do, done, [(number, refused[number]) for number in numbers if refused[number]])


def _move(do: str, handler_id: int | None) -> Move:
    return enterprise.accept_case(handler_id=handler_id) if do == "accept" else enterprise.assign(handler_id=handler_id)


def _taken(cases: list[Complaint], do: str, workspace: Workspace, form: BulkForm) -> dict[str, str]:
    """Number → why not; "" where it was done. A lone case is a batch as well."""
    chosen, names = form.cleaned_data["handler"], form.names
    # Where nobody is named, whoever has a case keeps it.
    handlers = {case.pk: int(chosen) if chosen else case.handler_id or form.me for case in cases}
    moves = [(case.pk, _move(do, handlers[case.pk]), _actor(workspace, case)) for case in cases]
    try:
        results = handling.take_each(moves, now=workspace.now)
    except handling.StepNotAllowed as refusal:
        return {case.number: _why(refusal, Complaint.objects.get(pk=case.pk), names) for case in cases}
    return {
        taken.complaint.number: _why(taken.refusal, taken.complaint, names) if taken.refusal else ""
        for taken in results
    }


def _why(refusal: handling.StepNotAllowed, case: Complaint, names: Mapping[int, str]) -> str:
    """The reason, and of a case that moved on who has it now; nothing was typed that could be kept."""
    if refusal.code != "not_now":
        return refusal.reason
    said = {"status": label(case.status, kind="status"), "name": names.get(case.handler_id or 0, "")}
    return (_("已是“%(status)s”，处理人：%(name)s。") if said["name"] else _("已是“%(status)s”。")) % said


def _actor(workspace: Workspace, case: Complaint) -> Actor:
    return next((actor for actor in workspace.actors if stands_to(actor, case)), workspace.actors[0])
