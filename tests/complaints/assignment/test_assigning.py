"""Who gets a case when nobody said so: rules for new ones, leave, people who left; and a sweep that is cut short."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from complaints import handling
from complaints.assignment import assigning, owners
from complaints.handling.steps import authority, consumer, enterprise, proposals
from complaints.models import Complaint, HandlingStep, Matter
from complaints.parties.actors import SYSTEM
from complaints.procedure.workflow import Status as S
from enterprises.models import Absence, AssignmentRule, Branch, Enterprise, Staff, TwoPersons
from tests import given, reloaded
from tests.cast import WEDNESDAY, World

TODAY = date(2026, 11, 11)
LATER = WEDNESDAY + timedelta(hours=2)


def somebody(world: World, name: str, *, role: str = "handler", branch: Branch | None = None, **row: Any) -> Staff:
    user = User.objects.create_user(email=f"{name}@example.com", password="x" * 20, name=name)
    return Staff.objects.create(user=user, enterprise=world.mobile, branch=branch, role=role, **row)


def rule(world: World, *, position: int = 1, **row: Any) -> AssignmentRule:
    made = {"enterprise": world.mobile, "made_by": world.lead, "made_at": WEDNESDAY}
    return AssignmentRule.objects.create(position=position, **made | row)


def leave(world: World, staff: Staff, **row: Any) -> Absence:
    days = {"starts_on": TODAY, "ends_on": TODAY + timedelta(days=4)}
    return Absence.objects.create(staff=staff, entered_by=world.lead, entered_at=WEDNESDAY, **days | row)


def new_case(world: World, **changes: Any) -> Complaint:
    return given.a_complaint(world, status=S.WITH_ENTERPRISE, **changes)


def swept(case: Complaint, now: Any = LATER) -> int | None:
    assigning.sweep_assignments(now=now)
    case.refresh_from_db()
    return case.handler_id


def why(case: Complaint) -> dict[str, Any]:
    entry = HandlingStep.objects.filter(complaint=case, step="assign").order_by("pk").last()
    assert (entry.audience, entry.actor_role) == ("enterprise", "system")
    return dict(entry.data["because"])


def test_the_first_rule_that_fits_names_the_handler_and_without_one_nobody(world: World) -> None:
    assert swept(new_case(world)) is None
    second = somebody(world, "second", branch=world.fuzhou)
    rule(world, category="food_safety", handler=world.ming_staff)
    fits = rule(world, position=2, category="telecom.fees.unexplained_charge", handler=second)
    rule(world, position=3, handler=world.ming_staff)
    case = new_case(world)
    version = case.last_event_at
    assert (swept(case), why(case)) == (second.pk, {"why": "rule", "rule": fits.pk, "how": "named"})
    # The case waits to be accepted as before, and nobody outside sees a change.
    assert (case.status, case.last_event_at) == (S.WITH_ENTERPRISE, version)
    assert assigning.sweep_assignments(now=LATER) == 0


def test_a_branchs_own_rules_come_first_and_others_do_not_count(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    elsewhere = Branch.objects.create(enterprise=world.mobile, name="另一家分公司")
    rule(world, handler=world.lead_staff)
    rule(world, branch=elsewhere, handler=world.lead_staff)
    own = rule(world, position=9, branch=world.fuzhou, handler=second)
    ended = rule(world, branch=world.fuzhou, handler=world.ming_staff, ended_at=WEDNESDAY, ended_by=world.lead)
    case = new_case(world)
    assert swept(case) == second.pk
    assert why(case)["rule"] == own.pk != ended.pk
    # Of another enterprise: its rules give nothing of ours.
    assert Enterprise.objects.get(pk=case.enterprise_id) == world.mobile


def test_whoever_has_fewest_open_cases_is_next(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    somebody(world, "reviewer", role="reviewer", branch=world.fuzhou)
    somebody(world, "manager", role="manager", branch=world.fuzhou)
    given.a_complaint(world, status=S.NEGOTIATING)
    rule(world)
    cases = [new_case(world) for _ in range(5)]
    assert assigning.sweep_assignments(now=LATER) == 5
    held = [Complaint.objects.filter(handler=who).count() for who in (world.ming_staff, second)]
    assert held == [3, 3]
    assert all(why(case)["how"] == "fewest" for case in cases)


@pytest.mark.parametrize("gone", ["leave", "left", "off", "sibling"])
def test_nobody_who_is_not_there_gets_a_new_case(world: World, gone: str) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    if gone == "leave":
        leave(world, second)
    elif gone == "left":
        Staff.objects.filter(pk=second.pk).update(ends_on=TODAY - timedelta(days=1))
    elif gone == "off":
        User.objects.filter(pk=second.user_id).update(is_active=False)
    else:
        staffs = Staff.objects.filter(pk=second.pk)
        staffs.update(branch=Branch.objects.create(enterprise=world.mobile, name="另一家分公司"))
    rule(world, handler=second)
    last = rule(world, position=2)
    case = new_case(world)
    assert (swept(case), why(case)["rule"]) == (world.ming_staff.pk, last.pk)


def test_a_named_handler_on_leave_is_stood_in_for_by_the_deputy(world: World) -> None:
    leave(world, world.ming_staff, deputy=world.lead_staff)
    rule(world, handler=world.ming_staff)
    case = new_case(world)
    assert (swept(case), why(case)["how"]) == (world.lead_staff.pk, "deputy")


def test_at_the_start_of_leave_the_deputy_takes_over(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    closed = given.a_complaint(world, status=S.CLOSED)
    row = leave(world, world.ming_staff, starts_on=TODAY + timedelta(days=1), deputy=second)
    assert (swept(case), swept(case, LATER + timedelta(days=1))) == (world.ming_staff.pk, second.pk)
    assert why(case) == {"why": "leave", "leave": row.pk, "to": "deputy"}
    assert reloaded(closed).handler_id == world.ming_staff.pk
    # Back again: what was handed over stays, what comes new may come.
    assert assigning.sweep_assignments(now=LATER + timedelta(days=9)) == 0


@pytest.mark.parametrize("deputy", ["none", "away too"])
def test_without_a_deputy_the_nearest_head_takes_over(world: World, deputy: str) -> None:
    near = somebody(world, "near", role="manager", branch=world.fuzhou)
    second = somebody(world, "second", branch=world.fuzhou)
    if deputy == "away too":
        leave(world, second)
    case = given.a_complaint(world, status=S.PERFORMING)
    leave(world, world.ming_staff, deputy=second if deputy == "away too" else None)
    assert (swept(case), why(case)["to"]) == (near.pk, "head")


def test_a_cancelled_leave_hands_nothing_over_and_nobody_on_leave_is_given_a_case_by_hand(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    leave(world, world.ming_staff, cancelled_at=WEDNESDAY, cancelled_by=world.lead)
    assert swept(case) == world.ming_staff.pk
    leave(world, world.ming_staff)
    case = new_case(world)
    for verb in (enterprise.assign, enterprise.accept_case):
        assert given.refused(case, verb(handler_id=world.ming_staff.pk), world.manager, LATER) == "on_leave"


@pytest.mark.parametrize("gone", ["left", "off", "reviewer"])
def test_what_somebody_left_behind_goes_to_a_head(world: World, gone: str) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    if gone == "left":
        Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=TODAY - timedelta(days=1))
    elif gone == "off":
        User.objects.filter(pk=world.ming.pk).update(is_active=False)
    else:
        Staff.objects.filter(pk=world.ming_staff.pk).update(role="reviewer")
    assert (swept(case), why(case)) == (world.lead_staff.pk, {"why": "left", "to": "head"})


def test_orphans_lie_with_nobody_until_somebody_is_there(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    leave(world, world.ming_staff)
    leave(world, world.lead_staff, ends_on=TODAY)
    assert swept(case) is None
    assert owners.sweep_owners(now=LATER) == 0
    assert owners.sweep_owners(now=LATER + timedelta(days=1)) == 1
    assert reloaded(case).handler == world.lead_staff


def test_a_sweep_that_is_cut_short_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies between two batches: what was given stays given, once; the next one does the rest."""
    cases = [given.a_complaint(world, status=S.NEGOTIATING) for _ in range(3)]
    leave(world, world.ming_staff)
    monkeypatch.setattr(assigning, "BATCH", 2)
    real, calls = assigning.take_moves, []

    def dies(moves: Any, **how: Any) -> int:
        calls.append(len(moves))
        if len(calls) == 2:
            raise SystemExit("killed")
        return real(moves, **how)

    monkeypatch.setattr(assigning, "take_moves", dies)
    with pytest.raises(SystemExit):
        assigning.sweep_assignments(now=LATER)
    assert Complaint.objects.filter(handler=world.lead_staff).count() == 2
    monkeypatch.setattr(assigning, "take_moves", real)
    assert assigning.sweep_assignments(now=LATER) == 1
    assert HandlingStep.objects.filter(complaint__in=cases, step="assign").count() == 3


