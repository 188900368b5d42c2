"""/authority/violations/: reports and leads of the own authority with their checks, and one of them.

Only officers of the authority that has the case read it; no page, list, count or notice of a party knows it.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from authorities.models import Officer
from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.desks.officer_case import officer_case_of
from complaints.handling.transition.settling import KINDS
from complaints.models import Deadline, Matter, OfficialDocument
from complaints.procedure.workflow import Clock, Status
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_documents import title_of
from complaints.wording.clock import clock_facts
from database.prepared import CombinedQuery, PreparedQuery
from web.listing import listed

BY_OPENING = keyset.Order("opened_at", falling=True)
_CASE = ("complaint__enterprise", "complaint__branch", "complaint__picked_enterprise")
#: Steps of the record that belong to the register.
_STEPS = frozenset({"split_report", "open_lead", "extend_lead", "close_lead"})
TABS = (
    Tab("open", gettext_lazy("正在核查"), "authority", gettext_lazy("没有正在核查的举报和线索。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("done", gettext_lazy("已办结"), "neutral", gettext_lazy("没有办结的。")),
)


def registered(workspace: Workspace) -> QuerySet[Matter]:
    """What lies with the authorities in whose name this person may act."""
    return Matter.objects.filter(
        kind__in=KINDS,
        audience="authority",
        complaint__handling_authority_id__in=workspace.authority_ids,
        complaint__in=workspace.cases(),
    )


def lists_of(workspace: Workspace) -> dict[str, QuerySet[Matter]]:
    late = Deadline.objects.filter(matter=OuterRef("pk"), clock=Clock.LEAD, ended_at=None, due_at__lte=workspace.now)
    rows = registered(workspace)
    return {
        "open": rows.filter(state="open"),
        "late": rows.filter(Exists(late), state="open"),
        "done": rows.exclude(state="open"),
    }


@officer_page("GET")
def violations(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page, shown = keyset.tabbed(request, TABS, lists_of(workspace), BY_OPENING, related=_CASE)
    context = {"rows": rows_of(page.rows, workspace), "now": workspace.now, **shown}
    return render(request, "authority/violations.html", context)


def rows_of(matters: Sequence[Matter], workspace: Workspace) -> list[dict[str, Any]]:
    """With clocks and names: one query for a page, beside keys that are not held yet."""
    if not matters:
        return []
    sealed_fields.load_for(matters)
    live, officers = _BESIDE(
        [m.pk for m in matters], sorted({pk for m in matters for pk in m.data.get("officers", [])})
    )
    sealed_fields.load_for(one.user for one in officers)
    clocks, names = {clock.matter_id: clock for clock in live}, {one.pk: one.user.name for one in officers}
    rows = []
    for matter in matters:
        clock, case, facts = clocks.get(matter.pk), matter.complaint, None
        if clock is not None:
            status = Status(case.status)
            facts = clock_facts(deadline=clock, now=workspace.now, calendar=workspace.calendar, status=status)
        rows.append(
            {
                "matter": matter,
                "number": matter.subject or f"{matter.pk}",
                "kind": wording.label(matter.kind, kind="matter_kind"),
                "respondent": respondent_of(case),
                "clock": facts,
                "result": wording.label(matter.data.get("result", ""), kind="lead_result"),
                "officers": listed(names[pk] for pk in matter.data.get("officers", []) if pk in names),
                "url": reverse("complaints:authority-violation", args=[matter.pk]),
                "case_url": case_url(case, AUTHORITY),
            }
        )
    return rows


# By the ids of records, of officers.
_BESIDE = CombinedQuery(
    PreparedQuery(
        lambda matters: Deadline.objects.filter(matter_id__any_of=matters, clock=Clock.LEAD, ended_at=None), list
    ),
    PreparedQuery(
        lambda matters, officers: Officer.objects.filter(pk__any_of=officers).select_related("user"), list, list
    ),
)


@officer_page("GET")
def violation(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """What was reported, by when it is to be checked, what came of it; and the steps that this officer may take."""
    matter = registered(workspace).filter(pk=pk).select_related(*_CASE).first()
    if matter is None:
        raise Http404
    officer_case = officer_case_of(workspace, matter.complaint.number, request.GET)
    page = page_of(officer_case.access, now=workspace.now)
    may = officer_case.may if matter.state == "open" else ()
    case = matter.complaint
    # By its number, and by its moment what was registered before it had one.
    messages = [
        m
        for m in page.confidential
        if m.step in _STEPS and (m.register == matter.subject if m.register else m.at == matter.opened_at)
    ]
    documents = OfficialDocument.objects.filter(
        complaint=case, audience=AUTHORITY, sequence__in=[m.sequence for m in messages]
    )
    context = {
        "row": rows_of([matter], workspace)[0],
        "matter": matter,
        "page": page,
        "messages_of": messages,
        "documents": [(title_of(row.form), row) for row in documents.order_by("pk")],
        "steps": [
            (
                wording.action(step),
                f"{reverse('complaints:authority-step', args=[case.number, slug])}?matter={matter.pk}",
            )
            for step, slug in (("close_lead", "lead-close"), ("extend_lead", "lead-extend"))
            if step in may
        ],
    }
    return render(request, "authority/violation.html", context)
