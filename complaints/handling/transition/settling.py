"""How a case leaves the enterprise's side, what becomes of its obligations, and what follows from every step alike.

Procedure, section 3: what an authority has received never closes on the enterprise's side as failed; a consumer who
declined onward transfer is not passed on. Performing ends when no obligation is due or reported; all confirmed is a
success, silence never is, one broken goes to review at once.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks
from complaints.handling.transition.effect import Effect
from complaints.models import Matter, Obligation, Offer, Participant
from complaints.parties.actors import Actor
from complaints.procedure.numbering import new_number
from complaints.procedure.workflow import ENTERPRISE_SIDE, Clock, Outcome, Status


def goes_on(file: CaseFile) -> bool:
    """Whether the case goes to the regulator when the enterprise's side ends in failure."""
    declined = file.complaint.consents.get("pass_to_regulator") is False
    return file.was_received_by_authority or not declined


def leave(
    file: CaseFile,
    *,
    result: str,
    ended_by: str,
    reason: str,
    data: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
    happened_at: datetime | None = None,
) -> Effect:
    """→review, or →closed/negotiation_failed with the one-click referral in the notice."""
    at = happened_at or file.now
    end_engagement(file, result, ended_by, at)
    take_back_offer(file, at, "declined" if ended_by == "declined" else "withdrawn")
    effect = Effect(to=Status.REVIEW, reason=reason, data=data or {}, texts=texts or {}, happened_at=happened_at)
    if goes_on(file):
        to_county(file)
        return effect
    return replace(effect, to=Status.CLOSED, outcome=Outcome.NEGOTIATION_FAILED, data=effect.data | {"may_refer": True})


def take_back_offer(file: CaseFile, at: datetime, state: str = "withdrawn") -> None:
    """No offer outlives its case: it would bar the next one when the case is reopened."""
    offer = file.open_offer
    if offer is not None:
        file.change(offer, state=state, answered_at=at)
        drop_obligations(file, offer)


def end_engagement(file: CaseFile, result: str, ended_by: str, at: datetime) -> None:
    """Stamp how this legal entity's time with the case ended; once."""
    engagement = file.engagement
    if engagement is not None:
        until = max(at, engagement.from_at)
        file.change(engagement, until_at=until, odr_result=result, ended_by=ended_by, accepted_refusal=False)


def nobody_has_it(file: CaseFile) -> None:
    """Handed back: who had the case is a former enterprise until somebody gets it again."""
    complaint = file.complaint
    complaint.enterprise = complaint.branch = complaint.handler = None


def to_county(file: CaseFile) -> None:
    """The authority that takes the failed cases: of the branch by its dated row, else of the
    place of business (art. 13)."""
    complaint = file.complaint
    if complaint.branch_id is not None:
        county = file.conditions.county_of(complaint.branch_id, file.today)
        if county is not None:
            complaint.handling_authority = county
            complaint.handling_region_id = county.region_id
            return
    complaint.handling_authority = file.conditions.jurisdiction.with_power(complaint.handling_region_id)


def to_authority(
    file: CaseFile,
    *,
    reason: str,
    data: dict[str, Any] | None = None,
    texts: dict[str, str] | None = None,
    happened_at: datetime | None = None,
) -> Effect:
    """The authority with the power handles the case itself."""
    complaint = file.complaint
    complaint.handling_authority = file.conditions.jurisdiction.with_power(complaint.handling_region_id)
    return Effect(to=Status.REVIEW, reason=reason, data=data or {}, texts=texts or {}, happened_at=happened_at)


#: A report of the consumer (举报) and a lead that an officer found (线索).
KINDS = ("report", "lead")
_PREFIX = {"report": "JB", "lead": "XS"}


def register(
    file: CaseFile, kind: str, *, by: str, actor: Actor | None = None, obligation: int | None = None
) -> Matter:
    """A record with its number (JB20261126-35-7K3Q9M2PT4RA-5); to be checked within 15 working days (art. 27)."""
    officers = [actor.officer_id] if actor is not None and actor.officer_id is not None else []
    key, number = actor.person_key if actor is not None else None, f"{_PREFIX[kind]}{new_number(file.today)}"
    matter = file.open_matter(kind, by=by, key=key, audience="authority", subject=number, officers=officers)
    if obligation is not None:
        matter.data = {**matter.data, "obligation": obligation}
    clocks.start(file, Clock.LEAD, file.now, matter=matter)
    return matter


