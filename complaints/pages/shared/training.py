"""/enterprise/training/ and /station/training/: what people at an enterprise or a station have to know, as a sheet to
print and as six questions. What is counted is that somebody there tried and passed, by nobody's name."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import PlainForm
from complaints.pages.shared.posters import mine
from complaints.procedure.typed_values import Choice
from complaints.stations import publicity, quiz
from complaints.stations.publicity import What
from web.incoming import posted


class QuizForm(PlainForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        errors = {"required": _("请选一项"), "invalid_choice": _("请选一项")}
        for one in quiz.QUESTIONS:
            self.fields[one.code] = Choice(
                label=one.text, choices=one.answers, widget=forms.RadioSelect, error_messages=errors
            )


@workspace_page("GET", "POST")
def training(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    enterprise, _branches = mine(workspace)
    return page_of(request, enterprise.code, back="complaints:enterprise-posters", today=workspace.today)


def page_of(request: HttpRequest, owner: str, *, back: str, today: date) -> HttpResponseBase:
    """Of the enterprise or station with this code; ``?sheet``: the sheet. ``back``: the page of its posters."""
    context: dict[str, Any] = {"back": back, "questions": quiz.QUESTIONS, "total": len(quiz.QUESTIONS)}
    if request.method == "GET" and "sheet" in request.GET:
        return render(request, "posters/training_sheet.html", context)
    form = QuizForm(posted(request))
    context |= {"form": form, "passes": quiz.PASSES}
    if form.is_bound and form.is_valid():
        wrong = quiz.wrong_in(form.cleaned_data)
        right = len(quiz.QUESTIONS) - len(wrong)
        is_passed = right >= quiz.PASSES
        with once(request) as attempt:
            if not attempt.answered:
                attempt.reference = request.path
                for what in (What.TRIED, What.PASSED) if is_passed else (What.TRIED,):
                    publicity.note(what, owner, on=today)
        context |= {"is_done": True, "right": right, "is_passed": is_passed, "wrong": {one.code for one in wrong}}
        return render(request, "posters/training.html", context)
    return render(request, "posters/training.html", context, status=422 if form.is_bound else 200)
