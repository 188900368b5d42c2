"""How a measure stands: one state a case, counted, each count the list behind it.

A case is in exactly one state, read from its offer and from what the enterprise owes by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from complaints.models import Engagement, Obligation, Offer

#: State → words, tone; in the order of the page.
STATES: dict[str, tuple[Any, str]] = {
    "open": (_("待消费者答复"), "info"),
    "accepted": (_("已接受，待履行"), "warn"),
    "reported": (_("已报告履行，待确认"), "info"),
    "performed": (_("已履行"), "ok"),
    "broken": (_("没有兑现"), "bad"),
    "declined": (_("未接受"), "neutral"),
    "lapsed": (_("没有答复，已失效"), "neutral"),
    "superseded": (_("已另提方案"), "neutral"),
}


def offers_of(measures: Sequence[UUID], engagements: Q) -> QuerySet[Offer]:
    """Their offers in this person's own engagements."""
    return Offer.objects.filter(measure_id__in=measures, engagement__in=Engagement.objects.filter(engagements))


def states_of(offers: Iterable[Offer]) -> dict[int, str]:
    """Offer → state; one query."""
    rows = list(offers)
    owed: dict[int, set[str]] = defaultdict(set)
    accepted = [offer.pk for offer in rows if offer.state == "accepted"]
    for offer, state in Obligation.objects.filter(offer__in=accepted, owed_by="enterprise").values_list(
        "offer_id", "state"
    ):
        owed[offer].add(state)
    return {offer.pk: _state(offer.state, owed[offer.pk]) for offer in rows}


def _state(offer: str, owed: set[str]) -> str:
    if offer == "withdrawn":
        return "lapsed"
    if offer != "accepted":
        return offer
    if "broken" in owed:
        return "broken"
    if owed & {"due", "proposed"}:
        return "accepted"
    return "reported" if "reported" in owed else "performed"


def counted(states: Iterable[str]) -> dict[str, int]:
    found = Counter(states)
    return {state: found[state] for state in STATES}
