"""A grant carries its obligations; what was promised is counted here from the rows of the database by other sums."""

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from complaints import handling
from complaints.handling import Answer, Promise, asking_promises
from complaints.handling.asking_promises import sweep_promises
from complaints.handling.steps import consumer, enterprise, offers, older_offers
from complaints.models import Complaint, Matter, Notice, Offer
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from tests import at_once, given, reloaded
from tests.cast import WEDNESDAY, World

DAY = "2026-12-07"
LATER = WEDNESDAY + timedelta(hours=2)
ALL = Answer(demand=1, verdict="grant", amount="128.50")
NO_SUM = Answer(demand=1, verdict="grant")
PART = Answer(demand=1, verdict="part", amount="60", reason="系统里只查到最近两个月多扣。")
NOT_THIS = Answer(demand=1, verdict="refuse", reason="核对账单后，没有查到多收的费用。")
CANCEL = Answer(demand=2, verdict="grant")
NO_CANCEL = Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)


def paying(amount: str, **more: Any) -> Promise:
    return Promise(**{"kind": "transfer", "what": "退款", "amount": amount, "due_on": DAY} | more)


CANCELLING = Promise(kind="service_change", what="取消智家体验包", due_on=DAY)
RETURN = Promise(kind="return_by_consumer", what="寄回光猫", owed_by="consumer", due_on=DAY)
#: What the offer says → the code, the field and a word of the refusal.
REFUSED: tuple[tuple[str, list[Answer], list[Promise], str, str, str], ...] = (
    ("nothing at all", [ALL, NO_CANCEL], [], "promised_less", "answer-1", "还差¥128.50"),
    ("no sum named means the whole", [NO_SUM, NO_CANCEL], [], "promised_less", "answer-1", "还差¥128.50"),
    ("less", [ALL, NO_CANCEL], [paying("100")], "promised_less", "promise-1-amount", "只有¥100.00：还差¥28.50"),
    ("a cent less", [ALL, NO_CANCEL], [paying("128.49")], "promised_less", "promise-1-amount", "还差¥0.01"),
    (
        "less in two parts",
        [ALL, NO_CANCEL],
        [paying("100"), paying("28")],
        "promised_less",
        "promise-2-amount",
        "还差¥0.50",
    ),
    ("more", [PART, NO_CANCEL], [paying("61")], "promised_more", "promise-1-amount", "多了¥1.00"),
    ("a part", [PART, NO_CANCEL], [], "promised_less", "answer-1", "还差¥60.00"),
    (
        "what the consumer pays",
        [ALL, NO_CANCEL],
        [paying("128.50", owed_by="consumer")],
        "promised_less",
        "answer-1",
        "还差",
    ),
    (
        "an apology of that worth",
        [ALL, NO_CANCEL],
        [paying("128.50", kind="apology")],
        "promised_less",
        "answer-1",
        "还差",
    ),
    ("a service nowhere cancelled", [ALL, CANCEL], [paying("128.50")], "no_promise", "answer-2", "没有约定怎样做到"),
    ("only the consumer acts", [NOT_THIS, CANCEL], [RETURN], "no_promise", "answer-2", "第2项要求"),
    (
        "the money for the other one",
        [ALL, CANCEL],
        [paying("128.50", demand=2), CANCELLING],
        "promised_less",
        "answer-1",
        "还差",
    ),
    ("for what was refused", [NOT_THIS, CANCEL], [paying("5", demand=1)], "not_granted", "promise-1-demand", "第1项"),
    ("money, nothing granted", [NOT_THIS, NO_CANCEL], [paying("5")], "not_granted", "promise-1-demand", "没有"),
    ("for no demand of the case", [ALL, NO_CANCEL], [paying("128.50", demand=7)], "bad_choice", "promise-1-demand", ""),
    ("done, without a proof", [ALL, NO_CANCEL], [paying("128.50", is_done=True)], "missing", "promise-1-proof", ""),
    (
        "done by the consumer",
        [ALL, NO_CANCEL],
        [paying("128.50", is_done=True, proof="流水 1", owed_by="consumer", due_on=None)],
        "bad_choice",
        "promise-1-is_done",
        "",
    ),
    (
        "done on a day to come",
        [ALL, NO_CANCEL],
        [paying("128.50", is_done=True, proof="流水 1")],
        "bad_day",
        "promise-1-due_on",
        "",
    ),
)


@pytest.mark.parametrize(("answers", "promises", "code", "field", "text"), [row[1:] for row in REFUSED])
def test_an_offer_that_grants_more_or_less_than_it_promises_is_refused_by_field(
    world: World, answers: list[Answer], promises: list[Promise], code: str, field: str, text: str
) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    move = offers.make_offer(answers=answers, promises=promises)
    refusal = given.refusal(case, move, world.handler, LATER, WrongInput)
    assert (refusal.code, refusal.field, text in refusal.reason) == (code, field, True), refusal.reason
    assert not Offer.objects.exists()


