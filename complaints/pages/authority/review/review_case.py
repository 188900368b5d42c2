"""/authority/review/<ref>/: one case at the review desk: arts 10 to 12, the seven grounds, the decision, its very
words.

The page shows what the file has and lacks, and chooses nothing; what it offers is what the table offers,
and each decision is taken at the address of its own step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.keys import sealed_fields
from accounts.roles import Right
from authorities.models import Officer
from complaints import handling, wording
from complaints.acceptance import review_advice, review_grounds
from complaints.acceptance.review_advice import Advice
from complaints.acceptance.review_grounds import DOUBT, NOTHING, Ground
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.handling import Move, StepNotAllowed
from complaints.handling.transition import previewing
from complaints.models import Complaint, PersonalText
from complaints.pages.authority.review.review_building import known_of, refusal_form
from complaints.pages.authority.review.review_forms import RefusalForm
from complaints.pages.authority.triage.signals_shown import shown_signals
from complaints.procedure.workflow import Audience, Status
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_people import by_name
from complaints.wording.reasons import ROUTES

__all__ = ["REVIEWED", "Letter", "grounds_of", "letters_of", "review_case", "review_url"]

#: Where the decision on acceptance is still to be made.
REVIEWED = (Status.REVIEW, Status.AWAITING_MATERIAL)
#: What one may weigh for ground 3; the others are for whoever distributes.
ART_17 = frozenset({"frequent", "frequent_here", "shared_contact", "copied_text", "burst"})
_TONES = {NOTHING: "ok", DOUBT: "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message as it would be sent now, in the language of whoever gets it."""

    to: str
    language: str
    subject: str
    lines: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundView:
    """One of the seven as the page shows it; ``option``: its radio, where it can be chosen; ``earlier``: (number,
    address) of what ground 2 may mean."""

    ground: Ground
    words: str
    tone: str
    seen: str
    advice: list[Advice]
    earlier: list[tuple[str, str]]
    option: Any = None


def review_url(complaint: Complaint) -> str:
    return reverse("complaints:authority-review-case", args=[complaint.number])


def letters_of(officer_case: OfficerCase, move: Move, *, by: str = "") -> dict[str, Any]:
    """``letters`` and ``papers``: what each side would be sent, and the document, if ``move`` took effect now; the
    consumer masked until the officer has said why. ``by``: who proposed it. Raises the refusal of the step."""
    actor = officer_case.found.actor
    if actor is None:
        return {}
    officers = list(dict.fromkeys(filter(None, (by, actor.name))))
    case = officer_case.found.complaint
    sent = previewing.would_be_sent(move, case.pk, actor=actor, officers=officers, now=officer_case.workspace.now)
    is_shown = case_documents.is_shown(case, officer_case.found, now=officer_case.workspace.now)
    hide = str if is_shown else case_documents.letter_masked(case)
    return {
        "papers": [paper if is_shown else case_documents.masked(paper) for paper in sent.papers],
        "letters": [
            Letter(
                to=wording.label(n.addressee, kind="side"),
                language=n.language,
                subject=hide(n.subject),
                lines=[hide(line) for line in n.body.split("\n")],
            )
            for n in sent.notices
        ],
    }


def grounds_of(officer_case: OfficerCase, form: RefusalForm | None) -> dict[str, Any]:
    """For the grounds as radios: what the file and its words show for each."""
    known = form.known if form is not None else known_of(officer_case)
    advice = review_advice.advise(_statement(officer_case.found.complaint))
    links = [(case.number, case_url(case, AUTHORITY)) for case in (form.cases if form is not None else ())]
    case = officer_case.found.complaint
    noticed = [one.text for one in shown_signals([case], officer_case.workspace)[case.pk] if one.code in ART_17]
    options = {option.data["value"]: option for option in form["ground"]} if form is not None else {}
    views = [
        GroundView(
            ground=ground,
            words=wording.capitals(wording.label(ground.code, kind="refusal_ground")),
            tone=_tone(ground, advice),
            seen=_seen(ground, advice),
            advice=review_advice.of_ground(advice, ground.code),
            earlier=links if ground.code == "already_handled" else [],
            option=options.get(ground.code),
        )
        for ground in review_grounds.grounds(known, signals=noticed)
    ]
    return {"grounds": views, "elements": review_grounds.elements(known), "lacks": review_grounds.lacking(known)}


def _tone(ground: Ground, advice: Sequence[Advice]) -> str:
    if review_advice.of_ground(advice, ground.code):
        return "warn"
    return _TONES.get(ground.seen, "neutral")


def _seen(ground: Ground, advice: Sequence[Advice]) -> str:
    return wording.label(DOUBT if review_advice.of_ground(advice, ground.code) else ground.seen, kind="seen")


def _statement(complaint: Complaint) -> str:
    rows = list(
        PersonalText.objects.filter(
            complaint=complaint, audience=Audience.PARTIES, kind__in=["consumer_statement", "consumer_transcript"]
        )
    )
    sealed_fields.load_for(rows)
    return "\n".join(row.text for row in rows)


@officer_page("GET")
def review_case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """Not under review any more: its case page."""
    officer_case = setting_of(workspace, number, request.GET)
    case = officer_case.found.complaint
    if case.status not in REVIEWED:
        return redirect(case_url(case, AUTHORITY))
    may = officer_case.may
    page = page_of(officer_case.found, now=workspace.now)
    form = refusal_form(officer_case, None) if "refuse" in may else None
    return render(
        request,
        "authority/review_case.html",
        {
            "page": page,
            "case": case,
            "may": may,
            "now": workspace.now,
            **grounds_of(officer_case, form),
            "form": form,
            **(_acceptance(officer_case) if "accept" in may else {}),
            "routes": list(ROUTES.values()),
            "others": _others(officer_case),
            "proposal": page.matters.get("proposal"),
            "urls": {
                name: reverse("complaints:authority-step", args=[case.number, slug]) + "?from=review"
                for name, slug in (
                    ("accept", "accept"),
                    ("material", "material"),
                    ("refuse", "refuse"),
                    ("back", "return"),
                    ("split", "split"),
                    ("redirect", "redirect"),
                )
            },
            "approvals_url": reverse("complaints:authority-approvals"),
            "case_url": case_url(case, AUTHORITY),
        },
    )


def _acceptance(officer_case: OfficerCase) -> dict[str, Any]:
    try:
        return letters_of(officer_case, handling.MOVES["accept"]())
    except StepNotAllowed:
        # Its clocks have just moved the case on; the page says so when something is taken.
        return {}


def _others(officer_case: OfficerCase) -> list[str]:
    """Who of the authority can be the second name."""
    found = by_name(
        Officer.objects.on(officer_case.workspace.today)
        .select_related("user")
        .filter(
            authority_id=officer_case.found.complaint.handling_authority_id,
            user__is_active=True,
            role__in=Right.DECIDE_CASE.posts,
        )
        .exclude(user=officer_case.workspace.user)
        .order_by("pk")
    )
    return list(dict.fromkeys(person.user.name for person in found))
