"""Which cases a list of the queue holds: its views, the conditions in its address, what has ended.

The one rule: each list is a condition on cases of the desk and none on anything else, so a view, a count, an export and
a step for many cases mean the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from django.db.models import CharField, Exists, F, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy

from authorities.models import named
from complaints.enterprise_forms import QueueFilter, handler_words
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, Matter, Obligation
from complaints.views.case_people import by_name
from complaints.views.case_search import matching
from complaints.views.enterprise_desk import Desk
from complaints.workflow import ENTERPRISE_SIDE, LOOK, Status
from enterprises.models import Branch, Staff
from enterprises.staffing import at_work, branch_subtree

S = Status
AT_THE_AUTHORITY = (S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED)
#: The enterprise is still a party while an authority has the case.
HERE = (*sorted(ENTERPRISE_SIDE), *AT_THE_AUTHORITY)
ON_OUR_SIDE = Q(status__in=sorted(ENTERPRISE_SIDE))
#: So many working days from today are soon.
SOON = 2

Shown = TypeVar("Shown", bound=Model)
Rows = QuerySet[Complaint]


@dataclass(frozen=True, slots=True)
class QueueView:
    """One view that everybody has: its words, which of the open cases it shows, its tone."""

    code: str
    title: Any
    of: Callable[[Rows, Desk], Rows]
    tone: str = "neutral"
    empty: Any = ""


def _at(*statuses: Status) -> Callable[[Rows, Desk], Rows]:
    return lambda cases, desk: cases.filter(status__in=statuses)


def _owed(**which: Any) -> QuerySet[Deadline]:
    return Deadline.objects.filter(complaint=OuterRef("pk"), owed_by="enterprise", ended_at=None, **which)


def _due_by(days: int) -> Callable[[Rows, Desk], Rows]:
    """Not late, and due today or within so many working days.

    The date of the case is asked first: most cases then need no look at their clocks.
    """

    def of(cases: Rows, desk: Desk) -> Rows:
        last = desk.calendar.after(desk.today, days) if days else desk.today
        night = desk.calendar.moment(last + timedelta(days=1))
        return cases.filter(Exists(_owed(state="running", last_day__lte=last, due_at__gt=desk.now)), ON_OUR_SIDE,
                            next_due_at__lte=night)

    return of


def _late(cases: Rows, desk: Desk) -> Rows:
    owed = _owed().filter(Q(state="lapsed") | Q(state="running", due_at__lte=desk.now))
    return cases.filter(Exists(owed), ON_OUR_SIDE, next_due_at__lte=desk.now)


def _breached(cases: Rows, desk: Desk) -> Rows:
    """A promise was broken: the case lies with the authority until both name a new day."""
    broken = Obligation.objects.filter(complaint=OuterRef("pk"), owed_by="enterprise", state="broken")
    return cases.filter(Exists(broken), status__in=AT_THE_AUTHORITY)


def with_last_word(cases: Rows) -> Rows:
    """Who spoke last; a filing and what the system wrote are no words to answer."""
    spoken = (HandlingStep.objects.filter(complaint=OuterRef("pk"), audience="parties")
              .exclude(actor_role="system").exclude(step__in=["file", LOOK]).order_by("-sequence").values("actor_role")[:1])
    return cases.annotate(last_word=Subquery(spoken, output_field=CharField()))


def _urged(cases: Rows, desk: Desk) -> Rows:
    """An authority waits for an answer of ours."""
    asked = Matter.objects.filter(complaint=OuterRef("pk"), kind="urge", state="open", to_authority=None)
    return cases.filter(Exists(asked))


def _replied(cases: Rows, desk: Desk) -> Rows:
    return with_last_word(cases.filter(ON_OUR_SIDE)).filter(Q(last_word="consumer"))


def _fresh(cases: Rows, desk: Desk) -> Rows:
    """Came to us yesterday or today."""
    yesterday = datetime.combine(desk.today - timedelta(days=1), time.min, tzinfo=desk.calendar.zone)
    return cases.filter(ON_OUR_SIDE, delivered_at__gte=yesterday)


def _mine(cases: Rows, desk: Desk) -> Rows:
    return cases.filter(handler_id__in=desk.staff_ids)


VIEWS: dict[str, QueueView] = {view.code: view for view in (
    QueueView("all", gettext_lazy("全部"), lambda cases, desk: cases, "neutral",
              gettext_lazy("现在没有未办结的案件。")),
    QueueView("overdue", gettext_lazy("逾期"), _late, "bad",
              gettext_lazy("没有逾期的案件，都在期限内。")),
    QueueView("today", gettext_lazy("今日到期"), _due_by(0), "warn",
              gettext_lazy("今天没有到期的案件。")),
    QueueView("soon", gettext_lazy("2工作日内到期"), _due_by(SOON), "warn",
              gettext_lazy("2个工作日内没有到期的案件。")),
    QueueView("new", gettext_lazy("待受理"), _at(S.WITH_ENTERPRISE), "info",
              gettext_lazy("没有等待受理的案件。")),
    QueueView("fresh", gettext_lazy("昨天以来新到"), _fresh, "info",
              gettext_lazy("昨天和今天没有新到的案件。")),
    QueueView("urged", gettext_lazy("有督办"), _urged, "authority",
              gettext_lazy("没有等您答复的督办。")),
    QueueView("replied", gettext_lazy("有回复"), _replied, "info",
              gettext_lazy("消费者没有新的回复。")),
    QueueView("waiting", gettext_lazy("等消费者"), _at(S.AWAITING_CONSUMER), "neutral",
              gettext_lazy("没有等消费者答复的方案。")),
    QueueView("performing", gettext_lazy("待履行"), _at(S.PERFORMING), "neutral",
              gettext_lazy("没有待履行的和解。")),
    QueueView("breached", gettext_lazy("违约"), _breached, "bad",
              gettext_lazy("没有违约的案件，答应的都做到了。")),
    QueueView("mine", gettext_lazy("我的"), _mine, "neutral",
              gettext_lazy("没有分派给您的案件。")),
    QueueView("unassigned", gettext_lazy("未分派"), lambda cases, desk: cases.filter(ON_OUR_SIDE, handler=None), "warn",
              gettext_lazy("每件都有处理人。")),
)}
PAST = QueueView("past", gettext_lazy("已结束"), lambda cases, desk: cases, "neutral",
                 gettext_lazy("还没有结束的案件。"))


def view_of(code: str) -> QueueView:
    """The view of this code; all open cases for a code that nobody knows."""
    return PAST if code == PAST.code else VIEWS.get(code, VIEWS["all"])


def open_cases(desk: Desk) -> Rows:
    """What lies with this desk now, here or at an authority."""
    return desk.cases().filter(status__in=HERE)


def asked_for(desk: Desk, asked: Mapping[str, Any]) -> QueueFilter:
    """The conditions of an address, with the people and branches of this desk to choose from: at most two queries."""
    return QueueFilter(asked, people=[(str(p.pk), handler_words(p)) for p in people_of(desk, asked.get("handler", ""))],
                       branches=[(str(b.pk), named(b)) for b in _branches_of(desk)])


def people_of(desk: Desk, one_more: str = "") -> list[Staff]:
    """Who may handle cases of this desk, by name; ``one_more`` (an id) is asked for although he may have left."""
    firms = {actor.enterprise_id for actor in desk.actors}
    at_desk = Q(pk__in=at_work(desk.today).filter(role__in=[Staff.Role.HANDLER, Staff.Role.MANAGER], user__is_active=True)
                .values("pk"))
    if one_more.isascii() and one_more.isdigit() and len(one_more) < 10:
        at_desk |= Q(pk=int(one_more))
    rows = Staff.objects.filter(at_desk, enterprise_id__in=firms).select_related("user", "branch", "enterprise")
    reach = [actor.branch_ids for actor in desk.actors]
    if None not in reach:
        seen = {branch for ids in reach for branch in ids or ()}
        rows = rows.filter(Q(branch=None) | Q(branch_id__in=seen))
    return by_name(rows.order_by("pk"))


def _branches_of(desk: Desk) -> list[Branch]:
    """Branches to choose from; nothing where there is no choice."""
    whole = [actor.enterprise_id for actor in desk.actors if actor.branch_ids is None]
    some = {branch for actor in desk.actors for branch in actor.branch_ids or ()}
    if not whole and len(some) < 2:
        return []
    found = list(Branch.objects.filter(Q(enterprise_id__in=whole) | Q(pk__in=some)).order_by("pk"))
    return found if len(found) > 1 else []


def narrowed(rows: QuerySet[Shown], form: QueueFilter, desk: Desk, *, path: str = "",
             newest_by: str = "") -> QuerySet[Shown]:
    """``rows`` under the conditions of ``form``; ``path`` leads from a row to its case."""
    said = form.said
    words, handler = said.get("q", ""), said.get("handler", "")
    if handler and path:
        # Who handles it elsewhere now is not ours to ask for.
        rows = rows.filter(**{f"{path}enterprise_id": F("enterprise_id")})
    if numbers := form.numbers:
        rows = rows.filter(**{f"{path}number__in": numbers})
    if words:
        tickets = Engagement.objects.filter(desk.engagements(), external_ref=words.strip()).values_list("complaint_id")
        # The own ticket is one case, whatever the word may mean elsewhere.
        rows = (rows.filter(**{"complaint_id__in" if path else "pk__in": tickets}) if tickets.exists()
                else matching(rows, words, path=path, newest_by=newest_by))
    if handler == "none":
        rows = rows.filter(**{f"{path}handler": None})
    elif handler == "mine":
        rows = rows.filter(**{f"{path}handler_id__in": desk.staff_ids})
    elif handler:
        rows = rows.filter(**{f"{path}handler_id": int(handler)})
    if said.get("problem"):
        rows = rows.filter(**{f"{path}problem_category": said["problem"]})
    if said.get("branch"):
        rows = rows.filter(branch_id__in=branch_subtree([int(said["branch"])]))
    return rows


def past_times(desk: Desk, form: QueueFilter) -> QuerySet[Engagement]:
    """Ended times with a case, not cases: these are in order, however many there are."""
    ours = Engagement.objects.filter(desk.engagements())
    again = ours.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    held = desk.cases().filter(pk=OuterRef("complaint"), status__in=HERE)
    return narrowed(ours.filter(~Exists(again), ~Exists(held), until_at__isnull=False), form, desk,
                    path="complaint__", newest_by="until_at")
