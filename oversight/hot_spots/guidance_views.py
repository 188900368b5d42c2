"""行政指导 on both sides: an officer opens, sends and ends it; the enterprise reads it and reports how far it is.

An enterprise sees nothing before it was sent, and never which officer or colleague wrote what: the
history names sides there, persons only at the authority.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.roles import Right
from complaints.desks import enterprise_workspace, keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.enterprise_workspace import workspace_page
from complaints.desks.keyset import Tab
from complaints.evidence import EvidenceRefused
from enterprises.models import Enterprise
from oversight.hot_spots import campaign as campaign_acts
from oversight.hot_spots import campaign_forms, guiding, proofs, reduction_forms
from oversight.hot_spots.campaign_forms import ReplyForm, UndertakingForm
from oversight.hot_spots.campaign_minutes import is_printed, print_of
from oversight.hot_spots.effects import effect_of
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.hotspot_views import acting, acting_for, spot_of, tallied
from oversight.hot_spots.proofs import Proof
from oversight.hot_spots.reduction_forms import CloseForm, GuidanceForm, MeasureForm, ReportForm
from oversight.models import Guidance, GuidanceMeasure, HotSpot, HotSpotAction
from oversight.presenting import sheets
from web.incoming import posted, whole
from web.languages import named

NEWEST = keyset.Order("opened_at", falling=True)
BY_SENDING = keyset.Order("sent_at", falling=True)
_RELATED = ("enterprise", "authority", "hot_spot__enterprise", "hot_spot__region", "campaign__region")
#: So many enterprises of a region are offered, those with the most complaints first.
MOST_ENTERPRISES = 10
TABS = (
    Tab("sent", gettext_lazy("整改中"), "info", gettext_lazy("没有正在整改的行政指导。")),
    Tab("draft", gettext_lazy("起草中"), "neutral", gettext_lazy("没有起草中的行政指导。")),
    Tab("closed", gettext_lazy("指导已结束"), "ok", gettext_lazy("没有已结束的行政指导。")),
)
ENTERPRISE_TABS = (TABS[0], TABS[2])
#: An enterprise reads the history from the sending on.
_DRAFTING = {HotSpotAction.Kind.OPENED, HotSpotAction.Kind.MEASURE_ADDED, HotSpotAction.Kind.MEASURE_DROPPED}


def _lines(rows: list[Guidance], page: str, today: Any) -> list[dict[str, Any]]:
    done, late = Q(measures__state=GuidanceMeasure.State.DONE), Q(measures__due_on__lt=today)
    counts = Guidance.objects.annotate(
        wanted=Count("measures"), done=Count("measures", filter=done), late=Count("measures", filter=late & ~done)
    ).in_bulk([row.pk for row in rows])
    return [
        {
            "row": row,
            "url": reverse(page, args=[row.pk]),
            "about": reduction_forms.about_of(row),
            "counts": counts[row.pk],
            "is_open": row.state == Guidance.State.SENT,
            "tone": reduction_forms.GUIDANCE_TONES[row.state],
            "judgement": reduction_forms.judgement_of(row, effect_of(row)),
        }
        for row in rows
    ]


@officer_page("GET")
@sheets.downloadable
def guidances(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The guidances of the own region."""
    return _list(request, _around(workspace), TABS, NEWEST, workspace.today, page="oversight:guidance")


def _around(workspace: Workspace) -> QuerySet[Guidance]:
    return Guidance.objects.filter(workspace.around("hot_spot__place") | workspace.around("campaign__region"))


def _list(
    request: HttpRequest, rows: QuerySet[Guidance], tabs: Sequence[Tab], order: keyset.Order, today: date, *, page: str
) -> HttpResponseBase:
    """A tab each state; ``page``: the name of the page of one."""
    lists = {tab.code: rows.filter(state=tab.code) for tab in tabs}
    tab = keyset.chosen_tab(tabs, request.GET)
    shown = keyset.page_of(lists[tab.code], request.GET, order, related=_RELATED, size=sheets.size(request))
    return render(
        request,
        "oversight/guidances.html",
        {
            **keyset.tabs_shown(tabs, tab, keyset.counts(lists), shown, address=request.path),
            "is_firm": tabs is ENTERPRISE_TABS,
            "rows": _lines(shown.rows, page, today),
        },
    )


