"""Two persons: what one alone may not decide, and how little an approval opens."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling import Move
from complaints.handling.steps import authority, mediation, proposals, violations
from complaints.models import Complaint, HandlingStep, Matter
from complaints.parties.actors import Actor, officer
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World

S = Status
TEXT = "这里写明事实和理由，供核对。"
LATER = WEDNESDAY + timedelta(hours=2)
REFUSAL = {"ground": "other_law", "facts": TEXT}
GUARDED: dict[str, tuple[Status, dict[str, object]]] = {
    "refuse": (S.REVIEW, REFUSAL),
    "terminate": (S.MEDIATING, {"ground": "other_law", "facts": TEXT}),
    "refer_to_police": (S.REVIEW, {"text": TEXT}),
}


def proposed(world: World, step: str) -> tuple[Complaint, Move]:
    """A case with an open proposal of Rui's, and the move that was proposed."""
    status, payload = GUARDED[step]
    case = given.a_complaint(world, status=status)
    move = handling.MOVES[step](**payload)
    given.step(case, proposals.propose(move=move), world.officer, WEDNESDAY)
    return case, move


def approve(case: Complaint, move: Move, actor: Actor) -> list[handling.StepResult]:
    return handling.take_each([(case.pk, proposals.approve(), actor), (case.pk, move, actor)], now=LATER)


@pytest.mark.parametrize("step", sorted(GUARDED))
def test_one_person_alone_is_refused_the_second_approves_and_it_is_done(world: World, step: str) -> None:
    status, payload = GUARDED[step]
    case = given.a_complaint(world, status=status)
    for who in ("officer", "head"):
        assert given.refused(case, handling.MOVES[step](**payload), world.actor(who), LATER) == "two_persons"
    case, move = proposed(world, step)
    if step == "refer_to_police":
        sign(case, second(world))
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))
    case.refresh_from_db()
    assert Matter.objects.get(complaint=case, kind="proposal").state == "granted"
    assert case.outcome == {"refuse": Outcome.REFUSED, "terminate": Outcome.MEDIATION_TERMINATED}.get(step, "")


def second(world: World) -> Actor:
    """Another officer of the same authority, no head."""
    user = User.objects.create(email="other@example.com", name="林试")
    return officer([Officer.objects.create(user=user, authority=world.gulou, role=Role.OFFICER.post)])


def sign(case: Complaint, actor: Actor) -> None:
    handling.take(proposals.approve(), [case.pk], actor=actor, now=LATER)


@pytest.mark.parametrize("step", ["refuse", "terminate"])
def test_where_a_policy_asks_for_the_head_no_other_officer_will_do(world: World, step: str) -> None:
    case, move = proposed(world, step)
    refusals = [taken.refusal.code for taken in approve(case, move, second(world)) if taken.refusal]
    assert refusals == ["not_head", "two_persons"]


@pytest.mark.parametrize("step", sorted(GUARDED))
def test_without_a_row_that_asks_for_the_head_two_names_still_stand(world: World, step: str) -> None:
    Policy.objects.filter(name__regex=r"^(head|two_persons)\.").delete()
    case, move = proposed(world, step)
    assert given.refused(case, move, world.officer, LATER) == "two_persons"
    assert all(taken.is_done for taken in approve(case, move, second(world)))


def test_the_police_are_told_by_two_names_and_the_head(world: World) -> None:
    case, move = proposed(world, "refer_to_police")
    other = second(world)
    done = approve(case, move, other)
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "two_persons"]
    for again in (world.officer, other):
        with pytest.raises(StepNotAllowed) as refused:
            sign(case, again)
        assert refused.value.code == "own_proposal"
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))
    entry = HandlingStep.objects.get(complaint=case, step="refer_to_police")
    assert (entry.audience, len(entry.data["officers"])) == ("authority", 3)
    case.refresh_from_db()
    assert case.status == S.REVIEW, "a referral closes nothing"


def test_who_saw_two_signatures_missing_does_not_give_the_last_one_without_the_step(world: World) -> None:
    case, move = proposed(world, "refer_to_police")
    handling.take(proposals.approve(missing=2), [case.pk], actor=second(world), now=LATER)
    with pytest.raises(StepNotAllowed) as refused:
        handling.take(proposals.approve(missing=2), [case.pk], actor=world.actor("head"), now=LATER)
    assert refused.value.code == "moved_on"
    assert Matter.objects.get(complaint=case, kind="proposal").state == "open"
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))


def test_nobody_approves_his_own_nor_an_officer_of_another_authority_and_both_names_stand(world: World) -> None:
    case, move = proposed(world, "refuse")
    refusals = [taken.refusal for taken in approve(case, move, world.officer)]
    assert [r.code for r in refusals if r] == ["own_proposal", "two_persons"]
    for stranger in ("far_officer", "superior"):
        assert "not_yours" in [t.refusal.code for t in approve(case, move, world.actor(stranger)) if t.refusal]
    approve(case, move, world.actor("head"))
    data = HandlingStep.objects.get(complaint=case, step="refuse").data
    assert data["officers"] == [world.rui_officer.pk, world.head_officer.pk]


def test_an_earlier_approval_or_one_of_another_step_opens_nothing_and_a_proposal_falls(world: World) -> None:
    case, move = proposed(world, "refuse")
    handling.take(proposals.approve(), [case.pk], actor=world.actor("head"), now=LATER)
    assert given.refused(case, move, world.actor("head"), LATER) == "two_persons"
    case, _move = proposed(world, "refer_to_police")
    sign(case, second(world))
    done = approve(case, authority.refuse(ground="other_law", facts=TEXT), world.actor("head"))
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "two_persons"]
    case, _move = proposed(world, "refuse")
    given.step(case, authority.request_material(what="请补充账单。"), world.officer, LATER)
    assert Matter.objects.get(complaint=case, kind="proposal").state == "fallen"


def test_where_the_policy_is_off_one_person_suffices(world: World) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    case = given.a_complaint(world, status=S.MEDIATING)
    given.step(case, violations.refer_to_police(text=TEXT), world.officer, LATER)
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, LATER)
    assert case.outcome == Outcome.MEDIATION_TERMINATED
