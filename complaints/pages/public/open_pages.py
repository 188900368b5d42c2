"""Open to everybody: the register of ODR enterprises, complaints that an authority shows, and the service stations.

They tell what was decided and what was published, and nothing of persons. Complaints are shown as
市场监督管理投诉信息公示暂行规则 (2023) says, asked of the cases for every request, by the decision of the authority and
the consent of the consumer together: a consent that is taken back hides its complaint at once. Of a station a number
from 1 to 4 is withheld, from December 2026 on numbers are rounded to 5; a dispute counts as settled only when the
consumer confirmed it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.public_pages import public_page
from complaints import wording
from complaints.acceptance import publication
from complaints.desks import keyset
from complaints.models import Complaint, Demand, PersonalText, StationEntry
from complaints.procedure.categories import problem_label
from complaints.reading.case_people import names_of_consumers
from complaints.stations.stations import moved_each
from database.row_security import working_as_steps
from enterprises.directory.expectations import NEWER_THAN, expected
from enterprises.directory.finding import find
from enterprises.enrolment import enrolled, replying
from enterprises.models import (
    Appraisal,
    Branch,
    Enterprise,
    LeagueLine,
    PublicReply,
    PublishedFigure,
    ServiceArea,
    Station,
)
from enterprises.models.enrolment import EnrolmentEntry
from enterprises.models.published import ALL
from web.small_numbers import ENOUGH, is_rounded, rounded_number, share_text, shown_number
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
    return keyset.page_by_pk(list(keyset.walk_by_pk(rows, asked)), asked)


@public_page(parameters=("q", "before", "after"))
def register(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:80]
    # Whoever ever was one stays in the register; enterprises that only stand in the directory are none.
    rows = Enterprise.objects.filter(enrolled_by__isnull=False)
    page = listed(query, request.GET, on=timezone.localdate(), rows=rows)
    context = {
        "query": query,
        "rows": [
            {
                "row": row,
                "tone": TONES[row.enrolment],
                "state": enrolment_label(row),
                "url": reverse("complaints:open-enterprise", args=[row.code]),
            }
            for row in page.rows
        ],
        **keyset.neighbours(page, request.path),
    }
    return render(request, "enrol/open_register.html", context)


#: What this package may not import: published campaigns that an enterprise was called to, by its number, as
#: [{"title", "url", "about", "on_day", "state", "tone"}].
CAMPAIGNS_OF: list[Callable[[int], list[dict[str, Any]]]] = []


# A campaign that is taken back is gone from here within the minute.
@public_page(kept=0)
def enterprise(request: HttpRequest, uscc: str) -> HttpResponse:
    """One enterprise: standing, history, who answers where, its figures, its reply, what may be expected."""
    enterprise = enrolled.of_code(uscc)
    if enterprise is None or enterprise.enrolled_by_id is None:
        raise Http404
    today = timezone.localdate()
    figures, quarters = league_of(enterprise.pk)
    context = {
        **facts_of(enterprise, on=today),
        "expectation": expected([enterprise.pk], on=today).get(enterprise.pk),
        "entries": [entry_line(row) for row in enrolled.history(enterprise)],
        "complain_url": f"{reverse('complaints:file')}?pick={enterprise.pk}--",
        "league": figures,
        "quarters": quarter_lines(quarters),
        "next_quarter": next_quarter(quarters, on=today),
        "campaigns": [line for find_campaigns in CAMPAIGNS_OF for line in find_campaigns(enterprise.pk)],
        "problems": problems_of(enterprise.pk, on=today),
        "reply": next(iter(replying.of_enterprise(enterprise.pk, [PublicReply.State.SHOWN])), None),
        "reply_waits": PublicReply.objects.filter(enterprise=enterprise, state=PublicReply.State.WAITING).exists(),
        "grades": Appraisal.objects.filter(enterprise=enterprise, decided_at__isnull=False).order_by("-year")[:3],
    }
    return render(request, "enrol/open_enterprise.html", context)


def entry_line(row: EnrolmentEntry) -> dict[str, Any]:
    """One entry of the history of an enterprise, as everybody may read it."""
    return {
        "on_day": row.on_day,
        "what": EnrolmentEntry.Kind(row.kind).label,
        "who": name_of(row.authority),
        "ground": enrolled.ground_label(row),
    }


#: So many quarters stand on the page of an enterprise.
QUARTERS = 4


def league_of(enterprise_id: int) -> tuple[LeagueLine | None, list[LeagueLine]]:
    """Its line in the newest table of the whole country, of as many quarters as there are; and those in the tables of
    single quarters, the oldest first. One statement.
    """
    rows = (
        LeagueLine.objects.filter(enterprise=enterprise_id, sector=ALL, region=F("of__country"))
        .select_related("of")
        .order_by("-of__last", "of__first", "-of__version")
        .distinct("of__last", "of__first")
    )
    lines = list(rows[: 4 * QUARTERS])
    singles = [line for line in lines if (line.of.last - line.of.first).days < 93][:QUARTERS]
    return (lines[0] if lines else None), singles[::-1]


def next_quarter(lines: Sequence[LeagueLine], *, on: dt.date) -> dict[str, Any]:
    """The quarter that is published next, and in which month: the one after the newest of ``lines``, else the running
    one.
    """
    begin = lines[-1].of.last + dt.timedelta(days=1) if lines else on
    if _month_after(begin) < on.replace(day=1):
        # One that was not issued in its month is not waited for.
        begin = on
    return {"quarter": f"{begin:%Y}-Q{(begin.month + 2) // 3}", "month": _month_after(begin)}


def _month_after(day: dt.date) -> dt.date:
    """The first day after the quarter of this day."""
    months = 12 * day.year + 3 * ((day.month + 2) // 3)
    return dt.date(months // 12, months % 12 + 1, 1)


def quarter_lines(lines: Sequence[LeagueLine]) -> list[dict[str, str]]:
    """What is published of each quarter; ``width`` of the bar of what was delivered, in per cent of the most."""
    most = max((line.received or 0 for line in lines), default=0) or 1
    return [
        {
            "quarter": f"{line.of.last:%Y}-Q{line.of.last.month // 3}",
            "received": _("不公布") if line.received is None else f"{line.received:,}",
            "width": f"{100 * (line.received or 0) / most:.1f}",
            "ended": _("不公布") if line.n is None else f"{line.n:,}",
            "settled": _share(line.settled_least, line.settled_most, line.n) if line.tells_settled else _("不公布"),
            "kept": _share(line.kept, line.kept, line.promised),
        }
        for line in lines
    ]


def _share(least: int | None, most: int | None, whole: int | None) -> str:
    """A share of thirty or more; of fewer the counts themselves."""
    if least is None or most is None or whole is None:
        return _("不公布")
    if least == most:
        return share_text(least, whole, digits=0)
    if whole < ENOUGH:
        return f"{least}–{most}/{whole}"
    return f"{100 * least / whole:.0f}–{100 * most / whole:.0f}%"


def problems_of(enterprise_id: int, *, on: dt.date) -> list[tuple[str, str]]:
    """(code, words) of the commonest kinds of problem of the year, the most frequent first; how many is not told."""
    rows = PublishedFigure.objects.filter(enterprise=enterprise_id, day__lte=on, day__gt=on - NEWER_THAN).exclude(
        category=""
    )
    newest = rows.order_by("-day").values_list("day", flat=True).first()
    rows = rows.filter(day=newest).order_by("-ended", "category")[:5] if newest else rows.none()
    return [(row.category, str(problem_label(row.category))) for row in rows]


def enrolment_label(enterprise: Enterprise) -> str:
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
        "state": enrolment_label(enterprise),
        "count": count,
        "customers": f"{count.number:,}" if count else "",
        "since": since.on_day if since else None,
        "has_more": len(branches) == SHOWN_BRANCHES,
        "branches": [{"row": row, "areas": list(dict.fromkeys(areas.get(row.pk, [])))} for row in branches],
    }


@public_page(parameters=("enterprise", "before", "after"), fresh=0, kept=0)
def complaints(request: HttpRequest) -> HttpResponse:
    code = request.GET.get("enterprise", "").strip()
    enterprise = enrolled.of_code(code) if code else None
    if code and enterprise is None:
        raise Http404
    rows, before, after = page_of(request.GET.dict(), enterprise_id=enterprise.pk if enterprise else None)

    def url(**key: str) -> str:
        query: dict[str, Any] = {"enterprise": code} if code else {}
        return f"?{urlencode(query | key)}" if any(key.values()) else ""

    context = {"rows": rows, "firm": enterprise, "previous_url": url(before=before), "next_url": url(after=after)}
    return render(request, "open/complaints.html", context)


COMPLAINTS_A_PAGE = 20
NEWEST = keyset.Order("closed_at", falling=True)


def page_of(asked: Mapping[str, str], *, enterprise_id: int | None = None) -> tuple[list[publication.Masked], str, str]:
    """A page of complaints, newest first, and the keys of the pages before and after it; seven statements."""
    with working_as_steps():
        rows = Complaint.objects.filter(publication.in_state(publication.SHOWN))
        if enterprise_id is not None:
            rows = rows.filter(enterprise_id=enterprise_id)
        result = keyset.page_of(rows, asked, NEWEST, related=("enterprise", "branch"), size=COMPLAINTS_A_PAGE)
        return as_public(result.rows), result.before, result.after


def as_public(cases: Sequence[Complaint]) -> list[publication.Masked]:
    """Cases as the public reads them, with the last word of the enterprise in public; three queries."""
    ids = [case.pk for case in cases]
    names, demands = names_of_consumers(ids), defaultdict[int, list[str]](list)
    kinds = Demand.objects.filter(complaint_id__in=ids).order_by("complaint_id", "ordinal")
    for case_id, kind in kinds.values_list("complaint_id", "kind"):
        demands[case_id].append(wording.label(kind, kind="demand_kind"))
    texts = PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind="public_reply")
    rows: Any = list(texts.order_by("sequence", "pk"))
    sealed_fields.load_for(rows)
    replies = {row.complaint_id: row.text for row in rows}
    return [
        publication.masked(case, name=names.get(case.pk, ""), demands=demands[case.pk], reply=replies.get(case.pk, ""))
        for case in cases
    ]


STATIONS_A_PAGE = 100


def _open() -> QuerySet[Station]:
    return Station.objects.on(timezone.localdate()).select_related("authority__region", "enterprise")


@public_page(parameters=("after",))
def stations(request: HttpRequest) -> HttpResponse:
    """All of them, by authority; a page of a hundred."""
    typed = request.GET.get("after", "")
    rows = _open().order_by("authority__region_id", "authority_id", "code")
    after = Station.objects.filter(code=typed).select_related("authority").first() if typed else None
    if after is not None:
        region, authority = after.authority.region_id, after.authority_id
        rows = rows.filter(
            Q(authority__region_id__gt=region)
            | Q(authority__region_id=region, authority_id__gt=authority)
            | Q(authority__region_id=region, authority_id=authority, code__gt=after.code)
        )
    results = list(rows[: STATIONS_A_PAGE + 1])
    more, results = len(results) > STATIONS_A_PAGE, results[:STATIONS_A_PAGE]
    context = {
        "groups": [
            {
                "authority": name_of(authority),
                "rows": [
                    {
                        "row": row,
                        "kind": Station.Kind(row.kind).label,
                        "url": reverse("complaints:open-station", args=[row.code]),
                    }
                    for row in of
                ],
            }
            for authority, of in groupby(results, key=lambda row: row.authority)
        ],
        "next_url": f"?after={results[-1].code}" if more else "",
    }
    return render(request, "open/stations.html", context)


@public_page()
def station(request: HttpRequest, code: str) -> HttpResponse:
    """Where it is, how to file there, what it settled and what it moved on in the twelve months that are over."""
    row = get_object_or_404(_open(), code=code[:20])
    # Months that are over: a number of the running day would grow by one before everybody's eyes.
    until = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year = StationEntry.objects.filter(station=row, at__gte=until.replace(year=until.year - 1), at__lt=until)
    counts = year.aggregate(**{state: Count("pk", filter=Q(state=state)) for state in StationEntry.STATES})
    counts["moved"] = moved_each([row], since=until.date().replace(year=until.year - 1), until=until.date())[row.pk]
    # The newest month of the twelve decides how they are told.
    is_told_rounded = is_rounded((until - dt.timedelta(days=1)).date().replace(day=1))
    shown = {
        state: f"{rounded_number(count, 'station', row.code, state):,}" if is_told_rounded else shown_number(count)
        for state, count in counts.items()
    }
    context = {
        "is_rounded": is_told_rounded,
        "row": row,
        "kind": Station.Kind(row.kind).label,
        "authority": name_of(row.authority),
        "owner": name_of(row.enterprise) if row.enterprise else "",
        "file_url": reverse("complaints:go", args=[row.code]),
        "lines": [
            (_("消费者确认已和解"), shown[StationEntry.CONFIRMED]),
            (_("还没有确认"), shown[StationEntry.UNCONFIRMED]),
            (_("消费者说没有和解"), shown[StationEntry.DENIED]),
            (_("没当场解决，代为投诉"), shown["moved"]),
        ],
    }
    return render(request, "open/station.html", context)
