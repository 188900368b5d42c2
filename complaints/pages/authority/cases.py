"""The cases of the region in lists (by a filter; with a disputed authority; for publication), and one case on a screen.

A filter stands in a shareable address; one that cannot be read leaves its condition out, and the page says so. Who
stands above both authorities decides a dispute; everybody else reads by when. A case may be published only while its
consumer agrees. Buttons are what the table offers and what has a page; nothing is greyed, and what blocks a step that
one would expect is said in words.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from authorities.models import Region
from complaints import wording
from complaints.acceptance import publication
from complaints.desks import authority_lists, keyset
from complaints.desks.authority_lists import RELATED, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import ANY, OF_A_STAGE, CaseFilter, asked_for, ended, id_of
from complaints.desks.case_search import LOOKED_THROUGH, number_in
from complaints.desks.officer_case import OfficerCase, officer_case_of
from complaints.handling.steps import platform
from complaints.models import Complaint, Deadline
from complaints.models.complaint import OPEN
from complaints.pages.authority.intake.on_behalf import may_write_down
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.review.review import REVIEWED, review_url
from complaints.pages.authority.triage.triage import triage_url
from complaints.procedure.workflow import Clock, Status
from complaints.reading import case_documents, case_rows
from complaints.reading.case import AUTHORITY, CasePage, page_of
from complaints.reading.mediation_facts import mediation_case_url
from complaints.reading.sent_notices import of_case
from enterprises.models import Enterprise
from web.languages import named

#: With one of these even a list of closed cases has an end in sight.
BOUNDS = ("received_from", "ended_from", "enterprise")


@officer_page("GET")
def cases(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """All that the filter leaves: open cases by the next deadline, others by receipt, what an enterprise ended by that
    end. Everything that ever was is not counted."""
    form, chosen = asked_for(workspace, request.GET)
    asked, address = form.conditions, form.address()
    is_long = asked["status"] in (Status.CLOSED, ANY)
    every: QuerySet[Any] = chosen
    page: keyset.KeysetPage[Any]
    if any(asked.get(name) for name in OF_A_STAGE):
        every, order = ended(asked, chosen), keyset.BY_END
        page = keyset.page_of(every, request.GET, order, related=[f"complaint__{name}" for name in RELATED])
        listed = [stage.complaint for stage in page.rows]
    else:
        order = keyset.BY_RECEIPT if is_long else keyset.BY_DUE
        page = keyset.page_of(every, request.GET, order, related=RELATED)
        listed = page.rows
    count: int | None = None
    if not page.before and not page.after:
        count = len(listed)
    elif order == keyset.BY_DUE or any(asked.get(name) for name in BOUNDS):
        count = keyset.counts({"all": every})["all"]
    here, query = reverse("complaints:authority-cases"), urlencode(address)
    may_urge = listed and not is_long and workspace.may("urge")
    context = {
        "rows": rows_of(listed, workspace),
        "filter": form,
        "now": workspace.now,
        "count": count,
        "count_text": "" if count is None else keyset.count_text(count),
        "order": order,
        "looked_through": LOOKED_THROUGH if is_long and asked.get("q") and not number_in(asked["q"]) else 0,
        "active": [
            {"label": one.text, "remove_url": _url(here, {k: v for k, v in address.items() if k != one.name})}
            for one in form.active(enterprise=_enterprise(asked), region=_region(asked, form))
        ],
        **keyset.neighbours(page, _url(here, address)),
        "export_url": f"{reverse('complaints:authority-export-new')}?{query}",
        "urge_url": f"{reverse('complaints:authority-urges-new')}?{query}" if may_urge else "",
    }
    return render(request, "authority/cases.html", context)


def _url(address: str, query: dict[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


def _enterprise(asked: dict[str, Any]) -> str:
    pk = id_of(asked.get("enterprise", ""))
    enterprise = Enterprise.objects.filter(pk=pk).first() if pk else None
    return named(enterprise) if enterprise else ""


def _region(asked: dict[str, Any], form: CaseFilter) -> str:
    if "region" not in asked:
        return ""
    known = {region.code: named(region) for region in form.regions}
    if asked["region"] not in known:
        known |= {r.code: named(r) for r in Region.objects.filter(code=asked["region"])}
    return known.get(asked["region"], "")


@officer_page("GET")
def disputes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/jurisdiction/; no way to decide where this authority is one of those who dispute, or only reads."""
    cases = workspace.cases().filter(OPEN, Q(waits_for("jurisdiction")))
    page = keyset.page_of(cases, request.GET, related=(*RELATED, "handling_authority"))
    deadlines = Deadline.objects.filter(complaint__in=page.rows, clock=Clock.JURISDICTION, ended_at=None)
    clocks = {clock.complaint_id: clock for clock in deadlines}
    own, may_decide = workspace.authority_ids, workspace.may("designate_authority")
    lines = []
    for row in rows_of(page.rows, workspace):
        case = row.complaint
        may_decide_here = may_decide and (case.handling_authority_id not in own or case.status == Status.TRIAGE)
        decide_url = reverse("complaints:authority-step", args=[case.number, "designate"]) if may_decide_here else ""
        lines.append({"row": row, "clock": clocks.get(case.pk), "decide_url": decide_url})
    context = {"lines": lines, "limits": workspace.limits, **keyset.neighbours(page, request.path)}
    return render(request, "authority/disputes.html", context)


