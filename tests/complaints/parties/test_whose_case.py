"""Whose case it is and how its consumer is reached: changed only by who may, told to who must know."""

from datetime import timedelta
from typing import Any

import pytest

from authorities.models import Authority
from complaints.handling.steps import authority, casework, contact, jurisdiction
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.notices import recipients
from complaints.notices.channels import SMS
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.record.person_digests import cases_of
from tests import given
from tests.cast import WEDNESDAY, World

S, DAY = Status, timedelta(days=1)
TEXT = "这里写明事实和理由，供核对。"


def disputed(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.REVIEW)
    return given.step(case, jurisdiction.dispute_jurisdiction(text=TEXT), world.officer, WEDNESDAY)


def test_the_common_superior_designates_within_seven_working_days_and_the_review_begins_anew(world: World) -> None:
    case = disputed(world)
    clock = case.deadlines.get(clock="jurisdiction")
    assert clock.last_day.isoformat() == "2026-11-20"
    other = Authority.objects.get(name="福州市仓山区市场监督管理局")
    given.step(
        case,
        jurisdiction.designate_authority(authority_id=other.pk, text=TEXT),
        world.actor("superior"),
        WEDNESDAY + DAY,
    )
    assert (case.status, case.handling_authority) == (S.REVIEW, other)
    assert not Matter.objects.filter(complaint=case, kind="jurisdiction", state="open").exists()
    clock.refresh_from_db()
    assert clock.ended_at is not None
    assert case.deadlines.get(clock="review", ended_at=None).last_day.isoformat() == "2026-11-23"
    assert Notice.objects.filter(complaint=case, kind="designate_authority", addressee="consumer").exists()


@pytest.mark.parametrize(("who", "code"), [("officer", "not_superior"), ("far_officer", "not_yours")])
def test_nobody_beside_it_designates_and_nothing_goes_sideways(world: World, who: str, code: str) -> None:
    case = disputed(world)
    far = Authority.objects.get(name="福州市仓山区市场监督管理局")
    with pytest.raises(StepNotAllowed) as refused:
        given.step(case, jurisdiction.designate_authority(authority_id=far.pk, text=TEXT), world.actor(who), WEDNESDAY)
    assert refused.value.code == code
    with pytest.raises(StepNotAllowed) as refused:
        given.step(case, authority.assign_authority(authority_id=far.pk), world.officer, WEDNESDAY)
    assert refused.value.code in ("not_now", "not_yours")
    case.refresh_from_db()
    assert case.handling_authority == world.gulou


def test_without_a_dispute_there_is_nothing_to_designate(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    given.refused(
        case,
        jurisdiction.designate_authority(authority_id=world.gulou.pk, text=TEXT),
        world.actor("superior"),
        WEDNESDAY,
    )


def nobody(world: World, **changes: Any) -> Complaint:
    """Filed by somebody without an account."""
    return given.a_complaint(world, status=S.TRIAGE, consumer_id=None, consumer_phone="13900001111", **changes)


def test_a_new_number_is_found_and_the_old_one_is_told(world: World) -> None:
    case = nobody(world)
    given.step(case, contact.change_contact(how="phone", proof="LY-1", phone="139 0000 2222"), world.intake, WEDNESDAY)
    assert case.pk in cases_of("13900002222")
    entry = HandlingStep.objects.get(complaint=case, step="change_contact")
    assert entry.data["changed"] == ["consumer_phone"]
    assert "13900002222" not in entry.body
    shown = Notice.objects.get(complaint=case, kind="change_contact", addressee="consumer")
    later = Notice.objects.filter(complaint=case, addressee="consumer").exclude(pk=shown.pk).first()
    assert later is not None
    result = recipients.contacts_of([shown, later])
    assert result[recipients.told_as(shown)][SMS].endswith("13900001111")
    assert result[recipients.told_as(later)][SMS].endswith("13900002222")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "phone"),
        ({"phone": "x"}, "phone"),
        ({"email": "13900001111"}, "email"),
        ({"how": "guess", "phone": "13900002222"}, "how"),
    ],
)
def test_what_is_no_contact_is_refused(world: World, said: dict[str, str], field: str) -> None:
    with pytest.raises(StepNotAllowed) as refused:
        contact.change_contact(**{"how": "phone", "proof": "LY-1"} | said)
    assert getattr(refused.value, "field", "") == field


def test_who_has_an_account_changes_the_number_there(world: World) -> None:
    case = given.a_complaint(world, status=S.TRIAGE)
    assert (
        given.refused(
            case, contact.change_contact(how="phone", proof="LY-1", phone="13900002222"), world.intake, WEDNESDAY
        )
        == "has_account"
    )
    given.step(case, contact.change_contact(how="phone", proof="LY-1", address="新地址2号"), world.intake, WEDNESDAY)


def test_only_cases_against_the_same_named_respondent_are_joined_before_anybody_has_them(world: World) -> None:
    one = given.a_complaint(world, status=S.TRIAGE)
    other = given.a_complaint(world, status=S.TRIAGE, respondents=(RespondentRequest(named="东街口小店"),))
    given.refused(one, casework.join_cases(numbers=[other.number], consents_recorded=True), world.intake, WEDNESDAY)
    again = given.a_complaint(world, status=S.TRIAGE)
    given.step(one, casework.join_cases(numbers=[again.number], consents_recorded=True), world.intake, WEDNESDAY)
    assert one.linked_group is not None
    one, other = (given.a_complaint(world, status=S.TRIAGE, respondents=(RespondentRequest(),)) for _n in range(2))
    with pytest.raises(StepNotAllowed) as refused:
        given.step(one, casework.join_cases(numbers=[other.number], consents_recorded=True), world.intake, WEDNESDAY)
    assert (refused.value.code, refused.value.field) == ("no_respondent", "numbers")
    given.step(one, casework.link_cases(numbers=[other.number]), world.intake, WEDNESDAY)
