"""/authority/hot-spots/: what stands out in the own region, the cases and equal texts behind it, the judgement.

A hot spot is seen where its place lies, of an enterprise its domicile; its cases only as far as the officer sees them
anyway. Marks alike make a candidate, the texts themselves decide; no text leaves this file.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from itertools import combinations
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.models import Complaint, PersonalText, PersonDigest
from complaints.pages.authority.day import Number
from complaints.parties.actors import Actor
from complaints.reading.case import AUTHORITY, case_url
from complaints.record import person_digests
from complaints.record.person_digests import COPIED, MARK, same_text
from oversight.figures.definitions import Period
from oversight.hot_spots import folding, guiding, owners, reduction_forms
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.reduction_forms import ReasonForm
from oversight.hot_spots.unusual import BELIEVED, DAYS, FEWEST, RATE
from oversight.models import HotSpot, HotSpotCells, Tally
from oversight.presenting import sheets
from oversight.presenting.cards import Lists
from web.incoming import posted

#: So many texts are opened, and of one mark so many are compared: a page is waited for.
MOST_READ, MOST_ALIKE = 120, 40


def clusters(ids: Collection[int]) -> list[list[int]]:
    """Groups of two or more cases with nearly the same text, the largest first. Three statements and the keys."""
    by_mark: defaultdict[bytes, list[int]] = defaultdict(list)
    marks = list(PersonDigest.objects.filter(complaint_id__in=ids, kind=MARK).order_by("-complaint_id"))
    person_digests.load(marks)
    for row in marks:
        by_mark[bytes(row.digest)].append(row.complaint_id)
    candidates = [sorted(set(result), reverse=True)[:MOST_ALIKE] for result in by_mark.values() if len(set(result)) > 1]
    candidates.sort(key=len, reverse=True)
    wanted = list(dict.fromkeys(pk for result in candidates for pk in result))[:MOST_READ]
    texts = _texts(wanted)
    group = {pk: pk for pk in texts}

    def top(pk: int) -> int:
        while group[pk] != pk:
            pk = group[pk]
        return pk

    for result in candidates:
        for one, other in combinations([pk for pk in result if pk in texts], 2):
            if top(one) != top(other) and same_text(texts[one], texts[other]):
                group[top(one)] = top(other)
    together: defaultdict[int, list[int]] = defaultdict(list)
    for pk in group:
        together[top(pk)].append(pk)
    return sorted(
        (sorted(result, reverse=True) for result in together.values() if len(result) > 1),
        key=lambda cases: (-len(cases), cases),
    )


def _texts(ids: list[int]) -> dict[int, str]:
    copied = PersonalText.objects.filter(complaint_id__in=ids, kind=COPIED, audience="parties")
    rows = list(copied.order_by("complaint_id", "sequence"))
    sealed_fields.load_for(rows)
    return {row.complaint_id: text for row in rows if (text := row.text)}


NEWEST, SUREST = keyset.Order("found_at", falling=True), keyset.Order("q", is_number=True)
RELATED = ("enterprise", "region")
#: So many of the newest cases are listed, so many are compared for equal words, so many of a group are named.
SHOWN, COMPARED, NAMED = 10, 300, 6
TABS = (
    Tab("open", gettext_lazy("待判断"), "warn", gettext_lazy("没有待判断的热点。")),
    Tab("long", gettext_lazy("待判断已久"), "bad", gettext_lazy("没有待判断超过14天的热点。")),
    Tab("guided", gettext_lazy("已发起指导"), "info", gettext_lazy("还没有就热点发起过行政指导。")),
    Tab("dismissed", gettext_lazy("无需处理"), "neutral", gettext_lazy("没有判断为无需处理的热点。")),
)


#: On the page of an officer's day.
WAITING_LONG = Number(
    "hot_spots",
    gettext_lazy("待判断已久的热点"),
    "bad",
    lambda workspace: undecided(workspace).filter(owners.waits_long(workspace.now)),
    "oversight:hot-spots",
    {"view": "long"},
)


def undecided(workspace: Workspace) -> QuerySet[HotSpot]:
    """What the own region has to judge, one row an event."""
    within = workspace.around("place")
    return folding.shown(HotSpot.objects.filter(within, state=HotSpot.State.OPEN), within)


def spot_of(workspace: Workspace, pk: int) -> HotSpot:
    return get_object_or_404(
        HotSpot.objects.filter(workspace.around("place"), pk=pk).select_related(*RELATED, "enterprise__domicile")
    )


def acting_for(workspace: Workspace, place: int | None) -> Actor | None:
    """The office in whose name this person may act there: the nearest one; None for whoever only reads."""
    offices = [
        actor
        for actor in workspace.actors
        if actor.may(Right.ACT_ON_HOT_SPOT)
        and actor.region is not None
        and place is not None
        and actor.region[0] <= place <= actor.region[1]
    ]
    return min(offices, key=lambda actor: (actor.region or (0, 0))[1] - (actor.region or (0, 0))[0], default=None)


def acting(workspace: Workspace, place: int | None) -> Actor:
    """The same for a page that only they have; Http404 else."""
    result = acting_for(workspace, place)
    if result is None:
        raise Http404
    return result


@officer_page("GET")
@sheets.downloadable
def hot_spots(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list, the surest first, and what is decided by its date; a tab each state, and what waits too long."""
    rows = HotSpot.objects.filter(workspace.around("place"))
    lists = {tab.code: rows.filter(state=tab.code) for tab in TABS}
    # What somebody did something about stands for itself.
    lists["open"] = undecided(workspace)
    lists["long"] = lists["open"].filter(owners.waits_long(workspace.now))
    new = folding.shown(rows.filter(found_at__gte=workspace.now - timedelta(days=DAYS)), workspace.around("place"))
    tab = keyset.chosen_tab(TABS, request.GET)
    order = SUREST if tab.code == "open" else NEWEST
    page = keyset.page_of(lists[tab.code], request.GET, order, related=RELATED, size=sheets.size(request))
    also, responsible = _also(rows, page.rows), owners.owners_of(page.rows, day=workspace.today)
    return render(
        request,
        "oversight/hot_spots.html",
        {
            **keyset.tabs_shown(TABS, tab, keyset.counts(lists | {"new": new}), page, address=request.path),
            "now": workspace.now,
            "rows": [_line(row) | {"also": also[row.pk]} | _standing(row, responsible, workspace) for row in page.rows],
            "looked": _looked(workspace),
            "rises": reduction_forms.detectable_rises(),
            "rate": f"{RATE * 100:.1f}",
            "fewest": FEWEST,
        },
    )


