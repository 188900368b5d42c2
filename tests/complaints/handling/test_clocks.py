"""Clocks at work: pauses, lapses in order, both moments, reminders once, the clock decides."""

from datetime import date, datetime, timedelta
from typing import Any

from authorities.calendar import import_year
from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import authority, consumer, enterprise, mediation, proposals
from complaints.handling.steps.authority import consented
from complaints.handling.transition.recounting import recount_piece
from complaints.models import Complaint, Deadline, HandlingStep, Matter, Notice, Reminder
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import SHANGHAI as HERE
from enterprises.models import Enterprise, Succession
from tests import given, reloaded
from tests.cast import World

T = timedelta


def at(day: int, hour: int = 10, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=HERE)


def clock(case: Complaint, name: str, **which: Any) -> Deadline:
    return case.deadlines.filter(clock=name, **which).latest("pk")


def marks(case: Complaint, clock: str) -> list[str]:
    reminders = Reminder.objects.filter(deadline__complaint=case, deadline__clock=clock)
    return list(reminders.order_by("pk").values_list("mark", flat=True))


def steps(case: Complaint) -> list[str]:
    handling_steps = HandlingStep.objects.filter(complaint=case, audience="parties")
    return list(handling_steps.exclude(step="remind").values_list("step", flat=True))


def test_ten_working_days_from_delivery_and_at_most_five_of_pause(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    assert clock(case, "negotiation").last_day == date(2026, 11, 25)
    given.step(case, given.an_offer(), world.handler, at(18))
    assert (clock(case, "negotiation").state, clock(case, "negotiation").remaining) == ("paused", 5)
    given.step(case, consumer.decline_offer(reason="amount_too_low"), world.consumer, at(20))
    assert (clock(case, "negotiation").last_day, clock(case, "negotiation").state) == (date(2026, 11, 27), "running")
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    given.step(case, given.an_offer(), world.handler, at(12))
    given.step(case, consumer.decline_offer(reason="other"), world.consumer, at(17))
    assert (clock(case, "negotiation").allowance_used, clock(case, "negotiation").last_day) == (3, date(2026, 11, 30))
    given.step(case, given.an_offer(amount="130"), world.handler, at(17, 11))
    given.step(case, consumer.decline_offer(reason="other"), world.consumer, at(23))
    assert (clock(case, "negotiation").allowance_used, clock(case, "negotiation").last_day) == (5, date(2026, 12, 2))


def test_the_clock_decides_to_the_microsecond_not_the_sweeper(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    due = clock(case, "negotiation").due_at
    given.step(case, given.an_offer(due_on=date(2026, 12, 7)), world.handler, due - T(microseconds=1))
    assert case.status == S.AWAITING_CONSUMER
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    due = clock(case, "negotiation").due_at
    assert due == datetime(2026, 11, 26, tzinfo=HERE)
    given.refused(case, given.an_offer(), world.handler, due + T(microseconds=1))
    assert reloaded(case).status == S.REVIEW
    lapse = HandlingStep.objects.get(complaint=case, step="lapse_negotiation")
    assert (lapse.happened_at, lapse.written_at) == (due, due + T(microseconds=1))
    assert case.engagements.get().odr_result == "failed"


def test_a_slow_worker_shortens_nobodys_time_and_clocks_lapse_in_order_each_judged_anew(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    assert given.swept(case, at(30)).status == S.REVIEW
    assert case.is_overdue is False
    assert clock(case, "review").last_day == date(2026, 12, 9)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=at(11))
    given.swept(case, at(30))
    assert steps(case) == ["file", "forward", "lapse_acceptance", "lapse_negotiation"]
    handling_steps = HandlingStep.objects.filter(complaint=case, step__startswith="lapse")
    happened = list(handling_steps.values_list("happened_at", flat=True))
    assert happened == [datetime(2026, 11, 14, tzinfo=HERE), datetime(2026, 11, 26, tzinfo=HERE)]
    assert case.status == S.REVIEW
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    given.swept(case, at(16))
    assert (steps(case), clock(case, "acceptance").state) == (["file", "forward", "accept_case"], "met")


def test_silence_is_no_success_and_leads_to_review_only_where_passing_on_is_allowed(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=at(11))
    given.swept(case, at(19))
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert case.engagements.get().odr_result == "unconfirmed"
    case = given.a_complaint(world, status=S.PERFORMING, now=at(2))
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, at(3))
    given.swept(case, at(12))
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.UNCONFIRMED)
    assert case.obligations.get().state == "silent"
    case = given.a_complaint(world, status=S.TRIAGE, now=at(11))
    move = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(case, move, world.intake, at(11))
    given.step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, at(11))
    given.step(case, given.an_offer(), world.handler, at(12))
    assert given.swept(case, at(20)).status == S.REVIEW
    consents = {**given.a_request(world).consents, "pass_to_regulator": False}
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11), consents=consents)
    given.swept(case, at(27))
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.NEGOTIATION_FAILED)
    assert given.step(case, consumer.refer_to_regulator(), world.consumer, at(28)).status == S.REVIEW


