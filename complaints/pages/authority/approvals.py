"""/authority/approvals/: what waits for a second person, and the decision on one of it.

The approval and the approved step are two moves of one call by the same person,
so that neither stands without the other; nobody decides on his own proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from authorities.policies import Policies
from complaints import handling, wording
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.forms.decision_form import DecisionForm
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import proposals
from complaints.handling.transition import two_persons
from complaints.models import Complaint, Matter
from complaints.pages.authority.documents import documents_signing
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.review.review_case import letters_of
from complaints.procedure.refusals import not_yours
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import Fact
from database.prepared import CombinedQuery, PreparedQuery
from web.listing import listed

MOST = 200
_FIELDS: dict[str, Any] = {
    "ground": gettext_lazy("情形"),
    "facts": gettext_lazy("事实和理由"),
    "body": gettext_lazy("写明的部门"),
    "earlier": gettext_lazy("监管部门受理或者处理过的同一争议"),
    "text": gettext_lazy("事由"),
}
_GROUNDS = {"refuse": "refusal_ground", "terminate": "termination_ground"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal in words: what, who, ground, effect."""

    matter: Matter
    complaint: Complaint
    what: str
    by: str
    is_own: bool
    is_ours: bool
    facts: list[Fact]
    respondent: str
    url: str
    case_url: str
    #: Who has signed since, and what is still to be signed (two_persons.signatures).
    signed: str = ""
    left: tuple[str, ...] = ()
    is_head: bool = False

    @property
    def needs_head(self) -> bool:
        """Only the head may sign next, and this person is none."""
        return self.left[:1] == (two_persons.HEAD,) and not self.is_head

    @property
    def may_decide(self) -> bool:
        return self.is_ours and not self.is_own and not self.needs_head and self.matter.state == "open"


