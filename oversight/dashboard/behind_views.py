"""/oversight/cases/: the cases behind a number, in the order in which they were counted, the newest first.

What is listed is what was counted; a name that no counter has is an address that does not exist.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from complaints.desks.authority_lists import RELATED, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from oversight.counters import behind
from oversight.presenting.looking import dashboard_page
from web.languages import named


@officer_page("GET")
def cases(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    what = request.GET.get("what") or "received"
    if what not in behind.WHAT:
        raise Http404
    look = dashboard_page(request, workspace, "cases")
    found = behind.page(look.measure, what, behind.read_key(request.GET.get("after", "")))
    known = {
        case.pk: case
        for case in workspace.cases()
        .filter(pk__in={line.complaint_id for line in found.lines})
        .select_related(*RELATED)
    }
    rows = {row.complaint.pk: row for row in rows_of(list(known.values()), workspace)}
    here = reverse("oversight:cases") + look.asked.url(what=what)
    return render(
        request,
        "oversight/cases.html",
        look.around()
        | {
            "title": behind.WHAT[what],
            "n": found.n,
            "what": what,
            "first_url": here,
            "rows": [
                {"row": rows[line.complaint_id], "day": line.day} for line in found.lines if line.complaint_id in rows
            ],
            "next_url": f"{here}&after={found.after}" if found.after else "",
            "is_first": not request.GET.get("after"),
            "enterprise": look.form.enterprise_name,
            "place": " · ".join(named(region) for region in look.places.regions),
            "back_url": reverse("oversight:dashboard") + look.asked.url(),
        },
    )
