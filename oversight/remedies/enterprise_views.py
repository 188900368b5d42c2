"""举一反三 at the enterprise: it proposes, reports, and uploads the list of the affected."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.roles import Right
from complaints import wording
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.desks.keyset import Tab
from complaints.procedure.categories import CAUSE_LABELS
from complaints.tables.sheets import SheetRefused
from database.row_security import nothing_held
from enterprises.models import Enterprise
from oversight.hot_spots import reduction_forms
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Remedy
from oversight.presenting import sheets
from oversight.remedies import affected
from oversight.remedies import remedying as acts
from oversight.remedies.remedy_forms import ListForm, OfferForm, ProposalForm, RemedyReportForm
from oversight.remedies.remedy_views import RELATED, listed, shown
from web.incoming import posted

TABS = (
    Tab("asked", gettext_lazy("等企业提出办法"), "warn", gettext_lazy("没有等您提出办法的。")),
    Tab("agreed", gettext_lazy("已同意，等企业补救"), "warn", gettext_lazy("没有等您补救的。")),
    Tab("running", gettext_lazy("正在补救"), "info", gettext_lazy("没有正在补救的。")),
    Tab("proposed", gettext_lazy("企业已提出，等同意"), "neutral", gettext_lazy("没有等监管部门同意的。")),
    Tab("verified", gettext_lazy("已核实"), "ok", gettext_lazy("还没有已核实的。")),
)


def _ours(workspace: Workspace) -> QuerySet[Remedy]:
    enterprises = {actor.enterprise_id for actor in workspace.actors if actor.enterprise_id is not None}
    return Remedy.objects.filter(enterprise_id__in=enterprises)


@workspace_page("GET")
@sheets.downloadable
def remedies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Those of the own enterprise."""
    context = listed(request, _ours(workspace), TABS, page="oversight:enterprise-remedy")
    may_begin = any(actor.may(Right.REPORT_ON_GUIDANCE) for actor in workspace.actors)
    return render(request, "oversight/remedies.html", context | {"is_firm": True, "may_begin": may_begin})


@workspace_page("GET", "POST")
def remedy_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """What the enterprise proposes of its own accord. ``?problem=``, ``?cause=``: from a root cause that it noted."""
    firms = [actor.enterprise_id for actor in workspace.actors if actor.may(Right.REPORT_ON_GUIDANCE)]
    own = Enterprise.objects.select_related("enrolled_by").filter(pk__in=[pk for pk in firms if pk]).first()
    if own is None:
        raise Http404
    asked = {name: request.GET.get(name, "")[:60] for name in ("problem", "cause")}
    initial = {
        "problem": asked["problem"],
        "cause": wording.label(asked["cause"], kind="root_cause") if asked["cause"] in CAUSE_LABELS else "",
        "last": workspace.today.isoformat(),
    }
    form = OfferForm(posted(request), today=workspace.today, initial=initial)
    status, refused = 422 if request.method == "POST" else 200, ""
    if request.method == "POST" and form.is_valid():

        def offered() -> tuple[str, str]:
            made = acts.offer(own, **form.cleaned_data, by=workspace.user, now=workspace.now)
            return reverse("oversight:enterprise-remedy", args=[made.pk]), _("已提出，等监管部门同意。")

        try:
            return redirect_once(request, offered)
        except ReductionRefusal as refusal:
            status, refused = refusal.status, str(refusal)
    context = {"form": form, "refused": refused, "back": reverse("oversight:enterprise-remedies")}
    return render(request, "oversight/enterprise_remedy_new.html", context, status=status)


@workspace_page("GET", "POST")
def remedy(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One of them. POST: ``do`` = propose, report, list."""
    result = get_object_or_404(_ours(workspace).select_related(*RELATED), pk=pk)
    may_act = any(
        actor.may(Right.REPORT_ON_GUIDANCE) and actor.enterprise_id == result.enterprise_id
        for actor in workspace.actors
    )
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    forms = _forms(request, result, workspace, wanted)
    status, refused = 200, ""
    if request.method == "POST":
        if not may_act or wanted not in ("propose", "report", "list"):
            raise Http404
        status = 422
        if wanted not in forms:
            status, refused = ReductionRefusal.status, _("这件事刚有变化，请重新打开页面。")
        elif forms[wanted].is_valid():
            try:
                return _done(request, workspace, result, wanted, forms[wanted])
            except ReductionRefusal as refusal:
                status, refused = refusal.status, str(refusal)
            except SheetRefused as bad:
                forms[wanted].add_error("file", str(bad))
    return render(
        request,
        "oversight/enterprise_remedy.html",
        {
            **shown(result, workspace.today),
            "refused": refused,
            "may_act": may_act,
            "forms": forms,
            "days": affected.KEPT_FOR.days,
            "list_url": reverse("oversight:enterprise-remedies"),
            "entries": reduction_forms.history_of(result.actions.all(), names=False),
        },
        status=status,
    )


def _forms(request: HttpRequest, result: Remedy, workspace: Workspace, wanted: str) -> dict[str, Any]:
    def data(do: str) -> Any:
        return request.POST if wanted == do else None

    forms: dict[str, Any] = {}
    if result.state in (Remedy.State.ASKED, Remedy.State.PROPOSED):
        said = {"affected": result.affected, "how": result.how, "due_on": result.due_on}
        forms["propose"] = ProposalForm(data("propose"), today=workspace.today, initial=said)
    elif result.state in (Remedy.State.AGREED, Remedy.State.RUNNING):
        forms["report"] = RemedyReportForm(data("report"), before=acts.newest_report(result))
        # While the authority looks at lines of the list, no other takes its place.
        if wanted == "list" or acts.open_sample(result) is None:
            forms["list"] = ListForm(data("list"), request.FILES if wanted == "list" else None)
    return forms


def _done(request: HttpRequest, workspace: Workspace, result: Remedy, wanted: str, form: Any) -> HttpResponseBase:
    """Raises what the act raises, and SheetRefused for a list that cannot be read."""
    by: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    if wanted == "list":
        with nothing_held():
            lines = affected.read(form.cleaned_data["file"].chunks())

        def list_taken() -> tuple[str, str]:
            acts.take_list(result.pk, lines, **by)
            text = _("已收下名单，%(n)s行。只留下不能还原的号码摘要，%(days)s天后删除。")
            return request.path, text % {"n": f"{len(lines):,}", "days": affected.KEPT_FOR.days}

        return redirect_once(request, list_taken)

    def said() -> tuple[str, str]:
        if wanted == "propose":
            acts.propose(result.pk, **form.cleaned_data, **by)
            return request.path, _("已提出，等监管部门同意。")
        acts.report(result.pk, form.reported(), **by)
        return request.path, _("已报告，监管部门看得到。")

    return redirect_once(request, said)
