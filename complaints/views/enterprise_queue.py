"""The enterprise's queue: what is next, in views with counts, sorted by the next deadline.

The one rule: however many cases there are, a page costs the same number of queries and reads
one page of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import CharField, Exists, F, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import labels, standing
from complaints.actors import stands_to
from complaints.conditions import current_calendar
from complaints.enterprise_forms import QueueFilter
from complaints.models import Complaint, Deadline, Engagement, HandlingStep
from complaints.views import keyset
from complaints.views.case import why_url
from complaints.views.case_people import label_of, names_of_consumers
from complaints.views.case_search import matching
from complaints.views.enterprise_desk import Desk, case_url, desk_page
from complaints.workflow import ENTERPRISE_SIDE, LOOK, Status
from odr_portal.accounts.masking import masked_name

S = Status
#: The enterprise is still a party while an authority has the case.
HERE = (*sorted(ENTERPRISE_SIDE), S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED)
ON_OUR_SIDE = Q(status__in=sorted(ENTERPRISE_SIDE))


Shown = TypeVar("Shown", bound=Model)
#: So long after now a clock of today may run.
TONIGHT = timedelta(days=1)
Rows = QuerySet[Complaint]


@dataclass(frozen=True, slots=True)
class QueueView:
    """One saved view: its words, which of the open cases it shows, its tone."""

    code: str
    title: Any
    of: Callable[[Rows, Desk], Rows]
    tone: str = "neutral"
    empty: Any = ""


def _at(*statuses: Status) -> Callable[[Rows, Desk], Rows]:
    return lambda cases, desk: cases.filter(status__in=statuses)


def _owed(desk: Desk, **which: Any) -> QuerySet[Deadline]:
    return Deadline.objects.filter(complaint=OuterRef("pk"), owed_by="enterprise", ended_at=None, **which)


def _due_today(cases: Rows, desk: Desk) -> Rows:
    """The date of the case is asked first: most cases then need no look at their clocks."""
    return cases.filter(Exists(_owed(desk, state="running", last_day=desk.today, due_at__gt=desk.now)),
                        ON_OUR_SIDE, next_due_at__lte=desk.now + TONIGHT)


def _late(cases: Rows, desk: Desk) -> Rows:
    owed = _owed(desk).filter(Q(state="lapsed") | Q(state="running", due_at__lte=desk.now))
    return cases.filter(Exists(owed), ON_OUR_SIDE, next_due_at__lte=desk.now)


def _with_last_word(cases: Rows) -> Rows:
    """Who spoke last; a filing and what the system wrote are no words to answer."""
    spoken = (HandlingStep.objects.filter(complaint=OuterRef("pk"), audience="parties")
              .exclude(actor_role="system").exclude(step__in=["file", LOOK]).order_by("-sequence").values("actor_role")[:1])
    return cases.annotate(last_word=Subquery(spoken, output_field=CharField()))


def _replied(cases: Rows, desk: Desk) -> Rows:
    return _with_last_word(cases.filter(ON_OUR_SIDE)).filter(Q(last_word="consumer"))


def _mine(cases: Rows, desk: Desk) -> Rows:
    return cases.filter(handler_id__in=desk.staff_ids)


VIEWS: dict[str, QueueView] = {view.code: view for view in (
    QueueView("new", gettext_lazy("待受理"), _at(S.WITH_ENTERPRISE), "info",
              gettext_lazy("没有等待受理的案件。")),
    QueueView("today", gettext_lazy("今日到期"), _due_today, "warn",
              gettext_lazy("今天没有到期的案件。")),
    QueueView("overdue", gettext_lazy("逾期"), _late, "bad",
              gettext_lazy("没有逾期的案件，都在期限内。")),
    QueueView("replied", gettext_lazy("有回复"), _replied, "info",
              gettext_lazy("消费者没有新的回复。")),
    QueueView("performing", gettext_lazy("待履行"), _at(S.PERFORMING), "neutral",
              gettext_lazy("没有待履行的和解。")),
    QueueView("waiting", gettext_lazy("等消费者"), _at(S.AWAITING_CONSUMER), "neutral",
              gettext_lazy("没有等消费者答复的方案。")),
    QueueView("mine", gettext_lazy("我的"), _mine, "neutral",
              gettext_lazy("没有分派给您的案件。")),
    QueueView("all", gettext_lazy("全部"), lambda cases, desk: cases, "neutral",
              gettext_lazy("现在没有未办结的案件。")),
)}
PAST = QueueView("past", gettext_lazy("已结束"), lambda cases, desk: cases, "neutral",
                 gettext_lazy("还没有结束的案件。"))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue, ready to be shown; the consumer is masked."""

    complaint: Complaint
    url: str
    consumer: str
    problem: str
    status: str
    tone: str
    icon: str
    clock: dict[str, Any] | None
    clock_url: str
    last_event: str
    last_event_at: datetime
    is_new: bool
    handler: str | None


