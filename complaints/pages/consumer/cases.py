"""My cases: 轮到您, then open by deadline, then closed; before them what was begun and not filed.

A case that waits for the consumer always stands first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.filing import drafts, steps
from complaints.filing.held import address_of
from complaints.models import Complaint, Deadline, FilingDraft, Participant
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import case_url
from complaints.reading.case_people import respondent_of
from complaints.wording.duty import Standing, standing
from database.prepared import CombinedQuery, PreparedQuery

#: More than anybody has; the oldest closed ones fall off.
MOST = 200


# Filed and joined are looked up one beside the other: asked for "this or that", PostgreSQL reads the table from end to
# end.
joined_by = PreparedQuery(
    lambda person: Participant.objects.filter(person_id=person, state=Participant.JOINED).only("complaint_id"), int
)
filed_by = PreparedQuery(
    lambda person, day: Complaint.objects.filter(
        Q(represented_until__isnull=True) | Q(represented_until__gte=day), consumer_id=person
    ).only("pk"),
    int,
    date,
)
_whose = CombinedQuery(joined_by, filed_by)
cases_of = PreparedQuery(
    lambda cases: (
        Complaint.objects.filter(pk__any_of=cases)
        .exclude(status=Status.DRAFT)
        .select_related(
            "enterprise",
            "branch",
            "picked_enterprise",
            "picked_branch",
            "handling_authority",
            "handler__user",
            "officer__user",
        )
        .order_by(F("closed_at").desc(nulls_first=True), F("next_due_at").asc(nulls_last=True), "-pk")[:MOST]
    ),
    list,
)
_LIVE = PreparedQuery(
    lambda cases: Deadline.objects.filter(complaint_id__any_of=cases, ended_at__isnull=True).select_related(
        "obligation"
    ),
    list,
)


@dataclass(frozen=True, slots=True)
class Card:
    """One case of the list."""

    complaint: Complaint
    respondent: str
    duty: Standing
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """One part of the list with its heading."""

    title: str
    cards: list[Card] = field(default_factory=list)


def my_cases(user: User, *, now: datetime) -> list[Group]:
    """Groups that are not empty; the same cases as `own_cases`. Four queries."""
    joined, filed = _whose(user.pk, now.astimezone(SHANGHAI).date())
    whose = sorted({*(one.complaint_id for one in joined), *(case.pk for case in filed)})
    cases = cases_of(whose) if whose else []
    clocks: dict[int, list[Deadline]] = defaultdict(list)
    for clock in _LIVE([c.pk for c in cases]):
        clocks[clock.complaint_id].append(clock)
    calendar = current_calendar()
    cards = []
    for case in cases:
        duty = standing(complaint=case, clocks=clocks[case.pk], viewer_side="consumer", now=now, calendar=calendar)
        cards.append(Card(case, respondent_of(case), duty, case_url(case)))
    mine = [c for c in cards if c.duty.is_your_turn]
    open_ones = [c for c in cards if not c.duty.is_your_turn and c.complaint.closed_at is None]
    closed = [c for c in cards if not c.duty.is_your_turn and c.complaint.closed_at is not None]
    mine.sort(key=_by_deadline)
    open_ones.sort(key=_by_deadline)
    groups = [Group(_("轮到您了"), mine), Group(_("正在办理"), open_ones), Group(_("已办结"), closed)]
    return [g for g in groups if g.cards]


@dataclass(frozen=True, slots=True)
class Begun:
    """A complaint that is not filed yet: what it is about, how far it is, until when it is kept."""

    title: str
    number: int
    total: int
    draft: FilingDraft
    url: str


def begun_by(user: User, *, now: datetime) -> list[Begun]:
    """The open drafts that a proven phone owns, from whatever device."""
    return [
        Begun(
            title=drafts.first(row, "purchase", "item_name").strip()[:40] or _("还没有写商品或服务"),
            number=steps.number_of(row.step),
            total=len(steps.STEPS),
            draft=row,
            url=address_of(row, row.step),
        )
        for row in drafts.open_ones_of(user.pk, now=now)
    ]


def _by_deadline(card: Card) -> tuple[bool, float]:
    deadline = card.duty.deadline
    return deadline is None, deadline.due_at.timestamp() if deadline else 0.0
