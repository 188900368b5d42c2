"""/authority/review/: what waits for a decision on acceptance, by the review clock; and objections to what was decided.

The lists and their counts are one and the same condition, and a page costs the same however long it is.
"""

from __future__ import annotations

from dataclasses import replace

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, due_soon, late, rows_of, step_url
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.models import Complaint, Matter
from complaints.pages.authority.review.review_case import REVIEWED, review_url
from complaints.procedure.workflow import Status

TABS = (
    Tab("all", gettext_lazy("本机关待审查"), "authority", gettext_lazy("没有等待审查的投诉。")),
    Tab("mine", gettext_lazy("我经办的"), "neutral", gettext_lazy("没有由您经办的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("soon", gettext_lazy("2个工作日内到期"), "warn", gettext_lazy("2个工作日内没有到期的。")),
    Tab("material", gettext_lazy("等补正"), "neutral", gettext_lazy("没有在等补正的。")),
    Tab("objections", gettext_lazy("异议"), "warn", gettext_lazy("没有等待答复的异议。")),
)


def waiting(workspace: Workspace) -> QuerySet[Complaint]:
    """In whose authority's name this person may act."""
    return workspace.cases().filter(workspace.mine(), status__in=REVIEWED)


def objected(workspace: Workspace) -> QuerySet[Complaint]:
    """Closed, with an objection that nobody has answered."""
    open_ones = Matter.objects.filter(kind="objection", state="open").order_by().values("complaint_id")
    return workspace.cases().filter(workspace.mine(), pk__in=open_ones, status=Status.CLOSED)


def lists_of(workspace: Workspace) -> dict[str, QuerySet[Complaint]]:
    rows = waiting(workspace)
    return {
        "all": rows,
        "mine": rows.filter(officer__user=workspace.user),
        "late": rows.filter(late(workspace.now)),
        "soon": rows.filter(due_soon(workspace.now, workspace.calendar)),
        "material": rows.filter(status=Status.AWAITING_MATERIAL),
        "objections": objected(workspace),
    }


@officer_page("GET")
def review(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    lists = lists_of(workspace)
    tab = keyset.chosen_tab(TABS, request.GET)
    counts = keyset.counts(lists)
    page = keyset.page_of(lists[tab.code], request.GET, related=RELATED)
    proposed = (
        set(
            Matter.objects.filter(
                kind="proposal", state="open", audience="authority", complaint__in=page.rows
            ).values_list("complaint_id", flat=True)
        )
        if page.rows
        else set()
    )
    return render(
        request,
        "authority/review.html",
        {
            "rows": [
                replace(row, url=_url(row.complaint, tab, workspace), is_proposed=row.complaint.pk in proposed)
                for row in rows_of(page.rows, workspace)
            ],
            "now": workspace.now,
            **keyset.tabs_shown(TABS, tab, counts, page, address=reverse("complaints:authority-review")),
        },
    )


def _url(complaint: Complaint, tab: Tab, workspace: Workspace) -> str:
    if tab.code == "objections":
        return step_url(complaint, "objection", "answer_objection", workspace)
    return review_url(complaint)
