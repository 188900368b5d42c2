"""A template tried on past cases, before it is used: what it would have written, beside what was answered then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q

from complaints.models import Engagement, Offer, OfferAnswer
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from enterprises.models import AnswerTemplate
from web.templatetags.portal import money

#: So many of the last answers are tried, and none older than this.
CASES = 20
WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Tried:
    """One past answer: the verdict and sum on each demand, how the consumer took it (``Offer.state``), the sum that the
    template would have granted, and the blanks of its text that nothing in the case fills."""

    number: str
    answers: tuple[OfferAnswer, ...]
    state: str
    sum: Decimal | None
    blanks: tuple[str, ...]


def trial(template: AnswerTemplate, says: Says, *, seen: Q, now: datetime) -> list[Tried]:
    """The newest first; three statements. ``seen``: the times with a case that its reader may see."""
    offers = Offer.objects.filter(
        engagement__in=Engagement.objects.filter(seen),
        enterprise_id=template.enterprise_id,
        made_at__gte=now - WINDOW,
        complaint__problem_category__startswith=template.problem,
    )
    if template.branch_id is not None:
        offers = offers.filter(engagement__branch_id=template.branch_id)
    answers = OfferAnswer.objects.select_related("demand").order_by("demand__ordinal")
    rows = offers.select_related("complaint").prefetch_related(Prefetch("answers", answers)).order_by("-made_at", "-pk")
    return [_tried(offer, says) for offer in rows[:CASES]]


def _tried(offer: Offer, says: Says) -> Tried:
    answers = tuple(offer.answers.all())
    sums = [answer.demand.amount for answer in answers if answer.demand.amount is not None]
    granted = sum(sums, Decimal(0)) if sums and says.verdict == "grant" else None
    values = answer_templates.values(
        # Of people it is enough that there is a name.
        name="–",
        worker="–",
        number=offer.complaint.number,
        item=offer.complaint.item_name,
        sum=money(granted) if granted else "",
        day="–" if says.verdict in ("grant", "part") else "",
    )
    blanks = tuple(answer_templates.blanks_in(answer_templates.filled(says.body, values)))
    return Tried(offer.complaint.number, answers, offer.state, granted, blanks)
