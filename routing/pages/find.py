"""The right respondent: a page for everyone, its list alone, names while one types; and the return of a case not ours.

Looking changes nothing and keeps nothing. Of a return only 退回 takes the step, and what was suggested goes with it, so
that whoever distributes the case next sees the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints.desks.enterprise_workspace import Workspace, held, workspace_page
from complaints.filing.forms import Pick
from complaints.filing.places import full_name, is_choosable, nearby
from complaints.forms.fields import Choices
from complaints.handling import Move
from complaints.handling.steps import enterprise
from complaints.pages.authority.triage.targets import likelihood
from complaints.pages.enterprise.forms import RequestReturnForm, ReturnForm
from complaints.pages.enterprise.steps import answer, step_context
from complaints.pages.shared.step_pages import Data, StepPage
from complaints.reading.case import CasePage
from enterprises.directory import reasons
from enterprises.directory.expectations import Expectation, expected
from enterprises.directory.finding import LONGEST_QUERY, Hit, find, suggest, tells_nothing
from enterprises.models import Enterprise
from routing.forwarding import returning
from web.incoming import whole
from web.languages import named
from web.listing import joined

SHOWN = 10


@require_safe
def find_page(request: HttpRequest) -> HttpResponse:
    """The search form with its hits."""
    return render(request, "public/find.html", _context(request))


@require_safe
def hits_part(request: HttpRequest) -> HttpResponse:
    """The list of hits alone, as a piece of another page."""
    return render(request, "public/find_hits.html", _context(request))


@require_safe
def suggest_part(request: HttpRequest) -> HttpResponse:
    """Names that go on with what is being typed, as the list of a combobox; nothing when there is none."""
    query = request.GET.get("q", "")[:LONGEST_QUERY]
    result = suggest(query, on=timezone.localdate())
    labels = dict(Enterprise.Enrolment.choices)
    return render(
        request,
        "public/suggestions.html",
        {
            "is_similar": bool(result) and result[0].is_similar,
            "suggestions": [
                (one, "" if one.matched == one.name else one.matched, labels[one.enrolment]) for one in result
            ],
        },
    )


def _context(request: HttpRequest) -> dict[str, object]:
    query = request.GET.get("q", "")[:LONGEST_QUERY]
    region_id = _region(request.GET.get("region", ""))
    city, places = nearby()
    known = {place.id for place in places}
    elsewhere = full_name(region_id) if region_id and region_id not in known else ""
    today = timezone.localdate()
    result = find(query, on=today, region_id=region_id, limit=SHOWN + 1)
    figures = expected({(hit.successor or hit.enterprise).pk for hit in result}, on=today)
    return {
        "query": query,
        "region_id": region_id,
        "city": city,
        "places": places,
        "elsewhere": elsewhere,
        "is_asked": bool(query.strip()),
        "is_too_little": not result and tells_nothing(query),
        "is_similar": bool(result) and result[0].is_similar,
        "has_more": len(result) > SHOWN,
        "hits": [
            _shown(rank, hit, query=query, region_id=region_id, figures=figures)
            for rank, hit in enumerate(result[:SHOWN], start=1)
        ],
        "named_url": _filing(query=query, region_id=region_id, pick="named"),
        "authority_url": _filing(query="", region_id=region_id, pick="authority"),
    }


def _region(text: str) -> int | None:
    """A region that may be chosen; anything else is as if none was given."""
    region_id = whole(text, 10)
    return region_id if region_id is not None and region_id < 2**31 and is_choosable(region_id) else None


def _shown(
    rank: int, hit: Hit, *, query: str, region_id: int | None, figures: Mapping[int, Expectation]
) -> dict[str, Any]:
    answers = hit.successor or hit.enterprise
    title = named(hit.branch or answers)
    details = [] if title == named(answers) else [named(answers)]
    details += hit.brands[:3]
    pick = Pick(answers.pk, hit.branch.pk if hit.branch else None)
    return {
        "rank": rank,
        "title": title,
        "details": tuple(details),
        "reasons": tuple(str(why) for why in hit.why[:-1]),
        "enrolment": str(hit.why[-1]),
        "is_enrolled": answers.enrolment == Enterprise.Enrolment.ENROLLED,
        "url": _filing(query=query, region_id=region_id, pick=str(pick)),
        "expectation": figures.get(answers.pk),
    }


def _filing(*, query: str, region_id: int | None, pick: str) -> str:
    asked = {"query": query, "service_region": region_id or "", "pick": pick}
    return "/file/?" + urlencode({name: value for name, value in asked.items() if value})


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
    # Who returned the case already reads a part of it: the same form again shows its result, no suggestions.
    result = returning.suggest(case.complaint, statement=case.statement, asked=asked, on=case.today)
    because = {"candidates": [one.as_json() for one in result]}
    return kind(data, targets=targets(result), asked=asked.strip(), because=because, initial=dict(typed))


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


def targets(results: Sequence[returning.Suggestion]) -> Choices:
    """Enrolled enterprises and branches, the likeliest first, each with its reasons."""
    return [(one.value, _suggestion_text(one)) for one in results]


def _suggestion_text(one: returning.Suggestion) -> str:
    names = list(dict.fromkeys([named(one.branch or one.enterprise), named(one.enterprise)]))
    sure, _tone, _rank = likelihood(one.score)
    why = reasons.say_all([why.as_json() for why in one.why])
    return _("%(names)s（%(sure)s：%(why)s）") % {"names": " · ".join(names), "sure": sure, "why": joined(why)}


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
