"""/enterprise/approvals/: what waits for a second person inside the enterprise, and the decision on one of it.

The approval and the approved step are two moves of one call by the same person, as at the authority
(pages/authority/approvals.py); nobody decides on his own proposal, and no clock waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints import handling, wording
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.forms.decision_form import DecisionForm
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import proposals
from complaints.handling.transition import saying, two_persons
from complaints.measures import sending
from complaints.measures.sending import readable
from complaints.models import Complaint, Demand, Matter, Measure, PersonalText
from complaints.pages.enterprise.offer import card_of
from complaints.parties.actors import Actor, stands_to
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Audience
from complaints.reading.case import ENTERPRISE, CaseAccess, CasePage, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import Fact
from enterprises.models import Branch, Enterprise
from web.languages import named
from web.listing import told

MOST = 200
WHY: dict[str, Any] = {
    "amount": gettext_lazy("金额超过本企业规定的数"),
    "refusal": gettext_lazy("有不同意的诉求"),
    "failure": gettext_lazy("报告协商未成"),
    "return": gettext_lazy("退回案件"),
}
#: What happens with 同意.
EFFECTS: dict[str, Any] = {
    "make_offer": gettext_lazy("方案马上发给消费者，由消费者在%(confirmation)s内答复，期间协商期限暂停。"),
    "replace_offer": gettext_lazy("新方案马上代替原来的，消费者重新有%(confirmation)s答复。"),
    "report_failure": gettext_lazy("案件转给监管部门；消费者不同意转交的，就此办结。"),
    "return_case": gettext_lazy("案件交回分送，转给所选的单位；没有选的，由分送人员决定。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One proposal in words: what, who, why it needs somebody else, until when the case must go on."""

    matter: Matter
    complaint: Complaint
    what: str
    by: str
    why: str
    is_own: bool
    may_decide: bool
    url: str
    case_url: str


