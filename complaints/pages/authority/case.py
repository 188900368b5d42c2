"""/authority/cases/<ref>/: one case on one screen, with the steps that this officer may take now.

Buttons are what the table offers and what has a page; nothing is greyed, and what
blocks a step that one would expect is said in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.handling.steps import platform
from complaints.models import Complaint
from complaints.pages.authority.intake.on_behalf import may_write_down
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.review.review_case import REVIEWED, review_url
from complaints.pages.authority.triage.triage import triage_url
from complaints.procedure.workflow import Status
from complaints.reading import case_documents, case_rows
from complaints.reading.case import AUTHORITY, CasePage, page_of
from complaints.reading.mediation_facts import desk_url
from complaints.reading.notices_told import of_case

#: Step → the page where it is taken.
PAGE_OF = {step: page for page in PAGES.values() for step in page.steps}

GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        gettext_lazy("决定"),
        (
            "accept",
            "request_material",
            "refuse",
            "return_to_intake",
            "record_agreement",
            "terminate",
            "grant_return",
            "refuse_return",
            "grant_extension",
            "refuse_extension",
            "answer_objection",
            "decide_recusal",
            "assign_authority",
            "redirect",
            "reopen",
        ),
    ),
    (
        gettext_lazy("调解"),
        (
            "schedule_session",
            "record_session",
            "suggest_settlement",
            "order_appraisal",
            "end_appraisal",
            "delegate_mediation",
            "recall_mediation",
        ),
    ),
    (
        gettext_lazy("办理"),
        (
            "assign_officer",
            "forward",
            "ask_consent",
            "serve_notice",
            "answer_instruction",
            "explain_overdue",
            "verify_contact",
            "change_contact",
            "write_down_statement",
            "confirm_power",
            "record_platform_number",
            "publish",
            "withhold",
            "record_party_gone",
        ),
    ),
    (
        gettext_lazy("监督"),
        (
            "recall",
            "urge",
            "take_up",
            "dispute_jurisdiction",
            "designate_authority",
            "split_report",
            "link_cases",
            "separate_case",
            "open_lead",
            "extend_lead",
            "close_lead",
            "refer_to_police",
        ),
    ),
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
    case, found = officer_case.found.complaint, []
    has_main = False
    for title, steps in GROUPS:
        buttons: list[Button] = []
        for step in steps:
            if step not in officer_case.may:
                continue
            url = step_url(case, step)
            if any(button.url == url for button in buttons):
                continue
            page = PAGE_OF.get(step)
            text = page.heading(officer_case, (step,)) if page else wording.action(step)
            is_danger = bool(page and page.is_danger)
            is_main = not has_main and not is_danger and title in (GROUPS[0][0], GROUPS[1][0])
            buttons.append(Button(str(text), url, is_main=is_main, is_danger=is_danger))
            has_main = has_main or is_main
        if buttons:
            found.append((str(title), buttons))
    return found


@officer_page("GET")
def case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    officer_case = setting_of(workspace, number, request.GET, read=case_rows.of_page[AUTHORITY])
    rows = officer_case.rows
    page = page_of(officer_case.found, now=workspace.now)
    complaint = page.complaint
    return render(
        request,
        "authority/case.html",
        {
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
            "matters": _matters(page),
            "forwarding_notes": rows.forwarding_notes,
            "documents": (documents := case_documents.of_case(complaint, AUTHORITY, page.viewer, rows.documents)),
            "court": case_documents.court_of(documents, complaint.number),
            "draw_up_url": step_url(complaint, "draw_up_document") if "draw_up_document" in officer_case.may else "",
            "mediation_url": (
                desk_url(complaint) if complaint.status in (Status.MEDIATING, Status.MEDIATION_SUSPENDED) else ""
            ),
            "notices": of_case(complaint, AUTHORITY, rows),
            "may_order": workspace.may(Right.ORDER_NOTICE),
            "on_behalf_url": (
                reverse("complaints:authority-on-behalf", args=[complaint.number]) if may_write_down(page.actor) else ""
            ),
            "officer": complaint.officer.user.name if complaint.officer else "",
            "platform": _platform(page),
        },
    )


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
    said = {
        True: (_("已同意调解"), "ok"),
        False: (_("已表示不同意调解"), "bad"),
        None: (_("还没有表示是否同意调解"), "neutral"),
    }
    return [
        (words, *said[page.complaint.consents.get(f"mediation_{side}")])
        for side, words in (("consumer", _("消费者")), ("enterprise", _("企业")))
    ]


def _matters(page: CasePage) -> list[tuple[str, Any]]:
    """What lies open besides the status: returns asked for, recusals, sessions …"""
    return [
        (wording.label(kind, kind="matter_kind"), matter.opened_at)
        for kind, matter in page.matters.items()
        if kind not in ("undo", "proposal")
    ]


def _hints(page: CasePage, officer_case: OfficerCase) -> list[str]:
    """Why an expected step is not offered."""
    hints = []
    status, consents = page.complaint.status, page.complaint.consents
    if status == Status.MEDIATING and not (consents.get("mediation_consumer") and consents.get("mediation_enterprise")):
        hints.append(_("须双方都同意，才能安排调解和记录协议。"))
    if status == Status.MEDIATING and "recusal" in page.matters:
        hints.append(_("回避申请还没有决定，暂不能安排调解。"))
    if "power" in page.matters:
        hints.append(_("代理人的委托书还没有核验，委托人本人也没有确认。"))
    actor = officer_case.found.actor
    if actor is not None and page.complaint.handling_authority_id not in actor.authority_ids:
        hints.append(
            _("这件投诉由%(authority)s办理，您可以督办或者提级。") % {"authority": page.complaint.handling_authority}
        )
    return hints
