"""What stood against an offer when it was sent: findings from the rows of the case, the same for the page that asks
before sending and for the step that keeps the answer. At most five statements, and one each where the words claim that
somebody was not reached, or that something is enclosed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.keys import sealed_fields
from complaints.handling.transition import saying
from complaints.listening import answering
from complaints.models import Complaint, Contact, Demand, Engagement, Evidence, Offer, OfferAnswer
from complaints.parties.conditions import Conditions
from complaints.settlement import answer_templates, offer_findings
from complaints.settlement.legal_minimum import minimum_of
from complaints.settlement.offer_findings import Draft, DraftAnswer, DraftObligation, Finding, OpenDemand
from complaints.settlement.offer_terms import Answer, Promise
from enterprises.models import Staff, TemplateVersion

#: So many of the last answers are looked at, and none older than this.
EARLIER = 20
WINDOW = timedelta(days=90)


def advice(
    complaint: Complaint,
    engagement: Engagement,
    demands: Iterable[Demand],
    *,
    answers: Sequence[Answer],
    promises: Sequence[Promise],
    message: str,
    is_measure: bool,
    now: datetime,
    template: TemplateVersion | None = None,
    conditions: Conditions | None = None,
) -> list[Finding]:
    """What this offer lacks. ``answers`` and ``promises`` were checked before."""
    open_ones = [d for d in demands if not d.is_settled and not d.is_given_up]

    def read() -> dict[int, list[str]]:
        return earlier_texts(engagement, now=now)

    earlier: dict[int, list[str]] = {}
    if not is_measure:
        earlier = (
            read()
            if conditions is None
            else conditions.once("earlier_texts", (engagement.enterprise_id, engagement.branch_id), read)
        )
    claims = answering.claims(one.text for one in offer_findings.words_of(answers, promises, message))
    return offer_findings.findings(
        Draft(
            demands=[OpenDemand(d.ordinal, d.kind, d.amount) for d in open_ones],
            answers=[
                DraftAnswer(demand=a.demand, verdict=a.verdict, amount=saying.money(a.amount, ""), reason=a.reason)
                for a in answers
            ],
            promises=[
                DraftObligation(
                    kind=p.kind,
                    amount=saying.money(p.amount, ""),
                    owed_by=p.owed_by,
                    what=p.what,
                    proof=p.proof,
                    due_on=saying.day(p.due_on, ""),
                    demand=p.demand,
                )
                for p in promises
            ],
            message=message,
            has_contact=is_measure or was_contacted(engagement),
            least=minimum_of(complaint, open_ones).certain,
            is_measure=is_measure,
            is_filled_template=template is not None and answer_templates.is_filled(message, template.body),
            earlier=[text for case, texts in earlier.items() if case != complaint.pk for text in texts],
            today=timezone.localdate(now),
            contact=_contact(engagement) if "unreached" in claims else "none",
            has_enclosure="attached" in claims and _has_enclosure(complaint, engagement),
        )
    )


def was_contacted(engagement: Engagement) -> bool:
    """Somebody talked to the consumer, or tried to and wrote it down."""
    return engagement.first_contact_at is not None or Contact.objects.filter(engagement=engagement).exists()


def _contact(engagement: Engagement) -> str:
    """reached, where one call of this engagement reached the consumer; tried; or none."""
    outcomes = set(Contact.objects.filter(engagement=engagement).order_by().values_list("reached", flat=True))
    return "reached" if True in outcomes else "tried" if outcomes else "none"


def _has_enclosure(complaint: Complaint, engagement: Engagement) -> bool:
    """Whether a file that somebody of the enterprise sent lies in the case, for the parties to see."""
    theirs = Staff.objects.filter(enterprise_id=engagement.enterprise_id).values("user_id")
    files = Evidence.objects.filter(complaint=complaint, audience="parties", uploaded_by__in=theirs)
    return files.exists()


def earlier_texts(engagement: Engagement, *, now: datetime) -> dict[int, list[str]]:
    """What this branch answered last, by case; a measure for equal cases is not among it."""
    here = (
        Q(engagement__branch_id=engagement.branch_id)
        if engagement.branch_id is not None
        else Q(engagement__branch__isnull=True)
    )
    offers = list(
        Offer.objects.filter(
            here, enterprise_id=engagement.enterprise_id, measure_id=None, made_at__gte=now - WINDOW
        ).order_by("-made_at", "-pk")[:EARLIER]
    )
    answers = list(OfferAnswer.objects.filter(offer__in=[offer.pk for offer in offers]).order_by("pk"))
    rows: list[Any] = [*offers, *answers]
    sealed_fields.load_for(rows)
    case_of = {offer.pk: offer.complaint_id for offer in offers}
    result: dict[int, list[str]] = {}
    for offer in offers:
        result.setdefault(offer.complaint_id, []).append(offer.message)
    for answer in answers:
        result[case_of[answer.offer_id]].append(answer.reason)
    return result
