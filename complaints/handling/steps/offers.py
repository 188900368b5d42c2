"""Offers: an answer to every demand and the promises that follow from it. A replaced offer is never worse."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.steps import advising
from complaints.handling.transition import clocks, saying, settling
from complaints.handling.transition.effect import Effect, verb
from complaints.models import Demand, Engagement, Obligation, Offer, OfferAnswer
from complaints.models.settlement import MONEY_KINDS, OBLIGATION_KINDS
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Clock, Status
from complaints.settlement import answer_templates, offer_findings, offer_terms
from complaints.settlement.offer_terms import Answer, Promise
from enterprises.models import TemplateVersion

S = Status
SHORTEST_REASON = 10
#: Working days after another obligation.
MOST_DAYS_AFTER = 365


def engaged(file: CaseFile) -> Engagement:
    """The entity that has the case, or had it last (promises outlive the engagement)."""
    engagement = file.engagement or file.latest_engagement
    if engagement is None:
        raise StepNotAllowed("no_engagement", _("这件投诉没有送达企业。"))
    return engagement


def of_engagement(file: CaseFile) -> dict[str, Any]:
    """What every row of the enterprise's side says of where it belongs."""
    engagement = engaged(file)
    return {"complaint": file.complaint, "enterprise_id": engagement.enterprise_id, "engagement": engagement}


def touch_first_contact(file: CaseFile, at: datetime) -> None:
    """首次响应: the first contact that reached or is visible to the consumer; no bare accept."""
    engagement = engaged(file)
    known = engagement.first_contact_at
    if known is None or at < known:
        # A call may be written down after a message that came later.
        file.change(engagement, first_contact_at=max(at, engagement.from_at))


@verb()
def make_offer(
    file: CaseFile,
    actor: Actor,
    *,
    answers: Sequence[Answer],
    promises: Sequence[Promise] = (),
    message: str = "",
    measure_id: UUID | None = None,
    template_version: int | None = None,
) -> Effect:
    """Answers every open demand and says what follows from it: each grant carries its obligations, and their money adds
    up to what is granted. ``template_version``: whose words the message holds."""
    if file.open_offer is not None:
        raise StepNotAllowed("offer_open", _("已有一份方案在等消费者；请先答复提问。"))
    offer, answers, promises = _write_offer(
        file, actor, answers, promises, message, measure_id=measure_id, template=template_version
    )
    data = _offer_facts(offer, answers, promises) | _advice(file, offer, answers, promises)
    touch_first_contact(file, file.now)
    return Effect(to=S.AWAITING_CONSUMER, data=data, texts=_offer_texts(message, answers))


@verb()
def replace_offer(
    file: CaseFile,
    actor: Actor,
    *,
    answers: Sequence[Answer],
    promises: Sequence[Promise] = (),
    message: str = "",
    template_version: int | None = None,
) -> Effect:
    """Better or equal for each demand; once a case."""
    old = saying.open_offer(file)
    if any(o.is_replacement for o in file.offers):
        raise StepNotAllowed("replaced_once", _("方案只能改一次。"))
    before = {a.demand.ordinal: a for a in OfferAnswer.objects.filter(offer=old).select_related("demand")}
    for answer in answers:
        earlier = before.get(answer.demand)
        if earlier is not None and _is_worse(answer, earlier):
            raise WrongInput("worse", _("新方案的每一项都不能比原来差。"), field=f"answer-{answer.demand}")
    offer, answers, promises = _write_offer(
        file, actor, answers, promises, message, is_replacement=True, template=template_version
    )
    file.change(old, state="superseded", answered_at=file.now)
    settling.drop_obligations(file, old)
    clocks.end_live(file, Clock.CONFIRMATION)
    clocks.start(file, Clock.CONFIRMATION, file.now)
    return Effect(
        data=_offer_facts(offer, answers, promises)
        | {"replaces": old.number}
        | _advice(file, offer, answers, promises),
        texts=_offer_texts(message, answers),
    )


_RANK = {"refuse": 0, "part": 1, "grant": 2}


def _is_worse(answer: Answer, earlier: OfferAnswer) -> bool:
    saying.choice(answer.verdict, _RANK, f"answer-{answer.demand}")
    amount, asked = saying.money(answer.amount, f"amount-{answer.demand}"), earlier.demand.amount
    if answer.verdict == "grant" and amount is None:
        amount = asked
    # Offers of old could call a part a grant.
    stood = (
        "part"
        if earlier.verdict == "grant" and asked and earlier.amount is not None and earlier.amount < asked
        else earlier.verdict
    )
    return _RANK[answer.verdict] < _RANK[stood] or (
        earlier.amount is not None and (amount is None or amount < earlier.amount)
    )


