"""/oversight/enterprises/: the enterprises of the region in a table, from the counters.

Under thirty cases nobody is ranked, and a count opens a list of that length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.desks.authority_workspace import Workspace, officer_page
from enterprises.models import Enterprise
from oversight.presenting import cards, leagues
from oversight.presenting.choosing import Asked
from oversight.presenting.leagues import Line
from oversight.presenting.looking import dashboard_page
from oversight.presenting.patience import patiently
from web.languages import named

PAGE = 25
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("overdue", gettext_lazy("逾期")),
    ("open", gettext_lazy("在办")),
    ("received", gettext_lazy("收到")),
    ("settled", gettext_lazy("和解成功率")),
    ("on_time", gettext_lazy("按时办结率")),
    ("response", gettext_lazy("首次响应")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One enterprise, ready to be shown."""

    line: Line
    name: str
    url: str
    open_url: str
    overdue_url: str
    received_url: str
    settled_url: str
    in_time_url: str
    place: str
    success: str
    interval: tuple[int, int]
    confirmed_at: int
    upper_at: int
    punctual: str
    response: str


@officer_page("GET")
def enterprises(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    look = dashboard_page(request, workspace, "enterprises")
    asked = look.asked
    lines = patiently(lambda: leagues.counted(look.measure))
    page, found = _page(leagues.in_order(lines or [], asked.sort, turned=asked.is_turned), asked)
    names = {
        enterprise.pk: named(enterprise)
        for enterprise in Enterprise.objects.filter(pk__in=[line.enterprise_id for line in found]).only(
            "name", "name_en"
        )
    }
    return render(
        request,
        "oversight/enterprises.html",
        look.around()
        | page
        | {
            "narrowed_to": look.form.enterprise_name,
            "is_too_much": lines is None,
            "rows": [_row(line, names, asked, look.lists) for line in found],
            "columns": _columns(asked),
            "ranked_from": leagues.RANKED_FROM,
        },
    )


def _page(found: list[Line], asked: Asked) -> tuple[dict[str, str], list[Line]]:
    """One page of the table, with the addresses of those beside it."""
    page = min(asked.page, max(1, -(-len(found) // PAGE)))
    first = (page - 1) * PAGE
    shown = found[first : first + PAGE]
    return {
        "previous_url": asked.url(page=page - 1) if page > 1 else "",
        "next_url": asked.url(page=page + 1) if first + PAGE < len(found) else "",
        "summary": _("第%(first)s–%(last)s家，共%(all)s家")
        % {"first": first + 1, "last": first + len(shown), "all": len(found)}
        if len(found) > PAGE
        else "",
    }, shown


def _row(line: Line, names: dict[int, str], asked: Asked, lists: cards.Lists) -> Row:
    low, high = line.interval
    pk = line.enterprise_id
    success = line.success
    response = cards.NOTHING
    if line.responses and line.response_minutes is not None:
        response = cards.with_unit(*cards.working_time(line.response_minutes))
    place = ""
    if line.place is not None and not asked.enterprise_id:
        first, last = line.place
        place = str(first) if first == last else f"{first}–{last}"
    return Row(
        line=line,
        name=names.get(pk, ""),
        url=asked.url(enterprise=pk, page=""),
        open_url=lists.url(enterprise_id=pk),
        overdue_url=lists.url(enterprise_id=pk, overdue="1"),
        received_url=lists.received(enterprise_id=pk),
        settled_url=lists.behind("ended_settled", enterprise_id=pk),
        in_time_url=lists.behind("in_time", enterprise_id=pk),
        place=place,
        success=cards.percents(success.value, success.upper_value),
        interval=(round(low * 100), max(1, round((high - low) * 100))),
        confirmed_at=round((success.value or 0) * 100),
        upper_at=round((success.upper_value or 0) * 100),
        punctual=cards.percent(line.punctual.value),
        response=response,
    )


def _columns(asked: Asked) -> list[dict[str, Any]]:
    """Heads with the link that sorts by them, and once more the other way round."""
    found: list[dict[str, Any]] = [{"label": _("企业")}]
    for name, label in COLUMNS:
        is_current = name == asked.sort
        turned = is_current and not asked.is_turned
        falls = leagues.SORTS[name][1] != asked.is_turned
        found.append(
            {
                "label": label,
                "is_number": True,
                "url": asked.url(sort=f"-{name}" if turned else name, page=""),
                "sort": ("descending" if falls else "ascending") if is_current else "",
            }
        )
    return found
