"""The enterprise's workspace: the case on the left, the steps that stand open on the right.

The buttons are the open steps of this person, nothing more; a former enterprise
reads its own engagement and finds none.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.assignment import assigning
from complaints.desks import neighbours
from complaints.desks.enterprise_workspace import Workspace, case_url, held, held_whole, workspace_page
from complaints.handling.steps import mediation
from complaints.models import OfficialDocument
from complaints.pages.enterprise import work
from complaints.pages.enterprise.approvals import proposal_of
from complaints.pages.enterprise.leading_on import Beside
from complaints.pages.enterprise.steps import BUTTONS, open_steps, steps_of
from complaints.procedure.workflow import Clock
from complaints.reading import case_documents
from complaints.reading.case import CasePage
from complaints.reading.case_people import demand_text
from complaints.reading.sent_notices import of_case
from complaints.wording.next_action import with_own_first
from enterprises.team.staffing import worker
from web.dates import last_day

#: Steps that the enterprise owes: the first of them is the main button.
TO_DO = (
    *("accept", "answer", "offer", "payment", "add-promise", "performed", "instruction", "confirm", "mediation"),
    "suggestion",
)
#: What opens the steps beside the main one by keyboard, in their order; no key that does something else on the page.
STEP_KEYS = "123456789bdefhilrstuwyz"
#: Buttons beside the main one; the rest stand as links below.
IN_FRONT = ("contact", "ask", "message", "note", "assign", "replace", "performed", "offer", "answer")


@dataclass(frozen=True, slots=True)
class Button:
    """``key``: what opens it by keyboard; empty for the main one, which has a key of its own."""

    slug: str
    label: str
    url: str
    key: str = ""


@workspace_page("GET")
def home(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/: what I owe is the day."""
    return redirect("complaints:enterprise-work")


