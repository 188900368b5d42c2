"""What the enterprises of the demonstration do: accept, ring, offer, keep or break their word, return, fail.

Each function says what this member of staff would do now; the verb may still refuse.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from complaints.casefile.case_file import CaseFile
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import both, consumer, enterprise, offers, supervision
from complaints.handling.transition.effect import Effect
from complaints.models import Obligation
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Status
from demo import texts
from demo.filings import Case
from demo.scene import Acts, Scene

S = Status
#: Of each thirteen one pays what it grants in two parts.
IN_PARTS = 6
_PROMISED = {
    "fix_fault": ("repair", "上门修复并测试"),
    "repair": ("repair", "免费维修"),
    "redo": ("repair", "重新维修"),
    "replace": ("exchange", "更换同型号新品"),
    "cancel_service": ("service_change", "退订业务，不再收费"),
    "change_plan": ("service_change", "次月起变更套餐"),
    "waive_penalty": ("service_change", "解除合约，不收违约金"),
    "leave": ("service_change", "办理携出或销户"),
    "apology": ("apology", "书面道歉"),
    "return_goods": ("return_by_consumer", "寄回商品，运费由企业承担"),
}


def act(case: Case, scene: Scene) -> Acts:
    actor = scene.staff(case)
    if actor is None:
        return []
    moves: list[Move | None] = []
    match case.status:
        case S.WITH_ENTERPRISE:
            moves = _receive(case, scene, actor)
        case S.NEGOTIATING:
            moves = _negotiate(case, scene)
        case S.AWAITING_CONSUMER:
            case.did("improved")
            answers, promises, message = an_offer(case, scene.today, is_good=True)
            moves = [offers.replace_offer(answers=answers, promises=promises, message=message)]
        case S.PERFORMING:
            moves = [_perform(case, scene)]
        case S.REVIEW:
            moves = [_name_new_days(case, scene)]
        case S.MEDIATING:
            case.did("enterprise_agreed")
            declines = case.story.mediation == "declined"
            moves = [both.decline_mediation() if declines else both.agree_to_mediation()]
    return [(move, actor) for move in moves if move is not None]


def _receive(case: Case, scene: Scene, actor: Actor) -> list[Move | None]:
    what = case.story.enterprise
    if what == "silent":
        return []
    if what == "not_customer" and case.first("returned"):
        return [enterprise.return_case(reason="not_customer", text="号码不是本公司客户，无法查询。")]
    if what == "wrong_branch" and case.first("returned"):
        return [enterprise.return_case(reason="other", text="属于总部处理的业务，请转总部。")]
    if what == "wrong_entity" and case.first("returned"):
        others = [
            f.pk for name, f in scene.cast.enterprises.items() if name in texts.CARRIERS and f.pk != case.enterprise_id
        ]
        return [enterprise.return_case(reason="wrong_entity", enterprise_id=others[case.nth % len(others)])]
    # Whoever had the case before rang for himself.
    case.facts["contact"] = 0
    accepts: list[Move | None] = [enterprise.accept_case(handler_id=actor.staff_id or 0)]
    rings_at_once = case.rng.random() < 0.4 and case.story.settle != "unreachable" and what == "answers"
    return accepts + _contact(case) if rings_at_once else accepts


def _negotiate(case: Case, scene: Scene) -> list[Move | None]:
    story, rng = case.story, case.rng
    if scene.matter(case, "question"):
        case.did("answered")
        return [enterprise.answer_question(text=rng.choice(texts.SENTENCES["answers"]))] if rng.random() < 0.9 else []
    if scene.matter(case, "settled_elsewhere"):
        return [both.confirm_settled_elsewhere()] if case.first("confirmed_claim") and rng.random() < 0.9 else []
    if scene.matter(case, "urge") and case.first("urge_answered"):
        return [supervision.answer_instruction(text="已联系消费者，今天提出方案。")]
    if scene.matter(case, "unreachable"):
        return []
    if case.times("contact") == 0 and story.enterprise == "asks_return" and case.first("asks_return"):
        return [enterprise.request_return(text="查实为加盟店自行收款，请求退回。")]
    if case.times("contact") == 0 or (story.settle == "unreachable" and case.times("contact") < 4):
        return _contact(case)
    if case.first("second_look"):
        if rng.random() < 0.25 and case.consumer.actor.user_id is not None:
            case.did("asked_consumer")
            return [enterprise.ask_consumer(text=rng.choice(texts.SENTENCES["questions"]))]
        if rng.random() < 0.03:
            return [enterprise.ask_authority(text="合约条款与活动说明不一致时，以哪一个为准？")]
        if rng.random() < 0.03:
            return [enterprise.flag_concern(text="同一地址近期有多件相同文字的投诉。")]
    if story.settle == "fails":
        reason = ("no_agreement", "refused_with_reasons", "consumer_wants_none")[case.nth % 3]
        return [enterprise.report_failure(reason=reason, text=texts.SENTENCES["failures"][case.nth % 3])]
    if story.settle == "unreachable":
        return [enterprise.report_failure(reason="unreachable", text="多次电话、短信均未联系上。")]
    if story.settle == "elsewhere_enterprise" and case.first("claimed"):
        return [both.claim_settled_elsewhere(text="门店已与消费者当面处理完毕。")]
    is_good = case.times("offer") >= story.rounds and not (story.improves and case.times("improved") == 0)
    case.did("offer")
    answers, promises, message = an_offer(case, scene.today, is_good=is_good)
    make = _as_of_former_days if story.is_former else offers.make_offer
    return [make(answers=answers, promises=promises, message=message)]


def _as_of_former_days(**said: Any) -> Move:
    """An offer as it could be made before a grant had to carry its obligations: the last one is left out."""
    made = offers.make_offer(**said)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        effect, forgotten = made.carry(file, actor), file.obligations.pop()
        file.added[Obligation].remove(forgotten)
        effect.data["promises"].pop()
        return effect

    return Move("make_offer", carry)


def _contact(case: Case) -> list[Move | None]:
    case.did("contact")
    misses = case.story.settle == "unreachable"
    channel = ("phone", "sms")[case.times("contact") % 2] if misses else case.rng.choice(["phone", "phone", "message"])
    note = case.rng.choice(texts.SENTENCES["missed_notes"] if misses else texts.SENTENCES["contact_notes"])
    moves: list[Move | None] = [enterprise.log_contact(channel=channel, reached=not misses, note=note)]
    if case.rng.random() < 0.12:
        moves.append(enterprise.add_internal_note(text="演示备注：老客户，按首问负责处理。"))
    return moves


def an_offer(case: Case, today: date, *, is_good: bool) -> tuple[list[Answer], list[Promise], str]:
    """An answer to every demand that is still open, and what follows from each grant."""
    rng = case.rng
    settled = 1 if case.times("part") and case.story.answer == "part_go_on" else 0
    answers: list[Answer] = []
    promises: list[Promise] = []
    for ordinal, (kind, amount) in enumerate(case.demands, start=1):
        if ordinal <= settled:
            continue
        if case.story.refuses:
            answers.append(Answer(demand=ordinal, verdict="refuse", reason=rng.choice(texts.SENTENCES["refusals"])))
        elif is_good:
            answers.append(Answer(demand=ordinal, verdict="grant", amount=amount, is_separable=True))
            promises += _promises(case, today, kind, ordinal, amount, before=len(promises))
        elif amount is not None:
            part = (amount * Decimal(rng.choice([30, 40, 50, 60])) / 100).quantize(Decimal("0.01"))
            reason = rng.choice(texts.SENTENCES["part_reasons"])
            answers.append(Answer(demand=ordinal, verdict="part", amount=part, reason=reason, is_separable=True))
            promises += _promises(case, today, kind, ordinal, part, before=len(promises))
        else:
            answers.append(Answer(demand=ordinal, verdict="refuse", reason=rng.choice(texts.SENTENCES["refusals"])))
    is_refused = all(answer.verdict == "refuse" for answer in answers)
    return answers, promises, rng.choice(texts.SENTENCES["refusal_messages" if is_refused else "offer_messages"])


def _promises(
    case: Case, today: date, kind: str, ordinal: int, amount: Decimal | None, *, before: int
) -> list[Promise]:
    days = 25 if case.story.stays_at == S.PERFORMING else case.rng.randint(8, 18)
    due_on = today + timedelta(days=days)
    if kind == "return_goods" and not amount:
        back, what = _PROMISED[kind]
        return [
            Promise(kind=back, what=what, owed_by="consumer", due_on=due_on, demand=ordinal),
            Promise(kind="other", what="收到退货后出具验收单", days_after=5, after=before + 1, demand=ordinal),
        ]
    when: dict[str, Any] = {"due_on": due_on, "demand": ordinal}
    if case.story.does_first:
        proof = case.rng.choice(texts.SENTENCES["proofs"]).format(n=f"{case.nth:05}")
        when = {"is_done": True, "proof": proof, "demand": ordinal}
    if amount is not None and amount > 0:
        how = case.rng.choice(["bill_credit", "original_channel"] if kind == "refund" else ["transfer", "voucher"])
        what = "退还争议费用" if kind == "refund" else "补偿损失"
        if case.story.in_parts or (case.nth % 13 == IN_PARTS and amount > 1):
            half = (amount / 2).quantize(Decimal("0.01"))
            rest = Promise(kind="voucher", what=f"{what}，余下部分", amount=amount - half, **when)
            return [Promise(kind=how, what=what, amount=half, **when), rest]
        return [Promise(kind=how, what=what, amount=amount, **when)]
    how, what = _PROMISED.get(kind, ("other", "书面答复并附材料"))
    return [Promise(kind=how, what=what, **when)]


def _perform(case: Case, scene: Scene) -> Move | None:
    rows, keeps = scene.obligations.get(case.pk, []), case.story.keeps
    returned = [row.ordinal for row in rows if row.state == "reported" and row.owed_by == "consumer"]
    if returned:
        return consumer.confirm_performed(obligations=returned)
    due = [row for row in rows if row.state == "due" and row.owed_by == "enterprise"]
    if not due or keeps == "never":
        return None
    if due[0].disputed_at is not None:
        if case.story.keeps == "broken" and case.rng.random() < 0.5:
            return None
        paid_on = scene.today - timedelta(days=1)
        return enterprise.show_payment(obligation=due[0].ordinal, channel="银行转账", last4="0000", paid_on=paid_on)
    dated = [row.due_on for row in due if row.due_on is not None]
    if keeps == "late" and dated and min(dated) >= scene.today:
        case.wake = scene.now + timedelta(days=(min(dated) - scene.today).days + 1)
        return None
    proof = case.rng.choice(texts.SENTENCES["proofs"]).format(n=f"{case.nth:05}")
    return enterprise.report_performed(obligations=[row.ordinal for row in due], proof=proof, channel="原路")


def _name_new_days(case: Case, scene: Scene) -> Move | None:
    broken = [row.ordinal for row in scene.obligations.get(case.pk, []) if row.state == "broken"]
    day = (scene.today + timedelta(days=9)).isoformat()
    return consumer.resume_performance(dates=dict.fromkeys(broken, day)) if case.first("redated") else None
