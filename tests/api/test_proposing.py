"""Programs propose and approve: what is inside a proposal is judged like the step itself."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from api.step_shapes import STEPS, input_of
from authorities.models import Officer
from complaints.models import HandlingStep, Matter
from complaints.procedure.workflow import Status
from enterprises.models import Branch, TwoPersons
from tests import given
from tests.api.conftest import Making
from tests.cast import World

BRANCH_OF_ANOTHER = "of another"


def proposing(world: World, **target: Any) -> dict[str, Any]:
    return {"step": "return_case", "input": {"reason": "wrong_entity", "text": "不是本企业的用户。", **target}}


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"enterprise_id": 2**31 - 1}, "enterprise_id"),
        ({"branch_id": 2**31 - 1}, "branch_id"),
        ({"branch_id": BRANCH_OF_ANOTHER}, "branch_id"),
    ],
)
def test_what_is_not_there_cannot_be_proposed(
    world: World, program: Making, target: dict[str, Any], field: str
) -> None:
    TwoPersons.objects.create(enterprise=world.mobile, returns=True, set_by=world.lead, set_at=timezone.now())
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    if target.get("branch_id") == BRANCH_OF_ANOTHER:
        target = {"enterprise_id": world.telecom.pk, "branch_id": world.fuzhou.pk}
    answer = program("ming").post(f"/complaints/{case.number}/steps/propose/", proposing(world, **target))
    assert (answer.status_code, answer.json().get("field")) == (422, field), answer.content.decode()
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()


@pytest.mark.parametrize("at_the_page", [False, True])
def test_what_is_gone_or_never_was_is_refused_at_the_approval(
    world: World, program: Making, client: Any, at_the_page: bool
) -> None:
    """A proposal that was kept before names were looked at inside of it."""
    TwoPersons.objects.create(enterprise=world.mobile, returns=True, set_by=world.lead, set_at=timezone.now())
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    branch = Branch.objects.create(enterprise=world.telecom, name="试验分公司")
    fine = program("ming").post(
        f"/complaints/{case.number}/steps/propose/",
        proposing(world, enterprise_id=world.telecom.pk, branch_id=branch.pk),
    )
    assert fine.status_code == 200, fine.content.decode()
    matter = Matter.objects.get(complaint=case, kind="proposal")
    matter.data["payload"]["branch_id"] = world.fuzhou.pk
    matter.data["payload"]["enterprise_id"] = 2**31 - 1
    matter.save(update_fields=["data"])
    if at_the_page:
        client.force_login(world.lead)
        client.raise_request_exception = False
        answer = client.post(f"/enterprise/approvals/{matter.pk}/", {"decision": "grant", "idempotency_key": "k" * 20})
    else:
        answer = program("lead").post(f"/complaints/{case.number}/steps/approve/", {})
        assert answer.json()["field"] == "enterprise_id"
    assert answer.status_code == 422, answer.content.decode()
    matter.refresh_from_db()
    assert matter.state == "open"


@pytest.mark.parametrize("step", ["make_offer", "replace_offer"])
def test_no_program_says_that_an_offer_is_of_a_measure(world: World, program: Making, step: str) -> None:
    assert step in STEPS
    assert "measure_id" not in input_of(step)().fields
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    body = {"answers": [], "measure_id": "7f1d5a58-6f0c-4b59-8a52-0c9ad5cf3c1e"}
    shown = program("ming").post(f"/complaints/{case.number}/steps/{step}/", body)
    assert (shown.status_code, set(shown.json()["errors"])) == (400, {"/measure_id"})
    inside = program("ming").post(f"/complaints/{case.number}/steps/propose/", {"step": step, "input": body})
    assert (inside.status_code, set(inside.json()["errors"])) == (400, {"/measure_id"})


def test_programs_sign_one_after_the_other_and_the_step_comes_with_the_last(world: World, program: Making) -> None:
    """The police are told by two officers and the head."""
    case = given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    there = f"/complaints/{case.number}/steps"
    other = User.objects.create(email="other@example.com", name="林试")
    Officer.objects.create(user=other, authority=world.gulou, role=Role.OFFICER.post)
    asked = program("rui").post(
        f"{there}/propose/", {"step": "refer_to_police", "input": {"text": "对方承认虚构收据。"}}
    )
    assert asked.status_code == 200, asked.content.decode()
    first = program(other, place="authority").post(f"{there}/approve/")
    assert first.status_code == 200, first.content.decode()
    shown = HandlingStep.objects.filter(complaint=case, step="refer_to_police")
    assert not shown.exists()
    last = program(world.head_officer.user, place="authority").post(f"{there}/approve/")
    assert last.status_code == 200, last.content.decode()
    assert len(shown.get().data["officers"]) == 3


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"reached": False}, 200),
        ({"reached": True, "answers": {"accepted": "yes"}}, 200),
        ({"reached": True, "answers": {"accepted": "green"}}, 422),
    ],
)
def test_what_was_said_on_the_telephone_is_no_answer_to_a_demand(
    world: World, program: Making, said: dict[str, Any], code: int
) -> None:
    """Both are called answers."""
    case = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    shown = program("rui").post(f"/complaints/{case.number}/steps/call_back/", said)
    assert shown.status_code == code, shown.content.decode()
