"""Whose case it is and how its consumer is reached: changed only by who may, told to who must know."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from authorities.models import Authority, CalendarDay, CalendarVersion, Policy
from complaints.handling.steps import authority, casework, contact, jurisdiction
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.notices import recipients
from complaints.notices.channels import SMS
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from complaints.record.person_digests import cases_of
from tests import given, reloaded
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
    assert reloaded(clock).ended_at is not None
    assert case.deadlines.get(clock="review", ended_at=None).last_day.isoformat() == "2026-11-23"
    assert Notice.objects.filter(complaint=case, kind="designate_authority", addressee="consumer").exists()
    case = disputed(world)
    far = Authority.objects.get(name="福州市仓山区市场监督管理局")
    for who, code in (("officer", "not_superior"), ("far_officer", "not_yours")):
        move = jurisdiction.designate_authority(authority_id=far.pk, text=TEXT)
        assert given.refused(case, move, world.actor(who), WEDNESDAY) == code
    code = given.refused(case, authority.assign_authority(authority_id=far.pk), world.officer, WEDNESDAY)
    assert code in ("not_now", "not_yours")
    assert reloaded(case).handling_authority == world.gulou
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


def acceptance() -> int:
    return Conditions.at(WEDNESDAY).policies.number("acceptance", None).number


def test_what_did_not_change_is_not_read_again(world: World, django_assert_num_queries: Any) -> None:
    first = Conditions.at(WEDNESDAY)
    with django_assert_num_queries(1):
        again = Conditions.at(WEDNESDAY)
    assert again.jurisdiction is first.jurisdiction
    assert again.policies is first.policies
    assert Conditions.at(WEDNESDAY + timedelta(days=30)).policies.on > first.policies.on


def test_a_changed_policy_counts_at_once_and_what_was_rolled_back_never(world: World) -> None:
    before = acceptance()
    Policy.objects.filter(name="acceptance").update(number=before + 3)
    assert acceptance() == before + 3
    Policy.objects.filter(name="acceptance").update(number=before)
    assert acceptance() == before
    row = Policy.objects.filter(name="acceptance").first()
    columns = {"region": None, "unit": row.unit, "legal_basis": "test", "version": 99}
    Policy.objects.create(name="acceptance", number=before + 7, **columns)
    assert acceptance() == before + 7
    Policy.objects.filter(name="acceptance", version=99).delete()
    assert acceptance() == before
    before = acceptance()
    for number in (before + 1, before + 2):
        with transaction.atomic():
            Policy.objects.filter(name="acceptance").update(number=number)
            assert acceptance() == number
            transaction.set_rollback(True)
        assert acceptance() == before


def test_a_changed_authority_and_a_new_calendar_count_at_once(world: World) -> None:
    def workspace() -> Authority:
        return Conditions.at(WEDNESDAY).jurisdiction.intake(world.region.pk)

    was = workspace()
    Authority.objects.filter(pk=was.pk).update(has_intake=False)
    assert workspace() != was
    Authority.objects.filter(pk=was.pk).update(has_intake=True)
    assert workspace() == was
    calendar = Conditions.at(WEDNESDAY).calendar
    day = WEDNESDAY.date()
    assert calendar.is_working(day)
    last = CalendarVersion.objects.filter(country="CN", year=day.year).latest("number")
    columns = {"number": last.number + 1, "source": "test", "digest": "-", "loaded_at": WEDNESDAY}
    version = CalendarVersion.objects.create(country="CN", year=day.year, **columns)
    CalendarDay.objects.create(version=version, day=day, is_working=False, name="测试")
    assert not Conditions.at(WEDNESDAY).calendar.is_working(day)
