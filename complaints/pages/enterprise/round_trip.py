"""/enterprise/round-trip/: a table goes out, comes back filled in, is tried out, and is carried out line by line.

A table is shown to whoever sent it in and to nobody else; its lines name only what that person sees.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.sign_in.step_up import fresh_factor
from complaints import wording
from complaints.desks import queue_lists, sent_tables
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.models import Demand, RoundTrip, RoundTripRow
from complaints.pages.shared.exports import visibility_of
from complaints.procedure.refusals import WrongInput
from complaints.tables.exporting import lifecycle
from complaints.tables.exporting.columns import MOST_DEMANDS, STEPS, coming_back
from complaints.tables.exporting.selecting import chosen
from complaints.tables.round_trip import asking, rows
from complaints.tables.table_forms import DecisionForm, TableForm, UploadForm

VIEWS = [(view.code, view.title) for view in queue_lists.VIEWS.values()]


@workspace_page("GET", "POST")
def round_trips(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The way out, the way back, and the tables of this person."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                file = form.cleaned_data["file"]
                try:
                    trip = asking.take_in(
                        file.chunks(),
                        name=file.name or "",
                        user=workspace.user,
                        actor=workspace.actors[0],
                        language=get_language() or "zh-hans",
                        now=workspace.now,
                    )
                    attempt.reference = _url("round-trip", trip.mark)
                except WrongInput as wrong:
                    form.add_error("file", wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    trips = list(_own(workspace).order_by("-pk")[: sent_tables.PAGE])
    context = {
        "form": form,
        "table": TableForm(views=VIEWS),
        "rows": [_shown(trip) for trip in trips],
        "now": workspace.now,
        "steps": [wording.action(step) for step in STEPS],
        "here": _url("round-trips"),
        "table_url": _url("round-trip-table"),
    }
    return render(request, "round_trip/list.html", context, status=422 if form.errors else 200)


@workspace_page("POST")
@fresh_factor
def table(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """An export whose columns come back: handed out at once where few cases are in it, else by its page."""
    form, file = TableForm(request.POST, views=VIEWS), ""
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            query = urlencode({"view": form.cleaned_data["view"]})
            visibility = visibility_of(workspace)
            ids = chosen(visibility, query, most=asking.MOST_ROWS)
            demands = Demand.objects.filter(complaint_id__in=ids).order_by().values("complaint_id")
            most = demands.annotate(n=Count("pk")).order_by("-n").values_list("n", flat=True).first()
            back = coming_back(demands=min(most or 1, MOST_DEMANDS))
            export = lifecycle.ask(
                user=workspace.user,
                actor=visibility.actor,
                query=query,
                form=form.cleaned_data["format"],
                purpose="",
                wanted=[column.code for column in back],
                language=get_language() or "zh-hans",
                now=workspace.now,
            )
            attempt.reference = _url("export", export.mark)
            if len(ids) <= lifecycle.AT_ONCE and lifecycle.make_now(export, visibility, now=workspace.now):
                file = _url("export-file", export.mark, lifecycle.new_link(export, now=workspace.now))
    if not attempt.reference:
        messages.error(request, _("请从列出的选项中选一项。"), extra_tags="bad")
    return redirect(file or attempt.reference or _url("round-trips"))


@workspace_page("GET")
def round_trip(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    return _show(request, _trip_or_404(workspace, mark))


@workspace_page("POST")
def decide(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """POST: all or nothing, the good lines, or none."""
    trip = _trip_or_404(workspace, mark)
    form = _decision(trip, asking.counts_of(trip), request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            locked = _trip_or_404(workspace, mark, lock=True)
            asking.decide(locked, form.cleaned_data["decision"], now=workspace.now)
            attempt.reference = _url("round-trip", mark)
    if not attempt.reference:
        return _show(request, trip, form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@workspace_page("GET")
def results(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """What came of each line, as CSV; no text of anybody stands in it."""
    trip = _trip_or_404(workspace, mark)
    return sent_tables.as_file(
        trip.mark, _heads(), _lines(trip).iterator(chunk_size=2000), cells=_cells, title=rows.title_of
    )


def _url(page: str, *args: str) -> str:
    return reverse(f"complaints:enterprise-{page}", args=args)


def _own(workspace: Workspace) -> Any:
    return asking.own(workspace.user, [actor.enterprise_id for actor in workspace.actors])


def _trip_or_404(workspace: Workspace, mark: str, *, lock: bool = False) -> RoundTrip:
    trips = _own(workspace).filter(mark=mark)
    trip: RoundTrip = get_object_or_404(trips.select_for_update(of=("self",)) if lock else trips)
    return trip


def _lines(trip: RoundTrip) -> Any:
    return RoundTripRow.objects.filter(trip=trip).defer("said").order_by("line")


def _decision(trip: RoundTrip, counts: dict[str, int], data: Any = None) -> DecisionForm:
    return DecisionForm(
        data,
        good=counts["good"],
        may_all=bool(counts["good"]) and not asking.why_not_all(counts),
        is_long=asking.is_long(counts),
    )


def _shown(trip: RoundTrip) -> dict[str, Any]:
    return sent_tables.shown(trip, url=_url("round-trip", trip.mark), length=trip.read_rows, working=asking.WORKING)


def _heads() -> list[str]:
    return [_("案件编号"), _("步骤")]


def _cells(line: RoundTripRow) -> list[sent_tables.Cell]:
    url = reverse("complaints:enterprise-case", args=[line.number]) if line.case_id else ""
    return [(line.number, url), (wording.action(line.step) if line.step else "", "")]


def _show(
    request: HttpRequest, trip: RoundTrip, form: DecisionForm | None = None, *, status: int = 200
) -> HttpResponseBase:
    counts = asking.counts_of(trip)
    result = sent_tables.results_of(request, counts, _lines(trip), cells=_cells, title=rows.title_of)
    context = {
        **_shown(trip),
        **result,
        "heads": _heads(),
        "may_write": True,
        "blank": trip.blank_rows,
        "most": 0 if trip.state == "reading" else result["total"],
        "passed": result["total"] - counts["read" if trip.state == "checking" else "good"],
        "form": form or _decision(trip, counts),
        "why_not_all": asking.why_not_all(counts) if counts["good"] else "",
        "is_long": bool(counts["good"]) and asking.is_long(counts),
        "most_at_once": asking.MOST_AT_ONCE,
        "decide_url": _url("round-trip-decide", trip.mark),
        "results_url": _url("round-trip-results", trip.mark),
        "list_url": _url("round-trips"),
        "list_title": _("用表格办理"),
    }
    return render(request, "round_trip/show.html", context, status=status)
