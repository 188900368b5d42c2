"""/oversight/fairness/: whether anybody is treated otherwise by how the complaint came, and complaints per customer."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.desks.authority_workspace import Workspace, officer_page
from oversight.counters import treated
from oversight.counters.reads import Counters
from oversight.figures.definitions import Period
from oversight.presenting import fairness, leagues, per_customers, sheets
from oversight.presenting.choosing import CHOSEN, THIRTY, DashboardPage, dashboard_page, patiently
from oversight.presenting.fairness import Line
from oversight.presenting.per_customers import Rate
from web.languages import named
from web.small_numbers import ENOUGH


@officer_page("GET")
@sheets.downloadable
def fairness_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "fairness", usual=THIRTY)
    measure = page.measure
    folded = Counters.at(measure.now, measure.calendar).folded_at
    stages = patiently(lambda: treated.read(page.scope, page.asked.period, workspace.today))
    lines = fairness.lines(stages or [])
    rates = per_customers.read(page.places.regions, workspace.today)
    return render(
        request,
        "oversight/fairness.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            "is_too_much": stages is None,
            "data_at": folded,
            "headline": fairness.headline(lines),
            "figures": [title for _code, title, _up in fairness.FIGURES],
            "lines": [_line(line, page) for line in lines],
            "quarter": rates.quarter,
            "sectors": [
                {
                    "name": sector.name or _("行业不明"),
                    "rows": [_rate(row) | {"url": _firm(row, rates.quarter)} for row in sector.rates],
                }
                for sector in rates.sectors
            ],
            "unknown": rates.unknown,
            "fewest": ENOUGH,
            "days": per_customers.A_YEAR.days,
        },
    )


def _firm(row: Rate, quarter: Period) -> str:
    """Its line among the enterprises, with its cases in the own places."""
    days = {"period": CHOSEN, "first": quarter.first.isoformat(), "last": quarter.last.isoformat()}
    return f"{reverse('oversight:enterprises')}?{urlencode(days | {'enterprise': row.enterprise.pk})}"


def _line(line: Line, page: DashboardPage) -> dict[str, Any]:
    def url(**query: str) -> str:
        return f"{page.lists.behind('alike')}&{urlencode({'group': line.group.code, **query})}"

    return {
        "line": line,
        "url": url(),
        "cells": [
            {"cell": cell, "url": url(figure=code), "others_url": url(figure=code, side="others")}
            for cell, (code, _title, _up) in zip(line.cells, fairness.FIGURES, strict=True)
        ],
    }


def _rate(row: Rate) -> dict[str, Any]:
    same = {"name": named(row.enterprise), "row": row, "n": f"{row.n:,}", "customers": f"{row.count.number:,}"}
    if row.rate is None or row.interval is None:
        why = _("用户数太旧，不算") if row.is_old else _("不足%(n)s件，不算") % {"n": ENOUGH}
        return same | {"why": why}
    low, high = row.interval
    return same | {
        "rate": f"{row.rate:,.1f}",
        "interval": f"{low:,.1f}–{high:,.1f}",
        "place": leagues.place_text(row.place),
    }
