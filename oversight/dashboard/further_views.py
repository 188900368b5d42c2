"""/oversight/further/: causes that enterprises name, money by problem, what enrolled enterprises get to settle, and
what consumers say of the portal.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import CAME_BY
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.counters import further
from oversight.counters.further import Loss, Marks, Passed
from oversight.hot_spots.campaign_views import regions_to_begin
from oversight.presenting import cards, sheets
from oversight.presenting.cards import Lists
from oversight.presenting.choosing import THIRTY, dashboard_page, patiently
from web.languages import named
from web.small_numbers import ENOUGH, share_text, wilson

#: So many enterprises are listed, those with most complaints; the sum is of all.
MOST = 50


@officer_page("GET")
@sheets.downloadable
def further_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "further", usual=THIRTY)
    measure = page.measure
    found = patiently(
        lambda: (further.causes(measure), further.losses(measure), further.passed(measure), further.marks(measure))
    )
    causes, losses, passed, marks = found or ([], [], [], [])
    names = Enterprise.objects.only("name", "name_en").in_bulk([one.enterprise_id for one in passed[:MOST]])
    whole = Passed(0, sum(one.n for one in passed), sum(one.got for one in passed))
    return render(
        request,
        "oversight/further.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            "is_too_much": found is None,
            "causes": [
                {
                    "name": wording.label(one.cause, kind="root_cause"),
                    "of": one,
                    "remedy_url": reverse("oversight:remedy-new") + page.asked.url(cause=one.cause, page="", sort=""),
                }
                for one in causes
            ],
            "losses": [_loss(one, page.lists) for one in losses],
            "whole": _passed(whole, page.lists) if passed else None,
            "passed": [{"name": named(names[one.enterprise_id]), **_passed(one, page.lists)} for one in passed[:MOST]],
            "portal": _portal(marks, page.lists),
            "fewest": ENOUGH,
            "fewest_firms": further.FEWEST_FIRMS,
            "may_begin": bool(regions_to_begin(workspace)),
        },
    )


def _loss(one: Loss, lists: Lists) -> dict[str, Any]:
    """Of too few no sum: it would be that of single cases."""
    is_enough = one.n >= ENOUGH
    return {
        "name": label_of(one.problem) if one.problem else _("未分类"),
        "n": f"{one.n:,}",
        "url": f"{lists.behind('lost')}&{urlencode({'problem': one.problem or further.NO_PROBLEM})}",
        "is_enough": is_enough,
        **(
            {name: cards.amount_in("CNY", getattr(one, name)) for name in ("total", "median", "paid")}
            if is_enough
            else {}
        ),
    }


def _passed(one: Passed, lists: Lists) -> dict[str, Any]:
    firm = one.enterprise_id or None
    return {
        "n": f"{one.n:,}",
        "url": lists.behind("against", enterprise_id=firm),
        "share": share_text(one.got, one.n),
        "share_url": lists.behind("passed", enterprise_id=firm) if one.got else "",
        "interval": _interval(one.got, one.n),
    }


def _interval(part: int, whole: int) -> str:
    if whole < ENOUGH:
        return ""
    low, high = wilson(part, whole)
    return f"{100 * low:.1f}–{100 * high:.1f}%"


def _portal(marks: Sequence[Marks], lists: Lists) -> dict[str, Any] | None:
    """All together, each channel, and the elder display; None where nobody said anything."""
    if not any(one.n for one in marks):
        return None
    every = [("", _("全部"), list(marks))]
    every += [
        (code, wording.label(code, kind="channel"), [one for one in marks if one.channel == code]) for code in CAME_BY
    ]
    every.append(("elder", _("用长辈版填写"), [one for one in marks if one.display == "elder"]))
    return {
        "rows": [_said(name, ones, lists, code) for code, name, ones in every if any(one.n for one in ones)],
        "closed": f"{sum(one.closed for one in marks):,}",
        "answered": share_text(sum(one.n for one in marks), sum(one.closed for one in marks)),
    }


def _said(name: Any, marks: Sequence[Marks], lists: Lists, code: str) -> dict[str, Any]:
    n, total, good = (sum(getattr(one, part) for one in marks) for part in ("n", "total", "good"))
    channel = code if code in CAME_BY else ""
    return {
        "name": name,
        "n": f"{n:,}",
        "url": "" if code == "elder" else replace(lists, channel=channel or lists.channel).behind("portal_rated"),
        "is_enough": n >= ENOUGH,
        "mean": f"{total / n:.2f}",
        "share": share_text(good, n),
        "interval": _interval(good, n),
    }