@workspace_page("GET")
def workspace(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/"""
    place = neighbours.place_of(request)
    return render(request, "enterprise/case.html", context_of(request, workspace, number) | {"place": place})


def context_of(
    request: HttpRequest, workspace: Workspace, number: str, *, beside: Beside | None = None
) -> dict[str, Any]:
    """What enterprise/_case.html shows, ``beside`` its list or alone. Http404 for a stranger."""
    page, rows = held_whole(workspace, number)
    if not page.is_former:
        clocks = [clock.row for clock in page.clocks]
        page = replace(page, next_action=with_own_first(page.next_action, page.complaint, clocks, now=page.now))
    engagement = page.engagement
    log, lines = work.contact_log(page, rows.contacts), demand_lines(page)
    buttons = [b for b in buttons_of(page, beside) if b.slug != "failure" or log.lines]
    waiting = waiting_of(page, buttons)
    announced = {item["url"] for item in waiting}
    main = buttons[0] if buttons and buttons[0].slug in TO_DO and not waiting else None
    rest = [b for b in buttons if b is not main and b.url not in announced]
    rest = [b for b in rest if b.slug in IN_FRONT] + [b for b in rest if b.slug not in IN_FRONT]
    rest = [replace(button, key=key) for button, key in zip(rest, STEP_KEYS, strict=False)]
    documents: list[case_documents.DocumentRow] = []
    if not page.is_former:
        issued = documents_of(page, rows.documents)
        documents = case_documents.of_case(page.complaint, page.side, page.viewer, issued)
    result = engagement.result if engagement else ""
    context: dict[str, Any] = {
        "page": page,
        "complaint": page.complaint,
        "engagement": engagement,
        "main": main,
        "front": [b for b in rest if b.slug in IN_FRONT],
        "more": [b for b in rest if b.slug not in IN_FRONT],
        "may": {b.slug: b.url for b in buttons},
        "demands": lines,
        "answered": sum(bool(line["answer"]) for line in lines),
        "waiting": waiting,
        "proposal": proposal_of(page),
        "log": log,
        "failure_waits": page.may("report_failure") and not log.lines,
        "extension_note": work.extension_note(page),
        "notes": rows.notes,
        "notices": [] if page.is_former else of_case(page.complaint, page.side, rows),
        "documents": documents,
        "court": case_documents.court_of(documents, page.complaint.number),
        "odr_result": wording.label(result, kind="odr_result") if result else "",
    }
    if engagement is not None and not page.is_former and request.method == "GET":
        context["others"] = assigning.opened(page.complaint, engagement, user=workspace.user, now=workspace.now)
    if main is not None and main.slug == "accept":
        context |= _accepted_by(page)
    if work.is_working(page):
        context["history"], context["has_more_history"] = work.history_of(page, workspace)
        context["similar"] = work.similar_shown(page.complaint, jobs=workspace.jobs)
    elif not page.is_former:
        cause = work.cause_of(page, rows.causes)
        context |= {"cause": cause, "cause_text": wording.label(cause, kind="root_cause") if cause else ""}
        if "cause" in context["may"]:
            context["cause_options"] = work.cause_options(page.complaint.problem_category, cause)
    return context


def _accepted_by(page: CasePage) -> dict[str, Any]:
    """Who has the case when it is accepted by one press: whoever a rule or a colleague gave it to, if they are there to
    handle it, else who reads this; nothing where that is somebody on leave, and a page asks who shall have it."""
    handler, me = page.complaint.handler, page.viewer.staff_id
    if handler is not None and handler.pk != me and _is_there(page, handler.pk):
        return {"accept_as": handler.pk, "accept_text": _("受理，由%(name)s处理") % {"name": handler.user.name}}
    return {"accept_as": me, "accept_text": _("受理，由我处理")} if _is_there(page, me) else {}


def _is_there(page: CasePage, staff_id: int | None) -> bool:
    one = worker(page.complaint.enterprise_id or 0, page.today, pk=staff_id)
    return one is not None and one.leave is None and one.may_have(page.complaint.branch_id)


def documents_of(page: CasePage, rows: list[OfficialDocument]) -> list[OfficialDocument]:
    """Of what was issued to this enterprise, what whoever works for some of its branches may read."""
    if page.viewer.branch_ids is None:
        return rows
    ours = {engagement.pk for engagement in page.engagements}
    return [row for row in rows if row.engagement_id in ours]


#: What runs while somebody waits for an answer; the strip may be about another clock.
_CLOCK_OF = {
    "answer": Clock.ANSWER,
    "instruction": Clock.INSTRUCTION,
    "payment": Clock.PERFORMANCE_ANSWER,
    "settled-elsewhere": Clock.SETTLED_ELSEWHERE,
}


def waiting_of(page: CasePage, buttons: list[Button]) -> list[dict[str, str]]:
    """Somebody waits for a word of this enterprise: a banner with the way to answer."""
    by_slug = {button.slug: button for button in buttons}
    claim, suggestion = page.matters.get("settled_elsewhere"), page.matters.get("suggestion")
    is_done = any(o.owed_by == "consumer" and o.state_code == "reported" for o in page.promises)
    is_claimed = claim is not None and claim.opened_by == "consumer"
    is_suggested = suggestion is not None and page.side not in mediation.answers_of(suggestion)
    asked = (
        ("answer", _("消费者就方案提了问题，等您回答。"), True),
        ("instruction", _("监管部门发来督办，等您答复。"), True),
        ("add-promise", _("方案里同意的没有全部写进约定，请补上。"), True),
        ("payment", _("消费者说没有收到，请出示付款凭证。"), True),
        ("confirm", _("消费者已经做到他答应的事，请您确认。"), is_done),
        ("settled-elsewhere", _("消费者称已经另行和解，请您答复。"), is_claimed),
        ("suggestion", _("监管部门提出了调解方案，请您答复。"), is_suggested),
        (
            "mediation",
            _("监管部门在处理这件投诉。调解须双方同意，请您答复。"),
            f"mediation_{page.side}" not in page.complaint.consents,
        ),
    )
    dates = {
        clock.row.clock: clock.row.due_at
        for clock in page.clocks
        if clock.row.owed_by == page.side and clock.row.ended_at is None
    }

    def until(slug: str) -> str:
        due_at = dates.get(_CLOCK_OF.get(slug, ""))
        return "" if due_at is None else _("请在%(day)s答复。") % {"day": last_day(due_at)}

    return [
        {"text": text + until(slug), "url": by_slug[slug].url, "action": by_slug[slug].label}
        for slug, text, is_asked in asked
        if is_asked and slug in by_slug
    ]


#: Where one page answers either way, the button asks.
_ASKED = {
    "agree_to_mediation": gettext_lazy("是否同意调解"),
    "decline_mediation": gettext_lazy("是否同意调解"),
    "confirm_settled_elsewhere": gettext_lazy("是否已经另行和解"),
}


def buttons_of(page: CasePage, beside: Beside | None = None) -> list[Button]:
    """In the order of use, main one first; what waits for a second person is not asked for twice."""
    here, may, query = case_url(page.complaint), open_steps(page), beside.query if beside else ""
    return [
        Button(slug, str(_ASKED.get(step) or wording.action(step)), f"{here}{slug}/{query}")
        for slug in BUTTONS
        if (step := next((s for s in steps_of(slug) if s in may), ""))
    ]


def demand_lines(page: CasePage) -> list[dict[str, Any]]:
    """Every demand beside the newest answer to it; 未答复 says so."""
    newest: dict[int, Any] = {}
    for offer in reversed(page.offers):
        newest |= {answer.ordinal: answer for answer in offer.answers}
    return [
        {
            "ordinal": demand.ordinal,
            "title": demand_text(demand),
            "amount": demand.amount,
            "note": demand.note,
            "answer": newest[demand.ordinal].verdict if demand.ordinal in newest else "",
            "tone": newest[demand.ordinal].tone if demand.ordinal in newest else "warn",
        }
        for demand in page.demands
    ]


@workspace_page("GET")
def view_file(request: HttpRequest, workspace: Workspace, number: str, pk: int) -> HttpResponseBase:
    """/enterprise/cases/<ref>/files/<pk>/; a former enterprise has no files."""
    page = held(workspace, number)
    place = next((n for n, file in enumerate(page.files) if file.pk == pk), None)
    if place is None:
        raise Http404

    def address(n: int) -> str:
        if not 0 <= n < len(page.files):
            return ""
        return reverse("complaints:enterprise-file", args=[number, page.files[n].pk])

    file = page.files[place]
    messages = [m for m in page.thread if any(attached.pk == pk for attached in m.files)]
    context = {
        "page": page,
        "complaint": page.complaint,
        "file": file,
        "place": place + 1,
        "total": len(page.files),
        "previous_url": address(place - 1),
        "next_url": address(place + 1),
        "message": messages[-1] if messages else None,
        "all": [(one, address(n)) for n, one in enumerate(page.files)],
    }
    return render(request, "enterprise/file.html", context)
