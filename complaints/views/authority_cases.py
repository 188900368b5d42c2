"""/authority/cases/: the cases of the region, filtered by a shareable address, page by page.

The one rule: a filter that cannot be read leaves its condition out and never fails.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from complaints.authority_forms import CaseFilter
from complaints.conditions import current_calendar
from complaints.models import Complaint
from complaints.views.authority_desk import Desk, officer_page
from complaints.views.authority_lists import OPEN, due_soon, late, rows_of, waits_for, with_related
from complaints.views.enterprise_queue import keyset
from complaints.workflow import Status
from enterprises.models import Enterprise

ANY = "any"


@officer_page("GET")
def cases(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    form = CaseFilter(request.GET)
    said = form.conditions()
    is_closed = said.get("status") in (Status.CLOSED, ANY)
    chosen = narrowed(desk.cases(), said, desk)
    page, before, after = keyset(with_related(chosen), request.GET, newest_first=is_closed)
    return render(request, "authority/cases.html", {
        "rows": rows_of(page, desk), "filter": form, "active": _active(form, said),
        "now": desk.now,
        "previous_url": _url(said, before=before), "next_url": _url(said, after=after),
    })


def narrowed(cases: QuerySet[Complaint], said: dict[str, str], desk: Desk) -> QuerySet[Complaint]:
    """The conditions of the filter, one after the other."""
    status = said.get("status", "")
    if not status:
        cases = cases.filter(OPEN)
    elif status != ANY:
        cases = cases.filter(status=status)
    if said.get("overdue") == "1":
        cases = cases.filter(late(desk.now))
    elif said.get("overdue") == "soon":
        cases = cases.filter(due_soon(desk, current_calendar()))
    if said.get("waiting"):
        cases = cases.filter(waits_for(said["waiting"]))
    if said.get("mine") == "1":
        cases = cases.filter(officer__user=desk.user)
    elif said.get("mine") == "none":
        cases = cases.filter(officer=None)
    if said.get("enterprise"):
        cases = cases.filter(_against(said["enterprise"]))
    if said.get("q"):
        cases = cases.filter(Q(number__icontains=said["q"]) | Q(item_name__icontains=said["q"]))
    return cases


def _against(words: str) -> Q:
    """An enterprise by its number in the directory, or by a piece of a name."""
    if words.isascii() and words.isdigit() and len(words) < 10:
        return Q(enterprise_id=int(words))
    return (Q(enterprise__name__icontains=words) | Q(enterprise__name_en__icontains=words)
            | Q(branch__name__icontains=words) | Q(respondent_named__icontains=words))


def _url(said: dict[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    query = said | {name: value for name, value in key.items() if value}
    here = reverse("complaints:authority-cases")
    return f"{here}?{urlencode(query)}" if query else here


def _active(form: CaseFilter, said: dict[str, str]) -> list[dict[str, str]]:
    """Conditions in force, each with the address without it."""
    found = []
    for name, value in said.items():
        shown = value
        if name == "enterprise" and value.isascii() and value.isdigit() and len(value) < 10:
            firm = Enterprise.objects.filter(pk=int(value)).first()
            shown = str(firm) if firm else value
        found.append({"label": form.words_for(name, shown),
                      "remove_url": _url({k: v for k, v in said.items() if k != name})})
    return found
