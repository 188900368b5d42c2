"""行政指导 on both sides: an officer opens, sends and ends it; the enterprise reads it and reports how far it is.

An enterprise sees nothing before it was sent, and never which officer or colleague wrote what: the
history names sides there, persons only at the authority.
"""

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.roles import Right
from complaints.desks import enterprise_workspace, keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.enterprise_workspace import workspace_page
from complaints.desks.keyset import Tab
from enterprises.models import Enterprise
from oversight.hot_spots import guiding, reduction_words
from oversight.hot_spots.effects import effect_of
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.hotspot_views import acting, acting_for, spot_of, tallied
from oversight.hot_spots.reduction_forms import CloseForm, GuidanceForm, MeasureForm, ReportForm
from oversight.models import Deed, Guidance, GuidanceMeasure, HotSpot
from web.languages import named

NEWEST = keyset.Order("opened_at", falling=True)
BY_SENDING = keyset.Order("sent_at", falling=True)
_RELATED = ("enterprise", "authority", "hot_spot__enterprise", "hot_spot__region")
#: So many enterprises of a region are offered, those with the most complaints first.
MOST_FIRMS = 10
TABS = (
    Tab("sent", gettext_lazy("整改中"), "info", gettext_lazy("没有正在整改的行政指导。")),
    Tab("draft", gettext_lazy("起草中"), "neutral", gettext_lazy("没有起草中的行政指导。")),
    Tab("closed", gettext_lazy("指导已结束"), "ok", gettext_lazy("没有已结束的行政指导。")),
)
FIRM_TABS = (TABS[0], TABS[2])


def _listed(rows: QuerySet[Guidance], today: Any) -> QuerySet[Guidance]:
    return rows.annotate(
        wanted=Count("measures"),
        done=Count("measures", filter=Q(measures__state=GuidanceMeasure.State.DONE)),
        late=Count("measures", filter=Q(measures__due_on__lt=today) & ~Q(measures__state=GuidanceMeasure.State.DONE)),
    )


def _lines(rows: list[Guidance], page: str, today: Any) -> list[dict[str, Any]]:
    counts = {row.pk: row for row in _listed(Guidance.objects.filter(pk__in=[row.pk for row in rows]), today)}
    return [
        {
            "row": row,
            "url": reverse(page, args=[row.pk]),
            "about": reduction_words.cell_of(row.hot_spot)[1],
            "counts": counts[row.pk],
            "is_open": row.state == Guidance.State.SENT,
            "tone": reduction_words.GUIDANCE_TONES[row.state],
        }
        for row in rows
    ]


# --- the authority ---


