"""What an authority does: distribute, review, decide, supervise. A decision names its ground from the closed list of
the law, and what an authority has no power for goes back to intake, never sideways (art. 41)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.roles import Right
from authorities.models import Authority, Officer, OfficerAbsence
from complaints.acceptance.remedies import BODIES, WITH_A_DUTY, body_last_day
from complaints.acceptance.review_facts import known_of
from complaints.acceptance.review_grounds import barred
from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import documents
from complaints.handling.steps.jurisdiction import decided, give_to
from complaints.handling.transition import clocks, saying, settling, two_persons
from complaints.handling.transition.effect import Effect, Move, proposable, verb
from complaints.models import Complaint, Engagement, Reading
from complaints.parties import powers
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.parties.workforce import Assigned, Workforce
from complaints.procedure import deadlines
from complaints.procedure.categories import REFUSAL_GROUNDS
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import ENTERPRISE_SIDE, Audience, Clock, Outcome, Role, Status
from enterprises.models import Enterprise

S = Status
ROUTES = ("negotiate", "association", "complain", "arbitrate", "sue")


@verb()
def forward(
    file: CaseFile, actor: Actor, *, enterprise_id: int, branch_id: int | None, because: dict[str, Any]
) -> Effect:
    """To the legal entity that answers. By an officer it is a supervised settlement
    (监督ODR企业开展和解): the review clock rests. Needs the consumer's consent to the entity."""
    complaint = file.complaint
    conditions = file.conditions
    enterprise = conditions.enterprise(enterprise_id)
    branch = conditions.branch(branch_id, enterprise_id) if branch_id else None
    if enterprise is None or (branch_id and branch is None):
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="enterprise")
    if enterprise.enrolment != Enterprise.Enrolment.ENROLLED:
        raise StepNotAllowed("not_enrolled", _("这家企业没有入驻或已暂停，请由监管部门处理。"))
    if not consented(complaint, enterprise_id, conditions=conditions):
        raise StepNotAllowed("no_consent", _("消费者没有同意转给这家企业，请先征求同意。"))
    by_officer = actor.role != Role.SYSTEM
    if not by_officer and file.status != S.FILED:
        raise StepNotAllowed("not_now", _("已转由工作人员分送。"))
    supervised = by_officer or clocks.live(file, Clock.REVIEW) is not None
    last = file.latest_engagement
    running = clocks.live(file, Clock.NEGOTIATION)
    same = last is not None and enterprise_id in conditions.with_successors(last.enterprise_id)
    if running is not None and not same:
        # The first entity was the wrong respondent: the ten days begin anew.
        clocks.end(file, running, file.now, met=False)
    file.add(
        Engagement(
            complaint=complaint, enterprise=enterprise, branch=branch, from_at=file.now, is_supervised=supervised
        )
    )
    complaint.enterprise, complaint.branch, complaint.handler = enterprise, branch, None
    complaint.delivered_at = file.now
    if complaint.consents.get("share_with_enterprise") and not complaint.consents.get("named_entity"):
        # Named by brand or in free words: the consent is to this entity, not to the next.
        complaint.consents = {**complaint.consents, "named_entity": enterprise_id}
    place = (branch.place_id if branch else None) or enterprise.domicile_id
    if place is not None:
        complaint.handling_region_id = place
    settling.to_county(file)
    decided(file, "forward", because)
    return Effect(
        to=S.WITH_ENTERPRISE,
        reason="supervised" if supervised else "",
        data={
            "enterprise": enterprise.name,
            "branch": branch.name if branch else "",
            "rule": because.get("rule", ""),
            "version": because.get("version"),
            "supervised": supervised,
            **({"form": 3} if by_officer else {}),
            **(because.get("override") or {}),
        },
    )


def consented(complaint: Complaint, enterprise_id: int, *, conditions: Conditions) -> bool:
    """Consent to that legal entity: given at filing for the one named, or asked for later. A foreign source that never
    asked declares it absent; then its own rules applied."""
    return consents_cover(complaint.consents, complaint.absent, enterprise_id, conditions=conditions)


