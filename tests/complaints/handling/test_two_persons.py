"""Two persons at an authority and at an enterprise: what one alone may not decide, how little an approval opens."""

import inspect
import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, consumer, enterprise, mediation, offers, proposals, violations
from complaints.handling.transition import two_persons
from complaints.models import Complaint, Deadline, HandlingStep, Matter, Notice, Offer, OfferAnswer
from complaints.parties import actors
from complaints.parties.actors import Actor, officer
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import LOOK, TABLE, Audience, Outcome
from complaints.procedure.workflow import Status as S
from enterprises.models import Branch, Staff, TwoPersons
from enterprises.team.staffing import setting_for
from tests import PATIENCE, given, reloaded
from tests.cast import WEDNESDAY, World, a_new_phone

TEXT = "这里写明事实和理由，供核对。"
LATER = WEDNESDAY + timedelta(hours=2)
REFUSAL = {"ground": "other_law", "facts": TEXT}
GUARDED: dict[str, tuple[S, dict[str, object]]] = {
    "refuse": (S.REVIEW, REFUSAL),
    "terminate": (S.MEDIATING, {"ground": "other_law", "facts": TEXT}),
    "refer_to_police": (S.REVIEW, {"text": TEXT}),
}


def proposed(world: World, step: str) -> tuple[Complaint, Move]:
    """A case with an open proposal of Rui's, and the move that was proposed."""
    status, payload = GUARDED[step]
    case = given.a_complaint(world, status=status)
    move = handling.MOVES[step](**payload)
    given.step(case, proposals.propose(move=move), world.officer, WEDNESDAY)
    return case, move


def approve(case: Complaint, move: Move, actor: Actor) -> list[handling.StepResult]:
    return handling.take_each([(case.pk, proposals.approve(), actor), (case.pk, move, actor)], now=LATER)


def test_one_person_alone_is_refused_the_second_approves_and_it_is_done(world: World) -> None:
    for step in GUARDED:
        status, payload = GUARDED[step]
        case = given.a_complaint(world, status=status)
        for who in ("officer", "head"):
            assert given.refused(case, handling.MOVES[step](**payload), world.actor(who), LATER) == "two_persons"
        case, move = proposed(world, step)
        if step == "refer_to_police":
            sign(case, second(world))
        else:
            # Where a policy asks for the head no other officer will do.
            refusals = [taken.refusal.code for taken in approve(case, move, second(world)) if taken.refusal]
            assert refusals == ["not_head", "two_persons"]
        assert all(taken.is_done for taken in approve(case, move, world.actor("head")))
        case.refresh_from_db()
        assert Matter.objects.get(complaint=case, kind="proposal").state == "granted"
        assert case.outcome == {"refuse": Outcome.REFUSED, "terminate": Outcome.MEDIATION_TERMINATED}.get(step, "")


def second(world: World) -> Actor:
    """Another officer of the same authority, no head."""
    user = User.objects.create(email=f"other{User.objects.count()}@example.com", name="林试", own_phone=a_new_phone())
    return officer([Officer.objects.create(user=user, authority=world.gulou, role=Role.OFFICER.post)])


def sign(case: Complaint, actor: Actor) -> None:
    handling.take(proposals.approve(), [case.pk], actor=actor, now=LATER)


def test_without_a_row_that_asks_for_the_head_two_names_still_stand(world: World) -> None:
    for step in GUARDED:
        Policy.objects.filter(name__regex=r"^(head|two_persons)\.").delete()
        case, move = proposed(world, step)
        assert given.refused(case, move, world.officer, LATER) == "two_persons"
        assert all(taken.is_done for taken in approve(case, move, second(world)))


