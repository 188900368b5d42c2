"""/authority/: my day in numbers, each of which opens its list; and what is next.

The one rule: no number without a list behind it, and all of them in one query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.conditions import current_calendar
from complaints.views.authority_desk import Desk, officer_page
from complaints.views.authority_lists import OPEN, due_soon, late, rows_of, waits_for, with_related
from complaints.workflow import Status
from complaints.working_calendar import Calendar

NEXT = 10
Condition = Callable[[Desk, Calendar], Any]


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: its words, its tone when it is not zero, its condition, its list."""

    name: str
    title: Any
    tone: str
    condition: Condition
    page: str
    query: dict[str, str]

    def url(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        return reverse(f"complaints:{self.page}") + query


def _status(status: Status) -> Condition:
    return lambda desk, calendar: Q(status=status)


def _waits(kind: str) -> Condition:
    return lambda desk, calendar: OPEN & Q(waits_for(kind))


NUMBERS = (
    Number("triage", gettext_lazy("待分送"), "info", _status(Status.TRIAGE), "authority-triage", {}),
    Number("late", gettext_lazy("已逾期"), "bad", lambda desk, calendar: late(desk.now),
           "authority-cases", {"overdue": "1"}),
    Number("soon", gettext_lazy("2个工作日内到期"), "warn", due_soon, "authority-cases", {"overdue": "soon"}),
    Number("review", gettext_lazy("待受理审查"), "authority", _status(Status.REVIEW),
           "authority-cases", {"status": "review"}),
    Number("mediating", gettext_lazy("调解中"), "authority", _status(Status.MEDIATING),
           "authority-cases", {"status": "mediating"}),
    Number("proposals", gettext_lazy("待批准"), "warn", _waits("proposal"), "authority-approvals", {}),
    Number("returns", gettext_lazy("申请退回"), "warn", _waits("return"),
           "authority-cases", {"waiting": "return"}),
    Number("mine", gettext_lazy("我经办的"), "neutral",
           lambda desk, calendar: OPEN & Q(officer__user=desk.user), "authority-cases", {"mine": "1"}),
)


@officer_page("GET")
def day(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    calendar = current_calendar()
    counts = desk.cases().filter(OPEN).aggregate(
        **{n.name: Count("pk", filter=n.condition(desk, calendar)) for n in NUMBERS})
    mine = with_related(desk.cases().filter(OPEN).filter(desk.mine()).exclude(next_due_at=None)
                        .filter(status__in=AT_US).order_by("next_due_at", "pk"))[:NEXT]
    return render(request, "authority/day.html", {
        "numbers": [{"title": n.title, "value": counts[n.name], "url": n.url(),
                     "tone": n.tone if counts[n.name] else "neutral"} for n in NUMBERS],
        "rows": rows_of(list(mine), desk), "now": desk.now, "sentence": _sentence(counts),
        "is_late": bool(counts["late"]),
    })


#: Where the authority itself must act.
AT_US = (Status.TRIAGE, Status.REVIEW, Status.MEDIATING, Status.MEDIATION_SUSPENDED)


def _sentence(counts: dict[str, int]) -> str:
    if counts["late"]:
        return _("逾期%(late)s件，2个工作日内到期%(soon)s件") % counts
    if counts["soon"]:
        return _("没有逾期；2个工作日内到期%(soon)s件") % counts
    return _("都在期限内")
