"""举一反三 at the authority: the list, a demand, one with all that is done to it."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.roles import Right
from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from complaints.procedure.categories import CAUSE_LABELS
from complaints.reading.case import AUTHORITY, case_url
from enterprises.models import Enterprise
from oversight.counters import further
from oversight.hot_spots import reduction_forms
from oversight.hot_spots.guidance_views import MOST_ENTERPRISES, enterprises_of
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.hotspot_views import acting, acting_for, spot_of
from oversight.models import Campaign, Remedy, RemedyReport
from oversight.presenting import sheets
from oversight.presenting.choosing import THIRTY, dashboard_page, patiently
from oversight.remedies import remedy_forms, verifying
from oversight.remedies import remedying as acts
from oversight.remedies.remedy_forms import DemandForm, DrawForm, ExamineForm, ReasonForm, WithdrawForm
from oversight.remedies.remedying import Source
from web.incoming import ID_DIGITS, posted, whole
from web.languages import named

NEWEST = keyset.Order("opened_at", falling=True)
RELATED = ("authority", "enterprise")
TABS = (
    Tab("proposed", gettext_lazy("企业已提出，等同意"), "warn", gettext_lazy("没有等您同意的补救办法。")),
    Tab("running", gettext_lazy("正在补救"), "info", gettext_lazy("没有正在补救的。")),
    Tab("agreed", gettext_lazy("已同意，等企业补救"), "info", gettext_lazy("没有等企业补救的。")),
    Tab("asked", gettext_lazy("等企业提出办法"), "neutral", gettext_lazy("没有等企业提出办法的。")),
    Tab("verified", gettext_lazy("已核实"), "ok", gettext_lazy("还没有已核实的。")),
)
#: Only a head decides about what is public.
_OF_HEADS = ("publish", "send_back", "withdraw")


def listed(request: HttpRequest, rows: Any, tabs: tuple[Tab, ...], *, page: str) -> dict[str, Any]:
    """A tab each state; ``page``: the name of the page of one."""
    lists = {tab.code: rows.filter(state=tab.code) for tab in tabs}
    tab = keyset.chosen_tab(tabs, request.GET)
    shown = keyset.page_of(lists[tab.code], request.GET, NEWEST, related=RELATED, size=sheets.size(request))
    today = timezone.localdate()
    reports = {one.remedy_id: one for one in RemedyReport.objects.filter(remedy__in=shown.rows).order_by("pk")}
    return {
        **keyset.tabs_shown(tabs, tab, keyset.counts(lists), shown, address=request.path),
        "rows": [
            {
                "row": row,
                "url": reverse(page, args=[row.pk]),
                "about": remedy_forms.about_of(row),
                "reported": remedy_forms.reported_text(reports.get(row.pk)),
                "is_late": is_late(row, today),
            }
            for row in shown.rows
        ],
    }


def is_late(remedy: Remedy, today: Any) -> bool:
    """Agreed, past its last day, and not verified."""
    running = (Remedy.State.AGREED, Remedy.State.RUNNING)
    return remedy.due_on is not None and remedy.due_on < today and remedy.state in running


@officer_page("GET")
@sheets.downloadable
def remedies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Those of the own region."""
    rows = Remedy.objects.filter(workspace.around("region_id"))
    context = listed(request, rows, TABS, page="oversight:remedy")
    return render(request, "oversight/remedies.html", context | {"is_firm": False})


