"""/oversight/flow/ and /oversight/workload/: where the days go, and who has how much on the desk.

A chart says nothing that the table behind it does not say.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from authorities.models import Authority, Officer
from complaints import wording
from complaints.desks.authority_lists import due_soon
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_filter import HERE, NONE_AT
from oversight.presenting import cards, charts, flow
from oversight.presenting.looking import dashboard_page
from oversight.presenting.patience import patiently
from web.languages import named

PAGE = 50


@officer_page("GET")
def flow_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    look = dashboard_page(request, workspace, "flow")
    found = patiently(lambda: (flow.stays(look.measure), flow.flow(look.measure)))
    stays, went = found or ([], None)
    return render(
        request,
        "oversight/flow.html",
        look.around()
        | {
            "narrowed_to": look.form.enterprise_name,
            "is_too_much": found is None,
            "stays": [
                {
                    "stay": stay,
                    "name": wording.label(stay.status, kind="status"),
                    "url": look.lists.url(status=stay.status),
                }
                for stay in stays
            ],
            "flow": went,
            "spans": _spans(went) if went else [],
            "chart": charts.lines(
                [(_("收到"), [week.received for week in went.weeks]), (_("办结"), [week.closed for week in went.weeks])]
            )
            if went
            else None,
            "finding": _finding(went) if went else "",
            "last_day": cards.percent(went.last_day_share) if went else "",
            "last_offer": cards.percent(went.last_offer_share) if went else "",
            "last_day_url": look.lists.behind("ended_last_day"),
        },
    )


def _spans(went: flow.Flow) -> list[dict[str, Any]]:
    titles = {
        "response_minutes": _("送达到首次响应"),
        "accept_minutes": _("送达到企业受理"),
        "handled_wd": _("送达到办结（工作日）"),
        "handled_cd": _("送达到办结（自然日）"),
    }
    found = []
    for what, title in titles.items():
        span = went.spans.get(what)
        if span is not None:
            words = [
                cards.with_unit(*cards.working_time(value)) if what.endswith("minutes") else cards.days(value)
                for value in (span.median, span.p90)
            ]
            found.append({"title": title, "n": span.n, "median": words[0], "p90": words[1]})
    return found


def _finding(went: flow.Flow) -> str:
    """What the chart says, as its heading."""
    received, closed = (sum(getattr(week, name) for week in went.weeks) for name in ("received", "closed"))
    told = {
        "weeks": len(went.weeks),
        "received": f"{received:,}",
        "closed": f"{closed:,}",
        "n": f"{abs(received - closed):,}",
    }
    if received > closed:
        return _("%(weeks)s周收到%(received)s件，办结%(closed)s件：积压多了%(n)s件") % told
    if closed > received:
        return _("%(weeks)s周收到%(received)s件，办结%(closed)s件：积压少了%(n)s件") % told
    return _("%(weeks)s周收到%(received)s件，办结同样多") % told


@officer_page("GET")
def workload(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    look = dashboard_page(request, workspace, "workload")
    measure = look.measure
    loads = patiently(lambda: flow.workload(measure, due_soon(measure.now, measure.calendar)))
    page = min(look.asked.page, max(1, -(-len(loads or []) // PAGE)))
    shown = (loads or [])[(page - 1) * PAGE : page * PAGE]
    widest = max((load.open for load in loads or []), default=1)
    people = {
        row.pk: row
        for row in Officer.objects.filter(pk__in=[load.officer_id for load in shown if load.officer_id]).select_related(
            "user", "authority"
        )
    }
    places = {
        row.pk: row
        for row in Authority.objects.filter(pk__in=[load.authority_id for load in shown if load.authority_id])
    }
    return render(
        request,
        "oversight/workload.html",
        look.around()
        | {
            "narrowed_to": look.form.enterprise_name,
            "is_too_much": loads is None,
            "rows": [_load(load, people, places, look.lists, widest) for load in shown],
            "ages": _ages(),
            "people": sum(1 for load in loads or [] if load.officer_id),
            "open": sum(load.open for load in loads or []),
            "overdue": sum(load.overdue for load in loads or []),
            "previous_url": look.asked.url(page=page - 1) if page > 1 else "",
            "next_url": look.asked.url(page=page + 1) if page * PAGE < len(loads or []) else "",
        },
    )


def _ages() -> list[str]:
    found = [_("%(n)s天以内") % {"n": flow.AGES[0]}]
    found += [
        _("%(first)s–%(last)s天") % {"first": first + 1, "last": last}
        for first, last in zip(flow.AGES, flow.AGES[1:], strict=False)
    ]
    return [*found, _("%(n)s天以上") % {"n": flow.AGES[-1]}]


def _load(
    load: flow.Load, people: dict[int, Officer], places: dict[int, Authority], lists: cards.Lists, widest: int
) -> dict[str, Any]:
    officer, place = people.get(load.officer_id or 0), places.get(load.authority_id or 0)
    at, x = [], 0.0
    for n, count in enumerate(load.ages):
        width = 100 * count / widest
        at.append({"x": round(x, 2), "width": round(width, 2), "tone": n + 1})
        x += width
    who = whose_list(load.officer_id, load.authority_id)
    return {
        "name": officer.user.name if officer else _("未指派"),
        "place": named(officer.authority) if officer else named(place) if place else "",
        "load": load,
        "ages": load.ages,
        "bars": at,
        "open_url": lists.url(officer=who, waiting=HERE),
        "overdue_url": lists.url(officer=who, waiting=HERE, overdue="1"),
        "soon_url": lists.url(officer=who, waiting=HERE, overdue="soon"),
    }


def whose_list(officer_id: int | None, authority_id: int | None) -> str:
    """How the list of cases names who has them: an officer, or nobody at an authority."""
    return str(officer_id) if officer_id else f"{NONE_AT}{authority_id}"
