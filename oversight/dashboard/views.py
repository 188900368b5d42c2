"""/oversight/: what is due, what is late and where, who holds it; /oversight/flow/ and /workload/: where the days go.

An officer sees the region of the own offices; whatever is asked only narrows it.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from authorities.models import Authority, Officer
from complaints import wording
from complaints.desks.authority_lists import AT_ENTERPRISE, HERE, due_soon
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import ALL_AT, NONE_AT, OUTSIDE
from oversight.dashboard import last_week, notes
from oversight.hot_spots.hotspots import believed_since
from oversight.hot_spots.owners import LONG
from oversight.hot_spots.reduction_forms import line_of
from oversight.models import HotSpot
from oversight.presenting import (
    ahead,
    backlog,
    cards,
    charts,
    choosing,
    flow,
    holders,
    lengths,
    overview,
    sheets,
    shifts,
    standing,
    tile_map,
    turned,
)
from oversight.presenting.choosing import MONTH, THIRTY, WEEK, YEAR, DashboardPage, dashboard_page, patiently
from oversight.presenting.holders import Burning, Holder
from oversight.presenting.overview import Overview, PlaceCounts
from oversight.presenting.past import length
from oversight.presenting.trend import first_shown
from web.languages import named
from web.small_numbers import ENOUGH, share_text, too_few

PAGE = 50


@officer_page("GET")
@sheets.downloadable
def flow_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "flow")
    measure = page.measure
    counted = ahead.counted(page, ahead.FLOW, lambda: patiently(lambda: (flow.stays(measure), flow.flow(measure))))
    result = counted.what
    stays, went = result or ([], None)
    return render(
        request,
        "oversight/flow.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            "data_at": counted.at,
            "is_too_much": result is None,
            "stays": [
                {
                    "stay": one,
                    "name": wording.label(one.status, kind="status"),
                    "url": page.lists.url(status=one.status),
                }
                for one in stays
            ],
            "flow": went,
            "spans": _spans(went) if went else [],
            "chart": charts.lines(
                [(_("收到"), [week.received for week in went.weeks]), (_("办结"), [week.closed for week in went.weeks])]
            )
            if went
            else None,
            "finding": _finding(went) if went else "",
            "last_day": share_text(went.ended_last_day, went.answered) if went else "",
            "last_offer": share_text(went.offered_last_day, went.offered) if went else "",
            "why_no_last_day": too_few(went.answered) if went else "",
            "why_no_last_offer": too_few(went.offered) if went else "",
            "last_day_url": page.lists.behind("ended_last_day"),
        },
    )


def _spans(went: flow.Flow) -> list[dict[str, Any]]:
    titles = {
        "response_minutes": _("送达到首次响应"),
        "accept_minutes": _("送达到企业受理"),
        "handled_wd": _("送达到办结（工作日）"),
        "handled_cd": _("送达到办结（自然日）"),
    }
    results = []
    for what, title in titles.items():
        span = went.spans.get(what)
        if span is not None:
            is_time = what.endswith("minutes")
            median = lengths.with_unit(*lengths.working_time(span.median)) if is_time else lengths.days(span.median)
            nine = lengths.with_unit(*lengths.time_within(span.p90)) if is_time else lengths.days(span.p90)
            texts = [_("约%(value)s") % {"value": median} if span.is_about else median, nine]
            results.append({"title": title, "n": span.n, "median": texts[0], "p90": texts[1]})
    return results


def _finding(went: flow.Flow) -> str:
    received, closed = (sum(getattr(week, name) for week in went.weeks) for name in ("received", "closed"))
    values = {
        "weeks": len(went.weeks),
        "received": f"{received:,}",
        "closed": f"{closed:,}",
        "n": f"{abs(received - closed):,}",
    }
    if received > closed:
        return _("%(weeks)s周收到%(received)s件，办结%(closed)s件：积压多了%(n)s件") % values
    if closed > received:
        return _("%(weeks)s周收到%(received)s件，办结%(closed)s件：积压少了%(n)s件") % values
    return _("%(weeks)s周收到%(received)s件，办结同样多") % values


@officer_page("GET")
@sheets.downloadable
def workload(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "workload")
    measure = page.measure
    soon = due_soon(measure.now, measure.calendar)
    counted = ahead.counted(page, ahead.WORKLOAD, lambda: patiently(lambda: flow.workload(measure, soon)))
    loads = counted.what
    _first, shown, beside = page.asked.paged(loads or [], sheets.size(request, PAGE))
    widest = max((load.open for load in loads or []), default=1)
    officers = Officer.objects.select_related("user", "authority")
    people = officers.in_bulk([load.officer_id for load in shown if load.officer_id])
    places = Authority.objects.in_bulk([load.authority_id for load in shown if load.authority_id])
    return render(
        request,
        "oversight/workload.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            "data_at": counted.at,
            "is_too_much": loads is None,
            "rows": [_load(load, people, places, page.lists, widest) for load in shown],
            "ages": _ages(),
            "people": sum(1 for load in loads or [] if load.officer_id),
            "open": sum(load.open for load in loads or []),
            "overdue": sum(load.overdue for load in loads or []),
            **beside,
        },
    )


def _ages() -> list[str]:
    results = [_("%(n)s天以内") % {"n": flow.AGES[0]}]
    results += [
        _("%(first)s–%(last)s天") % {"first": first + 1, "last": last}
        for first, last in zip(flow.AGES, flow.AGES[1:], strict=False)
    ]
    return [*results, _("%(n)s天以上") % {"n": flow.AGES[-1]}]


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


#: So many holders of late cases are named in the sentence; the panel shows more.
NAMED = 2
#: So many hot spots; their page has them all.
HOT = 5
#: Where too few cases came in within a period, the next longer one.
LONGER = {WEEK: THIRTY, THIRTY: YEAR, MONTH: YEAR}


@officer_page("GET")
@sheets.downloadable
def dashboard(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    since = first_shown(workspace.today)
    page = dashboard_page(request, workspace, "dashboard", beside=notes.beside, since=since)
    asked, places = page.asked, page.places
    earlier = (choosing.before, choosing.a_year_before)
    periods = [asked.period, *(period(asked.period, asked.kind) for period in earlier)]
    counted = ahead.read(page, ahead.OVERVIEW, ahead.HOLDERS)
    if ahead.OVERVIEW in counted:
        seen = counted[ahead.OVERVIEW].what
    else:
        seen = overview.read(page.scope, places, periods, measure=page.measure)
    if ahead.HOLDERS in counted:
        burning = counted[ahead.HOLDERS].what
    else:
        burning = holders.burning(page.measure, seen, with_hands=not places.parts)
    spots = believed_since(places.regions, since)
    than = _than(page)
    results = [shifts.of_overview(seen, nth) for nth in (1, 2)]
    against = [(than, results[0]), (_("去年同期"), results[1])][: 1 if periods[1] == periods[2] else 2]
    open_now = standing.open_cards(seen.whole.open_now, page.lists)
    changed = shifts.of_parts(seen)
    flow_cards = shifts.first_cards(seen.whole.periods[0], page.lists, against, _today(page, seen))
    shown = {card.code: card for card in (*open_now, *flow_cards)}
    rows = [_part(page, seen.parts[region.pk], changed[region.pk], region) for region in places.parts]
    return render(
        request,
        "oversight/dashboard.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            **last_week.shown(
                page, seen, spots, others=partial(notes.marks, places.regions), is_whole="kinds" in request.GET
            ),
            "all_kinds_url": asked.url(page="", kinds="all") + "#h-kinds",
            "strip": last_week.strip(shown, seen.weeks),
            "data_at": seen.at,
            "is_old": seen.is_old(workspace.now),
            "sentence": _sentence(seen, burning, page),
            "totals": seen.whole.open_now,
            "than": than,
            "map": tile_map.drawn(
                [
                    (region, seen.parts[region.pk].now["received"].n, asked.url(region=region.code, page=""))
                    for region in places.parts
                ],
                seen.usual_of_parts,
                page.lists,
                asked.period,
                inside=places.regions[0].code if len(places.regions) == 1 else "",
            ),
            "forecast": backlog.panel(seen.open_before, seen.flows, today=workspace.today),
            "open_url": page.lists.url(),
            "worse": turned.panel(page, seen.flows, seen.name_of_past),
            "longer_url": asked.url(period=LONGER[asked.kind], page="") if asked.kind in LONGER else "",
            "parts": rows,
            "ranked_from": ENOUGH,
            "not_compared": next((why for one in changed.values() if (why := shifts.reason(one))), ""),
            "holders": [_holder(one, page) for one in burning.holders],
            "held_at": burning.at if burning.at < (seen.at or workspace.now) else None,
            "hands": [_hand(one, page) for one in burning.hands],
            "workload_url": reverse("oversight:workload") + asked.url(page="", sort=""),
            "hot": _hot(page, spots),
        },
    )


def _hot(page: DashboardPage, spots: Sequence[Any]) -> dict[str, Any]:
    """Hot spots that wait for a judgement, the oldest first."""
    now = page.workspace.now
    waiting = sorted(
        (spot for spot in spots if spot.state == HotSpot.State.OPEN), key=lambda spot: (spot.found_at, spot.pk)
    )
    rows = [
        line_of(spot, url=reverse("oversight:hot-spot", args=[spot.pk])) | _waits(now - spot.found_at)
        for spot in waiting[:HOT]
    ]
    title = _("热点")
    if waiting:
        # Of all, however many were read.
        days = (now - waiting[0].oldest).days
        title = _("%(n)s个热点等判断，最久%(days)s天") % {"n": waiting[0].waiting, "days": days}
    return {"title": title, "rows": rows, "long": LONG.days}


def _waits(age: timedelta) -> dict[str, str]:
    """In days; red from when it is listed as waiting too long, and half the way there a warning."""
    tone = "bad" if age > LONG else "warn" if age > LONG / 2 else "neutral"
    return {"waits": _("%(n)s天没判断") % {"n": age.days} if age.days else _("不到1天"), "tone": tone}


def _than(page: DashboardPage) -> str:
    if page.asked.kind == MONTH:
        return _("上月同期")
    if page.asked.kind == YEAR:
        return _("去年同期")
    return _("前%(n)s天") % {"n": length(page.asked.period)}


def _sentence(seen: Overview, burning: Burning, page: DashboardPage) -> dict[str, Any]:
    totals = seen.whole.open_now
    late = [one for one in burning.holders if one.overdue]
    phrases = [_("%(name)s%(n)s件") % {"name": named(one), "n": one.overdue} for one in late[:NAMED]]
    others = burning.late - sum(one.overdue for one in late[:NAMED])
    if burning.late_holders > NAMED and others > 0:
        phrases.append(_("其他%(k)s家%(n)s件") % {"k": burning.late_holders - NAMED, "n": others})
    due = (
        _("2个工作日内还有%(n)s件到期") % {"n": totals["due_soon"]} if totals["overdue"] and totals["due_soon"] else ""
    )
    if totals["overdue"]:
        lead = standing.overdue_text(totals)
    elif totals["due_soon"]:
        lead = _("没有逾期；2个工作日内到期%(n)s件") % {"n": totals["due_soon"]}
    elif totals["open"]:
        lead = _("没有逾期，近2个工作日也没有到期；在办%(n)s件") % {"n": totals["open"]}
    else:
        lead = _("没有未办结的投诉")
    which = "1" if totals["overdue"] else "soon" if totals["due_soon"] else ""
    return {
        "lead": lead,
        "phrases": phrases,
        "due": due,
        "due_url": page.lists.url(overdue="soon"),
        "url": page.lists.url(overdue=which) if which else "",
    }


def _today(page: DashboardPage, seen: Overview) -> tuple[str, ...]:
    """What came in since the period, where that ended yesterday."""
    if (page.workspace.today - page.asked.period.last).days != 1:
        return ()
    return (_("今天到现在%(n)s件") % {"n": f"{seen.today:,}"},)


def _part(page: DashboardPage, part: PlaceCounts, change: shifts.Change, region: Any) -> dict[str, Any]:
    now = part.now
    success, punctual = now["settled"], now["on_time"]
    code = region.code
    return {
        "name": named(region),
        "url": page.asked.url(region=code, page=""),
        **part.open_now,
        "received": now["received"].n,
        "closed": now["closed"].n,
        "shift": shifts.short(change),
        "success": success,
        "success_text": cards.share_of(success),
        "punctual": punctual,
        "punctual_text": cards.share_of(punctual),
        "received_url": page.lists.received(region=code),
        "closed_url": page.lists.behind("closed", region=code),
        "open_url": page.lists.url(region=code),
        "overdue_url": page.lists.url(region=code, overdue="1"),
        "soon_url": page.lists.url(region=code, overdue="soon"),
        "settled_url": page.lists.behind("ended_settled", region=code),
        "in_time_url": page.lists.behind("in_time", region=code),
    }


def _holder(holder: Holder, page: DashboardPage) -> dict[str, Any]:
    def listed(overdue: str) -> str:
        if holder.enterprise_id:
            return page.lists.url(
                enterprise_id=holder.enterprise_id,
                waiting=AT_ENTERPRISE,
                overdue=OUTSIDE if overdue == "1" else overdue,
            )
        return page.lists.url(officer=f"{ALL_AT}{holder.authority_id}", overdue=overdue)

    # Cases that no authority has yet are nobody's list.
    has_list = bool(holder.enterprise_id or holder.authority_id)
    return {
        "name": named(holder),
        "overdue": holder.overdue,
        "due_soon": holder.due_soon,
        "since": holder.since,
        "is_late": holder.overdue > 0,
        "is_authority": holder.enterprise_id is None,
        "overdue_url": listed("1") if has_list else "",
        "soon_url": listed("soon") if has_list else "",
        "url": page.asked.url(enterprise=holder.enterprise_id, page="") if holder.enterprise_id else "",
    }


def _hand(hand: Holder, page: DashboardPage) -> dict[str, Any]:
    who = whose_list(hand.officer_id, hand.authority_id)
    return {
        "name": hand.name or _("未指派"),
        "place": hand.place,
        "overdue": hand.overdue,
        "due_soon": hand.due_soon,
        "open": hand.open,
        "open_url": page.lists.url(officer=who, waiting=HERE),
        "overdue_url": page.lists.url(officer=who, waiting=HERE, overdue="1"),
        "soon_url": page.lists.url(officer=who, waiting=HERE, overdue="soon"),
    }
