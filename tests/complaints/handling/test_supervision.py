"""Instructions and escalations: who is told when nobody acts, and what nobody may do."""

from datetime import datetime, timedelta

import pytest

from accounts.roles import Role
from authorities.models import Authority, Officer
from complaints import handling
from complaints.handling import StepNotAllowed, WrongInput
from complaints.handling.steps import authority, enterprise, supervision
from complaints.models import Complaint, Deadline, HandlingStep, Matter, Notice, PersonalText
from complaints.parties import actors
from complaints.parties.actors import SYSTEM
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import SHANGHAI as HERE
from complaints.record.verification import verify
from enterprises.models import Succession
from tests import given, reloaded
from tests.cast import World

#: A Monday; no holiday until the first of October.
MONDAY = datetime(2026, 9, 7, 10, tzinfo=HERE)
TEXT = "请在期限前提出方案。"


def day(number: int, hour: int = 10) -> datetime:
    return MONDAY.replace(day=number, hour=hour)


def urged(world: World, case: Complaint, by: str = "officer", last: str = "2026-09-10") -> Matter:
    given.step(case, supervision.urge(text=TEXT, last_day=last), world.actor(by), day(8))
    return Matter.objects.get(complaint=case, kind="urge", state="open")


def entries(case: Complaint, step: str) -> list[HandlingStep]:
    return list(HandlingStep.objects.filter(complaint=case, step=step).order_by("sequence"))


