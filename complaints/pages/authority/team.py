"""/authority/team/: who works at this authority, how much lies with whom, who is away; and giving cases to somebody
else.

A number is counted by the condition of the list to which it leads, so the two are always the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.idempotency import once
from accounts.roles import Right
from authorities.models import Officer, OfficerAbsence
from complaints.assignment import officer_handover
from complaints.desks.authority_lists import RELATED, came_back, due_soon, late, rows_of, with_others
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_filter import BACK, LEFT, OTHERS
from complaints.desks.keyset import BY_DUE
from complaints.forms.supervision_forms import MOST_URGED, ManyAssignForm
from complaints.handling.steps import authority
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.pages.authority.supervision.instructions_many import Run, each, with_rest
from complaints.reading.case_people import by_name
from enterprises.pages.team import here_of, list_of

#: The columns of the page: words, and the condition of the list behind each.
COUNTED: dict[str, tuple[Any, dict[str, str]]] = {
    "open": (gettext_lazy("未办结"), {}),
    "soon": (gettext_lazy("2个工作日内到期"), {"overdue": "soon"}),
    "late": (pgettext_lazy("overdue cases", "逾期"), {"overdue": "1"}),
    "back": (gettext_lazy("转回来的"), {"waiting": BACK}),
    "others": (gettext_lazy("等对方办理"), {"waiting": OTHERS}),
}


@officer_page("GET")
def team(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "authority")
    shown = list_of(request, here, offices=workspace.offices)
    rows = [line["row"] for line in shown["rows"]]
    left = officer_handover.left_behind(workspace.today).filter(pk__in=workspace.cases().values("pk"))
    loads, leaves = _loads(workspace, rows, left), _leaves(rows, workspace)
    for line in shown["rows"]:
        row = line["row"]
        line["load"] = _cells(row, loads.get(row.pk, {}), workspace) if row.role in Right.HOLD_CASE.posts else None
        line["leave"] = leaves.get((row.user_id, row.authority_id))
    return render(
        request,
        "team/people.html",
        shown
        | {
            "has_load": True,
            "columns": [*(words for words, _query in COUNTED.values()), _("最早的一件（天）")],
            "today": workspace.today,
            "left_behind": next(iter(loads.values()))["left"] if loads else left.count(),
            "left_url": _cases_url({"waiting": LEFT}),
            "leave_url": reverse("enterprises:authority-leave") if workspace.may(Right.HOLD_CASE) else "",
            "approvals_url": reverse("complaints:authority-approvals"),
            "assign_url": reverse("complaints:authority-team-assign") if workspace.may("assign_officer") else "",
        },
    )


def _loads(workspace: Workspace, rows: Iterable[Any], left: QuerySet[Complaint]) -> dict[int, dict[str, Any]]:
    """By officer, in one statement: how many open cases meet each condition, and when the oldest came; with each how
    many cases are ``left`` by whoever is away."""
    counted_left = left.order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n")
    meets = {
        "soon": due_soon(workspace.now, workspace.calendar),
        "late": late(workspace.now),
        "back": came_back(),
        "others": with_others(),
    }
    counted = (
        workspace.cases()
        .filter(OPEN, officer__in=[row.pk for row in rows])
        .order_by()
        .values("officer")
        .annotate(
            open=Count("pk"),
            oldest=Min("received_at"),
            left=Coalesce(Subquery(counted_left), 0),
            **{name: Count("pk", filter=condition) for name, condition in meets.items()},
        )
    )
    return {one["officer"]: one for one in counted}


def _cells(row: Officer, load: dict[str, Any], workspace: Workspace) -> list[dict[str, Any]]:
    found = []
    for code, (words, query) in COUNTED.items():
        found.append({"title": words, "count": load.get(code, 0), "url": _cases_url({"officer": str(row.pk), **query})})
    oldest = load.get("oldest")
    days = (workspace.today - timezone.localdate(oldest)).days if oldest else 0
    return [*found, {"title": _("最早的一件（天）"), "count": days, "url": _cases_url({"officer": str(row.pk)})}]


def _cases_url(query: dict[str, str]) -> str:
    return f"{reverse('complaints:authority-cases')}?{urlencode(query)}"


def _leaves(rows: Iterable[Any], workspace: Workspace) -> dict[tuple[int, int], OfficerAbsence]:
    """The next leave of each: the one of today, else the one to come."""
    found: dict[tuple[int, int], OfficerAbsence] = {}
    for leave in (
        OfficerAbsence.objects.not_over(workspace.today)
        .filter(officer__user__in={row.user_id for row in rows})
        .select_related("officer")
        .order_by("starts_on", "pk")
    ):
        found.setdefault((leave.officer.user_id, leave.officer.authority_id), leave)
    return found


@officer_page("GET", "POST")
def assign(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/team/assign/?officer=…: the open cases of one officer (or of nobody), given to another, each with its
    result.
    """
    if not workspace.may("assign_officer"):
        raise Http404
    people = by_name(
        Officer.objects.on(workspace.today)
        .filter(authority_id__in=workspace.authority_ids, role__in=Right.DECIDE_CASE.posts, user__is_active=True)
        .select_related("user", "authority")
        .order_by("pk")
    )
    chosen = request.GET.get("officer", "none")
    cases = workspace.cases().filter(OPEN, workspace.mine()).order_by(BY_DUE.field, "pk").select_related(*RELATED)
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 10:
        cases = cases.filter(officer_id=int(chosen))
    else:
        chosen, cases = "none", cases.filter(officer=None)
    run: Run | None = None
    form: ManyAssignForm | None = None
    if request.method == "POST":
        form = ManyAssignForm(request.POST, people=people)
        with once(request) as attempt:
            if attempt.answered:
                run = Run.read(attempt.answer)
            elif form.is_valid():
                run = each(form.numbers, authority.assign_officer(officer_id=int(form.cleaned_data["to"])), workspace)
                attempt.reference, attempt.answer = request.path, run.as_bytes()
    if run is not None:
        words = ngettext("已改派%(n)s件", "已改派%(n)s件", len(run.done)) % {"n": len(run.done)}
        return render(
            request,
            "authority/supervision/run.html",
            {
                "run": run,
                "title": with_rest(words, run),
                "reasons": run.reasons(),
                "back_url": reverse("complaints:authority-team"),
                "back_text": _("团队"),
            },
        )
    listed = list(cases[:MOST_URGED])
    shown = form or ManyAssignForm(None, people=people)
    return render(
        request,
        "authority/supervision/assign.html",
        {
            "rows": rows_of(listed, workspace),
            "form": shown,
            "ticked": set(shown.numbers),
            "chosen": chosen,
            "whose": (
                [("none", _("未指派"))]
                + [(str(row.pk), f"{row.user.name} · {row.get_role_display()}") for row in _holders(workspace, people)]
            ),
            "team_url": reverse("complaints:authority-team"),
        },
        status=422 if form is not None else 200,
    )


def _holders(workspace: Workspace, people: list[Officer]) -> list[Officer]:
    """Who may get cases, and who still holds some though not at work any more."""
    gone = by_name(
        officer_handover.away(workspace.today).filter(authority_id__in=workspace.authority_ids).select_related("user")
    )
    return [*people, *(row for row in gone if row.pk not in {one.pk for one in people})]
