"""/enterprise/round-trip/: a table goes out, comes back filled in, is tried out, and is carried out line by line.

The one rule: a table is shown to whoever sent it in and to nobody else; its lines name only what that person sees.
"""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from complaints import labels
from complaints.exporting import asking as exports
from complaints.exporting.columns import MOST_DEMANDS, coming_back
from complaints.exporting.selecting import chosen, sight_at
from complaints.models import Demand, RoundTrip, RoundTripRow
from complaints.refusals import WrongInput
from complaints.round_trip import asking, rows
from complaints.table_forms import DecisionForm, TableForm, UploadForm
from complaints.views import queue_lists
from complaints.views.enterprise_desk import Desk, desk_page
from odr_portal.accounts.idempotency import once
from odr_portal.accounts.step_up import fresh_factor
from odr_portal.safe_cells import safe_cell

PAGE = 50
STATES: dict[str, tuple[Any, str]] = {
    "reading": (gettext_lazy("正在读取"), "info"), "checking": (gettext_lazy("正在试办"), "info"),
    "checked": (gettext_lazy("等您决定"), "warn"), "applying": (gettext_lazy("正在办理"), "info"),
    "done": (gettext_lazy("已办完"), "ok"), "dropped": (gettext_lazy("已放弃"), "neutral"),
    "failed": (gettext_lazy("没有办成"), "bad"),
}
LINES: dict[str, tuple[Any, str]] = {
    "read": (gettext_lazy("等待试办"), "neutral"), "good": (gettext_lazy("没有问题"), "ok"),
    "bad": (gettext_lazy("有问题"), "bad"), "done": (gettext_lazy("已办"), "ok"),
    "refused": (gettext_lazy("没有办成"), "bad"), "same": (gettext_lazy("以前办过"), "neutral"),
}
FAILURES: dict[str, Any] = {
    "no_desk": gettext_lazy("提出的人已不在岗。"),
    "gave_up": gettext_lazy("多次没有办成，已经停止。已办的行见下面的结果；请重新下载表格再试。"),
}


