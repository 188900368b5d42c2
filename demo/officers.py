"""What the authorities of the demonstration do: distribute, review, mediate, refuse, terminate, look back.

Refusing and terminating take two persons here as elsewhere: one proposes, the head approves.
"""

from datetime import timedelta
from typing import Any

from authorities.models import Authority
from complaints.documents import kinds
from complaints.handling import Move, Promise
from complaints.handling.steps import authority, casework, mediation, proposals, supervision, violations
from complaints.models import OfficialDocument
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Status
from demo import texts
from demo.filings import Case
from demo.scene import Acts, Scene
from enterprises.models import Enterprise, MediationBody
from routing.rule_desk.learning import OFFICER

S = Status


def act(case: Case, scene: Scene) -> Acts:
    if case.status == S.TRIAGE:
        return _distribute(case, scene)
    if case.status == S.NEGOTIATING:
        return _meanwhile(case, scene)
    officer = scene.officer(case)
    if officer is None:
        return []
    match case.status:
        case S.REVIEW:
            return _review(case, scene, officer)
        case S.MEDIATING:
            return _mediate(case, scene, officer)
        case S.MEDIATION_SUSPENDED:
            return _go_on(case, scene, officer)
        case S.CLOSED:
            return _look_back(case, scene, officer)
    return []


def _distribute(case: Case, scene: Scene) -> Acts:
    intake = scene.cast.intake[case.nth % len(scene.cast.intake)]
    if case.story.path == "consultation":
        matter = ("consultation", "information", "reconsideration")[case.nth % 3]
        return [
            (authority.redirect(matter=matter, body="12345", text="这件事不属于消费投诉，请向所列部门反映。"), intake)
        ]
    if case.times("returned") and case.picked_id and case.story.enterprise == "wrong_entity":
        target = case.picked_id
        if case.first("consent_asked"):
            return [(authority.ask_consent(enterprise_id=target), intake)]
        if case.first("consent_given"):
            return [(_forward(target, None), intake)]
    wants_enterprise = case.story.path == "unverified" or case.story.enterprise in ("wrong_branch", "asks_return")
    suggested = scene.suggestions.get(case.pk)
    rows = scene.cast.enterprises.values()
    enrolled = {row.pk for row in rows if row.enrolment == Enterprise.Enrolment.ENROLLED}
    if wants_enterprise and suggested and suggested[0] in enrolled and case.first("forwarded"):
        branch = None if case.times("returned") else suggested[1]
        return [(_forward(suggested[0], branch), intake)]
    office = scene.cast.offices.get(case.region_id)
    target = office or scene.conditions.jurisdiction.with_power(case.region_id).pk
    return [(authority.assign_authority(authority_id=target), intake)]


def _forward(enterprise_id: int, branch_id: int | None) -> Move:
    because: dict[str, Any] = {"rule": OFFICER, "version": None, "confidence": "", "is_match": True}
    because |= {"why": [], "candidates": []}
    return authority.forward(enterprise_id=enterprise_id, branch_id=branch_id, because=because)


def _meanwhile(case: Case, scene: Scene) -> Acts:
    if scene.matter(case, "return"):
        intake = scene.cast.intake[case.nth % len(scene.cast.intake)]
        if case.nth % 2:
            return [(supervision.grant_return(), intake)]
        return [(supervision.refuse_return(text="合同由你公司签订，请继续办理。"), intake)]
    case.did("urged")
    officer = scene.officer(case)
    last_day = scene.today + timedelta(days=4)
    return [] if officer is None else [(supervision.urge(text="请在期限前提出方案。", last_day=last_day), officer)]


def _review(case: Case, scene: Scene, officer: Actor) -> Acts:
    what = case.story.authority
    if what == "back" and case.first("back"):
        return [(authority.return_to_intake(text="经营地不在本辖区，请重新分送。"), officer)]
    if what == "supervise" and case.enterprise_id and not case.times("accepted") and case.first("supervised"):
        return [(_forward(case.enterprise_id, case.branch_id), officer)]
    if what in ("material", "none", "unanswered") and case.first("material"):
        return [(authority.request_material(what="请补充付款记录和与商家的沟通记录。"), officer)]
    if what in ("refuse", "none", "unanswered"):
        return _two_persons(case, scene, officer, "refuse", _refusal(case))
    acts: Acts = [(authority.accept(), officer)]
    if case.rng.random() < 0.03:
        acts.append((violations.split_report(text="投诉中附带反映价外收费，另行核查。"), officer))
    return acts


def _refusal(case: Case) -> dict[str, str]:
    """What was asked for in vain is the ground; else one that the file of any case allows."""
    if case.story.authority in ("none", "unanswered"):
        ground = "material_missing"
    else:
        ground = ("not_consumption", "already_handled", "outside_duty")[case.nth % 3]
    body = {"outside_duty": "12300", "already_handled": "association"}.get(ground, "")
    return {"ground": ground, "facts": texts.SENTENCES["facts"][1], "body": body}


