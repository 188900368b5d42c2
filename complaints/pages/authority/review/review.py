"""/authority/review/: what waits for a decision on acceptance, objections to what was decided, one case under review.

The lists and their counts are one and the same condition. The page of a case shows what the file has and lacks (arts 10
to 12, the seven grounds), the decision and its very words, and chooses nothing; each decision is taken at the address
of its own step.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints import handling, wording
from complaints.acceptance import review_advice, review_grounds
from complaints.acceptance.review_advice import Advice
from complaints.acceptance.review_grounds import DOUBT, NOTHING, Ground
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, due_soon, late, rows_of, step_url
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.handling import Move, StepNotAllowed
from complaints.handling.transition import previewing
from complaints.models import Complaint, Matter, PersonalText
from complaints.pages.authority.forms import officers_of
from complaints.pages.authority.review.review_forms import RefusalForm, known_of
from complaints.pages.authority.triage.triage import shown_signals
from complaints.procedure.workflow import Audience, Status
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.wording.reasons import ROUTES

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
    hide = str if is_shown else case_documents.words_masked([case])[case.pk]
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
            tone="warn" if advised else _TONES.get(ground.seen, "neutral"),
            seen=wording.label(DOUBT if advised else ground.seen, kind="seen"),
            advice=advised,
            earlier=links if ground.code == "already_handled" else [],
            option=options.get(ground.code),
        )
        for ground in review_grounds.grounds(known, signals=noticed)
        for advised in [review_advice.of_ground(advice, ground.code)]
    ]
    return {"grounds": views, "elements": review_grounds.elements(known), "lacks": review_grounds.lacking(known)}


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
    form = RefusalForm(officer_case, None) if "refuse" in may else None
    accepted: dict[str, Any] = {}
    # A clock may just have moved the case on; the page says so when something is taken.
    with suppress(StepNotAllowed):
        accepted = letters_of(officer_case, handling.MOVES["accept"]()) if "accept" in may else {}
    # Who of the authority can be the second name.
    others = officers_of(officer_case, Right.DECIDE_CASE, without=[workspace.user.pk])
    context = {
        "page": page,
        "case": case,
        "may": may,
        **grounds_of(officer_case, form),
        "form": form,
        **accepted,
        "routes": list(ROUTES.values()),
        "others": list(dict.fromkeys(person.user.name for person in others)),
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
    }
    return render(request, "authority/review_case.html", context)


TABS = (
    Tab("all", gettext_lazy("本机关待审查"), "authority", gettext_lazy("没有等待审查的投诉。")),
    Tab("mine", gettext_lazy("我经办的"), "neutral", gettext_lazy("没有由您经办的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("soon", gettext_lazy("2个工作日内到期"), "warn", gettext_lazy("2个工作日内没有到期的。")),
    Tab("material", gettext_lazy("等补正"), "neutral", gettext_lazy("没有在等补正的。")),
    Tab("objections", gettext_lazy("异议"), "warn", gettext_lazy("没有等待答复的异议。")),
)


def waiting(workspace: Workspace) -> QuerySet[Complaint]:
    """In whose authority's name this person may act."""
    return workspace.cases().filter(workspace.mine(), status__in=REVIEWED)


def objected(workspace: Workspace) -> QuerySet[Complaint]:
    """Closed, with an objection that nobody has answered."""
    open_ones = Matter.objects.filter(kind="objection", state="open").order_by().values("complaint_id")
    return workspace.cases().filter(workspace.mine(), pk__in=open_ones, status=Status.CLOSED)


def lists_of(workspace: Workspace) -> dict[str, QuerySet[Complaint]]:
    rows = waiting(workspace)
    return {
        "all": rows,
        "mine": rows.filter(officer__user=workspace.user),
        "late": rows.filter(late(workspace.now)),
        "soon": rows.filter(due_soon(workspace.now, workspace.calendar)),
        "material": rows.filter(status=Status.AWAITING_MATERIAL),
        "objections": objected(workspace),
    }


@officer_page("GET")
def review(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    lists = lists_of(workspace)
    tab = keyset.chosen_tab(TABS, request.GET)
    counts = keyset.counts(lists)
    page = keyset.page_of(lists[tab.code], request.GET, related=RELATED)
    matters = Matter.objects.filter(kind="proposal", state="open", audience="authority", complaint__in=page.rows)
    proposed = set(matters.values_list("complaint_id", flat=True))
    context = {
        "rows": [
            replace(row, url=_row_url(row.complaint, tab, workspace), is_proposed=row.complaint.pk in proposed)
            for row in rows_of(page.rows, workspace)
        ],
        "now": workspace.now,
        **keyset.tabs_shown(TABS, tab, counts, page, address=reverse("complaints:authority-review")),
    }
    return render(request, "authority/review.html", context)


def _row_url(complaint: Complaint, tab: Tab, workspace: Workspace) -> str:
    if tab.code == "objections":
        return step_url(complaint, "objection", "answer_objection", workspace)
    return review_url(complaint)
