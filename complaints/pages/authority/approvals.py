"""/authority/approvals/: what waits for a second person, and the decision on one of it.

The approval and the approved step are two moves of one call; nobody decides on his own proposal.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
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
from complaints import handling, wording
from complaints.desks.authority_lists import respondent_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.bulk_run import BulkRun
from complaints.desks.officer_case import officer_case_of
from complaints.forms.staff_forms import DecisionForm
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import proposals
from complaints.handling.transition import two_persons
from complaints.models import Complaint, Matter
from complaints.pages.authority.documents import document_steps
from complaints.pages.authority.pages import PAGES
from complaints.pages.authority.review.review import letters_of
from complaints.pages.authority.supervision.instructions import run_told
from complaints.parties.actors import Actor
from complaints.procedure.refusals import not_yours
from complaints.reading import case_documents
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import Fact
from complaints.tables import many_cases
from database.prepared import CombinedQuery, PreparedQuery
from web.incoming import posted
from web.listing import listed

MOST = 200
URGE = "urge"
_FIELDS: dict[str, Any] = {
    "ground": gettext_lazy("情形"),
    "facts": gettext_lazy("事实和理由"),
    "body": gettext_lazy("写明的部门"),
    "earlier": gettext_lazy("监管部门受理或者处理过的同一争议"),
    "text": gettext_lazy("事由"),
    "last_day": gettext_lazy("最晚哪天答复"),
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
    #: Proposed, or signed before, on the device of who looks at it.
    same_device: bool = False

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
    shown = sorted(proposals_of(matters, workspace), key=lambda proposal: not proposal.may_decide)
    return render(
        request,
        "authority/approvals.html",
        {"proposals": shown, "mine_to_decide": sum(p.may_decide for p in shown), "now": workspace.now},
    )


_CASE = ("complaint__enterprise", "complaint__branch", "complaint__picked_enterprise")


#: By the ids of cases and the keys of people.
_BESIDE = CombinedQuery(
    *case_documents.NAMES, PreparedQuery(lambda cases, keys: User.objects.filter(person_key__any_of=keys), list, list)
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
    *seen, people = _BESIDE(cases, sorted({m.opened_by_key for m in rows if m.opened_by_key} | signers))
    sealed_fields.load_for([*people, *(row for rows_seen in seen for row in rows_seen)])
    names = {person.person_key: person.name for person in people}
    hides = case_documents.hiding(cases, *seen)
    return [_proposal(m, names, workspace, str if is_shown else hides[m.complaint_id]) for m in rows]


def _proposal(matter: Matter, names: dict[UUID, str], workspace: Workspace, hide: Callable[[str], str]) -> Proposal:
    by, own_key, here = matter.opened_by_key, workspace.user.person_key, matter.complaint.handling_authority_id
    signed, payload, case = matter.data.get("signed", []), matter.data.get("payload", {}), matter.complaint
    kinds = {"ground": _GROUNDS.get(matter.subject, ""), "body": "body"}
    facts = [
        Fact(str(label), hide(wording.label(text, kind=kinds[name]) if name in kinds else text))
        for name, label in _FIELDS.items()
        if (text := str(payload.get(name) or ""))
    ]
    return Proposal(
        matter=matter,
        complaint=case,
        what=wording.action(matter.subject),
        by=names.get(by, "") if by else "",
        is_own=own_key == by or str(own_key) in signed,
        signed=listed(names.get(UUID(key), "") for key in signed),
        left=two_persons.left_to_sign(workspace.conditions.policies, matter, case.handling_region_id),
        is_head=any(a.may(Right.LEAD_AUTHORITY) and here in a.authority_ids for a in workspace.actors),
        # Who urges may stand above the authority that has the case; so may who approves it.
        is_ours=here in workspace.authority_ids or matter.subject == URGE,
        same_device=two_persons.is_same_device(matter),
        facts=facts,
        respondent=respondent_of(case),
        url=reverse("complaints:authority-approval", args=[matter.pk]),
        case_url=case_url(case, AUTHORITY),
    )


def together_with(matter: Matter, workspace: Workspace) -> list[Matter]:
    """What was proposed with it in one go, for one decision: an instruction for many cases. Itself included."""
    if matter.subject != URGE or matter.state != "open":
        return [matter]
    rows = workspace.proposals().filter(subject=URGE, opened_by_key=matter.opened_by_key, opened_at=matter.opened_at)
    return list(rows.select_related(*_CASE).order_by("pk"))


def _decided_together(
    request: HttpRequest, workspace: Workspace, matters: Sequence[Matter], actor: Actor | None, form: DecisionForm
) -> HttpResponseBase | None:
    """The same decision on each of ``matters``, told one by one; None where the form has errors."""

    def take() -> BulkRun | None:
        if actor is None or not actor.roles:
            raise not_yours()
        if not form.is_valid():
            return None
        results: dict[int, str] = {}
        for matter in matters:
            built = handling.built(matter.subject, matter.data["payload"])
            moves = [(matter.complaint_id, proposals.approve(matter_id=matter.pk, missing=1), actor)]
            moves.append((matter.complaint_id, built, actor))
            if form.cleaned_data["decision"] == "refuse":
                text = form.cleaned_data["text"]
                moves = [(matter.complaint_id, proposals.send_back(matter_id=matter.pk, text=text), actor)]
            for result in many_cases.take_all(moves, now=workspace.now, whole=True):
                results[matter.pk] = many_cases.why_refused(result)
        done = [matter.complaint.number for matter in matters if not results.get(matter.pk)]
        refused = [(matter.complaint.number, results[matter.pk]) for matter in matters if results.get(matter.pk)]
        return BulkRun("urge" if form.cleaned_data["decision"] == "grant" else "send_back", done, refused)

    return run_told(request, take, back="authority-approvals", back_text=_("待批准"))


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
    officer_case = officer_case_of(workspace, matter.complaint.number, request.GET)
    case, actor = officer_case.access.complaint, officer_case.access.actor
    if request.method != "POST" and matter.state != "open":
        return redirect(case_url(case, AUTHORITY))
    form = DecisionForm(posted(request), grant=_("同意，立即办理"), refuse=_("退回修改"))

    def moves() -> Sequence[Move] | None:
        if actor is None or not actor.roles:
            raise not_yours()
        if not form.is_valid():
            return None
        if form.cleaned_data["decision"] == "refuse":
            return [proposals.send_back(matter_id=matter.pk, text=form.cleaned_data["text"])]
        if document_steps.rewritten(matter, officer_case).get("hides"):
            form.add_error(None, _("有遮住的内容。请先说明理由、查看联系方式，再批准。"))
            return None
        missing = len(proposals_of([matter], workspace)[0].left)
        signature = proposals.approve(matter_id=matter.pk, missing=missing)
        return [signature] if missing > 1 else [signature, handling.built(matter.subject, matter.data["payload"])]

    together = together_with(matter, workspace)
    if form.is_bound and len(together) > 1:
        if answer := _decided_together(request, workspace, together, actor, form):
            return answer
    elif form.is_bound:
        to = case_url(case, AUTHORITY)
        done = take_step(request, officer_case.access, moves, form=form, now=workspace.now, to=to)
        if done.is_new:
            matter.refresh_from_db()
            if form.cleaned_data["decision"] == "refuse":
                text = _("已退回。")
            else:
                text = _("已同意，并已办理。") if matter.state != "open" else _("已签署，还须负责人批准。")
            messages.success(request, text, extra_tags="ok")
        if done.address:
            return redirect(done.address)
        # A clock may have moved the case on while the decision was judged.
        officer_case = officer_case_of(workspace, matter.complaint.number, request.GET)
    is_shown = case_documents.is_shown(matter.complaint, officer_case.access, now=workspace.now)
    proposal = proposals_of([matter], workspace, is_shown=is_shown)[0]
    page = next((page for page in PAGES.values() if matter.subject in page.steps), None)
    effects: Sequence[Any] = [document_steps.EFFECT] if matter.subject == document_steps.CORRECTING else []
    if page is not None:
        effects = page.effects(officer_case, lambda: workspace.conditions.limits(case.handling_region_id))
    letters: dict[str, Any] = {}
    # What goes out with the last signature; nothing where the step could not be taken any more.
    with suppress(StepNotAllowed):
        built = handling.built(matter.subject, matter.data["payload"])
        letters = letters_of(officer_case, built, by=proposal.by)
    reveal_url = reverse("complaints:authority-step", args=[case.number, "reveal"])
    context = {
        **document_steps.rewritten(matter, officer_case),
        "reveal_url": f"{reveal_url}?reason=look_deliver",
        "proposal": proposal,
        "together": together if len(together) > 1 else (),
        "effects": effects,
        "form": form,
        "case": matter.complaint,
        **letters,
        "page": page_of(workspace.find(case.number), now=workspace.now),
    }
    return render(request, "authority/approval.html", context, status=422 if form.is_bound else 200)
