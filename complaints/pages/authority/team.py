"""/authority/team/: who works at this authority, how much lies with whom, who is away; and giving cases to somebody
else.

A number is counted by the condition of the list to which it leads, so the two are always the same.
"""

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
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.roles import Right
from authorities.models import Officer, OfficerAbsence
from complaints.assignment import assigning
from complaints.desks import authority_lists
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import BY_DUE
from complaints.forms.staff_forms import MOST_AT_ONCE, ManyAssignForm
from complaints.handling.steps import authority
from complaints.models import Complaint
from complaints.models.complaint import OPEN
from complaints.pages.authority.supervision.instructions import taken_on_many
from complaints.reading.case_people import by_name
from enterprises.pages.team import here_of, list_of
from web.incoming import ID_DIGITS, whole

#: The columns of the page: label, and the condition of the list behind each.
COUNTED: dict[str, tuple[Any, dict[str, str]]] = {
    "open": (gettext_lazy("未办结"), {}),
    "soon": (gettext_lazy("2个工作日内到期"), {"overdue": "soon"}),
    "late": (pgettext_lazy("overdue cases", "逾期"), {"overdue": "1"}),
    "back": (gettext_lazy("转回来的"), {"waiting": authority_lists.BACK}),
    "others": (gettext_lazy("等对方办理"), {"waiting": authority_lists.OTHERS}),
}


@officer_page("GET")
def team(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "authority")
    shown = list_of(request, here, offices=workspace.offices)
    rows = [line["row"] for line in shown["rows"]]
    unowned = workspace.cases().filter(authority_lists.LYING[authority_lists.UNOWNED](workspace))
    loads, leaves = _loads(workspace, rows, unowned), _leaves(rows, workspace)
    for line in shown["rows"]:
        row = line["row"]
        line["load"] = _cells(row, loads.get(row.pk, {}), workspace) if row.role in Right.HOLD_CASE.posts else None
        line["leave"] = leaves.get((row.user_id, row.authority_id))
    context = shown | {
        "has_load": True,
        "columns": [*(label for label, _query in COUNTED.values()), _("最早的一件（天）")],
        "today": workspace.today,
        "unowned": next(iter(loads.values()))["unowned"] if loads else unowned.count(),
        "unowned_url": _cases_url({"waiting": authority_lists.UNOWNED}),
        "leave_url": reverse("enterprises:authority-leave") if workspace.may(Right.HOLD_CASE) else "",
        "looks_url": reverse("complaints:authority-looks") if workspace.may(Right.LEAD_AUTHORITY) else "",
        "approvals_url": reverse("complaints:authority-approvals"),
        "assign_url": reverse("complaints:authority-team-assign") if workspace.may("assign_officer") else "",
    }
    return render(request, "team/people.html", context)


def _loads(workspace: Workspace, rows: Iterable[Any], unowned: QuerySet[Complaint]) -> dict[int, dict[str, Any]]:
    """By officer, in one statement: open cases by condition, when the oldest came, and all that are ``unowned``."""
    counted = unowned.order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n")
    meets = {
        "soon": authority_lists.due_soon(workspace.now, workspace.calendar),
        "late": authority_lists.late(workspace.now),
        "back": authority_lists.came_back(),
        "others": authority_lists.with_others(),
    }
    loads = (
        workspace.cases()
        .filter(OPEN, officer__in=[row.pk for row in rows])
        .order_by()
        .values("officer")
        .annotate(
            open=Count("pk"),
            oldest=Min("received_at"),
            unowned=Coalesce(Subquery(counted), 0),
            **{name: Count("pk", filter=condition) for name, condition in meets.items()},
        )
    )
    return {one["officer"]: one for one in loads}


def _cells(row: Officer, load: dict[str, Any], workspace: Workspace) -> list[dict[str, Any]]:
    whose, oldest = {"officer": str(row.pk)}, load.get("oldest")
    days = (workspace.today - timezone.localdate(oldest)).days if oldest else 0
    counted = [
        {"title": label, "count": load.get(code, 0), "url": _cases_url(whose | query)}
        for code, (label, query) in COUNTED.items()
    ]
    return [*counted, {"title": _("最早的一件（天）"), "count": days, "url": _cases_url(whose)}]


def _cases_url(query: dict[str, str]) -> str:
    return f"{reverse('complaints:authority-cases')}?{urlencode(query)}"


def _leaves(rows: Iterable[Any], workspace: Workspace) -> dict[tuple[int, int], OfficerAbsence]:
    """The next leave of each: the one of today, else the one to come."""
    to_come = (
        OfficerAbsence.objects.not_over(workspace.today)
        .filter(officer__user__in={row.user_id for row in rows})
        .select_related("officer")
        .order_by("-starts_on", "-pk")
    )
    return {(leave.officer.user_id, leave.officer.authority_id): leave for leave in to_come}


@officer_page("GET", "POST")
def assign(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/team/assign/?officer=…: the open cases of one officer (or of nobody), given to another, each with its
    result."""
    if not workspace.may("assign_officer"):
        raise Http404
    people = by_name(
        Officer.objects.on(workspace.today)
        .filter(authority_id__in=workspace.authority_ids, role__in=Right.DECIDE_CASE.posts, user__is_active=True)
        .select_related("user", "authority")
        .order_by("pk")
    )
    chosen = request.GET.get("officer", "none")
    cases = (
        workspace.cases()
        .filter(OPEN, workspace.mine())
        .order_by(BY_DUE.field, "pk")
        .select_related(*authority_lists.RELATED)
    )
    if (officer := whole(chosen, ID_DIGITS)) is not None:
        cases = cases.filter(officer_id=officer)
    else:
        chosen, cases = "none", cases.filter(officer=None)
    form = ManyAssignForm(request.POST, people=people) if request.method == "POST" else None
    if form is not None:
        done = taken_on_many(
            request,
            workspace,
            "reassign",
            form,
            lambda form: authority.assign_officer(officer_id=int(form.cleaned_data["to"])),
            back="authority-team",
            back_text=_("团队"),
        )
        if done is not None:
            return done
    shown = form or ManyAssignForm(None, people=people)
    # Who may get cases, and who still holds some though not at work any more.
    gone = assigning.officers_away(workspace.today).filter(authority_id__in=workspace.authority_ids)
    known = {row.pk for row in people}
    holders = [*people, *(row for row in by_name(gone.select_related("user")) if row.pk not in known)]
    context = {
        "rows": authority_lists.rows_of(list(cases[:MOST_AT_ONCE]), workspace),
        "form": shown,
        "ticked": set(shown.numbers),
        "chosen": chosen,
        "whose": (
            [("none", _("未指派"))] + [(str(row.pk), f"{row.user.name} · {row.get_role_display()}") for row in holders]
        ),
        "team_url": reverse("complaints:authority-team"),
    }
    return render(request, "authority/supervision/assign.html", context, status=422 if form is not None else 200)
