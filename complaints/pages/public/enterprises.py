"""/open/enterprises/: the public register of ODR enterprises: who is one since when, who was suspended or left, and
why.

It tells what was decided and what was published, and nothing of persons; the pages are the same for
everybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from complaints.desks import keyset
from complaints.procedure.categories import problem_label
from enterprises.directory.expectations import NEWER_THAN, expected
from enterprises.directory.finding import find
from enterprises.enrolment import enrolled, replying
from enterprises.models import Appraisal, Branch, Enterprise, LeagueLine, PublicReply, PublishedFigure, ServiceArea
from enterprises.models.enrolment import EnrolmentEntry
from enterprises.models.published import ALL
from web.templatetags.portal import name_of

SHOWN_BRANCHES = 30
Enrolment = Enterprise.Enrolment
TONES: dict[str, str] = {
    Enrolment.ENROLLED: "ok",
    Enrolment.SUSPENDED: "warn",
    Enrolment.NOT_ENROLLED: "neutral",
    Enrolment.ENDED: "neutral",
}


def listed(
    query: str, asked: Mapping[str, str], *, on: dt.date, rows: QuerySet[Enterprise]
) -> keyset.KeysetPage[Enterprise]:
    """A page of the register by number, or what the search finds, best first. Names, brands and codes all lead
    there."""
    if query:
        hits = find(query, on=on, limit=keyset.PAGE)
        allowed = set(rows.filter(pk__in=[hit.enterprise.pk for hit in hits]).values_list("pk", flat=True))
        return keyset.KeysetPage([hit.enterprise for hit in hits if hit.enterprise.pk in allowed], "", "")
    return _by_number(rows, asked)


def _by_number(rows: QuerySet[Enterprise], asked: Mapping[str, str]) -> keyset.KeysetPage[Enterprise]:
    def number(name: str) -> int:
        typed = asked.get(name, "")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0

    before, after = number("before"), number("after")
    if before:
        found = list(rows.filter(pk__lt=before).order_by("-pk")[: keyset.PAGE + 1])
        has_before, found = len(found) > keyset.PAGE, found[: keyset.PAGE][::-1]
        return keyset.KeysetPage(
            found, str(found[0].pk) if found and has_before else "", str(found[-1].pk) if found else ""
        )
    found = list(rows.filter(pk__gt=after).order_by("pk")[: keyset.PAGE + 1])
    has_after, found = len(found) > keyset.PAGE, found[: keyset.PAGE]
    return keyset.KeysetPage(
        found, str(found[0].pk) if found and after else "", str(found[-1].pk) if found and has_after else ""
    )


@public_page(parameters=("q", "before", "after"))
def register(request: HttpRequest) -> HttpResponse:
    """The list, with a search."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:80]
    # Whoever ever was one stays in the register; enterprises that only stand in the directory are none.
    rows = Enterprise.objects.filter(enrolled_by__isnull=False)
    page = listed(query, request.GET, on=timezone.localdate(), rows=rows)
    return render(
        request,
        "enrol/open_register.html",
        {
            "query": query,
            "rows": [
                {
                    "row": row,
                    "tone": TONES[row.enrolment],
                    "standing": standing_words(row),
                    "url": reverse("complaints:open-enterprise", args=[row.code]),
                }
                for row in page.rows
            ],
            "previous_url": f"{request.path}?before={page.before}" if page.before else "",
            "next_url": f"{request.path}?after={page.after}" if page.after else "",
        },
    )


@public_page()
def enterprise(request: HttpRequest, uscc: str) -> HttpResponse:
    """One enterprise: standing, history, who answers where, its figures, its reply, what may be expected."""
    enterprise = enrolled.of_code(uscc)
    if enterprise is None or enterprise.enrolled_by_id is None:
        raise Http404
    today = timezone.localdate()
    figures = league_of(enterprise.pk)
    return render(
        request,
        "enrol/open_enterprise.html",
        {
            **facts_of(enterprise, on=today),
            "expectation": expected([enterprise.pk], on=today).get(enterprise.pk),
            "entries": [
                {
                    "on_day": row.on_day,
                    "what": EnrolmentEntry.Kind(row.kind).label,
                    "who": name_of(row.authority),
                    "ground": enrolled.ground_words(row),
                }
                for row in enrolled.history(enterprise)
            ],
            "complain_url": f"{reverse('complaints:file')}?pick={enterprise.pk}--",
            "league": figures,
            "problems": problems_of(enterprise.pk, on=today),
            "reply": next(iter(replying.of_enterprise(enterprise.pk, [PublicReply.State.SHOWN])), None),
            "reply_waits": PublicReply.objects.filter(enterprise=enterprise, state=PublicReply.State.WAITING).exists(),
            "grades": Appraisal.objects.filter(enterprise=enterprise, decided_at__isnull=False).order_by("-year")[:3],
        },
    )


def league_of(enterprise_id: int) -> LeagueLine | None:
    """Its line in the newest table of twelve months of the whole country."""
    return (
        LeagueLine.objects.filter(enterprise=enterprise_id, sector=ALL, region=F("of__country"))
        .select_related("of")
        .order_by("-of__last", "of__first", "-of__version")
        .first()
    )


def problems_of(enterprise_id: int, *, on: dt.date) -> list[str]:
    """The commonest kinds of problem of the year, the most frequent first; how many there were is not told."""
    rows = PublishedFigure.objects.filter(enterprise=enterprise_id, day__lte=on, day__gt=on - NEWER_THAN).exclude(
        category=""
    )
    newest = rows.order_by("-day").values_list("day", flat=True).first()
    return (
        [str(problem_label(row.category)) for row in rows.filter(day=newest).order_by("-ended", "category")[:5]]
        if newest
        else []
    )


def standing_words(enterprise: Enterprise) -> str:
    """What it is today, in words; NOT_ENROLLED of somebody who was one means that it left."""
    if enterprise.enrolment == Enrolment.NOT_ENROLLED:
        return _("已退出")
    return str(Enrolment(enterprise.enrolment).label)


def facts_of(enterprise: Enterprise, *, on: dt.date) -> dict[str, Any]:
    """What everybody may know of it; five queries."""
    branches = list(Branch.objects.on(on).filter(enterprise=enterprise).select_related("place")[:SHOWN_BRANCHES])
    areas: dict[int, list[str]] = {}
    for area in ServiceArea.objects.on(on).filter(branch__in=branches).select_related("region"):
        areas.setdefault(area.branch_id, []).append(name_of(area.region))
    since = enterprise.entries.filter(kind=EnrolmentEntry.Kind.ENROLLED).last()
    count = enrolled.customers_on([enterprise.pk], on).get(enterprise.pk)
    return {
        "firm": enterprise,
        "tone": TONES[enterprise.enrolment],
        "standing": standing_words(enterprise),
        "count": count,
        "customers": f"{count.number:,}" if count else "",
        "since": since.on_day if since else None,
        "has_more": len(branches) == SHOWN_BRANCHES,
        "branches": [{"row": row, "areas": list(dict.fromkeys(areas.get(row.pk, [])))} for row in branches],
    }
