"""The enterprise's queue: what is next, in views with counts, sorted by the next deadline.

The one rule: however many cases there are, a page costs the same number of queries and reads
one page of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import labels, standing
from complaints.conditions import current_calendar
from complaints.enterprise_forms import QueueFilter
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, PersonalText
from complaints.views.case import why_url
from complaints.views.case_people import label_of, masked_name
from complaints.views.enterprise_desk import Desk, case_url, desk_page
from complaints.workflow import ENTERPRISE_SIDE, Status

S = Status
PAGE = 25
#: Counts beyond this are shown as 约.
MANY = 10_000
#: The enterprise is still a party while an authority has the case.
HERE = (*sorted(ENTERPRISE_SIDE), S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED)
ON_OUR_SIDE = Q(status__in=sorted(ENTERPRISE_SIDE))


@dataclass(frozen=True, slots=True)
class QueueView:
    """One saved view: its words, its condition on the annotated rows, its tone."""

    code: str
    title: Any
    condition: Q
    tone: str = "neutral"
    empty: Any = ""


VIEWS: dict[str, QueueView] = {view.code: view for view in (
    QueueView("new", gettext_lazy("待受理"), Q(status=S.WITH_ENTERPRISE), "info",
              gettext_lazy("没有等待受理的案件。")),
    QueueView("today", gettext_lazy("今日到期"), ON_OUR_SIDE & Q(is_due_today=True), "warn",
              gettext_lazy("今天没有到期的案件。")),
    QueueView("overdue", gettext_lazy("逾期"), ON_OUR_SIDE & Q(is_owed_late=True), "bad",
              gettext_lazy("没有逾期的案件，都在期限内。")),
    QueueView("replied", gettext_lazy("有回复"), ON_OUR_SIDE & Q(last_word="consumer"), "info",
              gettext_lazy("消费者没有新的回复。")),
    QueueView("performing", gettext_lazy("待履行"), Q(status=S.PERFORMING), "neutral",
              gettext_lazy("没有待履行的和解。")),
    QueueView("waiting", gettext_lazy("等消费者"), Q(status=S.AWAITING_CONSUMER), "neutral",
              gettext_lazy("没有等消费者答复的方案。")),
    QueueView("mine", gettext_lazy("我的"), Q(is_mine=True), "neutral",
              gettext_lazy("没有分派给您的案件。")),
    QueueView("all", gettext_lazy("全部"), Q(), "neutral", gettext_lazy("现在没有未办结的案件。")),
)}
PAST = QueueView("past", gettext_lazy("已结束"), Q(), "neutral",
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


@desk_page("GET")
def queue(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """/enterprise/queue/?view=…: all open cases of this desk, or one view of them."""
    view = PAST if request.GET.get("view") == "past" else VIEWS.get(request.GET.get("view", ""), VIEWS["all"])
    form = QueueFilter(request.GET or None)
    open_cases = annotated(visible(desk).filter(status__in=HERE), desk)
    counts = open_cases.aggregate(**{v.code: Count("pk", filter=v.condition or Q(pk__gt=0))
                                     for v in VIEWS.values()})
    chosen = _past(desk) if view is PAST else open_cases.filter(view.condition)
    page, before, after = keyset(narrowed(chosen, form, desk), request.GET, newest_first=view is PAST)
    rows = rows_of(page, desk)
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
    })


def visible(desk: Desk) -> QuerySet[Complaint]:
    return Complaint.objects.visible_to(desk.user, on=desk.today).filter(desk.cases())


def annotated(cases: QuerySet[Complaint], desk: Desk) -> QuerySet[Complaint]:
    """What the views ask of a case: due today, late, who spoke last, whose it is."""
    owed = Deadline.objects.filter(complaint=OuterRef("pk"), owed_by="enterprise", ended_at=None)
    spoken = (HandlingStep.objects.filter(complaint=OuterRef("pk"), audience="parties")
              .exclude(actor_role="system").exclude(step="file").order_by("-sequence").values("actor_role")[:1])
    # The columns of the case are asked first: most rows then need no look at their clocks.
    tonight = desk.now + timedelta(days=1)
    return cases.annotate(
        is_due_today=Case(When(next_due_at__lte=tonight, then=Exists(
            owed.filter(state="running", last_day=desk.today, due_at__gt=desk.now))), default=False),
        is_owed_late=Case(When(Q(is_overdue=True) | Q(next_due_at__lte=desk.now), then=Exists(
            owed.filter(Q(state="lapsed") | Q(state="running", due_at__lte=desk.now)))), default=False),
        last_word=Case(When(status__in=sorted(ENTERPRISE_SIDE), then=Subquery(
            spoken, output_field=CharField())), default=Value(""), output_field=CharField()),
        is_mine=Q(handler_id__in=desk.staff_ids),
    )


def _past(desk: Desk) -> QuerySet[Complaint]:
    """Closed cases, and those that went to somebody else: our own time with them is readable."""
    ours = Engagement.objects.filter(desk.engagements(), complaint=OuterRef("pk"))
    gone = ~desk.cases() | Q(status__in=[S.CLOSED, S.FILED, S.TRIAGE])
    return (Complaint.objects.visible_to(desk.user, on=desk.today).filter(Exists(ours)).filter(gone)
            .annotate(last_word=Value("", output_field=CharField())))


def narrowed(cases: QuerySet[Complaint], form: QueueFilter, desk: Desk) -> QuerySet[Complaint]:
    if not form.is_valid():
        return cases
    words, handler = form.cleaned_data["q"], form.cleaned_data["handler"]
    if words:
        cases = cases.filter(Q(number__icontains=words) | Q(item_name__icontains=words))
    if handler == "none":
        cases = cases.filter(handler=None)
    elif handler == "mine":
        cases = cases.filter(handler_id__in=desk.staff_ids)
    return cases


def keyset(
    cases: QuerySet[Complaint], asked: Any, *, newest_first: bool = False
) -> tuple[list[Complaint], str, str]:
    """One page and the keys of the pages before and after it ("" where there is none)."""
    field = "last_event_at" if newest_first else "next_due_at"
    backwards = bool(asked.get("before"))
    falling = newest_first != backwards
    key = _read_key(asked.get("before") or asked.get("after") or "")
    if key is not None:
        cases = cases.filter(_beyond(field, *key, falling=falling, backwards=backwards))
    first = F(field).desc(nulls_first=True) if falling else F(field).asc(nulls_last=True)
    found = list(cases.select_related("handler__user", "branch").order_by(first, "-pk" if falling else "pk")
                 [:PAGE + 1])
    more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    has_before = more if backwards else key is not None
    has_after = True if backwards else more
    return (found, _write_key(found[0], field) if found and has_before else "",
            _write_key(found[-1], field) if found and has_after else "")


def _beyond(field: str, moment: datetime | None, pk: int, *, falling: bool, backwards: bool) -> Q:
    """Rows that come after the key in the order of reading; without a date they stand last."""
    step = "lt" if falling else "gt"
    if moment is None:
        beside = Q(**{f"{field}__isnull": True, f"pk__{step}": pk})
        return beside | Q(**{f"{field}__isnull": False}) if backwards else beside
    found = Q(**{f"{field}__{step}": moment}) | Q(**{field: moment, f"pk__{step}": pk})
    return found if falling else found | Q(**{f"{field}__isnull": True})


def _write_key(complaint: Complaint, field: str) -> str:
    moment = getattr(complaint, field)
    return f"{int(moment.timestamp() * 1_000_000) if moment else 'x'}.{complaint.pk}"


def _read_key(text: str) -> tuple[datetime | None, int] | None:
    """A key that somebody changed is no key: the first page is shown."""
    moment, _dot, pk = text.partition(".")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    if moment == "x":
        return None, int(pk)
    if not (moment.isascii() and moment.isdigit() and len(moment) < 17):
        return None
    seconds, rest = divmod(int(moment), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), int(pk)


def rows_of(cases: list[Complaint], desk: Desk) -> list[Row]:
    """Three queries for the page: names, last entries, live clocks."""
    ids = [case.pk for case in cases]
    names = dict(PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind="consumer_name")
                 .order_by("sequence").values_list("complaint_id", "text"))
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
            last_event=labels.label(step.step, kind="step") if step else "",
            last_event_at=case.last_event_at,
            is_new=status in ENTERPRISE_SIDE and getattr(case, "last_word", "") == "consumer",
        ))
    return found


def _tab(view: QueueView, current: QueueView, count: int | None) -> dict[str, Any]:
    words = "" if count is None else str(count) if count < MANY else _("约%(n)s") % {"n": count // 1000 * 1000}
    return {"title": view.title, "url": f"{reverse('complaints:enterprise-queue')}?view={view.code}",
            "count": words, "value": count, "tone": view.tone if count else "neutral",
            "is_current": view is current}


def _sentence(counts: dict[str, int]) -> str:
    if not counts["all"]:
        return _("没有未办结的案件")
    if not counts["today"] and not counts["overdue"]:
        return _("都在期限内：未办结%(n)s件") % {"n": counts["all"]}
    return _("今天到期%(today)s件，逾期%(late)s件") % {"today": counts["today"], "late": counts["overdue"]}


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
