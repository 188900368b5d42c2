"""What ended cases of the same desk with the same problem tell, and the cause that the enterprise tags itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints import handling
from complaints.desks.enterprise_workspace import workspace_for
from complaints.handling.steps import consumer, enterprise, jurisdiction, proposals, violations
from complaints.models import HandlingStep, Matter, RootCause
from complaints.procedure.categories import CAUSES, PROBLEM_LABELS, fitting_causes
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Outcome, Status
from complaints.settlement.answer_templates import comes_from, filled, is_filled, unknown
from complaints.settlement.similar_cases import similar_to
from complaints.wording import KINDS
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World

S, T = Status, timedelta
LATER = WEDNESDAY + T(days=1)


def test_similar_cases_tell_how_they_ended_and_what_settled_them(world: World, django_assert_num_queries: Any) -> None:
    for _ in range(2):
        case = given.a_complaint(world, status=S.PERFORMING)
        given.step(case, enterprise.report_performed(obligations=[1], proof="流水"), world.handler, LATER)
        given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, LATER)
    failed = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(failed, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, LATER)
    given.step(failed, enterprise.report_failure(reason="no_agreement", text="谈不拢。"), world.handler, LATER)
    taken_back = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(taken_back, consumer.withdraw(reason="mistake"), world.consumer, LATER)
    given.a_complaint(world, status=S.CLOSED, problem_category="quality")
    here = given.a_complaint(world, status=S.NEGOTIATING)
    jobs = workspace_for(world.ming, now=LATER).jobs
    with django_assert_num_queries(1):
        result = similar_to(here, jobs=jobs)
    assert (result.total, result.results) == (3, {"settled": 2, "failed": 1})
    assert (result.amounts, result.median) == ([Decimal("128.50")] * 2, Decimal("128.50"))
    assert [case.odr_result for case in result.shown] == ["settled", "settled", "failed"]
    answers = [(a.kind, a.verdict, a.amount) for a in result.shown[0].answers]
    assert answers == [("refund", "grant", Decimal("128.50")), ("cancel_service", "refuse", None)]
    assert here.number not in [case.number for case in result.cases]


def test_similar_cases_are_those_of_the_own_desk(world: World) -> None:
    given.a_complaint(world, status=S.CLOSED)
    here = given.a_complaint(world, status=S.NEGOTIATING)
    other = Branch.objects.exclude(pk=world.fuzhou.pk).filter(enterprise=world.mobile, parent=None).first()
    far = Staff.objects.create(user=world.otto, enterprise=world.mobile, branch=other, role="handler")
    for user, total in ((world.ming, 1), (world.lead, 1), (world.hua, 0), (far.user, 0)):
        assert similar_to(here, jobs=workspace_for(user, now=LATER).jobs).total == total, user


def test_a_cause_is_tagged_when_the_own_part_is_over_and_may_be_changed(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.refused(case, enterprise.tag_cause(cause="fault"), world.handler, LATER)
    with pytest.raises(WrongInput):
        enterprise.tag_cause(cause="the customer")
    case = given.a_complaint(world, status=S.CLOSED)
    given.step(case, enterprise.tag_cause(cause="fault"), world.handler, LATER)
    given.step(case, enterprise.tag_cause(cause="billing_error"), world.manager, LATER)
    assert [row.cause for row in RootCause.objects.filter(complaint=case)] == ["billing_error"]
    entries = HandlingStep.objects.filter(complaint=case, step="tag_cause").order_by("sequence")
    told = [(e.audience, e.data["cause"]) for e in entries]
    assert told == [("enterprise", "fault"), ("enterprise", "billing_error")]


def test_a_tag_leaves_the_consumers_undo_and_two_in_one_batch_are_one_cause(world: World) -> None:
    case = given.a_complaint(world, status=S.PERFORMING)
    moves = (enterprise.flag_concern(text="多件投诉文字相同。"), enterprise.add_internal_note(text="先等等。"))
    handling.take_each([(case.pk, move, world.handler) for move in moves], now=WEDNESDAY + T(hours=1))
    given.step(case, handling.MOVES["undo"](), world.consumer, WEDNESDAY + T(hours=2))
    assert case.status == S.AWAITING_CONSUMER
    assert Matter.objects.get(complaint=case, kind="concern").state == "open"
    case = given.a_complaint(world, status=S.CLOSED)
    given.step(case, enterprise.tag_cause(cause="other"), world.handler, WEDNESDAY + T(hours=1))
    given.step(case, handling.MOVES["undo"](), world.consumer, WEDNESDAY + T(hours=2))
    assert (case.status, case.outcome) == (S.AWAITING_CONSUMER, "")
    assert case.outcome != Outcome.SETTLED
    case = given.a_complaint(world, status=S.CLOSED)
    moves = [(case.pk, enterprise.tag_cause(cause=cause), world.handler) for cause in ("fault", "billing_error")]
    assert all(taken.is_done for taken in handling.take_each(moves, now=LATER))
    assert [row.cause for row in RootCause.objects.filter(complaint=case)] == ["billing_error"]


def test_what_only_authorities_read_shows_in_no_lost_undo(world: World) -> None:
    for move in [
        violations.split_report(text="附带的举报。"),
        violations.open_lead(text="发现的线索。"),
        jurisdiction.dispute_jurisdiction(text="不归本局管辖。"),
        proposals.propose(move=violations.refer_to_police(text="涉嫌犯罪。")),
    ]:
        case = given.a_complaint(world, status=S.NEGOTIATING)
        given.step(case, consumer.stop_negotiating(), world.consumer, WEDNESDAY + T(hours=1))
        given.step(case, move, world.officer, WEDNESDAY + T(hours=2))
        given.step(case, handling.MOVES["undo"](), world.consumer, WEDNESDAY + T(hours=3))
        assert case.status == S.NEGOTIATING
        going_on = case.matters.filter(state="open", kind__in=("report", "lead"))
        clocks = case.deadlines.filter(clock="lead", state="running", ended_at=None, matter__in=going_on)
        assert clocks.count() == going_on.count()
        assert going_on.exists() is (move.step in ("split_report", "open_lead"))
        # Whose case it is needs no answer where no authority has it.
        assert not case.matters.filter(state="open", kind="jurisdiction").exists()
        assert not case.deadlines.filter(clock="jurisdiction", ended_at=None).exists()


def test_every_cause_has_words_and_every_problem_has_usual_ones() -> None:
    assert list(KINDS["root_cause"]) == list(CAUSES)
    starts = {start for starts in CAUSES.values() for start in starts}
    known = [f"{code}." for code in PROBLEM_LABELS]
    assert all(any(code.startswith(f"{start}.") for code in known) for start in starts)
    for problem in PROBLEM_LABELS:
        usual, others = fitting_causes(problem)
        assert sorted([*usual, *others]) == sorted(CAUSES)
    assert fitting_causes("telecom.fees.unexplained_charge")[0] == ["billing_error", "unfair_terms", "unclear_policy"]


BODY = "{消费者称呼}您好，{商品或服务}一事给您带来不便。我们将在{履行日}前退还{金额}，经办人{经办人}。"
VALUES = {"消费者称呼": "陈先生/女士", "商品或服务": "宽带", "金额": "¥128.50", "经办人": "明试"}
VALUES |= {"履行日": "2026年12月7日（周一）"}


def test_an_unknown_variable_is_named_and_a_known_one_filled() -> None:
    for body, names in [
        (BODY, []),
        ("没有变量", []),
        ("{姓名}您好，{金额}", ["姓名"]),
        ("{a}{b}{a}", ["a", "b"]),
        ("{}", [""]),
        ("{ 金额 }", [" 金额 "]),
        ("{金额", []),
        ("{{金额}}", []),
        ("{消费者称呼 }", ["消费者称呼 "]),
    ]:
        assert unknown(body) == names
    end = "我们将在2026年12月7日（周一）前退还¥128.50，经办人明试。"
    assert filled(BODY, VALUES) == f"陈先生/女士您好，宽带一事给您带来不便。{end}"
    assert "【请填：金额】" in filled(BODY, VALUES | {"金额": ""})
    assert filled("{金额}{金额}", {}) == "【请填：金额】【请填：金额】"


def test_whether_a_message_comes_from_the_template_and_a_circular_is_none_filled() -> None:
    for body, message, comes, fills in [
        ("as filled", filled(BODY, VALUES), True, True),
        ("with a sentence of one's own", filled(BODY, VALUES) + "9月的扣费是系统重复计费，已经改正。", True, True),
        ("a blank left", filled(BODY, VALUES | {"金额": ""}), True, False),
        ("half rewritten", "陈女士您好，宽带一事给您带来不便。钱12月7日前到账。", False, False),
        ("written anew", "三个月合计全部退还。", False, False),
        ("nothing", "", False, False),
    ]:
        assert comes_from(message, BODY) == comes, body
        assert is_filled(message, BODY) == fills, body
    for body, message, fills in [
        # A circular: only the name changes.
        (
            "{消费者称呼}您好，系统无异常，无法办理，感谢理解。",
            "陈先生/女士您好，系统无异常，无法办理，感谢理解。",
            False,
        ),
        ("您好，案件{案件编号}由{经办人}办理，无法退费。", "您好，案件2026由明试办理，无法退费。", False),
        ("您好，无法退费，感谢理解。", "您好，无法退费，感谢理解。", False),
        # Something of the case, by a variable or by a blank that was filled.
        ("您好，{商品或服务}的费用无法退还。", "您好，宽带的费用无法退还。", True),
        ("您好，无法退还，因为【请填：原因】。", "您好，无法退还，因为终端分期还有6期。", True),
        ("您好，将于____前退还。", "您好，将于12月7日前退还。", True),
    ]:
        assert is_filled(message, body) == fills
