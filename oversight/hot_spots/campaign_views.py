"""降诉行动 at the authority: the list, a new one, one with all that is done to it."""

from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.roles import Right
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.parties.actors import Actor
from oversight.hot_spots import campaign as acts
from oversight.hot_spots import campaign_forms, reduction_forms
from oversight.hot_spots.campaign_counts import Cell
from oversight.hot_spots.campaign_forms import CallForm, CampaignForm, JudgeForm, MeetForm
from oversight.hot_spots.campaign_minutes import is_printed, print_of
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.hotspot_views import acting, acting_for, spot_of
from oversight.hot_spots.reduction_forms import ReasonForm
from oversight.models import Campaign, Guidance, GuidanceMeasure, HotSpot
from oversight.presenting import sheets
from web.incoming import ID_DIGITS, posted, whole
from web.languages import named

NEWEST = keyset.Order("opened_at", falling=True)
_RELATED = ("authority", "region")
TABS = (
    Tab("running", gettext_lazy("整改中"), "info", gettext_lazy("没有正在整改的降诉行动。")),
    Tab("called", gettext_lazy("已召集，等开会"), "warn", gettext_lazy("没有等开会的降诉行动。")),
    Tab("draft", gettext_lazy("还没有召集"), "neutral", gettext_lazy("没有还没有召集的降诉行动。")),
    Tab("judged", gettext_lazy("行动已结束"), "ok", gettext_lazy("没有已结束的降诉行动。")),
)
#: Only a head decides about what is public.
_OF_HEADS = ("publish", "send_back", "withdraw")