@desk_page("GET")
def queue(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """/enterprise/queue/?view=…: all open cases of this desk, or one view of them."""
    view = PAST if request.GET.get("view") == "past" else VIEWS.get(request.GET.get("view", ""), VIEWS["all"])
    form = QueueFilter(request.GET or None)
    open_cases = desk.cases().filter(status__in=HERE)
    found = {v.code: v.of(open_cases, desk) for v in VIEWS.values()}
    counts = keyset.counts(found)
    before, after, rows = (_past_page(desk, form, request.GET) if view is PAST
                           else _open_page(found[view.code], desk, form, request.GET))
    return render(request, "enterprise/queue.html", {
        "view": view,
        "tabs": [_tab(v, view, counts[v.code]) for v in VIEWS.values()] + [_tab(PAST, view, None)],
        "rows": rows,
        "sentence": _sentence(counts),
        "next_row": next((row for row in rows if row.complaint.status in ENTERPRISE_SIDE), None),
        "filter": form,
        "active": _active(form, view),
        "previous_url": _page_url(form, view, before=before),
        "next_url": _page_url(form, view, after=after),
        "now": desk.now,
        "export_url": f"{reverse('complaints:enterprise-export-new')}?{urlencode({'view': view.code} | _query(form))}",
    })


def _open_page(cases: Rows, desk: Desk, form: QueueFilter, asked: Mapping[str, str]) -> tuple[str, str, list[Row]]:
    page = keyset.page_of(_with_last_word(narrowed(cases, form, desk)), asked, related=("handler__user", "branch"))
    return page.before, page.after, rows_of(page.rows, desk)


def _past_page(desk: Desk, form: QueueFilter, asked: Mapping[str, str]) -> tuple[str, str, list[Row]]:
    """Closed cases, and those that went to somebody else: our own time with them is readable."""
    page = keyset.page_of(past_times(desk, form), asked, keyset.BY_END,
                          related=("complaint__handler__user", "complaint__branch"))
    return page.before, page.after, rows_of(
        [time.complaint for time in page.rows], desk,
        given_up={time.complaint_id: time for time in page.rows
                  if not any(stands_to(actor, time.complaint) for actor in desk.actors)})


def past_times(desk: Desk, form: QueueFilter) -> QuerySet[Engagement]:
    """Ended times with a case, not cases: these are in order, however many there are."""
    ours = Engagement.objects.filter(desk.engagements())
    again = ours.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    held = desk.cases().filter(pk=OuterRef("complaint"), status__in=HERE)
    return narrowed(ours.filter(~Exists(again), ~Exists(held), until_at__isnull=False), form, desk,
                    path="complaint__", newest_by="until_at")


def narrowed(rows: QuerySet[Shown], form: QueueFilter, desk: Desk, *, path: str = "",
             newest_by: str = "") -> QuerySet[Shown]:
    if not form.is_valid():
        return rows
    words, handler = form.cleaned_data["q"], form.cleaned_data["handler"]
    if handler and path:
        # Who handles it elsewhere now is not ours to ask for.
        rows = rows.filter(**{f"{path}enterprise_id": F("enterprise_id")})
    if words:
        tickets = Engagement.objects.filter(desk.engagements(), external_ref=words.strip()).values_list("complaint_id")
        # The own ticket is one case, whatever the word may mean elsewhere.
        rows = (rows.filter(**{"complaint_id__in" if path else "pk__in": tickets}) if tickets.exists()
                else matching(rows, words, path=path, newest_by=newest_by))
    if handler == "none":
        rows = rows.filter(**{f"{path}handler": None})
    elif handler == "mine":
        rows = rows.filter(**{f"{path}handler_id__in": desk.staff_ids})
    return rows


def rows_of(cases: list[Complaint], desk: Desk, *, given_up: Mapping[int, Engagement] | None = None) -> list[Row]:
    """Three queries for the page: names, last entries, live clocks.

    Of a case that was ``given_up`` only our own time with it is shown: what came of that, and when.
    """
    ids = [case.pk for case in cases]
    names = names_of_consumers(ids)
    last = {step.complaint_id: step for step in HandlingStep.objects.filter(
        complaint_id__in=ids, audience="parties", sequence=F("complaint__last_sequence"))
        .only("complaint_id", "step", "written_at")}
    clocks: dict[int, list[Deadline]] = {}
    for clock in Deadline.objects.filter(complaint_id__in=ids, ended_at=None,
                                         state__in=["running", "paused", "lapsed"]).select_related("obligation"):
        clocks.setdefault(clock.complaint_id, []).append(clock)
    calendar = current_calendar()
    found = []
    for case in cases:
        if given_up and case.pk in given_up:
            found.append(_given_up(case, given_up[case.pk], masked_name(names.get(case.pk, ""))))
            continue
        status = Status(case.status)
        deadline = standing.speaking_clock(status, clocks.get(case.pk, []))
        step = last.get(case.pk)
        found.append(Row(
            complaint=case,
            url=case_url(case),
            consumer=masked_name(names.get(case.pk, "")),
            problem=case.item_name or label_of(case.problem_category) or case.title,
            status=labels.label(case.outcome or status, kind="outcome" if case.outcome else "status"),
            tone=labels.tone(status, case.outcome),
            icon=labels.icon(status, case.outcome),
            clock=standing.clock_facts(deadline=deadline, now=desk.now, calendar=calendar, status=status)
            if deadline else None,
            clock_url=why_url(case, deadline) if deadline else "",
            last_event=labels.label(step.step, kind="step") if step and step.step != LOOK else "",
            last_event_at=case.last_event_at,
            is_new=status in ENTERPRISE_SIDE and getattr(case, "last_word", "") == "consumer",
            handler=case.handler.user.name if case.handler else None,
        ))
    return found


def _given_up(case: Complaint, time: Engagement, consumer: str) -> Row:
    """Whatever happened to the case later is another enterprise's matter."""
    ended_at = time.until_at or case.last_event_at
    return Row(
        complaint=case, url=case_url(case), consumer=consumer,
        problem=case.item_name or label_of(case.problem_category) or case.number,
        status=labels.label(time.odr_result, kind="odr_result"), tone="neutral", icon="", clock=None, clock_url="",
        last_event="", last_event_at=ended_at, is_new=False, handler="")


def _tab(view: QueueView, current: QueueView, count: int | None) -> dict[str, Any]:
    words = "" if count is None else keyset.in_words(count)
    return {"title": view.title, "url": f"{reverse('complaints:enterprise-queue')}?view={view.code}",
            "count": words, "value": count, "tone": view.tone if count else "neutral",
            "is_current": view is current}


def _sentence(counts: dict[str, int]) -> str:
    if not counts["all"]:
        return _("没有未办结的案件")
    if not counts["today"] and not counts["overdue"]:
        return _("都在期限内：未办结%(n)s件") % {"n": keyset.in_words(counts["all"])}
    return _("今天到期%(today)s件，逾期%(late)s件") % {
        "today": keyset.in_words(counts["today"]), "late": keyset.in_words(counts["overdue"])}


def _query(form: QueueFilter) -> dict[str, str]:
    if not form.is_valid():
        return {}
    return {name: value for name, value in form.cleaned_data.items() if value}


def _page_url(form: QueueFilter, view: QueueView, **key: str) -> str:
    if not any(key.values()):
        return ""
    query = {"view": view.code} | _query(form) | {name: value for name, value in key.items() if value}
    return f"{reverse('complaints:enterprise-queue')}?{urlencode(query)}"


def _active(form: QueueFilter, view: QueueView) -> list[dict[str, str]]:
    """Conditions in force, each with the address without it."""
    said = {name: value for name, value in _query(form).items() if name != "view"}
    here = reverse("complaints:enterprise-queue")
    return [{"label": form.words_of(name),
             "remove_url": f"{here}?{urlencode({'view': view.code} | {k: v for k, v in said.items() if k != name})}"}
            for name in said]
