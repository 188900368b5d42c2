"""Wrong citations: an officer's own are shown once before the step, those of a consumer stand as a note under them."""

from typing import Any

import pytest

from complaints.models import Complaint, HandlingStep
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, case_at, step_url
from tests.complaints.pages.at_the_desk import checked, key, shown, signed_in

pytestmark = pytest.mark.django_db
WRONG = "根据《市场监督管理投诉举报处理办法》第五十条，请补充账单。"
RIGHT = "根据《市场监督管理投诉举报处理办法》第十条，请补充账单。"


def asked(world: World, what: str, **more: Any) -> tuple[Complaint, Any]:
    case = case_at(world, S.REVIEW)
    return case, signed_in(world.rui).post(step_url(case, "material"), {"what": what} | more | key())


def is_asked(case: Complaint) -> bool:
    return HandlingStep.objects.filter(complaint=case, step="request_material").exists()


def test_an_officer_sees_what_is_wrong_once_and_goes_on(world: World) -> None:
    case, answer = asked(world, WRONG)
    checked(answer, 200, "引用的这一条，这部法规里没有。", "第五十条", 'name="anyway"', WRONG)
    assert not is_asked(case)
    case, answer = asked(world, WRONG, anyway="no_such_article:what")
    assert (answer.status_code, is_asked(case)) == (302, True)
    case, answer = asked(world, RIGHT)
    assert (answer.status_code, is_asked(case)) == (302, True)


def test_a_consumers_wrong_citation_is_a_note_to_the_officer(world: World) -> None:
    case = case_at(world, S.REVIEW, statement="依据消法第七十一条要求十倍赔偿。")
    page = shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
    assert "供您核对；写错条文不影响受理" in page
    assert "<q" in page
    assert "写错条文" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    case = case_at(world, S.REVIEW, statement="依据消法第五十五条要求三倍赔偿。")
    assert "写错条文" not in shown(signed_in(world.rui).get(f"/authority/cases/{case.number}/"))