@workspace_page("GET")
def approvals(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    matters = _open_ones(workspace).select_related("complaint").order_by("opened_at", "pk")[:MOST]
    found, sets = _waiting(matters, workspace), _sets(workspace)
    found.sort(key=lambda one: not one.may_decide)
    mine = sum(one.may_decide for one in found) + sum(one.may_decide for one in sets)
    return render(
        request,
        "enterprise/approvals.html",
        {"proposals": found, "sets": sets, "mine_to_decide": mine, "now": workspace.now},
    )


def _open_ones(workspace: Workspace) -> Any:
    enterprises = [actor.enterprise_id for actor in workspace.actors]
    # What is one of a set is decided with it.
    return Matter.objects.filter(
        kind="proposal",
        state="open",
        audience=ENTERPRISE,
        enterprise__in=enterprises,
        complaint__in=workspace.cases(),
        measure_id=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSet:
    """A set of offers that waits as a whole. ``until``: the first moment that is late in one of its cases."""

    measure: Measure
    cases: int
    until: datetime | None
    is_own: bool
    may_decide: bool
    url: str


def _sets(workspace: Workspace) -> list[WaitingSet]:
    found = list(
        readable(workspace.actors)
        .filter(proposed_at__isnull=False, sent_at=None)
        .select_related("proposed_by__user")
        .order_by("proposed_at", "pk")[:MOST]
    )
    if not found:
        return []
    counted = {
        row["measure_id"]: row
        for row in sending.waiting(found)
        .filter(complaint__in=workspace.cases())
        .order_by()
        .values("measure_id")
        .annotate(cases=Count("pk"), until=Min("complaint__next_due_at"))
    }
    rows = [
        WaitingSet(
            measure=one,
            is_own=one.proposed_by is not None and one.proposed_by.user_id == workspace.user.pk,
            may_decide=bool(sending.deciders(one, workspace.actors)),
            cases=counted.get(one.public_id, {}).get("cases", 0),
            until=counted.get(one.public_id, {}).get("until"),
            url=reverse("complaints:enterprise-measure-approval", args=[one.public_id]),
        )
        for one in found
    ]
    return sorted(rows, key=lambda row: not row.may_decide)


def _waiting(matters: Iterable[Matter], workspace: Workspace) -> list[Waiting]:
    """With the names of who proposed them: one query more."""
    rows = list(matters)
    people = list(User.objects.filter(person_key__in={row.opened_by_key for row in rows}))
    sealed_fields.load_for([*people, *rows])
    names = {person.person_key: person.name for person in people}
    return [
        Waiting(
            matter=row,
            complaint=row.complaint,
            what=wording.action(row.subject),
            by=names.get(row.opened_by_key, "") if row.opened_by_key else "",
            why=why_words(row),
            is_own=row.opened_by_key == workspace.user.person_key,
            may_decide=row.opened_by_key != workspace.user.person_key and _decider(workspace, row) is not None,
            url=reverse("complaints:enterprise-approval", args=[row.pk]),
            case_url=case_url(row.complaint),
        )
        for row in rows
    ]


def why_words(matter: Matter) -> str:
    return told(WHY[code] for code in matter.data.get("why", []) if code in WHY)


def _decider(workspace: Workspace, matter: Matter) -> Actor | None:
    """The job in which this person may approve here."""
    return next(
        (
            actor
            for actor in workspace.actors
            if actor.may(Right.APPROVE_MEASURE)
            and actor.enterprise_id == matter.enterprise_id
            and stands_to(actor, matter.complaint)
        ),
        None,
    )


@workspace_page("GET", "POST")
def approval(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One proposal: 同意, which takes the step at once, or 退回 with the reason."""
    enterprises = [actor.enterprise_id for actor in workspace.actors]
    matter = (
        Matter.objects.select_related("complaint__enterprise", "complaint__branch")
        .filter(
            pk=pk, kind="proposal", audience=ENTERPRISE, enterprise__in=enterprises, complaint__in=workspace.cases()
        )
        .first()
    )
    if matter is None:
        raise Http404
    case, actor = matter.complaint, _decider(workspace, matter)
    if matter.measure_id is not None and readable(workspace.actors).filter(public_id=matter.measure_id).exists():
        return redirect("complaints:enterprise-measure-approval", public_id=matter.measure_id)
    if request.method != "POST":
        if matter.state != "open":
            messages.info(request, _("这一项已经不用批准了。"))
            return redirect(case_url(case))
        return _show(request, workspace, matter, _form(None))
    form = _form(request.POST)

    def moves() -> Sequence[Move] | None:
        if actor is None:
            raise not_yours()
        if not form.is_valid():
            return None
        if form.cleaned_data["decision"] == "refuse":
            return [proposals.send_back(matter_id=matter.pk, text=form.cleaned_data["text"])]
        saying.check_named_rows(case, matter.subject, matter.data["payload"])
        return [proposals.approve(matter_id=matter.pk), handling.built(matter.subject, matter.data["payload"])]

    viewer = actor or next(a for a in workspace.actors if stands_to(a, case))
    found = CaseAccess(complaint=case, side=ENTERPRISE, viewer=viewer, actor=viewer)
    done = take_step(request, found, moves, form=form, now=workspace.now, to=reverse("complaints:enterprise-approvals"))
    if not done.address:
        return _show(request, workspace, matter, form, status=422)
    if done.is_new:
        words = _("已同意，并已办理：%(step)s") if form.cleaned_data["decision"] == "grant" else _("已退回：%(step)s")
        messages.success(request, words % {"step": wording.label(matter.subject, kind="step")}, extra_tags="ok")
    return redirect(done.address)


def _form(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意，立即办理"), refuse=_("退回修改"))


def _show(
    request: HttpRequest, workspace: Workspace, matter: Matter, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    waiting, case = _waiting([matter], workspace)[0], matter.complaint
    viewer = next(a for a in workspace.actors if stands_to(a, case))
    page = page_of(CaseAccess(complaint=case, side=ENTERPRISE, viewer=viewer, actor=viewer), now=workspace.now)
    said = matter.data.get("payload", {})
    is_offer = matter.subject in two_persons.OFFERS
    return render(
        request,
        "enterprise/approval.html",
        {
            "proposal": waiting,
            "form": form,
            "page": page,
            "complaint": case,
            "effect": EFFECTS.get(matter.subject, "") % page.limits,
            "preview": offer_card(page.demands, said, by=waiting.by, at=matter.opened_at) if is_offer else None,
            "facts": [] if is_offer else _facts(said),
        },
        status=status,
    )


def offer_card(demands: Sequence[Demand], said: Mapping[str, Any], *, by: str, at: datetime) -> dict[str, Any]:
    """A proposed offer as the consumer will see it."""
    answers = [Answer(**{**row, "amount": saying.money(row.get("amount"), "")}) for row in said.get("answers", [])]
    promises = [
        Promise(**{**row, "amount": saying.money(row.get("amount"), ""), "due_on": saying.day(row.get("due_on"), "")})
        for row in said.get("promises", [])
    ]
    known = {demand.ordinal for demand in demands}
    return card_of(
        demands,
        [answer for answer in answers if answer.demand in known],
        promises,
        message=said.get("message", ""),
        by=by,
        at=at,
    )


def _facts(said: Mapping[str, Any]) -> list[Fact]:
    found = []
    if said.get("reason"):
        words = wording.label(str(said["reason"]), kind="failure_reason")
        found.append(
            Fact(
                _("理由"),
                words if words != said["reason"] else wording.label(str(said["reason"]), kind="return_reason"),
            )
        )
    target = _target(said)
    if target:
        found.append(Fact(_("应由谁答复"), target))
    if said.get("text"):
        found.append(Fact(_("说明"), str(said["text"])))
    return found


def _target(said: Mapping[str, Any]) -> str:
    branch = Branch.objects.filter(pk=said.get("branch_id") or 0).first()
    enterprise = Enterprise.objects.filter(pk=said.get("enterprise_id") or 0).first()
    return " · ".join(named(row) for row in (branch, enterprise) if row is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a proposal of this case stands, for its page; ``sent_back`` is the reason of the newest one that was."""

    what: str = ""
    by: str = ""
    since: Any = None
    why: str = ""
    url: str = ""
    sent_back: str = ""
    answered_by: str = ""


def standing_of(page: CasePage) -> Standing | None:
    """What waits for a second person in this case, or came back from one; no query where nothing was ever proposed."""
    matter = page.matters.get("proposal")
    newest = next((event for event in page.timeline if event.step in ("propose", "approve", "send_back")), None)
    if matter is not None:
        asked = next((event.actor for event in page.timeline if event.step == "propose"), "")
        return Standing(
            what=wording.action(matter.subject),
            by=asked,
            since=matter.opened_at,
            why=why_words(matter),
            url=reverse("complaints:enterprise-approval", args=[matter.pk]),
        )
    if newest is None or newest.step != "send_back" or page.is_former:
        return None
    said = PersonalText.objects.filter(
        complaint=page.complaint, audience=Audience.ENTERPRISE, kind="message", sequence=newest.sequence
    ).first()
    return Standing(what=newest.title, sent_back=said.text if said else "", answered_by=newest.actor, since=newest.at)