def test_a_sweep_costs_the_same_for_one_case_and_for_many(world: World, django_assert_max_num_queries: Any) -> None:
    rule(world)
    for number in (1, 12):
        for _ in range(number):
            new_case(world)
        with django_assert_max_num_queries(60) as asked:
            assert assigning.sweep_assignments(now=LATER) == number
        if number == 1:
            one = len(asked)
    assert len(asked) <= one + 3


def test_a_handler_is_named_by_the_number_of_the_own_books(world: World) -> None:
    Staff.objects.filter(pk=world.ming_staff.pk).update(number="A-017")
    Staff.objects.filter(pk=world.hua_staff.pk).update(number="B-1")
    case = new_case(world)
    for number in ("B-1", "a-017", ""):
        assert given.refused(case, enterprise.assign(handler_number=number), world.manager, LATER) == "bad_choice"
    given.step(case, enterprise.accept_case(handler_number=" A-017 "), world.manager, LATER)
    assert case.handler_id == world.ming_staff.pk


def test_somebody_was_quicker_than_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(world, handler=world.lead_staff)
    case = new_case(world)
    real = assigning.take_moves

    def late(moves: Any, **how: Any) -> int:
        handling.take(enterprise.assign(handler_id=world.ming_staff.pk), [case.pk], actor=world.manager, now=LATER)
        return real(moves, **how)

    monkeypatch.setattr(assigning, "take_moves", late)
    assert swept(case) == world.ming_staff.pk


