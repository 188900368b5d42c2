"""/authority/publication/: closed complaints whose consumer agreed that they are shown, and what was decided.

A case stands here only while the consent does; the decision itself is a step of the case.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts.keys import sealed_fields
from complaints import wording
from complaints.acceptance import publication
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, rows_of, step_url
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.models import Complaint, Demand, PersonalText
from complaints.reading.case_people import names_of_consumers


@officer_page("GET")
def publications(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    state = request.GET.get("state", "")
    state = state if state in publication.STATES else publication.WAITING
    mine = workspace.cases().filter(workspace.mine())
    counts = keyset.counts({code: mine.filter(publication.in_state(code)) for code in publication.STATES})
    page = keyset.page_of(mine.filter(publication.in_state(state)), request.GET, keyset.BY_RECEIPT, related=RELATED)
    return render(
        request,
        "authority/publication.html",
        {
            "state": state,
            "now": workspace.now,
            "tabs": [
                {
                    "title": title,
                    "count": keyset.in_words(counts[code]),
                    "url": f"?state={code}",
                    "is_current": code == state,
                }
                for code, title in publication.STATES.items()
            ],
            "rows": [
                {"row": row, "url": step_url(row.complaint, "publication", "publish", workspace)}
                for row in rows_of(page.rows, workspace)
            ],
            "previous_url": _url(state, before=page.before),
            "next_url": _url(state, after=page.after),
        },
    )


def _url(state: str, **key: str) -> str:
    return f"?{urlencode({'state': state} | key)}" if any(key.values()) else ""


def preview(complaint: Complaint) -> publication.Masked:
    """The case as the public would read it: three queries."""
    replies: Any = PersonalText.objects.filter(complaint=complaint, audience="parties", kind="public_reply")
    texts = list(replies.order_by("-sequence", "-pk")[:1])
    sealed_fields.load_for(texts)
    demands = [
        wording.label(kind, kind="demand_kind")
        for kind in Demand.objects.filter(complaint=complaint).order_by("ordinal").values_list("kind", flat=True)
    ]
    return publication.masked(
        complaint,
        name=names_of_consumers([complaint.pk]).get(complaint.pk, ""),
        demands=demands,
        reply=texts[0].text if texts else "",
    )
