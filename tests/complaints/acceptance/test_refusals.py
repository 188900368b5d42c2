"""Which ground a case allows: what the file rules out is refused by name, whoever asks and however."""

from datetime import date, timedelta
from typing import Any

import pytest

from authorities.models import Policy
from complaints.acceptance import review_facts, review_grounds
from complaints.handling.steps import authority, both, casework
from complaints.handling.steps.filing import file as file_cases
from complaints.models import Complaint, Evidence, HandlingStep, Notice
from complaints.procedure.categories import REFUSAL_GROUNDS
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World

FACTS = "查了案卷和企业的答复，写明在此。"
LATER = WEDNESDAY + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _one_person_suffices(world: World) -> None:
    """Who signs has tests of its own (test_two_persons)."""
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def refused(world: World, case: Complaint, **said: Any) -> str:
    """The code of the refusal of a refusal; "" where it was taken."""
    try:
        given.step(case, authority.refuse(**{"facts": FACTS, **said}), world.officer, LATER)
    except StepNotAllowed as no:
        return f"{no.code}/{no.field}"
    return ""


LATELY_LEARNED = {"disputed_on": date(2020, 1, 1), "learned_on": date(2025, 1, 1)}
#: (what the case is like, ground and body, what comes of it)
TABLE: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({}, {"ground": "over_three_years"}, "ground_ruled_out/ground"),
    ({"learned_on": date(2023, 11, 11)}, {"ground": "over_three_years"}, "ground_ruled_out/ground"),
    ({"learned_on": date(2023, 11, 10)}, {"ground": "over_three_years"}, ""),
    (LATELY_LEARNED, {"ground": "over_three_years"}, "ground_ruled_out/ground"),
    ({"disputed_on": date(2020, 2, 29)}, {"ground": "over_three_years"}, ""),
    ({"disputed_on": None}, {"ground": "over_three_years"}, "ground_ruled_out/ground"),
    ({}, {"ground": "already_handled"}, "missing/body"),
    ({}, {"ground": "already_handled", "body": "court"}, ""),
    ({}, {"ground": "already_handled", "earlier": "20261118-AAAAAAAAAAAA-0"}, "bad_choice/earlier"),
    ({}, {"ground": "outside_duty"}, "bad_choice/body"),
    ({}, {"ground": "outside_duty", "body": "association"}, "bad_choice/body"),
    ({}, {"ground": "outside_duty", "body": "other"}, "bad_choice/body"),
    ({}, {"ground": "outside_duty", "body": "12300"}, ""),
    ({}, {"ground": "material_missing"}, "ground_ruled_out/ground"),
    ({"consumer_address": ""}, {"ground": "material_missing"}, ""),
    ({}, {"ground": "identity_refused"}, "ground_ruled_out/ground"),
    ({}, {"ground": "not_consumption"}, ""),
    ({}, {"ground": "other_law", "facts": "太短"}, "too_short/facts"),
    ({}, {"ground": "eighth"}, "bad_choice/ground"),
]


def test_the_file_decides_which_grounds_are_open_and_what_is_missing_has_its_article(world: World) -> None:
    for filed, said, code in TABLE:
        case = given.a_complaint(world, status=S.REVIEW, **filed)
        assert refused(world, case, **said) == code
        assert (reloaded(case).outcome == Outcome.REFUSED) is not bool(code)
    case = given.a_complaint(world, status=S.REVIEW)
    result = review_grounds.grounds(review_facts.known_of(case), signals=["同一电话多人使用"])
    assert [g.code for g in result] == list(REFUSAL_GROUNDS)
    assert "同一电话多人使用" in result[2].shows
    assert {g.code for g in result if g.barred} == {"over_three_years", "material_missing", "identity_refused"}
    case = given.a_complaint(world, status=S.REVIEW, consumer_address="")
    lacks = review_grounds.lacking(review_facts.known_of(case))
    assert [(e.code, e.article) for e in lacks] == [("identity", 10)]
    assert "通讯地址" in lacks[0].note
    whole = given.a_complaint(world, status=S.REVIEW)
    assert review_grounds.lacking(review_facts.known_of(whole)) == []
    assert not Evidence.objects.filter(complaint=whole).exists(), "no evidence is no missing element"


def test_who_was_heard_before_or_shows_no_identity_is_refused_and_by_nobody_else(world: World) -> None:
    earlier = given.a_complaint(world, status=S.MEDIATING)
    actor = world.actor("other_consumer")
    request = given.a_request(world, consumer_id=world.otto.pk, consumer_phone="+8613800000009")
    other = file_cases([request], actor=actor, now=WEDNESDAY)[0]
    case = given.a_complaint(world, status=S.REVIEW)
    assert review_facts.known_of(case).earlier == (earlier.number,)
    assert refused(world, case, ground="already_handled", earlier=other.number) == "bad_choice/earlier"
    assert refused(world, case, ground="already_handled", earlier=earlier.number) == ""
    assert HandlingStep.objects.get(complaint=case, step="refuse").data["earlier"] == earlier.number
    case = given.a_complaint(world, status=S.REVIEW)
    given.step(case, authority.request_material(what="身份证明", is_identity=True), world.officer, WEDNESDAY)
    assert HandlingStep.objects.get(complaint=case, step="request_material").data["form"] == [4]
    assert refused(world, case, ground="identity_refused") == "material_awaited/"
    given.step(case, both.supply_material(has_none=True), world.consumer, LATER)
    assert refused(world, case, ground="identity_refused") == ""
    case = given.a_complaint(world, status=S.REVIEW, contact_verified=False)
    given.step(case, casework.verify_contact(result="call_not_theirs"), world.officer, LATER)
    assert refused(world, case, ground="identity_refused") == ""
    case = given.a_complaint(world, status=S.REVIEW)
    for who in ("intake", "consumer", "handler", "far_officer", "superior"):
        given.refused(case, authority.refuse(ground="other_law", facts=FACTS), world.actor(who), LATER)


def test_the_consumer_is_told_whose_duty_it_is_the_phone_and_the_last_day(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    assert refused(world, case, ground="outside_duty", body="12300") == ""
    body = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer").body
    ways = ("与经营者协商和解", "向人民法院起诉", "提出异议")
    assert not missing_in(body, "第十六条第一项", "12300电信用户申诉", "2027年4月1日", *ways)
    other = given.a_complaint(world, status=S.REVIEW, object_category="service.property", problem_category="quality")
    assert refused(world, other, ground="outside_duty", body="court") == ""
    assert "电话12368" in Notice.objects.get(complaint=other, kind="refuse", addressee="consumer").body
