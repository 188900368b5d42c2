"""/authority/: my day in numbers, each of which opens its list; and what is next.

No number without a list behind it, all of them in one statement, and none counts
further than its list is worth reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right
from complaints.desks import keyset
from complaints.desks.authority_lists import (
    RELATED,
    came_back,
    due_soon,
    late,
    midnight,
    rows_of,
    waits_for,
    with_others,
)
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_filter import BACK, OTHERS
from complaints.desks.instruction_lists import RECEIVED, SENT, UNANSWERED, instructions
from complaints.handling.steps import platform
from complaints.law.numbers import missing_year
from complaints.models.complaint import OPEN
from complaints.pages.authority.review.review import objected, waiting
from complaints.pages.authority.review.violations import registered
from complaints.pages.authority.supervision.call_backs import mine as call_backs_of
from complaints.pages.authority.supervision.supervision import reported
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from complaints.reading.notices_told import in_cases
from enterprises.directory import changing
from enterprises.enrolment import enrolled, enrolling

NEXT = 10
Rows = Callable[[Workspace, Conditions], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: its words, its tone when it is not zero, what it counts, its list."""

    name: str
    title: Any
    tone: str
    rows: Rows
    page: str
    query: dict[str, str]

    def url(self) -> str:
        return _url(self.page, self.query)


def _url(page: str, query: dict[str, str]) -> str:
    return reverse(page if ":" in page else f"complaints:{page}") + (f"?{urlencode(query)}" if query else "")


def _cases(condition: Callable[[Workspace, Conditions], Q]) -> Rows:
    return lambda workspace, given: workspace.cases().filter(condition(workspace, given))


def _status(status: Status) -> Rows:
    return _cases(lambda workspace, given: Q(status=status))


def _theirs(workspace: Workspace) -> set[int]:
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
    gettext_lazy("着急的"),
    (
        Number(
            "late",
            gettext_lazy("已逾期"),
            "bad",
            _cases(lambda workspace, given: late(workspace.now)),
            "authority-cases",
            {"overdue": "1"},
        ),
        Number(
            "soon",
            gettext_lazy("2个工作日内到期"),
            "warn",
            _cases(lambda workspace, given: due_soon(workspace.now, given.calendar)),
            "authority-cases",
            {"overdue": "soon"},
        ),
        Number(
            "urges",
            gettext_lazy("督办等答复"),
            "authority",
            lambda workspace, given: UNANSWERED.of(instructions(workspace), workspace, RECEIVED),
            "authority-urges",
            {"box": RECEIVED, "column": UNANSWERED.code},
        ),
        Number(
            "escalated",
            gettext_lazy("逾期上报"),
            "bad",
            lambda workspace, given: reported(workspace),
            "authority-escalated",
            {},
        ),
    ),
)
GROUPS = (
    Group(
        "here",
        gettext_lazy("等我们办的"),
        (
            Number("triage", gettext_lazy("待分送"), "info", _status(Status.TRIAGE), "authority-triage", {}),
            Number(
                "review",
                gettext_lazy("待受理审查"),
                "authority",
                lambda workspace, given: waiting(workspace),
                "authority-review",
                {},
            ),
            Number(
                "mediating",
                gettext_lazy("调解中"),
                "authority",
                _status(Status.MEDIATING),
                "authority-cases",
                {"status": "mediating"},
            ),
            Number(
                "proposals",
                gettext_lazy("待批准"),
                "warn",
                lambda workspace, given: workspace.proposals(),
                "authority-approvals",
                {},
            ),
            Number(
                "violations",
                gettext_lazy("举报和线索"),
                "neutral",
                lambda workspace, given: registered(workspace).filter(state="open"),
                "authority-violations",
                {},
            ),
            Number(
                "powers",
                gettext_lazy("委托书待核验"),
                "warn",
                _cases(lambda workspace, given: OPEN & Q(waits_for("power"))),
                "authority-cases",
                {"waiting": "power"},
            ),
            Number(
                "call_backs",
                gettext_lazy("等我回访"),
                "info",
                lambda workspace, given: call_backs_of(workspace),
                "authority-call-backs",
                {"view": "mine"},
            ),
            Number(
                "platform",
                gettext_lazy("逾期没有平台编号"),
                "bad",
                _cases(
                    lambda workspace, given: platform.wanted(
                        platform.LATE,
                        now=workspace.now,
                        calendar=given.calendar,
                        policies=given.policies,
                        region_id=workspace.first_region,
                    )
                ),
                "authority-cases",
                {"platform": platform.LATE},
            ),
            Number(
                "mine",
                gettext_lazy("我经办的"),
                "neutral",
                _cases(lambda workspace, given: OPEN & Q(officer__user=workspace.user)),
                "authority-cases",
                {"officer": "me"},
            ),
        ),
    ),
    Group(
        "back",
        gettext_lazy("转回来的"),
        (
            Number(
                "back",
                gettext_lazy("企业没有谈成"),
                "warn",
                _cases(lambda workspace, given: came_back()),
                "authority-cases",
                {"waiting": BACK},
            ),
            Number(
                "returns",
                gettext_lazy("申请退回"),
                "warn",
                _cases(lambda workspace, given: OPEN & Q(waits_for("return"))),
                "authority-cases",
                {"waiting": "return"},
            ),
            Number(
                "objections",
                gettext_lazy("待答复的异议"),
                "warn",
                lambda workspace, given: objected(workspace),
                "authority-review",
                {"view": "objections"},
            ),
            Number(
                "undelivered",
                gettext_lazy("通知没有送到"),
                "warn",
                lambda workspace, given: in_cases(workspace.cases(), Q(state="set_aside")),
                "authority-notices",
                {},
            ),
        ),
    ),
    Group(
        "firms",
        gettext_lazy("企业来办的"),
        (
            Number(
                "enrolments",
                gettext_lazy("入驻申请"),
                "warn",
                lambda workspace, given: enrolling.waiting_with(_theirs(workspace)),
                "authority-enrolments",
                {},
            ),
            Number(
                "changes",
                gettext_lazy("企业变更"),
                "warn",
                lambda workspace, given: changing.filed_with(_theirs(workspace)).filter(state="waiting"),
                "routing:authority-changes",
                {},
            ),
            Number(
                "filings",
                gettext_lazy("企业备案"),
                "warn",
                lambda workspace, given: enrolled.filed_with(_theirs(workspace)),
                "authority-enterprises",
                {},
            ),
        ),
    ),
    Group(
        "others",
        gettext_lazy("等别人的"),
        (
            Number(
                "others",
                gettext_lazy("等对方办理"),
                "neutral",
                _cases(lambda workspace, given: with_others()),
                "authority-cases",
                {"waiting": OTHERS},
            ),
            Number(
                "material",
                gettext_lazy("等消费者补正"),
                "neutral",
                _status(Status.AWAITING_MATERIAL),
                "authority-cases",
                {"status": Status.AWAITING_MATERIAL},
            ),
            Number(
                "suspended",
                gettext_lazy("调解中止"),
                "neutral",
                _status(Status.MEDIATION_SUSPENDED),
                "authority-cases",
                {"status": Status.MEDIATION_SUSPENDED},
            ),
            Number(
                "sent",
                gettext_lazy("发出的督办没有回复"),
                "neutral",
                lambda workspace, given: UNANSWERED.of(instructions(workspace), workspace, SENT),
                "authority-urges",
                {"box": SENT, "column": UNANSWERED.code},
            ),
        ),
    ),
)
NUMBERS = tuple(number for group in (BURNING, *GROUPS) for number in group.numbers)


