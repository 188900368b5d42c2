"""Returning a case that is not ours: search whose it is, or say why.

The one rule: searching keeps what was typed and changes nothing; only 退回 takes the step.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from authorities.models import named
from complaints import labels
from complaints.enterprise_forms import Choices, ReturnForm
from complaints.handling import Move, enterprise
from complaints.views import moved_on
from complaints.views.case import CasePage
from complaints.views.enterprise_desk import Desk, desk_page, held
from complaints.views.enterprise_steps import carry_out, not_open
from enterprises.finding import find
from enterprises.models import Branch, Enterprise

STEP = ("return_case",)
MOST = 20


@desk_page("GET", "POST")
def return_case(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/return/"""
    case = held(desk, number)
    if request.method != "POST":
        if not case.may("return_case"):
            return not_open(request, case, STEP)
        return _show(request, case, ReturnForm(targets=targets(case, "")), asked="")
    typed = request.POST.dict()
    asked = str(typed.get("q", ""))[:80]
    found = targets(case, asked)
    if "search" in typed:
        return _show(request, case, ReturnForm(targets=found, initial=typed), asked=asked)
    form = ReturnForm(request.POST, targets=found)
    done = carry_out(request, case, STEP, form, _move)
    return done or _show(request, case, form, asked=asked, status=moved_on.status_of(form))


def _move(form: ReturnForm) -> Move:
    enterprise_id, branch_id = form.picked
    return enterprise.return_case(reason=form.cleaned_data["reason"], enterprise_id=enterprise_id,
                                  branch_id=branch_id, text=form.cleaned_data["text"])


def targets(case: CasePage, asked: str) -> Choices:
    """Enrolled enterprises and branches by these words; our own branches come first."""
    words = asked.strip()
    if not words:
        return []
    complaint, today = case.complaint, case.today
    here = (complaint.enterprise_id, complaint.branch_id)
    branches = (Branch.objects.on(today).select_related("enterprise")
                .filter(name__icontains=words.replace("\0", ""),
                        enterprise__enrolment=Enterprise.Enrolment.ENROLLED).order_by("name", "pk"))
    found: dict[tuple[int, int | None], str] = {}
    own = [b for b in branches[:MOST * 2] if b.enterprise_id == complaint.enterprise_id]
    for branch in [*own, *branches[:MOST]]:
        found[branch.enterprise_id, branch.pk] = f"{named(branch)} · {named(branch.enterprise)}"
    for hit in find(words, on=today, region_id=complaint.service_region_id):
        if not hit.is_enrolled:
            continue
        if hit.branch is not None:
            found.setdefault((hit.enterprise.pk, hit.branch.pk),
                             f"{named(hit.branch)} · {named(hit.enterprise)}")
        else:
            found.setdefault((hit.enterprise.pk, None), named(hit.enterprise))
    chosen = [(f"{entity}-{branch or ''}", text) for (entity, branch), text in found.items()
              if (entity, branch) != here]
    return chosen[:MOST]


def _show(
    request: HttpRequest, case: CasePage, form: ReturnForm, *, asked: str, status: int = 200
) -> HttpResponseBase:
    shown: dict[str, Any] = {
        "page": case, "complaint": case.complaint, "form": form, "asked": asked.strip(),
        "title": labels.action("return_case"), "is_empty": len(form.fields["target"].choices) == 1,  # type: ignore[attr-defined]
        "effect": _("案件交回分送，转给您选的单位；第二次退回，或者没有选单位，由分送人员决定。"),
    }
    return render(request, "enterprise/return.html", shown, status=status)
