"""/oversight/: what is due, what is late and where; what changed and whether that means anything; who holds what burns.

An officer sees the region of the own offices; whatever is asked only narrows it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_filter import ALL_AT, AT_A_FIRM, HERE
from oversight.dashboard.flow_views import whose_list
from oversight.hot_spots import folding
from oversight.hot_spots.hotspot_views import lies_within
from oversight.hot_spots.reduction_words import line_of
from oversight.models import HotSpot
from oversight.presenting import cards, changes, choosing, overview, shifts, tiles
from oversight.presenting.choosing import MONTH, YEAR
from oversight.presenting.looking import DashboardPage, dashboard_page
from oversight.presenting.overview import Burning, Hand, Holder, Overview, Part
from web.languages import named

#: What a director sees before everything else.
FIRST = ("overdue", "due_soon", "open", "received", "closed", "settled", "on_time", "first_response", "recovered")
#: So many holders of late cases are named in the sentence; the panel shows more.
NAMED = 2
#: So many of the newest hot spots; the page of hot spots has them all.
HOT = 5


@officer_page("GET")
def dashboard(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    look = dashboard_page(request, workspace, "dashboard")
    asked, places = look.asked, look.places
    periods = [
        asked.period,
        choosing.before(asked.period, asked.kind),
        choosing.a_year_before(asked.period, asked.kind),
    ]
    seen = overview.read(look.scope, places, periods, measure=look.measure)
    burning = overview.burning(
        look.measure, with_hands=not places.parts, most=seen.whole.standing["overdue"] + seen.whole.standing["due_soon"]
    )
    within = lies_within(places.regions)
    hot = list(
        folding.shown(HotSpot.objects.filter(within, state=HotSpot.State.OPEN), within).select_related(
            "enterprise", "region"
        )[:HOT]
    )
    than = _than(look)
    found = [shifts.of_overview(seen, periods, nth) for nth in (1, 2)]
    against = [(than, found[0]), (_("去年同期"), found[1])][: 1 if periods[1] == periods[2] else 2]
    shown = {
        card.code: card
        for card in (
            *cards.standing_cards(seen.whole.standing, look.lists),
            *shifts.first_cards(seen.whole.periods[0], look.lists, against),
        )
    }
    rows = [_part(look, seen.parts[region.pk], region) for region in places.parts]
    return render(
        request,
        "oversight/dashboard.html",
        look.around()
        | {
            "narrowed_to": look.form.enterprise_name,
            "data_at": seen.at,
            "is_old": seen.is_old(workspace.now),
            "sentence": _sentence(seen, burning, look),
            "totals": seen.whole.standing,
            "changes": shifts.sentences(seen, places.parts, than, found[0]) if seen.at else [],
            "first_cards": [shown[code] for code in FIRST if code in shown],
            "than": than,
            "grid": tiles.grid(
                [
                    (
                        region,
                        seen.parts[region.pk].standing["overdue"],
                        seen.parts[region.pk].standing["open"],
                        asked.url(region=region.code, page=""),
                    )
                    for region in places.parts
                ]
            ),
            "parts": rows,
            "most_late": max((row["overdue"] for row in rows), default=0),
            "holders": [_holder(one, look) for one in burning.holders],
            "held_at": burning.at if burning.at < workspace.now else None,
            "hands": [_hand(one, look) for one in burning.hands],
            "workload_url": reverse("oversight:workload") + asked.url(page="", sort=""),
            "hot": [line_of(spot, url=reverse("oversight:hot-spot", args=[spot.pk])) for spot in hot],
        },
    )


def _than(look: DashboardPage) -> str:
    """What the period before is called."""
    if look.asked.kind == MONTH:
        return _("上月同期")
    if look.asked.kind == YEAR:
        return _("去年同期")
    return _("前%(n)s天") % {"n": shifts.days_of(look.asked.period)}


def _sentence(seen: Overview, burning: Burning, look: DashboardPage) -> dict[str, Any]:
    """What is due, what is late, and who holds it; made from the numbers."""
    totals = seen.whole.standing
    late = [one for one in burning.holders if one.overdue]
    phrases = [_("%(name)s%(n)s件") % {"name": named(one), "n": one.overdue} for one in late[:NAMED]]
    others = totals["overdue"] - sum(one.overdue for one in late[:NAMED])
    if burning.late_holders > NAMED and others > 0:
        phrases.append(_("其他%(k)s家%(n)s件") % {"k": burning.late_holders - NAMED, "n": others})
    due = (
        _("，2个工作日内还有%(n)s件到期") % {"n": totals["due_soon"]}
        if totals["overdue"] and totals["due_soon"]
        else ""
    )
    if totals["overdue"]:
        lead = _("逾期%(n)s件") % {"n": totals["overdue"]}
    elif totals["due_soon"]:
        lead = _("没有逾期；2个工作日内到期%(n)s件") % {"n": totals["due_soon"]}
    elif totals["open"]:
        lead = _("没有逾期，近2个工作日也没有到期；在办%(n)s件") % {"n": totals["open"]}
    else:
        lead = _("没有未办结的投诉")
    return {
        "lead": lead,
        "phrases": phrases,
        "due": due,
        "url": look.lists.url(overdue="1")
        if totals["overdue"]
        else look.lists.url(overdue="soon")
        if totals["due_soon"]
        else "",
    }


def _part(look: DashboardPage, part: Part, region: Any) -> dict[str, Any]:
    """A line of the table by place."""
    now = part.now
    change = changes.of_counts(now["received"].n, part.came_before)
    success, punctual = now["settled"], now["on_time"]
    code = region.code
    return {
        "name": named(region),
        "url": look.asked.url(region=code, page=""),
        **part.standing,
        "received": now["received"].n,
        "closed": now["closed"].n,
        "shift": shifts.shift("received", change, _than(look)),
        "success": success,
        "success_words": cards.percents(success.value, success.upper_value),
        "punctual": punctual,
        "punctual_words": cards.percent(punctual.value),
        "received_url": look.lists.received(region=code),
        "closed_url": look.lists.behind("closed", region=code),
        "open_url": look.lists.url(region=code),
        "overdue_url": look.lists.url(region=code, overdue="1"),
        "soon_url": look.lists.url(region=code, overdue="soon"),
        "settled_url": look.lists.behind("ended_settled", region=code),
        "in_time_url": look.lists.behind("in_time", region=code),
    }


def _holder(holder: Holder, look: DashboardPage) -> dict[str, Any]:
    def listed(overdue: str) -> str:
        if holder.enterprise_id:
            return look.lists.url(enterprise_id=holder.enterprise_id, waiting=AT_A_FIRM, overdue=overdue)
        return look.lists.url(officer=f"{ALL_AT}{holder.authority_id}", overdue=overdue)

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
        "url": look.asked.url(enterprise=holder.enterprise_id, page="") if holder.enterprise_id else "",
    }


def _hand(hand: Hand, look: DashboardPage) -> dict[str, Any]:
    who = whose_list(hand.officer_id, hand.authority_id)
    return {
        "name": hand.name or _("未指派"),
        "place": hand.place,
        "overdue": hand.overdue,
        "due_soon": hand.due_soon,
        "open": hand.open,
        "open_url": look.lists.url(officer=who, waiting=HERE),
        "overdue_url": look.lists.url(officer=who, waiting=HERE, overdue="1"),
        "soon_url": look.lists.url(officer=who, waiting=HERE, overdue="soon"),
    }