def sums(case: Complaint) -> list[tuple[int, Decimal | None, Decimal]]:
    """Demand, what the newest offer grants for it, what the enterprise owes for it in money; from the rows."""
    offer = case.offers.latest("number")
    owed = list(offer.obligations.filter(owed_by="enterprise"))
    return [
        (
            answer.demand.ordinal,
            answer.amount,
            sum((o.amount or Decimal(0) for o in owed if o.answers_demand_id == answer.demand_id), Decimal(0)),
        )
        for answer in offer.answers.select_related("demand")
    ]


def test_what_answers_a_demand_is_told_apart_and_adds_up(world: World) -> None:
    """Without a word each promise belongs to the one grant that it can answer; a sum that nobody named is what is
    promised for it."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    parts = [paying("100"), CANCELLING, paying("28.50", due_on=None, days_after=3, after=1)]
    given.step(case, offers.make_offer(answers=[NO_SUM, CANCEL], promises=parts), world.handler, LATER)
    assert sums(case) == [(1, Decimal("128.50"), Decimal("128.50")), (2, None, Decimal(0))]
    assert list(case.obligations.order_by("ordinal").values_list("answers_demand__ordinal", flat=True)) == [1, 2, 1]
    case = given.a_complaint(world, status=S.NEGOTIATING)
    voucher = paying("20", kind="voucher", demand=2)
    move = offers.make_offer(answers=[NOT_THIS, CANCEL], promises=[CANCELLING, voucher])
    given.step(case, move, world.handler, LATER)
    assert sums(case) == [(1, None, Decimal(0)), (2, Decimal(20), Decimal(20))]


def test_a_replaced_offer_is_judged_alike(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, offers.make_offer(answers=[PART, NO_CANCEL], promises=[paying("60")]), world.handler, LATER)
    better = offers.replace_offer(answers=[ALL, NO_CANCEL], promises=[paying("60")])
    assert given.refused(case, better, world.handler, LATER, WrongInput) == "promised_less"
    better = offers.replace_offer(answers=[NO_SUM, NO_CANCEL], promises=[paying("128.50")])
    given.step(case, better, world.handler, LATER)
    assert sums(case)[0] == (1, Decimal("128.50"), Decimal("128.50"))


def an_offer_done(world: World, *more: Promise, cancel: Answer = NO_CANCEL) -> Complaint:
    """The money was paid before the offer went."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    paid = paying("128.50", is_done=True, due_on=None, proof="流水 7788", kind="original_channel")
    given.step(case, offers.make_offer(answers=[ALL, cancel], promises=[paid, *more]), world.handler, LATER)
    return case


def states(case: Complaint) -> list[str]:
    return list(case.obligations.order_by("ordinal").values_list("state", flat=True))


def test_what_was_done_already_is_reported_and_only_the_consumer_confirms_it(world: World) -> None:
    case = an_offer_done(world)
    assert states(case) == ["proposed"]
    given.step(case, consumer.accept_offer(), world.consumer, LATER)
    assert (case.status, states(case)) == (S.PERFORMING, ["reported"])
    promise = case.obligations.get()
    assert (promise.reported_at, promise.reported_proof, promise.confirmed_at) == (LATER, "流水 7788", None)
    clock = case.deadlines.get(obligation=promise, ended_at=None)
    assert (clock.clock, clock.owed_by) == ("confirmation", "consumer")
    given.swept(case, LATER + timedelta(days=20))
    assert (case.outcome, states(case)) == (Outcome.UNCONFIRMED, ["silent"])


def test_it_is_confirmed_on_the_page_of_the_offer(world: World) -> None:
    case = an_offer_done(world)
    given.step(case, consumer.accept_offer(confirmed=[1]), world.consumer, LATER)
    assert (case.status, case.outcome, case.reason, states(case)) == (
        S.CLOSED,
        Outcome.SETTLED,
        "performed",
        ["confirmed"],
    )
    assert not case.deadlines.filter(ended_at=None, obligation__isnull=False).exists()
    case = an_offer_done(world, CANCELLING, cancel=CANCEL)
    assert given.refused(case, consumer.accept_offer(confirmed=[2]), world.consumer, LATER) == "not_this_obligation"
    given.step(case, consumer.accept_offer(confirmed=[1]), world.consumer, LATER)
    assert (case.status, states(case)) == (S.PERFORMING, ["confirmed", "due"])


