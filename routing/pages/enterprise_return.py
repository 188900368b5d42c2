"""Returning a case that is not ours: whose it may be with the reasons, a search for others, or why it is not.

Searching keeps what was typed and changes nothing; only 退回 takes the step, and what was suggested goes
with it, so that whoever distributes the case next sees the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.desks.enterprise_workspace import Workspace, held, workspace_page
from complaints.forms.fields import Choices
from complaints.handling import Move
from complaints.handling.steps import enterprise
from complaints.pages.authority.triage.targets import likelihood
from complaints.pages.enterprise.forms import RequestReturnForm, ReturnForm
from complaints.pages.enterprise.steps import answer, step_context
from complaints.pages.shared.step_pages import Data, StepPage
from complaints.reading.case import CasePage
from enterprises.directory import reasons
from routing.forwarding.returning import Suggestion, suggest
from web.languages import named
from web.listing import told


@workspace_page("GET", "POST")
def return_case(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/return/: before it was accepted."""
    return answer(step_context(request, held(workspace, number)), RETURN)


@workspace_page("GET", "POST")
def request_return(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/request-return/: after it was accepted."""
    return answer(step_context(request, held(workspace, number)), REQUEST)


def _form(kind: type[ReturnForm], case: CasePage, typed: Mapping[str, Any], data: Data = None) -> ReturnForm:
    """With whose case it may be: what fits it, and what was asked for."""
    asked = str(typed.get("q", ""))[:80]
    found = _suggested(case, asked)
    because = {"candidates": [one.as_json() for one in found]}
    return kind(data, targets=targets(found), asked=asked.strip(), because=because, initial=dict(typed))


def _page(
    kind: type[ReturnForm], name: str, step: str, build: Callable[[Any], Move], explain: Any
) -> StepPage[CasePage]:
    return StepPage(
        name=name,
        steps=(step,),
        form=lambda case, data: _form(kind, case, data or {}, data),
        redraw=lambda case, typed: _form(kind, case, typed) if "search" in typed else None,
        build=build,
        explain=explain,
        template="enterprise/return.html",
        more=lambda case, form: {"is_empty": len(form.fields["target"].choices) == 1},
    )


def _returned(form: ReturnForm) -> Move:
    enterprise_id, branch_id = form.picked
    return enterprise.return_case(
        reason=form.cleaned_data["reason"],
        enterprise_id=enterprise_id,
        branch_id=branch_id,
        text=form.cleaned_data["text"],
        because=form.because,
    )


def _requested(form: ReturnForm) -> Move:
    enterprise_id, branch_id = form.picked
    return enterprise.request_return(
        text=form.cleaned_data["text"], enterprise_id=enterprise_id, branch_id=branch_id, because=form.because
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
    why = reasons.say_all([why.as_json() for why in one.why])
    return _("%(names)s（%(sure)s：%(why)s）") % {"names": " · ".join(names), "sure": sure, "why": told(why)}


RETURN = _page(
    ReturnForm,
    "return",
    "return_case",
    _returned,
    gettext_lazy("案件交回分送，转给您选的单位；第二次退回，或者没有选单位，由分送人员决定。"),
)
REQUEST = _page(
    RequestReturnForm,
    "request-return",
    "request_return",
    _requested,
    gettext_lazy("由分送人员决定，%(return_answer)s内答复，会看到您选的单位和理由。期限不停。"),
)