@officer_page("GET", "POST")
def guidance_new(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Open a guidance about a hot spot: to whom, why, the first measure."""
    spot = spot_of(workspace, pk)
    office = acting(workspace, spot.place)
    enterprises = enterprises_of(spot)
    form = GuidanceForm(posted(request), enterprises=enterprises, today=workspace.today)
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
    line, back = reduction_forms.line_of(spot, url=""), reverse("oversight:hot-spot", args=[spot.pk])
    context = {"form": form, "line": line, "has_firms": bool(enterprises), "back": back}
    return render(request, "oversight/guidance_new.html", context, status=status)


def enterprises_of(spot: HotSpot) -> list[tuple[str, str]]:
    """Who may be guided: the enterprise of the hot spot, or those with the most complaints of it."""
    if spot.enterprise_id:
        return [(str(spot.enterprise_id), named(spot.enterprise))]
    enterprises = tallied(spot).exclude(enterprise=None).values("enterprise").annotate(n=Count("complaint_id"))
    counts = list(enterprises.order_by("-n", "enterprise").values_list("enterprise", "n")[:MOST_ENTERPRISES])
    names = {row.pk: named(row) for row in Enterprise.objects.filter(pk__in=[pk for pk, _n in counts])}
    return [(str(pk), _("%(name)s（%(n)s件）") % {"name": names[pk], "n": n}) for pk, n in counts if pk in names]


def _guidance_or_404(rows: QuerySet[Guidance], pk: int) -> Guidance:
    actions = Prefetch("actions", HotSpotAction.objects.select_related("by"))
    return get_object_or_404(rows.select_related(*_RELATED).prefetch_related("measures__files", actions), pk=pk)


@officer_page("GET", "POST")
def guidance(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One guidance. POST: ``do`` = add or drop a measure, send it, close it. One of a campaign ends with it."""
    result = _guidance_or_404(_around(workspace), pk)
    office = acting_for(workspace, result.place)
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    measure = _measure_form(result, request.POST if wanted == "add" else None, workspace.today)
    ending = CloseForm(request.POST if wanted == "close" else None)
    status, refused = 200, ""
    if request.method == "POST":
        if office is None or (result.campaign is not None and wanted not in ("add", "drop")):
            raise Http404
        status = 422
        if all(form.is_valid() for form in (measure, ending) if form.is_bound):
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
            "form": measure if _may_change(result) else ending,
            "refused": refused,
            "may_act": office is not None,
            "list_url": reverse("oversight:guidances"),
            "about_url": reverse("oversight:campaign", args=[result.campaign_id])
            if result.campaign_id
            else reverse("oversight:hot-spot", args=[result.hot_spot_id]),
            "entries": reduction_forms.history_of(result.actions.all()),
        },
        status=status,
    )


def _may_change(result: Guidance) -> bool:
    """Whether its measures are not settled yet."""
    campaign = result.campaign
    return result.state == Guidance.State.DRAFT if campaign is None else campaign.state == campaign.State.CALLED


def _measure_form(result: Guidance, data: Any, today: date) -> MeasureForm:
    if result.campaign is None:
        return MeasureForm(data, today=today)
    return UndertakingForm(data, today=today, called_on=result.campaign.called_on)


def _act(
    request: HttpRequest, workspace: Workspace, result: Guidance, wanted: str, measure: MeasureForm, ending: CloseForm
) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    match wanted:
        case "add":
            guiding.add_measure(result.pk, measure.wanted(), **values)
            return _("已加上这项措施。")
        case "drop":
            guiding.drop_measure(result.pk, whole(request.POST.get("number"), 4) or 0, **values)
            return _("已删去这项措施。")
        case "send":
            guiding.send(result.pk, **values)
            return _("已送达企业，企业的管理员会收到邮件。")
        case "close":
            guiding.close(result.pk, **ending.cleaned_data, **values)
            return _("已结束这次行政指导。")
    raise Http404


def _shown(result: Guidance, today: Any) -> dict[str, Any]:
    spot = result.hot_spot
    return {
        "guidance": result,
        "campaign": result.campaign,
        "tone": reduction_forms.GUIDANCE_TONES[result.state],
        "about": reduction_forms.about_of(result),
        "judgement": reduction_forms.judgement_of(result, effect_of(result)),
        "line": reduction_forms.line_of(spot, url="") if spot else None,
        "may_change": _may_change(result),
        "measures": [
            one | {"figure": campaign_forms.figure_text(one["row"])}
            for one in reduction_forms.measures_of(result, today=today)
        ],
        "effect": reduction_forms.effect_context(effect_of(result), result),
        "is_draft": result.state == Guidance.State.DRAFT,
        "is_open": result.state == Guidance.State.SENT and result.campaign is None,
        "is_closed": result.state == Guidance.State.CLOSED,
    }


def _ours(workspace: enterprise_workspace.Workspace) -> QuerySet[Guidance]:
    enterprises = {actor.enterprise_id for actor in workspace.actors if actor.enterprise_id is not None}
    return Guidance.objects.filter(enterprise_id__in=enterprises).exclude(state=Guidance.State.DRAFT)


@workspace_page("GET")
@sheets.downloadable
def enterprise_guidances(request: HttpRequest, workspace: enterprise_workspace.Workspace) -> HttpResponseBase:
    """The guidances of the own enterprise."""
    page = "oversight:enterprise-guidance"
    return _list(request, _ours(workspace), ENTERPRISE_TABS, BY_SENDING, workspace.today, page=page)


