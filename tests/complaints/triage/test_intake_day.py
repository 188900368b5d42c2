"""A day of 1,500 complaints, five times the mean, with three officers: nothing waits longer than a working day."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from authorities.models import Officer
from complaints import handling
from complaints.desks.authority_workspace import Workspace, workspace_for
from complaints.handling.steps import authority, casework
from complaints.models import Complaint, Deadline
from complaints.pages.authority.triage import forward
from complaints.pages.authority.triage.targets import because_of, first_of
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import FilingRequest, RespondentRequest
from complaints.procedure.workflow import Role, Status
from routing.forwarding.forwarding import sweep_filed
from tests import given
from tests.cast import World

#: Longer than a transaction may last.
pytestmark = [pytest.mark.full, pytest.mark.django_db(transaction=True)]
ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 11, 8, 30, tzinfo=ZONE)
FILINGS, OFFICERS = 1500, 3
#: What a decision takes: the first suggestion is one press; a call, or a case without one, takes longer.
ROUTINE, CALL = timedelta(seconds=15), timedelta(seconds=90)
SHIFT = ((8, 30), (17, 30))


def filings(world: World) -> list[tuple[datetime, FilingRequest, Actor]]:
    """Over 24 hours, most of them by day; three in five name an enrolled enterprise and are proven."""
    dice = random.Random(1500)
    made = []
    for n in range(FILINGS):
        at = MORNING.replace(hour=0, minute=0) + timedelta(minutes=min(dice.triangular(0, 1440, 900), 1439))
        kind = dice.choices(("picked", "unproven", "named", "left", "no"), (60, 12, 14, 8, 6))[0]
        to = {"named": RespondentRequest(named=f"东街口小店{n % 40}"), "left": RespondentRequest()}.get(
            kind, RespondentRequest(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk)
        )
        consents = {"share_with_enterprise": kind != "no", "pass_to_regulator": True}
        request = given.a_request(
            world,
            now=at,
            respondents=(to,),
            consumer_id=None,
            consumer_name=f"消费者{n}",
            consumer_phone=f"+86139{n:08d}",
            contact_verified=kind != "unproven",
            consents=consents,
            statement=f"第{n}件：账单多扣了{dice.randint(1, 900)}元，打过客服没有解决，要求退还。",
        )
        roles = frozenset({Role.CONSUMER})
        made.append((at, request, Actor(role=Role.CONSUMER, roles=roles, name=f"消费者{n}", person_key=uuid4())))
    return sorted(made, key=lambda row: row[0])


def decide(case: Complaint, workspace: Workspace, now: datetime) -> timedelta:
    """What an officer does with one case, by the real verbs; how long it takes."""
    conditions, actor, took = Conditions.at(now), workspace.actors[0], ROUTINE
    if not case.contact_verified:
        handling.take(casework.verify_contact(result="call_confirmed"), [case.pk], actor=actor, now=now)
        took = CALL
    targets = forward.ranked_each([case], workspace, conditions=conditions)[case.pk]
    first = first_of(targets)
    chosen = next((t for t in targets if t.authority_id is not None or t.is_ready), None)
    assert chosen is not None, case.number
    because = because_of(chosen.value, first, why="" if chosen.value == first else "not_for_enterprise")
    if chosen.authority_id is not None:
        move = authority.assign_authority(authority_id=chosen.authority_id, because=because)
    else:
        enterprise_id, _dash, branch = chosen.value.partition("-")
        branch_id = int(branch) if branch else None
        move = authority.forward(enterprise_id=int(enterprise_id), branch_id=branch_id, because=because)
    handling.take(move, [case.pk], actor=actor, now=now)
    return took if chosen.value == first else CALL


def at_work(now: datetime) -> bool:
    return SHIFT[0] <= (now.hour, now.minute) < SHIFT[1]


def waiting() -> Sequence[int]:
    return Complaint.objects.filter(status=Status.TRIAGE).order_by("next_due_at", "pk").values_list("pk", flat=True)


def test_no_case_waits_longer_than_a_working_day(world: World) -> None:
    people = [
        world.su,
        *(
            User.objects.create_user(email=f"intake{n}@example.com", password="x" * 20, name=f"分{n}")
            for n in range(OFFICERS - 1)
        ),
    ]
    for user in people[1:]:
        Officer.objects.create(user=user, authority=world.city, role=Role.INTAKE.post)
    coming, free = filings(world), [(MORNING, n) for n in range(OFFICERS)]
    heapq.heapify(free)
    now, end = coming[0][0], MORNING + timedelta(days=2)
    oldest, decided = timedelta(), 0
    while now < end and (coming or Complaint.objects.filter(status__in=[Status.FILED, Status.TRIAGE]).exists()):
        due = [row for row in coming if row[0] <= now]
        coming = coming[len(due) :]
        if due:
            handling.file([row[1] for row in due], actor=[row[2] for row in due], now=now)
        while sweep_filed(now=now):
            pass
        queue = list(waiting()) if at_work(now) else []
        until = now + timedelta(minutes=15)
        for pk in queue:
            if free[0][0] >= until:
                break
            begins, who = heapq.heappop(free)
            begins = max(begins, now)
            case = Complaint.objects.get(pk=pk)
            done = begins + decide(case, workspace_for(people[who], now=begins), begins)
            oldest, decided = max(oldest, done - case.filed_at), decided + 1
            heapq.heappush(free, (done, who))
        now = until
        handling.sweep_clocks(now=now)
    assert Complaint.objects.count() == FILINGS
    assert not Complaint.objects.filter(status__in=[Status.FILED, Status.TRIAGE]).exists()
    late = Deadline.objects.filter(clock="forwarding", lapsed_at__isnull=False).count()
    assert late == 0, f"{late} of {decided} decided cases waited longer than a working day"
    # What came in the night is the oldest: it is gone before the next noon.
    assert oldest < timedelta(hours=24), oldest
