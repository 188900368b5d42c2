"""/authority/stations/<n>/: one station's month, how good its log is, the entries behind each number, as a table too.

Officers of the region read; a consumer's number is masked, and the table holds none.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.masking import masked_phone
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.models import StationEntry
from complaints.pages.station.station_forms import HOW
from complaints.procedure.categories import OBJECT_LABELS
from complaints.stations import stations
from enterprises.models import Station
from web.languages import named
from web.safe_cells import safe_cell

PAGE = 50
WORDS: dict[str, Any] = {
    stations.ALL: gettext_lazy("登记"),
    stations.CONFIRMED: gettext_lazy("消费者确认，算和解"),
    stations.UNCONFIRMED: gettext_lazy("未确认，不算和解"),
    stations.DENIED: gettext_lazy("消费者否认"),
    stations.COPIED: gettext_lazy("文字相同"),
    stations.SLOW_ANSWER: gettext_lazy("3天后才确认"),
    stations.NO_AMOUNT: gettext_lazy("退换没有写金额"),
}
TONES = {
    stations.CONFIRMED: "ok",
    stations.UNCONFIRMED: "warn",
    stations.DENIED: "bad",
    stations.COPIED: "warn",
    stations.SLOW_ANSWER: "warn",
    stations.NO_AMOUNT: "warn",
}
STATES: dict[str, Any] = {
    StationEntry.CONFIRMED: gettext_lazy("已确认"),
    StationEntry.UNCONFIRMED: gettext_lazy("未确认"),
    StationEntry.DENIED: gettext_lazy("消费者否认"),
}


@officer_page("GET")
def station(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    here, first, month = _asked(request, workspace, pk)
    show = request.GET.get("show", "")
    show = show if show in stations.LISTS else stations.ALL
    found = month.of(show)
    start = _page_of(request.GET.get("from", ""), found)
    lines = found[start : start + PAGE]
    earlier, later = (first - timedelta(days=1)).replace(day=1), stations.next_month(first)
    return render(
        request,
        "authority/station.html",
        {
            "station": here,
            "name": named(here),
            "owner": named(here.enterprise) if here.enterprise else "",
            "now": workspace.now,
            "month": first,
            "figures": month,
            "show_words": WORDS[show],
            "numbers": [
                {
                    "title": WORDS[name],
                    "value": month.count(name),
                    "url": _url(here, first, show=name),
                    "tone": TONES.get(name, "neutral") if month.count(name) else "neutral",
                    "is_current": name == show,
                }
                for name in stations.LISTS
            ],
            "lines": [_line(entry) for entry in lines],
            "next_url": (
                _url(here, first, show=show, **{"from": str(start + PAGE)}) if len(found) > start + PAGE else ""
            ),
            "earlier_url": _url(here, earlier),
            "later_url": _url(here, later) if later <= workspace.today else "",
            "table_url": (
                reverse("complaints:authority-station-table", args=[here.pk])
                + "?"
                + urlencode({"month": f"{first:%Y-%m}"})
            ),
            "list_url": reverse("complaints:authority-stations"),
        },
    )


@officer_page("GET")
def table(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """The month's entries as CSV: no number and no text of anybody."""
    here, first, month = _asked(request, workspace, pk)
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([_("登记时间"), _("类别"), _("怎么解决的"), _("金额"), _("状态"), _("答复时间"), _("文字相同")])
    for entry in month.entries:
        line = _line(entry)
        writer.writerow(
            [
                safe_cell(str(text))
                for text in (
                    timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M"),
                    line["category"],
                    line["how"],
                    "" if entry.amount is None else entry.amount,
                    line["state"],
                    timezone.localtime(entry.answered_at).strftime("%Y-%m-%d %H:%M") if entry.answered_at else "",
                    _("是") if entry.pk in month.copied else "",
                )
            ]
        )
    return HttpResponse(
        ("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{here.code}-{first:%Y-%m}.csv"'},
    )


def _asked(request: HttpRequest, workspace: Workspace, pk: int) -> tuple[Station, date, stations.Month]:
    """The station in one of the regions of this desk; Http404 for everybody from elsewhere."""
    here = Station.objects.select_related("authority", "enterprise").filter(pk=pk).first()
    if here is None or not any(
        actor.region and actor.region[0] <= here.authority.region_id <= actor.region[1] for actor in workspace.actors
    ):
        raise Http404
    first = stations.first_of(request.GET.get("month", ""), today=workspace.today)
    return here, first, stations.month_of(here, first)


def _page_of(asked: str, found: list[StationEntry]) -> int:
    """A month is read whole, so its pages are cut from memory."""
    start = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    return start if start < len(found) else 0


def _url(here: Station, first: date, **more: str) -> str:
    query = urlencode({"month": f"{first:%Y-%m}"} | more)
    return f"{reverse('complaints:authority-station', args=[here.pk])}?{query}"


def _line(entry: StationEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "category": str(OBJECT_LABELS.get(entry.category, entry.category)),
        "problem": entry.problem,
        "how": str(dict(HOW).get(entry.how, entry.how)),
        "amount": entry.amount,
        "state": str(STATES[entry.state]),
        "tone": TONES[entry.state],
        "detail": entry.sheet or (masked_phone(entry.phone) if entry.phone else ""),
    }
