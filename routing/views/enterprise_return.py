"""Returning a case that is not ours: whose it may be with the reasons, a search for others, or why it is not.

The one rule: searching keeps what was typed and changes nothing; only 退回 takes the step.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from authorities.models import named
from complaints import labels
from complaints.enterprise_forms import Choices, ReturnForm
from complaints.handling import Move, enterprise
from complaints.views import moved_on
from complaints.views.authority_targets import likelihood
from complaints.views.case import CasePage
from complaints.views.enterprise_desk import Desk, desk_page, held
from complaints.views.enterprise_steps import carry_out, not_open
from enterprises import reasons
from odr_portal.joining import told
from routing.returning import Suggestion, suggest

STEP = ("return_case",)


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
    """Enrolled enterprises and branches, the likeliest first, each with its reasons."""
    # Who returned the case already reads a part of it: the same form again shows its result, no suggestions.
    found = suggest(case.complaint, statement=case.statement, asked=asked, on=case.today)
    return [(one.value, _words(one)) for one in found]


def _words(one: Suggestion) -> str:
    names = list(dict.fromkeys([named(one.branch or one.enterprise), named(one.enterprise)]))
    sure, _tone = likelihood(one.score)
    why = reasons.say_all([why.as_json() for why in one.why], get_language() or "")
    return _("%(names)s（%(sure)s：%(why)s）") % {"names": " · ".join(names), "sure": sure, "why": told(why)}


def _show(
    request: HttpRequest, case: CasePage, form: ReturnForm, *, asked: str, status: int = 200
) -> HttpResponseBase:
    shown: dict[str, Any] = {
        "page": case, "complaint": case.complaint, "form": form, "asked": asked.strip(),
        "title": labels.action("return_case"), "is_empty": len(form.fields["target"].choices) == 1,  # type: ignore[attr-defined]
        "effect": _("案件交回分送，转给您选的单位；第二次退回，或者没有选单位，由分送人员决定。"),
    }
    return render(request, "enterprise/return.html", shown, status=status)