def test_the_police_are_told_by_two_names_and_the_head_who_gives_no_last_one_without_the_step(world: World) -> None:
    case, move = proposed(world, "refer_to_police")
    other = second(world)
    done = approve(case, move, other)
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "two_persons"]
    for again in (world.officer, other):
        assert given.raised(sign, case, again).code == "own_proposal"
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))
    entry = HandlingStep.objects.get(complaint=case, step="refer_to_police")
    assert (entry.audience, len(entry.data["officers"])) == ("authority", 3)
    assert reloaded(case).status == S.REVIEW, "a referral closes nothing"
    case, move = proposed(world, "refer_to_police")
    handling.take(proposals.approve(missing=2), [case.pk], actor=second(world), now=LATER)
    with pytest.raises(StepNotAllowed) as refused:
        handling.take(proposals.approve(missing=2), [case.pk], actor=world.actor("head"), now=LATER)
    assert refused.value.code == "moved_on"
    assert Matter.objects.get(complaint=case, kind="proposal").state == "open"
    assert all(taken.is_done for taken in approve(case, move, world.actor("head")))


def test_nobody_approves_his_own_nor_an_officer_of_another_authority_and_both_names_stand(world: World) -> None:
    case, move = proposed(world, "refuse")
    refusals = [taken.refusal for taken in approve(case, move, world.officer)]
    assert [r.code for r in refusals if r] == ["own_proposal", "two_persons"]
    for stranger in ("far_officer", "superior"):
        assert "not_yours" in [t.refusal.code for t in approve(case, move, world.actor(stranger)) if t.refusal]
    approve(case, move, world.actor("head"))
    data = HandlingStep.objects.get(complaint=case, step="refuse").data
    assert data["officers"] == [world.rui_officer.pk, world.head_officer.pk]


def test_an_earlier_approval_or_one_of_another_step_opens_nothing_and_a_proposal_falls(world: World) -> None:
    case, move = proposed(world, "refuse")
    handling.take(proposals.approve(), [case.pk], actor=world.actor("head"), now=LATER)
    assert given.refused(case, move, world.actor("head"), LATER) == "two_persons"
    case, _move = proposed(world, "refer_to_police")
    sign(case, second(world))
    done = approve(case, authority.refuse(ground="other_law", facts=TEXT), world.actor("head"))
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "two_persons"]
    case, _move = proposed(world, "refuse")
    given.step(case, authority.request_material(what="请补充账单。"), world.officer, LATER)
    assert Matter.objects.get(complaint=case, kind="proposal").state == "fallen"


def test_where_the_policy_is_off_one_person_suffices(world: World) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    case = given.a_complaint(world, status=S.MEDIATING)
    given.step(case, violations.refer_to_police(text=TEXT), world.officer, LATER)
    given.step(case, mediation.terminate(ground="other_law", facts=TEXT), world.officer, LATER)
    assert case.outcome == Outcome.MEDIATION_TERMINATED


REASON = "合约期内不能单独退订这一项业务。"
ALL_GUARDED = {"offers_above": Decimal("100"), "refusals": True, "failures": True, "returns": True}


def setting(world: World, branch: Branch | None = None, **changes: Any) -> TwoPersons:
    row = {"enterprise": world.mobile, "branch": branch, "set_by": world.lead, "set_at": WEDNESDAY}
    return TwoPersons.objects.create(**row | ALL_GUARDED | changes)


def an_offer(amount: str = "128.50", *, second: str = "grant", promised: str = "", kind: str = "bill_credit") -> Move:
    """The sum that is granted is promised, if not another one."""
    day = date(2026, 12, 7)
    promises = [Promise(kind=kind, what="退还多扣费用", amount=promised or amount, due_on=day, demand=1)]
    if second == "grant":
        promises.append(given.promises(day)[1])
    answers = [
        Answer(demand=1, verdict="part", amount=amount, reason="按实际多扣的月份计算。"),
        Answer(demand=2, verdict=second, reason="" if second == "grant" else REASON),
    ]
    return offers.make_offer(answers=answers, promises=promises)


def reviewer(world: World, branch: Branch | None = None) -> Actor:
    user = User.objects.create_user(email="rev@example.com", password="x" * 20, name="审试", own_phone=a_new_phone())
    return actors.staff_member(Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role="reviewer"))


def approved(case: Complaint, actor: Actor, now: Any = LATER) -> list[handling.StepResult]:
    matter = Matter.objects.get(complaint=case, kind="proposal", state="open")
    moves = (proposals.approve(matter_id=matter.pk), handling.built(matter.subject, matter.data["payload"]))
    return handling.take_each([(case.pk, move, actor) for move in moves], now=now)


