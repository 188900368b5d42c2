"""Sets of offers in the demonstration; root causes of most ended cases, and the call-backs of last month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from complaints import handling
from complaints.assignment import call_backs
from complaints.handling import Move, StepNotAllowed
from complaints.handling.steps import casework, enterprise
from complaints.handling.steps.consumer import accept_offer
from complaints.measures import sending
from complaints.measures.choosing import KindRule, LeftOut, Pick, Rule
from complaints.models import CallBack, Complaint, Engagement, Matter, Measure
from complaints.parties import actors
from complaints.parties.actors import Actor, consumer, staff_member
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import fitting_causes
from complaints.procedure.workflow import Status
from demo.people import Cast
from demo.scene import take_all
from enterprises.models import Staff
from enterprises.team.staffing import at_work

MOST = 12
#: What a set may do about each kind of demand that people of the demonstration make.
GRANTED = {
    "refund": KindRule(verdict="grant", source="asked", by="bill_credit"),
    "damages": KindRule(verdict="grant", source="asked", by="bill_credit"),
    "waive_penalty": KindRule(verdict="grant", source="asked", by="bill_credit"),
    "fix_fault": KindRule(verdict="grant", by="repair"),
    "apology": KindRule(verdict="grant", by="apology"),
    "cancel_service": KindRule(verdict="grant", by="service_change"),
    "change_plan": KindRule(verdict="grant", by="service_change"),
}
REFUSED = GRANTED | {"apology": KindRule(verdict="refuse", reason="已经在电话里说明情况并道过歉，不再另发书面道歉。")}


@dataclass(frozen=True, slots=True)
class Workspace:
    """Somebody and the cases that this one negotiates about."""

    actor: Actor
    picks: Sequence[Pick]

    @classmethod
    def busiest(cls, *, now: datetime, without: Iterable[int] = (), demand: str = "") -> Workspace | None:
        """The handler with most cases in which nothing waits; None where nobody negotiates."""
        by_handler: dict[int, list[Pick]] = defaultdict(list)
        cases = (
            Complaint.objects.filter(status=Status.NEGOTIATING, handler__isnull=False)
            .exclude(pk__in=list(without))
            .exclude(pk__in=Matter.objects.filter(state="open").values("complaint"))
            .exclude(offers__state="open")
        )
        for case in (cases.filter(demands__kind=demand) if demand else cases).distinct().order_by("pk"):
            by_handler[case.handler_id or 0].append(Pick(case.pk, case.number))
        here = at_work(timezone.localdate(now)).filter(pk__in=by_handler).select_related("user", "enterprise", "branch")
        chosen: Staff | None = max(here, key=lambda person: (len(by_handler[person.pk]), -person.pk), default=None)
        return None if chosen is None else cls(staff_member(chosen), by_handler[chosen.pk])


def make_sets(*, now: datetime, conditions: Conditions) -> None:
    """A draft, one that waits for a second person, one that was sent; as many as there are cases for."""
    taken: set[int] = set()
    draft = Workspace.busiest(now=now)
    if draft is not None:
        missing = [LeftOut("20260101-AAAAAAAAAAAA-0", "没有找到这件投诉。")]
        taken |= _made("宽带中断统一补偿（演示）", draft, draft.picks[:MOST], now=now, missing=missing)[1]
    for title, kinds, demand, most in (
        ("自动续费统一退订（演示）", REFUSED, "apology", 4),
        ("多扣费统一退还（演示）", GRANTED, "refund", 8),
    ):
        workspace = Workspace.busiest(now=now, without=taken, demand=demand)
        if workspace is None:
            continue
        measure, cases = _made(title, workspace, workspace.picks[:most], now=now)
        taken |= cases
        rule = Rule(
            kinds=kinds,
            due_on=timezone.localdate(now) + timedelta(days=14),
            message="您好，核实后统一答复如下，给您添麻烦了。",
        )
        try:
            own = Complaint.objects.filter(pk__in=cases)
            by = sending.MeasureWorkers(cases=own, actors=[workspace.actor], now=now)
            outcome = sending.send(measure, rule, by=by)
        except StepNotAllowed:
            # None of them may be answered so: it stays a draft, as it would for people.
            continue
        if not outcome.is_for_two:
            _answer(outcome.done, now=now, conditions=conditions)


def _made(
    title: str, workspace: Workspace, picks: Sequence[Pick], *, now: datetime, missing: Sequence[LeftOut] = ()
) -> tuple[Measure, set[int]]:
    return sending.make(title=title, picks=picks, left_out=missing, actor=workspace.actor, now=now), {
        pick.case for pick in picks
    }


def _answer(numbers: Sequence[str], *, now: datetime, conditions: Conditions) -> None:
    """Every other consumer accepts at once."""
    cases = (
        Complaint.objects.filter(number__in=numbers, consumer__isnull=False).select_related("consumer").order_by("pk")
    )
    moves = [(case.pk, accept_offer(), consumer(case.consumer)) for case in cases if case.consumer is not None][::2]
    if moves:
        take_all(moves, now=now, conditions=conditions)


#: What the consumers said, in turn.
_ANSWERS = (
    {
        "overall": 5,
        "answers": {"contacted": "yes", "attitude": "good", "accepted": "yes"},
        "text": "很快就退款了，满意。",
    },
    {"overall": 4, "answers": {"contacted": "yes", "attitude": "fair", "accepted": "yes"}, "text": ""},
    {
        "overall": 2,
        "answers": {"contacted": "no", "attitude": "poor", "accepted": "no"},
        "text": "电话打了好几次才有人接。",
        "disagrees": True,
    },
    {
        "overall": 1,
        "answers": {"contacted": "yes", "attitude": "fair", "accepted": "no", "performed": "no"},
        "text": "答应的退款没有到账。",
    },
)
_RUNG_OF_FOUR = 3


def call_back_last_month(*, now: datetime) -> int:
    """How many were drawn. The seed is sealed in that month and shown after it, as always."""
    today = timezone.localdate(now)
    call_backs.sweep_call_backs(now=now - (today - call_backs.month_of(today)) - timedelta(days=2))
    drawn = call_backs.sweep_call_backs(now=now)
    moves: list[tuple[int, Move, Actor]] = []
    calls = CallBack.objects.filter(state="open", officer__isnull=False).select_related(
        "officer__user", "officer__authority"
    )
    for nth, call in enumerate(calls):
        if call.officer is not None and nth % 4 < _RUNG_OF_FOUR:
            answers: dict[str, Any] = dict(_ANSWERS[nth % len(_ANSWERS)])
            moves.append(
                (call.complaint_id, casework.call_back(reached=True, **answers), actors.officer([call.officer]))
            )
    for start in range(0, len(moves), handling.BATCH):
        handling.take_each(moves[start : start + handling.BATCH], now=now)
    return drawn


#: So many cases a flush; of five ended ones so many are tagged.
_BATCH, _TAGGED_OF_FIVE = 300, 4


def tag_causes(cast: Cast, *, now: datetime) -> int:
    """How many were tagged. What is usual for the problem is what it was, mostly."""
    ended = (
        Engagement.objects.filter(
            until_at__isnull=False, complaint__status=Status.CLOSED, complaint__enterprise_id=F("enterprise_id")
        )
        .exclude(odr_result="returned")
        .select_related("complaint")
        .order_by("pk")
    )
    moves: list[tuple[int, Move, Actor]] = []
    for nth, time in enumerate({time.complaint_id: time for time in ended}.values()):
        actor = cast.staff.get(time.complaint.handler_id or 0)
        if actor is None or nth % 5 >= _TAGGED_OF_FIVE:
            continue
        usual, others = fitting_causes(time.complaint.problem_category)
        causes = [*usual, *usual, *others]
        moves.append((time.complaint_id, enterprise.tag_cause(cause=causes[nth % len(causes)]), actor))
    done = 0
    for start in range(0, len(moves), _BATCH):
        done += sum(one.is_done for one in handling.take_each(moves[start : start + _BATCH], now=now))
    return done
