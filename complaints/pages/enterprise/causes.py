"""Ended cases whose root cause nobody has tagged: one select and one press each.

Only cases that still stand against this desk, the newest first; older ones than DAYS are let go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from complaints import wording
from complaints.desks import keyset
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.models import Engagement, RootCause
from complaints.pages.enterprise.work import RESULT_TONES, cause_options
from complaints.procedure.categories import problem_label
from complaints.procedure.workflow import TABLE

DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One ended case, and the causes to choose from."""

    number: str
    url: str
    item: str
    problem: str
    ended_at: datetime
    result: str
    tone: str
    tag_url: str
    options: SafeString


@workspace_page("GET")
def causes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/causes/"""
    page = keyset.page_of(untagged(workspace), request.GET, keyset.BY_END, related=("complaint",))
    return render(
        request,
        "enterprise/causes.html",
        {
            "rows": [_row(time) for time in page.rows],
            "days": DAYS,
            "may_tag": workspace.may("tag_cause"),
            "previous_url": _page_url(before=page.before),
            "next_url": _page_url(after=page.after),
        },
    )


def untagged(workspace: Workspace) -> QuerySet[Engagement]:
    """Times with a case that ended within DAYS, were ours to answer and have no root cause yet."""
    return Engagement.objects.filter(
        workspace.engagements(),
        ~Exists(RootCause.objects.filter(engagement=OuterRef("pk"))),
        until_at__gte=workspace.now - timedelta(days=DAYS),
        complaint__enterprise_id=F("enterprise_id"),
        complaint__status__in=list(TABLE["tag_cause"].at),
    ).exclude(odr_result="returned")


def _row(time: Engagement) -> CauseRow:
    case = time.complaint
    assert time.until_at is not None  # noqa: S101
    return CauseRow(
        number=case.number,
        url=case_url(case),
        item=case.title,
        problem=str(problem_label(case.problem_category)),
        ended_at=time.until_at,
        result=wording.label(time.odr_result, kind="odr_result"),
        tone=RESULT_TONES.get(time.odr_result, "neutral"),
        tag_url=reverse("complaints:enterprise-cause", args=[case.number]),
        options=cause_options(case.problem_category),
    )


def _page_url(**key: Any) -> str:
    given = {name: value for name, value in key.items() if value}
    return f"{reverse('complaints:enterprise-causes')}?{urlencode(given)}" if given else ""