def test_what_the_setting_guards() -> None:
    for move, changes, expected in [
        (an_offer("100.00"), {}, ()),
        (an_offer("100.01"), {}, ("amount",)),
        (an_offer("10", promised="100.01"), {}, ("amount",)),
        (an_offer("10", promised="500", kind="voucher"), {}, ("amount",)),
        (an_offer("128.50"), {"offers_above": None}, ()),
        (an_offer("0.01"), {"offers_above": Decimal(0)}, ("amount",)),
        (an_offer("10", second="refuse"), {}, ("refusal",)),
        (an_offer("101", second="refuse"), {}, ("amount", "refusal")),
        (an_offer("10", second="refuse"), {"refusals": False}, ()),
        (an_offer("0"), {}, ("refusal",)),
        (offers.make_offer(answers=[Answer(demand=1, verdict="grant", amount="0.00")]), {}, ("refusal",)),
        (offers.make_offer(answers=[Answer(demand=1, verdict="grant", amount="0.00")]), {"refusals": False}, ()),
        (enterprise.report_failure(reason="no_agreement", text="谈不拢。"), {}, ("failure",)),
        (enterprise.report_failure(reason="no_agreement", text="谈不拢。"), {"failures": False}, ()),
        (enterprise.return_case(reason="not_customer", text="查无此人。"), {}, ("return",)),
        (enterprise.return_case(reason="not_customer", text="查无此人。"), {"returns": False}, ()),
        (enterprise.ask_consumer(text="哪一天？"), {}, ()),
    ]:
        row = TwoPersons(**ALL_GUARDED | changes)
        assert (two_persons.why(row, move, []), two_persons.why(None, move, [])) == (expected, ())


def test_less_than_asked_is_no_grant_nothing_is_no_part_and_no_figure_is_the_demands_own(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    move = offers.make_offer(answers=[Answer(demand=1, verdict="grant"), Answer(demand=2, verdict="grant")])
    assert two_persons.worth(move.arguments, case.demands.all()) == Decimal("128.50")
    wrong = (
        (Answer(demand=1, verdict="grant", amount="0"), "less_than_asked"),
        (Answer(demand=1, verdict="grant", amount="128.49"), "less_than_asked"),
        (Answer(demand=1, verdict="part", amount="0.00", reason="按实际多扣的月份计算。"), "nothing_granted"),
    )
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for verb in (offers.make_offer, offers.replace_offer):
        if verb is offers.replace_offer:
            answers = [Answer(demand=1, verdict="refuse", reason=REASON), Answer(demand=2, verdict="grant")]
            given.step(case, offers.make_offer(answers=answers, promises=given.promises()[1:]), world.handler, LATER)
        for first, code in wrong:
            with pytest.raises(WrongInput) as refused:
                given.step(case, verb(answers=[first, Answer(demand=2, verdict="grant")]), world.handler, LATER)
            assert (refused.value.code, refused.value.field) == (code, "amount-1")


def test_an_offer_of_old_that_granted_less_is_replaced_by_a_part_and_by_no_unknown_verdict(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    OfferAnswer.objects.filter(offer__complaint=case, demand__ordinal=1).update(amount=Decimal("10"))
    answers = [
        Answer(demand=1, verdict="part", amount="20", reason="按实际多扣的月份计算。"),
        Answer(demand=2, verdict="grant"),
    ]
    better = offers.replace_offer(answers=answers, promises=given.promises(amount="20"))
    given.step(case, better, world.handler, LATER)
    assert case.offers.filter(is_replacement=True).exists()
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    move = offers.replace_offer(answers=[Answer(demand=1, verdict="x"), Answer(demand=2, verdict="grant")])
    assert given.refusal(case, move, world.handler, LATER, WrongInput).field == "answer-1"


def test_one_alone_is_refused_and_a_proposal_stops_no_clock_and_stays_inside(world: World) -> None:
    setting(world)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for actor in (world.handler, world.manager):
        assert given.refused(case, an_offer("10", second="refuse"), actor, LATER) == "two_persons"
    assert not Offer.objects.filter(complaint=case).exists()
    reviewer(world)
    before = Deadline.objects.get(complaint=case, clock="negotiation")
    shown, seen = Notice.objects.filter(complaint=case).count(), case.last_event_at
    given.step(case, proposals.propose(move=an_offer()), world.handler, LATER)
    clock = Deadline.objects.get(complaint=case, clock="negotiation")
    assert (case.status, clock.state, clock.due_at) == (S.NEGOTIATING, "running", before.due_at)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    assert (matter.audience, matter.enterprise, matter.data["why"]) == ("enterprise", world.mobile, ["amount"])
    entry = HandlingStep.objects.get(complaint=case, step="propose")
    assert (entry.audience, entry.data) == ("enterprise", {"step": "make_offer"})
    # Nobody outside is told, and no version that others read has moved.
    notices = Notice.objects.filter(complaint=case, kind="propose")
    assert list(notices.values_list("addressee", flat=True)) == ["enterprise"]
    assert (Notice.objects.filter(complaint=case).count(), case.last_event_at) == (shown + 1, seen)
    assert not Offer.objects.filter(complaint=case).exists()


def test_a_reviewer_approves_but_nobody_his_own_and_it_falls_when_the_consumer_stops(world: World) -> None:
    setting(world)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, proposals.propose(move=an_offer(promised="128.50")), world.handler, LATER)
    someone = reviewer(world, world.fuzhou)
    assert all(taken.is_done for taken in approved(case, someone))
    assert (reloaded(case).status, Offer.objects.get(complaint=case).made_by_name) == (S.AWAITING_CONSUMER, "审试")
    # A reviewer takes no step that nobody proposed.
    given.step(case, consumer.decline_offer(reason="amount_too_low"), world.consumer, LATER)
    assert given.refused(case, an_offer("10"), someone, LATER) == "not_yours"
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, proposals.propose(move=an_offer()), world.manager, LATER)
    for actor, code in ((world.manager, "own_proposal"), (world.handler, "not_yours"), (world.stranger, "not_yours")):
        first, second = approved(case, actor)
        assert first.refusal.code == code
        assert second.refusal is not None
    assert not Offer.objects.filter(complaint=case).exists()
    given.step(case, consumer.stop_negotiating(), world.consumer, LATER)
    assert Matter.objects.get(complaint=case, kind="proposal").state == "fallen"


