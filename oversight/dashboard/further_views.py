"""/oversight/further/: causes that enterprises name, money by problem, and what enrolled enterprises get to settle."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.counters import further
from oversight.counters.further import Loss, Passed
from oversight.presenting import cards, sheets
from oversight.presenting.choosing import THIRTY, dashboard_page, patiently
from web.languages import named
from web.small_numbers import ENOUGH, share_text, wilson

#: So many enterprises are listed, those with most complaints; the sum is of all.
MOST = 50


@officer_page("GET")
@sheets.downloadable
def further_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "further", usual=THIRTY)
    found = patiently(
        lambda: (further.causes(page.measure), further.losses(page.measure), further.passed(page.measure))
    )
    causes, losses, passed = found or ([], [], [])
    names = Enterprise.objects.only("name", "name_en").in_bulk([one.enterprise_id for one in passed[:MOST]])
    whole = Passed(0, sum(one.n for one in passed), sum(one.got for one in passed))
    return render(
        request,
        "oversight/further.html",
        page.around()
        | {
            "narrowed_to": page.form.enterprise_name,
            "is_too_much": found is None,
            "causes": [{"name": wording.label(one.cause, kind="root_cause"), "of": one} for one in causes],
            "losses": [_loss(one) for one in losses],
            "whole": _passed(whole) if passed else None,
            "passed": [{"name": named(names[one.enterprise_id]), **_passed(one)} for one in passed[:MOST]],
            "fewest": ENOUGH,
            "fewest_firms": further.FEWEST_FIRMS,
        },
    )


def _loss(one: Loss) -> dict[str, Any]:
    """Of too few no sum: it would be that of single cases."""
    is_enough = one.n >= ENOUGH
    return {
        "name": label_of(one.problem) if one.problem else "–",
        "n": f"{one.n:,}",
        "is_enough": is_enough,
        **(
            {name: cards.amount_in("CNY", getattr(one, name)) for name in ("total", "median", "paid")}
            if is_enough
            else {}
        ),
    }


def _passed(one: Passed) -> dict[str, Any]:
    interval = ""
    if one.n >= ENOUGH:
        low, high = wilson(one.got, one.n)
        interval = f"{100 * low:.1f}–{100 * high:.1f}%"
    return {"n": f"{one.n:,}", "share": share_text(one.got, one.n), "interval": interval}
