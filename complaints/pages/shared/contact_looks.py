"""/enterprise/looks/ and /authority/looks/: who looked at how many consumers' contact data.

For managers of a whole enterprise, and for heads of an authority; to everybody else these pages do not exist.
"""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.roles import Right
from authorities.models import Officer
from complaints.desks import authority_workspace, contact_looks, enterprise_workspace
from complaints.desks.authority_workspace import officer_page
from complaints.desks.contact_looks import Looks
from complaints.desks.enterprise_workspace import workspace_page
from complaints.webhooks.endpoints import head_manager
from enterprises.models import Enterprise, Staff
from web.languages import named


@workspace_page("GET")
def enterprise(request: HttpRequest, workspace: enterprise_workspace.Workspace) -> HttpResponse:
    actor = head_manager(workspace.actors)
    if actor is None:
        raise Http404
    rows = Staff.objects.filter(enterprise_id=actor.enterprise_id or 0).select_related("user", "branch", "enterprise")
    looks = _people(rows, [str(named(row.branch or row.enterprise)) for row in rows], now=workspace.now)
    return _show(request, [(_("本企业的人"), looks)], back=reverse("complaints:enterprise-team"), now=workspace.now)


@officer_page("GET")
def authority(request: HttpRequest, workspace: authority_workspace.Workspace) -> HttpResponse:
    if not workspace.may(Right.LEAD_AUTHORITY):
        raise Http404
    looks = contact_looks.of_enterprises(workspace.cases().values("number"), now=workspace.now)
    names = {row.pk: str(named(row)) for row in Enterprise.objects.filter(pk__in=[one.who for one in looks])}
    firms = [(names.get(one.who, ""), "", one) for one in looks]
    rows = Officer.objects.filter(authority_id__in=workspace.authority_ids).select_related("user", "authority")
    people = _people(rows, [str(row.authority) for row in rows], now=workspace.now)
    lists = [(_("企业，只算本辖区的案件"), firms), (_("本机关的人"), people)]
    return _show(request, lists, back=reverse("complaints:authority-team"), now=workspace.now)


def _people(jobs: Iterable[Any], places: Iterable[str], *, now: Any) -> list[tuple[str, str, Looks]]:
    """(name, where, looks) of whoever holds or held one of these jobs."""
    jobs = list(jobs)
    sealed_fields.load_for([job.user for job in jobs])
    known = {job.user.person_key: (job.user.name, place) for job, place in zip(jobs, places, strict=True)}
    return [(*known[one.who], one) for one in contact_looks.of_people(known, now=now)]


def _show(request: HttpRequest, lists: Any, *, back: str, now: Any) -> HttpResponse:
    columns = [_("今天"), _("近7天"), _("近30天")]
    shown = [
        (title, [(*row, list(zip(columns, row[-1].counts, strict=True))) for row in rows]) for title, rows in lists
    ]
    context = {"lists": shown, "columns": columns, "back": back, "now": now}
    return render(request, "staff/contact_looks.html", context)