@officer_page("GET")
def approvals(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    matters = workspace.proposals().select_related(*_CASE).order_by("opened_at", "pk")[:MOST]
    found = proposals_of(matters, workspace)
    found.sort(key=lambda p: not p.may_decide)
    return render(
        request,
        "authority/approvals.html",
        {"proposals": found, "mine_to_decide": sum(p.may_decide for p in found), "now": workspace.now},
    )


_CASE = ("complaint__enterprise", "complaint__branch", "complaint__picked_enterprise")


#: By the ids of cases and the keys of people.
_BESIDE = CombinedQuery(
    *case_documents.SAID, PreparedQuery(lambda cases, keys: User.objects.filter(person_key__any_of=keys), list, list)
)


def proposals_of(matters: Iterable[Matter], workspace: Workspace, *, is_shown: bool = False) -> list[Proposal]:
    """With the names of who proposed and signed them, and what is still to be signed: one query more, beside keys. The
    consumer is masked in what was written, unless ``is_shown``: the officer has said why."""
    rows = list(matters)
    if not rows:
        return []
    sealed_fields.load_for(rows)
    signers = {UUID(key) for m in rows for key in m.data.get("signed", [])}
    cases = sorted({m.complaint_id for m in rows})
    *said, people = _BESIDE(cases, sorted({m.opened_by_key for m in rows if m.opened_by_key} | signers))
    sealed_fields.load_for([*people, *(row for found in said for row in found)])
    names = {person.person_key: person.name for person in people}
    hides = case_documents.hiding(cases, *said)
    return [
        _proposal(m, names, workspace, workspace.conditions.policies, str if is_shown else hides[m.complaint_id])
        for m in rows
    ]


def _proposal(
    matter: Matter, names: dict[UUID, str], workspace: Workspace, policies: Policies, hide: Callable[[str], str]
) -> Proposal:
    by = names.get(matter.opened_by_key, "") if matter.opened_by_key else ""
    signed = matter.data.get("signed", [])
    is_own = workspace.user.person_key == matter.opened_by_key or str(workspace.user.person_key) in signed
    case, payload = matter.complaint, matter.data.get("payload", {})
    return Proposal(
        matter=matter,
        complaint=case,
        what=wording.action(matter.subject),
        by=by,
        is_own=is_own,
        signed=listed(names.get(UUID(key), "") for key in signed),
        left=two_persons.left_to_sign(policies, matter, case.handling_region_id),
        is_head=any(
            a.may(Right.LEAD_AUTHORITY) and case.handling_authority_id in a.authority_ids for a in workspace.actors
        ),
        is_ours=case.handling_authority_id in workspace.authority_ids,
        facts=[
            Fact(str(words), hide(_value(matter.subject, name, payload[name])))
            for name, words in _FIELDS.items()
            if payload.get(name)
        ],
        respondent=respondent_of(case),
        url=reverse("complaints:authority-approval", args=[matter.pk]),
        case_url=case_url(case, AUTHORITY),
    )


def _value(step: str, name: str, value: Any) -> str:
    if name == "ground":
        return wording.label(str(value), kind=_GROUNDS.get(step, ""))
    return wording.label(str(value), kind="body") if name == "body" else str(value)


@officer_page("GET", "POST")
def approval(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One proposal: 同意, which takes the step at once, or 退回 with the reason."""
    matter = (
        Matter.objects.select_related(*_CASE)
        .filter(pk=pk, kind="proposal", audience=AUTHORITY, complaint__in=workspace.cases())
        .first()
    )
    if matter is None:
        raise Http404
    found = workspace.find(matter.complaint.number)
    back = case_url(found.complaint, AUTHORITY)
    if request.method != "POST":
        if matter.state != "open":
            return redirect(back)
        return _show(request, workspace, matter, _form(None))
    form = _form(request.POST)

    def moves() -> Sequence[Move] | None:
        if found.actor is None or not found.actor.roles:
            raise not_yours()
        if not form.is_valid():
            return None
        if form.cleaned_data["decision"] == "refuse":
            return [proposals.send_back(matter_id=matter.pk, text=form.cleaned_data["text"])]
        if documents_signing.rewritten(matter, setting_of(workspace, found.complaint.number, request.GET)).get("hides"):
            form.add_error(None, _("有遮住的内容。请先说明理由、查看联系方式，再批准。"))
            return None
        missing = len(proposals_of([matter], workspace)[0].left)
        signature = proposals.approve(matter_id=matter.pk, missing=missing)
        return [signature] if missing > 1 else [signature, handling.built(matter.subject, matter.data["payload"])]

    done = take_step(request, found, moves, form=form, now=workspace.now, to=back)
    if not done.address:
        return _show(request, workspace, matter, form, status=422)
    if done.is_new:
        matter.refresh_from_db()
        messages.success(
            request,
            (
                _("已退回。")
                if form.cleaned_data["decision"] == "refuse"
                else _("已同意，并已办理。")
                if matter.state != "open"
                else _("已签署，还须负责人批准。")
            ),
            extra_tags="ok",
        )
    return redirect(done.address)


def _letters(officer_case: OfficerCase, matter: Matter, by: str) -> dict[str, Any]:
    """What goes out with the last signature; nothing where the step could not be taken any more."""
    try:
        return letters_of(officer_case, handling.built(matter.subject, matter.data["payload"]), by=by)
    except StepNotAllowed:
        return {}


def _form(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意，立即办理"), refuse=_("退回修改"))


def _show(
    request: HttpRequest, workspace: Workspace, matter: Matter, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    officer_case = setting_of(workspace, matter.complaint.number, request.GET)
    is_shown = case_documents.is_shown(matter.complaint, officer_case.found, now=workspace.now)
    proposal = proposals_of([matter], workspace, is_shown=is_shown)[0]
    page = next((page for page in PAGES.values() if matter.subject in page.steps), None)
    corrects = matter.subject == documents_signing.CORRECTION
    return render(
        request,
        "authority/approval.html",
        {
            **documents_signing.rewritten(matter, officer_case),
            "reveal_url": (
                f"{reverse('complaints:authority-step', args=[matter.complaint.number, 'reveal'])}?reason=look_deliver"
            ),
            "proposal": proposal,
            "effects": (
                page.effects(officer_case, lambda: workspace.conditions.limits(matter.complaint.handling_region_id))
                if page
                else [documents_signing.EFFECT]
                if corrects
                else []
            ),
            "form": form,
            "case": matter.complaint,
            **_letters(officer_case, matter, proposal.by),
            "page": page_of(workspace.find(matter.complaint.number), now=workspace.now),
        },
        status=status,
    )
