"""/authority/calendar/: which years are loaded, from which decree, what is still provisional; and a year to load.

A file that is read is only put up for trial; which dates would move is shown, and a second person
decides.
"""

from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from authorities.models import CalendarVersion
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.law import changing
from complaints.law.numbers import missing_year
from complaints.models import Deadline, LawChange
from complaints.pages.authority.law.changes import (
    MOST_CHANGES,
    Office,
    approvers_of,
    in_words,
    office_of,
    put_up,
    seen_by,
    shown,
)
from complaints.pages.authority.law.policies import CalendarForm
from complaints.parties.conditions import current_calendar


@officer_page("GET", "POST")
def calendar(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The years, and the form that puts a new one up for trial."""
    office = office_of(workspace)
    loaders = [a for a in office.drafts if a.level in changing.LOADS_CALENDARS]
    if request.method == "POST" and not office.drafts:
        raise Http404
    missing = missing_year(current_calendar(), workspace.today)
    year, data = missing or workspace.today.year + 1, request.POST if request.method == "POST" else None
    form = CalendarForm(data, request.FILES or None, year=year, today=workspace.today)

    def draft(cleaned: dict[str, Any]) -> LawChange:
        return changing.draft_calendar(
            by=workspace.user,
            authority=(loaders or office.drafts)[0],
            year=cleaned["read"],
            source=cleaned["source"],
            published_on=cleaned["published_on"],
            now=workspace.now,
        )

    if form.is_bound and (address := put_up(request, form, draft)):
        return redirect(address)
    provisional = Deadline.objects.filter(is_provisional=True, state__in=["running", "paused"])
    count = keyset.counts({"provisional": provisional})["provisional"]
    changes = list(seen_by(office).filter(kind="calendar").order_by("-pk")[:MOST_CHANGES])
    context = {
        "approvers": approvers_of((loaders or office.all)[0], workspace),
        "loaders": "" if loaders else _loaders(office, workspace),
        "form": form,
        "may_load": bool(loaders),
        "years": _years(),
        "missing": missing,
        "tab": "calendar",
        "provisional": keyset.in_words(count),
        "has_provisional": bool(count),
        "waiting": shown(row for row in changes if row.state in ("trying", "tried", "applying")),
        "decided": shown(row for row in changes if row.state not in ("trying", "tried", "applying")),
    }
    return render(request, "law/calendar.html", context, status=422 if form.is_bound else 200)


def _loaders(office: Office, workspace: Workspace) -> str:
    """Who may load a year for this place, the nearest first; for whoever may not."""
    officers = changing.calendar_loaders([authority.region_id for authority in office.all], on=workspace.today)
    return _("可以载入的人：%(names)s。") % {"names": in_words(officers)} if officers else ""


def _years() -> list[dict[str, Any]]:
    """Newest first; of each year the newest version counts."""
    days = {name: Count("days", filter=Q(days__is_working=works)) for name, works in (("off", False), ("on", True))}
    rows: list[dict[str, Any]] = []
    for version in CalendarVersion.objects.filter(country="CN").order_by("-year", "-number").annotate(**days):
        rows.append({"version": version, "counts": not rows or rows[-1]["version"].year != version.year})
    return rows