def bring_into_force(file: CaseFile, obligations: list[Obligation], at: datetime) -> None:
    """Proposed obligations become due and their clocks start; what was done before it was accepted is reported, and
    waits for its confirmation."""
    for obligation in obligations:
        was_done = obligation.state in ("proposed", "dropped") and obligation.reported_at is not None
        file.change(obligation, state="reported" if was_done else "due")
    for obligation in obligations:
        if obligation.state == "reported":
            clocks.start(file, Clock.CONFIRMATION, at, obligation=obligation, owed_by="consumer")
        else:
            clocks.start_for_obligation(file, obligation, at)


def drop_obligations(file: CaseFile, offer: Offer) -> None:
    for obligation in file.obligations:
        if obligation.offer_id == offer.pk and obligation.state == "proposed":
            file.change(obligation, state="dropped")


def _in_force(file: CaseFile) -> list[Obligation]:
    return [o for o in file.obligations if o.state not in ("proposed", "dropped")]


def _newest(file: CaseFile) -> list[Obligation]:
    """The promises of the newest settlement: one agreement, or all offers of one engagement. What an earlier one left
    broken was settled anew."""
    kept = _in_force(file)
    return [o for o in kept if (o.source, o.settlement) == (kept[-1].source, kept[-1].settlement)]


def when_all_is_done(file: CaseFile, effect: Effect) -> Effect:
    """Add the end of performing to ``effect`` when nothing is due or reported any more.

    From review it ends only as a confirmed success with no demand left open; silence there changes nothing, and a case
    that an authority has received goes back to it."""
    newest = _newest(file)
    in_force = [o for o in newest if o.state in ("confirmed", "silent", "waived")]
    if (effect.to or file.status) not in (Status.PERFORMING, Status.REVIEW) or not in_force:
        return effect
    if file.obligations_in("due", "reported") or any(o.state == "broken" for o in newest):
        return effect
    silent = any(o.state == "silent" for o in in_force)
    at = effect.happened_at or file.now
    open_demand = any(not d.is_settled and not d.is_given_up for d in file.demands)
    if file.status == Status.REVIEW and (silent or open_demand):
        return effect
    if in_force[-1].source == "mediation":
        return replace(effect, to=Status.CLOSED, outcome=Outcome.MEDIATED, reason="performed")
    if not silent:
        end_engagement(file, "settled", "performed", at)
        return replace(effect, to=Status.CLOSED, outcome=Outcome.SETTLED, reason="performed")
    effect = replace(effect, reason="performance_unconfirmed")
    if file.was_received_by_authority:
        end_engagement(file, "unconfirmed", "silence", at)
        to_county(file)
        return replace(effect, to=Status.REVIEW)
    end_engagement(file, "unconfirmed", "performed", at)
    return replace(effect, to=Status.CLOSED, outcome=Outcome.UNCONFIRMED)


def open_demands_again(file: CaseFile) -> None:
    """What was settled is not any more, nor what was given up for it: the next offer answers it again. What somebody
    who left a joint complaint asked for stays given up."""
    given_up = [demand for demand in file.demands if demand.is_given_up]
    left: set[int] = set()
    if any(demand.party for demand in given_up):
        people = Participant.objects.filter(complaint=file.complaint, state=Participant.LEFT)
        left = set(people.values_list("ordinal", flat=True))
    for demand in file.demands:
        file.change(demand, is_settled=False)
        if demand.is_given_up and demand.party not in left:
            file.change(demand, is_given_up=False)
            file.complaint.is_in_part = False


def settle_anew(file: CaseFile, at: datetime) -> None:
    """A mediation agreement replaces what was promised before it."""
    for obligation in file.obligations_in("due", "reported"):
        waive(file, obligation, at)


