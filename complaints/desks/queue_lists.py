"""Which cases a list of the queue holds: its views, the conditions in its address, what has ended.

A view, a count, an export and a step for many cases mean the same rows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from django import forms
from django.db.models import Case, Exists, F, IntegerChoices, IntegerField, Model, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.assignment import owners
from complaints.desks.case_search import matching
from complaints.desks.enterprise_workspace import Workspace
from complaints.forms.fields import Choices, set_choices
from complaints.models import Complaint, Engagement, Matter, Obligation
from complaints.procedure.categories import PROBLEM_CATEGORIES
from complaints.procedure.workflow import ENTERPRISE_SIDE, HAS_RESPONDENT, Status
from complaints.reading.case_people import by_name, handler_label
from enterprises.models import Staff
from enterprises.team.staffing import branch_subtree
from web.incoming import ID_DIGITS, whole
from web.languages import named


class QueueFilter(forms.Form):
    """Conditions on the queue: a shareable GET form; what cannot be read is left out.

    ``people`` and ``branches`` are (id, label) of this workspace; ``only`` are numbers of cases with dots between them.
    """

    #: So many cases can be named one by one in an address.
    MOST_NAMED = 100
    SIZES = ("25", "50", "100")

    view = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20)
    q = forms.CharField(
        label=_("编号、商品、姓名、电话、订单号"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 18}),
    )
    problem = forms.ChoiceField(label=_("问题"), required=False, choices=[("", _("全部")), *PROBLEM_CATEGORIES])
    handler = forms.ChoiceField(label=_("处理人"), required=False)
    branch = forms.ChoiceField(label=_("网点"), required=False)
    size = forms.ChoiceField(label=_("每页"), required=False, choices=[("", SIZES[0]), *((n, n) for n in SIZES[1:])])
    only = forms.CharField(label=_("选中的"), required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, people: Choices | None = None, branches: Choices | None = None) -> None:
        super().__init__(data)
        self.people = people or []
        set_choices(self, "handler", [("", _("全部")), ("mine", _("我的")), ("none", _("未分派")), *self.people])
        set_choices(self, "branch", [("", _("全部")), *(branches or [])])
        if not branches:
            self.fields["branch"].widget = forms.HiddenInput()

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that could be read, by name; how long a page is, is none."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        return {name: str(value) for name, value in cleaned.items() if value and name not in ("view", "size")}

    @property
    def numbers(self) -> list[str]:
        return [one for one in self.conditions.get("only", "").split(".") if one][: self.MOST_NAMED]

    @property
    def rows_a_page(self) -> int:
        """0 where the usual number is meant."""
        self.is_valid()
        return int(getattr(self, "cleaned_data", {}).get("size") or 0)

    def condition_text(self, name: str) -> str:
        value: Any = self.conditions.get(name, "")
        if name == "only":
            value = gettext("%(n)s件") % {"n": len(self.numbers)}
        elif name in ("handler", "branch", "problem"):
            value = dict(_flat(self.fields[name].choices)).get(value, value)  # type: ignore[attr-defined]
        return gettext("%(label)s：%(value)s") % {"label": self.fields[name].label, "value": value}


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    """The choices of a list with groups."""
    for value, text in choices:
        if isinstance(text, list | tuple):
            yield from text
        else:
            yield value, text


S = Status
AT_THE_AUTHORITY = sorted(HAS_RESPONDENT - ENTERPRISE_SIDE)
HERE = sorted(HAS_RESPONDENT)
ON_OUR_SIDE = Q(status__in=sorted(ENTERPRISE_SIDE))
#: So many working days from today are soon.
SOON = 2

Row = TypeVar("Row", bound=Model)
Rows = QuerySet[Complaint]


@dataclass(frozen=True, slots=True)
class QueueView:
    """One view that everybody has: its label, which of the open cases it shows, its tone."""

    code: str
    title: Any
    of: Callable[[Rows, Workspace], Rows]
    tone: str = "neutral"
    empty: Any = ""


def _at(*statuses: Status) -> Callable[[Rows, Workspace], Rows]:
    return lambda cases, workspace: cases.filter(status__in=statuses)


def _due_by(days: int) -> Callable[[Rows, Workspace], Rows]:
    """Not late, and due today or within so many working days."""

    def of(cases: Rows, workspace: Workspace) -> Rows:
        last = workspace.calendar.after(workspace.today, days) if days else workspace.today
        night = workspace.calendar.moment(last + timedelta(days=1))
        return cases.filter(ON_OUR_SIDE, enterprise_due_at__gt=workspace.now, enterprise_due_at__lte=night)

    return of


def _late(cases: Rows, workspace: Workspace) -> Rows:
    return cases.filter(ON_OUR_SIDE, enterprise_due_at__lte=workspace.now)


def _breached(cases: Rows, workspace: Workspace) -> Rows:
    """A promise was broken: the case lies with the authority until both name a new day."""
    broken = Obligation.objects.filter(complaint=OuterRef("pk"), owed_by="enterprise", state="broken")
    return cases.filter(Exists(broken), status__in=AT_THE_AUTHORITY)


def _instructed(cases: Rows, workspace: Workspace) -> Rows:
    """An authority waits for an answer of ours."""
    asked = Matter.objects.filter(complaint=OuterRef("pk"), kind="urge", state="open", to_authority=None)
    return cases.filter(Exists(asked))


def _replied(cases: Rows, workspace: Workspace) -> Rows:
    return cases.filter(ON_OUR_SIDE, last_word="consumer")


def _fresh(cases: Rows, workspace: Workspace) -> Rows:
    """Came to us yesterday or today."""
    yesterday = datetime.combine(workspace.today - timedelta(days=1), time.min, tzinfo=workspace.calendar.zone)
    return cases.filter(ON_OUR_SIDE, delivered_at__gte=yesterday)


def _unowned(cases: Rows, workspace: Workspace) -> Rows:
    return cases.filter(owners.without_handler(workspace.now, workspace.calendar))


def _mine(cases: Rows, workspace: Workspace) -> Rows:
    return cases.filter(handler_id__in=workspace.staff_ids)


#: What I owe something for: a clock of ours runs, or the consumer spoke last. The rest of mine waits for somebody else.
TO_DO = Q(enterprise_due_at__isnull=False) | ON_OUR_SIDE & Q(last_word="consumer")


def _to_do(cases: Rows, workspace: Workspace) -> Rows:
    return _mine(cases, workspace).filter(TO_DO)


def _with_others(cases: Rows, workspace: Workspace) -> Rows:
    return _mine(cases, workspace).exclude(TO_DO)


class Group(IntegerChoices):
    """The parts of my work, in the order in which they are done."""

    OVERDUE = 0, _("逾期")
    TODAY = 1, _("今天到期")
    REPLIED = 2, _("有新回复、要改的")
    THIS_WEEK = 3, _("本周")
    LATER = 4, _("以后")


def in_groups(cases: Rows, workspace: Workspace) -> Rows:
    """Each with its ``group``, by the clock that we owe within it: by nothing that others owe."""
    tonight = workspace.calendar.moment(workspace.today + timedelta(days=1))
    sunday = workspace.calendar.moment(workspace.today + timedelta(days=7 - workspace.today.weekday()))
    asked = Matter.objects.filter(complaint=OuterRef("pk"), kind="proposal", audience="enterprise")
    sent_back = Exists(asked.filter(state="refused")) & ~Exists(asked.filter(state="open"))
    group = Case(
        When(enterprise_due_at__lte=workspace.now, then=Value(Group.OVERDUE)),
        When(enterprise_due_at__lte=tonight, then=Value(Group.TODAY)),
        When(ON_OUR_SIDE & Q(last_word="consumer"), then=Value(Group.REPLIED)),
        When(Q(sent_back, status=S.NEGOTIATING), then=Value(Group.REPLIED)),
        When(enterprise_due_at__lte=sunday, then=Value(Group.THIS_WEEK)),
        default=Value(Group.LATER),
        output_field=IntegerField(),
    )
    return cases.annotate(group=group).order_by("group", F("enterprise_due_at").asc(nulls_last=True), "pk")


VIEWS: dict[str, QueueView] = {
    view.code: view
    for view in (
        QueueView("work", _("我的活"), _to_do, "warn", _("现在没有等您办的案件。")),
        QueueView("others", _("等别人"), _with_others, "neutral", _("您的案件没有在等别人的。")),
        QueueView("all", _("全部"), lambda cases, workspace: cases, "neutral", _("现在没有未办结的案件。")),
        QueueView("overdue", _("逾期"), _late, "bad", _("没有逾期的案件，都在期限内。")),
        QueueView("today", _("今日到期"), _due_by(0), "warn", _("今天没有到期的案件。")),
        QueueView("soon", _("2工作日内到期"), _due_by(SOON), "warn", _("2个工作日内没有到期的案件。")),
        QueueView("new", _("待受理"), _at(S.WITH_ENTERPRISE), "info", _("没有等待受理的案件。")),
        QueueView("fresh", _("昨天以来新到"), _fresh, "info", _("昨天和今天没有新到的案件。")),
        QueueView("urged", _("有督办"), _instructed, "authority", _("没有等您答复的督办。")),
        QueueView("replied", _("有回复"), _replied, "info", _("消费者没有新的回复。")),
        QueueView("waiting", _("等消费者"), _at(S.AWAITING_CONSUMER), "neutral", _("没有等消费者答复的方案。")),
        QueueView("performing", _("待做到"), _at(S.PERFORMING), "neutral", _("没有待做到的和解。")),
        QueueView("breached", _("没做到"), _breached, "bad", _("约定的都做到了。")),
        QueueView("mine", _("我的"), _mine, "neutral", _("没有分派给您的案件。")),
        QueueView(
            "unassigned",
            _("未分派"),
            lambda cases, workspace: cases.filter(ON_OUR_SIDE, handler=None),
            "warn",
            _("每件都有处理人。"),
        ),
        QueueView("unowned", _("超1个工作日无人"), _unowned, "bad", _("没有超过1个工作日无人处理的案件。")),
    )
}
PAST = QueueView("past", _("已结束"), lambda cases, workspace: cases, "neutral", _("还没有结束的案件。"))


def view_of(code: str) -> QueueView:
    """The view of this code; all open cases for a code that nobody knows."""
    return PAST if code == PAST.code else VIEWS.get(code, VIEWS["all"])


def open_cases(workspace: Workspace) -> Rows:
    """What lies with this workspace now, here or at an authority."""
    return workspace.cases().filter(status__in=HERE)


def asked_for(workspace: Workspace, asked: Mapping[str, Any]) -> QueueFilter:
    """The conditions of an address, with the people and branches of this workspace to choose from."""
    people = [*workspace.choices.people, *_who_left(workspace, asked.get("handler", ""))]
    return QueueFilter(
        asked,
        people=[(str(p.pk), handler_label(p)) for p in people],
        branches=[(str(b.pk), named(b)) for b in workspace.choices.branches],
    )


def _who_left(workspace: Workspace, handler: str) -> list[Staff]:
    """Who is asked for in the address and does not handle cases here any more: the list stays what it was called."""
    pk = whole(handler, ID_DIGITS)
    if pk is None or pk in {person.pk for person in workspace.choices.people}:
        return []
    result = Staff.objects.filter(pk=pk, enterprise_id__in={actor.enterprise_id for actor in workspace.actors})
    if None not in (reach := [actor.branch_ids for actor in workspace.actors]):
        result = result.filter(Q(branch=None) | Q(branch_id__in={branch for ids in reach for branch in ids or ()}))
    return by_name(result.select_related("user", "branch", "enterprise"))


def narrowed(
    rows: QuerySet[Row], form: QueueFilter, workspace: Workspace, *, path: str = "", newest_by: str = ""
) -> QuerySet[Row]:
    """``rows`` under the conditions of ``form``; ``path`` leads from a row to its case."""
    given = form.conditions
    text, handler = given.get("q", ""), given.get("handler", "")
    if handler and path:
        # Who handles it elsewhere now is not ours to ask for.
        rows = rows.filter(**{f"{path}enterprise_id": F("enterprise_id")})
    if numbers := form.numbers:
        rows = rows.filter(**{f"{path}number__in": numbers})
    if text:
        tickets = Engagement.objects.filter(workspace.engagements(), external_ref=text.strip()).values_list(
            "complaint_id"
        )
        rows = matching(rows, text, path=path, newest_by=newest_by, tickets=tickets)
    if handler == "none":
        rows = rows.filter(**{f"{path}handler": None})
    elif handler == "mine":
        rows = rows.filter(**{f"{path}handler_id__in": workspace.staff_ids})
    elif handler:
        rows = rows.filter(**{f"{path}handler_id": int(handler)})
    if given.get("problem"):
        rows = rows.filter(**{f"{path}problem_category": given["problem"]})
    if given.get("branch"):
        rows = rows.filter(branch_id__in=branch_subtree([int(given["branch"])]))
    return rows


def past_times(workspace: Workspace, form: QueueFilter) -> QuerySet[Engagement]:
    """Ended times with a case, not cases: these are in order, however many there are.

    ``is_past`` is said of one branch; whoever sits over several sees each case once.
    """
    ours = Engagement.objects.filter(workspace.engagements())
    again = ours.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    held = workspace.cases().filter(pk=OuterRef("complaint"), status__in=HERE)
    return narrowed(
        ours.filter(~Exists(again), ~Exists(held), is_past=True),
        form,
        workspace,
        path="complaint__",
        newest_by="until_at",
    )