def _write_offer(
    file: CaseFile,
    actor: Actor,
    answers: Sequence[Answer],
    promises: Sequence[Promise],
    message: str,
    *,
    measure_id: UUID | None = None,
    is_replacement: bool = False,
    template: int | None = None,
) -> tuple[Offer, list[Answer], list[Promise]]:
    """The offer, and what it says with every sum and every demand named."""
    engagement = engaged(file)
    checked = _checked_answers(file, answers)
    promises = offer_terms.with_demands(checked, promises)
    given = saying.text(message, "message", needed=False)
    for blank in offer_findings.blanks(offer_findings.words_of(checked, promises, given)):
        raise WrongInput("blanks", _("还有空着没填的地方：%(quote)s") % {"quote": blank.quote}, field=blank.field)
    offer = Offer(
        **of_engagement(file),
        number=len(file.offers) + 1,
        state="open",
        message=given,
        made_by_id=actor.staff_id,
        made_by_name=actor.name,
        made_at=file.now,
        measure_id=measure_id,
        template_version=_template(file, engagement, template, [given, *(a.reason for a in checked)]),
        is_replacement=is_replacement,
    )
    rows = checked_promises(file, promises, offer, engagement)
    refuses_all = all(answer.verdict == "refuse" for answer in checked)
    offer.grants_nothing = refuses_all and all(row.owed_by != "enterprise" for row in rows)
    promises = [replace(promise, amount=row.amount) for promise, row in zip(promises, rows, strict=True)]
    for gap in offer_terms.gaps(checked, promises):
        raise gap
    checked = offer_terms.with_promised_sums(checked, promises)
    file.add(offer)
    by_ordinal = {d.ordinal: d for d in file.demands}
    for answer in checked:
        file.add(
            OfferAnswer(
                offer=offer,
                demand=by_ordinal[answer.demand],
                verdict=answer.verdict,
                amount=answer.amount,
                reason=answer.reason,
                is_separable=answer.is_separable,
            )
        )
    for row in rows:
        file.add(row)
    return offer, checked, promises


def _template(
    file: CaseFile, engagement: Engagement, version: int | None, texts: Sequence[str]
) -> TemplateVersion | None:
    """The wording of the enterprise that the message or a reason still holds; None where it was written anew since."""
    if version is None:
        return None
    result = file.conditions.once(
        "template",
        (version, engagement.enterprise_id),
        lambda: TemplateVersion.objects.filter(pk=version, template__enterprise_id=engagement.enterprise_id).first(),
    )
    if result is None:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="template")
    return result if any(answer_templates.comes_from(text, result.body) for text in texts) else None


def _checked_answers(file: CaseFile, answers: Sequence[Answer]) -> list[Answer]:
    """Every demand that is still open exactly once, its sum named; refusals and parts with a reason."""
    wanted = {d.ordinal: d for d in file.demands if not d.is_settled and not d.is_given_up}
    given = [a.demand for a in answers]
    for ordinal in wanted:
        if ordinal not in given:
            raise WrongInput(
                "demand_unanswered",
                _("还没有答复第%(n)s项要求，每一项都要答复。") % {"n": ordinal},
                field=f"answer-{ordinal}",
            )
    if len(given) != len(set(given)) or set(given) - wanted.keys():
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="answers")
    checked = []
    for answer in answers:
        field = f"answer-{answer.demand}"
        saying.choice(answer.verdict, _RANK, field)
        amount = saying.money(answer.amount, f"amount-{answer.demand}")
        reason = saying.text(
            answer.reason,
            f"reason-{answer.demand}",
            longest=1000,
            needed=answer.verdict != "grant",
            shortest=SHORTEST_REASON if answer.verdict != "grant" else 1,
        )
        _check_amount(answer, amount, wanted[answer.demand].amount)
        checked.append(replace(answer, amount=amount, reason=reason))
    return offer_terms.with_sums(checked, {ordinal: demand.amount for ordinal, demand in wanted.items()})


def _check_amount(answer: Answer, amount: Decimal | None, asked: Decimal | None) -> None:
    """Where a sum was asked, less of it is no grant and nothing of it is no part."""
    if not asked:
        return
    field = f"amount-{answer.demand}"
    if answer.verdict == "grant" and amount is not None and amount < asked:
        raise WrongInput("less_than_asked", _("少于消费者要求的金额时，请选“部分同意”并写明理由。"), field=field)
    if answer.verdict == "part" and amount is None:
        raise WrongInput("bad_amount", _("部分同意时请填金额，例如 128.50"), field=field)
    if answer.verdict == "part" and not amount:
        raise WrongInput("nothing_granted", _("金额是0就是不同意，请选“不同意”并写明理由。"), field=field)


