"""A number of the national platform belongs to one case, is missed after a working day, and differs where states do."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import handling
from complaints.handling.steps import platform
from complaints.handling.steps.platform import record_platform_number
from complaints.models import Complaint, HandlingStep, Notice
from complaints.parties.conditions import current_calendar
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.tables.platform.conftest import at, filled

S = Status
NUMBER = "12315-3501-2026-0000001"


def listed(world: World, condition: str, now: datetime) -> set[int]:
    complaints = Complaint.objects.filter(
        platform.wanted(condition, now=now, calendar=current_calendar(), region_id=world.region.pk)
    )
    return set(complaints.values_list("pk", flat=True))


def test_a_number_is_kept_with_receipt_and_state_and_no_party_reads_it(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    shown = Notice.objects.filter(complaint=case).count()
    number = record_platform_number(platform_number=NUMBER, received_at="2026-11-11 09:30")
    given.step(case, number, world.officer, WEDNESDAY + timedelta(hours=1))
    assert (case.platform_number, case.platform_state) == (NUMBER, "registered")
    assert case.platform_received_at == datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
    entry = HandlingStep.objects.get(complaint=case, step="record_platform_number")
    assert (entry.audience, entry.data["number"]) == ("authority", NUMBER)
    assert Notice.objects.filter(complaint=case).count() == shown


def test_a_number_of_another_case_is_refused_by_name_and_another_number_needs_a_reason(world: World) -> None:
    one, two = (given.a_complaint(world, status=S.REVIEW) for _n in range(2))
    given.step(one, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    with pytest.raises(StepNotAllowed) as refused:
        given.step(two, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    assert (refused.value.code, NUMBER in refused.value.reason) == ("number_taken", True)
    assert one.number not in refused.value.reason
    # Another number of its own needs a reason, and the old one stands in the record.
    with pytest.raises(StepNotAllowed) as refused:
        given.step(one, record_platform_number(platform_number=NUMBER + "9"), world.officer, WEDNESDAY)
    assert (refused.value.code, NUMBER in refused.value.reason) == ("has_number", True)
    with pytest.raises(StepNotAllowed):
        given.step(one, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    given.step(one, record_platform_number(platform_number=NUMBER + "9", text="抄错一位"), world.officer, WEDNESDAY)
    entry = HandlingStep.objects.filter(complaint=one, step="record_platform_number").latest("pk")
    assert (one.platform_number, entry.data["before"]) == (NUMBER + "9", NUMBER)


def test_typed_by_hand_what_is_no_number_or_moment_is_refused_at_its_field(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    browser = at(world.rui)
    for moment in ("0001-01-01", "1999-12-31 23:59", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00+14:00"):
        typed = filled(platform_number=NUMBER, state="registered", received_at=moment)
        answer = browser.post(f"/authority/cases/{case.number}/platform/", typed)
        assert (answer.status_code, "年份请写在2000和2100之间。" in answer.content.decode()) == (422, True)
        with pytest.raises(WrongInput) as refused:
            record_platform_number(platform_number=NUMBER, received_at=moment)
        assert refused.value.field == "received_at"
    for number in ("", "1", "with space", "号12345678", "a" * 41, "-1234567", "13900000123", "35010219900101123X"):
        with pytest.raises(StepNotAllowed):
            record_platform_number(platform_number=number)
    assert "登记全国平台编号" in browser.get(f"/authority/cases/{case.number}/").content.decode()
    there = f"/authority/cases/{case.number}/platform/"
    form = browser.get(there).context["form"]
    assert "text" not in form.fields, "no reason where no number is changed"
    assert form["state"].value() == platform.expected(case)
    assert browser.post(there, filled(platform_number="短", state="registered")).status_code == 422
    assert browser.post(there, filled(platform_number=NUMBER, state="accepted")).status_code == 302
    page = browser.get(f"/authority/cases/{case.number}/").content.decode()
    assert NUMBER in page
    assert "已受理" in page
    form = browser.get(there).context["form"]
    assert (form["platform_number"].value(), form["state"].value(), "text" in form.fields) == (NUMBER, "accepted", True)
    assert browser.post(there, filled(platform_number=NUMBER, state="accepted")).status_code == 409


def test_it_takes_no_undo_from_the_consumer_and_none_needs_it_whom_no_authority_has(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    given.step(case, handling.MOVES["withdraw"](reason="mistake"), world.consumer, WEDNESDAY)
    given.step(case, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY + timedelta(minutes=5))
    given.step(case, handling.MOVES["undo"](), world.consumer, WEDNESDAY + timedelta(minutes=9))
    assert (case.status, case.platform_number) == (S.REVIEW, NUMBER)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    with pytest.raises(StepNotAllowed) as refused:
        given.step(case, record_platform_number(platform_number=NUMBER), world.officer, WEDNESDAY)
    assert refused.value.code == "not_received"


@pytest.mark.parametrize(
    ("received", "late_from"),
    [
        # A Wednesday: Thursday is the day; Friday's begin is late. A Friday: Monday is the day.
        (WEDNESDAY, datetime(2026, 11, 12, 16, 0, tzinfo=UTC)),
        (WEDNESDAY + timedelta(days=2), datetime(2026, 11, 16, 16, 0, tzinfo=UTC)),
        (WEDNESDAY + timedelta(days=3), datetime(2026, 11, 16, 16, 0, tzinfo=UTC)),
    ],
)
def test_it_is_flagged_after_one_working_day(world: World, received: datetime, late_from: datetime) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=received)
    instant = timedelta(microseconds=1)
    assert case.pk in listed(world, platform.MISSING, late_from - instant)
    assert case.pk not in listed(world, platform.LATE, late_from - instant)
    assert case.pk in listed(world, platform.LATE, late_from)
    assert platform.is_late(case, now=late_from, calendar=current_calendar(), days=1)
    given.step(case, record_platform_number(platform_number=NUMBER), world.officer, late_from)
    assert not listed(world, platform.LATE, late_from) & {case.pk}


@pytest.mark.parametrize("status", [s for s in S if s not in (S.DRAFT, S.CLOSED)])
def test_the_list_and_the_page_agree_about_what_differs(world: World, status: Status) -> None:
    case = given.a_complaint(world, status=status)
    for state in platform.STATES:
        Complaint.objects.filter(pk=case.pk).update(platform_number=NUMBER, platform_state=state)
        same = case.pk in listed(world, platform.SAME, WEDNESDAY)
        assert same != (case.pk in listed(world, platform.DIFFERS, WEDNESDAY))
        if status != S.PERFORMING:
            assert same == (platform.expected(case) == state)


def test_every_end_has_its_state(world: World) -> None:
    for outcome in Outcome:
        assert platform.expected(Complaint(status=S.CLOSED, outcome=outcome)) in platform.STATES