def consents_cover(
    consents: Mapping[str, Any], absent: Collection[str], enterprise_id: int, *, conditions: Conditions
) -> bool:
    """``consented`` for a case of which only these two columns were read."""
    if enterprise_id in consents.get("entities", []) or "consents" in absent:
        return True
    if consents.get("share_with_enterprise") is not True:
        return False
    named = consents.get("named_entity")
    return named in (None, enterprise_id) or enterprise_id in conditions.with_successors(named)


@verb()
def refer_to_triage(file: CaseFile, actor: Actor, *, reason: str, explanation: dict[str, Any]) -> Effect:
    """Routing could not decide: a person does, with ranked suggestions."""
    decided(file, "triage", explanation)
    file.complaint.handling_authority = file.conditions.jurisdiction.intake(file.complaint.handling_region_id)
    return Effect(to=S.TRIAGE, reason=reason, data={"reason": reason})


@verb()
def ask_consent(file: CaseFile, actor: Actor, *, enterprise_id: int) -> Effect:
    """One tap for the consumer: may this named entity have it? 2 working days."""
    entity = file.conditions.enterprise(enterprise_id)
    if entity is None:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="enterprise")
    if file.matter("consent") is not None:
        raise StepNotAllowed("already_open", _("已经问过，正等消费者答复。"))
    matter = file.open_matter("consent", by="authority", enterprise=entity.pk, name=entity.name)
    clocks.start(file, Clock.CONSENT, file.now, matter=matter)
    return Effect(data={"enterprise": entity.pk, "name": entity.name})


@verb(text=partial(saying.text, needed=False))
def assign_authority(
    file: CaseFile, actor: Actor, *, authority_id: int, text: str = "", because: dict[str, Any] | None = None
) -> Effect:
    """To the county authority (or its office) that has the power. ``because``: what was suggested, where it was
    something else, and why not that."""
    authority = Authority.objects.select_related("region").filter(pk=authority_id).first()
    if authority is None or not (authority.has_power or authority.level == Authority.Level.OFFICE):
        raise WrongInput("bad_choice", _("请选一个有处理权限的机关。"), field="authority")
    if actor.region is not None and not (actor.region[0] <= authority.region_id <= actor.region[1]):
        raise WrongInput("bad_choice", _("请选本辖区内的机关。"), field="authority")
    give_to(file, authority)
    if because:
        decided(file, "assign", because)
    forms = [*documents.unregistered(file), 3]
    return Effect(
        to=S.REVIEW,
        texts={"message": text},
        data={
            "authority": authority.name,
            **({"form": forms} if actor.role != Role.SYSTEM else {}),
            **((because or {}).get("override") or {}),
        },
    )


def _papers(*forms: int) -> dict[str, Any]:
    """What an entry says of the documents that it issues. A case that flowed back from an enterprise was distributed by
    nobody, so what an officer begins with registers it."""
    return {"form": list(forms)} if forms else {}


def officers_here(file: CaseFile) -> QuerySet[Officer]:
    """Who may have a case and is in office today at the authority that has this one."""
    here = file.complaint.handling_authority_id
    there = Officer.objects.on(file.today).filter(authority_id=here, user__is_active=True)
    return there.filter(role__in=Right.HOLD_CASE.posts)


def _officer(file: CaseFile, officer_id: int) -> Officer:
    """Somebody in office today at the authority that has the case."""
    officer = officers_here(file).filter(pk=officer_id).first()
    if officer is None:
        raise WrongInput("bad_choice", _("请选一位本机关在岗的人员。"), field="officer")
    if officer.user_id in powers.recused(file.complaint):
        raise WrongInput("recused", _("这位同事在本案已回避，请另选一位。"), field="officer")
    absences = OfficerAbsence.objects.on(file.today).filter(officer__user_id=officer.user_id)
    if absences.filter(officer__authority_id=officer.authority_id).exists():
        raise WrongInput("on_leave", _("这位同事今天请假，请另选一位。"), field="officer")
    return officer


@verb()
def assign_officer(file: CaseFile, actor: Actor, *, officer_id: int) -> Effect:
    """Names who handles it (责任到人)."""
    officer = _officer(file, officer_id)
    file.complaint.officer = officer
    return Effect(data={"officer": officer.pk})