def test_it_can_be_disputed_and_an_undo_takes_its_report_back(world: World) -> None:
    case = an_offer_done(world)
    given.step(case, consumer.accept_offer(confirmed=[1]), world.consumer, LATER)
    given.step(case, handling.undoing.undo(), world.consumer, LATER)
    assert (case.status, states(case)) == (S.AWAITING_CONSUMER, ["proposed"])
    given.step(case, consumer.accept_offer(), world.consumer, LATER)
    given.step(case, consumer.dispute_performance(obligation=1, text="没有收到。"), world.consumer, LATER)
    assert states(case) == ["due"]
    shown = enterprise.show_payment(obligation=1, channel="银行转账", last4="6688", paid_on=LATER.date())
    given.step(case, shown, world.handler, LATER)
    assert states(case) == ["reported"]


def test_a_proposal_keeps_what_was_done(world: World) -> None:
    """A second person's yes sends the same promise."""
    paid = paying("128.50", is_done=True, due_on=None, proof="流水 7788")
    kept = handling.built("make_offer", {"answers": [asdict(ALL), asdict(NO_CANCEL)], "promises": [asdict(paid)]})
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, kept, world.handler, LATER)
    given.step(case, consumer.accept_offer(), world.consumer, LATER)
    assert states(case) == ["reported"]


def of_former_days(world: World, status: S) -> Complaint:
    """128.50 is granted and 100 promised, as offers could before."""
    case = given.a_complaint(world, status=status)
    case.obligations.update(amount=Decimal(100))
    return case


def test_the_enterprise_is_asked_once_for_what_it_granted_and_did_not_promise(world: World) -> None:
    waiting, performing, closed = (of_former_days(world, s) for s in (S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED))
    good = given.a_complaint(world, status=S.PERFORMING)
    asked = [waiting, performing, closed]
    assert sweep_promises(now=LATER) == 3
    matters = Matter.objects.filter(kind="unpromised", state="open").order_by("complaint_id")
    assert [matter.complaint_id for matter in matters] == [case.pk for case in asked]
    told = Notice.objects.filter(kind="ask_for_promise")
    assert {(notice.complaint_id, notice.addressee) for notice in told} == {(case.pk, "enterprise") for case in asked}
    assert sweep_promises(now=LATER + timedelta(days=1)) == 0, "once"
    assert given.refused(good, older_offers.ask_for_promise(), world.actor("system"), LATER) == "nothing_missing"
    assert given.refused(closed, older_offers.ask_for_promise(), world.actor("system"), LATER) == "asked_before"


def test_a_killed_sweep_goes_on_from_those_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_promises, "_BATCH", 1)
    cases = [of_former_days(world, S.PERFORMING) for _ in range(2)]
    given.step(cases[0], older_offers.ask_for_promise(), world.actor("system"), LATER)
    assert sweep_promises(now=LATER) == 1
    assert Matter.objects.filter(kind="unpromised").count() == 2


def test_it_adds_the_promise_and_a_closed_case_is_performed_before_it_closes_again(world: World) -> None:
    case = of_former_days(world, S.CLOSED)
    move = older_offers.add_promise(kind="transfer", what="补付", due_on=DAY)
    assert given.refused(case, move, world.handler, LATER) == "nothing_open"
    sweep_promises(now=LATER)
    bad = older_offers.add_promise(kind="transfer", what="补付")
    refusal = given.refusal(case, bad, world.handler, LATER, WrongInput)
    assert (refusal.code, refusal.field) == ("missing", "due_on")
    assert given.refused(case, older_offers.add_promise(kind="apology", what="x"), world.handler, LATER) == "bad_choice"
    given.step(case, move, world.handler, LATER)
    assert (case.status, case.outcome, states(case)) == (S.PERFORMING, "", ["confirmed", "due"])
    assert case.obligations.get(ordinal=2).amount == Decimal("28.50")
    assert given.refused(case, move, world.handler, LATER) == "nothing_open"
    given.step(case, enterprise.report_performed(obligations=[2], proof="流水 7789"), world.handler, LATER)
    given.step(case, consumer.confirm_performed(obligations=[2]), world.consumer, LATER)
    assert (case.status, case.outcome, case.engagements.get().odr_result) == (S.CLOSED, Outcome.SETTLED, "settled")
    case = of_former_days(world, S.AWAITING_CONSUMER)
    sweep_promises(now=LATER)
    done = older_offers.add_promise(kind="voucher", what="代金券", is_done=True, proof="券号 1")
    given.step(case, done, world.handler, LATER)
    assert (case.status, states(case)) == (S.AWAITING_CONSUMER, ["proposed", "proposed"])
    given.step(case, consumer.accept_offer(), world.consumer, LATER)
    assert states(case) == ["due", "reported"]