@officer_page("GET", "POST")
def hot_spot(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One: nine counts, the cases, equal texts; POST judges it not to be a cause for action, or takes that back; with
    ``take`` it takes the hot spot over.
    """
    spot = spot_of(workspace, pk)
    office = acting_for(workspace, spot.place)
    form, status = ReasonForm(posted(request)), 200
    if request.method == "POST":
        if office is None:
            raise Http404
        if "take" in request.POST:

            def take() -> tuple[str, str]:
                guiding.take_over(spot.pk, by=workspace.user, now=workspace.now)
                return request.path, _("这个热点现在由您负责。")

            return redirect_once(request, take)
        status = 422
        if form.is_valid():

            def judge() -> tuple[str, str]:
                action = guiding.reopen if spot.state == HotSpot.State.DISMISSED else guiding.dismiss
                action(spot.pk, why=form.cleaned_data["why"], by=workspace.user, now=workspace.now)
                return request.path, _("已记下您的判断。")

            try:
                return redirect_once(request, judge)
            except ReductionRefusal as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
    ids = list(tallied(spot).order_by("-complaint_id").values_list("complaint_id", flat=True)[:COMPARED])
    cases = workspace.cases().filter(pk__in=ids)
    seen = HotSpot.objects.filter(workspace.around("place")).select_related(*RELATED)
    narrower = (
        folding.shown(seen.filter(pk__in=spot.explained_by), workspace.around("place")) if spot.explained_by else ()
    )
    wider = seen.filter(explained_by__contains=[spot.pk], first__lte=spot.last, last__gte=spot.first).order_by(
        "-observed", "pk"
    )
    responsible = owners.owners_of([spot], day=workspace.today)
    guidances = list(spot.guidances.select_related("enterprise", "authority"))
    period, code = Period(first=spot.first, last=spot.last), spot.region.code if spot.region else ""
    return render(
        request,
        "oversight/hot_spot.html",
        {
            "spot": spot,
            "line": reduction_forms.line_of(spot, url=""),
            "chart": reduction_forms.chart_of(spot),
            "form": form,
            "list_url": reverse("oversight:hot-spots"),
            "chance": reduction_forms.chance_text(spot.chance),
            "rate": f"{spot.rate * 100:.1f}",
            "detectable": reduction_forms.times(spot.detectable),
            "restless": f"{spot.restless:.2f}",
            "its_like": "" if spot.rise_of_its_like is None else reduction_forms.times(spot.rise_of_its_like),
            "expected": f"{spot.expected:.1f}",
            "around": _around(spot),
            "cases": _lines(list(cases.order_by("-pk")[:SHOWN])),
            "cases_url": Lists(period, spot.category, spot.enterprise_id, code).received(),
            "narrower": [_line(one) for one in narrower],
            "wider": [_line(one) for one in wider[:SHOWN]],
            "groups": _groups(cases),
            "may_act": office is not None,
            "standing": _standing(spot, responsible, workspace),
            "is_mine": spot.owner_id == workspace.user.pk,
            "guidances": [
                {
                    "row": row,
                    "url": reverse("oversight:guidance", args=[row.pk]),
                    "tone": reduction_forms.GUIDANCE_TONES[row.state],
                }
                for row in guidances
            ],
            "campaigns": spot.campaigns.defer("printed", "minutes"),
            "remedies": spot.remedies.select_related("enterprise"),
            "warnings": reduction_forms.warning_lines(spot.warnings.select_related("authority"), "oversight:warning"),
            "guide_url": reverse("oversight:guidance-new", args=[spot.pk]),
            "warn_url": reverse("oversight:warning-new", args=[spot.pk]),
            "entries": reduction_forms.history_of(spot.actions.filter(guidance=None).select_related("by")),
        },
        status=status,
    )


def _standing(spot: HotSpot, responsible: Mapping[int, User], workspace: Workspace) -> dict[str, Any]:
    """How old it is, who stands for it, and whether it may well be one of those that chance makes."""
    return {
        "days": max(0, (workspace.now - spot.found_at).days),
        "owner": responsible[spot.pk].name if spot.pk in responsible else "",
        "is_taken": spot.owner_id is not None and spot.pk in responsible and responsible[spot.pk].pk == spot.owner_id,
        "waits_long": spot.state == HotSpot.State.OPEN and workspace.now - spot.found_at > owners.LONG,
        "is_unsure": spot.method != 1 and spot.q > BELIEVED,
    }


def _looked(workspace: Workspace) -> dict[str, Any] | None:
    """How many cells of the own region a look looks at, and how many rows a week chance is expected to make of them:
    as weeks, as days, and as runs, of which there are about as many as of weeks.
    """
    sums = HotSpotCells.objects.filter(workspace.around("place")).aggregate(weeks=Sum("weeks"), days=Sum("days"))
    if not sums["weeks"]:
        return None
    return {"cells": f"{sums['weeks']:,}", "chance": round(RATE * (2 * sums["weeks"] + sums["days"]))}


def _line(spot: HotSpot) -> dict[str, Any]:
    return reduction_forms.line_of(spot, url=reverse("oversight:hot-spot", args=[spot.pk]))


def _also(rows: QuerySet[HotSpot], spots: Iterable[HotSpot]) -> Counter[int]:
    """How many of ``rows`` each of ``spots`` explains; one statement."""
    result: Counter[int] = Counter()
    own = [spot.pk for spot in spots]
    for narrower in rows.filter(explained_by__overlap=own).values_list("explained_by", flat=True) if own else ():
        result.update(narrower)
    return result


def _around(spot: HotSpot) -> str:
    """How everything went at the same time: a season raises all."""
    if len(spot.around) != 2 or not spot.around[1]:
        return ""
    return reduction_forms.times(spot.around[0] / spot.around[1])


def tallied(spot: HotSpot) -> QuerySet[Tally]:
    """What the counters hold of the cell in its days, as far as the database shows it to whoever asks."""
    rows = Tally.objects.filter(kind="received", day__gte=spot.first, day__lte=spot.last)
    if spot.enterprise_id:
        rows = rows.filter(enterprise=spot.enterprise_id)
    elif spot.region is not None:
        rows = rows.filter(region__gte=spot.region.pk, region__lte=spot.region.last)
    if spot.category:
        rows = rows.filter(**{"problem" if spot.facet.startswith("p:") else "object": spot.category})
    return rows


def _lines(cases: list[Complaint]) -> list[dict[str, Any]]:
    return [{"case": case, "url": case_url(case, AUTHORITY)} for case in cases]


def _groups(cases: QuerySet[Complaint]) -> list[dict[str, Any]]:
    seen = {case.pk: case for case in cases.only("pk", "number", "status")}
    return [
        {"n": len(group), "cases": _lines([seen[pk] for pk in group[:NAMED]]), "more": max(0, len(group) - NAMED)}
        for group in clusters(seen)
    ]
