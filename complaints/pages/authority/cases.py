"""/authority/cases/: the cases of the region, filtered by a shareable address, page by page.

A filter that cannot be read leaves its condition out, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from authorities.models import Region
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_filter import ANY, OF_A_STAGE, CaseFilter
from complaints.desks.case_query import asked_for, ended, id_of
from complaints.desks.case_search import LOOKED_THROUGH, number_in
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.models import Enterprise
from web.languages import named

#: With one of these even a list of closed cases has an end in sight.
BOUNDS = ("received_from", "ended_from", "enterprise")


@officer_page("GET")
def cases(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form, chosen = asked_for(workspace, request.GET)
    said = form.said
    is_long = said["status"] in (Status.CLOSED, ANY)
    listed = _listed(chosen, said, request.GET)
    address = form.address()
    return render(
        request,
        "authority/cases.html",
        {
            "rows": rows_of(listed.cases, workspace),
            "filter": form,
            "now": workspace.now,
            "count": listed.count,
            "count_words": "" if listed.count is None else keyset.in_words(listed.count),
            "order": listed.order,
            "looked_through": LOOKED_THROUGH if is_long and said.get("q") and not number_in(said["q"]) else 0,
            "active": [
                {"label": one.words, "remove_url": _url({k: v for k, v in address.items() if k != one.name})}
                for one in form.active(enterprise=_enterprise(said), region=_region(said, form))
            ],
            "previous_url": _url(address, before=listed.before),
            "next_url": _url(address, after=listed.after),
            "export_url": f"{reverse('complaints:authority-export-new')}?{urlencode(address)}",
            "urge_url": (
                f"{reverse('complaints:authority-urges-new')}?{urlencode(address)}"
                if listed.cases and not is_long and workspace.may("urge")
                else ""
            ),
        },
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list, and how many there are in all; None where counting would cost more
    than it tells: everything that ever was, without a period or an enterprise."""

    cases: list[Complaint]
    before: str
    after: str
    count: int | None
    order: keyset.Order


def _listed(cases: QuerySet[Complaint], said: dict[str, Any], asked: Mapping[str, str]) -> Listed:
    """Open cases by the next deadline, others by receipt; what an enterprise ended, by that end."""
    if any(said.get(name) for name in OF_A_STAGE):
        stages = ended(said, cases)
        order = keyset.BY_END
        page = keyset.page_of(stages, asked, order, related=[f"complaint__{name}" for name in RELATED])
        found, before, after = [stage.complaint for stage in page.rows], page.before, page.after
        every: QuerySet[Any] = stages
    else:
        order = keyset.BY_RECEIPT if said["status"] in (Status.CLOSED, ANY) else keyset.BY_DUE
        those = keyset.page_of(cases, asked, order, related=RELATED)
        found, before, after, every = those.rows, those.before, those.after, cases
    count: int | None = None
    if not before and not after:
        count = len(found)
    elif order == keyset.BY_DUE or any(said.get(name) for name in BOUNDS):
        count = keyset.counts({"all": every})["all"]
    return Listed(found, before, after, count, order)


def _enterprise(said: dict[str, Any]) -> str:
    enterprise = (
        Enterprise.objects.filter(pk=id_of(said["enterprise"])).first() if id_of(said.get("enterprise", "")) else None
    )
    return named(enterprise) if enterprise else ""


def _region(said: dict[str, Any], form: CaseFilter) -> str:
    if "region" not in said:
        return ""
    known = {region.code: named(region) for region in form.regions}
    if said["region"] not in known:
        known |= {r.code: named(r) for r in Region.objects.filter(code=said["region"])}
    return known.get(said["region"], "")


def _url(said: dict[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    query = said | {name: value for name, value in key.items() if value}
    here = reverse("complaints:authority-cases")
    return f"{here}?{urlencode(query)}" if query else here
