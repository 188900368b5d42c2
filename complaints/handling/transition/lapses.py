"""What happens when a clock runs out, one function a clock, and 升级: who above is told of it. *happened* is the
clock's due moment, *written* is now, and the clock it starts for another party starts at *written*."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from authorities.models import Authority
from complaints.casefile.case_file import CaseFile, is_internal
from complaints.handling.transition import clocks, settling
from complaints.handling.transition.effect import Effect
from complaints.models import Deadline, Matter, Obligation
from complaints.procedure import deadlines
from complaints.procedure.workflow import CLOCKS, Audience, Clock, Outcome, Status

#: Clocks whose lapse a superior is told of at once (procedure, section 4: "escalate").
AT_ONCE = frozenset(
    {
        *(Clock.FORWARDING, Clock.REVIEW, Clock.MEDIATION, Clock.NOTICE, Clock.JURISDICTION, Clock.LEAD),
        *(Clock.INSTRUCTION, Clock.RETURN, Clock.OBJECTION),
    }
)
_INSTANT = timedelta(microseconds=1)


def begin_escalation(file: CaseFile, clock: Deadline) -> None:
    """The clock has lapsed and the thing is still owed: when the first superior is told."""
    if clock.ended_at is not None:
        return
    kind = Clock(clock.clock)
    if kind in AT_ONCE:
        file.change(clock, escalate_at=clock.due_at)
    elif kind == Clock.SUSPENSION:
        file.change(clock, escalate_at=_days_after(file, clock.due_at - _INSTANT, "recusal_superior"))


def due_escalations(file: CaseFile) -> Iterator[Effect]:
    """What has to be told by now, one superior after the other."""
    for clock in list(file.clocks):
        while clock.ended_at is None and clock.escalate_at is not None and clock.escalate_at <= file.now:
            yield _tell(file, clock, clock.escalate_at)
            clocks.chase_again(file, clock, file.now)


def next_above(file: CaseFile, clock: Deadline) -> Authority:
    """Whom the next telling goes to: above whoever was told last, else above whoever answers for it."""
    below = clock.escalated_to_id or _answers(file, clock)
    return file.conditions.jurisdiction.superior(below)


def _answers(file: CaseFile, clock: Deadline) -> int:
    """An instruction is answered by the authority that got it, else by who sent it; all else by who has the case."""
    matter = _matter(file, clock)
    if matter is not None and matter.kind == "urge":
        return matter.to_authority_id or matter.authority_id or file.complaint.handling_authority_id
    return file.complaint.handling_authority_id


def _matter(file: CaseFile, clock: Deadline) -> Matter | None:
    return next((m for m in file.matters if clock.matter_id is not None and m.pk == clock.matter_id), None)


def _tell(file: CaseFile, clock: Deadline, at: datetime) -> Effect:
    above, number = next_above(file, clock), clock.escalations + 1
    is_last = clock.clock != Clock.INSTRUCTION or file.conditions.jurisdiction.superior(above.pk).pk == above.pk
    later = None if is_last else _days_after(file, at - _INSTANT, "escalation")
    file.change(clock, escalated_to=above, escalated_at=at, escalations=number, escalate_at=later)
    data = _facts(clock) | {"times": number, "escalated_to": above.name, "told": above.pk}
    data |= {"matter": clock.matter_id} if clock.matter_id is not None else {}
    return Effect(data=data, happened_at=at, audience=Audience.AUTHORITY if is_internal(clock) else None)


def _days_after(file: CaseFile, start: datetime, policy: str) -> datetime:
    """The first instant after the policy's working days, counted from the day of ``start``."""
    days = max(1, file.conditions.policies.number(policy, file.complaint.handling_region_id).number)
    return deadlines.working_days(start, days, file.conditions.calendar, rule="escalation").due_at


S = Status
Lapse = Callable[[CaseFile, Deadline], Effect]


def step_of(clock: Deadline) -> str:
    """The step that the lapse of this clock is."""
    of_obligation = clock.clock == Clock.CONFIRMATION and clock.obligation_id is not None
    return "fall_silent" if of_obligation else CLOCKS[Clock(clock.clock)].on_lapse


def _facts(clock: Deadline) -> dict[str, Any]:
    return {"clock": clock.clock, "last_day": clock.last_day.isoformat()}