def _two_persons(case: Case, scene: Scene, officer: Actor, step: str, payload: dict[str, str]) -> Acts:
    """First the proposal; at a later tick the head approves it and carries it out."""
    move = authority.refuse(**payload) if step == "refuse" else mediation.terminate(**payload)
    waiting, head = scene.matter(case, "proposal"), scene.head(case)
    if waiting is None:
        case.did("proposed")
        return [(proposals.propose(move=move), officer)]
    if head is None:
        return []
    return [(proposals.approve(matter_id=waiting.pk), head), (move, head)]


def _mediate(case: Case, scene: Scene, officer: Actor) -> Acts:
    what, rng = case.story.mediation, case.rng
    if what == "recusal" and scene.matter(case, "recusal"):
        other = scene.officer(case, other=True) or officer
        return [(mediation.decide_recusal(decision="suspend"), other)]
    if what == "appraisal" and case.first("appraisal"):
        until = scene.today + timedelta(days=24)
        move = mediation.order_appraisal(laboratory="演示检测中心", until=until, cost_borne_by="shared")
        return [(move, officer)]
    if what == "declined":
        payload = {"ground": "party_absent", "facts": "被投诉人明确表示不接受调解，调解无法进行。"}
        return _two_persons(case, scene, officer, "terminate", payload)
    if what == "delegate" and case.first("delegated"):
        return [(mediation.delegate_mediation(body_id=_association().pk), officer)]
    if case.first("scheduled"):
        at = scene.now + timedelta(days=3)
        move = mediation.schedule_session(at=at, place="演示调解室", mode=rng.choice(["site", "phone", "video"]))
        case.wake = at
        return [(move, scene.mediator(case, officer))]
    if case.first("session"):
        minutes = rng.choice(texts.SENTENCES["minutes"])
        return [(mediation.record_session(minutes=minutes), scene.mediator(case, officer))]
    if what == "terminate":
        payload = {"ground": "no_agreement_possible", "facts": texts.SENTENCES["facts"][0]}
        return _two_persons(case, scene, officer, "terminate", payload)
    if what == "agreement" and case.nth % 3 == 0 and case.first("suggested"):
        return [(mediation.suggest_settlement(text=rng.choice(texts.SENTENCES["agreements"])), officer)]
    promises = []
    # A promise that was broken before stays in the case; then only what is done at once can end it.
    if what != "at_once" and case.times("accepted") == 0:
        money = next((amount for _, amount in case.demands if amount), None)
        due_on = scene.today + timedelta(days=rng.randint(3, 12))
        kind = "transfer" if money else "repair"
        promises = [Promise(kind=kind, what="按调解书履行", amount=money, due_on=due_on)]
    return [(mediation.record_agreement(promises=promises, text=rng.choice(texts.SENTENCES["agreements"])), officer)]


def _association() -> MediationBody:
    """One register row of the highest authority, so that every county may hand a mediation to it."""
    top = Authority.objects.filter(parent=None).select_related("region").earliest("pk")
    return MediationBody.objects.get_or_create(
        authority=top,
        name="演示消费者委员会",
        starts_on=None,
        defaults={
            "kind": MediationBody.Kind.ASSOCIATION,
            "legal_basis": "消费者权益保护法第三十六条",
            "region": top.region,
            "name_en": "Demonstration Consumer Association",
        },
    )[0]


def _go_on(case: Case, scene: Scene, officer: Actor) -> Acts:
    if scene.matter(case, "recusal"):
        other = scene.officer(case, other=True) or officer
        decision = "grant" if case.nth % 2 else "refuse"
        return [(mediation.decide_recusal(decision=decision, text="经核查，依规定处理。"), other)]
    return [(mediation.end_appraisal(result="鉴定结论：存在质量问题，使用方法符合说明书。"), officer)]


def _look_back(case: Case, scene: Scene, officer: Actor) -> Acts:
    other = scene.officer(case, other=True) or officer
    if scene.matter(case, "objection"):
        return [(casework.answer_objection(upheld=False, text="复核后维持原决定，理由已另行说明。"), other)]
    if case.outcome in ("refused", "mediation_terminated") and case.first("served"):
        decision = OfficialDocument.objects.filter(complaint_id=case.pk, form=kinds.TERMINATION, state="issued").last()
        if case.outcome == "mediation_terminated" and decision is not None:
            return [
                (casework.serve_notice(document_id=decision.pk, channel="sms", is_served=True, to=to), officer)
                for to in ("consumer", "enterprise")
            ]
        document = "不予受理决定书" if case.outcome == "refused" else "终止调解决定书"
        return [(casework.serve_notice(document=document, channel="sms", is_served=True), officer)]
    case.did("looked_back")
    acts: Acts = []
    if case.rng.random() < 0.12:
        acts.append((casework.call_back(reached=True, satisfied=case.rng.random() < 0.8), other))
    if case.story.publishes and case.times("publication") and case.outcome in ("settled", "mediated"):
        acts.append((casework.publish(), officer))
    return acts
