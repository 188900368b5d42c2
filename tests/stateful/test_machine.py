"""The state machine of the procedure: all steps by all parties on random days, and what must hold after each.

The seed stands in the name of the test, and the same seed walks the same way. WALK_SEEDS says how many seeds
(2 in make test, 20 in make test-full, 2,000 in make soak), WALK_FROM where to go on; WALK_SHRINK=1 makes what failed
as short as it gets.
"""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from authorities.models import Policy
from complaints import handling
from complaints.models import HandlingStep
from complaints.procedure.workflow import CLOCKS, TABLE, Role, Status
from tests import ROOT, given
from tests.cast import WEDNESDAY, World
from tests.complaints.handling.test_steps import APART, WALKS, made
from tests.stateful import promises
from tests.stateful.machine import Town

#: Steps that each seed takes at least: two seeds are the 1,000 of `make test`.
A_SEED = 500
#: In so many steps everything that can happen has happened; a run ends as soon as it has.
EVERYTHING = 15_000
#: What happens by itself beside the lapses. A print is kept by its own worker, in the tests of the documents.
BESIDES = ("fall_silent", "remind", "recompute_clock", "pass_to_successor")
TOWNS, DAYS = 3, 16
FROM, SEEDS = int(os.environ.get("WALK_FROM") or 0), int(os.environ.get("WALK_SEEDS") or 2)
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("WALK_SHRINK") else (Phase.generate,)


def walk(world: World, number: int) -> tuple[int, Counter[str]]:
    """Towns by this seed until enough steps were taken: how many, and what was reached how often."""
    quiet: Any = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}
    how = settings(max_examples=TOWNS, stateful_step_count=DAYS, phases=PHASES, **quiet)
    walked, reached = 0, Counter[str]()
    for round_ in range(20):

        @seed(number + 100_000 * round_)
        class Walk(Town):
            reached = Counter[str]()

        Walk.world = world
        run_state_machine_as_test(Walk, settings=how)
        walked, reached = walked + Walk.walked, reached + Walk.reached
        if walked >= A_SEED:
            break
    return walked, reached


@pytest.mark.parametrize("number", range(FROM, FROM + SEEDS))
def test_walk(world: World, number: int) -> None:
    assert walk(world, number)[0] >= A_SEED


@pytest.mark.full
def test_every_status_and_every_step_is_reached(world: World) -> None:
    walked, reached = 0, Counter[str]()
    people = {row.step for row in TABLE.values() if row.by != {Role.SYSTEM}}
    wanted = people | {rule.on_lapse for rule in CLOCKS.values()} | {*BESIDES, *Status} - {Status.DRAFT}
    number = 1000
    while walked < EVERYTHING and wanted - set(reached):
        more, those = walk(world, number)
        walked, reached, number = walked + more, reached + those, number + 1
    missing = wanted - set(reached)
    left = missing - set(APART.split()) - {step for step in missing & set(WALKS) if guided(world, step)}
    assert not left, f"{sorted(left)} not in {walked} steps"


def guided(world: World, step: str) -> bool:
    """What chance did not bring is taken on purpose, by its own walk; those apart have tests of their own."""
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    way = WALKS[step]
    case = way.begin(world)
    given.step(case, made(step, world, case), world.actor(way.who), WEDNESDAY + way.after)
    return HandlingStep.objects.filter(complaint=case, step=step).exists()


def test_what_chance_did_not_bring_is_taken_on_purpose(world: World) -> None:
    for step in ("deny_settled_elsewhere", "report_failure", "show_payment"):
        assert guided(world, step), step


def test_a_successor_sees_a_case_that_an_authority_has_by_now(world: World) -> None:
    # A walk found it: the case named the successor, and its people found no such case.
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    given.step(case, handling.MOVES["stop_negotiating"](), world.consumer, WEDNESDAY)
    move = handling.MOVES["pass_to_successor"](enterprise_id=world.telecom.pk)
    given.step(case, move, world.actor("system"), WEDNESDAY)
    assert (case.status, case.enterprise) == (Status.REVIEW, world.telecom)
    assert promises.seen_by(world.hua, [case], now=WEDNESDAY) == {case.pk}


def test_each_promise_is_kept_here_or_elsewhere() -> None:
    sources = Path(promises.__file__).read_text() + Path(__file__).with_name("machine.py").read_text()
    here = set(re.findall(r"I-\d\d", sources))
    assert {f"I-{number:02}" for number in range(1, 27)} == here | set(promises.ELSEWHERE)
    for name, place in promises.ELSEWHERE.items():
        assert (ROOT / place).exists(), f"{name}: {place} is gone"