@officer_page("GET", "POST")
def remedy_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """A demand about a hot spot (``?spot=``), a campaign (``?campaign=``), a root cause (``?cause=``) or a case
    (``?case=``).
    """
    if not request.GET.keys() & {"spot", "campaign", "cause", "case"}:
        return redirect("oversight:remedies")
    source, place, back, enterprises, initial = _source(request, workspace)
    office = acting(workspace, place)
    form = DemandForm(
        posted(request),
        enterprises=enterprises,
        asks_problem="cause" in request.GET,
        today=workspace.today,
        initial=initial,
    )
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        values, authority_id = form.cleaned_data, office.authority_id
        assert authority_id is not None  # noqa: S101 - an office is one of an authority
        assert place is not None  # noqa: S101 - or nobody acts there

        def demanded() -> tuple[str, str]:
            made = acts.demand(
                replace(source, problem=values.get("problem", source.problem)),
                enterprise_id=int(values["enterprise"]),
                authority_id=authority_id,
                region_id=place,
                cause=values["cause"],
                first=values["first"],
                last=values["last"],
                by=workspace.user,
                now=workspace.now,
            )
            return reverse("oversight:remedy", args=[made.pk]), _("已要求企业提出办法，企业的管理员会收到邮件。")

        return redirect_once(request, demanded)
    context = {"form": form, "back": back, "has_firms": bool(enterprises)}
    return render(request, "oversight/remedy_new.html", context, status=status)


def _source(
    request: HttpRequest, workspace: Workspace
) -> tuple[Source, int | None, str, list[tuple[str, str]], dict[str, Any]]:
    """(what it is about, whose place, the page to go back to, enterprises to choose from, what is filled in)."""
    if number := whole(request.GET.get("spot"), ID_DIGITS):
        spot = spot_of(workspace, number)
        kind = spot.facet[:1]
        sector, problem = (spot.category if kind == one else "" for one in ("o", "p"))
        source = Source(spot=spot, sector=sector, problem=problem)
        days = {"first": spot.first.isoformat(), "last": spot.last.isoformat()}
        return source, spot.place, reverse("oversight:hot-spot", args=[spot.pk]), enterprises_of(spot), days
    if number := whole(request.GET.get("campaign"), ID_DIGITS):
        rows = Campaign.objects.filter(workspace.around("region_id")).defer("printed", "minutes")
        campaign = get_object_or_404(rows, pk=number)
        firms = [(str(one.enterprise_id), named(one.enterprise)) for one in campaign.firms.select_related("enterprise")]
        source = Source(campaign=campaign, sector=campaign.sector, problem=campaign.problem)
        days = {"first": campaign.chose_first.isoformat(), "last": workspace.today.isoformat()}
        return source, campaign.region_id, reverse("oversight:campaign", args=[campaign.pk]), firms, days
    if "cause" in request.GET:
        return _of_cause(request, workspace, request.GET["cause"])
    case = workspace.find(request.GET.get("case", "")[:40]).complaint
    firms = [(str(case.enterprise_id), named(case.enterprise))] if case.enterprise else []
    source = Source(case_number=case.number, problem=case.problem_category)
    days = {"first": timezone.localdate(case.received_at).isoformat(), "last": workspace.today.isoformat()}
    return source, case.handling_region_id, case_url(case, AUTHORITY), firms, days


def _of_cause(
    request: HttpRequest, workspace: Workspace, code: str
) -> tuple[Source, int | None, str, list[tuple[str, str]], dict[str, Any]]:
    """A root cause that several enterprises named, in the place and days that its page was asked for. Offered are the
    enrolled enterprises that most complaints there are against: who named the cause is told to nobody.
    """
    if code not in CAUSE_LABELS:
        raise Http404
    page = dashboard_page(request, workspace, "further", usual=THIRTY)
    place = next((one.pk for one in page.places.regions if acting_for(workspace, one.pk) is not None), None)
    against = (patiently(lambda: further.passed(page.measure)) or [])[:MOST_ENTERPRISES]
    names = Enterprise.objects.only("name", "name_en").in_bulk([one.enterprise_id for one in against])
    firms = [
        (
            str(one.enterprise_id),
            _("%(name)s（%(n)s件）") % {"name": named(names[one.enterprise_id]), "n": f"{one.n:,}"},
        )
        for one in against
    ]
    days = {"first": page.asked.period.first.isoformat(), "last": page.asked.period.last.isoformat()}
    initial = {"cause": wording.label(code, kind="root_cause"), **days}
    return Source(), place, reverse("oversight:further") + page.asked.url(page="", sort=""), firms, initial