@officer_page("GET")
def guidances(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The guidances of the own region."""
    rows = Guidance.objects.filter(workspace.around("hot_spot__place"))
    lists = {tab.code: rows.filter(state=tab.code) for tab in TABS}
    tab = keyset.chosen_tab(TABS, request.GET)
    page = keyset.page_of(lists[tab.code], request.GET, NEWEST, related=_RELATED)
    return render(
        request,
        "oversight/guidances.html",
        {
            **keyset.tabs_shown(TABS, tab, keyset.counts(lists), page, address=request.path),
            "is_firm": False,
            "rows": _lines(page.rows, "oversight:guidance", workspace.today),
        },
    )


@officer_page("GET", "POST")
def guidance_new(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Open a guidance about a hot spot: to whom, why, the first measure."""
    spot = spot_of(workspace, pk)
    office = acting(workspace, spot.place)
    enterprises = _enterprises(spot)
    form = GuidanceForm(
        request.POST if request.method == "POST" else None, enterprises=enterprises, today=workspace.today
    )
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        authority_id = office.authority_id
        assert authority_id is not None  # noqa: S101 - an office is one of an authority

        def opened() -> tuple[str, str]:
            made = guiding.open_guidance(
                spot.pk,
                enterprise_id=int(form.cleaned_data["enterprise"]),
                authority_id=authority_id,
                causes=form.cleaned_data["causes"],
                first=form.wanted(),
                by=workspace.user,
                now=workspace.now,
            )
            return reverse("oversight:guidance", args=[made.pk]), _("已起草。可以再加措施，然后送达企业。")

        try:
            return redirect_once(request, opened)
        except ReductionRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    return render(
        request,
        "oversight/guidance_new.html",
        {
            "form": form,
            "line": reduction_words.line_of(spot, url=""),
            "has_firms": bool(enterprises),
            "back": reverse("oversight:hot-spot", args=[spot.pk]),
        },
        status=status,
    )


def _enterprises(spot: HotSpot) -> list[tuple[str, str]]:
    """Who may be guided: the enterprise of the hot spot, or those with the most complaints of it."""
    if spot.enterprise_id:
        return [(str(spot.enterprise_id), named(spot.enterprise))]
    counts = list(
        tallied(spot)
        .exclude(enterprise=None)
        .values("enterprise")
        .annotate(n=Count("complaint_id"))
        .order_by("-n", "enterprise")
        .values_list("enterprise", "n")[:MOST_FIRMS]
    )
    names = {row.pk: named(row) for row in Enterprise.objects.filter(pk__in=[pk for pk, _n in counts])}
    return [(str(pk), _("%(name)s（%(n)s件）") % {"name": names[pk], "n": n}) for pk, n in counts if pk in names]


def _found(rows: QuerySet[Guidance], pk: int) -> Guidance:
    result = (
        rows.select_related(*_RELATED)
        .prefetch_related("measures", Prefetch("deeds", Deed.objects.select_related("by")))
        .filter(pk=pk)
        .first()
    )
    if result is None:
        raise Http404
    return result


@officer_page("GET", "POST")
def guidance(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One guidance. POST: ``do`` = add or drop a measure, send it, close it."""
    result = _found(Guidance.objects.filter(workspace.around("hot_spot__place")), pk)
    office = acting_for(workspace, result.hot_spot.place)
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    measure = MeasureForm(request.POST if wanted == "add" else None, today=workspace.today)
    ending = CloseForm(request.POST if wanted == "close" else None)
    status, refused = 200, ""
    if request.method == "POST":
        if office is None:
            raise Http404
        status = 422
        if _is_complete(wanted, measure, ending):
            try:
                return redirect_once(
                    request, lambda: (request.path, _act(request, workspace, result, wanted, measure, ending))
                )
            except ReductionRefusal as refusal:
                status, refused = refusal.status, str(refusal)
    return render(
        request,
        "oversight/guidance.html",
        {
            **_shown(result, workspace.today),
            "form": measure if result.state == Guidance.State.DRAFT else ending,
            "refused": refused,
            "may_act": office is not None,
            "list_url": reverse("oversight:guidances"),
            "spot_url": reverse("oversight:hot-spot", args=[result.hot_spot_id]),
            "entries": reduction_words.history_of(result.deeds.all()),
        },
        status=status,
    )


def _is_complete(wanted: str, measure: MeasureForm, ending: CloseForm) -> bool:
    """Whether what was sent with this deed can be carried out; an odd deed is none."""
    match wanted:
        case "add":
            return measure.is_valid()
        case "close":
            return ending.is_valid()
        case "drop" | "send":
            return True
    raise Http404


def _act(
    request: HttpRequest, workspace: Workspace, result: Guidance, wanted: str, measure: MeasureForm, ending: CloseForm
) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    match wanted:
        case "add":
            guiding.add_measure(result.pk, measure.wanted(), **values)
            return _("已加上这项措施。")
        case "drop":
            number = request.POST.get("number", "")
            guiding.drop_measure(
                result.pk, int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0, **values
            )
            return _("已删去这项措施。")
        case "send":
            guiding.send(result.pk, **values)
            return _("已送达企业，企业的管理员会收到邮件。")
    guiding.close(result.pk, verdict=ending.cleaned_data["verdict"], why=ending.cleaned_data["why"], **values)
    return _("已结束这次行政指导。")


def _shown(result: Guidance, today: Any) -> dict[str, Any]:
    whose, what = reduction_words.cell_of(result.hot_spot)
    return {
        "guidance": result,
        "tone": reduction_words.GUIDANCE_TONES[result.state],
        "about": what,
        "whose": whose,
        "line": reduction_words.line_of(result.hot_spot, url=""),
        "measures": reduction_words.measures_of(result, today=today),
        "effect": reduction_words.effect_words(effect_of(result)),
        "is_draft": result.state == Guidance.State.DRAFT,
        "is_open": result.state == Guidance.State.SENT,
        "is_closed": result.state == Guidance.State.CLOSED,
    }


# --- the enterprise ---


def _ours(workspace: enterprise_workspace.Workspace) -> QuerySet[Guidance]:
    enterprises = {actor.enterprise_id for actor in workspace.actors if actor.enterprise_id is not None}
    return Guidance.objects.filter(enterprise_id__in=enterprises).exclude(state=Guidance.State.DRAFT)


@workspace_page("GET")
def enterprise_guidances(request: HttpRequest, workspace: enterprise_workspace.Workspace) -> HttpResponseBase:
    """The guidances of the own enterprise."""
    lists = {tab.code: _ours(workspace).filter(state=tab.code) for tab in FIRM_TABS}
    tab = keyset.chosen_tab(FIRM_TABS, request.GET)
    page = keyset.page_of(lists[tab.code], request.GET, BY_SENDING, related=_RELATED)
    return render(
        request,
        "oversight/guidances.html",
        {
            **keyset.tabs_shown(FIRM_TABS, tab, keyset.counts(lists), page, address=request.path),
            "is_firm": True,
            "rows": _lines(page.rows, "oversight:enterprise-guidance", workspace.today),
        },
    )


@workspace_page("GET", "POST")
def enterprise_guidance(request: HttpRequest, workspace: enterprise_workspace.Workspace, pk: int) -> HttpResponseBase:
    """One guidance with its measures; POST reports how far one of them is."""
    result = _found(_ours(workspace), pk)
    may_report = any(
        actor.may(Right.REPORT_ON_GUIDANCE) and actor.enterprise_id == result.enterprise_id
        for actor in workspace.actors
    )
    asked = (request.POST if request.method == "POST" else request.GET).get("measure", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0
    chosen = next((row for row in result.measures.all() if row.number == number), None)
    form = ReportForm(
        request.POST if request.method == "POST" else None, initial={"state": chosen.state if chosen else ""}
    )
    status = 200
    if request.method == "POST":
        if not may_report or chosen is None:
            raise Http404
        status = 422
        if form.is_valid():
            report = {"state": form.cleaned_data["state"], "text": form.cleaned_data["text"]}

            def reported() -> tuple[str, str]:
                guiding.report(result.pk, number, **report, by=workspace.user, now=workspace.now)
                return request.path, _("已报告，监管部门看得到。")

            try:
                return redirect_once(request, reported)
            except ReductionRefusal as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
    return render(
        request,
        "oversight/enterprise_guidance.html",
        {
            **_shown(result, workspace.today),
            "form": form,
            "may_report": may_report and result.state == Guidance.State.SENT,
            "chosen": chosen,
            "list_url": reverse("oversight:enterprise-guidances"),
            "here": request.path,
            "entries": reduction_words.history_of(_told(result), names=False),
        },
        status=status,
    )


def _told(result: Guidance) -> list[Deed]:
    """What an enterprise reads of the history: from the sending on."""
    drafting = {Deed.Kind.OPENED, Deed.Kind.MEASURE_ADDED, Deed.Kind.MEASURE_DROPPED}
    return [action for action in result.deeds.all() if action.kind not in drafting]
