"""/enterprise/approvals/: what waits for a second person inside the enterprise, and the decision on one of it, or on a
whole set of offers (/enterprise/measures/<id>/approval/).

The approval and the approved step are two moves of one call by the same person, as at the authority
(pages/authority/approvals.py); nobody decides on his own proposal, and no clock waits for it. Of a set the page shows
what would go out today, the first case as its consumer will see it and each case with its amount and its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints import handling, wording
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.forms.staff_forms import DecisionForm
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import proposals
from complaints.handling.transition import saying, two_persons
from complaints.measures import sending
from complaints.measures.sending import readable
from complaints.models import Demand, Matter, Measure, PersonalText
from complaints.pages.enterprise.measures import PAGE, case_cells, measure_or_404, number_after, workers
from complaints.pages.enterprise.offer_card import card_of
from complaints.parties.actors import Actor, stands_to
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Audience
from complaints.reading.case import ENTERPRISE, CaseAccess, CasePage, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import Fact, names_of_consumers
from complaints.settlement import offer_findings
from complaints.settlement.offer_findings import Finding
from complaints.tables.many_cases import open_demands
from enterprises.models import Branch, Enterprise
from web.languages import named
from web.listing import joined

MOST = 200
#: So many findings of a set are shown.
MOST_FOUND = 20
WHY: dict[str, Any] = {
    "threat": gettext_lazy("有像威胁或者侮辱的话"),
    "condition": gettext_lazy("把撤诉、删评或者不再追究当成条件"),
    "amount": gettext_lazy("金额超过本企业规定的数"),
    "refusal": gettext_lazy("有不同意的要求"),
    "failure": gettext_lazy("报告协商未成"),
    "return": gettext_lazy("退回案件"),
}
#: What happens with 同意.
EFFECTS: dict[str, Any] = {
    "make_offer": gettext_lazy("方案马上发给消费者，由消费者在%(confirmation)s内答复，期间协商期限暂停。"),
    "replace_offer": gettext_lazy("新方案马上代替原来的，消费者重新有%(confirmation)s答复。"),
    "report_failure": gettext_lazy("案件交市场监管局；消费者不同意转交的，就此办结。"),
    "return_case": gettext_lazy("案件交回分送，转给所选的单位；没有选的，由分送人员决定。"),
}
SAID = gettext_lazy("马上办理，写的内容消费者看得到。")


@workspace_page("GET")
def approvals(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    # What is one of a set is decided with it.
    matters = (
        Matter.objects.filter(
            kind="proposal",
            state="open",
            audience=ENTERPRISE,
            enterprise__in=[actor.enterprise_id for actor in workspace.actors],
            complaint__in=workspace.cases(),
            measure_id=None,
        )
        .select_related("complaint")
        .order_by("opened_at", "pk")[:MOST]
    )
    waiting = sorted(_waiting(list(matters), workspace), key=lambda row: not row["may_decide"])
    sets = sorted(_sets(workspace), key=lambda row: not row["may_decide"])
    mine = sum(row["may_decide"] for row in [*waiting, *sets])
    context = {"proposals": waiting, "sets": sets, "mine_to_decide": mine, "now": workspace.now}
    return render(request, "enterprise/approvals.html", context)


def _sets(workspace: Workspace) -> list[dict[str, Any]]:
    """Sets of offers that wait as a whole. ``until``: the first moment that is late in one of the cases of a set."""
    measures = list(
        readable(workspace.actors)
        .filter(proposed_at__isnull=False, sent_at=None)
        .select_related("proposed_by__user")
        .order_by("proposed_at", "pk")[:MOST]
    )
    if not measures:
        return []
    counted = {
        row["measure_id"]: row
        for row in sending.waiting(measures)
        .filter(complaint__in=workspace.cases())
        .order_by()
        .values("measure_id")
        .annotate(cases=Count("pk"), until=Min("complaint__next_due_at"))
    }
    return [
        {
            "measure": one,
            "is_own": one.proposed_by is not None and one.proposed_by.user_id == workspace.user.pk,
            "may_decide": bool(sending.deciders(one, workspace.actors)),
            "cases": counted.get(one.public_id, {}).get("cases", 0),
            "until": counted.get(one.public_id, {}).get("until"),
            "url": reverse("complaints:enterprise-measure-approval", args=[one.public_id]),
        }
        for one in measures
    ]


def _waiting(rows: list[Matter], workspace: Workspace) -> list[dict[str, Any]]:
    """Proposals in words: what, who proposed it, why it needs somebody else. With the names: one query more."""
    people = list(User.objects.filter(person_key__in={row.opened_by_key for row in rows}))
    sealed_fields.load_for([*people, *rows])
    names = {person.person_key: person.name for person in people}
    return [
        {
            "matter": row,
            "complaint": row.complaint,
            "what": wording.action(row.subject),
            "by": names.get(row.opened_by_key, "") if row.opened_by_key else "",
            "why": reason_text(row.data.get("why", [])),
            "is_own": row.opened_by_key == workspace.user.person_key,
            "same_device": two_persons.is_same_device(row),
            "may_decide": row.opened_by_key != workspace.user.person_key and _decider(workspace, row) is not None,
            "url": reverse("complaints:enterprise-approval", args=[row.pk]),
            "case_url": case_url(row.complaint),
        }
        for row in rows
    ]


def reason_text(codes: Iterable[str]) -> str:
    """Why a second person must agree, in words; ``codes`` as the proposals keep them."""
    return joined(WHY[code] for code in codes if code in WHY)


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
    proposed = Matter.objects.filter(kind="proposal", audience=ENTERPRISE, enterprise__in=enterprises)
    ours = proposed.filter(complaint__in=workspace.cases())
    matter = get_object_or_404(ours.select_related("complaint__enterprise", "complaint__branch"), pk=pk)
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
    result = CaseAccess(complaint=case, side=ENTERPRISE, viewer=viewer, actor=viewer)
    done = take_step(
        request, result, moves, form=form, now=workspace.now, to=reverse("complaints:enterprise-approvals")
    )
    if not done.address:
        return _show(request, workspace, matter, form, status=422)
    if done.is_new:
        cleaned = _("已同意，并已办理：%(step)s") if form.cleaned_data["decision"] == "grant" else _("已退回：%(step)s")
        messages.success(request, cleaned % {"step": wording.label(matter.subject, kind="step")}, extra_tags="ok")
    return redirect(done.address)


def _form(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意，立即办理"), refuse=_("退回修改"))


def _show(
    request: HttpRequest, workspace: Workspace, matter: Matter, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    waiting, case = _waiting([matter], workspace)[0], matter.complaint
    viewer = next(a for a in workspace.actors if stands_to(a, case))
    page = page_of(CaseAccess(complaint=case, side=ENTERPRISE, viewer=viewer, actor=viewer), now=workspace.now)
    proposed = matter.data.get("payload", {})
    is_offer = matter.subject in two_persons.OFFERS
    context = {
        "proposal": waiting,
        "form": form,
        "page": page,
        "complaint": case,
        "effect": EFFECTS.get(matter.subject, SAID) % page.limits,
        "preview": offer_card(page.demands, proposed, by=waiting["by"], at=matter.opened_at) if is_offer else None,
        "findings": _found(matter) if is_offer else two_persons.never_alone(handling.built(matter.subject, proposed)),
        "facts": [] if is_offer else _facts(proposed),
    }
    return render(request, "enterprise/approval.html", context, status=status)


def _found_in_all(matters: Iterable[Matter]) -> list[Finding]:
    """What was found in the offers of a set: each kind, field and quote once."""
    found = [one for matter in matters for one in _found(matter)]
    return list({(one.code, one.field, one.quote): one for one in found}.values())[:MOST_FOUND]


def _found(matter: Matter) -> list[Finding]:
    """What was found in the offer when it was proposed, quoted; whoever proposed it has seen it."""
    offer = handling.built(matter.subject, matter.data["payload"]).arguments
    words = offer_findings.words_of(offer["answers"], offer.get("promises", ()), offer.get("message", ""))
    return offer_findings.of_kept(matter.data.get("advice", []), {one.field: one.text for one in words})


def offer_card(demands: Sequence[Demand], proposed: Mapping[str, Any], *, by: str, at: datetime) -> dict[str, Any]:
    known = {demand.ordinal for demand in demands}
    answers = [
        Answer(**{**row, "amount": saying.money(row.get("amount"), "")})
        for row in proposed.get("answers", [])
        if row["demand"] in known
    ]
    promises = [
        Promise(**{**row, "amount": saying.money(row.get("amount"), ""), "due_on": saying.day(row.get("due_on"), "")})
        for row in proposed.get("promises", [])
    ]
    return card_of(demands, answers, promises, message=proposed.get("message", ""), by=by, at=at)


#: Everything that is said in words, as the verbs call it.
_WORDS = tuple(dict.fromkeys(name for names in two_persons.SAID.values() for name in names))


def _facts(proposed: Mapping[str, Any]) -> list[Fact]:
    reason = str(proposed.get("reason") or "")
    text = wording.label(reason, kind="failure_reason")
    branch = Branch.objects.filter(pk=proposed.get("branch_id") or 0).first()
    enterprise = Enterprise.objects.filter(pk=proposed.get("enterprise_id") or 0).first()
    facts = (
        Fact(_("理由"), text if text != reason else wording.label(reason, kind="return_reason")),
        Fact(_("应由谁答复"), " · ".join(named(row) for row in (branch, enterprise) if row is not None)),
        Fact(_("说明"), "\n".join(str(proposed[name]) for name in _WORDS if proposed.get(name))),
    )
    return [fact for fact in facts if fact.value]


def proposal_of(page: CasePage) -> dict[str, Any] | None:
    """What waits for a second person in this case, or was ``sent_back``. No query where nothing was ever proposed."""
    matter = page.matters.get("proposal")
    if matter is not None:
        return {
            "what": wording.action(matter.subject),
            "by": next((event.actor for event in page.timeline if event.step == "propose"), ""),
            "since": matter.opened_at,
            "why": reason_text(matter.data.get("why", [])),
            "url": reverse("complaints:enterprise-approval", args=[matter.pk]),
        }
    newest = next((event for event in page.timeline if event.step in ("propose", "approve", "send_back")), None)
    if newest is None or newest.step != "send_back" or page.is_former:
        return None
    text = PersonalText.objects.filter(
        complaint=page.complaint, audience=Audience.ENTERPRISE, kind="message", sequence=newest.sequence
    ).first()
    reason = text.text if text else ""
    return {"what": newest.title, "sent_back": reason, "answered_by": newest.actor, "since": newest.at}


@workspace_page("GET", "POST")
def measure_approval(request: HttpRequest, workspace: Workspace, public_id: UUID) -> HttpResponseBase:
    """A set as it would go out today: 同意, which sends it at once, or 退回 with the reason."""
    result = measure_or_404(workspace, public_id)
    there = reverse("complaints:enterprise-measure", args=[public_id])
    if request.method != "POST":
        return redirect(there) if _is_set_decided(result) else _show_set(request, workspace, result, _set_form(None))
    if not workspace.may(Right.APPROVE_MEASURE):
        raise not_yours()
    form = _set_form(request.POST)
    with once(request) as attempt:
        if not attempt.answered and _is_set_decided(result):
            messages.info(request, _("这一项已经不用批准了。"))
            attempt.reference = there
        elif not attempt.answered and form.is_valid():
            _decide_set(request, workspace, measure_or_404(workspace, public_id, lock=True), form.cleaned_data)
            attempt.reference = reverse("complaints:enterprise-approvals")
    return redirect(attempt.reference) if attempt.reference else _show_set(request, workspace, result, form, status=422)


def _is_set_decided(result: Measure) -> bool:
    return result.proposed_at is None or result.sent_at is not None


def _decide_set(request: HttpRequest, workspace: Workspace, result: Measure, cleaned: Mapping[str, str]) -> None:
    if cleaned["decision"] == "refuse":
        sending.send_back(result, text=cleaned["text"], by=workers(workspace))
        messages.success(request, _("已退回：%(title)s") % {"title": result.title}, extra_tags="ok")
        return
    outcome = sending.approve(result, by=workers(workspace))
    text = _("已同意，并已发送%(n)s件方案。") % {"n": len(outcome.done)}
    if outcome.left_out:
        text += _("%(n)s件没有发送，原因见批量方案。") % {"n": len(outcome.left_out)}
    messages.success(request, text, extra_tags="ok")


def _set_form(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意，马上全部发送"), refuse=_("退回修改"))


def _show_set(
    request: HttpRequest, workspace: Workspace, result: Measure, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    seen = {case.pk: case for case in workspace.cases().filter(pk__in=[pick.case for pick in sending.proposed(result)])}
    matters = [matter for matter in sending.waiting([result]).order_by("complaint_id") if matter.complaint_id in seen]
    for matter in matters:
        matter.complaint = seen[matter.complaint_id]
    sealed_fields.load_for(matters)
    demands = open_demands(matter.complaint_id for matter in matters)
    worth = {
        matter.complaint_id: two_persons.worth(
            handling.built(matter.subject, matter.data["payload"]).arguments, demands[matter.complaint_id]
        )
        for matter in matters
    }
    by = result.proposed_by.user.name if result.proposed_by else ""
    behind = number_after(request)
    page = [matter for matter in matters if matter.complaint_id > behind][: PAGE + 1]
    names = names_of_consumers([matter.complaint_id for matter in page[:PAGE]])
    first = matters[0] if matters else None
    ends = [matter.complaint.next_due_at for matter in matters if matter.complaint.next_due_at]
    is_own = result.proposed_by is not None and result.proposed_by.user_id == workspace.user.pk
    context = {
        "measure": result,
        "by": by,
        "form": form,
        "count": len(matters),
        "total": sum(worth.values()),
        "until": min(ends, default=None),
        "why": reason_text(dict.fromkeys(code for matter in matters for code in matter.data.get("why", []))),
        "is_own": is_own,
        "same_device": any(two_persons.is_same_device(matter) for matter in matters[:1]),
        "may_decide": bool(sending.deciders(result, workspace.actors)),
        "fell": [pick.number for pick in sending.proposed(result) if pick.case not in worth],
        "preview": first and offer_card(demands[first.complaint_id], first.data["payload"], by=by, at=first.opened_at),
        "message": first.data["payload"].get("message", "") if first else "",
        "findings": _found_in_all(matters),
        "rows": [case_cells(matter.complaint, names) | {"total": worth[matter.complaint_id]} for matter in page[:PAGE]],
        "next_url": f"?{urlencode({'after': page[PAGE - 1].complaint_id})}" if len(page) > PAGE else "",
        "missing": [one for one in result.left_out if one["step"] == "propose"],
    }
    return render(request, "measures/approval.html", context, status=status)
