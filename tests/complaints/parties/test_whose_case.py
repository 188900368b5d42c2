"""Whose case it is and how its consumer is reached: changed only by who may, told to who must know."""

from datetime import timedelta
from typing import Any

from authorities.models import Authority
from complaints.handling.steps import authority, casework, contact, jurisdiction
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.notices import recipients
from complaints.notices.channels import SMS
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from complaints.record.person_digests import cases_of
from tests import given
from tests.cast import WEDNESDAY, World

S, DAY = Status, timedelta(days=1)
TEXT = "这里写明事实和理由，供核对。"


def disputed(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.REVIEW)
    return given.step(case, jurisdiction.dispute_jurisdiction(text=TEXT), world.officer, WEDNESDAY)


def test_the_common_superior_alone_designates_and_only_in_a_dispute_and_the_review_begins_anew(world: World) -> None:
    case = disputed(world)
    clock = case.deadlines.get(clock="jurisdiction")
    assert clock.last_day.isoformat() == "2026-11-20"
    other = Authority.objects.get(name="福州市仓山区市场监督管理局")
    move = jurisdiction.designate_authority(authority_id=other.pk, text=TEXT)
    given.step(case, move, world.actor("superior"), WEDNESDAY + DAY)
    assert (case.status, case.handling_authority) == (S.REVIEW, other)
    assert not Matter.objects.filter(complaint=case, kind="jurisdiction", state="open").exists()
    clock.refresh_from_db()
    assert clock.ended_at is not None
    assert case.deadlines.get(clock="review", ended_at=None).last_day.isoformat() == "2026-11-23"
    assert Notice.objects.filter(complaint=case, kind="designate_authority", addressee="consumer").exists()
    case = disputed(world)
    far = Authority.objects.get(name="福州市仓山区市场监督管理局")
    for who, code in (("officer", "not_superior"), ("far_officer", "not_yours")):
        move = jurisdiction.designate_authority(authority_id=far.pk, text=TEXT)
        assert given.refused(case, move, world.actor(who), WEDNESDAY) == code
    code = given.refused(case, authority.assign_authority(authority_id=far.pk), world.officer, WEDNESDAY)
    assert code in ("not_now", "not_yours")
    case.refresh_from_db()
    assert case.handling_authority == world.gulou
    case = given.a_complaint(world, status=S.REVIEW)
    move = jurisdiction.designate_authority(authority_id=world.gulou.pk, text=TEXT)
    given.refused(case, move, world.actor("superior"), WEDNESDAY)


def nobody(world: World, **changes: Any) -> Complaint:
    """Filed by somebody without an account."""
    return given.a_complaint(world, status=S.TRIAGE, consumer_id=None, consumer_phone="13900001111", **changes)


def test_a_new_number_is_found_the_old_one_told_and_none_taken_that_is_none_or_an_accounts(world: World) -> None:
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
    assert result[recipients.contact_key(shown)][SMS].endswith("13900001111")
    assert result[recipients.contact_key(later)][SMS].endswith("13900002222")
    no_mail, guess = {"email": "13900001111"}, {"how": "guess", "phone": "13900002222"}
    for said, field in (({}, "phone"), ({"phone": "x"}, "phone"), (no_mail, "email"), (guess, "how")):
        assert given.raised(contact.change_contact, **{"how": "phone", "proof": "LY-1"} | said).field == field
    case = given.a_complaint(world, status=S.TRIAGE)
    move = contact.change_contact(how="phone", proof="LY-1", phone="13900002222")
    assert given.refused(case, move, world.intake, WEDNESDAY) == "has_account"
    given.step(case, contact.change_contact(how="phone", proof="LY-1", address="新地址2号"), world.intake, WEDNESDAY)


def test_only_cases_against_the_same_named_respondent_are_joined_before_anybody_has_them(world: World) -> None:
    one = given.a_complaint(world, status=S.TRIAGE)
    other = given.a_complaint(world, status=S.TRIAGE, respondents=(RespondentRequest(named="东街口小店"),))
    given.refused(one, casework.join_cases(numbers=[other.number], consents_recorded=True), world.intake, WEDNESDAY)
    again = given.a_complaint(world, status=S.TRIAGE)
    given.step(one, casework.join_cases(numbers=[again.number], consents_recorded=True), world.intake, WEDNESDAY)
    assert one.linked_group is not None
    one, other = (given.a_complaint(world, status=S.TRIAGE, respondents=(RespondentRequest(),)) for _n in range(2))
    move = casework.join_cases(numbers=[other.number], consents_recorded=True)
    refused = given.refusal(one, move, world.intake, WEDNESDAY)
    assert (refused.code, refused.field) == ("no_respondent", "numbers")
    given.step(one, casework.link_cases(numbers=[other.number]), world.intake, WEDNESDAY)
