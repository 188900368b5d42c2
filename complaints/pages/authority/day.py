"""/authority/: my day in numbers, each of which opens its list; and what is next.

No number without a list behind it, all of them in one statement, and none counts
further than its list is worth reading.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right
from complaints.desks import authority_lists as lists
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.instruction_lists import RECEIVED, SENT, UNANSWERED, instructions
from complaints.handling.steps.platform import LATE
from complaints.law.numbers import missing_year
from complaints.models.complaint import OPEN
from complaints.pages.authority.review.review import objected, waiting
from complaints.pages.authority.review.violations import registered
from complaints.pages.authority.supervision.call_backs import mine as call_backs_of
from complaints.pages.authority.supervision.supervision import reported
from complaints.procedure.workflow import Status
from complaints.reading.sent_notices import in_cases
from enterprises.directory import changing
from enterprises.enrolment import enrolled, enrolling

NEXT = 10
#: Where the authority itself must act.
AT_US = (Status.TRIAGE, Status.REVIEW, Status.MEDIATING, Status.MEDIATION_SUSPENDED)
Rows = Callable[[Workspace], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: its title, its tone when it is not zero, what it counts, and the list that it opens."""

    name: str
    title: Any
    tone: str
    rows: Rows
    page: str = "authority-cases"
    query: dict[str, str] = field(default_factory=dict)


def _url(page: str, query: dict[str, str]) -> str:
    return reverse(page if ":" in page else f"complaints:{page}") + (f"?{urlencode(query)}" if query else "")


def _cases(name: str, title: Any, tone: str, condition: Callable[[Workspace], Q], **query: str) -> Number:
    """So many cases of the region, of which ``query`` opens the list."""
    return Number(name, title, tone, lambda workspace: workspace.cases().filter(condition(workspace)), query=query)


def _at(name: str, title: Any, tone: str, status: Status) -> Number:
    return _cases(name, title, tone, lambda workspace: Q(status=status), status=status)


def _waiting_for(name: str, title: Any, kind: str) -> Number:
    return _cases(name, title, "warn", lambda workspace: OPEN & Q(lists.waits_for(kind)), waiting=kind)


def _unanswered(name: str, title: Any, tone: str, box: str) -> Number:
    query = {"box": box, "column": UNANSWERED.code}
    return Number(
        name, title, tone, lambda here: UNANSWERED.of(instructions(here), here, box), "authority-urges", query
    )


