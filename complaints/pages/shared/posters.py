"""/enterprise/posters/, /authority/posters/ and the files of a poster: what to hang up, and how many complaints it
brought.

A poster is of the own enterprise and its branches, or of the own station; a number is told to whoever
owns the poster, and to the authority of its own region.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.sign_in.limits import place_of
from complaints.desks import authority_workspace, enterprise_workspace
from complaints.desks.enterprise_workspace import workspace_page
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.stations import posters
from complaints.stations.posters import FORMS, Poster
from enterprises.models import Branch, Enterprise, Station
from web.incoming import whole
from web.languages import named

#: Complaints of so many days are counted.
COUNTED = timedelta(days=365)
#: Branches and owners that one page lists.
MOST = 200


def form_label(form: str) -> str:
    return {"": _("只有网址"), "a4": _("A4海报"), "a6": _("A6台卡")}[form]


def file_of(
    poster: Poster, request: HttpRequest, *, name: str, lines: list[str], now: datetime, region_id: int | None = None
) -> HttpResponse:
    """The PDF, to be printed, with the numbers in force where it will hang."""
    made = posters.poster_pdf(
        poster, place=place_of(request), name=name, lines=lines, limits=Conditions.at(now).limits(region_id)
    )
    headers = {"Content-Disposition": f'attachment; filename="poster-{poster.code}.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


def _mine(workspace: enterprise_workspace.Workspace) -> tuple[Enterprise, list[Branch]]:
    """The enterprise of the first job, and the branches for which this person works there."""
    actor = workspace.actors[0]
    if actor.enterprise_id is None:
        raise Http404
    branches = Branch.objects.on(workspace.today).filter(enterprise_id=actor.enterprise_id).order_by("pk")
    if actor.branch_ids is not None:
        branches = branches.filter(pk__in=actor.branch_ids)
    return Enterprise.objects.get(pk=actor.enterprise_id), list(branches[:MOST])


@workspace_page("GET")
def enterprise(request: HttpRequest, workspace: enterprise_workspace.Workspace) -> HttpResponseBase:
    """Which posters there are, for all of it and for each branch, and what came by them."""
    enterprise, branches = _mine(workspace)
    cases = Complaint.objects.visible_to(workspace.user, on=workspace.today)
    result = posters.brought(cases, since=workspace.now - COUNTED, owner=enterprise.code)
    places: dict[int | None, str] = {None: named(enterprise)} | {branch.pk: named(branch) for branch in branches}
    elsewhere = sum(n for poster, n in result.items() if poster.form and poster.branch_id not in places)
    context = {
        "rows": [_row(enterprise.code, branch_id, name, result) for branch_id, name in places.items()],
        "total": sum(result.values()),
        "bare": result.get(Poster(enterprise.code), 0),
        "elsewhere": elsewhere,
        "days": COUNTED.days,
        "address": f"{place_of(request)}{reverse('complaints:go', args=[enterprise.code])}",
    }
    return render(request, "posters/enterprise.html", context)


def _row(owner: str, branch_id: int | None, name: str, result: dict[Poster, int]) -> dict[str, Any]:
    query = f"?branch={branch_id}" if branch_id else ""
    return {
        "name": name,
        "forms": [
            {
                "label": form_label(form),
                "n": result.get(Poster(owner, form, branch_id), 0),
                "url": reverse("complaints:enterprise-poster", args=[form]) + query,
            }
            for form in FORMS
        ],
    }


@workspace_page("GET")
def enterprise_file(request: HttpRequest, workspace: enterprise_workspace.Workspace, kind: str) -> HttpResponseBase:
    """One of them as PDF; ``?branch=`` says for which branch."""
    enterprise, branches = _mine(workspace)
    asked = request.GET.get("branch", "")
    branch = next((one for one in branches if str(one.pk) == asked), None)
    if kind not in FORMS or (asked and branch is None):
        raise Http404
    return file_of(
        Poster(enterprise.code, kind, branch.pk if branch else None),
        request,
        name=(branch or enterprise).name,
        lines=[enterprise.name] if branch else [],
        now=workspace.now,
        region_id=branch.place_id if branch else None,
    )


@authority_workspace.officer_page("GET")
def authority(request: HttpRequest, workspace: authority_workspace.Workspace) -> HttpResponseBase:
    """What came by posters in the own region: by owner, form and place, the most first."""
    result = posters.brought(workspace.cases(), since=workspace.now - COUNTED)
    by_owner: dict[str, dict[Poster, int]] = defaultdict(dict)
    for poster, n in result.items():
        by_owner[poster.owner][poster] = n
    order = sorted(by_owner, key=lambda owner: (-sum(by_owner[owner].values()), owner))[:MOST]
    names = _names(order)
    branch_ids = {poster.branch_id for owner in order for poster in by_owner[owner] if poster.branch_id}
    branches = {branch.pk: named(branch) for branch in Branch.objects.filter(pk__in=branch_ids)}
    context = {
        "total": sum(result.values()),
        "days": COUNTED.days,
        "rows": [
            {
                "name": names.get(owner, owner),
                "n": sum(by_owner[owner].values()),
                "parts": [
                    {"label": form_label(poster.form), "place": branches.get(poster.branch_id or 0, ""), "n": n}
                    for poster, n in sorted(by_owner[owner].items(), key=lambda item: (-item[1], item[0].code))
                ],
            }
            for owner in order
        ],
    }
    return render(request, "posters/authority.html", context)


def _names(codes: list[str]) -> dict[str, str]:
    """Names of stations and enterprises by their codes; two queries."""
    numbers = [number for code in codes if code[:1] == "e" and (number := whole(code[1:], 10)) is not None]
    return {row.code: named(row) for row in Station.objects.filter(code__in=codes)} | {
        row.code: named(row)
        for rows in (Enterprise.objects.filter(uscc__in=codes), Enterprise.objects.filter(pk__in=numbers, uscc=None))
        for row in rows
    }
