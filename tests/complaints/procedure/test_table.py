"""The table on paper: everybody has a way on, nobody waits without a clock or a reason."""

import pytest

from complaints.handling import MOVES
from complaints.handling.transition.lapses import LAPSES
from complaints.procedure.workflow import CLOCKS, MUST_ACT, OPEN, STEPS, TABLE, Clock, Outcome, Role, Status

S = Status
#: Sides that must act → roles that may.
SIDES = {
    "consumer": {Role.CONSUMER},
    "enterprise": {Role.MANAGER, Role.HANDLER},
    "authority": {Role.INTAKE, Role.OFFICER, Role.APPROVER, Role.SYSTEM},
}
#: Open statuses in which no status clock need run, with the reason.
NO_STATUS_CLOCK = {S.PERFORMING: "every obligation has a clock of its own"}


def reachable() -> set[Status]:
    result, fresh = {S.DRAFT}, [S.DRAFT]
    while fresh:
        status = fresh.pop()
        for row in TABLE.values():
            if status in row.at:
                for target, _outcome in row.to:
                    if target not in result:
                        result.add(target)
                        fresh.append(target)
    return result


def test_every_status_is_reachable() -> None:
    assert reachable() == set(Status)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_every_open_status_has_somebody_who_must_act_and_can(status: Status) -> None:
    side = MUST_ACT[status]
    moving = [row for row in TABLE.values() if status in row.at and row.to and row.by & SIDES[side]]
    assert moving, f"{side} must act at {status} and has no step that leads on"


@pytest.mark.parametrize("status", sorted(OPEN))
def test_every_open_status_leads_to_the_end(status: Status) -> None:
    seen, fresh = {status}, [status]
    while fresh:
        here = fresh.pop()
        for row in TABLE.values():
            if here in row.at:
                for target, _outcome in row.to:
                    if target not in seen:
                        seen.add(target)
                        fresh.append(target)
    assert S.CLOSED in seen


@pytest.mark.parametrize("status", sorted(OPEN))
def test_every_open_status_has_a_clock_or_a_reason(status: Status) -> None:
    always = {
        Clock.NOTICE,
        Clock.PERFORMANCE,
        Clock.PERFORMANCE_ANSWER,
        Clock.LEAD,
        Clock.INSTRUCTION,
        Clock.SETTLED_ELSEWHERE,
        Clock.HEIRS,
    }
    running = [rule.clock for rule in CLOCKS.values() if status in rule.runs_while and rule.clock not in always]
    assert running or status in NO_STATUS_CLOCK


@pytest.mark.parametrize("clock", list(Clock))
def test_every_lapse_is_a_legal_step(clock: Clock) -> None:
    rule = CLOCKS[clock]
    row = TABLE[rule.on_lapse]
    assert row.by == {Role.SYSTEM}
    assert rule.runs_while <= row.at, f"{clock} may lapse where {row.step} is not allowed"
    assert clock in LAPSES


def test_every_outcome_can_be_reached() -> None:
    results = {outcome for row in TABLE.values() for target, outcome in row.to if target == S.CLOSED}
    assert results == set(Outcome)


def test_targets_carry_an_outcome_exactly_when_they_close() -> None:
    for row in TABLE.values():
        for target, outcome in row.to:
            assert (target == S.CLOSED) == (outcome is not None), row.step


def test_every_step_of_a_person_has_a_verb() -> None:
    by_people = {row.step for row in TABLE.values() if row.by != {Role.SYSTEM}}
    assert by_people - set(MOVES) == {"file"}


def test_nothing_leads_out_of_closed_but_what_the_procedure_names() -> None:
    ways_back = {row.step for row in TABLE.values() if S.CLOSED in row.at and row.to}
    assert ways_back == {"refer_to_regulator", "answer_late", "reopen", "undo"}


def test_steps_are_named_once() -> None:
    assert len(STEPS) == len(set(STEPS))