def test_a_try_out_says_whom_and_writes_nothing(world: World) -> None:
    second = somebody(world, "second", branch=world.fuzhou)
    cases = [new_case(world) for _ in range(4)]
    typed = AssignmentRule(enterprise=world.mobile, position=1)
    result = assigning.would_give(cases, {world.mobile.pk: [typed]}, day=timezone.localdate(LATER))
    assert sorted(given.worker.staff.pk for given in result.values()) == sorted([world.ming_staff.pk, second.pk] * 2)
    assert Complaint.objects.filter(handler=None).count() == 4


def at_the_successor(world: World) -> Staff:
    user = User.objects.create_user(email="heir@example.com", password="x" * 20, name="承试")
    return Staff.objects.create(user=user, enterprise=world.telecom, role="handler")


@pytest.mark.parametrize("status", [S.WITH_ENTERPRISE, S.NEGOTIATING, S.PERFORMING])
def test_what_passes_to_a_successor_is_given_by_its_rules(world: World, status: S) -> None:
    """Whoever handled it works for the former enterprise; what was proposed there falls, and its chain says so."""
    case = given.a_complaint(world, status=status)
    if status == S.NEGOTIATING:
        TwoPersons.objects.create(enterprise=world.mobile, failures=True, set_by=world.lead, set_at=WEDNESDAY)
        given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, WEDNESDAY)
        move = proposals.propose(move=enterprise.report_failure(reason="no_agreement", text="谈不拢。"))
        given.step(case, move, world.handler, WEDNESDAY)
    heir = at_the_successor(world)
    own = rule(world, enterprise=world.telecom, handler=heir)
    given.step(case, authority.pass_to_successor(enterprise_id=world.telecom.pk), SYSTEM, LATER)
    assert (case.status, case.handler_id) == (status, heir.pk)
    assert why(case) == {"why": "rule", "rule": own.pk, "how": "named"}
    assert not Matter.objects.filter(complaint=case, kind="proposal", state="open").exists()
    handling_steps = HandlingStep.objects.filter(complaint=case, step="send_back")
    fell = handling_steps.values_list("audience", "actor_role", "reason", "data")
    proposed = ("enterprise", "system", "succession", {"step": "report_failure"})
    assert list(fell) == ([proposed] if status == S.NEGOTIATING else [])


def test_a_successor_without_rules_still_answers_for_what_was_taken_up(world: World) -> None:
    """What nobody had accepted waits for somebody: a rule that is made later finds it."""
    talks, offered, promised = (
        given.a_complaint(world, status=status) for status in (S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING)
    )
    fresh = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    heir = at_the_successor(world)
    for case in (talks, offered, promised, fresh):
        given.step(case, authority.pass_to_successor(enterprise_id=world.telecom.pk), SYSTEM, LATER)
    for case in (talks, offered, promised):
        assert (case.handler.enterprise_id, why(case)) == (world.telecom.pk, {"why": "succession"})
    # Declined, it is negotiated again by whoever answers now.
    given.step(offered, consumer.decline_offer(reason="other", text="还是不行。"), world.consumer, LATER)
    assert (offered.status, offered.handler.enterprise_id) == (S.NEGOTIATING, world.telecom.pk)
    assert fresh.handler_id is None
    rule(world, enterprise=world.telecom, handler=heir)
    assert swept(fresh) == heir.pk