@officer_page("GET")
def day(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    given = workspace.conditions
    yesterday = workspace.today - timedelta(days=1)
    counts = keyset.counts(
        {n.name: n.rows(workspace, given) for n in NUMBERS}
        | {"new": workspace.cases().filter(received_at__gte=midnight(yesterday))}
    )
    mine = keyset.first(
        workspace.cases().filter(workspace.mine(), status__in=AT_US, next_due_at__isnull=False), NEXT, related=RELATED
    )
    return render(
        request,
        "authority/day.html",
        {
            "burning": _shown(BURNING, counts),
            "groups": [_shown(group, counts) for group in _groups(workspace)],
            "rows": rows_of(mine, workspace),
            "now": workspace.now,
            "sentence": _sentence(counts),
            "new": {
                "words": keyset.in_words(counts["new"]),
                "url": _url("authority-cases", {"received_from": yesterday.isoformat()}),
            },
            "is_late": bool(counts["late"]),
            "missing_year": missing_year(given.calendar, workspace.today),
            "may_intake": workspace.may(Right.WRITE_DOWN),
        },
    )


def _groups(workspace: Workspace) -> list[Group]:
    """What is to be distributed waits for somebody else where nobody here distributes."""
    if workspace.may(Right.DISTRIBUTE):
        return list(GROUPS)
    first, last = GROUPS[0], GROUPS[-1]
    moved = {first.name: first.numbers[1:], last.name: (first.numbers[0], *last.numbers)}
    return [replace(group, numbers=moved.get(group.name, group.numbers)) for group in GROUPS]


def _shown(group: Group, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "name": group.name,
        "title": group.title,
        "numbers": [
            {
                "title": n.title,
                "value": counts[n.name],
                "words": keyset.in_words(counts[n.name]),
                "url": n.url(),
                "tone": n.tone if counts[n.name] else "neutral",
            }
            for n in group.numbers
        ],
    }


#: Where the authority itself must act.
AT_US = (Status.TRIAGE, Status.REVIEW, Status.MEDIATING, Status.MEDIATION_SUSPENDED)


def _sentence(counts: dict[str, int]) -> str:
    words = {name: keyset.in_words(count) for name, count in counts.items()}
    if counts["late"]:
        return _("逾期%(late)s件，2个工作日内到期%(soon)s件") % words
    if counts["soon"]:
        return _("没有逾期；2个工作日内到期%(soon)s件") % words
    return _("都在期限内")
