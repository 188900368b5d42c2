"""The enterprise's workspace: the case on the left, the steps that stand open on the right.

The one rule: the buttons are the open steps of this person, nothing more; a former enterprise
reads its own engagement and finds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from complaints import labels
from complaints.models import Contact, InternalNote
from complaints.views.case import CasePage
from complaints.views.case_people import demand_text
from complaints.views.enterprise_desk import Desk, desk_page, held
from complaints.views.enterprise_steps import BUTTONS, stands_open

#: Buttons beside the main one; the rest stand as links below.
IN_FRONT = ("contact", "ask", "message", "note", "assign", "replace", "performed", "offer", "answer")


@dataclass(frozen=True, slots=True)
class Button:
    """One step that stands open, and where its page is."""

    slug: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class DemandLine:
    """One demand and the answer that stands for it."""

    ordinal: int
    title: str
    amount: Any
    note: str
    answer: str
    tone: str


@desk_page("GET")
def home(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """/enterprise/: the queue is the day."""
    return redirect("complaints:enterprise-queue")


@desk_page("GET")
def workspace(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/"""
    page = held(desk, number)
    engagement = page.engagement
    contacts = contacts_of(page)
    buttons = [b for b in buttons_of(page) if b.slug != "failure" or contacts]
    main = buttons[0] if buttons and buttons[0].slug not in ("contact", "concern", "settled-elsewhere") else None
    rest = [b for b in buttons if b is not main]
    return render(request, "enterprise/case.html", {
        "page": page, "complaint": page.complaint, "engagement": engagement, "main": main,
        "front": [b for b in rest if b.slug in IN_FRONT],
        "more": [b for b in rest if b.slug not in IN_FRONT],
        "demands": demand_lines(page),
        "contacts": contacts, "failure_waits": page.may("report_failure") and not contacts,
        "notes": list(InternalNote.objects.filter(engagement=engagement).order_by("-at", "-pk")[:20]),
        "odr_result": labels.label(engagement.odr_result, kind="odr_result")
        if engagement and engagement.odr_result else "",
    })


def contacts_of(page: CasePage) -> list[dict[str, Any]]:
    """The newest attempts to reach the consumer."""
    rows = Contact.objects.filter(engagement=page.engagement).order_by("-at", "-pk")[:20]
    return [{"at": row.at, "by_name": row.by_name, "reached": row.reached,
             "way": labels.label(row.channel, kind="contact_channel")} for row in rows]


def buttons_of(page: CasePage) -> list[Button]:
    """In the order of use, main one first."""
    found = []
    for slug, steps in BUTTONS:
        step = next((s for s in steps if stands_open(page, s)), "")
        if step:
            found.append(Button(slug, labels.action(step), reverse(
                f"complaints:enterprise-{slug}", args=[page.complaint.number])))
    return found


def demand_lines(page: CasePage) -> list[DemandLine]:
    """Every demand beside the newest answer to it; 未答复 says so."""
    newest: dict[int, Any] = {}
    for offer in reversed(page.offers):
        newest |= {answer.ordinal: answer for answer in offer.answers}
    lines = []
    for demand in page.demands:
        answer = newest.get(demand.ordinal)
        lines.append(DemandLine(
            ordinal=demand.ordinal, title=demand_text(demand), amount=demand.amount, note=demand.note,
            answer=answer.verdict if answer else "", tone=answer.tone if answer else "warn"))
    return lines