def test_what_was_to_follow_a_part_that_was_not_accepted_has_its_own_last_day(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    both = [replace(answer, is_separable=True) for answer in (ALL, CANCEL)]
    then = replace(CANCELLING, due_on=None, after=1, days_after=3, demand=2)
    given.step(case, offers.make_offer(answers=both, promises=[paying("128.50"), then]), world.handler, WEDNESDAY)
    given.step(case, consumer.accept_offer(separable=[2]), world.consumer, WEDNESDAY)
    dropped, owed = case.obligations.order_by("ordinal")
    assert (case.status, dropped.state, owed.state) == (S.PERFORMING, "dropped", "due")
    # Wednesday is not counted: Thursday, Friday, Monday.
    assert owed.due_on == date(2026, 11, 16)
    assert case.deadlines.filter(clock="performance", obligation=owed, ended_at=None).exists()


@pytest.mark.parametrize("days", [0, -1, 366, 100_000, 2**31 - 1])
def test_so_many_days_after_another_obligation_are_refused_at_their_field(world: World, days: int) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    then = replace(CANCELLING, due_on=None, after=1, days_after=days)
    refusal = given.refusal(
        case, offers.make_offer(answers=[ALL, CANCEL], promises=[paying("128.50"), then]), world.handler, WEDNESDAY
    )
    assert (refusal.code, refusal.field) == ("bad_number", "promise-2-days_after")


def test_what_was_granted_without_a_sum_is_asked_for_too(world: World) -> None:
    case = given.an_act_of_former_days(world, S.CLOSED)
    loose = given.an_act_of_former_days(world, S.PERFORMING)
    # What says of no demand may have been meant for it.
    row = loose.obligations.get()
    row.pk, row.ordinal, row.kind, row.amount, row.answers_demand = None, 2, "other", None, None
    row.save()
    assert sweep_promises(now=LATER) == 1
    matter = Matter.objects.get(kind="unpromised", state="open")
    assert (matter.complaint_id, matter.data["missing"], matter.data["demands"]) == (case.pk, "0", [2])
    paid = older_offers.add_promise(kind="transfer", what="补付", due_on=DAY)
    assert given.refused(case, paid, world.handler, LATER) == "bad_choice"
    for wrong in (1, 7):
        move = older_offers.add_promise(kind="service_change", what="取消", due_on=DAY, demand=wrong)
        assert given.refusal(case, move, world.handler, LATER, WrongInput).field == "demand"
    move = older_offers.add_promise(kind="service_change", what="取消智家体验包", due_on=DAY)
    given.step(case, move, world.handler, LATER)
    assert (case.status, states(case)) == (S.PERFORMING, ["confirmed", "due"])
    row = case.obligations.get(ordinal=2)
    assert (row.amount, row.answers_demand and row.answers_demand.ordinal) == (None, 2)
    assert given.refused(case, move, world.handler, LATER) == "nothing_open"
    given.step(case, enterprise.report_performed(obligations=[2], proof="工单 2"), world.handler, LATER)
    given.step(case, consumer.confirm_performed(obligations=[2]), world.consumer, LATER)
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.SETTLED)


def test_money_and_what_is_done_are_added_one_after_the_other(world: World) -> None:
    case = given.an_act_of_former_days(world, S.PERFORMING)
    case.obligations.update(amount=Decimal(100))
    sweep_promises(now=LATER)
    matter = Matter.objects.get(kind="unpromised")
    assert (matter.data["missing"], matter.data["demands"]) == ("28.50", [2])
    given.step(case, older_offers.add_promise(kind="transfer", what="补付", due_on=DAY), world.handler, LATER)
    assert reloaded(matter).state == "open"
    cancel = older_offers.add_promise(kind="service_change", what="取消", due_on=DAY, demand=2)
    given.step(case, cancel, world.handler, LATER)
    assert reloaded(matter).state == "answered"
    assert list(case.obligations.order_by("ordinal").values_list("amount", flat=True)) == [100, Decimal("28.50"), None]


@pytest.mark.django_db(transaction=True)
def test_a_promise_that_is_added_twice_at_once_is_added_once(world: World) -> None:
    case = of_former_days(world, S.CLOSED)
    sweep_promises(now=LATER)
    move = older_offers.add_promise(kind="transfer", what="补付", due_on=DAY)
    add = partial(handling.take, move, [case.pk], actor=world.handler, now=LATER)
    results = at_once(add, add, refusal=StepNotAllowed)
    assert sorted(isinstance(one, StepNotAllowed) for one in results) == [False, True]
    assert (reloaded(case).status, states(case)) == (S.PERFORMING, ["confirmed", "due"])
