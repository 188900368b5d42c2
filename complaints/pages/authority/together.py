"""/authority/cases/<ref>/together/: cases that belong together are linked, or joined with everybody's consent.

One form takes the step on every case of the group or on none; leaving them apart needs no step.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from complaints import handling, wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import refuse_unless_open, setting_of
from complaints.forms.fields import Choice, StepForm, Words
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import casework
from complaints.models import Complaint
from complaints.parties.actors import Actor, stands_to
from complaints.reading.case import AUTHORITY, case_url, page_of

LINK, JOIN = "link_cases", "join_cases"
MOST = 50
_NUMBER = re.compile(r"[A-Za-z0-9-]{6,32}")


class TogetherForm(StepForm):
    """Which others, and whether they are only shown beside each other or handled as one."""

    numbers = Words(label=gettext_lazy("其他投诉的编号"), rows=2, longest=2000, help_text=gettext_lazy("用空格隔开。"))
    how = Choice(
        label=gettext_lazy("怎么放在一起"),
        choices=[
            (LINK, gettext_lazy("关联：只让工作人员看到它们有关，各自办理")),
            (JOIN, gettext_lazy("合并：按共同投诉一起办理（第十二条），各方会收到通知")),
        ],
    )
    agreed = forms.BooleanField(label=gettext_lazy("每一位投诉人都同意合并办理，已经记录在案"), required=False)

    def clean_numbers(self) -> list[str]:
        found = list(dict.fromkeys(_NUMBER.findall(str(self.cleaned_data["numbers"]).upper())))
        if not found:
            raise forms.ValidationError(_("请写另一件投诉的编号。"))
        if len(found) > MOST:
            raise forms.ValidationError(_("一次最多%(n)s件。"), params={"n": MOST})
        return found

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("how") == JOIN and not said.get("agreed"):
            self.add_error("agreed", _("合并办理须每一位投诉人同意。"))
        return said


@officer_page("GET", "POST")
def together(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    officer_case = setting_of(workspace, number, request.GET)
    case = officer_case.found.complaint
    if request.method != "POST":
        refuse_unless_open([LINK, JOIN], officer_case)
        form = TogetherForm(initial={"numbers": request.GET.get("with", "")[:2000]})
    else:
        form = TogetherForm(request.POST)
        to = case_url(case, AUTHORITY)
        with once(request) as attempt:
            if not attempt.answered:
                refuse_unless_open([LINK, JOIN], officer_case)
                if form.is_valid() and _taken(form, case, workspace):
                    attempt.reference = to
                    messages.success(
                        request,
                        _("%(number)s：%(step)s")
                        % {"number": case.number, "step": wording.label(form.cleaned_data["how"], kind="step")},
                        extra_tags="ok",
                    )
        if attempt.reference:
            return redirect(attempt.reference)
    return render(
        request,
        "authority/together.html",
        {
            "case": case,
            "page": page_of(officer_case.found, now=workspace.now),
            "form": form,
            "title": wording.action(LINK),
            "effects": [_("同一消费争议的投诉可以合并；只是有关的，关联即可；各自办理的，不用做什么。")],
            "home": case_url(case, AUTHORITY),
            "button": _("放在一起"),
        },
        status=422 if form.is_bound else 200,
    )


def _taken(form: TogetherForm, case: Complaint, workspace: Workspace) -> bool:
    """The step on every case of the group; False with the reason in the form when one of them does not allow it."""
    numbers = [number for number in form.cleaned_data["numbers"] if number != case.number]
    cases = [case, *workspace.cases().filter(number__in=numbers)]
    if len(cases) != len(numbers) + 1 or len(cases) < 2:
        form.add_error("numbers", _("有的编号没有，或者不在您的辖区。"))
        return False
    every = sorted(one.number for one in cases)
    move: Move = (
        casework.link_cases(numbers=every)
        if form.cleaned_data["how"] == LINK
        else casework.join_cases(numbers=every, consents_recorded=bool(form.cleaned_data["agreed"]))
    )
    try:
        with transaction.atomic():
            for taken in handling.take_each(
                [(one.pk, move, _actor(workspace, one)) for one in cases], now=workspace.now
            ):
                if taken.refusal is not None:
                    raise taken.refusal
    except StepNotAllowed as refusal:
        form.add_error("numbers", refusal.reason)
        return False
    return True


def _actor(workspace: Workspace, case: Complaint) -> Actor:
    return next((actor for actor in workspace.actors if stands_to(actor, case)), workspace.actors[0])
