"""Offers of former days that grant more than was promised: the enterprise is asked once for the rest, and adds it."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps.offers import checked_promises, engaged
from complaints.handling.transition import saying, settling
from complaints.handling.transition.effect import Effect, verb
from complaints.models import Matter, Offer, OfferAnswer
from complaints.models.settlement import MONEY_KINDS
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Outcome, Status
from complaints.settlement import offer_terms
from complaints.settlement.offer_terms import Promise

S = Status


def _missing(file: CaseFile) -> tuple[Offer, Decimal]:
    """The newest offer of former days that grants more than was promised, and how much more. Raises StepNotAllowed."""
    answers = list(OfferAnswer.objects.filter(offer__in=[o.pk for o in file.offers]).select_related("demand"))
    last = offer_terms.answered_last(file.offers, answers)
    is_settled = file.status != S.CLOSED or file.complaint.outcome == Outcome.SETTLED
    for offer in reversed(file.offers):
        mine = [a for a in answers if a.offer_id == offer.pk]
        missing = offer_terms.unpromised(offer, mine, file.obligations, last=last)
        if missing is not None and is_settled and offer.engagement_id == engaged(file).pk:
            return offer, missing
    raise StepNotAllowed("nothing_missing", _("同意的金额都已经写进约定。"))


@verb()
def ask_for_promise(file: CaseFile, actor: Actor) -> Effect:
    """An offer of former days grants more than was promised: the enterprise is asked for the rest, once a case."""
    offer, missing = _missing(file)
    if Matter.objects.filter(complaint=file.complaint, kind="unpromised").exists():
        raise StepNotAllowed("asked_before", _("已经请企业补过一次约定。"))
    facts: dict[str, Any] = {"offer": offer.number, "missing": str(missing)}
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
) -> Effect:
    """Promises the whole sum that was granted and is nowhere promised. It needs no yes of the consumer: the grant was
    accepted. A case that was closed as settled goes back to performing."""
    matter = saying.open_matter(file, "unpromised")
    offer, missing = _missing(file)
    saying.choice(kind, MONEY_KINDS, "kind")
    promise = Promise(kind=kind, what=what, amount=missing, due_on=due_on, proof=proof, is_done=is_done)
    try:
        (row,) = checked_promises(file, [promise], offer, engaged(file))
    except WrongInput as wrong:
        raise WrongInput(wrong.code, wrong.reason, field=wrong.field.removeprefix("promise-1-")) from None
    file.add(row)
    file.end_matter(matter, "answered")
    data = {"offer": offer.number, "obligation": row.ordinal, "amount": str(missing), "kind": kind}
    if offer.state == "open":
        return Effect(data=data)
    settling.bring_into_force(file, [row], file.now)
    if file.status != S.CLOSED:
        return Effect(data=data)
    file.change(engaged(file), until_at=None, odr_result="", ended_by="")
    return Effect(to=S.PERFORMING, reason="promise_added", data=data)