def test_nobody_answers_and_one_superior_after_the_other_is_told(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
    matter = urged(world, case)
    assert (matter.authority, matter.to_authority, matter.enterprise) == (world.gulou, None, world.mobile)
    clock = Deadline.objects.get(matter=matter)
    handling.sweep_clocks(now=day(10, 23))
    assert entries(case, "escalate") == []
    # Thursday was the last day; Friday's first minute tells the city, two working days later the province hears of it.
    given.swept(clock, day(11, 1))
    assert (clock.escalated_to, clock.escalations) == (world.city, 1)
    handling.sweep_clocks(now=day(14, 23))
    assert [entry.data["escalated_to"] for entry in entries(case, "escalate")] == [world.city.name]
    given.swept(clock, day(15, 1))
    province = Authority.objects.get(pk=world.city.parent_id)
    assert (clock.escalated_to, clock.escalations) == (province, 2)
    told = [entry.data for entry in entries(case, "escalate")]
    shown = [(data["times"], data["escalated_to"], data["matter"]) for data in told]
    assert shown == [(1, world.city.name, matter.pk), (2, province.name, matter.pk)]
    # The moment is that of the clock, however late the sweep comes.
    assert [entry.happened_at.astimezone(HERE) for entry in entries(case, "escalate")] == [day(11, 0), day(15, 0)]
    notices = Notice.objects.filter(complaint=case, kind="escalate")
    assert set(notices.values_list("authority__name", flat=True)) == {world.city.name, province.name}
    handling.sweep_clocks(now=day(15, 2))
    assert len(entries(case, "escalate")) == 2
    assert verify(number=case.number).is_unbroken


def test_an_answer_goes_to_who_asked_and_stops_the_escalation_even_late(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
    matter = urged(world, case, by="superior")
    given.step(case, supervision.answer_instruction(text="今天提出方案。", matter_id=matter.pk), world.handler, day(9))
    assert reloaded(matter).state == "answered"
    notice = Notice.objects.get(complaint=case, kind="answer_instruction")
    assert (notice.addressee, notice.authority) == ("authority", world.city)
    handling.sweep_clocks(now=day(18))
    assert entries(case, "escalate") == []
    with pytest.raises(StepNotAllowed, match="已经答复过") as refused:
        given.step(case, supervision.answer_instruction(text="再答一次。", matter_id=matter.pk), world.handler, day(9))
    assert refused.value.code == "answered_already"
    case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
    matter = urged(world, case)
    handling.sweep_clocks(now=day(11, 1))
    given.step(case, supervision.answer_instruction(text="晚了，今天答复。"), world.handler, day(14))
    handling.sweep_clocks(now=day(18))
    assert len(entries(case, "escalate")) == 1
    assert Deadline.objects.get(matter=matter).state == "lapsed"


def test_nobody_urges_a_superior_or_the_own_authority_or_for_a_day_that_has_passed(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    with pytest.raises(StepNotAllowed) as own:
        given.step(case, supervision.urge(text=TEXT, last_day="2026-09-10"), world.officer, day(8))
    given.step(case, supervision.take_up(text=TEXT), world.actor("superior"), day(8))
    with pytest.raises(StepNotAllowed) as above:
        given.step(case, supervision.urge(text=TEXT, last_day="2026-09-10"), world.officer, day(8))
    assert (own.value.code, above.value.code) == ("not_below", "not_below")
    assert "福州市市场监督管理局" in above.value.reason
    for last, why in [("2026-09-08", "bad_day"), ("2026-09-01", "bad_day"), ("", "bad_day")]:
        case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
        assert given.refused(case, supervision.urge(text=TEXT, last_day=last), world.officer, day(8), WrongInput) == why


def test_a_lower_authority_or_an_office_answers_and_its_superior_hears_of_silence(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    matter = urged(world, case, by="superior")
    assert (matter.authority, matter.to_authority, matter.enterprise) == (world.city, world.gulou, None)
    given.refused(case, supervision.answer_instruction(text=TEXT, matter_id=matter.pk), world.handler, day(9))
    handling.sweep_clocks(now=day(11, 1))
    assert Notice.objects.get(complaint=case, kind="lapse_instruction").authority == world.city
    assert Deadline.objects.get(matter=matter).escalated_to == world.city
    given.step(case, supervision.answer_instruction(text="本周办结。", matter_id=matter.pk), world.officer, day(11))
    assert reloaded(matter).state == "answered"
    region = world.region
    office = Authority.objects.create(name="试验所", region=region, parent=world.gulou, level=Authority.Level.OFFICE)
    case = given.a_complaint(world, status=S.TRIAGE, now=MONDAY)
    given.step(case, authority.assign_authority(authority_id=office.pk), world.intake, day(8))
    matter = urged(world, case)
    assert matter.to_authority == office
    clerk = actors.officer([Officer.objects.create(user=world.su, authority=office, role=Role.OFFICER.post)])
    given.step(case, supervision.answer_instruction(text=TEXT, matter_id=matter.pk), clerk, day(9))
    assert reloaded(matter).state == "answered"


def test_the_parties_read_nothing_of_what_one_authority_asks_another(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    due = case.next_due_at
    matter = urged(world, case, by="superior")
    case.refresh_from_db()
    assert (matter.audience, case.next_due_at) == ("authority", due), "nor does its day show in the date of the case"
    handling.sweep_clocks(now=day(10, 9))
    handling.sweep_clocks(now=day(11, 1))
    given.step(case, supervision.answer_instruction(text="本周办结。", matter_id=matter.pk), world.officer, day(11))
    steps = ("urge", "remind", "lapse_instruction", "escalate", "answer_instruction")
    shown = set(HandlingStep.objects.filter(complaint=case, step__in=steps).values_list("step", "audience"))
    assert shown == {(step, "authority") for step in steps}
    assert not PersonalText.objects.filter(complaint=case, audience="parties", kind="message").exists()
    assert verify(number=case.number).is_unbroken


def test_an_instruction_goes_with_the_case_to_the_successor_and_falls_with_whom_it_was_for(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    matter = urged(world, case, by="superior")
    given.step(case, authority.return_to_intake(text=TEXT), world.officer, day(8))
    assert reloaded(matter).state == "fallen", "intake is with the city itself, which asked"
    assert Deadline.objects.get(matter=matter).ended_at is not None
    other = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=MONDAY)
    second = urged(world, other)
    given.step(other, enterprise.return_case(reason="not_customer", text=TEXT), world.handler, day(9))
    assert reloaded(second).state == "fallen"
    case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
    matter = urged(world, case)
    Succession.objects.create(predecessor=world.mobile, successor=world.telecom, on_day=MONDAY.date())
    given.step(case, authority.pass_to_successor(enterprise_id=world.telecom.pk), SYSTEM, day(9))
    assert reloaded(matter).state == "open"
    given.step(case, supervision.answer_instruction(text=TEXT, matter_id=matter.pk), world.stranger, day(9))
    assert reloaded(matter).state == "answered"


def test_whom_a_superior_designates_has_its_own_time_but_a_mediation_keeps_its_sixty_days(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    far = world.far_officer.authority
    above = world.actor("superior")
    with pytest.raises(WrongInput) as same:
        given.step(case, supervision.take_up(text=TEXT, authority_id=world.gulou.pk), above, day(8))
    assert same.value.field == "authority"
    given.step(case, supervision.take_up(text=TEXT, authority_id=far.pk), above, day(8))
    assert case.handling_authority == far
    assert given.step(case, supervision.take_up(text=TEXT), above, day(9)).handling_authority == world.city
    # Designated back.
    given.step(case, supervision.take_up(text=TEXT, authority_id=world.gulou.pk), above, day(9))
    assert case.handling_authority == world.gulou
    given.refused(case, supervision.take_up(text=TEXT), world.officer, day(9))
    case = given.a_complaint(world, status=S.MEDIATING, now=MONDAY)
    before = case.deadlines.get(clock="mediation", ended_at=None).due_at
    move = supervision.take_up(text=TEXT, authority_id=world.far_officer.authority_id)
    given.step(case, move, world.actor("superior"), day(10))
    assert {(c.clock, c.due_at) for c in case.deadlines.filter(ended_at=None)} == {("mediation", before)}
    for status in [S.TRIAGE, S.REVIEW, S.AWAITING_MATERIAL]:
        case = given.a_complaint(world, status=status, now=MONDAY)
        far = world.far_officer.authority
        given.step(case, supervision.take_up(text=TEXT, authority_id=far.pk), world.actor("superior"), day(10))
        assert (case.handling_region_id, case.status) == (far.region_id, status)
        clock = case.deadlines.get(clock="review", ended_at=None)
        assert (clock.state, clock.started_at, case.authority_received_at) == ("running", day(10), day(10))


def test_every_clock_of_an_authority_is_reported_upwards_and_the_national_one_is_told_last(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    handling.sweep_clocks(now=day(23))
    clock = Deadline.objects.get(complaint=case, clock="review")
    assert (clock.state, clock.escalations, clock.escalate_at) == ("lapsed", 1, None)
    assert entries(case, "escalate")[0].data["clock"] == "review"
    assert entries(case, "escalate")[0].data["escalated_to"] == world.city.name
    case = given.a_complaint(world, status=S.NEGOTIATING, now=MONDAY)
    urged(world, case)
    handling.sweep_clocks(now=MONDAY + timedelta(days=60))
    clock = Deadline.objects.get(complaint=case, clock="instruction")
    assert (clock.escalated_to.level, clock.escalate_at) == (Authority.Level.NATIONAL, None)
    told = [entry.data for entry in entries(case, "escalate")]
    assert [data["times"] for data in told if data["clock"] == "instruction"] == [1, 2, 3]


def late_review(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    given.swept(case, day(21))
    return case


def test_why_it_is_late_is_said_once_with_a_reason_to_authorities_alone_never_in_time(world: World) -> None:
    case = late_review(world)
    given.step(case, supervision.explain_overdue(reason="workload"), world.officer, day(21))
    entry = HandlingStep.objects.get(complaint=case, step="explain_overdue")
    assert (entry.audience, entry.reason, entry.data["clock"]) == ("authority", "workload", "review")
    move = supervision.explain_overdue(reason="complex")
    assert given.refused(case, move, world.officer, day(22)) == "explained_once"
    assert verify(number=case.number).is_unbroken
    case = given.a_complaint(world, status=S.REVIEW, now=MONDAY)
    assert given.refused(case, supervision.explain_overdue(reason="workload"), world.officer, day(8)) == "not_overdue"
    for who, reason, text, code in [
        ("officer", "nonsense", "", "bad_choice"),
        ("officer", "other", "", "missing"),
        ("far_officer", "workload", "", "not_yours"),
        ("handler", "workload", "", "not_yours"),
    ]:
        case = late_review(world)
        with pytest.raises(StepNotAllowed) as refused:
            given.step(case, supervision.explain_overdue(reason=reason, text=text), world.actor(who), day(21))
        assert refused.value.code == code
