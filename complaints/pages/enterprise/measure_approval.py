"""/enterprise/measures/<id>/approval/: a set of offers that waits for a second person, and the decision on the whole of
it.

The page shows what would go out today, the first case as its consumer will see it and each case with its
amount and its last day, since no clock waits for the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.masking import masked_name
from accounts.roles import Right
from complaints import handling
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.forms.decision_form import DecisionForm
from complaints.handling.transition import two_persons
from complaints.measures import sending
from complaints.models import Complaint, Matter, Measure
from complaints.pages.enterprise.approvals import WHY, offer_card
from complaints.pages.enterprise.measures import PAGE, found_measure
from complaints.procedure.refusals import not_yours
from complaints.reading.case_people import label_of, names_of_consumers
from complaints.tables.many_cases import open_demands
from web.listing import told


@workspace_page("GET", "POST")
def approval(request: HttpRequest, workspace: Workspace, public_id: UUID) -> HttpResponseBase:
    """A set as it would go out today: 同意, which sends it at once, or 退回 with the reason."""
    found = found_measure(workspace, public_id)
    there = reverse("complaints:enterprise-measure", args=[public_id])
    if request.method != "POST":
        return redirect(there) if _is_decided(found) else _show(request, workspace, found, _form(None))
    if not workspace.may(Right.APPROVE_MEASURE):
        raise not_yours()
    form = _form(request.POST)
    with once(request) as attempt:
        if not attempt.answered and _is_decided(found):
            messages.info(request, _("这一项已经不用批准了。"))
            attempt.reference = there
        elif not attempt.answered and form.is_valid():
            _decide(request, workspace, found_measure(workspace, public_id, lock=True), form.cleaned_data)
            attempt.reference = reverse("complaints:enterprise-approvals")
    if attempt.reference:
        return redirect(attempt.reference)
    return _show(request, workspace, found, form, status=422)


def _is_decided(found: Measure) -> bool:
    return found.proposed_at is None or found.sent_at is not None


def _decide(request: HttpRequest, workspace: Workspace, found: Measure, said: Mapping[str, str]) -> None:
    if said["decision"] == "refuse":
        sending.send_back(found, text=said["text"], cases=workspace.cases(), actors=workspace.actors, now=workspace.now)
        messages.success(request, _("已退回：%(title)s") % {"title": found.title}, extra_tags="ok")
        return
    outcome = sending.approve(found, cases=workspace.cases(), actors=workspace.actors, now=workspace.now)
    words = _("已同意，并已发送%(n)s件方案。") % {"n": len(outcome.done)}
    if outcome.left_out:
        words += _("%(n)s件没有发送，原因见批量方案。") % {"n": len(outcome.left_out)}
    messages.success(request, words, extra_tags="ok")


def _form(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意，马上全部发送"), refuse=_("退回修改"))


def _show(
    request: HttpRequest, workspace: Workspace, found: Measure, form: DecisionForm, *, status: int = 200
) -> HttpResponseBase:
    seen = {case.pk: case for case in workspace.cases().filter(pk__in=[pick.case for pick in sending.proposed(found)])}
    matters = [matter for matter in sending.waiting([found]).order_by("complaint_id") if matter.complaint_id in seen]
    for matter in matters:
        matter.complaint = seen[matter.complaint_id]
    sealed_fields.load_for(matters)
    demands = open_demands(matter.complaint_id for matter in matters)
    worth = {matter.complaint_id: two_persons.worth(_said(matter), demands[matter.complaint_id]) for matter in matters}
    by = found.proposed_by.user.name if found.proposed_by else ""
    after = request.GET.get("after", "")
    behind = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    page = [matter for matter in matters if matter.complaint_id > behind][: PAGE + 1]
    ends = [matter.complaint.next_due_at for matter in matters if matter.complaint.next_due_at]
    is_own = found.proposed_by is not None and found.proposed_by.user_id == workspace.user.pk
    return render(
        request,
        "measures/approval.html",
        {
            "measure": found,
            "by": by,
            "form": form,
            "count": len(matters),
            "total": sum(worth.values()),
            "until": min(ends, default=None),
            "why": _why(matters),
            "is_own": is_own,
            "may_decide": bool(sending.deciders(found, workspace.actors)),
            "fell": [pick.number for pick in sending.proposed(found) if pick.case not in worth],
            "preview": (
                offer_card(demands[matters[0].complaint_id], matters[0].data["payload"], by=by, at=matters[0].opened_at)
                if matters
                else None
            ),
            "message": matters[0].data["payload"].get("message", "") if matters else "",
            "rows": _rows([matter.complaint for matter in page[:PAGE]], worth),
            "next_url": f"?{urlencode({'after': page[PAGE - 1].complaint_id})}" if len(page) > PAGE else "",
            "missing": [one for one in found.left_out if one["step"] == "propose"],
        },
        status=status,
    )


def _said(matter: Matter) -> Mapping[str, Any]:
    return handling.built(matter.subject, matter.data["payload"]).said


def _why(matters: list[Matter]) -> str:
    codes = dict.fromkeys(code for matter in matters for code in matter.data.get("why", []))
    return told(WHY[code] for code in codes if code in WHY)


def _rows(cases: list[Complaint], worth: Mapping[int, Any]) -> list[dict[str, Any]]:
    names = names_of_consumers({case.pk: case for case in cases})
    return [
        {
            "case": case,
            "url": case_url(case),
            "consumer": masked_name(names.get(case.pk, "")),
            "problem": case.item_name or label_of(case.problem_category),
            "total": worth[case.pk],
        }
        for case in cases
    ]
