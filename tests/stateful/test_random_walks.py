"""Random people take random steps on random days; whatever happens, the promises hold.

One rule: a step that the table offers is either taken or refused with a reason; a crash or
a broken invariant is a bug. The seed is in the name of the test, so a failure repeats.
"""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db.models import Sum

from complaints import handling
from complaints.models import Complaint, CountDelta, Deadline, Engagement, HandlingStep, Obligation
from complaints.refusals import StepNotAllowed
from complaints.verification import verify
from complaints.workflow import ANY_E, CLOCKS, OPEN, Clock, Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.test_steps import WALKS

S = Status
SEEDS = int(os.environ.get("WALK_SEEDS", "12"))
LENGTH = int(os.environ.get("WALK_LENGTH", "60"))
ACTORS = ("consumer", "handler", "manager", "officer", "head", "intake", "superior", "system")
PAUSES = (timedelta(minutes=5), timedelta(hours=5), timedelta(days=1), timedelta(days=3),
          timedelta(days=9))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_walk(world: World, seed: int) -> None:
    dice = random.Random(seed)
    now = WEDNESDAY
    consents = {**given.a_request(world).consents, "pass_to_regulator": dice.random() < 0.7}
    case = given.a_complaint(world, status=dice.choice([s for s in S if s != S.DRAFT]), now=now,
                             consents=consents)
    for _step in range(LENGTH):
        now += dice.choice(PAUSES)
        if dice.random() < 0.3:
            handling.sweep_clocks(now=now)
        else:
            take_something(world, case, dice, now)
        case.refresh_from_db()
        check(case, now)
    assert verify(number=case.number).is_unbroken


def take_something(world: World, case: Complaint, dice: random.Random, now: datetime) -> None:
    who = dice.choice(ACTORS)
    actor = world.actor(who)
    offered = [step for step in handling.allowed_steps(case, actor) if step in WALKS]
    if who == "system":
        offered = [step for step in ("forward", "refer_to_triage") if case.status == S.FILED]
    if not offered:
        return
    step = dice.choice(offered)
    try:
        move = WALKS[step].move(world, case)
    except Exception as missing:
        if type(missing).__name__ not in ("DoesNotExist", "MultipleObjectsReturned"):
            raise
        return
    try:
        handling.take(move, [case.pk], actor=actor, now=now)
    except StepNotAllowed as refusal:
        said = refusal.reason
    else:
        return
    assert said


def check(case: Complaint, now: datetime) -> None:
    """The invariants that a user would notice."""
    status = Status(case.status)
    assert (status == S.CLOSED) == bool(case.outcome) == (case.closed_at is not None)
    live = list(Deadline.objects.filter(complaint=case, ended_at=None))
    if status in OPEN:
        assert live, f"{status}: nobody is chased"
    for clock in live:
        rule = CLOCKS[Clock(clock.clock)]
        if clock.obligation_id is None and clock.state == "running":
            assert status in rule.runs_while | rule.paused_while, (clock.clock, status)
        if clock.state in ("running", "lapsed"):
            assert clock.chase_at is not None, f"{clock.clock} is never looked at again"
    steps = list(HandlingStep.objects.filter(complaint=case, audience="parties"))
    assert [s.sequence for s in steps] == list(range(1, len(steps) + 1))
    assert all(a.to_status == b.from_status for a, b in pairwise(steps))
    assert steps[-1].to_status == case.status
    assert all(s.happened_at <= s.written_at <= now for s in steps)
    open_engagements = Engagement.objects.filter(complaint=case, until_at=None).count()
    assert open_engagements == 1 if status in ANY_E else open_engagements <= 1
    assert case.offers.filter(state="open").count() <= (1 if status in ANY_E else 0)
    if case.outcome == Outcome.SETTLED:
        confirmed = HandlingStep.objects.filter(complaint=case, step__in=[
            "accept_offer", "confirm_performed", "waive_obligation", "answer_late"])
        assert confirmed.exists(), "a success that no consumer confirmed"
        assert not Obligation.objects.filter(
            complaint=case, state__in=["due", "reported"]).exists()
    if status == S.PERFORMING:
        assert Obligation.objects.filter(complaint=case, state__in=["due", "reported"]).exists()
    counted = (CountDelta.objects.values("measure").annotate(n=Sum("change"))
               .values_list("measure", "n"))
    totals = dict(counted)
    assert totals["received"] == Complaint.objects.count()
    assert all(number >= 0 for number in totals.values())
    assert totals[f"status:{case.status}"] == Complaint.objects.filter(status=case.status).count()
