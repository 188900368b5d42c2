"""/oversight/letters/: whether the first figures come by mail, each week or each month.

The choice is one's own, and so is the address.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Choice, StepForm
from oversight.letters import director_letters

EVERY: list[tuple[str, Any]] = [
    ("none", gettext_lazy("不寄")),
    ("week", gettext_lazy("每周一早上，上一周的")),
    ("month", gettext_lazy("每月1日早上，上个月的")),
]


class LettersForm(StepForm):
    """How often."""

    every = Choice(label=gettext_lazy("多久寄一次"), choices=EVERY, widget=forms.RadioSelect)


@officer_page("GET", "POST")
def letters(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form = LettersForm(
        request.POST if request.method == "POST" else None,
        initial={"every": director_letters.chosen(workspace.user) or "none"},
    )
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                director_letters.choose(workspace.user, form.cleaned_data["every"], now=workspace.now)
                attempt.reference = request.path
                messages.success(request, _("已保存。"), extra_tags="ok")
        return redirect(attempt.reference)
    sealed_fields.load_for([workspace.user])
    return render(
        request,
        "oversight/letters.html",
        {"form": form, "address": workspace.user.email},
        status=422 if form.is_bound else 200,
    )