@workspace_page("GET", "POST")
def enterprise_guidance(request: HttpRequest, workspace: enterprise_workspace.Workspace, pk: int) -> HttpResponseBase:
    """One guidance with its measures. POST reports how far one of them is; in a campaign ``do`` = add or drop an
    undertaking before the meeting, or reply to the public.
    """
    result = _guidance_or_404(_ours(workspace), pk)
    may_report = any(
        actor.may(Right.REPORT_ON_GUIDANCE) and actor.enterprise_id == result.enterprise_id
        for actor in workspace.actors
    )
    wanted = request.POST.get("do", "report") if request.method == "POST" else ""
    asked = request.POST if request.method == "POST" else request.GET
    number = whole(asked.get("measure"), 4) or 0
    chosen = next((row for row in result.measures.all() if row.number == number), None)
    firm = result.campaign.firms.get(enterprise=result.enterprise_id) if result.campaign else None

    def data(do: str) -> Any:
        return request.POST if wanted == do else None

    state = {"state": chosen.state if chosen else ""}
    files = request.FILES if wanted == "report" else None
    forms: dict[str, Any] = {"report": ReportForm(data("report"), files, initial=state)}
    if firm is not None:
        forms["add"] = _measure_form(result, data("add"), workspace.today)
        forms["reply"] = ReplyForm(data("reply"), initial={"reply": firm.reply})
    status, refused = 200, ""
    if request.method == "POST":
        is_known = wanted in forms or (wanted == "drop" and firm is not None)
        if not may_report or not is_known or (wanted == "report" and chosen is None):
            raise Http404
        status = 422
        if wanted not in forms or forms[wanted].is_valid():
            try:
                return _done_for_firm(request, workspace, result, wanted, forms)
            except ReductionRefusal as refusal:
                status, refused = refusal.status, str(refusal)
            except EvidenceRefused as refusal:
                forms[wanted].add_error("file", str(refusal))
    hidden = _DRAFTING if result.campaign is None else set()
    actions = [row for row in result.actions.all() if row.kind not in hidden]
    return render(
        request,
        "oversight/enterprise_guidance.html",
        {
            **_shown(result, workspace.today),
            "form": forms["report"],
            "forms": forms,
            "wanted": forms.get(wanted),
            "refused": refused,
            "firm": firm,
            "may_act": may_report,
            "may_report": may_report and result.state == Guidance.State.SENT and not _is_settling(result),
            "chosen": chosen,
            "list_url": reverse("oversight:enterprise-guidances"),
            "here": request.path,
            "minutes_url": reverse("oversight:enterprise-minutes", args=[result.pk])
            if result.campaign and is_printed(result.campaign)
            else "",
            "entries": reduction_forms.history_of(actions, names=False),
        },
        status=status,
    )


@workspace_page("GET")
def enterprise_minutes(request: HttpRequest, workspace: enterprise_workspace.Workspace, pk: int) -> HttpResponseBase:
    """The signed print of the minutes of a campaign in which the enterprise was called."""
    campaign = get_object_or_404(_ours(workspace).select_related("campaign"), pk=pk).campaign
    if campaign is None:
        raise Http404
    return print_of(campaign)


@officer_page("GET")
def guidance_file(request: HttpRequest, workspace: Workspace, pk: int, file: int) -> HttpResponseBase:
    """A file that shows what was done of a measure."""
    return proofs.answer_with(get_object_or_404(_around(workspace), pk=pk), file, is_sender=False)


@workspace_page("GET")
def enterprise_guidance_file(
    request: HttpRequest, workspace: enterprise_workspace.Workspace, pk: int, file: int
) -> HttpResponseBase:
    """The same at the enterprise that sent it."""
    return proofs.answer_with(get_object_or_404(_ours(workspace), pk=pk), file, is_sender=True)


def _is_settling(result: Guidance) -> bool:
    """Whether undertakings are written down still; nothing is reported of them before the meeting."""
    return result.campaign is not None and _may_change(result)


def _done_for_firm(
    request: HttpRequest,
    workspace: enterprise_workspace.Workspace,
    result: Guidance,
    wanted: str,
    forms: dict[str, Any],
) -> HttpResponseBase:
    """A file is looked into before anything is locked, and kept if it was put with the measure."""
    upload = forms[wanted].cleaned_data.get("file") if wanted == "report" else None
    proof = Proof(upload) if upload else None
    try:
        return redirect_once(
            request, lambda: (request.path, _act_for_firm(request, workspace, result, wanted, forms, proof))
        )
    finally:
        if proof is not None:
            proof.drop_if_unused()


def _act_for_firm(
    request: HttpRequest,
    workspace: enterprise_workspace.Workspace,
    result: Guidance,
    wanted: str,
    forms: dict[str, Any],
    proof: Proof | None,
) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    match wanted:
        case "add":
            guiding.add_measure(result.pk, forms["add"].wanted(), **values)
            return _("已记下这项措施。")
        case "drop":
            guiding.drop_measure(result.pk, whole(request.POST.get("number"), 4) or 0, **values)
            return _("已删去这项措施。")
        case "reply":
            campaign_acts.reply(result, text=forms["reply"].cleaned_data["reply"], **values)
            return _("已提交，监管部门核对后公开。")
    number = whole(request.POST.get("measure"), 4) or 0
    said = {name: text for name, text in forms["report"].cleaned_data.items() if name != "file"}
    put = partial(proof.put_with, **values) if proof else None
    guiding.report(result.pk, number, **said, put_file=put, **values)
    return _("已报告，监管部门看得到。")