def checked_promises(
    file: CaseFile,
    promises: Sequence[Promise],
    offer: Offer | None,
    engagement: Engagement | None,
    *,
    source: str = "offer",
) -> list[Obligation]:
    """Obligations with numbers of their own in the case; days in the future. What is done already is reported with the
    offer, and waits for its confirmation once the offer is accepted (``settling.bring_into_force``)."""
    first = max((o.ordinal for o in file.obligations), default=0)
    before = max(
        (o.settlement for o in file.obligations if engagement is None or o.engagement_id != engagement.pk), default=0
    )
    by_ordinal = {d.ordinal: d for d in file.demands}
    rows = []
    for place, promise in enumerate(promises, start=1):
        field = f"promise-{place}"
        saying.choice(promise.kind, OBLIGATION_KINDS, f"{field}-kind")
        what = saying.text(promise.what, f"{field}-what", longest=200)
        amount = saying.money(promise.amount, f"{field}-amount")
        if promise.kind in MONEY_KINDS and not amount:
            raise WrongInput("bad_amount", _("金额请填数字，例如 128.50"), field=f"{field}-amount")
        due_on = saying.day(promise.due_on, f"{field}-due_on")
        after = promise.after
        owed_by = saying.choice(promise.owed_by, ("enterprise", "consumer"), f"{field}-owed_by")
        proof = saying.text(promise.proof, f"{field}-proof", needed=promise.is_done, longest=200)
        if promise.is_done:
            if owed_by != "enterprise" or offer is None:
                raise WrongInput("bad_choice", _("只有企业自己的事可以写“已经做到”。"), field=f"{field}-is_done")
            if after is not None or (due_on is not None and due_on > file.today):
                raise WrongInput("bad_day", _("已经做到的事，不能再约定以后的日期。"), field=f"{field}-due_on")
            due_on = file.today
        if due_on is None and promise.days_after is not None and not 1 <= promise.days_after <= MOST_DAYS_AFTER:
            raise WrongInput("bad_number", _("请填1到365之间的整数。"), field=f"{field}-days_after")
        if due_on is None and (promise.days_after is None or after is None):
            raise WrongInput("missing", _("请写明最后一天。"), field=f"{field}-due_on")
        if due_on is not None and due_on < file.today:
            raise WrongInput("bad_day", _("这一天已经过去。"), field=f"{field}-due_on")
        if after is not None and not 1 <= after < place:
            raise WrongInput("bad_choice", _("只能排在前面某一项之后。"), field=f"{field}-after")
        last4 = promise.payee_last4.strip()
        if last4 and not (len(last4) == 4 and last4.isascii() and last4.isalnum()):
            raise WrongInput("bad_text", _("只填账号末4位。"), field=f"{field}-last4")
        rows.append(
            Obligation(
                complaint=file.complaint,
                enterprise_id=engagement.enterprise_id if engagement else None,
                engagement=engagement,
                offer=offer,
                source=source,
                settlement=before + 1,
                answers_demand=_demand_of(promise, by_ordinal, f"{field}-demand"),
                ordinal=first + place,
                kind=promise.kind,
                what=what,
                owed_by=owed_by,
                amount=amount,
                payee_last4=last4,
                due_on=due_on,
                days_after=None if due_on else promise.days_after,
                after_ordinal=None if due_on or after is None else first + after,
                proof=proof,
                reported_at=file.now if promise.is_done else None,
                reported_proof=proof if promise.is_done else "",
            )
        )
    return rows


def _demand_of(promise: Promise, by_ordinal: dict[int, Demand], field: str) -> Demand | None:
    if promise.demand is None:
        return None
    if promise.demand not in by_ordinal:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field=field)
    return by_ordinal[promise.demand]


def mediated_promises(file: CaseFile, promises: Sequence[Promise]) -> list[Obligation]:
    """Obligations of a mediation agreement; they hang on no engagement."""
    return checked_promises(file, promises, None, None, source="mediation")


def _offer_facts(offer: Offer, answers: Sequence[Answer], promises: Sequence[Promise]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "offer": offer.number,
        "answers": [
            {"demand": a.demand, "verdict": a.verdict, "amount": None if a.amount in (None, "") else str(a.amount)}
            for a in answers
        ],
        "promises": [
            {
                "kind": p.kind,
                "amount": None if p.amount in (None, "") else str(p.amount),
                "due_on": str(p.due_on or ""),
                "owed_by": p.owed_by,
                "demand": p.demand,
                "is_done": p.is_done,
            }
            for p in promises
        ],
    }
    if offer.measure_id is not None:
        facts["measure"] = str(offer.measure_id)
    return facts


def _advice(file: CaseFile, offer: Offer, answers: Sequence[Answer], promises: Sequence[Promise]) -> dict[str, Any]:
    """What the offer lacked when it was sent nevertheless. It stands in the parties' entry: the authority that gets
    the case reads it, the enterprise cannot say later that nobody told it, and nothing in it names anybody."""
    result = advising.advice(
        file.complaint,
        offer.engagement,
        file.demands,
        answers=answers,
        promises=promises,
        message=offer.message,
        is_measure=offer.measure_id is not None,
        template=offer.template_version,
        now=file.now,
        conditions=file.conditions,
    )
    return {"advice": [one.kept() for one in result]} if result else {}


def _offer_texts(message: str, answers: Sequence[Answer]) -> dict[str, str]:
    texts = {f"answer_{a.demand}": a.reason for a in answers if a.reason}
    return texts | ({"message": message} if message else {})