def test_what_could_not_be_done_is_not_proposed_and_it_is_judged_anew_at_the_approval(world: World) -> None:
    setting(world)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for move, code in (
        (offers.make_offer(answers=[Answer(demand=1, verdict="grant")]), "demand_unanswered"),
        (enterprise.report_failure(reason="no_agreement", text="谈不拢。"), "no_contact"),
    ):
        assert given.refused(case, proposals.propose(move=move), world.handler, LATER) == code
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()
    # The last day that was promised has passed meanwhile: the offer does not go out, and nothing of it stands.
    move = offers.make_offer(
        answers=[Answer(demand=1, verdict="grant", amount="128.50"), Answer(demand=2, verdict="grant")],
        promises=given.promises(WEDNESDAY.date()),
    )
    given.step(case, proposals.propose(move=move), world.handler, LATER)
    done = approved(case, world.manager, LATER + timedelta(days=1))
    assert [taken.refusal.code if taken.refusal else "" for taken in done] == ["", "bad_day"]


def guarded(enterprise_id: int, branch_id: int | None) -> tuple[Any, ...]:
    row = setting_for(enterprise_id, branch_id)
    assert row is not None
    return row.offers_above, row.refusals, row.failures, row.returns


def test_a_lower_place_is_only_ever_stricter(world: World) -> None:
    whole = setting(world, offers_above=Decimal("1000"), failures=False, returns=False)
    assert setting_for(world.mobile.pk, world.fuzhou.pk) == whole
    setting(world, world.fuzhou, offers_above=None, refusals=False, failures=True, returns=False)
    below = Branch.objects.create(enterprise=world.mobile, parent=world.fuzhou, name="试验营业厅")
    other = Branch.objects.create(enterprise=world.mobile, name="另一家分公司")
    assert guarded(world.mobile.pk, world.fuzhou.pk) == (Decimal("1000"), True, True, False)
    assert guarded(world.mobile.pk, below.pk) == (Decimal("1000"), True, True, False)
    setting(world, below, offers_above=Decimal("50"), refusals=False, failures=False, returns=True)
    assert guarded(world.mobile.pk, below.pk) == (Decimal("50"), True, True, True)
    assert (setting_for(world.mobile.pk, None), setting_for(world.mobile.pk, other.pk)) == (whole, whole)
    assert setting_for(world.telecom.pk, None) is None