@officer_page("GET", "POST")
def remedy(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One of them. POST: ``do`` = agree, return; draw, examine, verify; ask, publish, send_back, withdraw."""
    rows = Remedy.objects.filter(workspace.around("region_id")).select_related(*RELATED, "hot_spot", "campaign")
    result = get_object_or_404(rows.defer("campaign__printed", "campaign__minutes"), pk=pk)
    office = acting_for(workspace, result.region_id)
    is_head = office is not None and office.may(Right.PUBLISH_WARNING)
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    forms = _forms(request, result, wanted)
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
        "oversight/remedy.html",
        {
            **shown(result, workspace.today),
            "refused": refused,
            "may_act": office is not None,
            "is_head": is_head,
            "is_own": result.proposed_by_id == workspace.user.pk,
            "forms": forms,
            "missing": verifying.missing_of(result) if result.state == Remedy.State.RUNNING else [],
            "seen": acts.mark_of(result),
            "case_url": _case_url(workspace, result),
            "list_url": reverse("oversight:remedies"),
            "public_url": reverse("oversight:open-remedy", args=[result.pk]),
            "entries": reduction_forms.history_of(result.actions.select_related("by")),
        },
        status=status,
    )


def shown(result: Remedy, today: Any) -> dict[str, Any]:
    """What both desks read."""
    report, samples = acts.newest_report(result), list(result.samples.all())
    return {
        "remedy": result,
        "about": remedy_forms.about_of(result),
        "tone": remedy_forms.TONES[result.state],
        "report": report,
        "reports": list(result.reports.all()),
        "figures": remedy_forms.figures_of(result, report, samples, is_public=False),
        "samples": samples,
        "open_sample": acts.open_sample(result),
        "checks": result.checks.count(),
        "is_late": is_late(result, today),
    }


def _case_url(workspace: Workspace, result: Remedy) -> str:
    """Of the case it began with, where this person sees it."""
    if not result.case_number:
        return ""
    try:
        return case_url(workspace.find(result.case_number).complaint, AUTHORITY)
    except Http404:
        return ""


def _forms(request: HttpRequest, result: Remedy, wanted: str) -> dict[str, Any]:
    """What may be typed in this state, by what is wanted."""

    def data(do: str) -> Any:
        return request.POST if wanted == do else None

    forms: dict[str, Any] = {}
    if result.state == Remedy.State.PROPOSED:
        forms["return"] = ReasonForm(data("return"), label_suffix="")
    elif result.state == Remedy.State.RUNNING:
        sample = acts.open_sample(result)
        if sample is not None:
            forms["examine"] = ExamineForm(data("examine"), sample=sample)
        elif result.has_list and (wanted == "draw" or not acts.was_sampled(result)):
            forms["draw"] = DrawForm(data("draw"))
    if result.publicity == Campaign.Publicity.PROPOSED:
        forms["send_back"] = ReasonForm(data("send_back"), label_suffix="")
    elif result.publicity == Campaign.Publicity.PUBLISHED:
        forms["withdraw"] = WithdrawForm(data("withdraw"), label_suffix="")
    return forms


def _act(request: HttpRequest, workspace: Workspace, result: Remedy, wanted: str, forms: dict[str, Any]) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    said = forms[wanted].cleaned_data if wanted in forms else {}
    match wanted:
        case "agree":
            acts.agree(result.pk, seen=request.POST.get("seen", ""), **values)
            return _("已同意，企业的管理员会收到邮件。")
        case "return" if said:
            acts.return_(result.pk, why=said["why"], **values)
            return _("已退回，企业的管理员会收到邮件。")
        case "draw" if said:
            verifying.draw(result.pk, n=said["n"], **values)
            return _("已抽样，企业的管理员会收到邮件。")
        case "examine" if said:
            verifying.examine(result.pk, bad=said["bad"], how=said["how"], **values)
            return _("已记下抽查的结果。")
        case "verify":
            verifying.verify(result.pk, **values)
            return _("已核实。")
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
    if wanted in ("return", "draw", "examine", "send_back", "withdraw"):
        raise ReductionRefusal("moved_on", _("这件事刚有变化，请重新打开页面。"))
    raise Http404