def _lapsed(clock: Deadline, to: Status | None = None, **values: Any) -> Effect:
    """What a lapse does; ``data`` beside the facts of the clock."""
    data = _facts(clock) | values.pop("data", {})
    return Effect(to=to, data=data, happened_at=clock.due_at, **values)


def _leaves(
    file: CaseFile,
    clock: Deadline,
    ended_by: str,
    reason: str,
    result: str = "failed",
    data: dict[str, Any] | None = None,
) -> Effect:
    facts = _facts(clock) | (data or {})
    return settling.leave(file, result=result, ended_by=ended_by, reason=reason, data=facts, happened_at=clock.due_at)


def _obligation(file: CaseFile, clock: Deadline) -> Obligation | None:
    return next((o for o in file.obligations if clock.obligation_id is not None and o.pk == clock.obligation_id), None)


def _stays(file: CaseFile, clock: Deadline) -> Effect:
    """The miss is recorded and told; the case stays (acceptance, suspension)."""
    return _lapsed(clock)


def _escalate(file: CaseFile, clock: Deadline) -> Effect:
    """The superior is told; nothing is deemed to have been decided."""
    data: dict[str, Any] = {"escalated_to": next_above(file, clock).name}
    matter = _matter(file, clock) if clock.clock == Clock.INSTRUCTION else None
    if matter is not None and matter.authority_id is not None:
        # Whoever sent the instruction waits for the answer.
        data |= {"told": matter.authority_id, "matter": matter.pk}
    return _lapsed(clock, data=data, audience=Audience.AUTHORITY if is_internal(clock) else None)


def _forwarding(file: CaseFile, clock: Deadline) -> Effect:
    if file.status == S.FILED:
        clocks.end(file, clock, clock.due_at)
        return _lapsed(clock, S.TRIAGE, reason="not_routed_in_time")
    return _escalate(file, clock)


def _negotiation(file: CaseFile, clock: Deadline) -> Effect:
    """→review, marked overdue; an offer lying with the consumer stays open to its day."""
    engagement = file.engagement
    if engagement is not None:
        file.change(engagement, is_overdue=True)
    if file.open_offer is not None or engagement is None:
        return _lapsed(clock, data={"offer_stays_open": True}, reason="overdue")
    return _leaves(file, clock, "lapse", "overdue")


def _confirmation(file: CaseFile, clock: Deadline) -> Effect:
    """An offer: closed as unconfirmed, or →review; a reported obligation: silent. Silence on an offer that grants
    nothing ends the negotiation as failed."""
    obligation, engagement, offer = _obligation(file, clock), file.engagement, file.open_offer
    clocks.end(file, clock, clock.due_at)
    if obligation is not None:
        file.change(obligation, state="silent")
        clocks.release_obligations(file, obligation, clock.due_at)
        return settling.when_all_is_done(file, _lapsed(clock, data={"obligation": obligation.ordinal}))
    if offer is not None:
        file.change(offer, state="lapsed", answered_at=clock.due_at)
        settling.drop_obligations(file, offer)
        if offer.grants_nothing:
            return _leaves(file, clock, "silence", "refusal_unanswered")
    goes_on = engagement is not None and engagement.is_overdue and settling.goes_on(file)
    settling.end_engagement(file, "unconfirmed", "silence", clock.due_at)
    if file.was_received_by_authority or goes_on:
        return _lapsed(clock, S.REVIEW, reason="offer_unanswered")
    return _lapsed(clock, S.CLOSED, outcome=Outcome.UNCONFIRMED, reason="offer_unanswered")


def _performance(file: CaseFile, clock: Deadline) -> Effect:
    """Both are asked for 3 working days; the answer clock starts when this is written."""
    obligation = _obligation(file, clock)
    clocks.end(file, clock, clock.due_at)
    if obligation is None or obligation.state != "due":
        return _lapsed(clock)
    file.change(obligation, is_late=True)
    clocks.start(file, Clock.PERFORMANCE_ANSWER, file.now, owed_by=obligation.owed_by, obligation=obligation)
    return _lapsed(clock, data={"obligation": obligation.ordinal})