@verb(text=saying.text)
def return_to_intake(file: CaseFile, actor: Actor, *, text: str) -> Effect:
    """No power here: back to intake; twice → the common superior, 7 WD (art. 33)."""
    complaint = file.complaint
    before = complaint.facts.get("returned_to_intake", 0) + 1
    complaint.facts = {**complaint.facts, "returned_to_intake": before}
    jurisdiction = file.conditions.jurisdiction
    intake = jurisdiction.intake(complaint.handling_region_id)
    complaint.officer = None
    complaint.handling_authority = intake
    data: dict[str, Any] = {"times": before}
    if before >= 2:
        superior = jurisdiction.superior(intake.pk)
        matter = file.open_matter("jurisdiction", by="authority", audience="authority")
        clocks.start(file, Clock.JURISDICTION, file.now, matter=matter)
        complaint.handling_authority = superior
        data["superior"] = superior.name
    return Effect(to=S.TRIAGE, reason="no_power", data=data, texts={"message": text})


@verb(text=saying.text)
def recall(file: CaseFile, actor: Actor, *, text: str, unread: bool = False) -> Effect:
    """Takes the case back from the enterprise's side, with a reason. ``unread``: as whoever sent it amiss does, only
    while nobody there has opened it; that enterprise then had it by mistake and has failed in nothing."""
    if unread and (file.status != S.WITH_ENTERPRISE or Reading.objects.filter(engagement=file.engagement).exists()):
        raise StepNotAllowed("was_read", _("企业已经打开或者受理了这件投诉。要收回，请打开案件写明原因。"))
    result = "returned" if unread else "failed"
    settling.leave(file, result=result, ended_by="recalled", reason="recalled")
    settling.to_county(file)
    return Effect(to=S.REVIEW, reason="recalled", texts={"message": text}, data=_papers(*documents.unregistered(file)))


@verb(what=saying.text, last_day=saying.day)
def request_material(
    file: CaseFile, actor: Actor, *, what: str, last_day: date | None = None, is_identity: bool = False
) -> Effect:
    """What is missing, until a day: at the latest 1 WD before review's last day."""
    calendar = file.conditions.calendar
    if last_day is not None and last_day < file.today:
        raise WrongInput("bad_day", _("这一天已经过去。"), field="last_day")
    usual, _length, _unit, _version = clocks.counted_due(file, Clock.MATERIAL, file.now)
    day = last_day or usual.last_day
    review = clocks.live(file, Clock.REVIEW)
    if review is not None and review.lapsed_at is None:
        latest = calendar.before(review.last_day, 1)
        if last_day is not None and last_day > latest:
            raise WrongInput(
                "bad_day", _("最晚写%(day)s，审查期限的前一个工作日。") % {"day": latest.isoformat()}, field="last_day"
            )
        day = max(min(day, latest), file.today)
    due = deadlines.fixed_day(day, calendar, rule="material")
    clocks.start(file, Clock.MATERIAL, file.now, due=due)
    return Effect(
        to=S.AWAITING_MATERIAL,
        texts={"message": what},
        data={
            "last_day": day.isoformat(),
            "identity": is_identity,
            **_papers(*documents.unregistered(file), *([4] if is_identity else [])),
        },
    )


@verb()
def accept(file: CaseFile, actor: Actor, *, officer_id: int | None = None) -> Effect:
    """Art. 14: accepted; sixty days begin."""
    if officer_id is not None:
        file.complaint.officer = _officer(file, officer_id)
    elif actor.officer_id is not None and actor.user_id not in powers.recused(file.complaint):
        file.complaint.officer_id = actor.officer_id
    return Effect(to=S.MEDIATING, data=_papers(*documents.unregistered(file), 5))


