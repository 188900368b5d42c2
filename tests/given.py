"""Cases made by walking the real verbs: no test sees a state that nobody can reach."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from complaints import handling
from complaints.casefile.case_file import CaseFile
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import authority, both, consumer, enterprise, mediation, offers, older_offers
from complaints.handling.transition import saying, settling
from complaints.handling.transition.effect import Effect
from complaints.models import Complaint
from complaints.parties.actors import SYSTEM, Actor
from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from complaints.record.columns import TABLES
from complaints.record.verification import verify
from enterprises.models import MediationBody
from tests.cast import WEDNESDAY, World

BECAUSE = {"rule": "", "version": None, "confidence": "high", "why": [], "candidates": []}


def a_request(world: World, *, now: datetime = WEDNESDAY, **changes: Any) -> FilingRequest:
    """What Chen says about her broadband bill."""
    request = FilingRequest(
        received_at=now,
        respondents=(RespondentRequest(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk),),
        service_region_id=world.region.pk,
        object_kind="service",
        object_category="service.telecom",
        item_name="宽带每月多扣费",
        amount=Decimal("128.50"),
        is_online=False,
        problem_category="telecom.fees.unexplained_charge",
        disputed_on=date(2026, 11, 1),
        statement="9月起每个月账单多出一项“智家体验包”。我没有开通过。",
        demands=(DemandRequest(kind="refund", amount=Decimal("128.50")), DemandRequest(kind="cancel_service")),
        consumer_id=world.chen.pk,
        consumer_name="陈试",
        consumer_phone="+8613800000001",
        consumer_address="福州市鼓楼区某路1号",
        contact_verified=True,
        consents={
            "share_with_enterprise": True,
            "pass_to_regulator": True,
            "publish_masked": False,
            "delegated_mediation": True,
            "pause_for_settlement": True,
        },
        consent_version="2026-11",
    )
    return replace(request, **changes)


def filed(world: World, *, now: datetime = WEDNESDAY, **changes: Any) -> Complaint:
    return handling.file([a_request(world, now=now, **changes)], actor=world.consumer, now=now)[0]


def step(complaint: Complaint, move: handling.Move, actor: Any, now: datetime) -> Complaint:
    handling.take(move, [complaint.pk], actor=actor, now=now)
    complaint.refresh_from_db()
    return complaint


def asked_for_promise(_world: object, case: Complaint) -> Move:
    """The case as if its offer were of former days, granting 28.50 more than it promises; and the question about it."""
    case.obligations.update(amount=Decimal("100"))
    return older_offers.ask_for_promise()


def an_act_of_former_days(world: World, status: S) -> Complaint:
    """Money and a cancelled service are granted; only the money is promised, as offers could before."""
    case = a_complaint(world, status=S.NEGOTIATING)
    answers = [Answer(demand=1, verdict="grant", amount="128.50"), Answer(demand=2, verdict="grant")]
    step(case, offers.make_offer(answers=answers, promises=promises()), world.handler, WEDNESDAY)
    case.obligations.get(ordinal=2).delete()
    if status != S.AWAITING_CONSUMER:
        step(case, consumer.accept_offer(), world.consumer, WEDNESDAY)
    if status == S.CLOSED:
        step(case, enterprise.report_performed(obligations=[1], proof="流水 1"), world.handler, WEDNESDAY)
        step(case, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY)
    return case


def raised(call: Callable[..., Any], *args: Any, error: type[StepNotAllowed] = StepNotAllowed, **named: Any) -> Any:
    """With what the call is refused; fails where it is done."""
    with pytest.raises(error) as refusal:
        call(*args, **named)
    return refusal.value


def refusal(
    complaint: Complaint, move: handling.Move, actor: Any, now: datetime, error: type[StepNotAllowed] = StepNotAllowed
) -> Any:
    """With what the step is refused; fails where it is taken."""
    return raised(step, complaint, move, actor, now, error=error)


def refused(*attempt: Any) -> str:
    """The code of the ``refusal``."""
    return str(refusal(*attempt).code)


def swept(complaint: Complaint, now: datetime) -> Complaint:
    """The case after the clocks of all cases were looked at."""
    handling.sweep_clocks(now=now)
    complaint.refresh_from_db()
    return complaint


#: What an offer says to the demand that it does not grant.
CANCELLED_BEFORE = "这项服务上月已经退订，不用再办。"


def promises(due_on: date | str = date(2026, 12, 7), amount: str = "128.50") -> list[Promise]:
    """What is owed once both demands are granted."""
    refund = Promise(kind="original_channel", what="退还多扣费用", amount=amount, due_on=due_on, demand=1)
    return [refund, Promise(kind="service_change", what="取消智家体验包", due_on=due_on, demand=2)]


def an_offer(*, due_on: date | None = date(2026, 12, 7), amount: str = "128.50") -> handling.Move:
    """The money is granted; without ``due_on`` it was paid already."""
    terms = {"kind": "original_channel", "what": "退还多扣费用", "amount": amount, "demand": 1}
    done = {"is_done": True, "proof": "退款流水 7788"}
    answers = [
        Answer(demand=1, verdict="grant", amount=amount, is_separable=True),
        Answer(demand=2, verdict="refuse", reason=CANCELLED_BEFORE, is_separable=True),
    ]
    promise = Promise(**terms, **(done if due_on is None else {"due_on": due_on}))
    return offers.make_offer(answers=answers, promises=[promise], message="三个月合计全部退还。")


def a_refusal(message: str = "") -> handling.Move:
    """An offer that grants nothing."""
    reason = "系统记录显示由本人办理，不同意。"
    answers = [Answer(demand=number, verdict="refuse", reason=reason) for number in (1, 2)]
    return offers.make_offer(answers=answers, message=message)


def refused_in_full(world: World, *, now: datetime = WEDNESDAY, **changes: Any) -> Complaint:
    """The enterprise granted nothing; the consumer has not answered yet."""
    return step(a_complaint(world, status=S.NEGOTIATING, now=now, **changes), a_refusal(), world.handler, now)


def accept_of_old() -> Move:
    """What ``accept_offer`` did with an offer that grants nothing before there was ``let_rest``."""

    def carry(file: CaseFile, _actor: Actor) -> Effect:
        offer = saying.open_offer(file)
        if not offer.grants_nothing or file.obligations_in("due", "reported"):
            raise StepNotAllowed("something_granted", "今天的规则已经够用。")
        left = [d for d in file.demands if not d.is_settled and not d.is_given_up]
        data = {"offer": offer.number, "demands": [d.ordinal for d in left], "late": False}
        file.change(offer, state="accepted", answered_at=file.now)
        for demand in left:
            file.change(demand, is_settled=True)
        settling.end_engagement(file, "settled", "accepted", file.now)
        return Effect(to=S.CLOSED, outcome=Outcome.SETTLED, reason="nothing_to_perform", data=data)

    return Move("accept_offer", carry)


def marked_as_old() -> None:
    """What the migration does to cases that were closed so."""
    first = import_module("complaints.migrations.0009_nothing_granted")
    late = import_module("complaints.migrations.0010_refusals_accepted_late")
    with connection.cursor() as cursor:
        for statement in (first.OFFERS, first.STAGES, first.CASES, late.STAGES, late.CASES):
            cursor.execute(statement)


def an_old_refusal(world: World, *, now: datetime = WEDNESDAY, **changes: Any) -> Complaint:
    """Closed as settled though nothing was granted, as it was done before; then the migration ran."""
    case = step(refused_in_full(world, now=now, **changes), accept_of_old(), world.consumer, now)
    marked_as_old()
    case.refresh_from_db()
    return case


def an_old_late_yes(world: World) -> Complaint:
    """The consumer was silent on a refusal, which ended the case as unconfirmed before, and said yes afterwards; then
    the migration ran."""
    before, case = WEDNESDAY - timedelta(days=12), refused_in_full(world, now=WEDNESDAY - timedelta(days=12))
    case.offers.update(grants_nothing=False)
    swept(case, WEDNESDAY - timedelta(days=1))
    assert (case.outcome, case.filed_at) == (Outcome.UNCONFIRMED, before)
    step(case, consumer.answer_late(accept=True), world.consumer, WEDNESDAY)
    marked_as_old()
    case.refresh_from_db()
    return case


def a_complaint(world: World, *, status: S = S.FILED, now: datetime = WEDNESDAY, **changes: Any) -> Complaint:
    """A case of Chen against 中国移动福州分公司 that has just reached ``status``."""
    case = filed(world, now=now, **changes)
    if status == S.FILED:
        return case
    if status in (S.TRIAGE, S.REVIEW, S.AWAITING_MATERIAL, S.MEDIATING, S.MEDIATION_SUSPENDED):
        step(case, authority.refer_to_triage(reason="nothing_matched", explanation=BECAUSE), SYSTEM, now)
        if status == S.TRIAGE:
            return case
        step(case, authority.assign_authority(authority_id=world.gulou.pk), world.intake, now)
        if status == S.REVIEW:
            return case
        if status == S.AWAITING_MATERIAL:
            return step(case, authority.request_material(what="请补充账单。"), world.officer, now)
        step(case, authority.accept(), world.officer, now)
        step(case, _agreed_by_both(), world.consumer, now)
        if status == S.MEDIATION_SUSPENDED:
            until = now.date() + timedelta(days=20)
            appraisal = mediation.order_appraisal(laboratory="某检测中心", until=until, cost_borne_by="shared")
            step(case, appraisal, world.officer, now)
        return case
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=BECAUSE)
    step(case, forward, SYSTEM, now)
    if status == S.WITH_ENTERPRISE:
        return case
    step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, now)
    if status == S.NEGOTIATING:
        return case
    if status == S.CLOSED:
        step(case, an_offer(due_on=None), world.handler, now)
        return step(case, consumer.accept_offer(confirmed=[1]), world.consumer, now)
    step(case, an_offer(due_on=(now + timedelta(days=26)).date()), world.handler, now)
    if status == S.AWAITING_CONSUMER:
        return case
    return step(case, consumer.accept_offer(), world.consumer, now)


def _agreed_by_both() -> Move:
    """The consumer agrees to a mediation, and the enterprise did by another way."""
    move = both.agree_to_mediation()

    def carry(file: CaseFile, actor: Actor) -> Effect:
        file.complaint.consents = {**file.complaint.consents, "mediation_enterprise": True}
        return move.carry(file, actor)

    return Move(move.step, carry)


def a_body(world: World, **columns: Any) -> MediationBody:
    """The consumer association of the county, to which a mediation may be handed."""
    wanted = {"name": "鼓楼区消费者委员会", "kind": "association", "legal_basis": "消费者权益保护法第三十六条"}
    wanted |= {"authority": world.gulou, "region": world.region, "starts_on": None}
    return MediationBody.objects.get_or_create(**wanted | columns)[0]


def otherwise(**columns: object) -> Callable[[object, Complaint], Move]:
    """The case as if it had been filed otherwise; the move that comes of it changes nothing there."""

    def build(_world: object, case: Complaint) -> Move:
        Complaint.objects.filter(pk=case.pk).update(**columns)
        return handling.MOVES["split_report"](text="附带的举报。")

    return build


def stands(case: Complaint) -> bool:
    """Whether the entries of a case and all that they commit to are whole. For tests that set a column of the case by
    hand, which a verification names: columns of the case are left out."""
    tables = {table.name for table in TABLES}
    findings = verify(number=case.number).findings
    return not [one for one in findings if one.audience or one.row.partition("/")[0] not in tables]