@officer_page("GET")
def publications(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/publication/"""
    state = request.GET.get("state", "")
    state = state if state in publication.STATES else publication.WAITING
    mine = workspace.cases().filter(workspace.mine())
    counts = keyset.counts({code: mine.filter(publication.in_state(code)) for code in publication.STATES})
    page = keyset.page_of(mine.filter(publication.in_state(state)), request.GET, keyset.BY_RECEIPT, related=RELATED)
    context = {
        "state": state,
        "now": workspace.now,
        "tabs": [
            keyset.figure(title, counts[code], f"?state={code}", is_current=code == state)
            for code, title in publication.STATES.items()
        ],
        "rows": [
            {"row": row, "url": authority_lists.step_url(row.complaint, "publication", "publish", workspace)}
            for row in rows_of(page.rows, workspace)
        ],
        **keyset.neighbours(page, f"?state={state}"),
    }
    return render(request, "authority/publication.html", context)


#: Step → the page where it is taken.
PAGE_OF = {step: page for page in PAGES.values() for step in page.steps}

_STEPS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
#: Title and steps of each group of buttons.
GROUPS: tuple[tuple[Any, list[str]], ...] = (
    (gettext_lazy("决定"), _STEPS["decide"]),
    (gettext_lazy("调解"), _STEPS["mediate"]),
    (gettext_lazy("办理"), _STEPS["handle"]),
    (gettext_lazy("监督"), _STEPS["supervise"]),
)


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    url: str
    is_main: bool = False
    is_danger: bool = False


def step_url(complaint: Complaint, step: str) -> str:
    if step == "link_cases":
        return reverse("complaints:authority-together", args=[complaint.number])
    return reverse("complaints:authority-step", args=[complaint.number, PAGE_OF[step].name])


def groups_of(officer_case: OfficerCase) -> list[tuple[str, list[Button]]]:
    """The open steps, sorted into groups; two steps of one page are one button. The first that decides or mediates is
    the main one; what ends a case against somebody never is."""
    groups, has_main = [], False
    for number, (title, steps) in enumerate(GROUPS):
        buttons: dict[str, Button] = {}
        for step in steps:
            if step not in officer_case.may:
                continue
            page, url = PAGE_OF.get(step), step_url(officer_case.access.complaint, step)
            if url in buttons:
                continue
            text = page.heading(officer_case, (step,)) if page else wording.action(step)
            is_danger = bool(page and page.is_danger)
            is_main = not has_main and not is_danger and number < 2
            buttons[url] = Button(str(text), url, is_main=is_main, is_danger=is_danger)
            has_main = has_main or is_main
        if buttons:
            groups.append((str(title), list(buttons.values())))
    return groups


@officer_page("GET")
def case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    officer_case = officer_case_of(workspace, number, request.GET, read=case_rows.of_page[AUTHORITY])
    rows = officer_case.rows
    page = page_of(officer_case.access, now=workspace.now)
    complaint = page.complaint
    is_mediated = complaint.status in (Status.MEDIATING, Status.MEDIATION_SUSPENDED)
    on_behalf_url = reverse("complaints:authority-on-behalf", args=[complaint.number])
    context = {
        "page": page,
        "case": complaint,
        "groups": groups_of(officer_case),
        "hints": _hints(page, officer_case),
        "now": workspace.now,
        "triage_url": triage_url(complaint) if complaint.status == Status.TRIAGE else "",
        "review_url": review_url(complaint) if complaint.status in REVIEWED else "",
        "proposals": [m for m in page.matters.values() if m.kind == "proposal"],
        "approvals_url": reverse("complaints:authority-approvals"),
        "consents": _consents(page),
        # What lies open besides the status: returns asked for, recusals, sessions …
        "matters": [
            (wording.label(kind, kind="matter_kind"), matter.opened_at)
            for kind, matter in page.matters.items()
            if kind not in ("undo", "proposal")
        ],
        "forwarding_notes": rows.forwarding_notes,
        "documents": (documents := case_documents.of_case(complaint, AUTHORITY, page.viewer, rows.documents)),
        "court": case_documents.court_of(documents, complaint.number),
        "draw_up_url": step_url(complaint, "draw_up_document") if "draw_up_document" in officer_case.may else "",
        "mediation_url": mediation_case_url(complaint) if is_mediated else "",
        "notices": of_case(complaint, AUTHORITY, rows),
        "may_order": workspace.may(Right.ORDER_NOTICE),
        "on_behalf_url": on_behalf_url if may_write_down(page.actor) else "",
        "slip_url": reverse("complaints:authority-slip", args=[complaint.number]),
        "may_demand": _may_demand(page),
        "officer": complaint.officer.user.name if complaint.officer else "",
        "platform": _platform(page),
    }
    return render(request, "authority/case.html", context)


def _may_demand(page: CasePage) -> bool:
    """Whether this officer may demand that everybody whom the cause of the case touched is remedied."""
    return page.actor is not None and page.actor.may(Right.ACT_ON_HOT_SPOT) and page.complaint.enterprise_id is not None


def _platform(page: CasePage) -> dict[str, Any]:
    """What the national platform says of it, and whether it says nothing for too long."""
    case = page.complaint
    if case.platform_number:
        differs = case.platform_state != platform.expected(case) and case.status != Status.PERFORMING
        return {
            "number": case.platform_number,
            "state": platform.STATES.get(case.platform_state, ""),
            "tone": "warn" if differs else "ok",
            "at": case.platform_received_at,
        }
    days = page.conditions.policies.number(platform.POLICY, case.handling_region_id).number
    return {"is_late": platform.is_late(case, now=page.now, calendar=page.calendar, days=days)}


def _consents(page: CasePage) -> list[tuple[str, str, str]]:
    """Art. 18: who agreed to mediation; (who, word, tone)."""
    if page.complaint.status not in (Status.REVIEW, Status.MEDIATING, Status.MEDIATION_SUSPENDED):
        return []
    states = {
        True: (_("已同意调解"), "ok"),
        False: (_("已表示不同意调解"), "bad"),
        None: (_("还没有表示是否同意调解"), "neutral"),
    }
    consents = page.complaint.consents
    return [
        (_("消费者"), *states[consents.get("mediation_consumer")]),
        (_("企业"), *states[consents.get("mediation_enterprise")]),
    ]


def _hints(page: CasePage, officer_case: OfficerCase) -> list[str]:
    hints = []
    status, consents = page.complaint.status, page.complaint.consents
    if status == Status.MEDIATING and not (consents.get("mediation_consumer") and consents.get("mediation_enterprise")):
        hints.append(_("须双方都同意，才能安排调解和记录协议。"))
    if status == Status.MEDIATING and "recusal" in page.matters:
        hints.append(_("回避申请还没有决定，暂不能安排调解。"))
    if "power" in page.matters:
        hints.append(_("代理人的委托书还没有核验，委托人本人也没有确认。"))
    actor = officer_case.access.actor
    if actor is not None and page.complaint.handling_authority_id not in actor.authority_ids:
        hints.append(
            _("这件投诉由%(authority)s办理，您可以督办或者提级。") % {"authority": page.complaint.handling_authority}
        )
    return hints
