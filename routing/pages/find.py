"""Looking for the right respondent: a page for everyone, its list alone, and names while one types.

Looking changes nothing and keeps nothing; what was typed comes back as typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from complaints.filing.forms import Pick
from complaints.filing.places import full_name, is_choosable, nearby
from enterprises.directory.expectations import Expectation, expected
from enterprises.directory.finding import LONGEST_QUERY, Hit, find, suggest
from enterprises.models import Enterprise
from web.languages import named

SHOWN = 10


@dataclass(frozen=True)
class Shown:
    """A hit with what the page says about it; the first is the best."""

    rank: int
    title: str
    details: tuple[str, ...]
    reasons: tuple[str, ...]
    standing: str
    is_enrolled: bool
    url: str
    expectation: Expectation | None


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
    found = suggest(query, on=timezone.localdate())
    words = dict(Enterprise.Enrolment.choices)
    return render(
        request,
        "public/suggestions.html",
        {
            "is_similar": bool(found) and found[0].is_similar,
            "suggestions": [
                (one, "" if one.matched == one.name else one.matched, words[one.enrolment]) for one in found
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
    found = find(query, on=today, region_id=region_id, limit=SHOWN + 1)
    figures = expected({(hit.successor or hit.enterprise).pk for hit in found}, on=today)
    return {
        "query": query,
        "region_id": region_id,
        "city": city,
        "places": places,
        "elsewhere": elsewhere,
        "is_asked": bool(query.strip()),
        "is_similar": bool(found) and found[0].is_similar,
        "has_more": len(found) > SHOWN,
        "hits": [
            _shown(rank, hit, query=query, region_id=region_id, figures=figures)
            for rank, hit in enumerate(found[:SHOWN], start=1)
        ],
        "named_url": _filing(query=query, region_id=region_id, pick="named"),
        "authority_url": _filing(query="", region_id=region_id, pick="authority"),
    }


def _region(text: str) -> int | None:
    """A region that may be chosen; anything else is as if none was given."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    region_id = int(text)
    return region_id if region_id < 2**31 and is_choosable(region_id) else None


def _shown(rank: int, hit: Hit, *, query: str, region_id: int | None, figures: Mapping[int, Expectation]) -> Shown:
    answers = hit.successor or hit.enterprise
    title = named(hit.branch or answers)
    details = [] if title == named(answers) else [named(answers)]
    details += hit.brands[:3]
    pick = Pick(answers.pk, hit.branch.pk if hit.branch else None)
    return Shown(
        rank=rank,
        title=title,
        details=tuple(details),
        # The last reason is the enrolment, which the page shows as a tag.
        reasons=tuple(str(why) for why in hit.why[:-1]),
        standing=str(hit.why[-1]),
        is_enrolled=answers.enrolment == Enterprise.Enrolment.ENROLLED,
        url=_filing(query=query, region_id=region_id, pick=str(pick)),
        expectation=figures.get(answers.pk),
    )


def _filing(*, query: str, region_id: int | None, pick: str) -> str:
    asked = {"query": query, "service_region": region_id or "", "pick": pick}
    return "/file/?" + urlencode({name: value for name, value in asked.items() if value})