@desk_page("GET", "POST")
def round_trips(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The way out, the way back, and the tables of this person."""
    form, status = UploadForm(), 200
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                file = form.cleaned_data["file"]
                try:
                    trip = asking.take_in(file.chunks(), name=file.name or "", user=desk.user, actor=desk.actors[0],
                                          language=get_language() or "zh-hans", now=desk.now)
                    attempt.reference = _url("round-trip", trip.mark)
                except WrongInput as wrong:
                    form.add_error("file", wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
        status = 422
    trips = list(_own(desk).order_by("-pk")[:PAGE])
    return render(request, "round_trip/list.html", {
        "form": form, "table": TableForm(views=_views()), "rows": [_shown(trip) for trip in trips], "now": desk.now,
        "steps": [labels.action(step) for step in rows.STEPS], "here": _url("round-trips"), "table_url": _url("round-trip-table"),
    }, status=status)


@desk_page("POST")
@fresh_factor
def table(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """An export whose columns come back; its page shows how far it is, and hands it out once."""
    form = TableForm(request.POST, views=_views())
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            query = urlencode({"view": form.cleaned_data["view"]})
            sight = sight_at(desk, [a for a in desk.actors if a.enterprise_id == desk.actors[0].enterprise_id])
            ids = chosen(sight, query, most=asking.MOST_ROWS)
            export = exports.ask(
                user=desk.user, actor=sight.actor, query=query, form=form.cleaned_data["format"], purpose="",
                wanted=[column.code for column in coming_back(demands=_most_demands(ids))],
                language=get_language() or "zh-hans", now=desk.now)
            attempt.reference = _url("export", export.mark)
    if not attempt.reference:
        messages.error(request, _("请从列出的选项中选一项。"), extra_tags="bad")
    return redirect(attempt.reference or _url("round-trips"))


def _most_demands(ids: list[int]) -> int:
    counted = Demand.objects.filter(complaint_id__in=ids).order_by().values("complaint_id").annotate(n=Count("pk"))
    most = counted.order_by("-n").values_list("n", flat=True).first()
    return min(most or 1, MOST_DEMANDS)


@desk_page("GET")
def round_trip(request: HttpRequest, desk: Desk, mark: str) -> HttpResponseBase:
    return _show(request, _found(desk, mark))


@desk_page("POST")
def decide(request: HttpRequest, desk: Desk, mark: str) -> HttpResponseBase:
    """POST: all or nothing, the good lines, or none."""
    trip = _found(desk, mark)
    form = _decision(trip, asking.counts_of(trip), request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            locked = _found(desk, mark, lock=True)
            asking.decide(locked, form.cleaned_data["decision"], now=desk.now)
            attempt.reference = _url("round-trip", mark)
    if not attempt.reference:
        return _show(request, trip, form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@desk_page("GET")
def results(request: HttpRequest, desk: Desk, mark: str) -> HttpResponseBase:
    """What came of each line, as CSV; no text of anybody stands in it."""
    trip = _found(desk, mark)
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([_("行"), _("案件编号"), _("步骤"), _("结果"), _("哪一列"), _("问题")])
    for line in _lines(trip).iterator(chunk_size=2000):
        writer.writerow([line.line, *(safe_cell(text) for text in (
            line.number, labels.action(line.step) if line.step else "", str(LINES[line.state][0]),
            rows.title_of(line.column) if line.column else "", line.problem))])
    return HttpResponse(
        ("\ufeff" + out.getvalue()).encode(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{trip.mark}-results.csv"'})


def _url(page: str, *args: str) -> str:
    return reverse(f"complaints:enterprise-{page}", args=args)


def _views() -> list[tuple[str, Any]]:
    return [(view.code, view.title) for view in queue_lists.VIEWS.values()]


def _own(desk: Desk) -> Any:
    return asking.own(desk.user, [actor.enterprise_id for actor in desk.actors])


def _found(desk: Desk, mark: str, *, lock: bool = False) -> RoundTrip:
    trips = _own(desk).filter(mark=mark)
    trip: RoundTrip | None = (trips.select_for_update(of=("self",)) if lock else trips).first()
    if trip is None:
        raise Http404
    return trip


def _lines(trip: RoundTrip) -> Any:
    return RoundTripRow.objects.filter(trip=trip).defer("said").order_by("line")


def _decision(trip: RoundTrip, counts: dict[str, int], data: Any = None) -> DecisionForm:
    return DecisionForm(data, good=counts["good"], may_all=bool(counts["good"]) and not asking.why_not_all(counts))


def _shown(trip: RoundTrip) -> dict[str, Any]:
    words, tone = STATES[trip.state]
    return {"trip": trip, "url": _url("round-trip", trip.mark), "state": words, "tone": tone,
            "is_moving": trip.state in asking.WORKING}


def _show(request: HttpRequest, trip: RoundTrip, form: DecisionForm | None = None, *, status: int = 200) -> HttpResponseBase:
    counts = asking.counts_of(trip)
    total = sum(counts.values())
    trouble = counts["bad"] + counts["refused"]
    show = request.GET.get("show", "")
    show = show if show in LINES or show == "all" else ("bad" if counts["bad"] else "refused" if counts["refused"] else "all")
    after = request.GET.get("after", "")
    lines = _lines(trip) if show == "all" else _lines(trip).filter(state=show)
    if after.isascii() and after.isdigit() and len(after) < 7:
        lines = lines.filter(line__gt=int(after))
    page = list(lines[:PAGE + 1])
    return render(request, "round_trip/show.html", {
        **_shown(trip), "counts": counts, "total": total, "trouble": trouble,
        "failure": trip.failure_words or FAILURES.get(trip.failure, ""),
        "passed": total - counts["read"] if trip.state == "checking" else total - counts["good"],
        "form": form or _decision(trip, counts), "why_not_all": asking.why_not_all(counts) if counts["good"] else "",
        "tabs": [{"title": words, "count": counts[state], "url": f"?show={state}", "tone": tone if counts[state] else "neutral",
                  "is_current": show == state} for state, (words, tone) in LINES.items() if counts[state]],
        "all_url": "?show=all", "is_all": show == "all",
        "lines": [{"row": line, "state": LINES[line.state][0], "tone": LINES[line.state][1],
                   "step": labels.action(line.step) if line.step else "",
                   "column": rows.title_of(line.column) if line.column else ""} for line in page[:PAGE]],
        "next_url": f"?{urlencode({'show': show, 'after': page[PAGE - 1].line})}" if len(page) > PAGE else "",
        "decide_url": _url("round-trip-decide", trip.mark), "results_url": _url("round-trip-results", trip.mark),
        "list_url": _url("round-trips"),
    }, status=status)
