"""The enterprise's queue: what is next, in views with counts, sorted by the next deadline, and steps for many at once.

However many cases there are, a page costs the same number of queries and reads
one page of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from complaints.desks import keyset
from complaints.desks.bulk_run import BulkRun
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.desks.queue_lists import (
    PAST,
    VIEWS,
    QueueFilter,
    QueueView,
    Rows,
    asked_for,
    narrowed,
    open_cases,
    past_times,
    view_of,
)
from complaints.models import Complaint, Engagement
from complaints.pages.enterprise import bulk, saved_views
from complaints.pages.enterprise.queue_rows import Row, marked, rows_of, with_newest_step
from complaints.procedure.workflow import ENTERPRISE_SIDE

RELATED = ("handler__user", "branch")
#: What is not done here but on a page of its own, with the same cases.
ELSEWHERE = {"export": "complaints:enterprise-export-new", "measure": "complaints:enterprise-measure-new"}


@workspace_page("GET", "POST")
def queue(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/queue/?view=…: all open cases of this desk, or one view of them; POST takes a step for many of
    them."""
    view = view_of(request.GET.get("view", ""))
    form = asked_for(workspace, request.GET)
    if request.method != "POST":
        return _show(request, workspace, view, form)
    wanted = bulk.BulkForm(request.POST, workspace=workspace)
    if wanted.is_valid() and wanted.cleaned_data["do"] in ELSEWHERE:
        return redirect(_elsewhere(view, form, wanted))
    run: BulkRun | None = None
    with once(request) as attempt:
        if attempt.answered:
            run = BulkRun.from_text(attempt.answer.decode())
        elif wanted.is_valid():
            cases = (
                narrowed(view.of(open_cases(workspace), workspace), form, workspace)
                if wanted.is_for_all
                else open_cases(workspace)
            )
            run = bulk.carry_out(wanted, cases, workspace)
            attempt.reference, attempt.answer = request.path, run.as_text().encode()
    if run is None:
        return _show(request, workspace, view, form, wanted=wanted, status=422)
    return render(
        request,
        "staff/bulk_done.html",
        {
            "run": run,
            "title": run.title(),
            "back_url": _url(form, view),
            "groups": run.refusals(),
            "case_page": "complaints:enterprise-case",
        },
    )


def _show(
    request: HttpRequest,
    workspace: Workspace,
    view: QueueView,
    form: QueueFilter,
    *,
    wanted: bulk.BulkForm | None = None,
    status: int = 200,
) -> HttpResponseBase:
    ours = open_cases(workspace)
    found = {v.code: v.of(ours, workspace) for v in VIEWS.values()}
    own = workspace.choices.views
    counts = keyset.counts(found | saved_views.lists(own, ours, workspace))
    before, after, rows = (
        _past_page(workspace, form, request.GET)
        if view is PAST
        else _open_page(found[view.code], workspace, form, request.GET)
    )
    query = urlencode({"view": view.code} | form.said)
    mine = [saved_views.tab(one, counts, query) for one in own]
    is_own = any(tab["is_current"] for tab in mine)
    return render(
        request,
        "enterprise/queue.html",
        {
            "view": view,
            "tabs": (
                [_tab(v, counts[v.code], is_current=v is view and not is_own) for v in VIEWS.values()]
                + [_tab(PAST, None, is_current=view is PAST)]
                + mine
            ),
            "rows": rows,
            "sentence": _sentence(counts),
            "next_row": next((row for row in rows if row.complaint.status in ENTERPRISE_SIDE), None),
            "filter": form,
            "active": _active(form, view),
            "here": _url(form, view),
            "save_query": urlencode({"query": query}),
            "is_own_view": is_own,
            "can_save": not is_own and bool(form.said or view.code != "all"),
            "bulk": None if view is PAST or not rows else wanted or bulk.BulkForm(workspace=workspace, form=form),
            "form": wanted,
            "previous_url": _url(form, view, before=before) if before else "",
            "next_url": _url(form, view, after=after) if after else "",
            "now": workspace.now,
            "export_url": f"{reverse('complaints:enterprise-export-new')}?{query}",
        },
        status=status,
    )


def _open_page(
    cases: Rows, workspace: Workspace, form: QueueFilter, asked: Mapping[str, str]
) -> tuple[str, str, list[Row]]:
    page = keyset.page_of(
        narrowed(cases, form, workspace),
        asked,
        related=RELATED,
        size=form.rows_a_page,
        shown=marked(Complaint.objects.all(), workspace),
    )
    return page.before, page.after, rows_of(page.rows, workspace)


def _past_page(workspace: Workspace, form: QueueFilter, asked: Mapping[str, str]) -> tuple[str, str, list[Row]]:
    """Closed cases, and those that went to somebody else: our own time with them is readable."""
    page = keyset.page_of(
        past_times(workspace, form),
        asked,
        keyset.BY_END,
        size=form.rows_a_page,
        related=("complaint__handler__user", "complaint__branch"),
        shown=with_newest_step(Engagement.objects.all(), path="complaint__"),
    )
    for time in page.rows:
        time.complaint.newest_step = time.newest_step  # type: ignore[attr-defined]
    return (
        page.before,
        page.after,
        rows_of(
            [time.complaint for time in page.rows],
            workspace,
            given_up={time.complaint_id: time for time in page.rows if not workspace.stands_to(time.complaint)},
        ),
    )


def _tab(view: QueueView, count: int | None, *, is_current: bool) -> dict[str, Any]:
    words = "" if count is None else keyset.in_words(count)
    return {
        "title": view.title,
        "url": f"{reverse('complaints:enterprise-queue')}?view={view.code}",
        "count": words,
        "value": count,
        "tone": view.tone if count else "neutral",
        "is_current": is_current,
    }


def _sentence(counts: dict[str, int]) -> str:
    if not counts["all"]:
        return _("没有未办结的案件")
    if not counts["today"] and not counts["overdue"]:
        return _("都在期限内：未办结%(n)s件") % {"n": keyset.in_words(counts["all"])}
    return _("今天到期%(today)s件，逾期%(late)s件") % {
        "today": keyset.in_words(counts["today"]),
        "late": keyset.in_words(counts["overdue"]),
    }


def _url(form: QueueFilter, view: QueueView, **more: str) -> str:
    size = {"size": str(form.rows_a_page)} if form.rows_a_page else {}
    return f"{reverse('complaints:enterprise-queue')}?{urlencode({'view': view.code} | form.said | size | more)}"


def _elsewhere(view: QueueView, form: QueueFilter, wanted: bulk.BulkForm) -> str:
    """Another page with the chosen cases, or with everything that the list means."""
    said = {"view": view.code} | form.said
    if not wanted.is_for_all:
        said = {"view": "all", "only": ".".join(wanted.numbers[: QueueFilter.MOST_NAMED])}
    return f"{reverse(ELSEWHERE[wanted.cleaned_data['do']])}?{urlencode(said)}"


def _active(form: QueueFilter, view: QueueView) -> list[dict[str, str]]:
    """Conditions in force, each with the address without it."""
    here = reverse("complaints:enterprise-queue")
    return [
        {
            "label": form.words_of(name),
            "remove_url": (
                f"{here}?{urlencode({'view': view.code} | {k: v for k, v in form.said.items() if k != name})}"
            ),
        }
        for name in form.said
    ]