def _performance_answer(file: CaseFile, clock: Deadline) -> Effect:
    """Nobody showed that it was done: breached, →review; the others stay in force. The consumer's own part is never the
    enterprise's breach: the authority looks at it."""
    obligation = _obligation(file, clock)
    clocks.end(file, clock, clock.due_at)
    data = {"obligation": obligation.ordinal if obligation else 0}
    if obligation is None or obligation.state != "due":
        return _lapsed(clock, data=data)
    if obligation.owed_by != "consumer":
        return settling.breach(file, obligation, _facts(clock) | data, clock.due_at)
    if file.status != S.PERFORMING:
        return _lapsed(clock, data=data)
    return _leaves(file, clock, "consumer_part", "consumer_part_unmet", result="unconfirmed", data=_facts(clock) | data)


def _material(file: CaseFile, clock: Deadline) -> Effect:
    clocks.end(file, clock, clock.due_at)
    return _lapsed(clock, S.REVIEW, reason="material_not_supplied", data={"prepared_ground": "material_missing"})


def _mediation(file: CaseFile, clock: Deadline) -> Effect:
    return _lapsed(clock, data=_escalate(file, clock).data | {"prepared_ground": "sixty_days"})


def _consent(file: CaseFile, clock: Deadline) -> Effect:
    """No answer is no consent: the authority handles the case itself."""
    return settling.to_authority(file, reason="consent_not_given", data=_facts(clock), happened_at=clock.due_at)


def _settled_elsewhere(file: CaseFile, clock: Deadline) -> Effect:
    """The consumer's silence lets the claim fall, the enterprise's lets it stand."""
    claim = file.matter("settled_elsewhere")
    clocks.end(file, clock, clock.due_at)
    if claim is None:
        return _lapsed(clock)
    if claim.opened_by != "consumer":
        file.end_matter(claim, "fallen")
        return _lapsed(clock, reason="claim_fell")
    file.end_matter(claim, "granted")
    settling.end_engagement(file, "settled_elsewhere", "claim", clock.due_at)
    return _lapsed(clock, S.CLOSED, outcome=Outcome.SETTLED_ELSEWHERE, reason="consumers_word")


def _answer(file: CaseFile, clock: Deadline) -> Effect:
    """No answer to a question about the offer: it lies with the consumer again. A consumer who was told that nobody can
    reach him, and stays silent: not settled."""
    clocks.end(file, clock, clock.due_at)
    matter = _matter(file, clock)
    if matter is not None:
        file.end_matter(matter, "fallen")
        if matter.kind == "unreachable" and file.status == S.NEGOTIATING:
            return _leaves(file, clock, "unreachable", "unreachable")
    if file.status != S.NEGOTIATING or file.open_offer is None:
        return _lapsed(clock)
    return _lapsed(clock, S.AWAITING_CONSUMER, reason="question_unanswered")


def _heirs(file: CaseFile, clock: Deadline) -> Effect:
    """Nobody came forward within 30 days: the case ends without a finding."""
    clocks.end(file, clock, clock.due_at)
    mediating = file.status in (S.MEDIATING, S.MEDIATION_SUSPENDED)
    settling.end_engagement(file, "withdrawn", "party_gone", clock.due_at)
    outcome = Outcome.MEDIATION_TERMINATED if mediating else Outcome.WITHDRAWN
    return _lapsed(clock, S.CLOSED, reason="party_gone", outcome=outcome)


LAPSES: dict[Clock, Lapse] = {
    Clock.FORWARDING: _forwarding,
    Clock.ACCEPTANCE: _stays,
    Clock.NEGOTIATION: _negotiation,
    Clock.CONFIRMATION: _confirmation,
    Clock.PERFORMANCE: _performance,
    Clock.PERFORMANCE_ANSWER: _performance_answer,
    Clock.REVIEW: _escalate,
    Clock.MATERIAL: _material,
    Clock.MEDIATION: _mediation,
    Clock.SUSPENSION: _stays,
    Clock.NOTICE: _escalate,
    Clock.JURISDICTION: _escalate,
    Clock.LEAD: _escalate,
    Clock.INSTRUCTION: _escalate,
    Clock.CONSENT: _consent,
    Clock.SETTLED_ELSEWHERE: _settled_elsewhere,
    Clock.ANSWER: _answer,
    Clock.RETURN: _escalate,
    Clock.OBJECTION: _escalate,
    Clock.HEIRS: _heirs,
}
