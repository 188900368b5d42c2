"""Offers of former days that grant more than was promised: the enterprise is asked once for the rest, and adds it."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.offers import checked_promises, engaged
from complaints.handling.transition import saying, settling
from complaints.handling.transition.effect import Effect, verb
from complaints.models import Matter, Offer, OfferAnswer
from complaints.models.settlement import ACT_KINDS, MONEY_KINDS
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Outcome, Status
from complaints.settlement import offer_terms
from complaints.settlement.offer_terms import Missing, Promise

S = Status


def _missing(file: CaseFile) -> tuple[Offer, Missing]:
    """The newest offer of former days that grants more than was promised, and what. Raises StepNotAllowed."""
    answers = list(OfferAnswer.objects.filter(offer__in=[o.pk for o in file.offers]).select_related("demand"))
    last = offer_terms.answered_last(file.offers, answers)
    complaint = file.complaint
    is_settled = file.status != S.CLOSED or (complaint.outcome == Outcome.SETTLED and not complaint.accepted_refusal)
    for offer in reversed(file.offers):
        mine = [a for a in answers if a.offer_id == offer.pk]
        missing = offer_terms.unpromised(offer, mine, file.obligations, last=last)
        if missing and is_settled and offer.engagement_id == engaged(file).pk:
            return offer, missing
    raise StepNotAllowed("nothing_missing", _("同意的都已经写进约定。"))


@verb()
def ask_for_promise(file: CaseFile, actor: Actor) -> Effect:
    """An offer of former days grants more than was promised: the enterprise is asked for the rest, once a case."""
    offer, missing = _missing(file)
    if Matter.objects.filter(complaint=file.complaint, kind="unpromised").exists():
        raise StepNotAllowed("asked_before", _("已经请企业补过一次约定。"))
    facts: dict[str, Any] = {"offer": offer.number, "missing": str(missing.amount or 0)}
    if missing.acts:
        facts["demands"] = [demand.ordinal for demand in missing.acts]
    file.open_matter("unpromised", by="system", **facts)
    return Effect(data=facts)


@verb()
def add_promise(
    file: CaseFile,
    actor: Actor,
    *,
    kind: str,
    what: str,
    due_on: date | str | None = None,
    proof: str = "",
    is_done: bool = False,
    demand: int | None = None,
) -> Effect:
    """Promises the whole sum that was granted and is nowhere promised, or with ``demand`` (its ordinal) what was
    granted for it without a sum; the question stands until nothing is missing. It needs no yes of the consumer: the
    grant was accepted. A case that was closed as settled goes back to performing."""
    matter = saying.open_matter(file, "unpromised")
    offer, missing = _missing(file)
    if demand is None and missing.amount is None and len(missing.acts) == 1:
        demand = missing.acts[0].ordinal
    known = {one.ordinal for one in missing.acts} | ({None} if missing.amount is not None else set())
    if demand not in known:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="demand")
    saying.choice(kind, MONEY_KINDS if demand is None else ACT_KINDS, "kind")
    amount = missing.amount if demand is None else None
    promise = Promise(kind=kind, what=what, amount=amount, due_on=due_on, proof=proof, is_done=is_done, demand=demand)
    try:
        (row,) = checked_promises(file, [promise], offer, engaged(file))
    except WrongInput as wrong:
        raise WrongInput(wrong.code, wrong.reason, field=wrong.field.removeprefix("promise-1-")) from None
    file.add(row)
    if len(missing.acts) + (missing.amount is not None) == 1:
        file.end_matter(matter, "answered")
    data = {"offer": offer.number, "obligation": row.ordinal, "amount": str(amount or 0), "kind": kind}
    if demand is not None:
        data["demand"] = demand
    if offer.state == "open":
        return Effect(data=data)
    settling.bring_into_force(file, [row], file.now)
    if file.status != S.CLOSED:
        return Effect(data=data)
    file.change(engaged(file), until_at=None, odr_result="", ended_by="")
    return Effect(to=S.PERFORMING, reason="promise_added", data=data)