def test_an_offer_outlives_the_ten_days_and_an_unanswered_question_gives_it_back(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    given.step(case, given.an_offer(), world.handler, at(25))
    assert clock(case, "negotiation").remaining == 0
    assert given.step(case, consumer.accept_offer(), world.consumer, at(1, month=12)).status == S.PERFORMING
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    given.step(case, given.an_offer(), world.handler, at(25))
    assert given.step(case, consumer.decline_offer(reason="other"), world.consumer, at(26)).status == S.REVIEW
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=at(11))
    given.step(case, consumer.ask_about_offer(text="哪天到账？"), world.consumer, at(12))
    assert given.swept(case, at(14)).status == S.AWAITING_CONSUMER
    assert case.offers.get().state == "open"


def test_a_promise_nobody_kept_is_breached_and_the_consumers_own_part_holds_back_the_enterprises(world: World) -> None:
    case = given.a_complaint(world, status=S.PERFORMING, now=at(2))
    obligation = case.obligations.get()
    due = datetime.combine(obligation.due_on or date.max, datetime.min.time(), HERE) + T(days=1)
    given.swept(case, due)
    assert (case.status, clock(case, "performance_answer").started_at) == (S.PERFORMING, due)
    assert (given.swept(case, due + T(days=6)).status, reloaded(obligation).state) == (S.REVIEW, "broken")
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(2))
    answers = [handling.Answer(demand=1, verdict="grant", amount="128.50"), handling.Answer(demand=2, verdict="grant")]
    promises = [
        handling.Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on="2026-11-10"),
        handling.Promise(kind="transfer", what="退款", amount="128.50", days_after=3, after=1),
        handling.Promise(kind="apology", what="致歉", due_on="2026-11-12"),
    ]
    given.step(case, handling.offers.make_offer(answers=answers, promises=promises), world.handler, at(3))
    given.step(case, consumer.accept_offer(), world.consumer, at(4))
    assert not case.deadlines.filter(clock="performance", obligation__ordinal=2).exists()
    assert clock(case, "performance", obligation__ordinal=3).state == "paused"
    assert given.swept(case, at(25)).status == S.PERFORMING, "an unmet part of the consumer is nobody else's breach"
    given.step(case, enterprise.report_performed(obligations=[1], proof="快递单"), world.consumer, at(26))
    given.step(case, consumer.confirm_performed(obligations=[1]), world.handler, at(26))
    assert clock(case, "performance", obligation__ordinal=2).last_day == date(2026, 12, 1)
    assert clock(case, "performance", obligation__ordinal=3).state == "running"


def test_review_is_escalated_never_deemed_accepted_and_an_unrouted_case_goes_to_a_person(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=at(11))
    assert clock(case, "review").last_day == date(2026, 11, 20)
    given.swept(case, at(23))
    assert (case.status, case.is_overdue) == (S.REVIEW, True)
    assert HandlingStep.objects.get(complaint=case, step="lapse_review").data["escalated_to"] == "福州市市场监督管理局"
    given.swept(case, at(24))
    assert HandlingStep.objects.filter(complaint=case, step="lapse_review").count() == 1
    case = given.filed(world, now=at(11))
    given.swept(case, at(13))
    assert (case.status, case.handling_authority_id) == (S.TRIAGE, world.city.pk)


def test_a_supervised_settlement_pauses_the_review_and_an_appraisal_the_sixty_days(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=at(11))
    move = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(case, move, world.officer, at(13))
    review = clock(case, "review")
    assert (review.state, review.remaining) == ("paused", 5)
    assert given.swept(case, at(28)).status == S.REVIEW
    assert clock(case, "review").pk == review.pk, "it goes on, it does not begin anew"
    assert clock(case, "review").last_day == date(2026, 12, 4)
    case = given.a_complaint(world, status=S.MEDIATING, now=at(2))
    before = clock(case, "mediation").last_day
    move = mediation.order_appraisal(laboratory="某中心", until="2026-11-20", cost_borne_by="shared")
    given.step(case, move, world.officer, at(5))
    given.step(case, mediation.end_appraisal(result="合格"), world.officer, at(15))
    assert clock(case, "mediation").last_day >= before + T(days=10)


