"""消费预警: drafted and agreed to at the authority, read by everybody.

The public sees what was published, and of what was withdrawn that it was, and why; nothing of who drafted it.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from accounts.public_pages import public_page
from accounts.roles import Right
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.keyset import Tab
from oversight.hot_spots import reduction_forms, warning
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.hot_spots.hotspot_views import acting, acting_for, spot_of
from oversight.hot_spots.reduction_forms import ReasonForm, WarningForm
from oversight.models import ConsumerWarning
from oversight.presenting import sheets

State = ConsumerWarning.State
NEWEST = keyset.Order("drafted_at", falling=True)
BY_PUBLICATION = keyset.Order("published_at", falling=True)
_RELATED = ("authority", "hot_spot__enterprise", "hot_spot__region")
TABS = (
    Tab("proposed", gettext_lazy("等待批准"), "warn", gettext_lazy("没有等待批准的消费预警。")),
    Tab("draft", gettext_lazy("起草中"), "neutral", gettext_lazy("没有起草中的消费预警。消费预警从热点页起草。")),
    Tab("published", gettext_lazy("已发布"), "ok", gettext_lazy("还没有发布过消费预警。")),
    Tab("withdrawn", gettext_lazy("已撤回"), "neutral", gettext_lazy("没有撤回的消费预警。")),
)


@officer_page("GET")
@sheets.downloadable
def warnings(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The warnings of the own region in every state."""
    rows = ConsumerWarning.objects.filter(workspace.around("hot_spot__place"))
    lists = {tab.code: rows.filter(state=tab.code) for tab in TABS}
    tab = keyset.chosen_tab(TABS, request.GET)
    page = keyset.page_of(lists[tab.code], request.GET, NEWEST, related=_RELATED, size=sheets.size(request))
    return render(
        request,
        "oversight/warnings.html",
        {
            **keyset.tabs_shown(TABS, tab, keyset.counts(lists), page, address=request.path),
            "rows": reduction_forms.warning_lines(page.rows, "oversight:warning"),
        },
    )


@officer_page("POST")
def warning_new(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """A draft made from the numbers of a hot spot; whoever asks again comes to the one that is there."""
    spot = spot_of(workspace, pk)
    authority_id = acting(workspace, spot.place).authority_id
    assert authority_id is not None  # noqa: S101 - an office is one of an authority

    def drafted() -> tuple[str, str]:
        there = spot.warnings.filter(authority_id=authority_id).exclude(state=State.WITHDRAWN).first()
        made = there or warning.draft(spot.pk, authority_id=authority_id, by=workspace.user, now=workspace.now)
        return reverse("oversight:warning", args=[made.pk]), ""

    return redirect_once(request, drafted)


@officer_page("GET", "POST")
def one(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One warning. POST: ``do`` = edit or propose it, approve or send it back, withdraw it."""
    result = get_object_or_404(
        ConsumerWarning.objects.filter(workspace.around("hot_spot__place"), pk=pk).select_related(*_RELATED)
    )
    office = acting_for(workspace, result.hot_spot.place)
    wanted = request.POST.get("do", "") if request.method == "POST" else ""
    writing = WarningForm(
        request.POST if wanted == "edit" else None, initial={"title": result.title, "text": result.text}
    )
    reason = ReasonForm(request.POST if wanted in ("send_back", "withdraw") else None)
    # Only a head publishes, and takes back what is public.
    is_head = office is not None and office.may(Right.PUBLISH_WARNING)
    status, refused = 200, ""
    if request.method == "POST":
        if office is None or (wanted in ("approve", "send_back", "withdraw") and not is_head):
            raise Http404
        status = 422
        if all(form.is_valid() for form in (writing, reason) if form.is_bound):
            try:
                return redirect_once(request, lambda: (request.path, _act(workspace, result, wanted, writing, reason)))
            except ReductionRefusal as refusal:
                status, refused = refusal.status, str(refusal)
    return render(
        request,
        "oversight/warning.html",
        {
            "warning": result,
            "tone": reduction_forms.WARNING_TONES[result.state],
            "refused": refused,
            "form": writing if result.state == State.DRAFT else reason,
            "may_act": office is not None,
            "is_head": is_head,
            "is_own": result.proposed_by_id == workspace.user.pk,
            "list_url": reverse("oversight:warnings"),
            "spot_url": reverse("oversight:hot-spot", args=[result.hot_spot_id]),
            "public_url": reverse("oversight:open-warning", args=[result.pk]),
            "entries": reduction_forms.history_of(result.actions.select_related("by")),
        },
        status=status,
    )


def _act(workspace: Workspace, result: ConsumerWarning, wanted: str, writing: WarningForm, reason: ReasonForm) -> str:
    values: dict[str, Any] = {"by": workspace.user, "now": workspace.now}
    match wanted:
        case "edit":
            warning.edit(result.pk, **writing.cleaned_data, **values)
            return _("已保存。")
        case "propose":
            warning.propose(result.pk, **values)
            return _("已提请批准，由另一位负责人决定。")
        case "approve":
            warning.approve(result.pk, **values)
            return _("已发布。")
        case "send_back":
            warning.send_back(result.pk, why=reason.cleaned_data["why"], **values)
            return _("已退回修改。")
        case "withdraw":
            warning.withdraw(result.pk, why=reason.cleaned_data["why"], **values)
            return _("已撤回，公开的页面会写明撤回的理由。")
    raise Http404


@public_page(parameters=("before", "after"), fresh=0, kept=0)
def open_warnings(request: HttpRequest) -> HttpResponse:
    """What is published, the newest first."""
    rows = ConsumerWarning.objects.filter(state=State.PUBLISHED)
    page = keyset.page_of(rows, request.GET, BY_PUBLICATION, related=("authority",))
    lines = reduction_forms.warning_lines(page.rows, "oversight:open-warning")
    return render(request, "open/warnings.html", {"rows": lines, **keyset.neighbours(page, request.path)})


@public_page(fresh=0, kept=0)
def open_warning(request: HttpRequest, pk: int) -> HttpResponse:
    """One warning; one that was withdrawn says so instead of its text."""
    published = ConsumerWarning.objects.filter(published_at__isnull=False).select_related("authority")
    result = get_object_or_404(published, pk=pk)
    gone = result.state == State.WITHDRAWN
    context = {"warning": result, "is_withdrawn": gone, "about": "" if gone else result.text}
    return render(request, "open/warning.html", context | {"list_url": reverse("oversight:open-warnings")})