def breach(
    file: CaseFile,
    obligation: Obligation,
    data: dict[str, Any],
    happened_at: datetime | None = None,
    texts: dict[str, str] | None = None,
) -> Effect:
    """One broken promise: →review at once, the others stay in force; after a mediation the
    case closes as not kept, with the way to court, and a lead is opened."""
    at = happened_at or file.now
    file.change(obligation, state="broken", is_late=True)
    open_demands_again(file)
    _end_clocks(file, obligation, at, met=False)
    effect = Effect(data=data, texts=texts or {}, reason="breach", happened_at=happened_at)
    in_force = _in_force(file)
    if in_force and in_force[-1].source == "mediation":
        file.complaint.is_not_kept = True
        register(file, "lead", by="system", obligation=obligation.ordinal)
        kept = data | {"court": True}
        return replace(effect, to=Status.CLOSED, outcome=Outcome.MEDIATED, reason="not_kept", data=kept)
    if file.status != Status.PERFORMING:
        return effect
    entry: dict[str, Any] = {"data": data, "texts": texts, "happened_at": happened_at}
    return leave(file, result="failed", ended_by="breach", reason="breach", **entry)


def confirm(file: CaseFile, obligation: Obligation, at: datetime) -> None:
    """The one to whom it was owed says it was done."""
    file.change(obligation, state="confirmed", confirmed_at=at)
    _end_clocks(file, obligation, at)
    clocks.release_obligations(file, obligation, at)


def waive(file: CaseFile, obligation: Obligation, at: datetime) -> None:
    file.change(obligation, state="waived")
    _end_clocks(file, obligation, at, met=False)
    clocks.release_obligations(file, obligation, at)


def _end_clocks(file: CaseFile, obligation: Obligation, at: datetime, *, met: bool = True) -> None:
    for kind in (Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.CONFIRMATION):
        clocks.end_live(file, kind, at, obligation=obligation, met=met)


def receive(file: CaseFile, old: Status, new: Status) -> None:
    """The authority gets the case: at triage for the first time, or when it flows back. A supervised settlement never
    left it: its review clock rests and goes on."""
    complaint = file.complaint
    comes_back = new == Status.REVIEW and old in ENTERPRISE_SIDE | {Status.CLOSED}
    first = new in (Status.TRIAGE, Status.REVIEW) and complaint.authority_received_at is None
    if first or (comes_back and clocks.live(file, Clock.REVIEW) is None):
        complaint.authority_received_at = file.now


def heard_from_consumer(file: CaseFile, actor: Actor) -> None:
    """Who speaks up can be reached, and an heir who speaks for the dead has come forward."""
    if actor.recorded_by is not None and actor.party is None and file.complaint.pk is not None:
        # An officer rang the number or saw the person: the contact is proven. A complaint that is filed says itself
        # whether.
        file.complaint.contact_verified = True
    matter = file.matter("unreachable")
    running = clocks.live(file, Clock.ANSWER, matter=matter) if matter else None
    if matter is not None and running is not None:
        clocks.end(file, running, file.now)
        file.end_matter(matter, "fallen")
    heirs = clocks.live(file, Clock.HEIRS)
    if heirs is not None:
        clocks.end(file, heirs, file.now)
        for row in file.clocks:
            if row.owed_by == "consumer" and row.state == "paused" and row.ended_at is None:
                clocks.resume(file, row, file.now)


def readdress(file: CaseFile) -> None:
    """An instruction goes with the case: to the authority that has it now, with an enterprise to its successor. It
    falls when nobody is left whom it was meant for: the enterprise lost the case, or whoever sent it took it over."""
    complaint = file.complaint
    for matter in file.matters:
        if matter.kind != "urge" or matter.state != "open" or matter.authority_id is None:
            continue
        if matter.to_authority_id is None:
            has_it = complaint.enterprise_id
            if has_it == matter.enterprise_id or (
                has_it is not None and has_it in file.conditions.with_successors(matter.enterprise_id or 0)
            ):
                continue
        elif matter.to_authority_id == complaint.handling_authority_id:
            continue
        elif file.conditions.jurisdiction.is_above(matter.authority_id, complaint.handling_authority_id):
            file.change(matter, to_authority_id=complaint.handling_authority_id)
            continue
        clocks.end_live(file, Clock.INSTRUCTION, matter=matter, met=False)
        file.end_matter(matter, "fallen")