@officer_page("GET")
@sheets.downloadable
def campaigns(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The campaigns of the own region."""
    rows = Campaign.objects.filter(workspace.around("region_id")).defer("printed", "minutes")
    lists = {tab.code: rows.filter(state=tab.code) for tab in TABS}
    tab = keyset.chosen_tab(TABS, request.GET)
    page = keyset.page_of(lists[tab.code], request.GET, NEWEST, related=_RELATED, size=sheets.size(request))
    done, late = Q(state=GuidanceMeasure.State.DONE), Q(due_on__lt=workspace.today)
    counts = {
        pk: numbers
        for pk, *numbers in GuidanceMeasure.objects.filter(guidance__campaign__in=[row.pk for row in page.rows])
        .values_list("guidance__campaign")
        .annotate(all=Count("pk"), done=Count("pk", filter=done), late=Count("pk", filter=late & ~done))
        .order_by()
    }
    return render(
        request,
        "oversight/campaigns.html",
        {
            **keyset.tabs_shown(TABS, tab, keyset.counts(lists), page, address=request.path),
            "rows": [
                {
                    "row": row,
                    "url": reverse("oversight:campaign", args=[row.pk]),
                    "about": campaign_forms.cell_text(row),
                    "tone": campaign_forms.TONES[row.state],
                    "counts": counts.get(row.pk, [0, 0, 0]),
                }
                for row in page.rows
            ],
            "may_begin": bool(regions_to_begin(workspace)),
        },
    )


def regions_to_begin(workspace: Workspace) -> list[tuple[str, str]]:
    """Where this person may begin one: the own regions, and those right below."""
    may = {actor.region for actor in workspace.actors if actor.region and actor.may(Right.ACT_ON_HOT_SPOT)}
    within = [*workspace.regions, *workspace.choices.parts]
    return [(str(row.pk), named(row)) for row in within if any(first <= row.pk <= last for first, last in may)]


@officer_page("GET", "POST")
def campaign_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Begin one, freely, from a hot spot (``?spot=``) or from a root cause that enterprises named (``?cause=``)."""
    regions = regions_to_begin(workspace)
    if not regions:
        raise Http404
    number = whole(request.GET.get("spot"), ID_DIGITS)
    spot = spot_of(workspace, number) if number else None
    initial = (
        {"title": campaign_forms.title_of(spot)} if spot else campaign_forms.of_cause(request.GET.get("cause", ""))
    )
    form = CampaignForm(posted(request), regions=regions, is_free=spot is None, initial=initial)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        office = acting(workspace, spot.place if spot else int(values["region"]))
        cell = _cell_of(spot, office) if spot else Cell(int(values["region"]), values["sector"], values["problem"])
        authority_id = office.authority_id
        assert authority_id is not None  # noqa: S101 - an office is one of an authority

        def begun() -> tuple[str, str]:
            made = acts.begin(
                title=values["title"],
                why=values["why"],
                cell=cell,
                spot=spot,
                authority_id=authority_id,
                by=workspace.user,
                now=workspace.now,
            )
            return reverse("oversight:campaign", args=[made.pk]), _("已记下。现在选企业、定会期，然后召集。")

        try:
            return redirect_once(request, begun)
        except ReductionRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    back = reverse("oversight:hot-spot", args=[spot.pk]) if spot else reverse("oversight:campaigns")
    line = reduction_forms.line_of(spot, url="") if spot else None
    return render(request, "oversight/campaign_new.html", {"form": form, "line": line, "back": back}, status=status)


def _cell_of(spot: HotSpot, office: Actor) -> Cell:
    """What it is about, in its region; of an enterprise in that of the office, as its domicile alone tells little."""
    about = {"o": "sector", "p": "problem"}.get(spot.facet[:1])
    assert office.region is not None  # noqa: S101 - an office has one
    return Cell(spot.region_id or office.region[0], **({about: spot.category} if about else {}))


@officer_page("GET", "POST")
def campaign(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One campaign. POST: ``do`` = call, meet, judge; ask, publish, send_back, withdraw; show a reply."""
    measures = Prefetch("guidances", Guidance.objects.select_related("enterprise").prefetch_related("measures"))
    rows = Campaign.objects.filter(workspace.around("region_id")).select_related(*_RELATED, "hot_spot")
    rows = rows.prefetch_related("firms__enterprise", measures, "effects")
    result = get_object_or_404(rows.defer("printed"), pk=pk)
    office = acting_for(workspace, result.region_id)
    is_head = office is not None and office.may(Right.PUBLISH_WARNING)
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    forms = _forms(request, workspace, result, wanted)
    status, refused = 200, ""
    if request.method == "POST":
        if office is None or (wanted in _OF_HEADS and not is_head):
            raise Http404
        status = 422
        if wanted not in forms or forms[wanted].is_valid():
            try:
                return redirect_once(request, lambda: (request.path, _act(request, workspace, result, wanted, forms)))
            except ReductionRefusal as refusal:
                status, refused = refusal.status, str(refusal)
    return render(
        request,
        "oversight/campaign.html",
        {
            "campaign": result,
            "about": campaign_forms.cell_text(result),
            "tone": campaign_forms.TONES[result.state],
            "refused": refused,
            "may_act": office is not None,
            "is_head": is_head,
            "is_own": result.proposed_by_id == workspace.user.pk,
            "forms": forms,
            "chosen": campaign_forms.firm_choices(result.figures),
            "firms": _firms(result, workspace),
            "effects": campaign_forms.effects_of(result, today=workspace.today, is_public=False),
            "remedies": result.remedies.select_related("enterprise"),
            "list_url": reverse("oversight:campaigns"),
            "spot_url": reverse("oversight:hot-spot", args=[result.hot_spot_id]) if result.hot_spot_id else "",
            "public_url": reverse("oversight:open-campaign", args=[result.pk]),
            "minutes_url": reverse("oversight:campaign-minutes", args=[result.pk]) if is_printed(result) else "",
            "entries": reduction_forms.history_of(result.actions.filter(guidance=None).select_related("by")),
        },
        status=status,
    )


@officer_page("GET")
def minutes(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """The signed print of the minutes; 404 until a worker made it, and the page has no link."""
    return print_of(get_object_or_404(Campaign.objects.filter(workspace.around("region_id"), pk=pk)))


def _forms(request: HttpRequest, workspace: Workspace, result: Campaign, wanted: str) -> dict[str, Any]:
    """What may be typed in this state, by what is wanted."""

    def data(do: str) -> Any:
        return request.POST if wanted == do else None

    forms: dict[str, Any] = {}
    if result.state == Campaign.State.DRAFT:
        chosen = campaign_forms.firm_choices(result.figures)
        forms["call"] = CallForm(data("call"), firms=chosen, today=workspace.today)
    elif result.state == Campaign.State.CALLED:
        called = [(str(firm.enterprise_id), named(firm.enterprise)) for firm in result.firms.all()]
        forms["meet"] = MeetForm(data("meet"), firms=called, campaign=result, today=workspace.today)
    elif result.state == Campaign.State.RUNNING:
        forms["judge"] = JudgeForm(data("judge"))
    if result.publicity == Campaign.Publicity.PROPOSED:
        forms["send_back"] = ReasonForm(data("send_back"))
    elif result.publicity == Campaign.Publicity.PUBLISHED:
        forms["withdraw"] = ReasonForm(data("withdraw"))
    for form in forms.values():
        form.label_suffix = ""
    return forms


def _firms(result: Campaign, workspace: Workspace) -> list[dict[str, Any]]:
    guidances = {one.enterprise_id: one for one in result.guidances.all()}
    return [
        {
            "firm": firm,
            "url": reverse("oversight:guidance", args=[guidances[firm.enterprise_id].pk]),
            "undertakings": campaign_forms.undertakings_of(guidances[firm.enterprise_id], today=workspace.today),
            "seen": firm.replied_at.isoformat() if firm.replied_at else "",
        }
        for firm in result.firms.all()
        if firm.enterprise_id in guidances
    ]


def _act(request: HttpRequest, workspace: Workspace, result: Campaign, wanted: str, forms: dict[str, Any]) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    said = forms[wanted].cleaned_data if wanted in forms else {}
    match wanted:
        case "call" if said:
            firms = [int(pk) for pk in said["firms"]]
            acts.call(result.pk, firms=firms, meets_on=said["meets_on"], where=said["where"], **values)
            return _("已召集，企业的管理员会收到邮件。")
        case "meet" if said:
            acts.meet(result.pk, **(said | {"firms": {int(pk) for pk in said["firms"]}}), **values)
            return _("已记下会议，措施从现在起不能再改。")
        case "judge" if said:
            acts.judge(result.pk, verdict=said["verdict"], why=said["why"], **values)
            return _("已结束这次行动。")
        case "ask":
            acts.ask_to_publish(result.pk, **values)
            return _("已提请公开，由另一位负责人决定。")
        case "publish":
            acts.publish(result.pk, **values)
            return _("已公开。")
        case "send_back" if said:
            acts.send_back(result.pk, why=said["why"], **values)
            return _("已退回，没有公开。")
        case "withdraw" if said:
            acts.withdraw(result.pk, why=said["why"], **values)
            return _("已撤下，公开的页面会写明撤下的理由。")
        case "show_reply":
            firm = whole(request.POST.get("enterprise"), ID_DIGITS) or 0
            acts.show_reply(result.pk, enterprise_id=firm, seen=request.POST.get("seen", ""), **values)
            return _("已公开企业的说明。")
    if wanted in ("call", "meet", "judge", "send_back", "withdraw"):
        raise ReductionRefusal("moved_on", _("这个降诉行动刚有变化，请重新打开页面。"))
    raise Http404