@proposable
def refuse(*, ground: str, facts: str, body: str = "", earlier: str = "") -> Move:
    """Art. 16: one of seven grounds with its facts and the five routes, in the names of two officers.

    Ground 1 names the body that has the duty; ground 2 who has accepted or handled it: a body, or ``earlier``, the
    number of a case of the same consumer against the same respondent. What the file itself rules out is refused by
    name."""
    why = saying.choice(ground, REFUSAL_GROUNDS, "ground")
    given = saying.text(facts, "facts", shortest=10)
    if body or why == "outside_duty":
        saying.choice(body, WITH_A_DUTY if why == "outside_duty" else BODIES, "body")
    # With any other ground a body would say where to go, which it is not.
    named = body if why in ("outside_duty", "already_handled") else ""
    number = saying.text(earlier, "earlier", needed=False, longest=32)

    def carry(file: CaseFile, actor: Actor) -> Effect:
        waiting = clocks.live(file, Clock.MATERIAL)
        if file.status == S.AWAITING_MATERIAL and waiting is not None:
            raise StepNotAllowed("material_awaited", _("补正期限还没到，消费者仍可补充。"))
        known = known_of(file.complaint)
        if number and number not in known.earlier:
            raise WrongInput(
                "bad_choice", _("没有查到同一人与同一被投诉人的这件投诉由监管部门受理或者处理过。"), field="earlier"
            )
        if why == "already_handled" and not (named or number):
            raise WrongInput("missing", _("请写明谁已经受理或者处理过：一个部门，或者查到的那件投诉。"), field="body")
        reason = barred(why, known)
        if reason:
            raise WrongInput("ground_ruled_out", reason, field="ground")
        until = body_last_day(named, file.complaint) if why == "outside_duty" else None
        return Effect(
            to=S.CLOSED,
            outcome=Outcome.REFUSED,
            reason=why,
            data={
                "ground": why,
                "body": named,
                "routes": list(ROUTES),
                **_papers(*documents.unregistered(file), 6),
                **({"body_until": until.isoformat()} if until else {}),
                **({"earlier": number} if number else {}),
                "officers": two_persons.names_of(file, "refuse", actor),
            },
            texts={"decision": given},
        )

    return Move("refuse", carry)


@verb(
    matter=partial(saying.choice, allowed=("report", "consultation", "information", "reconsideration", "discipline")),
    body=partial(saying.choice, allowed=BODIES),
    text=saying.text,
)
def redirect(file: CaseFile, actor: Actor, *, matter: str, body: str, text: str) -> Effect:
    """Only what is no consumer complaint (arts 34, 44): told where it belongs."""
    return Effect(to=S.CLOSED, outcome=Outcome.REDIRECTED, reason=matter, data={"body": body}, texts={"decision": text})


@verb()
def pass_to_successor(file: CaseFile, actor: Actor, *, enterprise_id: int, branch_id: int | None = None) -> Effect:
    """Mergers keep cases, offers, promises and clocks: only who answers changes. The successor's rules say who handles
    it there (somebody must where somebody did), and what the former people proposed among themselves is void."""
    two_persons.void_internal_proposals(file, actor)
    successor = Enterprise.objects.get(pk=enterprise_id)
    before = file.complaint.enterprise
    file.complaint.enterprise = successor
    file.complaint.branch_id = branch_id
    given = _given_there(file)
    file.complaint.handler = given.worker.staff if given is not None else None
    old = file.engagement
    stage = Engagement(complaint=file.complaint, enterprise=successor, branch_id=branch_id, from_at=file.now)
    if old is not None:
        settling.end_engagement(file, "returned", "succession", file.now)
        stage.is_supervised, stage.is_overdue = old.is_supervised, old.is_overdue
        stage.accepted_at, stage.first_contact_at = old.accepted_at, old.first_contact_at
        file.add(stage)
    elif file.latest_engagement is not None:
        # An authority has it: whoever answers now must be able to see what it answers for.
        stage.until_at, stage.odr_result, stage.ended_by = file.now, "returned", "succession"
        file.add(stage)
    if given is not None:
        data = {"handler": given.worker.staff.pk, "before": None, "because": given.because}
        file.enter("assign", actor, Audience.ENTERPRISE, data)
    return Effect(data={"from": before.name if before else "", "to": successor.name})


def _given_there(file: CaseFile) -> Assigned | None:
    """Who handles the case at the enterprise that it lies with now."""
    case = file.complaint
    if file.status not in ENTERPRISE_SIDE:
        return None
    workforce = file.conditions.once(
        "workforce", case.enterprise_id, lambda: Workforce.of([case.enterprise_id or 0], file.today)
    )
    # Whatever had a handler needs one: it may be negotiated again with the next step, which nobody at the enterprise
    # takes.
    given = workforce.by_rules(case) or (workforce.somebody(case) if case.handler_id is not None else None)
    if given is None and case.handler_id is not None:
        raise StepNotAllowed("nobody_there", _("承继企业没有在岗人员，请先由它登记处理人员。"))
    return None if given is None else workforce.give(given)
