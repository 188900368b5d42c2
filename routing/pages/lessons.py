"""/authority/routing/learned/: what officers' corrections taught, each to be drafted as a rule or dismissed with a
reason.

A lesson is a proposal of a proposal; drafting opens the form filled in, and nothing else is done by
itself.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from routing.models import Lesson
from routing.pages.rule_desk import authors, lessons_seen
from routing.pages.rules import tabs
from routing.rule_desk import rule_changing, rule_words
from routing.rule_desk.learning import DAYS, FEWEST, SHARE
from routing.rule_desk.rule_forms import DismissForm

BY_COUNT = keyset.Order("counted_at", falling=True)


@officer_page("GET")
def learned(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    return _show(request, workspace)


@officer_page("POST")
def dismiss(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """POST: it is not to become a rule, for a reason."""
    row = Lesson.objects.select_related("region").filter(pk=pk).first()
    if row is None or not authors(workspace).covers(row.region):
        raise Http404
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _show(request, workspace, form=form, of=pk, status=422)
    with once(request) as attempt:
        if not attempt.answered:
            rule_changing.dismiss(
                row, reason=form.cleaned_data["reason"], by=workspace.user, reach=authors(workspace), now=workspace.now
            )
            attempt.reference = reverse("routing:authority-routing-learned")
            messages.success(request, _("已记录，不再提示这一条。"), extra_tags="ok")
    return redirect(attempt.reference)


def _show(
    request: HttpRequest, workspace: Workspace, *, form: DismissForm | None = None, of: int = 0, status: int = 200
) -> HttpResponseBase:
    page = keyset.page_of(lessons_seen(workspace), request.GET, BY_COUNT, related=("region",))
    reach = authors(workspace)
    lines = rule_words.lesson_lines(page.rows, user=workspace.user, today=workspace.today)
    return render(
        request,
        "routing/learned.html",
        {
            "lines": [
                (
                    line,
                    (
                        form
                        if form is not None and line.lesson.pk == of
                        else DismissForm(auto_id=f"id_{line.lesson.pk}_%s")
                    ),
                    reach.covers(line.lesson.region),
                )
                for line in lines
            ],
            "form": form,
            "of": of,
            "now": workspace.now,
            "days": DAYS,
            "fewest": FEWEST,
            "share": round(100 * SHARE),
            "tabs": tabs(workspace, "learned"),
            "previous_url": f"?before={page.before}" if page.before else "",
            "next_url": f"?after={page.after}" if page.after else "",
        },
        status=status,
    )
