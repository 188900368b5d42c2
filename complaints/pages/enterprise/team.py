"""/enterprise/team/: who works here, how much lies with whom, who is away.

A number is counted by the condition of the list to which it leads, so the two are always the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.roles import Right
from complaints.assignment import assigning
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.desks.queue_lists import VIEWS, open_cases
from complaints.models import Complaint
from enterprises.models.team import Absence
from enterprises.pages.team import here_of, list_of
from enterprises.team.rights import HEAD

#: The columns of the page: the view of the queue behind each.
COUNTED = {
    "all": gettext_lazy("未办结"),
    "soon": gettext_lazy("2个工作日内到期"),
    "overdue": pgettext_lazy("overdue cases", "逾期"),
}


@workspace_page("GET")
def team(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "enterprise")
    shown = list_of(request, here)
    rows = [line["row"] for line in shown["rows"]]
    counts = {code: _by_handler(workspace, code, [row.pk for row in rows]) for code in COUNTED}
    leaves = _leaves(rows, workspace)
    for line in shown["rows"]:
        row = line["row"]
        line["load"] = (
            [_cell(code, row.pk, counts[code].get(row.pk, 0)) for code in COUNTED]
            if row.role in Right.ANSWER_CASE.posts
            else None
        )
        line["leave"] = leaves.get(row.pk)
    is_manager = any(HEAD["enterprise"] in here.reach.may_give(post) for post in here.reach.posts)
    left = assigning.left_behind(workspace.today).filter(pk__in=workspace.cases().values("pk"))
    return render(
        request,
        "team/people.html",
        shown
        | {
            "has_load": True,
            "columns": list(COUNTED.values()),
            "today": workspace.today,
            "left_behind": left.count(),
            "leave_url": reverse("enterprises:enterprise-leave"),
            "rules_url": reverse("complaints:enterprise-rules") if is_manager else "",
            "two_persons_url": reverse("enterprises:enterprise-two-persons") if is_manager else "",
            "approvals_url": reverse("complaints:enterprise-approvals"),
        },
    )


def _by_handler(workspace: Workspace, code: str, staff_ids: list[int]) -> dict[int, int]:
    cases = VIEWS[code].of(open_cases(workspace).filter(handler__in=staff_ids), workspace)
    return dict(
        Complaint.objects.filter(pk__in=cases.values("pk")).order_by().values_list("handler").annotate(n=Count("pk"))
    )


def _cell(code: str, staff_id: int, count: int) -> dict[str, Any]:
    tone = {"soon": "warn", "overdue": "bad"}.get(code, "neutral")
    return {
        "title": COUNTED[code],
        "count": count,
        "tone": tone if count else "neutral",
        "url": f"{reverse('complaints:enterprise-queue')}?{urlencode({'view': code, 'handler': staff_id})}",
    }


def _leaves(rows: Iterable[Any], workspace: Workspace) -> dict[int, Absence]:
    """The next leave of each: the one of today, else the one to come."""
    found: dict[int, Absence] = {}
    for row in Absence.objects.not_over(workspace.today).filter(staff__in=list(rows)).order_by("starts_on"):
        found.setdefault(row.staff_id, row)
    return found
