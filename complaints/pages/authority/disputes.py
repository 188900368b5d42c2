"""/authority/jurisdiction/: cases whose authority is disputed, and who decides about them.

Who stands above both decides; everybody else reads by when.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, ListedCase, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.models import Deadline
from complaints.models.complaint import OPEN
from complaints.procedure.workflow import Clock


@dataclass(frozen=True, slots=True)
class Line:
    """One dispute. ``decide_url`` is empty where this desk is one of those who dispute, or only reads."""

    row: ListedCase
    clock: Deadline | None
    decide_url: str


@officer_page("GET")
def disputes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = keyset.page_of(
        workspace.cases().filter(OPEN, Q(waits_for("jurisdiction"))),
        request.GET,
        related=(*RELATED, "handling_authority"),
    )
    clocks = {
        clock.complaint_id: clock
        for clock in Deadline.objects.filter(
            complaint_id__in=[case.pk for case in page.rows], clock=Clock.JURISDICTION, ended_at=None
        )
    }
    here = reverse("complaints:authority-disputes")
    own, may_decide = workspace.authority_ids, workspace.may("designate_authority")
    return render(
        request,
        "authority/disputes.html",
        {
            "lines": [
                Line(
                    row,
                    clocks.get(row.complaint.pk),
                    reverse("complaints:authority-step", args=[row.complaint.number, "designate"])
                    if may_decide
                    and (row.complaint.handling_authority_id not in own or row.complaint.status == "triage")
                    else "",
                )
                for row in rows_of(page.rows, workspace)
            ],
            "now": workspace.now,
            "limits": workspace.limits,
            "previous_url": f"{here}?before={page.before}" if page.before else "",
            "next_url": f"{here}?after={page.after}" if page.after else "",
        },
    )