def _own(workspace: Workspace) -> set[int]:
    return {actor.authority_id for actor in workspace.actors if actor.authority_id}


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that ask the same of whoever reads them."""

    name: str
    title: Any
    numbers: tuple[Number, ...]


#: What burns stands first and large; then what is to be done here, what came back, and what waits for somebody else.
BURNING = Group(
    "burning",
    _("着急的"),
    (
        _cases("late", _("已逾期"), "bad", lambda here: lists.late(here.now), overdue="1"),
        _cases(
            "soon", _("2个工作日内到期"), "warn", lambda here: lists.due_soon(here.now, here.calendar), overdue="soon"
        ),
        _unanswered("urges", _("督办等答复"), "authority", RECEIVED),
        Number("escalated", _("逾期上报"), "bad", reported, "authority-escalated"),
    ),
)
GROUPS = (
    Group(
        "here",
        _("等我们办的"),
        (
            replace(_at("triage", _("待分送"), "info", Status.TRIAGE), page="authority-triage", query={}),
            Number("review", _("待受理审查"), "authority", waiting, "authority-review"),
            _at("mediating", _("调解中"), "authority", Status.MEDIATING),
            Number("proposals", _("待批准"), "warn", lambda here: here.proposals(), "authority-approvals"),
            Number(
                "violations",
                _("举报和线索"),
                "neutral",
                lambda here: registered(here).filter(state="open"),
                "authority-violations",
            ),
            _waiting_for("powers", _("委托书待核验"), "power"),
            Number("call_backs", _("等我回访"), "info", call_backs_of, "authority-call-backs", {"view": "mine"}),
            _cases("platform", _("逾期没有平台编号"), "bad", lambda here: lists.at_platform(here, LATE), platform=LATE),
            _cases("unowned", _("超1个工作日无人经办"), "bad", lists.LYING[lists.UNOWNED], waiting=lists.UNOWNED),
            _cases("mine", _("我经办的"), "neutral", lambda here: OPEN & Q(officer__user=here.user), officer="me"),
        ),
    ),
    Group(
        "back",
        _("转回来的"),
        (
            _cases("back", _("企业没有谈成"), "warn", lambda here: lists.came_back(), waiting=lists.BACK),
            _waiting_for("returns", _("申请退回"), "return"),
            Number("objections", _("待答复的异议"), "warn", objected, "authority-review", {"view": "objections"}),
            _waiting_for("signs", _("对提示的异议"), "signs"),
            Number(
                "undelivered",
                _("通知没有送到"),
                "warn",
                lambda here: in_cases(here.cases(), Q(state="set_aside")),
                "authority-notices",
            ),
        ),
    ),
    Group(
        "firms",
        _("企业来办的"),
        (
            Number(
                "enrolments",
                _("入驻申请"),
                "warn",
                lambda here: enrolling.waiting_with(_own(here)),
                "authority-enrolments",
            ),
            Number(
                "changes",
                _("企业变更"),
                "warn",
                lambda here: changing.filed_with(_own(here)).filter(state="waiting"),
                "routing:authority-changes",
            ),
            Number(
                "filings", _("企业备案"), "warn", lambda here: enrolled.filed_with(_own(here)), "authority-enterprises"
            ),
        ),
    ),
    Group(
        "others",
        _("等别人的"),
        (
            _cases("others", _("等对方办理"), "neutral", lambda here: lists.with_others(), waiting=lists.OTHERS),
            _at("material", _("等消费者补正"), "neutral", Status.AWAITING_MATERIAL),
            _at("suspended", _("调解中止"), "neutral", Status.MEDIATION_SUSPENDED),
            _unanswered("sent", _("发出的督办没有回复"), "neutral", SENT),
        ),
    ),
)
NUMBERS = tuple(number for group in (BURNING, *GROUPS) for number in group.numbers)
#: What else waits for us on pages of packages above this one: their addresses put it here (oversight/urls.py).
MORE: list[Number] = []


@officer_page("GET")
def day(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    yesterday = workspace.today - timedelta(days=1)
    counts = keyset.counts(
        {n.name: n.rows(workspace) for n in (*NUMBERS, *MORE)}
        | {"new": workspace.cases().filter(received_at__gte=lists.midnight(yesterday))}
    )
    mine = keyset.first(
        workspace.cases().filter(workspace.mine(), status__in=AT_US, next_due_at__isnull=False),
        NEXT,
        related=lists.RELATED,
    )
    context = {
        "burning": _shown(BURNING, counts),
        "groups": [_shown(group, counts) for group in _groups(workspace)],
        "rows": lists.rows_of(mine, workspace),
        "now": workspace.now,
        "sentence": _sentence(counts),
        "new": {
            "text": keyset.count_text(counts["new"]),
            "url": _url("authority-cases", {"received_from": yesterday.isoformat()}),
        },
        "missing_year": missing_year(workspace.calendar, workspace.today),
        "may_intake": workspace.may(Right.WRITE_DOWN),
    }
    return render(request, "authority/day.html", context)


def _groups(workspace: Workspace) -> list[Group]:
    """What is to be distributed waits for somebody else where nobody here distributes."""
    first, last = replace(GROUPS[0], numbers=(*GROUPS[0].numbers, *MORE)), GROUPS[-1]
    if workspace.may(Right.DISTRIBUTE):
        return [first, *GROUPS[1:]]
    moved = {first.name: first.numbers[1:], last.name: (first.numbers[0], *last.numbers)}
    return [replace(group, numbers=moved.get(group.name, group.numbers)) for group in GROUPS]


def _shown(group: Group, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "name": group.name,
        "title": group.title,
        "numbers": [keyset.figure(n.title, counts[n.name], _url(n.page, n.query), n.tone) for n in group.numbers],
    }


def _sentence(counts: dict[str, int]) -> str:
    labels = {name: keyset.count_text(count) for name, count in counts.items()}
    if counts["late"]:
        return gettext("逾期%(late)s件，2个工作日内到期%(soon)s件") % labels
    if counts["soon"]:
        return gettext("没有逾期；2个工作日内到期%(soon)s件") % labels
    return gettext("都在期限内")
