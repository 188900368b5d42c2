"""/authority/triage/: what waits for a person to say where it goes, and one case of it.

The one rule: one decision in seconds; the first suggestion is one button, all else is one page
away, and what blocks it is said in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from complaints import labels
from complaints.conditions import Conditions, current_calendar
from complaints.models import Complaint
from complaints.views import keyset
from complaints.views.authority_desk import Desk, officer_page
from complaints.views.authority_lists import (
    RELATED,
    due_today,
    late,
    rows_of,
    waits_for,
)
from complaints.views.authority_setting import setting_of
from complaints.views.authority_targets import latest_decision, looked_up, suggested, why_words
from complaints.views.case import AUTHORITY, CasePage, case_url, page_of
from complaints.workflow import Status

BESIDE = 30
#: Earlier complaints of the same person that an officer should know of.
LOOK_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Tab:
    code: str
    title: Any
    tone: str
    empty: Any


TABS = (
    Tab("all", gettext_lazy("全部待分送"), "neutral", gettext_lazy("没有等待分送的投诉。")),
    Tab("today", gettext_lazy("今日到期"), "warn", gettext_lazy("今天没有到期的。")),
    Tab("late", gettext_lazy("已逾期"), "bad", gettext_lazy("没有逾期的。")),
    Tab("twice", gettext_lazy("退回两次"), "bad", gettext_lazy("没有被退回两次的。")),
    Tab("asked", gettext_lazy("等消费者同意"), "neutral", gettext_lazy("没有在等消费者同意的。")),
)


def waiting(desk: Desk) -> QuerySet[Complaint]:
    return desk.cases().filter(status=Status.TRIAGE)


def _conditions(desk: Desk) -> dict[str, Any]:
    return {"all": Q(), "today": due_today(desk, current_calendar()), "late": late(desk.now),
            "twice": Q(returns__gte=2), "asked": Q(waits_for("consent"))}


@officer_page("GET")
def triage(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    conditions = _conditions(desk)
    tab = next((t for t in TABS if t.code == request.GET.get("view")), TABS[0])
    counts = keyset.counts({code: waiting(desk).filter(condition) for code, condition in conditions.items()})
    page = keyset.page_of(waiting(desk).filter(conditions[tab.code]), request.GET, related=RELATED)
    here = f"{reverse('complaints:authority-triage')}?view={tab.code}"
    return render(request, "authority/triage.html", {
        "rows": [(row, triage_url(row.complaint)) for row in rows_of(page.rows, desk)], "tab": tab,
        "tabs": [{"title": t.title, "value": counts[t.code], "words": keyset.in_words(counts[t.code]), "is_current": t is tab,
                  "tone": t.tone if counts[t.code] else "neutral",
                  "url": f"{reverse('complaints:authority-triage')}?view={t.code}"} for t in TABS],
        "counts": {code: keyset.in_words(count) for code, count in counts.items()}, "now": desk.now,
        "previous_url": f"{here}&before={page.before}" if page.before else "",
        "next_url": f"{here}&after={page.after}" if page.after else "",
    })


def triage_url(complaint: Complaint) -> str:
    return reverse("complaints:authority-triage-case", args=[complaint.number])


@officer_page("GET")
def triage_case(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """One case: what was filed | to whom it may go. Not in triage any more: its case page."""
    setting = setting_of(desk, number, request.GET)
    case = setting.found.complaint
    if case.status != Status.TRIAGE:
        return redirect(case_url(case, AUTHORITY))
    page = page_of(setting.found, now=desk.now)
    beside = keyset.first(waiting(desk), BESIDE, related=RELATED)
    decision = latest_decision(case)
    conditions = Conditions.at(desk.now)
    ranked = suggested(case, decision, conditions=conditions)
    query = request.GET.get("q", "")[:80]
    return render(request, "authority/triage_case.html", {
        "page": page, "case": case, "may": setting.may, "now": desk.now, "query": query,
        "beside": [(row, triage_url(row.complaint)) for row in rows_of(beside, desk)],
        "why": why_words(decision), "targets": ranked,
        "reason": labels.reason(case.reason) if case.reason else "",
        "hits": looked_up(case, query, desk, conditions=conditions, besides=ranked),
        "checks": _checks(page, desk), "asked": page.matters.get("consent"),
        "is_returned_twice": case.returns >= 2,
    })


def _checks(page: CasePage, desk: Desk) -> dict[str, Any]:
    """Other complaints of the same person within a year, as far as this officer sees them."""
    case = page.complaint
    others = list(desk.cases().filter(consumer_key=case.consumer_key, filed_at__gte=desk.now - LOOK_BACK)
                  .exclude(pk=case.pk).order_by("-filed_at")[:5])
    return {"others": [(o, case_url(o, AUTHORITY), labels.label(o.outcome or o.status,
                        kind="outcome" if o.outcome else "status")) for o in others],
            "returns": case.returns}