def test_reminders_come_at_half_at_four_fifths_and_each_day_once_overdue_the_latest_alone(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    given.swept(case, at(25, 9))
    given.swept(case, at(25, 9))
    given.swept(case, at(25, 11))
    assert marks(case, "negotiation") == ["100"]
    assert Notice.objects.filter(complaint=case, addressee="enterprise", kind="remind").count() == 1
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    for day in range(12, 26):
        given.swept(case, at(day, 12))
    assert marks(case, "negotiation") == ["50", "80", "100"]
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=at(11))
    for day in range(12, 20):
        given.swept(case, at(day, 12))
    assert marks(case, "acceptance") == ["100", "101", "102", "103", "104"], (
        "half of two days is the last day: only the latest"
    )


def test_a_new_policy_touches_no_running_clock_and_a_dated_local_one_wins(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    before = clock(case, "negotiation").due_at
    Policy.objects.filter(name="negotiation").update(number=3)
    given.swept(case, at(20))
    assert (clock(case, "negotiation").due_at, case.status) == (before, S.NEGOTIATING)
    status = S.NEGOTIATING
    assert clock(given.a_complaint(world, status=status, now=at(11)), "negotiation").last_day == date(2026, 11, 16)
    Policy.objects.create(
        name="acceptance", region=world.region, number=2, unit="CD", legal_basis="本地规定", starts_on=date(2026, 1, 1)
    )
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=at(13))
    assert clock(case, "acceptance").last_day == date(2026, 11, 16)


def test_a_date_in_a_year_without_calendar_is_provisional_and_counted_anew(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(21, month=12))
    before = clock(case, "negotiation")
    assert (before.is_provisional, before.last_day) == (True, date(2027, 1, 4))
    off = [(day, False, "元旦", "New Year") for day in (date(2027, 1, 1), date(2027, 1, 4))]
    import_year(off, year=2027, source="试验通知", now=at(20, month=12))
    assert recount_piece(0, now=at(22, month=12), years=frozenset({2027})).moved == 1
    after = clock(case, "negotiation")
    assert (after.is_provisional, after.last_day) == (False, date(2027, 1, 6))
    entry = HandlingStep.objects.get(complaint=case, step="recompute_clock")
    assert (entry.data["before"], entry.data["after"]) == ("2027-01-04", "2027-01-06")
    assert Notice.objects.filter(complaint=case, kind="recompute_clock").count() >= 2
    assert recount_piece(0, now=at(22, month=12), years=frozenset({2027})).moved == 0


def test_a_merged_entity_keeps_the_consent(world: World) -> None:
    case = given.a_complaint(world, status=S.FILED)
    middle, last = (Enterprise.objects.create(name=name) for name in ("中间公司", "最后公司"))
    assert not consented(case, last.pk, conditions=Conditions.at(at(11)))
    Succession.objects.create(predecessor=world.mobile, successor=middle, on_day=date(2026, 1, 1))
    Succession.objects.create(predecessor=middle, successor=last, on_day=date(2026, 6, 1))
    assert consented(case, last.pk, conditions=Conditions.at(at(11)))


def unreachable(world: World, case: Complaint, *, days: tuple[int, ...] = (12, 13, 13)) -> None:
    for day, channel in zip(days, ("phone", "phone", "sms"), strict=True):
        move = enterprise.log_contact(channel=channel, reached=False, note="无人接听")
        given.step(case, move, world.handler, at(day, 11 + len(channel)))


def test_unreachable_needs_attempts_and_not_a_consumer_who_spoke_up(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    report = enterprise.report_failure(reason="unreachable", text="多次联系不上")
    given.step(case, enterprise.log_contact(channel="phone", reached=False, note="没人接"), world.handler, at(12))
    given.refused(case, report, world.handler, at(12, 12))
    unreachable(world, case)
    given.step(case, report, world.handler, at(16))
    assert (case.status, clock(case, "answer").last_day) == (S.NEGOTIATING, date(2026, 11, 18))
    given.swept(case, at(19))
    assert (case.status, case.reason) == (S.REVIEW, "unreachable")
    case = given.a_complaint(world, status=S.NEGOTIATING, now=at(11))
    unreachable(world, case)
    given.step(case, enterprise.report_failure(reason="unreachable", text="多次联系不上"), world.handler, at(16))
    given.step(case, consumer.add_statement(text="我一直在，请打这个电话。"), world.consumer, at(17))
    assert given.swept(case, at(20)).status == S.NEGOTIATING


def test_a_proposal_falls_when_the_case_moves_on(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=at(11))
    given.step(case, proposals.propose(move=authority.accept()), world.officer, at(11))
    given.step(case, authority.request_material(what="请补账单"), world.officer, at(12))
    assert Matter.objects.get(complaint=case, kind="proposal").state == "fallen"
