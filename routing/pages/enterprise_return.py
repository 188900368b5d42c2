"""Returning a case that is not ours: whose it may be with the reasons, a search for others, or why it is not.

The one rule: searching keeps what was typed and changes nothing; only 退回 takes the step, and what was suggested goes
with it, so that whoever distributes the case next sees the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from authorities.models import named
from complaints import wording as labels
from complaints.desks.enterprise_desk import Desk, desk_page, held
from complaints.forms.fields import Choices
from complaints.handling import Move
from complaints.handling.steps import enterprise
from complaints.pages.authority.triage.targets import likelihood
from complaints.pages.enterprise.forms import RequestReturnForm, ReturnForm
from complaints.pages.enterprise.steps import carry_out, not_open
from complaints.reading import moved_on
from complaints.reading.case import CasePage
from enterprises.directory import reasons
from routing.forwarding.returning import Suggestion, suggest
from web.listing import told

Build = Callable[[ReturnForm, dict[str, Any]], Move]


@desk_page("GET", "POST")
def return_case(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/return/: before it was accepted."""
    return _page(request, held(desk, number), "return_case", ReturnForm, _returned)


@desk_page("GET", "POST")
def request_return(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/request-return/: after it was accepted."""
    return _page(request, held(desk, number), "request_return", RequestReturnForm, _requested)


def _page(request: HttpRequest, case: CasePage, step: str, form_of: type[ReturnForm], build: Build) -> HttpResponseBase:
    if request.method != "POST":
        if not case.may(step):
            return not_open(request, case, (step,))
        return _show(request, case, step, form_of(targets=targets(_suggested(case, ""))), asked="")
    typed = request.POST.dict()
    asked = str(typed.get("q", ""))[:80]
    found = _suggested(case, asked)
    if "search" in typed:
        return _show(request, case, step, form_of(targets=targets(found), initial=typed), asked=asked)
    form = form_of(request.POST, targets=targets(found))
    because = {"candidates": [one.as_json() for one in found]}
    done = carry_out(request, case, (step,), form, lambda said: build(said, because))
    return done or _show(request, case, step, form, asked=asked, status=moved_on.status_of(form))


def _returned(form: ReturnForm, because: dict[str, Any]) -> Move:
    enterprise_id, branch_id = form.picked
    return enterprise.return_case(
        reason=form.cleaned_data["reason"],
        enterprise_id=enterprise_id,
        branch_id=branch_id,
        text=form.cleaned_data["text"],
        because=because,
    )


def _requested(form: ReturnForm, because: dict[str, Any]) -> Move:
    enterprise_id, branch_id = form.picked
    return enterprise.request_return(
        text=form.cleaned_data["text"], enterprise_id=enterprise_id, branch_id=branch_id, because=because
    )


def _suggested(case: CasePage, asked: str) -> list[Suggestion]:
    # Who returned the case already reads a part of it: the same form again shows its result, no suggestions.
    return suggest(case.complaint, statement=case.statement, asked=asked, on=case.today)


def targets(found: Sequence[Suggestion]) -> Choices:
    """Enrolled enterprises and branches, the likeliest first, each with its reasons."""
    return [(one.value, _words(one)) for one in found]


def _words(one: Suggestion) -> str:
    names = list(dict.fromkeys([named(one.branch or one.enterprise), named(one.enterprise)]))
    sure, _tone = likelihood(one.score)
    why = reasons.say_all([why.as_json() for why in one.why], get_language() or "")
    return _("%(names)s（%(sure)s：%(why)s）") % {"names": " · ".join(names), "sure": sure, "why": told(why)}


#: What the step does.
EFFECTS: dict[str, Any] = {
    "return_case": gettext_lazy("案件交回分送，转给您选的单位；第二次退回，或者没有选单位，由分送人员决定。"),
    "request_return": gettext_lazy("由分送人员决定，1个工作日内答复，会看到您选的单位和理由。期限不停。"),
}


def _show(
    request: HttpRequest, case: CasePage, step: str, form: ReturnForm, *, asked: str, status: int = 200
) -> HttpResponseBase:
    shown: dict[str, Any] = {
        "page": case,
        "complaint": case.complaint,
        "form": form,
        "asked": asked.strip(),
        "title": labels.action(step),
        "is_empty": len(form.fields["target"].choices) == 1,  # type: ignore[attr-defined]
        "effect": EFFECTS[step],
        "version": moved_on.version_of(request, case, form),
    }
    return render(request, "enterprise/return.html", shown, status=status)