def test_a_branch_does_not_switch_off_what_headquarters_wants(world: World) -> None:
    setting(world)
    setting(world, world.fuzhou, offers_above=None, refusals=False, failures=False, returns=False)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert given.refused(case, an_offer("10", second="refuse"), world.handler, LATER) == "two_persons"


@pytest.mark.django_db(transaction=True)
def test_two_approve_at_once_and_one_offer_goes_out(world: World) -> None:
    setting(world)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, proposals.propose(move=an_offer()), world.handler, LATER)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    payload, results = matter.data["payload"], []
    together = threading.Barrier(2)

    def one(actor: Actor) -> None:
        try:
            together.wait(PATIENCE)
            moves = (proposals.approve(matter_id=matter.pk), handling.built("make_offer", payload))
            done = handling.take_each([(case.pk, move, actor) for move in moves], now=LATER)
            results.append([taken.refusal.code if taken.refusal else "" for taken in done])
        finally:
            connection.close()

    people = [threading.Thread(target=one, args=(actor,)) for actor in (world.manager, reviewer(world))]
    for person in people:
        person.start()
    for person in people:
        person.join(PATIENCE)
    assert (sorted(results)[0], sorted(results)[1][0]) == (["", ""], "nothing_open")
    assert Offer.objects.filter(complaint=case).count() == 1


THREAT = "再投诉就把您列入黑名单。"


def test_a_threat_by_message_needs_a_second_person_and_stands_in_the_record(world: World) -> None:
    """Whatever the enterprise's own setting; nothing else that is said waits."""
    case, message = given.a_complaint(world, status=S.NEGOTIATING), enterprise.send_message(text=f" 已收到。{THREAT}")
    refusal = given.refusal(case, message, world.handler, LATER)
    assert (refusal.code, refusal.field, "请改掉这一句" in refusal.reason) == ("two_persons", "text", True)
    given.step(case, enterprise.send_message(text="已收到，今天查账单。"), world.handler, LATER)
    given.step(case, proposals.propose(move=message), world.handler, LATER)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    assert (matter.subject, matter.data["why"]) == ("send_message", ["threat"])
    move = handling.built(matter.subject, matter.data["payload"])
    assert all(taken.is_done for taken in approve(case, move, reviewer(world)))
    entry = HandlingStep.objects.filter(complaint=case, step="send_message").latest("sequence")
    assert entry.data["advice"] == [{"code": "threat", "field": "message", "place": [4, 15]}]


def test_whatever_an_enterprise_says_to_the_consumer_is_read(world: World) -> None:
    """A verb that takes words for both sides stands in SAID; a reason for looking is no word to anybody."""
    for step, row in TABLE.items():
        if step not in handling.MOVES or row.audience != Audience.PARTIES or Role.HANDLER not in row.by:
            continue
        words = inspect.signature(handling.MOVES[step]).parameters.keys() & {"text", "note", "proof", "what", "channel"}
        words -= {"channel"} if step == "log_contact" else set()
        if step not in two_persons.OFFERS and step != LOOK:
            assert words == {*two_persons.SAID.get(step, ())}, step


def test_where_the_case_has_left_the_enterprise_the_sentence_changes(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, WEDNESDAY)
    given.step(case, enterprise.report_failure(reason="no_agreement", text="谈不拢。"), world.handler, WEDNESDAY)
    question = enterprise.ask_authority(text=THREAT)
    assert given.refused(case, question, world.handler, LATER) == "two_persons"
    refusal = given.refusal(case, proposals.propose(move=question), world.handler, LATER)
    assert (refusal.code, "请改掉这一句" in refusal.reason) == ("not_now", True)
