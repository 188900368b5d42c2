"""Two persons: what one alone may not decide, and how little an approval opens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from authorities.models import Policy
from complaints import handling
from complaints.actors import Actor
from complaints.handling import Move, authority, casework, mediation, proposals
from complaints.models import Complaint, Matter
from complaints.refusals import StepNotAllowed
from complaints.workflow import Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World

S = Status
TEXT = "这里写明事实和理由，供核对。"
LATER = WEDNESDAY + timedelta(hours=2)
REFUSAL = {"ground": "other_law", "facts": TEXT}
GUARDED: dict[str, tuple[Status, dict[str, object]]] = {
    "refuse": (S.REVIEW, REFUSAL),
    "terminate": (S.MEDIATING, {"ground": "no_agreement_possible", "facts": TEXT}),
    "refer_to_police": (S.REVIEW, {"second_officer": "乙", "head": "丙", "text": TEXT}),
}


def proposed(world: World, step: str) -> tuple[Complaint, Move]:
    """A case with an open proposal of Rui's, and the move that was proposed."""
    status, payload = GUARDED[step]
    case = given.a_complaint(world, status=status)
    move = handling.MOVES[step](**payload)
    given.step(case, proposals.propose(move=move), world.officer, WEDNESDAY)
    return case, move


def approve(case: Complaint, move: Move, actor: Actor) -> list[handling.Taken]:
    return handling.take_each([(case.pk, proposals.approve(), actor), (case.pk, move, actor)],
                              now=LATER)


@pytest.mark.parametrize("step", sorted(GUARDED))
def test_one_person_alone_is_refused(world: World, step: str) -> None:
    status, payload = GUARDED[step]
    case = given.a_complaint(world, status=status)
    for who in ("officer", "head"):
        with pytest.raises(StepNotAllowed) as refused:
            given.step(case, handling.MOVES[step](**payload), world.actor(who), LATER)
        assert refused.value.code == "two_persons"


@pytest.mark.parametrize("step", sorted(GUARDED))
def test_the_second_person_approves_and_it_is_done(world: World, step: str) -> None:
    case, move = proposed(world, step)
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))
    case.refresh_from_db()
    assert Matter.objects.get(complaint=case, kind="proposal").state == "granted"
    assert case.outcome == {"refuse": Outcome.REFUSED,
                            "terminate": Outcome.MEDIATION_TERMINATED}.get(step, "")


def test_nobody_approves_his_own(world: World) -> None:
    case, move = proposed(world, "refuse")
    refusals = [taken.refusal for taken in approve(case, move, world.officer)]
    assert [r.code for r in refusals if r] == ["own_proposal", "two_persons"]


def test_an_earlier_approval_opens_nothing(world: World) -> None:
    case, move = proposed(world, "refuse")
    handling.take(proposals.approve(), [case.pk], actor=world.actor("head"), now=LATER)
    with pytest.raises(StepNotAllowed) as refused:
        given.step(case, move, world.actor("head"), LATER)
    assert refused.value.code == "two_persons"


def test_an_approval_of_one_step_does_not_open_another(world: World) -> None:
    case, _move = proposed(world, "refer_to_police")
    done = approve(case, authority.refuse(ground="other_law", facts=TEXT), world.actor("head"))
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "two_persons"]


def test_a_proposal_falls_when_the_case_moves_on(world: World) -> None:
    case, _move = proposed(world, "refuse")
    given.step(case, authority.request_material(what="请补充账单。"), world.officer, LATER)
    assert Matter.objects.get(complaint=case, kind="proposal").state == "fallen"


def test_where_the_policy_is_off_one_person_suffices(world: World) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    case = given.a_complaint(world, status=S.MEDIATING)
    given.step(case, casework.refer_to_police(second_officer="乙", head="丙", text=TEXT),
               world.officer, LATER)
    given.step(case, mediation.terminate(ground="party_absent", facts=TEXT), world.officer, LATER)
    assert case.outcome == Outcome.MEDIATION_TERMINATED
